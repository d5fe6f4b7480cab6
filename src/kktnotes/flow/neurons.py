"""Which neurons the flow still steps: equal ones as one, dead ones set aside.

Balanced neurons (||w~_j|| = |v_j|) of one sign with parallel w~_j and the same pattern on the data
have the same speed per unit of weight: they stay parallel and keep their shares, so they move as
the one neuron with u = sum |v_j| w~_j. Training outputs do not change. Neurons of angle a between
them are taken as parallel when 1 - cos a is below a tolerance; the flow of the outputs changes by
that much, relatively. Unbalanced neurons separate again and are never merged. A neuron with no
active point has no gradient: it rests for good.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch


@dataclass(frozen=True, eq=False)
class Neurons:
    """The stepped neurons of one flow, and how the original m are made from them.

    Attributes
    ----------
    base : tensor (P, q)
        The part of w~ of each stepped neuron that does not move: w~ = base + c x~.
    group : int64 tensor (m,)
        The stepped neuron of each original one, -1 where dead.
    share : tensor (m,)
        Original neuron j is sqrt(share_j) times its stepped one, in w~ and in v.
    balanced : bool tensor (P,)
        Whether ||w~|| = |v| at the start.
    resting_weights, resting_output : tensors (m, q), (m,), or None
        The dead neurons at their rows; other rows are not used.
    """

    base: torch.Tensor
    group: torch.Tensor
    share: torch.Tensor
    balanced: torch.Tensor
    resting_weights: torch.Tensor | None = None
    resting_output: torch.Tensor | None = None

    @classmethod
    def at_start(cls, augmented: torch.Tensor, output: torch.Tensor) -> Neurons:
        """Return m separate neurons w~ (m, q), v (m,)."""
        count = len(output)
        squares = augmented.square().sum(-1)
        gap = (squares - output.square()).abs()
        return cls(
            augmented,
            torch.arange(count, device=output.device),
            torch.ones_like(output),
            gap <= 1e-12 * (squares + output.square()),
        )

    def widen(
        self, weights: torch.Tensor, output: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Return w~ (m, q) and v (m,) of the original neurons from those stepped."""
        live = self.group >= 0
        rows, factor = self.group.clamp(min=0), self.share.sqrt()
        if len(weights) == 0:
            return self.resting_weights, self.resting_output
        full_weights, full_output = weights[rows] * factor[:, None], output[rows] * factor
        if self.resting_weights is not None:
            full_weights = torch.where(live[:, None], full_weights, self.resting_weights)
            full_output = torch.where(live, full_output, self.resting_output)
        return full_weights, full_output

    def reduced(
        self,
        points: torch.Tensor,
        change: torch.Tensor,
        first: torch.Tensor,
        pre: torch.Tensor,
        output: torch.Tensor,
        tolerance: float | None,
    ) -> tuple[Neurons, torch.Tensor, torch.Tensor] | None:
        """Merge what has become one and set the dead aside; None where nothing changes.

        Arguments: x~ (n, q), c, h(0), h (P, n), v (P,) of the stepped neurons, and the tolerance
        on 1 - cos (None merges nothing). Returns the neurons, the matrix (P', P) that takes rows
        of c, h(0) and h to their new rows, and the new v (P',).
        """
        active = pre > 0
        live = active.any(-1)
        leader = torch.arange(len(output), device=output.device)
        if tolerance is not None:
            leader = self._leaders(change, first, pre, output, active, tolerance)
        keep = live & (leader == torch.arange(len(output), device=output.device))
        if bool(keep.all()):
            return None
        place = torch.cumsum(keep, 0) - 1
        target = torch.where(live, place[leader], -1)  # new row of each old row
        rows = torch.nonzero(live)[:, 0]
        alone = torch.bincount(target[rows], minlength=int(keep.sum())) == 1
        mix = output.new_zeros(len(alone), len(output))
        mix[target[rows], rows] = output[rows].abs()  # u = sum |v_j| w~_j
        share = output.square() / (mix @ output.abs()).clamp(min=1e-300)[target.clamp(min=0)]
        length = ((mix @ _gram(self.base, change, first, pre)) * mix).sum(-1)  # ||u||^2
        new_output = length.clamp(min=1e-300) ** 0.25 * output[keep].sign()
        mix /= new_output.abs()[:, None].clamp(min=1e-300)
        single = alone[target.clamp(min=0)] & live
        mix[:, single] = 0.0
        mix[target[single], single] = 1.0
        share = torch.where(single, torch.ones_like(share), share)
        new_output = torch.where(alone, output[keep], new_output)
        old = self.group.clamp(min=0)
        group = torch.where(self.group >= 0, target[old], -1)
        share = self.share * share[old]
        neurons = Neurons(
            mix @ self.base,
            group,
            share,
            self.balanced[keep],
            *self._resting(points, change, output, live),
        )
        return neurons, mix, new_output

    def _leaders(
        self,
        change: torch.Tensor,
        first: torch.Tensor,
        pre: torch.Tensor,
        output: torch.Tensor,
        active: torch.Tensor,
        tolerance: float,
    ) -> torch.Tensor:
        """Return for each stepped neuron the first one that it has become equal to."""
        leader = torch.arange(len(output), device=output.device)
        _, kind = torch.unique(
            torch.cat([active, (output > 0)[:, None]], 1), dim=0, return_inverse=True
        )
        candidates = self.balanced & (torch.bincount(kind)[kind] > 1)
        if int(candidates.sum()) < 2:
            return leader
        gram = _gram(self.base, change, first, pre)
        norm = gram.diagonal().clamp(min=1e-300).sqrt()
        parallel = gram / norm / norm[:, None] >= 1 - tolerance
        parallel &= (kind == kind[:, None]) & candidates & candidates[:, None]
        free = candidates.clone()
        for j in torch.nonzero(candidates)[:, 0].tolist():
            if free[j]:
                same = parallel[j] & free
                leader[same] = j
                free &= ~same
                free[j] = False
        return leader

    def _resting(
        self, points: torch.Tensor, change: torch.Tensor, output: torch.Tensor, live: torch.Tensor
    ) -> tuple[torch.Tensor | None, torch.Tensor | None]:
        """Return the resting rows, with those neurons added that have just died."""
        if bool(live.all()):
            return self.resting_weights, self.resting_output
        weights, values = self.widen(self.base + change @ points, output)
        if self.resting_weights is None:
            return weights, values
        old = self.group < 0
        return (
            torch.where(old[:, None], self.resting_weights, weights),
            torch.where(old, self.resting_output, values),
        )


def _gram(
    base: torch.Tensor, change: torch.Tensor, first: torch.Tensor, pre: torch.Tensor
) -> torch.Tensor:
    """Return the inner products of the w~ (P, P): base base^T + h(0) c^T + c h^T."""
    return base @ base.mT + first @ change.mT + change @ pre.mT

"""Which neurons the flow still steps: equal ones as one, dead ones set aside (ours).

The flow of neuron j depends on its preactivations on the data and on v_j only: the part of w~_j
orthogonal to the data never moves. Neurons whose (w~_j, v_j), without that part, are positive
multiples a_j of one another have speeds in the same proportion, so they stay so and move as one
neuron, which carries u = sum_j |v_j| w~_j and v^2 = sum_j v_j^2. Balanced neurons of one sign
(||w~_j|| = |v_j|) with parallel w~_j are of this kind; parallel neurons of unequal balance are not,
and part again. Proportional is meant up to an angle with 1 - cos below a tolerance. Taking such
neurons as one leaves the training outputs as they are to first order, and the difference that it
removes fades in the flow itself, relatively, as ||theta|| grows.

A neuron with no active point has no gradient: it rests for good.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch

from kktnotes.flow.row_mix import RowMix
from kktnotes.printing import Brief


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class Neurons(Brief):
    """The stepped neurons of one flow, and how the original m are made from them.

    Attributes
    ----------
    base : tensor (P, q)
        w~ of the stepped neurons at tau = 0, in the span of the data: w~ = base + c x~ later.
    gram : tensor (P, P)
        Inner products of `base`.
    apart : tensor (m, q)
        The part of w~_j orthogonal to the data, of each original neuron; it never moves.
    group : int64 tensor (m,)
        The stepped neuron of each original one, -1 where dead.
    share : tensor (m,)
        Original neuron j is sqrt(share_j) times its stepped one, in w~ and in v.
    resting_weights, resting_output : tensors (m, q), (m,), or None
        The dead neurons at their rows; other rows are not used.
    """

    base: torch.Tensor
    gram: torch.Tensor
    apart: torch.Tensor
    group: torch.Tensor
    share: torch.Tensor
    resting_weights: torch.Tensor | None = None
    resting_output: torch.Tensor | None = None

    @classmethod
    def at_start(
        cls, augmented: torch.Tensor, points: torch.Tensor, gram: torch.Tensor | None
    ) -> Neurons:
        """Return m separate neurons w~ (m, q) for points x~ (n, q) and K (n, n), if it is known."""
        base = augmented
        if gram is not None and points.shape[0] < points.shape[1]:
            eye = torch.eye(len(gram), dtype=gram.dtype, device=gram.device)
            ridge = 1e-13 * gram.diagonal().max() * eye
            factor, failed = torch.linalg.cholesky_ex(gram + ridge)
            if not bool(failed):
                base = torch.cholesky_solve(points @ augmented.mT, factor).mT @ points
        count = len(augmented)
        return cls(
            base=base,
            gram=base @ base.mT,
            apart=augmented - base,
            group=torch.arange(count, device=base.device),
            share=torch.ones_like(base[:, 0]),
        )

    def widen(
        self, weights: torch.Tensor, output: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Return w~ (m, q) and v (m,) of the original neurons from those stepped."""
        resting, resting_output = self.resting_weights, self.resting_output
        if len(weights) == 0 and resting is not None and resting_output is not None:
            return self.apart + resting, resting_output
        rows, factor = self.group.clamp(min=0), self.share.sqrt()
        full, full_output = weights[rows] * factor[:, None], output[rows] * factor
        if resting is not None and resting_output is not None:
            live = self.group >= 0
            full = torch.where(live[:, None], full, resting)
            full_output = torch.where(live, full_output, resting_output)
        return self.apart + full, full_output

    def narrow(self, weights: torch.Tensor) -> torch.Tensor:
        """Return w~ (P, q) of the stepped neurons, the parts orthogonal to the data added up."""
        live = torch.nonzero(self.group >= 0)[:, 0]
        parts = self.share[live].sqrt()[:, None] * self.apart[live]
        return weights.index_add(0, self.group[live], parts)

    def reduced(
        self,
        points: torch.Tensor,
        change: torch.Tensor,
        first: torch.Tensor,
        pre: torch.Tensor,
        output: torch.Tensor,
        held: torch.Tensor | None,
        labels: torch.Tensor,
        tolerance: float,
    ) -> tuple[Neurons, RowMix, torch.Tensor] | None:
        """Merge what has become one and set the dead aside; None where nothing changes.

        Arguments: x~ (n, q), c, h(0), h (P, n), v (P,) of the stepped neurons, the pairs held
        on their kinks (P, n), y (n,), and the tolerance on 1 - cos (0 merges nothing). Returns the
        neurons, the map of rows of c, h(0), h to new rows, and the new v (P',).
        """
        live = (pre > 0).any(-1) if held is None else ((pre > 0) | held).any(-1)
        leader = rows = torch.arange(len(output), device=output.device)
        if tolerance > 0:
            leader = self._leaders(change, first, pre, output, labels, tolerance)
        keep = live & (leader == rows)
        if bool(keep.all()):
            return None
        target = torch.where(live, (torch.cumsum(keep, 0) - 1)[leader], -1)  # new row of each
        mix = RowMix(target, torch.ones_like(output), int(keep.sum()))
        alone = mix(torch.ones_like(output)) == 1
        total = mix(output.square()).sqrt()
        new_output = torch.where(alone, output[keep], total * output[keep].sign())
        place = target.clamp(min=0)
        share = torch.where(alone[place], 1.0, (output / total[place]).square())
        mix = RowMix(target, share.sqrt(), mix.count)
        old = self.group.clamp(min=0)
        resting_weights, resting_output = self._resting(points, change, output, live)
        neurons = Neurons(
            base=mix(self.base),
            gram=mix(mix(self.gram).mT),
            apart=self.apart,
            group=torch.where(self.group >= 0, target[old], -1),
            share=self.share * share[old],
            resting_weights=resting_weights,
            resting_output=resting_output,
        )
        return neurons, mix, new_output

    def _leaders(
        self,
        change: torch.Tensor,
        first: torch.Tensor,
        pre: torch.Tensor,
        output: torch.Tensor,
        labels: torch.Tensor,
        tolerance: float,
    ) -> torch.Tensor:
        """Return for each stepped neuron the first one that it has become equal to.

        Same sign, same pattern on the points of that sign, (w~, v) parallel, and no margin would
        change by more than ten tolerances through the other points.
        """
        leader = torch.arange(len(output), device=output.device)
        positive = output > 0
        same = (pre > 0) & (positive[:, None] == (labels > 0))
        _, kind, count = torch.unique(
            torch.cat([same, positive[:, None]], 1), dim=0, return_inverse=True, return_counts=True
        )
        for which in torch.nonzero(count > 1)[:, 0].tolist():
            rows = torch.nonzero(kind == which)[:, 0]
            u, v, h = change[rows], output[rows], pre[rows]
            gram = (
                self.gram[rows[:, None], rows] + first[rows] @ u.mT + u @ h.mT + torch.outer(v, v)
            )
            norm = gram.diagonal().clamp(min=1e-300).sqrt()
            parallel = gram / norm / norm[:, None] >= 1 - tolerance
            free = torch.ones_like(v, dtype=torch.bool)
            for j in torch.nonzero(parallel.sum(-1) > 1)[:, 0].tolist():
                if free[j]:
                    members = torch.nonzero(parallel[j] & free)[:, 0]
                    parts = v[members].abs()[:, None] * h[members]
                    shift = parts.clamp(min=0).sum(0) - parts.sum(0).clamp(min=0)
                    if shift.max() <= 10 * tolerance:
                        leader[rows[members]] = rows[j]
                        free[members] = False
                    free[j] = False
        return leader

    def _resting(
        self, points: torch.Tensor, change: torch.Tensor, output: torch.Tensor, live: torch.Tensor
    ) -> tuple[torch.Tensor | None, torch.Tensor | None]:
        """Return the resting rows, with those neurons added that have just died."""
        if bool(live.all()):
            return self.resting_weights, self.resting_output
        weights, values = self.widen(self.base + change @ points, output)
        return weights - self.apart, values

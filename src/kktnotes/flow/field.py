"""The right-hand side of the flow in Gram space (ours): one product with K = x~ x~^T a stage.

A gradient step moves w~_j in the span of the data only, so w~_j(tau) = w~_j(0) + sum_i c_ji x~_i.
The state is the coefficients c (m, n), the preactivations h = h(0) + c K (m, n) and v (m,):

    dc_ji / dtau = p_i y_i v_j phi'_ji        dv_j / dtau = sum_i p_i y_i relu(h_ji)
    p_i = -l'(q_i) / sum_l -l'(q_l)           dtau = (mean of -l') dt

which is the paper's gradient flow in another clock; neither d nor p enters the cost. Arrays are
kept neuron by neuron, (batch, m, n), because the stages then work on contiguous rows.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch

from kktnotes.flow.losses import Loss
from kktnotes.flow.sliding import Kinks
from kktnotes.printing import Brief


@dataclass(repr=False, kw_only=True)
class Slope(Brief):
    """What one evaluation of the field gives; leading axis is the batch."""

    margins: torch.Tensor  # q (B, n)
    weights: torch.Tensor  # p (B, n)
    log_mean_slope: torch.Tensor  # ln mean(-l') (B,)
    change: torch.Tensor  # dc / dtau (B, m, n)
    output: torch.Tensor  # dv / dtau (B, m)
    fraction: torch.Tensor | None = None  # phi' of the held pairs before clipping (pairs,)

    def picked(self, keep: list[int]) -> Slope:
        """Return the slope of some flows of the batch; which pairs are held is dropped."""
        return Slope(**{name: value[keep] for name, value in self._arrays().items()})

    def where(self, mask: torch.Tensor, other: Slope) -> Slope:
        """Return this slope where `mask` (B,) is set, and `other` elsewhere."""
        parts = {
            name: torch.where(mask.view(-1, *[1] * (one.ndim - 1)), one, getattr(other, name))
            for name, one in self._arrays().items()
        }
        return Slope(**parts, fraction=self.fraction)

    def _arrays(self) -> dict[str, torch.Tensor]:
        """Return what every flow of the batch has."""
        names = ("margins", "weights", "log_mean_slope", "change", "output")
        return {name: getattr(self, name) for name in names}


class Field:
    """The flow's field for data x~ (B, n, q), labels y (B, n) and a loss."""

    def __init__(self, augmented: torch.Tensor, labels: torch.Tensor, loss: Loss) -> None:
        """Form K, or keep x~ alone where two thin products are cheaper than one with K."""
        self.labels, self.loss = labels, loss
        self.squares = augmented.square().sum(-1)  # K_ii (B, n)
        self.thin = 2 * augmented.shape[-1] < augmented.shape[-2]
        self.factor = augmented
        self.gram = None if self.thin else augmented @ augmented.mT

    def __getitem__(self, keep: list[int]) -> Field:
        """Return the field of some elements of the batch."""
        part = object.__new__(Field)
        part.loss, part.thin = self.loss, self.thin
        part.labels, part.squares = self.labels[keep], self.squares[keep]
        part.factor = self.factor[keep]
        part.gram = None if self.gram is None else self.gram[keep]
        return part

    def times_gram(
        self,
        change: torch.Tensor,
        base: torch.Tensor | None = None,
        out: torch.Tensor | None = None,
    ) -> torch.Tensor:
        """Return base + change K, shape (B, m, n)."""
        left, right = (
            (change, self.gram) if self.gram is not None else (change @ self.factor, self.factor.mT)
        )
        if base is None:
            return torch.bmm(left, right, out=out)
        return torch.baddbmm(base, left, right, out=out)

    def columns(self, points: torch.Tensor) -> torch.Tensor:
        """Return the columns K[:, points] (B, n, u) of each flow for points (B, u)."""
        if self.gram is not None:
            return torch.gather(self.gram, 2, points[:, None, :].expand(-1, self.gram.shape[1], -1))
        picked = torch.gather(
            self.factor, 1, points[:, :, None].expand(-1, -1, self.factor.shape[2])
        )
        return self.factor @ picked.mT

    def slope(
        self,
        pre: torch.Tensor,
        output: torch.Tensor,
        buffer: torch.Tensor,
        kinks: Kinks | None = None,
        pull: torch.Tensor | None = None,
    ) -> Slope:
        """Evaluate the field at preactivations (B, m, n) and v (B, m); `buffer` holds dc/dtau.

        Pairs in `kinks` slide: see `sliding`.
        """
        active = torch.clamp(pre, min=0, out=buffer)
        margins = self.labels * (output[:, None, :] @ active)[:, 0]
        log_slope = self.loss.log_slope(margins)
        log_total = torch.logsumexp(log_slope, -1)
        weights = (log_slope - log_total[:, None]).exp()
        signed = weights * self.labels
        output_change = (active @ signed[:, :, None])[..., 0]
        change = active.sign_().mul_(signed[:, None, :]).mul_(output[:, :, None])
        fraction = None
        if kinks is not None and pull is not None:
            fraction = kinks.hold(pre, output, signed, change, pull)
        log_mean = log_total - math.log(margins.shape[-1])
        return Slope(
            margins=margins,
            weights=weights,
            log_mean_slope=log_mean,
            change=change,
            output=output_change,
            fraction=fraction,
        )

    def margin_speed(
        self,
        pre: torch.Tensor,
        output: torch.Tensor,
        slope: Slope,
        speed: torch.Tensor,
        buffer: torch.Tensor,
    ) -> torch.Tensor:
        """Return dq_i/dtau (B, n), given dh/dtau = `speed` (B, m, n)."""
        active = torch.gt(pre, 0, out=buffer)
        total = (output[:, None, :] @ active.mul_(speed))[:, 0]
        torch.clamp(pre, min=0, out=buffer)
        total += (slope.output[:, None, :] @ buffer)[:, 0]
        return self.labels * total

    def stiffness(
        self, pre: torch.Tensor, output: torch.Tensor, slope: Slope, kinks: Kinks | None
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Return a bound (B,) on the field's most negative eigenvalue, and the weight seen (B,).

        The stiff part of the Jacobian is -(sum_i p_i g_i g_i^T - mean mean^T), g_i the gradient of
        q_i; its trace is at most sum_i p_i ||g_i||^2. Seen is the weight p of the points at which
        some neuron is active; a neuron that slides on its kink at a point does not count.
        """
        active = pre > 0 if kinks is None else (pre > 0) & ~kinks.held
        first = (output.square()[:, None, :] @ active.to(pre.dtype))[:, 0] * self.squares
        second = pre.clamp(min=0).square().sum(1)
        bound = (slope.weights * (first + second)).sum(-1)
        return bound, (slope.weights * active.any(1)).sum(-1)

"""One attempted step of a batch of flows: the new state and the errors of the step."""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch

from kktnotes.flow import chebyshev
from kktnotes.flow.field import Field, Slope
from kktnotes.flow.sliding import Kinks, padded
from kktnotes.flow.step_length import Reading
from kktnotes.printing import Brief


@dataclass(frozen=True, repr=False, kw_only=True)
class State(Brief):
    """The flows' state after an accepted step; leading axis is the batch."""

    change: torch.Tensor  # c (B, m, n)
    pre: torch.Tensor  # h (B, m, n)
    output: torch.Tensor  # v (B, m)
    squares: torch.Tensor  # ||w~_j||^2 (B, m)
    slope: Slope
    speed: torch.Tensor  # dh / dtau (B, m, n)
    margin_speed: torch.Tensor  # dq / dtau (B, n)

    @classmethod
    def at(
        cls,
        field: Field,
        change: torch.Tensor,
        pre: torch.Tensor,
        output: torch.Tensor,
        squares: torch.Tensor,
        kinks: Kinks | None = None,
        pull: torch.Tensor | None = None,
    ) -> State:
        """Evaluate the field and its speeds at c, h, v."""
        slope = field.slope(pre, output, torch.empty_like(pre), kinks, pull)
        speed = field.times_gram(slope.change)
        margin_speed = field.margin_speed(pre, output, slope, speed, torch.empty_like(pre))
        return cls(
            change=change,
            pre=pre,
            output=output,
            squares=squares,
            slope=slope,
            speed=speed,
            margin_speed=margin_speed,
        )

    def with_kinks(
        self, field: Field, kinks: Kinks | None, touched: torch.Tensor, pull: torch.Tensor
    ) -> State:
        """Evaluate the field again with other pairs held, of the points `touched` (B, n) only."""
        slope = field.slope(self.pre, self.output, torch.empty_like(self.pre), kinks, pull)
        # dc/dtau differs at the touched points only: no full product for dh/dtau
        points, real = padded(touched)
        difference = slope.change - self.slope.change
        index = points[:, None, :].expand(-1, difference.shape[1], -1)
        moved = difference.gather(2, index) * real[:, None, :]
        speed = self.speed + moved @ field.columns(points).mT
        margin_speed = field.margin_speed(self.pre, self.output, slope, speed, difference)
        return replace(self, slope=slope, speed=speed, margin_speed=margin_speed)

    def picked(self, keep: list[int]) -> State:
        """Return the state of some flows of the batch."""
        parts = {name: value[keep] for name, value in vars(self).items() if torch.is_tensor(value)}
        return State(**parts, slope=self.slope.picked(keep))

    def where(self, mask: torch.Tensor, other: State) -> State:
        """Return this state where `mask` (B,) is set, and `other` elsewhere."""

        def pick(one: torch.Tensor, two: torch.Tensor) -> torch.Tensor:
            return torch.where(mask.view(-1, *[1] * (one.ndim - 1)), one, two)

        parts = {
            name: pick(value, getattr(other, name))
            for name, value in vars(self).items()
            if torch.is_tensor(value)
        }
        return State(**parts, slope=self.slope.where(mask, other.slope))

    def readings(self, field: Field, kinks: Kinks | None = None) -> list[Reading]:
        """Return the numbers that steer each flow, fetched at once."""
        slope, loss = self.slope, field.loss
        speed = (slope.change * self.speed).sum((1, 2)) + slope.output.square().sum(-1)
        bend = -(slope.weights * loss.bend(slope.margins) * self.margin_speed).sum(-1)
        table = torch.stack(
            [
                (self.squares + self.output.square()).sum(-1),
                speed.clamp(min=0),
                slope.log_mean_slope,
                bend,
                loss.log_mean(slope.margins),
                slope.margins.amin(-1),
                loss.soft_margin(slope.margins),
                *field.stiffness(self.pre, self.output, slope, kinks),
            ]
        )
        return [Reading(*column) for column in table.T.tolist()]


def attempt(
    field: Field,
    state: State,
    lengths: list[float],
    stages: list[int],
    kinks: Kinks | None,
    pull: torch.Tensor,
    buffers: list[torch.Tensor],
) -> tuple[State, list[list[float]]]:
    """Try a step; return the new state and, for each flow, the errors of theta (l2) and of q.

    The error estimate is the method's, 0.4 dt (F + F') - 0.8 (change); that of q is weighted by p.
    `buffers`: six arrays (B, m, n).
    """
    moved, moved_output, pre = chebyshev.step(
        field,
        state.pre,
        state.output,
        state.slope,
        state.speed,
        lengths,
        stages,
        buffers[:4],
        kinks,
        pull,
    )
    work, other = buffers[4:]
    output, pre = state.output + moved_output, pre.clone()
    torch.add(state.pre, pre, out=work)
    squares = state.squares + work.mul_(moved).sum(-1)  # ||w + d||^2 - ||w||^2 = d . (h + h')
    new = State.at(field, state.change + moved, pre, output, squares, kinks, pull)
    dt = 0.4 * torch.tensor(lengths, dtype=pre.dtype, device=pre.device)
    torch.add(state.speed, new.speed, out=work).mul_(dt[:, None, None])
    work.add_(state.pre, alpha=0.8).sub_(pre, alpha=0.8)
    torch.add(state.slope.change, new.slope.change, out=other).mul_(dt[:, None, None])
    error = other.sub_(moved, alpha=0.8).mul_(work).sum((1, 2)).clamp(min=0)
    output_error = dt[:, None] * (state.slope.output + new.slope.output) - 0.8 * moved_output
    error += output_error.square().sum(-1)
    margin_error = dt[:, None] * (state.margin_speed + new.margin_speed) - 0.8 * (
        new.slope.margins - state.slope.margins
    )
    weights = torch.maximum(new.slope.weights, state.slope.weights)
    margin_error = (weights * margin_error.square()).sum(-1)
    return new, torch.stack([error, margin_error]).sqrt().T.tolist()

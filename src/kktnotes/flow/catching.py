"""Which pairs of a neuron and a point come to slide on their kink in a step, and which leave it."""

from __future__ import annotations

import torch

from kktnotes.flow.field import Field, Slope
from kktnotes.flow.sliding import Kinks


def held_after(
    kinks: Kinks | None,
    field: Field,
    before: torch.Tensor,
    pre: torch.Tensor,
    output: torch.Tensor,
    slope: Slope,
    speed: torch.Tensor,
    taken: torch.Tensor,
) -> torch.Tensor | None:
    """Return the held pairs (B, m, n) after a step from h = `before` to `pre`; None if the same.

    A pair is caught when it crossed and both one-sided speeds point at its kink; it is let go when
    holding it would need a phi' outside of [0, 1]. `taken` (B,): flows whose step was accepted.
    """
    crossed = (before > 0) != (pre > 0)
    crossed &= taken[:, None, None]
    if kinks is not None:
        crossed &= ~kinks.held
    b, j, i = torch.nonzero(crossed, as_tuple=True)
    own = output[b, j] * slope.weights[b, i] * field.labels[b, i] * field.squares[b, i]
    active = (pre[b, j, i] > 0).to(own.dtype)
    off, on = speed[b, j, i] - active * own, speed[b, j, i] + (1 - active) * own
    caught = (off > 0) & (on < 0)
    change = bool(caught.any())
    held = torch.zeros_like(crossed) if kinks is None else kinks.held.clone()
    if kinks is not None and slope.fraction is not None:
        leaves = (slope.fraction <= 0) | (slope.fraction >= 1)
        leaves &= taken[kinks.pair[0]]
        change |= bool(leaves.any())
        held.view(-1)[kinks.flat[leaves]] = False
    held[b[caught], j[caught], i[caught]] = True
    return held if change else None

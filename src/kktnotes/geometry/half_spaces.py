"""Certified distances: a half-space that contains a set bounds the distance to it from below.

Lemma N9 of our appendix on geometry, `book/geometry.md`; all lower bounds of exact radii are these.
"""

from __future__ import annotations

import torch


def certified(
    own: torch.Tensor,
    values: torch.Tensor,
    gradient: torch.Tensor,
    level: torch.Tensor,
    share: torch.Tensor,
    weight: torch.Tensor,
    rounding: torch.Tensor,
) -> torch.Tensor:
    """Return the distance to the half-space {sum_i share_i u_i <= weight l}, rounding taken off.

    Zero where the point is inside; infinite where the half-space is empty.
    """
    normal = share @ own - weight[:, None] * gradient
    excess = (share * values).sum(-1) - weight * level
    size = (share * values).abs().sum(-1) + (weight * level).abs()
    slack = (torch.cat([share, weight[:, None]], -1) * rounding).sum(-1)
    excess = excess - slack - 4 * torch.finfo(values.dtype).eps * size
    length = torch.linalg.vector_norm(normal, dim=-1) * (1 + 1e-14)
    return torch.where(excess > 0, excess / length, torch.zeros_like(excess))

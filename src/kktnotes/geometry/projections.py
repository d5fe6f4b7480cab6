"""Projections onto {P(x') <= l(x')}: a sum of relus below an affine function (appendix, ours).

With own parts u_i = c_i . x' + beta_i, P = sum_i relu(u_i) and l affine, the set is convex and

    P(x') = max over a in [0, 1]^P of sum_i a_i u_i(x'),

so for every a the set lies in the half-space {sum_i a_i u_i <= l}. The distance to any of these
half-spaces is a lower bound of the distance to the set, certified by a alone; the best a attains
it, and a_i = 1 where u_i > 0, 0 where u_i < 0 and in between on a kink of the nearest point.
`project` finds a for a whole batch by an active-set (semismooth Newton) iteration in the Gram
matrix; `project_exactly` adds one half-space after the other, each a pattern of relus, and
solves the least-distance problem among them by non-negative least squares.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch

from kktnotes.geometry.active_parts import nearest_by_active_parts
from kktnotes.geometry.cutting_planes import project_exactly
from kktnotes.printing import Brief


@dataclass(frozen=True, eq=False, repr=False)
class Projection(Brief):
    """Steps to the nearest points of convex sets, with certified distances.

    Attributes
    ----------
    step : tensor (B, r)
        x' - x for the nearest point found; zero where x is in the set already.
    lower : tensor (B,)
        Certified lower bound of the distance: that of a half-space which contains the set.
        Infinite where the set was proved to be empty.
    solved : bool tensor (B,)
        Whether step is optimal to rounding.
    """

    step: torch.Tensor
    lower: torch.Tensor
    solved: torch.Tensor


def project(
    own: torch.Tensor,
    values: torch.Tensor,
    gradient: torch.Tensor,
    level: torch.Tensor,
    *,
    polyhedron: torch.Tensor | None = None,
    rounding: torch.Tensor | None = None,
    strict: bool = False,
) -> Projection:
    """Project onto {sum_i relu(u_i) <= l}, a batch of points and affine functions at once.

    Parameters
    ----------
    own : tensor (P, r)
        Gradients c_i of the own parts.
    values : tensor (B, P)
        u_i at the points.
    gradient, level : tensors (B, r) and (B,)
        Gradient of l and its value at the points.
    polyhedron : bool tensor (B,), optional
        Where l is identically zero: the set is {u_i <= 0 for all i}, whose certificate may
        weigh every u_i by any a_i >= 0.
    rounding : tensor (B, P + 1), optional
        Bounds of the rounding errors of values and level, taken off the certified distance.
    strict : bool
        Whether sets without a strictly feasible point count as empty.
    """
    batch, count = values.shape
    if polyhedron is None:
        polyhedron = torch.zeros(batch, dtype=torch.bool, device=values.device)
    if rounding is None:
        rounding = values.new_zeros(batch, count + 1)
    step, lower, solved = nearest_by_active_parts(
        own, values, gradient, level, polyhedron, rounding
    )
    inside = values.clamp(min=0).sum(-1) <= level
    step = torch.where(inside[:, None], torch.zeros_like(step), step)
    lower = torch.where(inside, torch.zeros_like(lower), lower)
    solved = solved | inside
    for row in torch.nonzero(~solved)[:, 0].tolist():
        found = project_exactly(
            own.numpy(force=True),
            values[row].numpy(force=True),
            gradient[row].numpy(force=True),
            float(level[row]),
            polyhedron=bool(polyhedron[row]),
            rounding=rounding[row].numpy(force=True),
            strict=strict,
        )
        step[row] = torch.from_numpy(found[0])
        lower[row] = max(float(lower[row]), found[1])
        solved[row] = found[2]
    return Projection(step, lower, solved)

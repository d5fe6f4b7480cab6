"""The hard-margin linear classifier: the shortest w with y_i (w . x_i + b) >= 1 for all i.

Solved as a quadratic program by Clarabel; its multipliers prove the answer (ours: the same two
conditions as for networks, w = sum_i a_i y_i x_i and a_i (y_i (w . x_i + b) - 1) = 0).
"""

from __future__ import annotations

from dataclasses import dataclass

import clarabel
import numpy as np
import scipy.sparse
import torch

from kktnotes import checks
from kktnotes.printing import Brief


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class MaximumMargin(Brief):
    """A linear classifier x -> w . x + b of largest margin.

    Attributes
    ----------
    weights : tensor (p,)
    bias : float
        0 unless a bias was asked for.
    margin : float
        1 / ||w||, the distance of the nearest training point.
    residual : float
        The largest relative error of its KKT conditions.
    """

    weights: torch.Tensor
    bias: float
    margin: float
    residual: float

    def __call__(self, x: torch.Tensor) -> torch.Tensor:
        """Return w . x + b."""
        return x @ self.weights + self.bias


def maximum_margin(x: checks.Array, y: checks.Array, *, bias: bool = False) -> MaximumMargin:
    """Return the maximum-margin classifier of (x, y), through the origin or with a free bias.

    Parameters
    ----------
    x, y : arrays (n, p) and (n,)
        Points and labels -1 and 1, both present.
    bias : bool
        Whether b is free (and not part of the norm).

    Raises
    ------
    ValueError
        If no such classifier exists or the solver is not sure of it.
    """
    x = checks.tensor("x", x, dimensions=2)
    y = checks.labels("y", y)
    if x.ndim != 2 or y.shape != x.shape[:1]:
        raise checks.refusal("x", f"shapes {tuple(x.shape)}, {tuple(y.shape)}", "(n, p) and (n,)")
    size = float(x.norm(dim=1).mean())
    points, labels = (x / size).numpy(force=True), y.numpy(force=True)
    n, p = points.shape
    full = np.column_stack([points, np.ones(n)]) if bias else points
    cost = np.append(np.ones(p), 0.0) if bias else np.ones(p)
    settings = clarabel.DefaultSettings()
    settings.verbose = False
    settings.tol_gap_abs = settings.tol_gap_rel = settings.tol_feas = 1e-11
    solver = clarabel.DefaultSolver(
        scipy.sparse.csc_matrix(np.diag(cost)),
        np.zeros(len(cost)),
        scipy.sparse.csc_matrix(-labels[:, None] * full),
        -np.ones(n),
        [clarabel.NonnegativeConeT(n)],
        settings,
    )
    found = solver.solve()
    vector, dual = np.array(found.x), np.maximum(np.array(found.z), 0.0)
    margins = labels * (full @ vector)
    pull = (dual * labels) @ full
    errors = [
        np.linalg.norm(pull - cost * vector) / np.linalg.norm(vector),
        max(0.0, 1 - margins.min()),
        (dual * np.abs(margins - 1)).max() / max(dual.max(), 1e-300),
    ]
    if not max(errors) < 1e-6:
        raise checks.refusal("x, y", f"residual {max(errors):.1g}", "linearly separable data")
    weights = torch.from_numpy(vector[:p] / size)
    return MaximumMargin(
        weights=weights,
        bias=float(vector[p]) if bias else 0.0,
        margin=1 / float(weights.norm()),
        residual=float(max(errors)),
    )

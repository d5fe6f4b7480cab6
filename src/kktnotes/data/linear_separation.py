"""Is labelled data linearly separable? A linear program, with a proof of either answer.

Of one program and its dual (ours; the theorem of the alternative),

    max { t : y_i (w . x_i + b) >= t, |w_j| <= 1, |b| <= 1 }
      = min { ||sum_i a_i y_i (x_i, 1)||_1 : a >= 0, sum_i a_i = 1 },

the left side shows a separating (w, b) where the value is positive; where it is zero, the right
side shows a convex combination of the signed points that vanishes, so that none exists.

How often random points are separable, Cover (1965) counts: of the 2^k labelings of k points in
general position in dimension d, hyperplanes through the origin realise C(k, d) =
2 sum_{i<d} binom(k - 1, i); with a bias C(k, d + 1). At k = 2d it is exactly half of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import comb

import numpy as np
from scipy.optimize import linprog

from kktnotes import checks
from kktnotes.printing import Brief

ROUNDING = 1e-9
"""Relative to the largest coordinate: a value of the program below it counts as zero."""


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class Separation(Brief):
    """Whether points are separable, and what proves it.

    Attributes
    ----------
    separable : bool
    weights, bias : array (p,) and float
        The program's (w, b); it separates the points where `separable`.
    margin : float
        min_i y_i (w . x_i + b), computed from these, over the largest coordinate.
    combination : array (n,)
        a_i >= 0 of sum 1.
    residual : float
        ||sum_i a_i y_i (x_i, 1)||_1 over the largest coordinate. No (w, b) in the box has a larger
        margin, so that a residual of rounding size proves the points not separable.
    """

    separable: bool
    weights: np.ndarray
    bias: float
    margin: float
    combination: np.ndarray
    residual: float


def separation(x: checks.Array, y: checks.Array, *, bias: bool = False) -> Separation:
    """Decide whether (x, y) is linearly separable, through the origin or with a bias.

    Parameters
    ----------
    x, y : arrays (n, p) and (n,)
        Points and labels -1 and 1.
    bias : bool
        Whether the hyperplane may leave the origin.

    Raises
    ------
    ValueError
        For shapes and labels that do not fit, and in the (never seen) event that neither proof is
        good to rounding.
    """
    x = checks.tensor("x", x, dimensions=2).numpy(force=True)
    y = checks.labels("y", y, both=False).numpy(force=True)
    if x.ndim != 2 or y.shape != x.shape[:1]:
        raise checks.refusal("x", f"shapes {x.shape} and {y.shape}", "(n, p) and (n,)")
    size = np.abs(x).max() or 1.0
    signed = y[:, None] * np.column_stack([x / size, np.ones(len(x))] if bias else [x / size])
    n, q = signed.shape
    found = linprog(
        np.append(np.zeros(q), -1.0),
        A_ub=np.column_stack([-signed, np.ones(n)]),
        b_ub=np.zeros(n),
        bounds=[(-1.0, 1.0)] * q + [(None, None)],
        method="highs",
    )
    vector = found.x[:q]
    combination = np.maximum(-found.ineqlin.marginals, 0.0)
    combination /= combination.sum()
    margin, residual = float((signed @ vector).min()), float(np.abs(combination @ signed).sum())
    if not (margin > ROUNDING or residual <= ROUNDING):
        got = f"margin {margin:.1g}, residual {residual:.1g}"
        raise checks.refusal("x", got, "data that is not on the edge of separability")
    shift = float(vector[-1]) * size if bias else 0.0
    weights = vector[:-1] if bias else vector
    return Separation(
        separable=margin > ROUNDING,
        weights=weights,
        bias=shift,
        margin=margin,
        combination=combination,
        residual=residual,
    )


def separable_share(k: int, d: int, *, bias: bool = False) -> float:
    """Return the share of labelings, both labels present, that a hyperplane realises (Cover).

    For k >= 2 points in general position in dimension d; of means that are uniform on the sphere
    it is the probability of being separable under a labeling drawn from those with both labels.
    Through the origin and for such means it holds for every fixed labeling too (Wendel): there
    y_q mu_q has the law of mu_q, and the share is the one among all labelings.
    """
    k, d = checks.integer("k", k, least=2), checks.integer("d", d)
    if not bias:
        return sum(comb(k - 1, i) for i in range(min(d, k))) / 2 ** (k - 1)
    realised = 2 * sum(comb(k - 1, i) for i in range(min(d + 1, k)))
    return (realised - 2) / (2**k - 2)

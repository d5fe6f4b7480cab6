"""Strict signs and distances on balls around a solution of the active set's equations (ours)."""

from __future__ import annotations

import math

import numpy as np
from flint import arb, arb_mat

from kktnotes.kkt.active_equations import ActiveEquations, matrix
from kktnotes.kkt.report import NotProved
from kktnotes.kkt.stored_numbers import StoredNumbers


def upper(value: arb) -> float:
    """Return a float64 number not below |value|."""
    return float(value.abs_upper()) * (1 + 1e-12)


def lower(value: arb) -> float:
    """Return a float64 number not above a value > 0."""
    return float(value.lower()) * (1 - 1e-12)


def positive(name: str, values: list[arb], labels: np.ndarray | None = None) -> float:
    """Return a lower bound of the least of these, which must be positive; infinite for none."""
    for index, value in enumerate(values):
        if not value > 0:
            which = "" if labels is None else f" of point {labels[index]}"
            raise NotProved(f"{name}{which}: {float(value):.2g} is not shown to be positive")
    return min(map(lower, values), default=math.inf)


def sides(stored: StoredNumbers, equations: ActiveEquations, z: list[arb]) -> tuple[float, int]:
    """Return the least cosine of the pairs of S on no kink, and the number that are orthogonal."""
    t = equations.values(z)[1]
    a, points = equations.coefficients(z), np.flatnonzero(stored.support)
    least, orthogonal = math.inf, 0
    for i, j in np.argwhere(~equations.kinks).tolist():
        want = 1 if equations.on[i, j] else -1
        side = t[i, j] * int(want * stored.y[points[i]] * stored.signs[j])
        if side > 0:
            least = min(least, lower(side) / float(equations.norms[i]) * (1 - 1e-12))
            continue
        own = [k for k in range(len(points)) if not a[k, j].is_zero()]
        if all(_product(stored.signed[points[i]], stored.signed[points[k]]).is_zero() for k in own):
            orthogonal += 1
            continue
        raise NotProved(
            f"preactivation of point {points[i]} at neuron {j}: its cosine "
            f"{float(side) / float(equations.norms[i]):.2g} is not shown to have the sign that "
            "its subgradient asks for"
        )
    return least, orthogonal


def _product(first: np.ndarray, second: np.ndarray) -> arb:
    """Return the inner product of two stored points, exact if the balls are."""
    return (matrix(first[None]) * matrix(second[:, None]))[0, 0]


def off_support(stored: StoredNumbers, equations: ActiveEquations, z: list[arb]) -> float:
    """Return the least y_i N(x_i) - 1 over the points without a multiplier."""
    others = np.flatnonzero(~stored.support)
    if not len(others):
        return math.inf
    s, kinks, m = equations.sizes
    t = matrix(stored.signed[others]) * equations.directions(z)
    gaps = []
    for k, i in enumerate(others.tolist()):
        gap = arb(-1)
        for j in range(m):
            sign = int(stored.y[i] * stored.signs[j])
            gap += z[s + kinks + j] * sign * (t[k, j] * sign).max(arb(0))
        gaps.append(gap)
    return positive("margin less 1", gaps, others)


def distances(stored: StoredNumbers, equations: ActiveEquations, z: list[arb]) -> dict[str, float]:
    """Return how far stored and exact multipliers, subgradients, output and parameters are."""
    s, kinks, m = equations.sizes
    largest = lower(max(z[:s], key=float))
    support = stored.support
    a, u = equations.coefficients(z), equations.directions(z)
    kept = stored.subgradients[support].tolist()
    lam = [upper(z[i] - one) for i, one in enumerate(stored.multipliers[support].tolist())]
    sub = [upper(a[i, j] - kept[i][j]) for i in range(s) for j in range(m)]
    unit = arb(2) ** -stored.power
    v = [(z[s + kinks + j] * unit).sqrt() * int(stored.signs[j]) for j in range(m)]
    off = [v[j] - one for j, one in enumerate(stored.output.tolist())]
    exact = arb_mat(m, m, [v[j] if i == j else 0 for i in range(m) for j in range(m)])
    error = (u * exact - matrix(stored.vectors.T)).entries()
    square = sum((one * one for one in [*error, *off]), arb(0))
    norm = sum((2 * one * one for one in v), arb(0))  # ||w~_j|| = |v_j|
    return {
        "multipliers": max(lam) / largest,
        "subgradients": max(sub) / largest,
        "output": max(map(upper, off)) / max(map(lower, map(abs, v))),
        "theta": upper((square / norm).abs_upper().sqrt()),
    }

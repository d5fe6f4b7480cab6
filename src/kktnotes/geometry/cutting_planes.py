"""One projection onto {sum of relus <= affine} at a time, and its feasibility: exact, slower.

The set is the intersection of one half-space for every pattern of the relus. They are added one
after the other, the most violated first; each time the least-distance problem among those at
hand is solved by non-negative least squares.
"""

from __future__ import annotations

import numpy as np
import torch
from scipy.optimize import linprog, lsq_linear, nnls

from kktnotes.geometry.half_spaces import certified

OPTIMAL = 1e-10
"""The largest slope that a solution of least squares may leave."""


def project_exactly(
    own: np.ndarray,
    values: np.ndarray,
    gradient: np.ndarray,
    level: float,
    *,
    polyhedron: bool = False,
    rounding: np.ndarray | None = None,
    strict: bool = False,
) -> tuple[np.ndarray, float, bool]:
    """Project one point onto {sum_i relu(u_i) <= l} by cutting planes; see `project`.

    Returns
    -------
    step, lower, solved
        As in `Projection`, for one point. An empty set has lower = infinity and step zero.
    """
    count, rank = own.shape
    rounding = np.zeros(count + 1) if rounding is None else rounding
    sizes = np.linalg.norm(own, axis=-1)
    if strict and not polyhedron and not strictly_feasible(own, values, gradient, level):
        return np.zeros(rank), np.inf, True
    # A cut is (shares of the own parts, weight of l); half-spaces {cut . (u, -l) <= 0}.
    cuts: list[tuple[np.ndarray, float]] = []
    step, there = np.zeros(rank), values
    best = 0.0
    for _ in range(6 * count + 20):
        noise = 1e-14 * (np.abs(values) + sizes * np.linalg.norm(step))
        if polyhedron:
            worst = int(np.argmax(there / (sizes + 1e-300)))
            if not count or there[worst] <= 4 * noise[worst]:
                return step, best, True
            pattern = np.zeros(count)
            pattern[worst] = 1.0
            weight = 0.0
        else:
            pattern, weight = (there > 0).astype(float), 1.0
            excess = pattern @ there - (level + gradient @ step)
            total = pattern @ noise + 1e-14 * (abs(level) + np.abs(gradient) @ np.abs(step))
            if excess <= 4 * total:
                return step, best, True
        if any(weight == w and np.array_equal(pattern, c) for c, w in cuts):
            return step, best, False  # rounding: the cut is there and still violated
        cuts.append((pattern, weight))
        shares = np.array([c for c, _ in cuts])
        weights = np.array([w for _, w in cuts])
        normals = shares @ own - weights[:, None] * gradient
        excesses = shares @ values - weights * level
        multipliers, empty = least_distance(normals, excesses)
        bound = certified(
            torch.from_numpy(own),
            torch.from_numpy(values)[None],
            torch.from_numpy(gradient)[None],
            torch.tensor([level], dtype=torch.float64, device="cpu"),
            torch.from_numpy(multipliers @ shares)[None],
            torch.tensor([multipliers @ weights], dtype=torch.float64, device="cpu"),
            torch.from_numpy(rounding)[None],
        ).item()
        if empty:
            # A combination whose normal vanishes while its excess is positive: no such point.
            return np.zeros(rank), np.inf, True
        best = max(best, bound)
        step = -(multipliers @ normals)
        there = values + own @ step
    return step, best, False


def least_distance(normals: np.ndarray, excesses: np.ndarray) -> tuple[np.ndarray, bool]:
    """Return multipliers of min ||s||^2 / 2 s.t. normals s + excesses <= 0, and whether empty.

    Lawson and Hanson's reduction of least distance to non-negative least squares.
    """
    lengths = np.linalg.norm(normals, axis=-1)
    lengths[lengths == 0] = 1.0
    scaled, heights = -normals / lengths[:, None], excesses / lengths
    unit = max(np.abs(heights).max(), 1e-300)
    matrix = np.vstack([scaled.T, heights / unit])
    target = np.zeros(len(matrix))
    target[-1] = 1.0
    solution = nonnegative_least_squares(matrix, target)
    residual = matrix @ solution - target
    if -residual[-1] <= 1e-13:
        return solution / lengths, True
    return solution / lengths * unit / -residual[-1], False


def nonnegative_least_squares(matrix: np.ndarray, target: np.ndarray) -> np.ndarray:
    """Return s >= 0 with least ||matrix s - target||, whatever SciPy is installed.

    `nnls` of SciPy 1.12 to 1.15 ends at times where a step would still help. What it returns is
    checked by the conditions of optimality, and found by another method where they fail.
    """
    solution, _ = nnls(matrix, target, maxiter=50 * matrix.shape[1] + 200)
    slope = matrix.T @ (matrix @ solution - target)
    wrong = max(-slope.min(initial=0.0), np.abs(slope[solution > 0]).max(initial=0.0))
    if wrong <= OPTIMAL:  # columns and target have length about 1
        return solution
    most = 50 * matrix.shape[1] + 200
    found = lsq_linear(matrix, target, (0, np.inf), "bvls", tol=1e-15, max_iter=most)
    return np.maximum(found.x, 0.0)  # rounding leaves -1e-17


def strictly_feasible(
    own: np.ndarray, values: np.ndarray, gradient: np.ndarray, level: float
) -> bool:
    """Whether some point has sum_i relu(u_i) < l, by a linear program in (step, t, slack)."""
    count, rank = own.shape
    unit = max(np.linalg.norm(own), np.linalg.norm(gradient), 1e-300)
    reach = max(np.abs(values).max(initial=0.0), abs(level)) / unit + 1e-300
    cost = np.zeros(rank + count + 1)
    cost[-1] = 1.0
    # Unknowns are scaled: step / reach, t / (unit reach), slack / (unit reach).
    first = np.hstack([own / unit, -np.eye(count), np.zeros((count, 1))])
    second = np.concatenate([-gradient / unit, np.ones(count), [-1.0]])
    bounds = [(None, None)] * rank + [(0, None)] * count + [(-1, None)]
    answer = linprog(
        cost,
        A_ub=np.vstack([first, second]),
        b_ub=np.concatenate([-values, [level]]) / (unit * reach),
        bounds=bounds,
        method="highs",
    )
    return answer.status != 0 or answer.fun < -1e-9

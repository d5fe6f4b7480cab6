"""Radii by brute force: every activation region is a polyhedron, solved as a least distance."""

import itertools

import numpy as np
from scipy.optimize import linprog, nnls


def least_distance(matrix, right):
    """Return min ||s|| subject to matrix s >= right (Lawson and Hanson), infinite if empty."""
    system = np.vstack([matrix.T, right])
    target = np.zeros(len(system))
    target[-1] = 1.0
    solution, _ = nnls(system, target, maxiter=10_000)
    residual = system @ solution - target
    if -residual[-1] < 1e-11:
        return np.inf
    nearest = -residual[:-1] / residual[-1]
    if (matrix @ nearest < right - 1e-7 * np.abs(right).max()).any():
        return np.inf  # scipy before 1.16 may return what solves nothing where the set is empty
    return float(np.linalg.norm(nearest))


def brute_force(network, x, *, flip):
    """Return the zero radius, or the flip radius, of one point from all 2^m regions."""
    weights, biases, output = (
        part.numpy() for part in (network.weights, network.biases, network.output)
    )
    heights = weights @ x.numpy() + biases
    sign = 1.0 if output @ np.maximum(heights, 0) > 0 else -1.0
    best = np.inf
    for pattern in itertools.product([0.0, 1.0], repeat=len(output)):
        on = np.array(pattern)
        if flip and sign < 0 and not (on * (output > 0)).any():
            continue  # N <= 0 all over this region
        side = 2 * on - 1
        slope, value = (output * on) @ weights, (output * on) @ heights
        matrix = np.vstack([side[:, None] * weights, -sign * slope])
        right = np.concatenate([-side * heights, [sign * value]])
        distance = least_distance(matrix, right)
        if distance < best and flip and sign < 0:
            # N > 0 is needed somewhere, not N = 0 where regions meet.
            bounds = [(None, None)] * weights.shape[1]
            low = np.append(right[:-1], right[-1] + 1e-5)
            answer = linprog(0 * slope, A_ub=-matrix, b_ub=-low, bounds=bounds)
            distance = distance if answer.status == 0 else np.inf
        best = min(best, distance)
    return best

"""An independent solve of Problem (2) at a fixed pattern: CVXPY and Clarabel, no code of ours."""

import cvxpy as cp
import numpy as np


def restricted_solution(x, y, signs, pattern, *, tolerance=1e-9):
    """Solve the convex restriction of Problem (2) in the ambient coordinates.

    min sum_p ||u_p||  subject to, for every i,
    sum_{p: s_p = y_i} D_ip u_p . x~_i - sum_{p: s_p != y_i} relu(u_p . x~_i) >= 1.

    Takes numpy arrays x (n, p), y (n,), signs (P,), pattern (n, P) of 0 and 1 (entries of
    opposite-label pairs are not used); returns u (P, p + 1) and the least sum of norms.
    """
    x, y, signs = (np.asarray(array, dtype=float) for array in (x, y, signs))
    augmented = np.column_stack([x, np.ones(len(x))])
    # Clarabel's tolerances are absolute: bring the points to norm one.
    scale = np.linalg.norm(augmented, axis=1).max()
    vectors = [cp.Variable(augmented.shape[1]) for _ in signs]
    constraints = []
    for sign in (1.0, -1.0):
        rows = np.flatnonzero(y == sign)
        margins = np.zeros(len(rows))
        for p, vector in enumerate(vectors):
            value = (augmented[rows] / scale) @ vector
            if signs[p] == sign:
                margins = margins + cp.multiply(np.asarray(pattern)[rows, p], value)
            else:
                margins = margins - cp.pos(value)
        constraints.append(margins >= 1)
    problem = cp.Problem(cp.Minimize(cp.sum([cp.norm(v) for v in vectors])), constraints)
    problem.solve(
        solver=cp.CLARABEL,
        tol_gap_abs=tolerance,
        tol_gap_rel=tolerance,
        tol_feas=tolerance,
    )
    assert problem.status == cp.OPTIMAL, problem.status
    return np.array([vector.value for vector in vectors]) / scale, problem.value / scale


def network_arrays(vectors, signs):
    """Return weights, biases, output of the balanced network: |v_p| = ||u_p||^(1/2)."""
    size = np.sqrt(np.linalg.norm(vectors, axis=1))
    augmented = vectors / size[:, None]
    return augmented[:, :-1], augmented[:, -1], np.asarray(signs) * size


def clustered_points(k, d, sigma, n, seed):
    """Draw orthogonal clusters directly: means sqrt(d) e_q, labels alternating, all covered."""
    rng = np.random.default_rng(seed)
    cluster = np.arange(n) % k
    x = sigma * rng.normal(size=(n, d))
    x[np.arange(n), cluster] += np.sqrt(d)
    return x, np.where(cluster % 2 == 0, 1.0, -1.0), cluster

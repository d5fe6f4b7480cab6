"""Exact limits of networks with dozens of neuron groups, nearly all of which fade (CVXPY agrees).

The networks are drawn, not trained: random features on a small sample, output weights by least
squares, so that no case hangs on the path of a flow.
"""

import math

import numpy as np
import pytest
import torch
from cvx_reference import network_arrays, restricted_solution

from kktnotes.chapters.separable.families import family
from kktnotes.kkt import residuals
from kktnotes.kkt.solver.pattern_limit import exact_limit, group_neurons, solve_restricted
from kktnotes.kkt.solver.restricted import RestrictedProblem
from kktnotes.networks.two_layer import TwoLayerReLU

CASES = [  # d, n, width, seed
    (4, 24, 40, 9),
    (4, 24, 40, 24),
    (6, 20, 40, 32),
    (6, 30, 45, 14),
    (6, 30, 45, 19),
    (10, 30, 50, 2),
]


def drawn(d, n, width, seed):
    """Points x (n, d), labels y, their scaled Gram matrix, its scale, and the network's groups."""
    x, y = family("low rank", n, d, seed)
    augmented = np.column_stack([x, np.ones(n)])
    rng = np.random.default_rng([seed, n, width])
    h = augmented @ rng.standard_normal((d + 1, width))
    output = np.linalg.lstsq(np.maximum(h, 0), 2 * y.numpy(), rcond=None)[0]
    assert (y.numpy() * (np.maximum(h, 0) @ output)).min() > 1
    gram = augmented @ augmented.T
    scale = float(np.diagonal(gram).mean())
    groups = group_neurons(torch.from_numpy(h), torch.from_numpy(output), y)
    return x, y, gram / scale, scale, groups


@pytest.mark.parametrize("case", CASES)
def test_many_groups_that_fade_at_once(case):
    x, y, gram, scale, groups = drawn(*case)
    signs, patterns = groups.signs, groups.patterns
    assert 25 <= len(signs) <= 50
    problem = RestrictedProblem(gram=gram, labels=y.numpy(), signs=signs, patterns=patterns)
    solution, solved = solve_restricted(problem, groups.preactivations)
    assert solved
    _, least = restricted_solution(x, y, signs, patterns.T.astype(float))
    assert solution.saddle.norms.sum() / math.sqrt(scale) == pytest.approx(least, rel=1e-6)


@pytest.mark.parametrize("case", CASES)
def test_its_limit_is_a_kkt_point_of_the_least_norm(case):
    x, y, gram, scale, groups = drawn(*case)
    limit = exact_limit(gram, y.numpy(), groups)
    assert limit.solved and limit.newton.consistent
    problem, saddle = limit.problem, limit.newton.saddle
    vectors, least = restricted_solution(x, y, problem.signs, problem.patterns.T.astype(float))
    assert saddle.norms.sum() / math.sqrt(scale) == pytest.approx(least, rel=1e-7)
    augmented = np.column_stack([x, np.ones(len(x))])
    exact = saddle.norms[:, None] * (problem.coefficients(saddle) @ augmented) / scale
    assert np.abs(exact - vectors).max() < 1e-4 * np.abs(vectors).max()
    network = TwoLayerReLU(*map(torch.from_numpy, network_arrays(exact, problem.signs)))
    subgradients = np.where(
        problem.same, problem.tangent * saddle.multipliers, saddle.subgradients
    ).T
    root = math.sqrt(scale)
    certificate = residuals(
        network,
        x,
        y,
        torch.from_numpy(saddle.multipliers.clip(min=0) / root),
        torch.from_numpy(subgradients.clip(min=0) / root),
    )
    assert certificate.within(1e-9)

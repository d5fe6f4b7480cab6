"""Exact KKT points: against CVXPY, against autograd, and against the flow they are limits of."""

import dataclasses
import math

import numpy as np
import pytest
import torch
from cvx_reference import clustered_points, restricted_solution

from kktnotes.data.clusters import Clusters
from kktnotes.data.sample import Sample
from kktnotes.flow import gradient_flow
from kktnotes.kkt import residuals
from kktnotes.kkt.limit_point import NotCertified, kkt_point
from kktnotes.kkt.solver import pattern_limit as limit_module
from kktnotes.kkt.solver.active_set import KINK, OFF, ON, ActiveSet, active_set_newton
from kktnotes.kkt.solver.interior_point import interior_point
from kktnotes.kkt.solver.pattern_limit import (
    exact_limit,
    first_sets,
    group_neurons,
    identify,
    solve_restricted,
)
from kktnotes.kkt.solver.restricted import RestrictedProblem


def gram_of(x):
    augmented = np.column_stack([x, np.ones(len(x))])
    gram = augmented @ augmented.T
    return gram, float(np.diagonal(gram).mean())


def limit_of(x, y, signs, pattern, h=None):
    """The exact limit at given groups; h defaults to a shrunken start in which all pairs are on."""
    gram, scale = gram_of(x)
    output = torch.as_tensor(np.asarray(signs, dtype=float))
    if h is None:
        same = y[:, None] == np.asarray(signs)[None, :]
        h = np.where(same, np.where(pattern > 0, 1.0, -1.0), 1e-3)
    groups = group_neurons(torch.as_tensor(h), output, torch.as_tensor(y))
    return exact_limit(gram / scale, y, groups), scale


def small_flow(seed, *, k=4, d=60, n=40, sigma=0.5, width=20, **knobs):
    train = Clusters.orthogonal(k=k, d=d, sigma=sigma).sample(n=n, seed=seed)
    return gradient_flow(train, width=width, init_scale=1e-3, seed=seed, **knobs)


@pytest.mark.parametrize(
    ("k", "d", "sigma", "n", "partition"),
    [
        (4, 30, 0.3, 24, [[0, 2], [1, 3]]),
        (4, 12, 1.0, 30, [[0, 2], [1, 3]]),
        (6, 40, 0.5, 36, [[0, 2], [4], [1, 3, 5]]),
    ],
)
def test_agrees_with_cvxpy(k, d, sigma, n, partition):
    x, y, cluster = clustered_points(k, d, sigma, n, seed=3)
    signs = np.array([1.0 if part[0] % 2 == 0 else -1.0 for part in partition])
    pattern = np.array([np.isin(cluster, part) for part in partition], dtype=float).T
    vectors, least = restricted_solution(x, y, signs, pattern, tolerance=3e-10)
    gram, scale = gram_of(x)
    problem = RestrictedProblem(
        gram=gram / scale, labels=y, signs=signs, patterns=pattern.T.astype(bool)
    )
    solution, solved = solve_restricted(problem, np.full((len(signs), n), 1.0))
    assert solved
    assert solution.saddle.norms.sum() / math.sqrt(scale) == pytest.approx(least, rel=1e-6)
    exact = active_set_newton(problem, identify(problem, solution), solution.saddle)
    assert exact.consistent
    assert exact.saddle.norms.sum() / math.sqrt(scale) == pytest.approx(least, rel=1e-8)
    directions = problem.coefficients(exact.saddle) @ np.column_stack([x, np.ones(n)])
    ours = exact.saddle.norms[:, None] * directions / scale
    # A gap of 3e-10 in the objective leaves its square root in the vectors.
    assert np.abs(ours - vectors).max() < 1e-5 * np.abs(vectors).max()


@pytest.mark.parametrize(("seed", "loss"), [(0, "exponential"), (1, "logistic")])
def test_the_limit_of_a_flow_is_stationary_for_autograd(seed, loss):
    point = kkt_point(small_flow(seed, loss=loss))
    assert point.certificate.within(1e-12)
    parameters = [
        value.clone().requires_grad_()
        for value in (point.network.weights, point.network.biases, point.network.output)
    ]
    h = point.x @ parameters[0].T + parameters[1]
    # On a kink autograd may take any slope in [0, 1]: give it the point's own.
    slope = point.subgradients / point.multipliers.clamp(min=1e-300)[:, None]
    kink = (point.subgradients > 0) & (point.subgradients < point.multipliers[:, None])
    relu = torch.where(kink, slope * h, h.clamp(min=0))
    lagrangian = (point.multipliers * point.y * (relu @ parameters[2])).sum()
    for value, gradient in zip(
        parameters, torch.autograd.grad(lagrangian, parameters), strict=True
    ):
        assert (value.detach() - gradient).norm() < 1e-12 * value.detach().norm()


@pytest.mark.parametrize("seed", range(3))
def test_the_flow_approaches_its_point(seed):
    flow = small_flow(seed)
    point = kkt_point(flow)
    assert point.angles[-1] < 0.02
    late = point.angles[len(point.angles) // 2 :]
    assert (np.diff(late) < 0).all()
    assert point.network.normalized_margin(point.x, point.y) > flow.last.normalized_margin


def test_flows_that_end_at_different_points_are_told_apart():
    """Equicorrelated means of negative inner product: some seeds end at three neurons."""
    clusters = Clusters.equicorrelated(k=4, d=2000, inner_product=-8, sigma=1 / math.sqrt(2000))
    train = clusters.sample(n=232, seed=0)
    widths, margins = set(), []
    for seed in range(10):
        flow = gradient_flow(train, width=6, init_scale=1e-3, seed=seed)
        if not flow.separated:
            with pytest.raises(ValueError, match="L < 1/n"):
                kkt_point(flow)
            continue
        point = kkt_point(flow)
        assert point.certificate.within(1e-10)
        assert point.angles[-1] < 0.05
        widths.add(point.network.width)
        margins.append(
            (point.network.width, float(point.network.normalized_margin(train.x, train.y)))
        )
    # Another start, another KKT point: more neurons have the smaller margin.
    assert {2, 3} <= widths
    assert max(m for w, m in margins if w == 3) < min(m for w, m in margins if w == 2)


@pytest.mark.parametrize("seed", [0, 2])
def test_points_that_crowd_at_the_margin(seed):
    """Tight clusters: hundreds of points lie within 1e-5 of the margin, few of them support it."""
    train = Clusters.orthogonal(26, 9860, 9860**-0.5).sample(n=260, seed=seed)
    flow = gradient_flow(train, width=50, seed=seed, tolerance=1e-2)
    point = kkt_point(flow)
    assert point.certificate.within(1e-12)
    margins = train.y * point.network(train.x)
    assert float(margins.max()) < 1.01  # all of them crowd, and few support
    assert (point.multipliers > 0).double().mean() < 0.3


def test_a_group_that_the_limit_does_not_need_is_dropped():
    x, y, cluster = clustered_points(4, 40, 0.2, 32, seed=1)
    signs = np.array([1.0, -1.0, 1.0])
    pattern = np.stack([y == 1, y == -1, cluster == 0], axis=1).astype(float)
    limit, _ = limit_of(x, y, signs, pattern)
    assert limit.newton.consistent and len(limit.problem.signs) == 2
    positive = limit.group[[0, 1, 2]]
    assert (positive == -1).sum() == 1 and len(set(positive)) == 3


def test_working_sets_do_not_change_the_solution():
    x, y, _ = clustered_points(4, 25, 0.4, 1600, seed=2)
    gram, scale = gram_of(x)
    same = np.stack([y == 1, y == -1])
    problem = RestrictedProblem(
        gram=gram / scale, labels=y, signs=np.array([1.0, -1.0]), patterns=same
    )
    h = np.where(same, 1.0, -1.0) * np.linspace(1, 2, len(y))
    first, free = first_sets(problem, h)
    assert len(first) < len(y) and not free.any()
    solution, solved = solve_restricted(problem, h)
    assert solved
    support = np.flatnonzero(solution.saddle.multipliers > 1e-6)
    whole = interior_point(
        problem.subset(np.union1d(support, np.arange(0, 1600, 4))),
        ~same[:, np.union1d(support, np.arange(0, 1600, 4))],
    )
    assert whole.saddle.norms.sum() == pytest.approx(solution.saddle.norms.sum(), rel=1e-7)


def noisy_problem():
    """A problem with kinks, solved, and its active set."""
    x, y, _ = clustered_points(6, 40, 1.0, 60, seed=7)
    gram, scale = gram_of(x)
    same = np.stack([y == 1, y == -1])
    problem = RestrictedProblem(
        gram=gram / scale, labels=y, signs=np.array([1.0, -1.0]), patterns=same
    )
    solution, solved = solve_restricted(problem, np.ones(same.shape))
    assert solved
    active = identify(problem, solution)
    right = active_set_newton(problem, active, solution.saddle)
    assert right.consistent and right.rounds == 1
    return problem, solution, active, right


def test_interior_point_keeps_its_last_iterate_when_a_slack_underflows():
    """Past convergence a division by zero must neither warn nor spoil the solution."""
    generator = np.random.default_rng(0)
    x, y = generator.standard_normal((12, 8)), np.array([1.0, -1.0] * 6)
    gram, scale = gram_of(x)
    signs = np.array([1.0, -1.0])
    pattern = y[None] == signs[:, None]
    problem = RestrictedProblem(gram=gram / scale, labels=y, signs=signs, patterns=pattern)
    usual = interior_point(problem, ~pattern)
    forced = interior_point(problem, ~pattern, barrier=1e-300, budget=400)
    assert forced.residual < 1e-9 and np.isfinite(forced.saddle.multipliers).all()
    np.testing.assert_allclose(forced.saddle.norms, usual.saddle.norms, rtol=1e-6)


@pytest.mark.parametrize(("before", "after"), [(KINK, OFF), (OFF, KINK), (ON, KINK), (KINK, ON)])
def test_newton_corrects_a_pair_in_the_wrong_state(before, after):
    problem, solution, active, right = noisy_problem()
    pairs = np.argwhere((active.states == before) & ~problem.same & active.support)
    assert len(pairs), "the problem must have such a pair"
    for pair in pairs[:6]:
        states = active.states.copy()
        states[tuple(pair)] = after
        mended = active_set_newton(problem, ActiveSet(active.support, states), solution.saddle)
        assert mended.consistent and mended.rounds > 1
        np.testing.assert_allclose(mended.saddle.multipliers, right.saddle.multipliers, atol=1e-12)


@pytest.mark.parametrize("join", [True, False])
def test_newton_corrects_a_wrong_support(join):
    problem, solution, active, right = noisy_problem()
    support = active.support.copy()
    wrong = np.flatnonzero(support != join)[0]
    support[wrong] = join
    mended = active_set_newton(problem, ActiveSet(support, active.states), solution.saddle)
    assert mended.consistent and mended.rounds > 1
    np.testing.assert_allclose(mended.saddle.multipliers, right.saddle.multipliers, atol=1e-12)


def test_the_pattern_follows_the_solution():
    """A group that is off at one point of a cluster it leans to turns on there."""
    x, y, cluster = clustered_points(4, 40, 0.3, 32, seed=1)
    first = np.isin(cluster, [0, 2])
    odd = np.flatnonzero(cluster == 2)[0]
    partial = first.copy()
    partial[odd] = False
    pattern = np.stack([partial, cluster == 2, y == -1], axis=1).astype(float)
    limit, _ = limit_of(x, y, [1.0, 1.0, -1.0], pattern)
    assert limit.newton.consistent and len(limit.history) > 1
    assert (np.diff(limit.history) < 1e-8).all()  # no pass may lower the margin
    h = limit.problem.preactivations(limit.newton.saddle)
    same = limit.problem.same
    assert ((h > -1e-10) == limit.problem.patterns)[same].all()
    assert limit.problem.patterns[limit.problem.signs > 0][:, odd].all()


def test_flipping_all_labels_flips_the_point():
    flow = small_flow(4)
    y = -flow.sample.y
    gram, scale = gram_of(flow.sample.x.numpy())
    network = flow.network
    h = network.preactivations(flow.sample.x)
    one = exact_limit(gram / scale, -y.numpy(), group_neurons(h, network.output, -y))
    two = exact_limit(gram / scale, y.numpy(), group_neurons(h, -network.output, y))
    np.testing.assert_allclose(
        one.newton.saddle.multipliers, two.newton.saddle.multipliers, atol=1e-12
    )
    assert sorted(one.problem.signs) == sorted(-two.problem.signs)


def test_the_multipliers_agree_with_a_residual_computed_afresh():
    point = kkt_point(small_flow(2))
    again = residuals(point.network, point.x, point.y, point.multipliers, point.subgradients)
    assert again.worst == pytest.approx(point.certificate.worst, abs=1e-15)
    spoiled = point.multipliers.clone()
    spoiled[point.multipliers.argmax()] *= 1.01
    bad = residuals(point.network, point.x, point.y, spoiled, point.subgradients)
    assert bad.stationarity_output > 1e-5


def test_refusals():
    flow = small_flow(0)
    with pytest.raises(NotCertified, match="above"):
        kkt_point(flow, tolerance=1e-30)
    x, y = flow.sample.x, flow.sample.y
    short = gradient_flow(Sample.from_arrays(x, y), width=20, seed=0, init_scale=1e-3, max_steps=2)
    with pytest.raises(ValueError, match="L < 1/n"):
        kkt_point(short)
    backwards = dataclasses.replace(flow, snapshots=[*flow.snapshots[::-1], flow.last])
    rotated = dataclasses.replace(
        backwards, snapshots=[flow.last, *flow.snapshots[-3:-1], flow.last]
    )
    with pytest.raises(NotCertified, match="does not fall"):
        kkt_point(rotated)


@pytest.fixture(scope="module")
def crowded():
    """A flow in a large dimension whose points all end on the margin (Lemma C.1's regime)."""
    train = Clusters.orthogonal(k=4, d=10**7, sigma=1.0).sample(n=400, seed=5)
    return gradient_flow(train, width=20, init_scale=1e-3, seed=5)


def test_the_guess_of_a_large_flow_leads_where_working_sets_lead(crowded, monkeypatch):
    monkeypatch.setattr(limit_module, "LARGEST_GUESS", 0)
    slow = kkt_point(crowded)
    assert (slow.multipliers > 0).all()
    monkeypatch.setattr(limit_module, "FAST", 10)
    monkeypatch.setattr(limit_module, "LARGE", 20)
    monkeypatch.setattr(limit_module, "LARGEST_GUESS", 2000)
    monkeypatch.setattr(limit_module, "solve_restricted", None)  # not needed
    quick = kkt_point(crowded)
    torch.testing.assert_close(quick.multipliers, slow.multipliers, rtol=1e-9, atol=0)


def test_a_guess_that_leaves_many_multipliers_negative_is_given_up(monkeypatch):
    """All points are guessed to lie on the margin, and few of them do: one solution tells."""
    flow = small_flow(3, d=500, n=200, sigma=0.2)
    gram, scale = gram_of(flow.sample.x.numpy())
    net = flow.distinct
    groups = group_neurons(net.preactivations(flow.sample.x), net.output, flow.sample.y)
    problem = RestrictedProblem(
        gram=gram / scale,
        labels=flow.sample.y.numpy(),
        signs=groups.signs,
        patterns=groups.patterns,
    )
    budgets = []

    def counted(*arguments, budget):
        budgets.append(budget)
        return active_set_newton(*arguments, budget=budget)

    monkeypatch.setattr(limit_module, "active_set_newton", counted)
    monkeypatch.setattr(limit_module, "FAST", 10)
    monkeypatch.setattr(limit_module, "LARGE", 20)
    heavy = dataclasses.replace(groups, weights=np.ones(200))
    assert limit_module.from_flow(problem, heavy) is None
    assert budgets == [1]

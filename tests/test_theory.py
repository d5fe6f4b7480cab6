"""Hypotheses by arithmetic, coverage by enumeration, constants on closed-form points and a flow."""

import itertools
import math
from fractions import Fraction

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import kktnotes as kn
from kktnotes import theory

SETTINGS = {"deadline": None, "derandomize": True}


# --- hypotheses ------------------------------------------------------------------------------


@pytest.mark.parametrize("d", [1203, 10**4])
def test_sizes_of_theorem_3_1_by_direct_arithmetic(d):
    clusters = kn.Clusters.orthogonal(4, d, 1 / math.sqrt(d))
    n, delta, epsilon = 400, 0.05, 0.01
    terms = theory.theorem_3_1(clusters, n, delta=delta, epsilon=epsilon)
    right = {
        "examples": 4 * math.log(d) ** 2,
        "examples, dimension": math.log(math.sqrt(delta / 3) * math.exp(min(d / 32, 700))),
        "examples, delta": math.log(math.sqrt(delta) / 3 * d ** (math.log(d) / 4)),
        "examples, epsilon": math.log(epsilon / 4 * d ** (math.log(d) / 2)),
    }
    for name, value in right.items():
        assert abs(terms[name].right / value - 1) < 1e-12
    assert abs(terms["confidence"].right / math.log(d ** (math.log(d) - 1) / 3) - 1) < 1e-12
    assert terms["confidence"].left == -math.log(delta)
    assert terms.holds
    assert not theory.theorem_3_1(clusters, 150, delta=delta, epsilon=epsilon).holds


def test_hypotheses_at_a_dimension_where_the_bounds_overflow():
    clusters = kn.Clusters.orthogonal(13, 10**8, 1.0)
    terms = theory.theorem_4_2(clusters, 4412, delta=0.01, epsilon=0.01, residual=1e-12)
    assert terms.holds
    assert terms["label share"].left == pytest.approx(6 / 13)
    assert terms["examples, dimension"].right == pytest.approx(10**8 / 32, rel=1e-5)


def test_hypotheses_that_fail_say_so():
    clusters = kn.Clusters.orthogonal(4, 1203, 1 / math.sqrt(1203))
    terms = theory.theorem_4_2(clusters, 300, delta=0.05, epsilon=0.01, c=0.6, residual=1e-3)
    assert {term.name for term in terms.failing} == {"label share", "KKT point"}
    assert not theory.theorem_3_1(clusters, 300, delta=1e-30, epsilon=0.01).holds
    large = kn.Clusters.orthogonal(4, 1000, 1.0)
    assert {term.name for term in theory.lemma_2_1(large).failing} == {"correlation"}
    assert theory.lemma_2_1(clusters).holds
    narrow = theory.theorem_4_1(clusters, 3)
    assert {term.name for term in narrow.failing} == {"width"}
    assert theory.theorem_4_1(clusters, 4).holds
    assert theory.theorem_2_1(math.log(0.9 / 300), 300).holds
    assert not theory.theorem_2_1(math.log(1 / 300), 300).holds


@pytest.mark.parametrize("change", [{"delta": 0.0}, {"epsilon": 1.0}, {"n": 0}, {"delta": 2.0}])
def test_impossible_sizes_are_refused(change):
    call = {"n": 100, "delta": 0.1, "epsilon": 0.1, **change}
    clusters = kn.Clusters.orthogonal(4, 1203, 0.01)
    with pytest.raises(ValueError, match=next(iter(change))):
        theory.theorem_3_1(clusters, call.pop("n"), **call)


# --- coverage --------------------------------------------------------------------------------


@pytest.mark.parametrize(("k", "n"), [(2, 1), (2, 5), (3, 4), (4, 6)])
def test_coverage_by_enumeration(k, n):
    missed = sum(len(set(draw)) < k for draw in itertools.product(range(k), repeat=n))
    assert abs(math.exp(theory.log_missed(k, n)) - missed / k**n) < 1e-12


@given(st.integers(2, 30), st.integers(1, 400))
@settings(max_examples=30, **SETTINGS)
def test_coverage_by_inclusion_and_exclusion(k, n):
    exact = sum(
        (-1) ** (j + 1) * math.comb(k, j) * Fraction(k - j, k) ** n for j in range(1, k + 1)
    )
    logarithm = math.log(exact.numerator) - math.log(exact.denominator)
    assert abs(theory.log_missed(k, n) - logarithm) < 1e-9 * max(1, abs(logarithm))
    assert theory.log_missed(k, n) <= theory.log_missed_bound(k, n) + 1e-12


def test_coverage_far_below_what_counting_sees():
    d, k = 10**12, 10
    n = math.ceil(k * math.log(d) ** 2)
    assert theory.log_missed(k, n) <= theory.log_missed_bound(k, n) + 1e-9
    assert theory.log_missed_bound(k, n) <= theory.log_missed_paper(d)
    assert theory.log_missed(k, n) == pytest.approx(theory.log_missed_bound(k, n), rel=1e-9)
    assert theory.log_missed(1, 3) == -math.inf
    assert theory.log_missed(5, 4) == 0.0


# --- inner products and bounds ---------------------------------------------------------------


def test_inner_products_by_hand():
    x = torch.tensor([[3.0, 0.0], [2.0, 1.0], [0.0, 2.0]], dtype=torch.float64)
    sample = kn.Sample.from_arrays(x, [1, 1, -1], [0, 0, 1])
    u = torch.tensor([1.0, -2.0], dtype=torch.float64)
    found = theory.inner_products(sample, direction=u)
    # With the 1 added: 10, 6, 7 within the first cluster, 5 in the second; 1 and 3 across.
    assert (found.a, found.b, found.rho, found.kappa) == (5.0, 10.0, 3.0, 0.0)
    assert (found.seen, found.seen_positive, found.seen_negative) == (2, 1, 1)
    assert found.tau == 2 * 3 / 5
    fresh = kn.Sample.from_arrays([[1.0, 1.0]], [1], [0])
    least, largest, across = theory.fresh_inner_products(sample, fresh)
    assert (least.item(), largest.item(), across.item()) == (4.0, 4.0, 3.0)


def test_bounds_are_the_formulas():
    measured = theory.InnerProducts(
        a=10.0, b=11.0, rho=0.5, kappa=9.0, seen=4, clusters=4, seen_positive=2, seen_negative=2
    )
    tau = 0.2
    assert measured.tau == tau
    value = ((1 - 2 * tau) * 10 / 11 - tau) / (1 - tau)
    lipschitz = math.sqrt(4 * (11 + tau * 10)) / ((1 - tau) * 10)
    assert theory.total_sum_upper(measured).value == pytest.approx(4 / (0.8 * 10))
    assert theory.wrong_sum_upper(measured, total=2.0).value == pytest.approx(0.5 * 2 / 10.5)
    assert theory.cluster_sum_upper(measured).value == pytest.approx(1 / (0.8 * 10))
    assert theory.own_sum_lower(measured).value == pytest.approx(0.6 / (0.8 * 11))
    assert theory.margin_lower(measured).value == pytest.approx(value)
    assert theory.lipschitz_upper(measured).value == pytest.approx(lipschitz)
    assert theory.radius_lower(measured).value == pytest.approx(value / lipschitz)
    eta = theory.flip_eta_upper(measured, label=1.0).value
    assert eta == pytest.approx((1.1 + tau) * 11 / (9 * 0.5 * 4 * 0.6))
    u = torch.tensor([3.0, 4.0])
    assert theory.flip_norm_upper(measured, u, label=1.0).value == pytest.approx(5 * eta)


def test_vacuous_bounds_say_so_and_large_tau_is_refused():
    measured = theory.InnerProducts(
        a=10.0, b=30.0, rho=1.0, kappa=9.0, seen=4, clusters=4, seen_positive=4, seen_negative=0
    )
    assert theory.margin_lower(measured).vacuous
    assert theory.radius_lower(measured).vacuous
    assert theory.radius_lower(measured).value == 0.0
    assert theory.flip_eta_upper(measured, label=1.0).vacuous
    assert not theory.flip_eta_upper(measured, label=-1.0).vacuous
    for change in ({"rho": 1.25}, {"a": -1.0}):
        wrong = theory.InnerProducts(**{**measured.__dict__, **change})
        for bound in (
            theory.total_sum_upper,
            theory.wrong_sum_upper,
            theory.cluster_sum_upper,
            theory.own_sum_lower,
            theory.margin_lower,
            theory.lipschitz_upper,
            theory.radius_lower,
        ):
            with pytest.raises(ValueError, match="below 1/2"):
                bound(wrong)
        with pytest.raises(ValueError, match="tau"):
            theory.flip_eta_upper(wrong, label=1.0)


def test_samples_without_clusters_are_refused():
    bare = kn.Sample.from_arrays(torch.eye(2), [1, -1])
    with pytest.raises(ValueError, match="without clusters"):
        theory.inner_products(bare)
    mixed = kn.Sample.from_arrays(torch.eye(2), [1, -1], [0, 0])
    with pytest.raises(ValueError, match="both labels"):
        theory.inner_products(mixed)
    point = kn.averaged_point(4, 50)
    sample = kn.Sample.from_arrays(point.x, point.y, range(4))
    with pytest.raises(ValueError, match="subgradients"):
        theory.cluster_sums(point.network, sample, torch.zeros(3, 2))


# --- the bounds against KKT points -----------------------------------------------------------


def closed_form(k, d, sets):
    x, y = kn.equicorrelated_points(k, d)
    point = kn.partition_point(x, y, sets)
    return point, kn.Sample.from_arrays(x, y, range(k))


def partitions(k):
    even, odd = list(range(0, k, 2)), list(range(1, k, 2))
    yield [even, odd]
    yield [[q] for q in range(k)]
    yield [even, *([q] for q in odd)]
    yield [even[:1], even[1:], odd]


@pytest.mark.parametrize("k", [4, 6, 10])
def test_bounds_are_met_with_equality_on_orthogonal_points(k):
    # rho = 0 and a = b: every bound on the cluster sums is an equality, A_q = 1 / a.
    d = 300
    for sets in partitions(k):
        point, sample = closed_form(k, d, sets)
        measured = theory.inner_products(sample, direction=point.y @ point.x)
        assert measured.tau < 1e-9
        sums = theory.cluster_sums(point.network, sample, point.subgradients)
        torch.testing.assert_close(sums.own, torch.full((k,), 1 / (d + 1), dtype=torch.float64))
        assert float(sums.wrong.abs().max()) == 0.0
        assert theory.own_sum_lower(measured).value == pytest.approx(1 / (d + 1))
        assert theory.cluster_sum_upper(measured).value == pytest.approx(1 / (d + 1))
        radii = kn.exact_radius(point.network, point.x)
        assert bool((radii.zero.lower >= theory.radius_lower(measured).value * (1 - 1e-9)).all())
        eta = kn.least_eta(point.network, point, direction=point.y @ point.x)
        assert bool((eta <= theory.flip_eta_upper(measured, label=1.0).value).all())


def test_the_averaged_point_meets_the_radius_bound():
    # One neuron a label and orthogonal x~: Lip and radius bounds are attained.
    point, sample = closed_form(8, 500, next(iter(partitions(8))))
    measured = theory.inner_products(sample, direction=point.y @ point.x)
    radius = kn.exact_radius(point.network, point.x).zero.lower.min()
    assert float(radius) == pytest.approx(math.sqrt(501 / 8))
    assert theory.radius_lower(measured).value == pytest.approx(math.sqrt(501 / 8))


@pytest.fixture(scope="module")
def trained():
    d = 1203
    clusters = kn.Clusters.orthogonal(4, d, 1 / math.sqrt(d))
    train = clusters.sample(202, 0)
    flow = kn.gradient_flow(train, width=20, loss="exponential", init_scale=1e-3, seed=0)
    return kn.kkt_point(flow), train


def test_bounds_hold_on_a_trained_kkt_point(trained):
    point, sample = trained
    measured = theory.inner_products(sample)
    assert measured.tau < 0.1
    fresh = sample.fresh(500, 5)
    residual = point.certificate.worst
    sums = theory.check_cluster_sums(point.network, sample, point.subgradients, residual=residual)
    margins = theory.check_margins(point.network, sample, fresh)
    radii = kn.exact_radius(point.network, fresh.x).robust(fresh.x, fresh.y)
    u = kn.universal_direction(sample)
    eta = kn.least_eta(point.network, fresh, direction=u)
    tables = (
        sums,
        margins,
        theory.check_radii(sample, fresh, radii.lower),
        theory.check_flips(sample, fresh, eta),
    )
    for terms in tables:
        assert terms.holds, terms
    # The bound is for every larger eta, not only the first.
    bound = theory.flip_eta_upper(measured, label=1.0).value
    _, largest, across = theory.fresh_inner_products(sample, fresh)
    assert float(largest.max()) <= measured.b * 1.01 and float(across.max()) < 2 * measured.rho
    for factor in (1.1, 3.0, 100.0):
        moved = point.network(fresh.x - fresh.y[:, None] * factor * bound * u)
        assert bool((fresh.y * moved < 0).all())


def test_a_network_that_is_no_kkt_point_is_told_apart(trained):
    point, sample = trained
    wrong = point.subgradients.clone()
    wrong[sample.cluster == 0] = 0.0
    terms = theory.check_cluster_sums(point.network, sample, wrong, residual=0.5)
    assert {term.name for term in terms.failing} >= {"KKT point", "A_q"}


def test_fresh_points_away_from_their_cluster_are_refused(trained):
    point, sample = trained
    away = kn.Sample.from_arrays(-sample.x[:2], sample.y[:2], sample.cluster[:2])
    with pytest.raises(ValueError, match="fresh"):
        theory.check_margins(point.network, sample, away)


@given(st.integers(0, 10**4))
@settings(max_examples=8, **SETTINGS)
def test_refined_margins_are_no_worse_for_points_of_the_sample(seed):
    rng = np.random.default_rng(seed)
    a, b = 10 + rng.random(), 12 + rng.random()
    measured = theory.InnerProducts(
        a=a, b=b, rho=0.3, kappa=9.0, seen=4, clusters=4, seen_positive=2, seen_negative=2
    )
    plain = theory.margin_lower(measured).value
    better = theory.margin_lower(measured, own=a + rng.random(), across=0.3 * rng.random()).value
    assert better >= plain
    assert theory.margin_lower(measured, own=a, across=0.3).value == pytest.approx(plain)

"""Lemma 2.1: exact error of sign(u.x) against integration, counting and the paper's bound."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import integrate, stats

from kktnotes.data import separability
from kktnotes.data.clusters import Clusters
from kktnotes.data.counting import clopper_pearson
from kktnotes.data.sample import Sample
from kktnotes.data.sizes import inverse_root, least_dimension


def by_integration(clusters):
    """Integrate the density of u.x over the wrong side of 0, cluster by cluster."""
    means, labels = clusters.plain().means.numpy(), clusters.labels.numpy()
    u = labels @ means
    width = clusters.sigma * np.linalg.norm(u)
    total = 0.0
    for mean, label in zip(means, labels, strict=True):
        centre = mean @ u

        def density(t, centre=centre):
            return math.exp(-(((t - centre) / width) ** 2) / 2) / width / math.sqrt(2 * math.pi)

        far = 40 * width + abs(centre)
        ends = (-far, 0.0) if label == 1 else (0.0, far)
        points = [p for p in (centre,) if ends[0] < p < ends[1]]
        total += integrate.quad(density, *ends, points=points or None, limit=200)[0]
    return total / len(means)


@pytest.mark.parametrize("seed", range(6))
def test_exact_error_against_integration(seed):
    rng = np.random.default_rng(seed)
    k = int(rng.integers(2, 6))
    means = rng.standard_normal((k, 5)) * rng.uniform(0.5, 2)
    clusters = Clusters.given(means, (-1.0) ** np.arange(k), rng.uniform(0.3, 2))
    assert math.exp(separability.log_direction_error(clusters)) == pytest.approx(
        by_integration(clusters), rel=1e-7
    )


def test_exact_error_in_closed_form_far_out():
    """Orthogonal means: every cluster has <u, mu_q> y_q = d, the tail at sqrt(d / k) / sigma."""
    for k, d, sigma in [(4, 10**7, 1.0), (2, 10**8, 0.5), (10, 3382, 3382**-0.5)]:
        found = separability.log_direction_error(Clusters.orthogonal(k, d, sigma))
        z = math.sqrt(d / k) / sigma
        series = -z * z / 2 - math.log(z * math.sqrt(2 * math.pi)) + math.log1p(-1 / z**2)
        assert found == pytest.approx(series, rel=1e-9)


def test_exact_error_against_counting_where_it_can_be_seen():
    for k, d, sigma, seed in [(10, 100, 2.0, 0), (4, 50, 3.0, 1), (6, 30, 0.9, 2)]:
        clusters = Clusters.on_sphere(k, d, sigma, seed=seed)
        fresh = clusters.fresh(200_000, seed=seed)
        errors = separability.count_errors(fresh)
        low, high = clopper_pearson(errors, 200_000, confidence=1 - 1e-4)
        assert low <= math.exp(separability.log_direction_error(clusters)) <= high
        # and where the points carry the coordinates of a training set
        more = clusters.sample(5, seed=0).fresh(20_000, seed=seed)
        interval = clopper_pearson(separability.count_errors(more), 20_000, confidence=1 - 1e-4)
        assert interval[0] <= math.exp(separability.log_direction_error(clusters)) <= interval[1]


def test_general_noise_against_counting():
    clusters = Clusters.orthogonal(2, 12, 1.5).with_noise(factor=[[1.5, 0], [-1.0, 1], [0.3, 0]])
    errors = separability.count_errors(clusters.fresh(200_000, seed=0))
    low, high = clopper_pearson(errors, 200_000, confidence=1 - 1e-4)
    exact = math.exp(separability.log_direction_error(clusters))
    assert low <= exact <= high
    plain = math.exp(separability.log_direction_error(Clusters.orthogonal(2, 12, 1.5)))
    assert not low <= plain <= high


@settings(deadline=None, derandomize=True)
@given(st.integers(2, 60), st.sampled_from([1.0, 0.1, None]), st.floats(1, 1e4))
def test_the_bound_holds_wherever_the_assumption_does(k, sigma, factor):
    d = math.ceil(least_dimension(k, sigma or inverse_root) * factor)
    clusters = Clusters.orthogonal(k, d, sigma or inverse_root(d))
    assert clusters.assumption().holds
    term = separability.error_term(clusters)
    assert term.holds
    assert 10**term.right == pytest.approx(2 * d ** (1 - math.log(d) / 2), rel=1e-6)
    assert term.left == pytest.approx(separability.log_direction_error(clusters) / math.log(10))


def test_sign_of_zero_is_minus_one():
    twins = Clusters.given([[1.0, 0.0], [1.0, 0.0]], [1, -1], 0.5)
    assert twins.direction.tolist() == [0.0, 0.0]
    assert math.exp(separability.log_direction_error(twins)) == pytest.approx(0.5)
    fresh = twins.fresh(1000, seed=0)
    assert separability.count_errors(fresh) == int((fresh.y == 1).sum())
    three = Clusters.given([[1.0], [1.0], [0.0]], [1, -1, -1], 0.0)
    assert math.exp(separability.log_direction_error(three)) == pytest.approx(1 / 3)
    assert separability.log_direction_error(Clusters.orthogonal(2, 5, 0.0)) == -math.inf


def test_count_errors_in_batches():
    clusters = Clusters.orthogonal(3, 10, 3.0)
    batch = clusters.fresh(500, seed=[0, 1])
    assert separability.count_errors(batch) == sum(
        separability.count_errors(clusters.fresh(500, seed=seed)) for seed in (0, 1)
    )


@settings(deadline=None, derandomize=True)
@given(st.integers(0, 50), st.integers(1, 50), st.sampled_from([0.9, 0.95, 0.999]))
def test_clopper_pearson_against_scipy_and_its_definition(errors, extra, confidence):
    count = errors + extra
    low, high = clopper_pearson(errors, count, confidence=confidence)
    expected = stats.binomtest(errors, count).proportion_ci(confidence, method="exact")
    assert low == pytest.approx(expected.low, abs=1e-9)
    assert high == pytest.approx(expected.high, abs=1e-9)
    tail = (1 - confidence) / 2
    assert stats.binom.cdf(errors, count, high) == pytest.approx(tail, rel=1e-6)
    if errors:
        assert stats.binom.sf(errors - 1, count, low) == pytest.approx(tail, rel=1e-6)
    assert clopper_pearson(count, count)[1] == 1.0


OWN = Sample.from_arrays(torch.ones(2, 2), [1, -1])


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: separability.log_direction_error(
                Clusters.orthogonal(2, 5, 1.0).plain().with_noise("uniform")
            ),
            "noise: got 'uniform', allowed is 'gaussian'",
        ),
        (lambda: separability.log_direction_error_bound(0), "d: got 0"),
        (lambda: separability.count_errors(OWN), "sample: got a sample of your own data"),
        (lambda: clopper_pearson(3, 2), "errors: got 3, allowed is at most count = 2"),
        (lambda: clopper_pearson(-1, 2), "errors: got -1"),
        (lambda: clopper_pearson(0, 0), "count: got 0"),
        (lambda: clopper_pearson(0, 2, confidence=1.0), "confidence: got 1.0"),
    ],
)
def test_refusals(call, message):
    with pytest.raises(ValueError, match=message):
        call()

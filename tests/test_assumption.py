"""Assumption 2.2 and where it holds, against a direct reading of the paper's formula."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from kktnotes.data import sizes
from kktnotes.data.assumption import noise_room, terms
from kktnotes.data.clusters import Clusters


def third_item(k, d, sigma, correlation):
    """The third item of Assumption 2.2, all d at once, as the paper writes it."""
    d = np.asarray(d, dtype=np.float64)
    noise = 4 * sigma * d**0.5 * np.log(d)
    return k * (correlation + noise + 1) <= (d - noise + 1) / 10


@settings(deadline=None, derandomize=True)
@given(st.integers(2, 500), st.integers(1, 10**9), st.floats(1e-6, 1), st.floats(0, 1e4))
def test_the_third_item_is_the_papers(k, d, sigma, correlation):
    found = terms(k=k, d=d, sigma=sigma, largest_inner_product=correlation)
    assert found["correlation"].holds == bool(third_item(k, d, sigma, correlation))
    assert found.holds == found["correlation"].holds
    assert noise_room(d, sigma) == pytest.approx(4 * sigma * np.sqrt(d) * np.log(d))


def test_each_item_can_fail_alone():
    good = Clusters.orthogonal(2, 10**4, 0.01)
    assert good.assumption().holds
    assert good.assumption().names == ("norm", "sigma positive", "sigma", "correlation")

    def failing(clusters):
        return [term.name for term in clusters.assumption().failing]

    longer = good.means.clone()
    longer[1] *= 1.001
    assert failing(Clusters.given(longer, good.labels, 0.01, d=10**4)) == ["norm"]
    assert Clusters.given(longer, good.labels, 0.01, d=10**4).assumption()["norm"].left > 100
    longer[1] *= 0.9
    assert Clusters.given(longer, good.labels, 0.01, d=10**4).assumption()["norm"].left < 91
    assert failing(Clusters.orthogonal(2, 10**4, 0.0)) == ["sigma positive"]
    assert failing(Clusters.orthogonal(2, 10**8, 1.001)) == ["sigma"]
    assert failing(Clusters.orthogonal(2, 10**4, 0.5)) == ["correlation"]
    assert failing(Clusters.equicorrelated(2, 10**4, -500.0, 0.01)) == ["correlation"]
    assert failing(good.with_noise(factor=[[1.0], [0.0]])) == ["noise law"]
    assert failing(good.plain().with_noise("uniform")) == ["noise law"]


def test_the_norm_term_takes_rounding_but_no_more():
    for seed in range(20):
        assert Clusters.on_sphere(6, 10**7 + seed, 0.1, seed=seed).assumption()["norm"].slack == 0.0


RULES = {
    "1/sqrt(d)": (sizes.inverse_root, lambda d: d**-0.5),
    "0.1": (0.1, lambda d: 0.1),
    "1": (1.0, lambda d: 1.0),
}


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize(
    ("k", "correlation"), [(2, 0.0), (10, 0.0), (64, 0.0), (2, 8.0), (4, "d / 100"), (9, "d / 100")]
)
def test_least_dimension_by_brute_force(rule, k, correlation):
    ours, formula = RULES[rule]
    bound = (lambda d: d / 100) if correlation == "d / 100" else correlation
    least = sizes.least_dimension(k, ours, bound)
    # every d up to a limit, then a fine grid: fails at all smaller ones, holds at all larger ones
    below = np.arange(2, min(least, 10**6))
    if least > 10**6:
        below = np.concatenate([below, np.unique(np.geomspace(10**6, least - 1, 10**5).round())])
    above = np.concatenate(
        [np.arange(least, least + 10**4), np.geomspace(least, 1e4 * least, 10**4).round()]
    )

    def reads(d):
        d = d.astype(np.float64)
        sigma = formula(d)
        return third_item(k, d, sigma, bound(d) if callable(bound) else bound)

    assert not reads(below).any()
    assert reads(above).all()


@settings(deadline=None, derandomize=True)
@given(st.integers(2, 10**10), st.floats(1e-5, 1), st.floats(0, 1e6))
def test_most_clusters_is_the_last_k_that_holds(d, sigma, correlation):
    most = sizes.most_clusters(d, sigma, correlation)
    assert not third_item(most + 1 if most else 2, d, sigma, correlation)
    assert most == 0 or third_item(most, d, sigma, correlation)


def test_most_clusters_where_sigma_is_out_of_range():
    assert sizes.most_clusters(10**12, 1.0) > 2
    assert sizes.most_clusters(10**12, 1.01) == 0


def test_least_dimension_and_most_clusters_are_inverse():
    for k in (2, 5, 30):
        least = sizes.least_dimension(k, 0.1)
        assert sizes.most_clusters(least, 0.1) == k
        assert sizes.most_clusters(least - 1, 0.1) == (k - 1 if k > 2 else 0)


def test_sphere_correlation_is_exact_for_two_and_safe_for_more():
    for k, d, probability in [(2, 500, 0.9), (2, 30, 0.5), (12, 400, 0.9), (40, 3000, 0.75)]:
        bound = sizes.sphere_correlation(k, d, probability)
        draws = [Clusters.on_sphere(k, d, 1.0, seed=s).largest_inner_product for s in range(1500)]
        share = int((np.array(draws) <= bound).sum())
        low, high = stats.binomtest(share, 1500).proportion_ci(1 - 1e-4)
        assert high >= probability
        if k == 2:
            assert low <= probability
        else:  # the union bound loses little: 1 - p becomes at most -ln(p)
            assert low <= 1 - (1 - probability) * probability


@pytest.mark.parametrize("probability", [0.1, 0.5, 0.9])
def test_sphere_correlation_in_two_and_three_dimensions(probability):
    """On the circle the angle is uniform, on the sphere the height is (Archimedes)."""
    circle = 2 * np.cos(np.pi / 2 * (1 - probability))
    assert sizes.sphere_correlation(2, 2, probability) == pytest.approx(circle)
    assert sizes.sphere_correlation(2, 3, probability) == pytest.approx(3 * probability)


def test_least_dimension_on_the_sphere_against_the_beta_law():
    """For two means the largest inner product has a closed form, and so has the least d."""
    probability, draws = 0.9, 400
    error = 4 * np.sqrt(probability * (1 - probability) / draws)
    found = sizes.least_dimension_on_sphere(
        2, sizes.inverse_root, probability=probability, draws=draws, seed=1
    )
    d = np.arange(2, 20_000)
    allowed = (d - 4 * np.log(d) + 1) / 20 - 4 * np.log(d) - 1  # solved for |<mu_1, mu_2>|
    held = np.where(
        allowed > 0, stats.beta.cdf((np.maximum(allowed, 0) / d) ** 2, 0.5, (d - 1) / 2), 0
    )
    low, high = d[held >= probability - error][0], d[held >= probability + error][0]
    assert low <= found <= high
    assert low < d[held >= probability][0] < high


def test_draws_that_hold_at_both_ends():
    assert sizes.draws_that_hold(2, 300, 300**-0.5, draws=20, seed=0) == 0.0
    assert sizes.draws_that_hold(2, 10**6, 1e-3, draws=20, seed=0) == 1.0


def test_most_clusters_on_the_sphere_is_the_last():
    for d, sigma in [(10**8, 1.0), (10**6, 1e-3)]:
        most = sizes.most_clusters_on_sphere(d, sigma, probability=0.9)
        bounds = [sizes.sphere_correlation(k, d, 0.9) for k in (most, most + 1)]
        assert third_item(most, d, sigma, bounds[0]) and most >= 2
        assert not third_item(most + 1, d, sigma, bounds[1])
    assert sizes.most_clusters_on_sphere(1000, 1.0) == 0


def test_slack_map():
    dimensions, clusters = [1e3, 1e6, 1e9], [2, 20]
    slack = sizes.slack_map(dimensions, clusters, sizes.inverse_root)
    assert slack.shape == (2, 3)
    spread = sizes.slack_map(dimensions, clusters, 1.0, lambda k, d: d / (40 * k))
    for row, k in enumerate(clusters):
        for column, d in enumerate(dimensions):
            assert (slack[row, column] >= 0) == third_item(k, d, d**-0.5, 0.0)
            assert (spread[row, column] >= 0) == third_item(k, d, 1.0, d / (40 * k))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: sizes.least_dimension(1, 1.0), "k: got 1, allowed is an integer of at least 2"),
        (
            lambda: sizes.least_dimension(4, 1.0, lambda d: d / 40),
            r"Assumption 2.2 with k = 4: got no d up to 10\^15",
        ),
        (lambda: sizes.least_dimension(2, 1.5), "got no d up to"),
        (lambda: sizes.most_clusters(10, -1.0), "sigma: got -1.0"),
        (lambda: sizes.most_clusters(10, 1.0, -1.0), "inner_product: got -1.0"),
        (lambda: sizes.sphere_correlation(2, 10, 1.0), "probability: got 1.0, allowed is a number"),
        (lambda: sizes.sphere_correlation(2, 1, 0.5), "d: got 1"),
        (lambda: sizes.draws_that_hold(2, 10, 1.0, draws=0, seed=0), "draws: got 0"),
        (
            lambda: sizes.least_dimension_on_sphere(2, 1.0, probability=1.5),
            "probability: got 1.5",
        ),
    ],
)
def test_refusals(call, message):
    with pytest.raises(ValueError, match=message):
        call()

"""What the chapter on the sample size computes: missed clusters, exact errors, label noise."""

import math
from itertools import product

import numpy as np
import pytest
import torch

import kktnotes as kn
from kktnotes import radius, theory
from kktnotes.data.label_noise import flip_labels
from kktnotes.radius import exact_error

CLUSTERS = kn.Clusters.orthogonal(4, 60, 0.6)


def network_of(sample, seed):
    """Two neurons, one of each sign, that mean something on the sample."""
    rng = np.random.default_rng(seed)
    rows = []
    for sign in (1.0, -1.0):
        weights = (sample.y == sign).double() @ sample.x
        rows.append(weights + torch.from_numpy(rng.standard_normal(sample.p)) * weights.norm() / 9)
    return kn.TwoLayerReLU(torch.stack(rows) / 100, [0.3, 0.2], [1.2, -0.8])


@pytest.mark.parametrize("seed", [0, 1])
def test_exact_error_is_what_counting_finds_and_below_the_tail(seed):
    sample = CLUSTERS.sample(12, seed=seed)
    network = network_of(sample, seed)
    exact = exact_error.error_by_cluster(network, sample)
    fresh = sample.fresh(40_000, seed=seed)
    wrong = network.margins(fresh.x, fresh.y) <= 0
    for q in range(4):
        own = wrong[fresh.cluster == q]
        low, high = kn.clopper_pearson(int(own.sum()), len(own), confidence=0.9999)
        assert low <= exact[q] <= high
    assert (exact <= radius.tails.log_error_by_cluster(network, sample).exp() + 1e-9).all()


def test_the_errors_under_both_labels_add_up_to_one_or_more():
    """N <= 0 or N >= 0 is certain; both happen where both neurons are off."""
    sample = CLUSTERS.sample(12, seed=0)
    network = network_of(sample, 3)
    labels = CLUSTERS.labels
    both = sum(exact_error.error_by_cluster(network, sample, labels=s * labels) for s in (1, -1))
    fresh = sample.fresh(40_000, seed=5)
    off = (network.preactivations(fresh.x) <= 0).all(-1)
    zero = exact_error.zero_by_cluster(network, sample)
    assert torch.allclose(both, 1 + zero, rtol=0, atol=1e-8)
    for q in range(4):
        share = off[fresh.cluster == q].double()
        assert math.isclose(both[q] - 1, share.mean(), abs_tol=4 / math.sqrt(4 * len(share)))


def test_exact_error_refuses_other_networks():
    sample = CLUSTERS.sample(12, seed=0)
    three = kn.TwoLayerReLU(torch.ones(3, sample.p).double(), [0.0] * 3, [1.0, -1.0, 1.0])
    with pytest.raises(ValueError, match="two neurons, one of each sign"):
        exact_error.error_by_cluster(three, sample)
    with pytest.raises(ValueError, match="labels: got"):
        exact_error.error_by_cluster(network_of(sample, 0), sample, labels=torch.ones(3))


@pytest.mark.parametrize(("k", "n"), [(3, 5), (4, 6), (2, 1)])
def test_missed_law_is_the_share_of_all_draws(k, n):
    counts = np.zeros(k + 1)
    for draw in product(range(k), repeat=n):
        counts[k - len(set(draw))] += 1
    law = theory.missed_law(k, n)
    assert np.allclose(law, counts / k**n)
    assert math.isclose(1 - law[0], math.exp(theory.log_missed(k, n)), rel_tol=1e-12)
    assert math.isclose(law @ np.arange(k + 1), k * (1 - 1 / k) ** n)


@pytest.mark.parametrize(("k", "probability"), [(10, 0.01), (26, 0.5), (2, 1e-9)])
def test_least_examples_is_the_first_that_is_enough(k, probability):
    n = theory.least_examples(k, probability)
    assert theory.log_missed(k, n) <= math.log(probability) < theory.log_missed(k, n - 1)
    with pytest.raises(ValueError, match="probability: got"):
        theory.least_examples(k, 1.5)


def test_flipped_labels_are_as_many_as_asked_and_nothing_else_changes():
    sample = CLUSTERS.sample(40, seed=0)
    noisy, flipped = flip_labels(sample, 0.2, seed=3)
    assert int(flipped.sum()) == 8
    assert torch.equal(noisy.y != sample.y, flipped) and noisy.x is sample.x
    again, _ = flip_labels(sample, 0.2, seed=3)
    assert torch.equal(again.y, noisy.y)
    assert not torch.equal(flip_labels(sample, 0.2, seed=4)[0].y, noisy.y)
    assert not bool(flip_labels(sample, 0.0, seed=0)[1].any())
    with pytest.raises(ValueError, match="share: got"):
        flip_labels(sample, 1.5, seed=0)

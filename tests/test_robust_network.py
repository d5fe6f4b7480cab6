"""Tails of the robust network's failures against counting, and against other computations."""

import math

import pytest
import torch
from scipy.stats import norm

import kktnotes as kn
from kktnotes.radius import log_error
from kktnotes.theory import log_failure, log_super_polynomial

ROUGH = kn.Clusters.equicorrelated(5, 40, inner_product=3.0, sigma=1.0)


def counted(clusters, count=60_000):
    """Count each failure on fresh points."""
    fresh = clusters.fresh(count, seed=0)
    network = kn.TwoLayerReLU.robust(fresh)
    radius = math.sqrt(clusters.d) / 8
    found = kn.exact_radius(network, fresh.x[:1000])
    far = found.robust(fresh.x[:1000], fresh.y[:1000])
    active = (network.preactivations(fresh.x) > 0).sum(-1)
    return {
        "margin": (network.margins(fresh.x, fresh.y) < 1).double().mean().item(),
        "active": (active != 1).double().mean().item(),
        "radius": (far.upper <= radius).double().mean().item(),
    }


@pytest.mark.parametrize("clusters", [ROUGH, kn.Clusters.orthogonal(4, 36, 1.0)])
def test_failures_are_no_rarer_than_counted_and_hardly_more_frequent(clusters):
    for event, share in counted(clusters).items():
        bound = math.exp(log_failure(clusters, event))
        noise = 4 * math.sqrt(share / 1000)
        assert share - noise <= bound, event
        # To be near an opposite half-space is not yet to be near a change of the sign.
        assert event == "radius" or bound <= 1.3 * share + noise, event


def test_orthogonal_means_by_hand():
    clusters = kn.Clusters.orthogonal(4, 100, 1.0)
    own, other = norm.sf(10 / 2 - 10 / 8), 2 * norm.sf(10 / 2 - 10 / 8)
    assert log_failure(clusters, "radius") == pytest.approx(math.log(own + other))
    wrong = norm.sf(10 / 2) * 3
    assert log_failure(clusters, "radius", radius=0.0) == pytest.approx(math.log(wrong))
    active = norm.sf(10 / 2) * 4
    assert log_failure(clusters, "active") == pytest.approx(math.log(active))
    margin = norm.sf(10 / 4) + 2 * norm.sf(10 / 2)
    assert log_failure(clusters, "margin") == pytest.approx(math.log(margin))


def test_a_wrong_sign_is_as_likely_as_by_the_tails_of_any_network():
    clusters = kn.Clusters.orthogonal(4, 10**4, 1.0)
    general = log_error(kn.TwoLayerReLU.robust(clusters), clusters.fresh(1, seed=0))
    assert log_failure(clusters, "radius", radius=0.0) == pytest.approx(general, rel=0.01)


@pytest.mark.parametrize("k", [2, 4, 13])
def test_under_the_assumption_failures_are_super_polynomially_rare(k):
    for sigma in (kn.inverse_root, 0.1):
        d = kn.least_dimension(k, sigma)
        level = sigma if isinstance(sigma, float) else sigma(d)
        clusters = kn.Clusters.orthogonal(k, d, level)
        assert clusters.assumption().holds
        for event in ("margin", "radius", "active"):
            assert log_failure(clusters, event) < log_super_polynomial(d)


def test_refusals():
    with pytest.raises(ValueError, match="event"):
        log_failure(ROUGH, "colour")
    with pytest.raises(ValueError, match="radius"):
        log_failure(ROUGH, "margin", radius=1.0)
    with pytest.raises(ValueError, match="noise"):
        log_failure(ROUGH.with_noise(factor=torch.eye(5, 1)), "margin")

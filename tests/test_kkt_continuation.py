"""A point carried to less noise: against the point solved for there, and against the limit."""

import math

import pytest
import torch

import kktnotes as kn
from kktnotes.kkt.continuation import continued

D, K, N = 549, 2, 80


def shrunk(sigma, seed=0):
    """The same draws at every noise level."""
    return kn.Clusters.orthogonal(K, D, sigma).sample(N, seed=seed)


def solved(sample):
    return kn.kkt_point(kn.gradient_flow(sample, width=10, seed=0, tolerance=1e-2))


@pytest.fixture(scope="module")
def point():
    """The exact point at a noise level that the solver still resolves."""
    return solved(shrunk(0.01 / math.sqrt(D)))


def same_function(first, second, sample):
    x = sample.fresh(50, seed=1).x
    return torch.allclose(first.network(x), second.network(x), rtol=1e-9)


def test_it_is_the_point_that_is_solved_for(point):
    for share in (0.1, 0.03, 0.02):
        sample = shrunk(share / math.sqrt(D))
        there = continued(point, sample)
        assert there.certificate.worst < 1e-12
        assert same_function(there, solved(sample), sample)


def test_a_start_at_more_noise_or_less_leads_to_one_point(point):
    sample = shrunk(1e-4 / math.sqrt(D))
    near = continued(point, shrunk(1e-3 / math.sqrt(D)))
    first, second = continued(point, sample), continued(near, sample)
    assert max(one.certificate.worst for one in (first, second)) < 1e-12
    assert same_function(first, second, sample)


def test_margins_come_together_in_proportion_to_the_noise(point):
    spreads = []
    for share in (1e-2, 1e-3, 1e-4, 1e-5):
        there = continued(point, shrunk(share / math.sqrt(D)))
        margins = there.network.margins(there.x, there.y)
        spreads.append(float(margins.max() - 1) / share)
    assert spreads == pytest.approx([spreads[0]] * 4, rel=0.02)


def test_without_noise_it_is_the_averaged_network(point):
    sample = shrunk(0.0)
    there = continued(point, sample)
    radius = kn.exact_radius(there.network, sample.x).zero.upper
    assert radius.numpy() == pytest.approx(math.sqrt(D / K), rel=1e-9)


def test_another_sample_is_refused(point):
    with pytest.raises(ValueError, match="labels of the point in order"):
        continued(point, shrunk(0.01, seed=1))
    with pytest.raises(ValueError, match="40 examples"):
        continued(point, kn.Clusters.orthogonal(K, D, 0.01).sample(40, seed=0))


def test_an_active_set_that_changes_on_the_way_is_refused():
    far = solved(shrunk(1 / math.sqrt(D), seed=1))
    with pytest.raises(kn.NotCertified, match="active set"):
        continued(far, shrunk(1e-3 / math.sqrt(D), seed=1))

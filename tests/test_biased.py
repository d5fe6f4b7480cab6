"""One neuron a cluster with any bias: both ends, its norm, its radius."""

import math

import pytest
import torch

import kktnotes as kn
from kktnotes.networks.biased import BEST_BIAS, balanced, biased_network, biased_radius


def test_at_minus_two_it_is_the_network_of_theorem_4_1():
    clusters = kn.Clusters.orthogonal(4, 50, 0.1)
    x = clusters.fresh(40, seed=0).x
    expected = kn.TwoLayerReLU.robust(clusters)(x)
    assert torch.allclose(biased_network(clusters, -2.0)(x), expected, atol=1e-12)


def test_at_the_kkt_bias_it_is_the_decoupled_point():
    k, d = 6, 100
    sample = kn.Clusters.equicorrelated(k, d, -1.0, 0.0).sample(k, 0, cluster=range(k))
    network = biased_network(sample, 2 / (d + 1))
    assert kn.certificate(network, sample).within(1e-12)
    exact = kn.partition_point(sample.x, sample.y, [[q] for q in range(k)]).network
    assert torch.allclose(network(sample.x), 2 * exact(sample.x), atol=1e-12)


def test_balanced_keeps_the_function_and_shortens_theta():
    network = kn.TwoLayerReLU([[3.0, 1.0], [0.0, 2.0], [0.0, 0.0]], [1.0, -1.0, 0.0], [0.2, 5, 1])
    one = balanced(network)
    x = torch.tensor([[1.0, 2.0], [-3.0, 0.5]], dtype=torch.float64)
    assert torch.allclose(one(x), network(x))
    assert one.is_balanced(tolerance=1e-12)
    assert one.norm() < network.norm()


@pytest.mark.parametrize("k", [2, 4, 10])
def test_radius_is_the_exact_one_at_every_mean(k):
    clusters = kn.Clusters.orthogonal(k, 40, 0.1)
    for bias in (-1e-6, -0.1, -0.4, BEST_BIAS, -1.3, -2.0, -5.0):
        found = kn.exact_radius(biased_network(clusters, bias), clusters.means).zero
        expected = biased_radius(k, bias) * math.sqrt(40)
        assert torch.allclose(found.upper, torch.full_like(found.upper, expected), rtol=1e-8)


def test_best_bias_reaches_half_the_distance_of_the_means():
    for k in (2, 6, 40):
        best = biased_radius(k, BEST_BIAS)
        assert math.isclose(best, math.sqrt(0.5), rel_tol=1e-12)
        # With one cluster a label every bias from 0 to the best one is as good.
        assert all(biased_radius(k, -i / 50) <= best + 1e-12 for i in range(200))


def test_bad_input_is_refused():
    clusters = kn.Clusters.orthogonal(4, 50, 0.1)
    with pytest.raises(ValueError, match="bias"):
        biased_network(clusters, 2.0)
    with pytest.raises(ValueError, match="-bias"):
        biased_radius(4, 0.5)
    with pytest.raises(ValueError, match="even"):
        biased_radius(5, -1.0)

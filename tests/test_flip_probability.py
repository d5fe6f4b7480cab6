"""The probability of Theorem 4.2: its bound against counting, and the least eta."""

import math

import pytest
import torch

import kktnotes as kn
from kktnotes.theory import flip_probability

CLUSTERS = kn.Clusters.orthogonal(4, 60, 0.8)
SAMPLE = CLUSTERS.sample(40, seed=0)


def averaged():
    """One neuron a label along the sum of its means: at a mean its output is +-1."""
    labels = CLUSTERS.labels
    w = torch.stack([(labels > 0).double(), (labels < 0).double()]) @ SAMPLE.means / 60
    return kn.TwoLayerReLU(w, torch.zeros(2), torch.tensor([1.0, -1.0]))


def counted(network, z, q, count=200_000):
    """Share of fresh points of cluster q that keep their sign, by drawing them."""
    x = SAMPLE.means[q] + 0.8 * torch.randn(
        count, SAMPLE.p, generator=torch.Generator().manual_seed(q), dtype=torch.float64
    )
    y = CLUSTERS.labels[q]
    return float(((network(x) > 0) == (network(x - y * z) > 0)).double().mean())


@pytest.mark.parametrize("eta", [0.2, 0.3, 0.45])
def test_bounds_are_above_the_counted_shares(eta):
    network, u = averaged(), kn.universal_direction(SAMPLE)
    logs = flip_probability.log_failure_by_cluster(network, SAMPLE, eta * u)
    shares = [counted(network, eta * u, q) for q in range(4)]
    for log, share in zip(logs.exp().tolist(), shares, strict=True):
        assert share <= log + 5 * math.sqrt(share / 200_000)
    mean = math.exp(flip_probability.log_failure(network, SAMPLE, eta * u))
    assert mean == pytest.approx(float(logs.exp().mean()), rel=1e-12)


def test_bound_is_close_for_a_half_space():
    """Far along u one neuron is on at all points: the failure is one half-space's probability."""
    network, u = averaged(), kn.universal_direction(SAMPLE)
    eta = 0.4
    log = flip_probability.log_failure(network, SAMPLE, eta * u)
    # y <x, u> / 60 is normal with mean 1 and standard deviation 0.8 sqrt(4 / 60); the sign at x is
    # wrong, or still right after the step, which takes 4 eta off.
    wide = torch.distributions.Normal(1.0, 0.8 * math.sqrt(4 / 60))
    zero = torch.tensor(0.0, dtype=torch.float64)
    at_least = 1 - float(wide.cdf(torch.tensor(4 * eta, dtype=torch.float64)))
    assert at_least * 0.9 <= math.exp(log) <= 4 * (at_least + float(wide.cdf(zero)))


def test_least_eta_is_where_the_bound_meets_epsilon():
    network, u = averaged(), kn.universal_direction(SAMPLE)
    eta = flip_probability.certified_eta(network, SAMPLE, epsilon=0.05)
    assert flip_probability.log_failure(network, SAMPLE, eta * u) <= math.log(0.05)
    assert flip_probability.log_failure(network, SAMPLE, eta * (1 - 1e-6) * u) > math.log(0.05)
    assert eta > 1 / 4  # at 1/k the means are on the boundary
    shorter = flip_probability.certified_eta(network, SAMPLE, epsilon=0.2, direction=2 * u)
    assert 2 * shorter < eta


def test_no_eta_where_no_step_changes_a_sign():
    one_sided = kn.TwoLayerReLU(torch.zeros(1, SAMPLE.p), torch.ones(1), torch.ones(1))
    assert flip_probability.certified_eta(one_sided, SAMPLE, epsilon=0.05) == math.inf


@pytest.mark.parametrize("epsilon", [0.0, 1.0, -1.0])
def test_epsilon_is_a_probability(epsilon):
    with pytest.raises(ValueError, match="epsilon"):
        flip_probability.certified_eta(averaged(), SAMPLE, epsilon=epsilon)

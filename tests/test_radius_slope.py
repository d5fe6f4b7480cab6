"""Bounds from the slope, against gradients, exact radii, proved tail bounds and the least eta."""

import math

import pytest
import torch
from scipy import stats

import kktnotes as kn
from kktnotes.radius import eta_upper, log_error_by_slope, radius_by_slope, slope_upper

TRAIN = kn.Clusters.orthogonal(4, 300, 0.05).sample(40, seed=0)
FLOW = kn.gradient_flow(TRAIN, width=12, init_scale=1.0, seed=2, max_log_time=30.0)
FLOW.require_separated()
NETWORK, SAMPLE = FLOW.network, FLOW.sample
FRESH = SAMPLE.fresh(30, seed=1)


def test_no_gradient_is_longer():
    x = torch.cat([FRESH.x, 5 * torch.randn(300, SAMPLE.p, dtype=torch.float64)]).requires_grad_()
    (gradient,) = torch.autograd.grad(NETWORK(x).sum(), x)
    longest = float(gradient.norm(dim=1).max())
    assert longest <= slope_upper(NETWORK) <= 3 * longest


def test_the_radius_is_below_the_exact_one():
    exact = kn.exact_radius(NETWORK, FRESH.x).robust(FRESH.x, FRESH.y)
    lower = radius_by_slope(NETWORK, FRESH.x, FRESH.y)
    assert bool((lower <= exact.lower).all()) and bool((lower > 0.2 * exact.lower).all())
    assert bool((radius_by_slope(NETWORK, FRESH.x, -FRESH.y) == 0).all())
    with pytest.raises(ValueError, match="slope"):
        radius_by_slope(kn.TwoLayerReLU([[0.0]], [1.0], [1.0]), FRESH.x[:, :1], FRESH.y)


def test_the_error_against_the_chi_squared_tail():
    for width in (2, 12):  # dimensions that the weights span
        part = kn.TwoLayerReLU(
            NETWORK.weights[:width], NETWORK.biases[:width], NETWORK.output[:width]
        )
        radius = radius_by_slope(part, SAMPLE.means, TRAIN.clusters.labels)
        tails = stats.chi2.sf((radius / 0.4).square().numpy(), width)
        noisy = kn.Clusters.orthogonal(4, 300, 0.4).sample(40, seed=0).extended(12)
        moved = kn.TwoLayerReLU(part.weights[:, : noisy.p], part.biases, part.output)
        assert log_error_by_slope(moved, noisy) >= math.log(tails.mean()) - 1e-12
    assert log_error_by_slope(NETWORK, SAMPLE) < -100 * math.log(10)
    point = kn.kkt_point(FLOW).network
    assert log_error_by_slope(point, TRAIN) > kn.radius.log_error(point, TRAIN)


def test_the_eta_crosses_and_is_no_less_than_the_least():
    u = kn.universal_direction(SAMPLE)
    ask = {"direction": u, "largest": 2.0}
    found = eta_upper(NETWORK, FRESH.x, FRESH.y, **ask)
    least = kn.least_eta(NETWORK, FRESH, direction=u)
    assert bool((found >= least * (1 - 1e-6)).all())
    for factor, turned in ((1 - 1e-6, False), (1 + 1e-6, True)):
        moved = FRESH.x - (FRESH.y * factor * found)[:, None] * u
        assert bool(((FRESH.y * NETWORK(moved) <= 0) == turned).all())
    small = eta_upper(NETWORK, FRESH.x, FRESH.y, direction=u, largest=1e-3)
    assert bool(small.isinf().all())
    assert bool((eta_upper(NETWORK, FRESH.x, -FRESH.y, **ask) == 0).all())

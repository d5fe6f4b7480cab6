"""Wide Gaussians: errors against counts and another integral, thresholds against brute force."""

import math

import numpy as np
import pytest
import torch
from scipy import stats
from scipy.optimize import nnls

import kktnotes as kn
from kktnotes.chapters.separable import (
    WideGaussians,
    error,
    halved,
    maximum_margin,
    signs_decide,
    surrounded,
    surrounded_chance,
)

WIDE = WideGaussians(dimension=6, signal=2.0, noise=1.5)


def within_count(logs, errors, count):
    """Whether some probability between two logarithms is in the interval of a count."""
    low, high = kn.clopper_pearson(errors, count, confidence=0.9999)
    return 10 ** logs[0] <= high and low <= 10 ** logs[1]


def test_points_have_the_law_they_are_said_to_have():
    sample = WIDE.draw(20_000, seed=3)
    x, y = sample.x.numpy(), sample.y.numpy()
    assert (x[:, 0] == 2.0 * y).all() and abs(y.mean()) < 0.05
    assert stats.kstest(x[:, 1:].ravel() / 1.5, "norm").pvalue > 1e-3
    plus, minus = x[y > 0], x[y < 0]
    across = ((plus[:4000] - minus[:4000]) ** 2).sum(1).mean()
    within = ((plus[:4000] - plus[-4000:]) ** 2).sum(1).mean()
    assert WIDE.apart == pytest.approx(math.sqrt(across / within), rel=0.03)
    assert WIDE.ratio == pytest.approx((x**2).sum(1).mean() / 4, rel=0.03)
    assert torch.equal(sample.x, WIDE.draw(20_000, seed=3).x)
    assert {len(WIDE.draw(2, seed).y.unique()) for seed in range(8)} == {2}


@pytest.mark.parametrize("bias", [False, True])
def test_the_linear_error_is_what_is_counted(bias):
    wide = WideGaussians(dimension=6, signal=1.0, noise=1.5)
    sample, fresh = wide.draw(5, seed=1), wide.draw(200_000, seed=2)
    line = maximum_margin(sample.x, sample.y, bias=bias)
    log = wide.linear_log10_error(line)
    wrong = round(error(line, fresh.x, fresh.y) * 200_000)
    assert wrong > 100 and within_count((log, log), wrong, 200_000)


@pytest.mark.parametrize("seed", range(6))
def test_a_networks_error_is_between_its_bounds(seed):
    rng = np.random.default_rng(seed)
    signs = np.sign(rng.standard_normal(5))
    weights = rng.standard_normal((5, 7)) * 0.3
    weights[:, 0] = signs
    network = kn.TwoLayerReLU(weights, rng.normal(size=5) * 0.3, signs * rng.uniform(0.5, 2, 5))
    fresh = WIDE.draw(100_000, seed=10)
    wrong = round(error(network, fresh.x, fresh.y) * 100_000)
    assert within_count(WIDE.log10_error(network), wrong, 100_000)


def test_two_neurons_against_an_integral():
    weights = np.array([[1.0, 0.5, 0.2, 0, 0, 0, 0], [-1.2, 0.1, -0.6, 0.3, 0, 0, 0]])
    network = kn.TwoLayerReLU(weights, [0.1, 1.5], [1.0, -0.7])
    total = 0.0
    for label in (1.0, -1.0):
        middle = 2.0 * label * weights[:, 0] + [0.1, 1.5]
        law = stats.multivariate_normal(middle, 2.25 * weights[:, 1:] @ weights[:, 1:].T)
        own, other = (0, 1) if label > 0 else (1, 0)
        step = 0.02
        grid = np.arange(-9, 9, step) + step / 2
        h = np.stack(np.meshgrid(grid, grid, indexing="ij"), -1)
        out = np.maximum(h, 0) * [1.0, 0.7]
        total += law.pdf(h)[out[..., own] <= out[..., other]].sum() * step**2 / 2
    low, up = WIDE.log10_error(network)
    assert 10**low <= total * 1.01 and total <= 10**up * 1.01
    assert up - low < 0.5


def test_obtuse_angles_leave_no_lower_bound():
    weights = np.array([[1.0, 1, 0, 0, 0, 0, 0], [1.0, -1, 0, 0, 0, 0, 0], [-1.0] + [0.0] * 6])
    low, up = WIDE.log10_error(kn.TwoLayerReLU(weights, np.zeros(3), [1.0, 1.0, -1.0]))
    assert low == -math.inf and -math.inf < up < 0


def test_a_network_with_one_sign_is_wrong_at_all_points_of_the_other():
    network = kn.TwoLayerReLU(np.eye(7)[:1], [0.0], [1.0])
    low, up = WIDE.log10_error(network)
    assert low == up == pytest.approx(math.log10(0.5))


@pytest.mark.parametrize("seed", range(12))
def test_surrounded_against_least_squares(seed):
    sample = WideGaussians(3, 1.0, 1.0).draw(7 + seed % 8, seed)

    def hull(points):
        """Whether 0 is a convex combination of points, by nonnegative least squares."""
        return nnls(np.vstack([points.T, np.ones(len(points))]), np.array([0, 0, 0, 1.0]))[1] < 1e-9

    g, y = sample.x[:, 1:].numpy(), sample.y.numpy()
    halves = [hull(g[y == one]) for one in (-1.0, 1.0)]
    assert surrounded(sample) == (hull(y[:, None] * g), all(halves))


def test_how_often_they_are_surrounded():
    wide = WideGaussians(2, 1.0, 1.0)
    seen = np.array([surrounded(wide.draw(9, seed)) for seed in range(150)]).sum(0)
    for count, chance in zip(seen, surrounded_chance(9, 2), strict=True):
        low, high = kn.clopper_pearson(int(count), 150, confidence=0.999)
        assert low <= chance <= high
    # On a line two random points are on both sides of 0 with probability 1/2.
    assert surrounded_chance(2, 1) == (0.5, 0.0)


def shortest(points):
    """The shortest w with w . x >= 1 at all points: those and their mirror images, labelled."""
    both = torch.cat([points, -points])
    return maximum_margin(both, torch.cat([torch.ones(len(points)), -torch.ones(len(points))]))


@pytest.mark.parametrize("seed", [0, 1])
def test_where_signs_decide_all_kkt_points_are_one_function(seed):
    wide = WideGaussians(dimension=400, signal=10.0, noise=1.0)
    sample = wide.draw(8, seed)
    assert signs_decide(sample)
    fresh = wide.draw(50, seed + 1).x
    lifted = torch.cat([sample.x, torch.ones(8, 1)], 1)
    across = torch.cat([fresh, torch.ones(50, 1)], 1)
    plus, minus = (shortest(lifted[sample.y == one])(across) for one in (1.0, -1.0))
    expected = plus.clamp(min=0) - minus.clamp(min=0)
    for width, scale in ((10, 1e-3), (30, 3.0)):
        flow = kn.gradient_flow(sample, width=width, init_scale=scale, seed=seed)
        found = kn.kkt_point(flow).network(fresh)
        torch.testing.assert_close(found, expected, rtol=1e-6, atol=1e-6)


def test_signs_do_not_decide_in_much_noise():
    assert not signs_decide(WideGaussians(40, 1.0, 3.0).draw(20, 0))


def test_a_surrounded_sample_has_a_kkt_point_without_error():
    wide = WideGaussians(3, 5.0, 3.0)
    [row] = halved(wide, 40, [0], width=10)
    assert row.halves_surrounded and row.linear_surrounded
    weights = row.point.network.weights
    assert float((weights[:, 1:].norm(dim=1) / weights[:, 0].abs()).max()) < 1e-9
    assert row.linear < -1e6 and row.upper < -1e6


@pytest.mark.parametrize(
    ("call", "named"),
    [
        (lambda: WideGaussians(0, 1.0, 1.0), "dimension"),
        (lambda: WideGaussians(3, -1.0, 1.0), "signal"),
        (lambda: WideGaussians(3, 1.0, 0.0), "noise"),
        (lambda: WIDE.draw(1, 0), "n"),
        (lambda: WIDE.log10_error(kn.TwoLayerReLU(np.eye(2), [0, 0], [1, -1])), "network"),
        (
            lambda: WIDE.log10_error(kn.TwoLayerReLU(np.ones((13, 7)), np.zeros(13), np.ones(13))),
            "network",
        ),
        (lambda: surrounded_chance(1, 4), "n"),
    ],
)
def test_bad_input_is_refused_by_name(call, named):
    with pytest.raises(ValueError, match=f"^{named}"):
        call()


def test_a_flow_that_ends_early_is_a_row_with_its_reason():
    short, whole = (halved(WIDE, 12, [0, 1], width=10, max_steps=steps) for steps in (2, 800))
    assert [row.ending for row in short] == ["flow: not separated"] * 2
    assert all(row.point is None and math.isnan(row.lower) for row in short)
    # all that needs no network is known of them too
    assert [row.linear for row in short] == [row.linear for row in whole]
    assert all((row.point is None) == (row.ending != "certified") for row in whole)

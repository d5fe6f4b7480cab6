"""Exact radii against brute force, closed forms, symmetries and hand-made networks."""

import itertools
import math

import numpy as np
import pytest
import torch
from hypothesis import example, given, settings
from hypothesis import strategies as st
from radius_reference import brute_force
from random_networks import network, points

import kktnotes as kn
from kktnotes.geometry import Span, certified
from kktnotes.radius.branch_and_bound import Search

SETTINGS = {"deadline": None, "derandomize": True}


def rotation(seed, p):
    q, _ = np.linalg.qr(np.random.default_rng(seed).standard_normal((p, p)))
    return torch.from_numpy(q)


def close(radius, expected, tolerance):
    expected = torch.as_tensor(expected, dtype=torch.float64)
    assert bool(radius.finished.all())
    for bound in (radius.lower, radius.upper):
        assert float((bound / expected - 1).abs().max()) < tolerance


# --- against all activation regions ----------------------------------------------------------


@pytest.mark.parametrize(("seed", "p"), [(0, 4), (1, 12), (2, 30)])
def test_twelve_neurons_equal_brute_force(seed, p):
    net, x = network(seed, 12, p), points(seed, 2, p)
    radii = kn.exact_radius(net, x)
    close(radii.zero, [brute_force(net, one, flip=False) for one in x], 1e-9)
    close(radii.flip, [brute_force(net, one, flip=True) for one in x], 1e-9)


@given(st.integers(0, 10**6), st.integers(1, 6), st.integers(1, 4), st.floats(0.0, 3.0))
@example(seed=5, m=4, p=3, bias=1.0)  # N < 0 everywhere: no zero to be found
@example(seed=0, m=4, p=1, bias=1.0)
@settings(max_examples=40, **SETTINGS)
def test_small_networks_equal_brute_force(seed, m, p, bias):
    net, x = network(seed, m, p, bias), points(seed, 3, p)
    radii = kn.exact_radius(net, x)
    for radius, flip in ((radii.zero, False), (radii.flip, True)):
        for i, one in enumerate(x):
            expected = (
                0.0 if not flip and radii.output[i] == 0 else brute_force(net, one, flip=flip)
            )
            assert bool(radius.finished[i])
            assert float(radius.lower[i]) <= expected * (1 + 1e-9) + 1e-12
            assert float(radius.upper[i]) >= expected * (1 - 1e-9) - 1e-12


def test_nearest_points_have_the_other_sign_at_the_upper_distance():
    net, x = network(5, 9, 6), points(5, 60, 6)
    radii = kn.exact_radius(net, x)
    before, after = net(x) > 0, net(radii.flip.nearest) > 0
    assert bool((before != after).all())
    distance = (radii.flip.nearest - x).norm(dim=-1)
    assert torch.equal(distance, radii.flip.upper)
    at_zero = net(radii.zero.nearest)
    assert bool((torch.where(before, -at_zero, at_zero) >= 0).all())


def test_ranges_of_undecided_neurons_hold_in_the_ball_on_the_side_of_the_decided():
    net, x = network(7, 8, 3), points(7, 8, 3)
    net = kn.TwoLayerReLU(net.weights, net.biases, [1.0] * 4 + [-1.0] * 4)
    x = x[net(x) > 0]
    assert len(x) >= 2
    search = Search(network=net, span=Span.of(net), x=x, sign=1.0, flip=False)
    search.upper = torch.full((len(x),), 1.5, dtype=torch.float64)
    rng = np.random.default_rng(0)
    steps = rng.standard_normal((20_000, 3))
    steps *= (1.5 * rng.random((20_000, 1)) ** (1 / 3)) / np.linalg.norm(steps, axis=1)[:, None]
    tight = 0
    for pattern in itertools.product([-1, 0, 1], repeat=search.other.shape[0]):
        state = torch.tensor(pattern, dtype=torch.int8).expand(len(x), -1)
        low, high, empty = search.ranges(torch.arange(len(x)), state)
        for row in range(len(x)):
            there = search.other_values[row] + torch.from_numpy(steps) @ search.other.T
            allowed = there[(there * state[row] >= 0).all(-1)]
            if len(allowed):
                assert not bool(empty[row])
                assert bool((allowed >= low[row] - 1e-9).all())
                assert bool((allowed <= high[row] + 1e-9).all())
            if len(allowed) > 5000 and not bool((state[row] == 0).all()):
                wide = (search.other_norms * 3.0)[state[row] == 0]  # without the decided ones
                tight += int(((high - low)[row][state[row] == 0] < 0.9 * wide).sum())
    assert tight > 20  # the decided kinks do narrow the ranges


def test_certified_bounds_are_distances_to_half_spaces():
    rng = np.random.default_rng(1)
    own, gradient = rng.standard_normal((4, 3)), rng.standard_normal((6, 3))
    values, level = rng.standard_normal((6, 4)) + 2, rng.standard_normal(6)
    share, weight = rng.random((6, 4)), rng.random(6)
    found = certified(
        *(torch.from_numpy(a) for a in (own, values, gradient, level, share, weight)),
        torch.zeros(6, 5, dtype=torch.float64),
    )
    for i in range(6):
        normal = share[i] @ own - weight[i] * gradient[i]
        distance = (share[i] @ values[i] - weight[i] * level[i]) / np.linalg.norm(normal)
        assert 0 <= max(distance, 0.0) - float(found[i]) <= 1e-12


# --- closed forms ----------------------------------------------------------------------------


@pytest.mark.parametrize(("k", "d"), [(4, 50), (8, 1000), (10, 10**6)])
def test_averaged_point(k, d):
    point = kn.averaged_point(k, d)
    expected = [math.sqrt((d + 1) / k)] * k
    radii = kn.exact_radius(point.network, point.x)
    close(radii.zero, expected, 1e-12)
    close(radii.flip, expected, 1e-12)


@pytest.mark.parametrize(("k", "d"), [(4, 50), (8, 1000), (10, 10**6)])
def test_decoupled_point(k, d):
    point = kn.decoupled_point(k, d)
    value = (d + 1) / math.sqrt((d + 1) * (1 + k / 2) - (k / 2 - 1) ** 2)
    radii = kn.exact_radius(point.network, point.x)
    close(radii.zero, [value] * k, 1e-12)
    close(radii.flip, [value] * k, 1e-12)


@pytest.mark.parametrize("width", [6, 9])
def test_flat_region_of_the_robust_network(width):
    d = 400
    clusters = kn.Clusters.orthogonal(6, d, 0.1)
    net = kn.TwoLayerReLU.robust(clusters, width)
    assert net.width == width
    radii = kn.exact_radius(net, clusters.means)
    close(radii.zero, [math.sqrt(d) / 2] * 6, 1e-11)
    flips = [math.sqrt(d) / 2 if y > 0 else math.sqrt(d / 2) for y in clusters.labels]
    close(radii.flip, flips, 1e-11)


def test_robust_network_with_many_clusters_closes_every_point():
    clusters = kn.Clusters.orthogonal(26, 10**4, 0.01)
    fresh = clusters.fresh(40, 3, p=60)
    radii = kn.exact_radius(kn.TwoLayerReLU.robust(fresh), fresh.x)
    for radius in (radii.zero, radii.flip):
        assert bool(radius.finished.all())
        assert float(radius.gap.max()) < 1e-9


# --- symmetries ------------------------------------------------------------------------------


@given(st.integers(0, 10**6), st.floats(1e-3, 1e3), st.sampled_from([2, 5, 8]))
@settings(max_examples=15, **SETTINGS)
def test_scaling_theta_leaves_the_radius(seed, alpha, m):
    net, x = network(seed, m, 5), points(seed, 5, 5)
    one, two = kn.exact_radius(net, x), kn.exact_radius(net.scaled(alpha), x)
    torch.testing.assert_close(one.zero.upper, two.zero.upper, rtol=1e-9, atol=0)
    torch.testing.assert_close(one.flip.lower, two.flip.lower, rtol=1e-9, atol=0)


@given(st.integers(0, 10**6), st.sampled_from([2, 4, 7]))
@settings(max_examples=15, **SETTINGS)
def test_rotation_and_order_leave_the_radius(seed, m):
    net, x, turn = network(seed, m, 6), points(seed, 5, 6), rotation(seed, 6)
    order = torch.from_numpy(np.random.default_rng(seed).permutation(m))
    turned = kn.TwoLayerReLU(net.weights[order] @ turn, net.biases[order], net.output[order])
    one, two = kn.exact_radius(net, x), kn.exact_radius(turned, x @ turn)
    torch.testing.assert_close(one.zero.upper, two.zero.upper, rtol=1e-9, atol=0)
    torch.testing.assert_close(one.flip.upper, two.flip.upper, rtol=1e-9, atol=0)
    there = one.flip.nearest @ turn
    torch.testing.assert_close(there, two.flip.nearest, rtol=1e-6, atol=1e-6, equal_nan=True)


@given(st.integers(0, 10**6), st.sampled_from([2, 5]))
@settings(max_examples=15, **SETTINGS)
def test_splitting_neurons_leaves_the_radius(seed, m):
    net, x = network(seed, m, 4), points(seed, 5, 4)
    rng = np.random.default_rng(seed)
    shares = torch.from_numpy(rng.dirichlet([1, 1, 1], m)).T  # three copies of each neuron
    stretch = torch.from_numpy(rng.uniform(0.1, 10, (3, m)))
    split = kn.TwoLayerReLU(
        (stretch[..., None] * net.weights).reshape(-1, 4),
        (stretch * net.biases).reshape(-1),
        (shares * net.output / stretch).reshape(-1),
    )
    one, two = kn.exact_radius(net, x), kn.exact_radius(split, x)
    torch.testing.assert_close(one.zero.upper, two.zero.upper, rtol=1e-9, atol=0)
    torch.testing.assert_close(one.flip.lower, two.flip.lower, rtol=1e-9, atol=0)


def test_a_batch_of_networks_is_each_of_them():
    nets = [network(seed, 4, 3) for seed in range(3)]
    batch = kn.TwoLayerReLU(
        torch.stack([net.weights for net in nets]),
        torch.stack([net.biases for net in nets]),
        torch.stack([net.output for net in nets]),
    )
    x = points(0, 7, 3)
    radii = kn.exact_radius(batch, x)
    assert radii.flip.upper.shape == (3, 7)
    assert radii.flip.nearest.shape == (3, 7, 3)
    for i, net in enumerate(nets):
        torch.testing.assert_close(radii.zero.upper[i], kn.exact_radius(net, x).zero.upper)


# --- conventions and special networks --------------------------------------------------------


def test_a_point_where_the_output_is_zero():
    # N = relu(x) - relu(y): zero at the origin, on the diagonal and in the third quadrant.
    net = kn.TwoLayerReLU([[1.0, 0.0], [0.0, 1.0]], [0.0, 0.0], [1.0, -1.0])
    x = torch.tensor([[0.0, 0.0], [2.0, 2.0], [-3.0, -1.0], [-1.0, -3.0]], dtype=torch.float64)
    radii = kn.exact_radius(net, x)
    assert torch.equal(radii.sign, -torch.ones(4, dtype=torch.float64))
    assert torch.equal(radii.zero.upper, torch.zeros(4, dtype=torch.float64))
    # Nearest points with N > 0: everywhere near (0, 0) and the diagonal, x > 0 elsewhere.
    expected = torch.tensor([0.0, 0.0, 3.0, 1.0], dtype=torch.float64)
    assert bool(radii.flip.finished.all())
    torch.testing.assert_close(radii.flip.upper, expected, rtol=1e-9, atol=1e-10)
    assert bool((net(radii.flip.nearest) > 0).all())


def test_robust_radius_is_zero_where_the_label_is_wrong_or_the_output_zero():
    net = kn.TwoLayerReLU([[1.0, 0.0], [0.0, 1.0]], [0.0, 0.0], [1.0, -1.0])
    x = torch.tensor([[2.0, 1.0], [2.0, 1.0], [-1.0, -1.0]], dtype=torch.float64)
    y = torch.tensor([1.0, -1.0, -1.0], dtype=torch.float64)
    radius = kn.exact_radius(net, x).robust(x, y)
    # From (2, 1): the diagonal at 1/sqrt(2) (both on there).
    expected = torch.tensor([1 / math.sqrt(2), 0.0, 0.0], dtype=torch.float64)
    torch.testing.assert_close(radius.upper, expected, rtol=1e-9, atol=0)
    assert torch.equal(radius.nearest[1:], x[1:])


def test_a_point_on_a_kink():
    # N = relu(x - y) - relu(x + y - 2): at (1, 1) both preactivations are zero; at (2, 0) one.
    net = kn.TwoLayerReLU([[1.0, -1.0], [1.0, 1.0]], [0.0, -2.0], [1.0, -1.0])
    x = torch.tensor([[1.0, 1.0], [2.0, 0.0], [3.0, 1.0]], dtype=torch.float64)
    radii = kn.exact_radius(net, x)
    assert float(radii.zero.upper[0]) == 0.0
    for i in (1, 2):
        for radius, flip in ((radii.zero, False), (radii.flip, True)):
            if radii.output[i] != 0:
                expected = brute_force(net, x[i], flip=flip)
                assert abs(float(radius.upper[i]) - expected) < 1e-9
    assert bool(radii.flip.finished.all())


def test_dead_neurons_and_cancelling_neurons_change_nothing():
    net, x = network(3, 4, 5), points(3, 6, 5)
    w = torch.cat([net.weights, torch.zeros(2, 5), net.weights[:1], 2 * net.weights[:1]])
    b = torch.cat([net.biases, torch.tensor([0.0, -1.0]), net.biases[:1], 2 * net.biases[:1]])
    v = torch.cat([net.output, torch.tensor([3.0, -2.0, 0.5, -0.25], dtype=torch.float64)])
    more = kn.exact_radius(kn.TwoLayerReLU(w, b, v), x)
    one = kn.exact_radius(net, x)
    torch.testing.assert_close(more.zero.upper, one.zero.upper, rtol=1e-9, atol=0)
    torch.testing.assert_close(more.flip.upper, one.flip.upper, rtol=1e-9, atol=0)


def test_networks_that_never_change_sign():
    x = points(0, 3, 2)
    zero = kn.exact_radius(kn.TwoLayerReLU(torch.zeros(2, 2), [0.0, 0.0], [1.0, -1.0]), x)
    assert bool((zero.zero.upper == 0).all()) and bool(zero.flip.lower.isinf().all())
    constant = kn.exact_radius(kn.TwoLayerReLU(torch.zeros(1, 2), [1.0], [1.0]), x)
    assert bool(constant.zero.lower.isinf().all()) and bool(constant.zero.finished.all())
    # Without positive neurons N <= 0: never positive, but zero where all neurons are off.
    negative = kn.TwoLayerReLU([[1.0, 0.0], [0.0, 2.0]], [0.0, 0.0], [-1.0, -1.0])
    radii = kn.exact_radius(negative, torch.tensor([[3.0, 4.0]], dtype=torch.float64))
    assert bool(radii.flip.lower.isinf().all())
    close(radii.zero, [5.0], 1e-11)


def test_output_never_positive_by_an_exact_identity():
    # relu(x + y) <= relu(x) + relu(y): N <= 0, and zero on the first and third quadrants.
    net = kn.TwoLayerReLU([[1.0, 1.0], [1.0, 0.0], [0.0, 1.0]], [0.0] * 3, [1.0, -1.0, -1.0])
    radii = kn.exact_radius(net, torch.tensor([[2.0, -1.0], [-1.0, 3.0]], dtype=torch.float64))
    close(radii.zero, [1.0, 1.0], 1e-9)
    assert bool(radii.flip.lower.isinf().all())


def test_an_unfinished_search_keeps_valid_bounds():
    net, x = network(11, 40, 30), points(11, 20, 30)
    short = kn.exact_radius(net, x, time_budget=0.05)
    done = kn.exact_radius(network(11, 12, 30), x)
    assert bool(done.flip.finished.all())
    assert bool((short.flip.lower <= short.flip.upper).all())
    unfinished = ~short.flip.finished
    assert bool((short.flip.gap[unfinished] > 1e-9).all())
    longer = kn.exact_radius(net, x, time_budget=1.0)
    assert bool((short.flip.lower <= longer.flip.upper).all())
    assert bool((longer.flip.lower <= short.flip.upper).all())
    assert "finished" in repr(short)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"x": torch.zeros(3, 4)}, "x: got 4 coordinates"),
        ({"x": torch.zeros(5)}, "x: got shape"),
        ({"x": torch.full((2, 5), torch.nan)}, "x: got"),
        ({"tolerance": 0.0}, "tolerance"),
        ({"time_budget": -1.0}, "time_budget"),
    ],
)
def test_bad_input_is_refused(change, message):
    call = {"x": points(0, 2, 5), **change}
    with pytest.raises(ValueError, match=message):
        kn.exact_radius(network(0, 3, 5), call.pop("x"), **call)


def test_a_robust_network_of_too_few_neurons_is_refused():
    clusters = kn.Clusters.orthogonal(6, 100, 0.1)
    with pytest.raises(ValueError, match="width: got 5"):
        kn.TwoLayerReLU.robust(clusters, 5)
    with pytest.raises(ValueError, match="source"):
        kn.TwoLayerReLU.robust(clusters.means)
    with pytest.raises(ValueError, match="labels -1 and 1"):
        kn.exact_radius(network(0, 3, 5), points(0, 2, 5)).robust(points(0, 2, 5), [0.0, 1.0])

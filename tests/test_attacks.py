"""Attacks: what they return is verified, never below the certified bound, and diagnosed."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from random_networks import network, points

import kktnotes as kn
from kktnotes import attacks
from kktnotes.geometry import all_crossings, first_crossing

SETTINGS = {"deadline": None, "derandomize": True}
GRADIENT = {
    "projected_gradient": {"steps": 15, "bisections": 8, "doublings": 8},
    "deepfool": {},
    "decoupled_direction_norm": {"steps": 60},
}


def sign(output):
    return torch.where(output > 0, 1.0, -1.0).to(output.dtype)


def every_attack(net, x, y, direction):
    for name, knobs in GRADIENT.items():
        yield name, getattr(attacks, name)(net, (x, y), **knobs)
    yield "opposite_neurons", attacks.opposite_neurons(net, (x, y))
    yield "universal", attacks.universal(net, (x, y), direction=direction)


# --- never below the certified bound ---------------------------------------------------------


@pytest.mark.parametrize("kind", ["averaged", "robust", "random"])
def test_no_attack_goes_below_the_certified_bound(kind):
    clusters = kn.Clusters.orthogonal(8, 600, 0.6)
    fresh = clusters.fresh(500, 7, p=30)
    if kind == "robust":
        net = kn.TwoLayerReLU.robust(fresh)
    elif kind == "random":
        net = network(0, 10, 30)
    else:
        plus, minus = (fresh.means[clusters.labels == s].sum(0) for s in (1, -1))
        net = kn.TwoLayerReLU(torch.stack([plus, minus]), [0.1, -0.2], [1.0, -1.0])
    y = sign(net(fresh.x))
    flip = kn.exact_radius(net, fresh.x).flip
    assert bool(flip.finished.all())
    for name, result in every_attack(net, fresh.x, y, kn.universal_direction(fresh)):
        assert bool((result.norms >= flip.lower).all()), name
        fell = result.success
        assert bool((sign(net(result.points))[fell] != y[fell]).all()), name
        assert torch.equal(result.points[~fell], fresh.x[~fell]), name
        assert bool(result.norms[~fell].isinf().all()), name
        distance = (result.points - fresh.x).norm(dim=-1)
        torch.testing.assert_close(distance[fell], result.norms[fell])


@given(st.integers(0, 10**6), st.integers(1, 7), st.integers(1, 5), st.floats(0, 2))
@settings(max_examples=12, **SETTINGS)
def test_no_attack_goes_below_on_small_random_networks(seed, m, p, bias):
    net, x = network(seed, m, p, bias), points(seed, 20, p)
    y = sign(net(x))
    lower = kn.exact_radius(net, x).flip.lower
    for name, result in every_attack(net, x, y, points(seed + 1, 1, p)[0]):
        assert bool((result.norms >= lower * (1 - 1e-12)).all()), name
        fell = result.success
        assert bool((sign(net(result.points))[fell] != y[fell]).all()), name


@given(st.integers(0, 10**6), st.integers(2, 5))
@settings(max_examples=15, **SETTINGS)
def test_the_structured_attack_is_exact_for_one_neuron_a_sign(seed, p):
    rng = np.random.default_rng(seed)
    net = kn.TwoLayerReLU(rng.standard_normal((2, p)), rng.standard_normal(2), [1.0, -1.0])
    x = points(seed, 50, p)
    result = attacks.opposite_neurons(net, (x, sign(net(x))))
    flip = kn.exact_radius(net, x).flip
    reached = flip.upper.isfinite()
    torch.testing.assert_close(result.norms[reached], flip.upper[reached], rtol=1e-9, atol=1e-9)


def test_gradient_attacks_end_near_the_radius_where_gradients_tell():
    net, x = network(1, 2, 4, 0.0), points(1, 200, 4)
    y = sign(net(x))
    flip = kn.exact_radius(net, x).flip.upper
    result = attacks.decoupled_direction_norm(net, (x, y), restarts=3, steps=300)
    assert float((result.norms / flip)[flip.isfinite()].median()) < 1.01


# --- batches, labels, coordinates ------------------------------------------------------------


def test_a_batch_of_networks_is_each_of_them():
    nets = [network(seed, 5, 4) for seed in range(3)]
    batch = kn.TwoLayerReLU(
        *(torch.stack([getattr(n, a) for n in nets]) for a in ("weights", "biases", "output"))
    )
    x = points(0, 30, 4)
    y = torch.stack([sign(net(x)) for net in nets])
    for name, knobs in GRADIENT.items():
        attack = getattr(attacks, name)
        whole = attack(batch, (x, y), **knobs)
        assert whole.points.shape == (3, 30, 4)
        for i, net in enumerate(nets):
            one = attack(net, (x, y[i]), **knobs)
            if name == "deepfool":  # the others draw random starts for the whole batch
                torch.testing.assert_close(whole.norms[i], one.norms, rtol=1e-6, atol=1e-9)
    whole = attacks.opposite_neurons(batch, (x, y))
    etas = kn.least_eta(batch, (x, y), direction=torch.ones(4, dtype=torch.float64))
    for i, net in enumerate(nets):
        torch.testing.assert_close(whole.norms[i], attacks.opposite_neurons(net, (x, y[i])).norms)
        one = kn.least_eta(net, (x, y[i]), direction=torch.ones(4, dtype=torch.float64))
        torch.testing.assert_close(etas[i], one)


def test_misclassified_points_cost_nothing():
    net, x = network(2, 4, 3), points(2, 20, 3)
    for _, result in every_attack(net, x, -sign(net(x)), torch.ones(3)):
        assert bool((result.norms == 0).all())
        assert torch.equal(result.points, x)
        assert bool(result.success.all())


def test_unused_coordinates_change_nothing():
    net, x = network(3, 6, 4), points(3, 25, 4)
    wide = kn.TwoLayerReLU(torch.nn.functional.pad(net.weights, (0, 7)), net.biases, net.output)
    more = torch.cat([x, points(9, 25, 7)], -1)
    for attack in (attacks.deepfool, attacks.opposite_neurons):
        first, second = attack(net, (x, sign(net(x)))), attack(wide, (more, sign(net(x))))
        torch.testing.assert_close(first.norms, second.norms, rtol=1e-7, atol=1e-9)
        torch.testing.assert_close(second.points[:, 4:], more[:, 4:])


# --- diagnosis -------------------------------------------------------------------------------


def test_zero_gradients_are_reported():
    clusters = kn.Clusters.orthogonal(4, 100, 0.01)
    net = kn.TwoLayerReLU.robust(clusters)
    x = torch.zeros(5, 4, dtype=torch.float64)  # all neurons off: N = 0, sign -1
    result = attacks.deepfool(net, (x, -torch.ones(5)))
    assert result.diagnosis.zero_gradient == 1.0
    assert not bool(result.success.any())
    assert {"zero gradient", "points left", "opposite neurons off"} <= set(
        result.diagnosis.warnings
    )
    found = attacks.opposite_neurons(net, (x, -torch.ones(5)))
    torch.testing.assert_close(found.norms, torch.full((5,), 5.0, dtype=torch.float64))
    assert set(result.diagnosis.warnings) <= set(attacks.WARNINGS)
    assert "points left" in repr(result)


def test_the_control_counts_unseen_coordinates():
    # A half-space at distance 1 and random directions of norm 100: in the plane nearly half of
    # them cross, in dimension 10^8 their seen part has length 0.01 and none does.
    net = kn.TwoLayerReLU([[1.0, 0.0], [1.0, 0.0]], [-1.0, 0.0], [1.0, 0.0])
    x = torch.zeros(4000, 2, dtype=torch.float64)
    far = torch.zeros(2, dtype=torch.float64)
    far[1], far[0] = 100.0, 1.0
    y = -torch.ones(4000)
    plane = attacks.universal(net, (x, y), direction=far).diagnosis.control
    ambient = attacks.universal(net, (x, y), direction=far, d=10**8).diagnosis.control
    assert 0.4 < plane < 0.6
    assert ambient == 0.0
    with pytest.raises(ValueError, match="d: got 1"):
        attacks.universal(net, (x, y), direction=far, d=1)


def test_restarts_that_disagree_are_reported():
    net, x = network(4, 12, 6), points(4, 60, 6)
    result = attacks.projected_gradient(net, (x, sign(net(x))), steps=8, restarts=3, bisections=8)
    assert result.diagnosis.restart_spread > 0.01
    assert "restarts disagree" in result.diagnosis.warnings
    single = attacks.deepfool(net, (x, sign(net(x))))
    assert math.isnan(single.diagnosis.restart_spread)


# --- rays and the universal direction --------------------------------------------------------


@given(st.integers(0, 10**6), st.integers(1, 8), st.integers(1, 4), st.floats(0, 2))
@settings(max_examples=40, **SETTINGS)
def test_crossings_agree_with_a_dense_scan(seed, m, p, bias):
    net, x, g = network(seed, m, p, bias), points(seed, 10, p), points(seed + 1, 10, p)
    start = sign(net(x))
    leaves, returns = all_crossings(net, x, g, start)
    grid = torch.linspace(0, 8, 1601, dtype=torch.float64)
    values = torch.stack([net(x + t * g) for t in grid], -1)
    changed = sign(values) != start[:, None]
    inside = ((grid >= leaves[:, :, None]) & (grid < returns[:, :, None])).any(1)
    certain = (values.abs() > 1e-9) & ((grid - leaves[:, :, None]).abs().amin(1) > 1e-9)
    certain &= (grid - returns[:, :, None]).abs().amin(1) > 1e-9
    assert torch.equal(changed[certain], inside[certain])
    first = first_crossing(net, x, g, start)
    assert torch.equal(first, leaves[:, 0])


@pytest.mark.parametrize("k", [4, 8])
def test_universal_direction_on_the_closed_form_points(k):
    d = 200
    for point, eta in ((kn.averaged_point(k, d), 1 / k), (kn.decoupled_point(k, d), 2 / (k + 2))):
        u = point.y @ point.x
        found = kn.least_eta(point.network, point, direction=u)
        torch.testing.assert_close(
            found, torch.full((k,), eta, dtype=torch.float64), rtol=1e-12, atol=0
        )
        result = attacks.universal(point.network, point, direction=u)
        length = eta * float(u.norm())
        torch.testing.assert_close(
            result.norms, torch.full((k,), length, dtype=torch.float64), rtol=1e-11, atol=0
        )


@given(st.integers(0, 10**6), st.sampled_from([0.3, 0.5, 0.9, 1.0]))
@settings(max_examples=20, **SETTINGS)
def test_least_eta_of_a_share_agrees_with_a_dense_scan(seed, share):
    net, x = network(seed, 6, 3), points(seed, 20, 3)
    y, g = sign(net(x)), points(seed + 1, 1, 3)[0]
    eta = float(kn.least_eta(net, (x, y), direction=g, share=share))

    def changed(t):
        return float((sign(net(x - y[:, None] * t * g)) != y).double().mean())

    scan = [t for t in np.linspace(0, 20, 2001) if changed(t) >= share]
    if math.isinf(eta):
        assert not scan
    else:
        assert changed(eta * (1 + 1e-9) + 1e-12) >= share
        assert not [t for t in scan if t < eta * (1 - 1e-9)]


def test_transfer_with_eta_fixed_beforehand():
    clusters = kn.Clusters.orthogonal(6, 10**4, 0.01)
    u = torch.nn.functional.pad(clusters.direction, (0, 14))
    nets, xs, ys = [], [], []
    for seed in range(3):
        fresh = clusters.fresh(50, seed, p=20)
        plus, minus = (fresh.means[clusters.labels == s].sum(0) for s in (1, -1))
        nets.append(kn.TwoLayerReLU(torch.stack([plus, minus]), [0.0, 0.0], [1.0, -1.0]))
        xs.append(fresh.x)
        ys.append(fresh.y)
    known = list(zip(xs, ys, strict=True))
    eta = kn.least_eta(nets[0], known[0], direction=u, share=1.0)
    moved = attacks.transfer(nets, known, 1.01 * eta * u)
    assert bool((moved.flipped == 1).all()) and bool((moved.correct == 1).all())
    assert bool((attacks.transfer(nets, known, 0.5 * eta * u).flipped == 0).all())


def test_a_networks_own_perturbation_on_another_in_joint_coordinates():
    d = 1203
    clusters = kn.Clusters.orthogonal(4, d, 1 / math.sqrt(d))
    nets = []
    for train in clusters.joint_samples([60, 80], 0):
        flow = kn.gradient_flow(train, width=8, loss="exponential", init_scale=1e-3, seed=1)
        nets.append(kn.kkt_point(flow).network)
    fresh = train.fresh(40, 1)
    assert nets[0].weights.shape[1] == nets[1].weights.shape[1] == fresh.p == 4 + 60 + 80
    result = attacks.opposite_neurons(nets[0], fresh)
    z = fresh.y[:, None] * (fresh.x - result.points)
    moved = attacks.transfer(nets, fresh, 1.02 * z)
    assert bool((moved.correct == 1).all())
    assert float(moved.flipped[0]) == 1.0 and float(moved.flipped[1]) == 1.0
    # Stretched by two hundredths it transfers; a random direction of its norm does nothing.
    noise = 1.02 * result.norms[:, None] * fresh.directions(40, 2)
    assert bool((attacks.transfer(nets, fresh, noise).flipped == 0).all())


# --- refusals --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("attack", "change", "message"),
    [
        ("deepfool", {"x": torch.zeros(2, 4)}, "x: got 4 coordinates"),
        ("deepfool", {"y": torch.zeros(2)}, "labels -1 and 1"),
        ("deepfool", {"y": torch.ones(3)}, "y: got 3 labels"),
        ("deepfool", {"steps": 0}, "steps"),
        ("deepfool", {"overshoot": -1.0}, "overshoot"),
        ("projected_gradient", {"restarts": 0}, "restarts"),
        ("decoupled_direction_norm", {"gamma": 1.5}, "gamma"),
        ("opposite_neurons", {"time_budget": 0.0}, "time_budget"),
        ("universal", {"direction": torch.zeros(3)}, "direction: got the zero vector"),
        ("universal", {"direction": torch.ones(5)}, "direction: got 5 coordinates"),
    ],
)
def test_bad_input_is_refused(attack, change, message):
    call = {"x": points(0, 2, 3), "y": torch.ones(2), **change}
    with pytest.raises(ValueError, match=message):
        getattr(attacks, attack)(network(0, 3, 3), (call.pop("x"), call.pop("y")), **call)


def test_other_refusals():
    net, x, y = network(0, 3, 3), points(0, 2, 3), torch.ones(2)
    with pytest.raises(ValueError, match="share"):
        kn.least_eta(net, (x, y), direction=torch.ones(3), share=1.5)
    with pytest.raises(ValueError, match="networks: got none"):
        attacks.transfer([], (x, y), torch.ones(3))
    with pytest.raises(ValueError, match="sample: got 1 entries"):
        attacks.transfer([net, net], [(x, y)], torch.ones(3))
    with pytest.raises(ValueError, match="your own data"):
        kn.universal_direction(kn.Sample.from_arrays(x, [1, -1]))

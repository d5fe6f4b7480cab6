"""Trials: starts, what a run reports, the angle of functions, and served clusters by simulation."""

import itertools
import math

import numpy as np
import pytest
import torch

import kktnotes as kn
from kktnotes.chapters import independence as trials

TRAIN = kn.Clusters.orthogonal(2, 549, kn.inverse_root(549)).sample(80, seed=0)
FRESH = TRAIN.fresh(30, seed=1)


def test_starts_share_directions_and_signs():
    first, *others = [start.network(TRAIN, 7, 3) for start in trials.STARTS]
    for one, start in zip(others, trials.STARTS[1:], strict=True):
        factor = start.scale / trials.STARTS[0].scale
        torch.testing.assert_close(one.augmented, factor * first.augmented)
        torch.testing.assert_close(one.output, factor * start.output * first.output)
        assert one.is_balanced() == (start.output == 1.0)
    flow = kn.gradient_flow(TRAIN, width=7, init_scale=1e-3, seed=3, max_steps=1)
    torch.testing.assert_close(flow.snapshots[0].network.output, first.output)


def test_a_trial_measures_its_exact_point():
    one = trials.trial(TRAIN, FRESH, trials.STARTS[1], width=20, loss="logistic", seed=0)
    assert one.separated and one.point.certificate.within(1e-9)
    assert one.log_loss < -math.log(80)
    network = one.point.network
    assert one.log10_error == kn.radius.log_error(network, TRAIN) / math.log(10) < -10
    slope = kn.theory.lipschitz_upper(kn.theory.inner_products(TRAIN)).value
    assert bool((one.radius >= network.margins(FRESH.x, FRESH.y) / slope).all())
    u = kn.universal_direction(TRAIN)
    for eta, sign in ((0.999 * one.eta, 1.0), (1.001 * one.eta, -1.0)):
        moved = FRESH.x - (FRESH.y * eta)[:, None] * u
        assert bool((sign * FRESH.y * network(moved) > 0).all())
    assert bool((one.radius <= one.eta * u.norm() * (1 + 1e-9)).all())
    assert 0 < one.unfinished < math.pi and one.last_angle == one.point.angles[-1]


def test_a_start_with_one_sign_is_told_apart():
    found = [
        trials.trial(TRAIN, FRESH, trials.STARTS[1], width=2, loss="exponential", seed=seed)
        for seed in range(6)
    ]
    for seed, one in enumerate(found):
        signs = set(trials.STARTS[1].network(TRAIN, 2, seed).output.sign().tolist())
        assert (one.status == "one sign only") == (len(signs) == 1)
        assert one.separated or (one.point is None and math.isnan(one.last_angle))
    assert {one.status == "one sign only" for one in found} == {True, False}


def test_fresh_points_in_other_coordinates_are_refused():
    other = TRAIN.extended(3).fresh(4, seed=0)
    with pytest.raises(ValueError, match="fresh"):
        trials.trial(TRAIN, other, trials.STARTS[0], width=4, loss="logistic", seed=0)


def test_angle_of_functions():
    x = torch.tensor([[1.0, 0.0], [0.0, 1.0], [-1.0, 0.0]], dtype=torch.float64)
    first = kn.TwoLayerReLU([[1.0, 0.0]], [0.0], [1.0])  # outputs 1, 0, 0
    second = kn.TwoLayerReLU([[1.0, 1.0]], [0.0], [1.0])  # outputs 1, 1, 0
    assert trials.function_angle(first, first.scaled(3.0), x) < 1e-12
    assert abs(trials.function_angle(first, second, x) - math.pi / 4) < 1e-12
    with pytest.raises(ValueError, match="zero"):
        trials.function_angle(first, second, -x[:1])
    assert trials.probes(TRAIN).square().sum(1).mean().sqrt() / math.sqrt(549) == pytest.approx(
        1, rel=0.05
    )


@pytest.mark.parametrize(("positive", "negative", "width"), [(1, 1, 2), (2, 1, 3)])
def test_served_by_enumeration(positive, negative, width):
    count, served = positive + negative, 0
    neurons = list(itertools.product([0, 1], repeat=1 + count))  # sign, on at each cluster
    for network in itertools.product(neurons, repeat=width):
        on = [[n[1 + q] and n[0] == (q < positive) for n in network] for q in range(count)]
        served += all(map(any, on))
    exact = served / len(neurons) ** width
    assert abs(math.exp(trials.log_served(positive, negative, width)) - exact) < 1e-12


def test_served_against_starts_in_many_dimensions():
    clusters = kn.Clusters.orthogonal(4, 10**6, 0.01)
    sample, hits = clusters.sample(4, seed=0, cluster=[0, 1, 2, 3]), 0
    for seed in range(400):
        start = trials.STARTS[2].network(sample, 8, seed)
        on = (start.preactivations(sample.extended(8).means) > 0) & (
            clusters.labels[:, None] == start.output.sign()
        )
        hits += bool(on.any(1).all())
    low, high = kn.clopper_pearson(hits, 400, confidence=0.999)
    assert low <= math.exp(trials.log_served(2, 2, 8)) <= high
    assert trials.log_served(2, 2, 1) == -math.inf
    assert np.isclose(trials.log_served(1, 1, 400), 0.0)


def test_the_last_network_is_measured_itself():
    start = trials.STARTS[2]
    knobs = {"width": 20, "loss": "exponential", "seed": 0, "max_log_time": 40.0}
    one = trials.trial(TRAIN, FRESH, start, **knobs)
    flow = kn.gradient_flow(TRAIN, network=start.network(TRAIN, 20, 0), max_log_time=40.0)
    fresh = flow.sample.fresh(FRESH.n, 0)
    exact = kn.exact_radius(flow.network, fresh.x).robust(fresh.x, fresh.y)
    length = kn.universal_direction(TRAIN).norm()
    assert bool((one.last.radius <= exact.upper).all())
    assert bool((exact.lower <= one.last.eta * length * (1 + 1e-9)).all())
    assert one.log10_error < one.last.log10_error < -10
    assert not torch.allclose(one.last.radius, one.radius)


@pytest.mark.parametrize("seed", range(4))
def test_reaching_alone_is_told_as_by_a_trial(seed):
    knobs = {"width": 4, "loss": "logistic", "seed": seed, "give_up_log_time": 8.0}
    short = trials.reaches(TRAIN, trials.STARTS[2], **knobs)
    full = trials.trial(TRAIN, FRESH, trials.STARTS[2], **knobs, max_log_time=20.0)
    assert short.separated == full.separated and short.point is None
    assert not short.separated or full.log_loss < short.log_loss < -math.log(80)


def test_approach_of_parameters_and_functions():
    flow = kn.gradient_flow(TRAIN, network=trials.STARTS[1].network(TRAIN, 20, 0))
    point = kn.kkt_point(flow)
    path = trials.approach(flow, point)
    assert path.log_times[0] >= flow.separated_log_time and (path.angles == point.angles).all()
    last = flow.network
    seen = kn.TwoLayerReLU(last.weights[:, : TRAIN.p], last.biases, last.output)
    end = trials.function_angle(seen, point.network, trials.probes(TRAIN))
    assert path.function_angles[-1] == pytest.approx(end)
    assert path.shrunk == pytest.approx(
        (point.angles[-1] / point.angles[0], end / path.function_angles[0])
    )
    assert path.shrunk[1] < 1

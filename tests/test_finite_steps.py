"""Training with finite steps: against steps by hand, against the flow, and its refusals."""

import math

import numpy as np
import pytest
import torch

import kktnotes as kn
from kktnotes.flow.finite_steps import Method, log_loss, train
from kktnotes.networks.angles import function_angle

CLUSTERS = kn.Clusters.orthogonal(4, 30, 0.1).plain()


def begin(count=2, width=6, scale=0.3):
    """Return some samples and a batch of starts."""
    samples = [CLUSTERS.sample(12, seed=one) for one in range(count)]
    rng = np.random.default_rng(0)
    parts = [rng.normal(0, scale, (count, width, 30)), *rng.normal(0, scale, (2, count, width))]
    return kn.TwoLayerReLU(*parts), samples


def gradient(network, sample, log):
    """Return the gradient of L or ln L of the exponential loss by the formulas of the paper."""
    h = network.preactivations(sample.x)
    weight = torch.exp(-network.margins(sample.x, sample.y))
    weight = sample.y * weight / (weight.sum() if log else sample.n)
    active = (h > 0) * weight[:, None]
    return (
        -(active * network.output).T @ sample.x,
        -(active * network.output).sum(0),
        -(h.clamp(min=0) * weight[:, None]).sum(0),
    )


@pytest.mark.parametrize("log", [False, True])
def test_gradient_descent_is_the_formula(log):
    start, samples = begin()
    moments = train(start, samples, Method(optimizer="gd", rate=0.05, log=log), [0, 1, 3])
    assert [moment.step for moment in moments] == [0, 1, 3]
    for b, sample in enumerate(samples):
        network = start[b]
        for _ in range(3):
            parts = gradient(network, sample, log)
            network = kn.TwoLayerReLU(
                network.weights - 0.05 * parts[0],
                network.biases - 0.05 * parts[1],
                network.output - 0.05 * parts[2],
            )
        assert torch.allclose(moments[-1].networks.weights[b], network.weights, rtol=1e-12)
        assert torch.allclose(moments[-1].networks.output[b], network.output, rtol=1e-12)
    assert torch.equal(moments[0].networks.weights, start.weights)


def test_first_step_of_adam_has_the_rate_in_every_coordinate():
    start, samples = begin(1)
    after = train(start, samples, Method(optimizer="adam", rate=1e-3), [1])[0].networks
    parts = gradient(start[0], samples[0], False)
    moved = (after.weights[0] - start.weights[0])[parts[0].abs() > 1e-4]
    assert torch.allclose(moved.abs(), torch.full_like(moved, 1e-3), rtol=1e-3)
    assert torch.equal(moved.sign(), -parts[0][parts[0].abs() > 1e-4].sign())


def test_small_steps_follow_the_flow():
    start, samples = begin(1, scale=0.05)
    flow = kn.gradient_flow(samples[0], network=start[0], tolerance=1e-6, max_log_time=10.0)
    at = next(s for s in flow.snapshots if s.log_time > 0)
    time = math.exp(at.log_time)
    steps = 4000
    network = train(start, samples, Method(optimizer="gd", rate=time / steps), [steps])[
        -1
    ].networks[0]
    expected = at.network
    error = (network.augmented - expected.augmented).norm() / expected.augmented.norm()
    assert error < 2e-2


def test_minibatches_use_the_seed_and_only_it():
    start, samples = begin()
    method = Method(optimizer="gd", rate=0.05, batch=3)
    one, two, other = (train(start, samples, method, [5], seed=s)[0].networks for s in (1, 1, 2))
    assert torch.equal(one.weights, two.weights)
    assert not torch.equal(one.weights, other.weights)


def test_diverging_networks_are_left_out():
    start, samples = begin()
    moments = train(start, samples, Method(optimizer="gd", rate=1e200), [0, 1, 20])
    assert moments[-1].step < 20


def test_log_loss_agrees_with_the_flow_and_does_not_underflow():
    q = torch.tensor([0.3, 2.0, -1.0], dtype=torch.float64)
    assert math.isclose(float(log_loss(q, "exponential")), math.log(torch.exp(-q).mean()))
    direct = math.log(float(torch.log2(1 + torch.exp(-q)).mean()))
    assert math.isclose(float(log_loss(q, "logistic")), direct, rel_tol=1e-12)
    for loss, extra in (("exponential", 0.0), ("logistic", -math.log(math.log(2)))):
        huge = log_loss(torch.full((4,), 2000.0, dtype=torch.float64), loss)
        assert math.isclose(float(huge), -2000.0 + extra)


def test_function_angle_ignores_scale_and_neurons():
    start, samples = begin(1)
    one, x = start[0], samples[0].x
    half = kn.TwoLayerReLU(
        torch.cat([one.weights, one.weights]),
        torch.cat([one.biases, one.biases]),
        torch.cat([one.output, one.output]),
    )
    assert function_angle(one, half.scaled(3.0), x) < 1e-7
    flipped = kn.TwoLayerReLU(one.weights, one.biases, -one.output)
    assert math.isclose(function_angle(one, flipped, x), math.pi)


def test_bad_input_is_refused():
    start, samples = begin()
    with pytest.raises(ValueError, match="optimizer"):
        Method(optimizer="sgd", rate=0.1)
    with pytest.raises(ValueError, match="marks"):
        train(start, samples, Method(optimizer="gd", rate=0.1), [3, 2])
    with pytest.raises(ValueError, match="start"):
        train(start[0], samples, Method(optimizer="gd", rate=0.1), [1])


def test_a_falling_step_is_divided_by_the_squared_norm():
    """Of two networks in one batch, each by its own; and by one where the norm is below 1."""
    start, samples = begin()
    squares = start.norm().square().tolist()
    assert min(squares) > 1 and squares[0] != squares[1]
    falls = train(start, samples, Method(optimizer="gd", rate=0.01, log=True, falling=True), [1])[
        0
    ].networks
    for one, square in enumerate(squares):
        same = train(start, samples, Method(optimizer="gd", rate=0.01 / square, log=True), [1])[
            0
        ].networks[one]
        assert torch.allclose(falls[one].weights, same.weights, rtol=1e-12)
        assert torch.allclose(falls[one].output, same.output, rtol=1e-12)
    small, samples = begin(scale=0.01)
    ends = [
        train(small, samples, Method(optimizer="gd", rate=0.01, log=True, falling=falling), [1])[
            0
        ].networks
        for falling in (True, False)
    ]
    assert torch.equal(ends[0].weights, ends[1].weights)

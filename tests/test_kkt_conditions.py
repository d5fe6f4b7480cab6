import math

import numpy as np
import pytest
import torch
from exact_points import kink_of_two_point, two_point
from hypothesis import given, settings
from hypothesis import strategies as st

import kktnotes as kn
from kktnotes.kkt.report import NAMES, NEURONS, RESIDUALS, residual_text

C, G = 40.0, 7.0


def measured(x, y, network, multipliers, subgradients):
    return kn.residuals(kn.TwoLayerReLU(*network), x, y, multipliers, subgradients)


def only(certificate, *names, others=1e-13):
    """All residuals but those named are rounding."""
    for name, value in certificate.residuals.items():
        assert name in names or value < others, (name, value)


def random_case(seed, n=7, m=5, p=4):
    """A network without structure, made to separate random labels by a bias on two neurons."""
    rng = np.random.default_rng(seed)
    x, w, b, v = rng.normal(size=(n, p)), rng.normal(size=(m, p)), rng.normal(size=m), None
    v = rng.normal(size=m)
    outputs = np.maximum(x @ w.T + b, 0) @ v
    middle = np.sort(outputs)[n // 2 - 1 : n // 2 + 1].mean()
    # One more neuron, constant on the data, moves the threshold to between the two middle outputs.
    w = np.vstack([w, np.zeros(p)])
    b, v = np.append(b, 1.0), np.append(v, -middle)
    y = np.where(outputs > middle, 1.0, -1.0)
    lam = rng.uniform(0.1, 1, size=n)
    h = x @ w.T + b
    return x, y, (w, b, v), lam, np.where(h > 0, lam[:, None], 0.0)


def test_two_point_with_fractional_kinks_is_exact():
    certificate = measured(*two_point(C, G))
    assert certificate.within(1e-14), certificate
    assert max(getattr(certificate, name) for name in NEURONS) < 1e-14


@pytest.mark.parametrize("partition", [[[0, 2], [1, 3]], [[0], [2], [1, 3]], [[0], [1], [2], [3]]])
def test_closed_forms_are_exact(partition):
    x, y = kn.equicorrelated_points(4, 30)
    assert kn.partition_point(x, y, partition).certificate.within(1e-14)


def test_right_hand_sides_are_autograd():
    """Eqs. (3), (4) and v: the gradient of sum_i lambda_i y_i N(x_i), where there is no kink."""
    x, y, network, lam, a = random_case(0)
    theta = [torch.tensor(part, requires_grad=True) for part in network]
    hidden = torch.relu(torch.tensor(x) @ theta[0].T + theta[1])
    outputs = hidden @ theta[2]
    margins = torch.tensor(y) * outputs
    # The residuals are of theta at least margin 1: scale both sides by hand.
    right = torch.autograd.grad((torch.tensor(lam) * margins).sum(), theta)
    found = measured(x, y, network, lam, a)
    for name, left, gradient in zip(("weights", "biases", "output"), theta, right, strict=True):
        left = left.detach()
        expected = (left - gradient).norm() / left.norm()
        assert getattr(found, f"stationarity_{name}") == pytest.approx(expected.item(), rel=1e-12)
        error = (left - gradient).reshape(len(left), -1).norm(dim=1)
        size = left.reshape(len(left), -1).norm(dim=1)
        size = torch.where(size > 0, size, size.max())
        expected = (error / size).max()
        assert getattr(found, f"neuron_{name}") == pytest.approx(expected.item(), rel=1e-12)
    scaled = margins.detach().numpy() / margins.min().item()
    assert found.complementary_slackness == pytest.approx((lam * (scaled - 1)).max() / lam.max())
    half = sum((part.detach() ** 2).sum() for part in theta).item() / margins.min().item() / 2
    assert found.euler_gap == pytest.approx(abs(lam.sum() - half) / half)
    assert found.kink == 0


@pytest.mark.parametrize("error", [1e-2, 1e-4, 1e-6])
def test_wrong_bias_alone(error):
    x, y, (w, b, v), lam, a = two_point(C, G)
    found = measured(x, y, (w, b * (1 + error), v), lam, a)
    assert found.stationarity_biases == pytest.approx(error / (1 + error), rel=1e-6)
    assert found.stationarity_weights < 1e-14
    # The bias moves preactivations, margins and kinks too, but as a small part of w~.
    assert max(found.stationarity_output, found.kink, found.euler_gap) < error / 5


@pytest.mark.parametrize("error", [1e-2, 1e-4, 1e-6])
def test_wrong_output_alone(error):
    """w~ and lambda both larger by a factor: Eqs. (3) and (4) still hold, that of v does not."""
    x, y, (w, b, v), lam, a = two_point(C, G)
    factor = 1 + error
    found = measured(x, y, (w * factor, b * factor, v), lam * factor, a * factor)
    assert found.stationarity_output == pytest.approx(factor**2 - 1, rel=1e-6)
    only(found, "stationarity_output", "euler_gap")
    assert found.euler_gap < 1.1 * error


@pytest.mark.parametrize("error", [1e-2, 1e-4, 1e-6])
def test_wrong_weights_alone(error):
    """Weights moved at right angles to all points: nothing but Eq. (3) can see it."""
    x, y, (w, b, v), lam, a = two_point(C, G)
    x = np.column_stack([x, np.zeros(2)])
    size = np.linalg.norm(w)
    w = np.column_stack([w, np.array([error * size, 0])])
    found = measured(x, y, (w, b, v), lam, a)
    assert found.stationarity_weights == pytest.approx(error, rel=1e-3)
    only(found, "stationarity_weights", "euler_gap")
    assert found.euler_gap < 2 * error**2 + 1e-13


@pytest.mark.parametrize("error", [1e-2, 1e-4, 1e-6])
def test_multiplier_off_the_margin(error):
    """One neuron of the decoupled point larger: its point has margin above 1 and a multiplier."""
    point = kn.decoupled_point(6, 50)
    factor = torch.ones(6, dtype=torch.float64)
    factor[2] = (1 + error) ** 0.5
    net = point.network
    net = kn.TwoLayerReLU(net.weights * factor[:, None], net.biases * factor, net.output * factor)
    found = kn.residuals(net, point.x, point.y, point.multipliers, point.subgradients)
    assert found.complementary_slackness == pytest.approx(error, rel=1e-6)
    only(found, "complementary_slackness", "euler_gap")
    assert found.euler_gap < error


@pytest.mark.parametrize("shift", [1e-2, 1e-4, 1e-6])
def test_shifted_kink(shift):
    """Subgradients strictly inside at |h| > 0: every other condition holds."""
    tau = G / C + shift
    found = measured(*two_point(C, G, freedom=tau))
    assert found.kink == pytest.approx(kink_of_two_point(C, G, tau), rel=1e-8)
    assert 0.5 * shift < found.kink < 2 * shift
    only(found, "kink", "euler_gap")
    assert found.worst_name == "kink"


def test_a_small_bias_does_not_hide():
    """At d = 1e7 b is under a thousandth of w: an error of a tenth in b must show as a tenth."""
    point = kn.averaged_point(4, 10**7)
    net = point.network
    wrong = kn.TwoLayerReLU(net.weights, net.biases * 1.1, net.output)
    found = kn.residuals(wrong, point.x, point.y, point.multipliers, point.subgradients)
    assert net.biases.norm() / net.weights.norm() < 5e-4
    assert found.stationarity_biases == pytest.approx(0.1 / 1.1, rel=1e-6)
    assert found.stationarity_weights < 1e-13


def test_dead_neurons():
    """A pruned neuron is harmless; one with weights left over is measured against the network."""
    x, y, (w, b, v), lam, a = two_point(C, G)
    wide = (np.vstack([w, np.zeros((1, 2))]), np.append(b, 0), np.append(v, 0))
    assert measured(x, y, wide, lam, np.column_stack([a, lam * 0.3])).within(1e-14)
    left = np.array([[-3e-5, 0.0]])  # off at both points
    wide = (np.vstack([w, left]), np.append(b, 0), np.append(v, 0))
    found = measured(x, y, wide, lam, np.column_stack([a, 0 * lam]))
    assert found.stationarity_weights == pytest.approx(3e-5 / np.linalg.norm(w), rel=1e-6)
    assert found.neuron_weights == pytest.approx(1)
    only(found, "stationarity_weights", "euler_gap")


def test_all_biases_zero():
    """Left side zero: the error is measured against ||theta||, and 0 of 0 is 0."""
    x, y = np.eye(2), np.array([1.0, -1.0])
    network = (np.eye(2), np.zeros(2), np.array([1.0, -1.0]))
    found = measured(x, y, network, np.zeros(2), np.zeros((2, 2)))
    assert found.stationarity_biases == 0 and found.complementary_slackness == 0
    found = measured(x, y, network, np.ones(2), np.eye(2))
    assert found.stationarity_biases == pytest.approx(math.sqrt(2) / 2)  # ||v|| / ||theta||


@settings(deadline=None, derandomize=True, max_examples=30)
@given(seed=st.integers(0, 10**6), exponent=st.floats(-3, 3))
def test_symmetries(seed, exponent):
    """Scaling theta, permuting neurons, flipping labels with v, rotating x change nothing."""
    rng = np.random.default_rng(seed + 1)
    x, y, (w, b, v), lam, a = random_case(seed)
    base = measured(x, y, (w, b, v), lam, a)
    factor = 10.0**exponent
    order = rng.permutation(len(v))
    rotation = np.linalg.qr(rng.normal(size=(4, 4)))[0]
    others = [
        measured(x, y, (w * factor, b * factor, v * factor), lam, a),
        measured(x, y, (w[order], b[order], v[order]), lam, a[:, order]),
        measured(x, -y, (w, b, -v), lam, a),
        measured(x @ rotation, y, (w @ rotation, b, v), lam, a),
    ]
    for other in others:
        for name in (*RESIDUALS, *NEURONS):
            expected = getattr(base, name)
            assert getattr(other, name) == pytest.approx(expected, rel=1e-9, abs=1e-12)


def bad(**changes):
    x, y, network, lam, a = two_point(C, G)
    held = {"x": x, "y": y, "multipliers": lam, "subgradients": a} | changes
    net = kn.TwoLayerReLU(*held.pop("network", network))
    return kn.residuals(net, held["x"], held["y"], held["multipliers"], held["subgradients"])


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"x": [[np.nan, 0.0], [1.0, 1.0]]}, "x: got 1 entries that are NaN"),
        ({"x": np.ones((2, 3))}, r"x: got shape \(2, 3\), allowed is \(n, 2\)"),
        ({"y": [1.0, 1.0]}, "y: got one class only"),
        ({"y": [1.0, 0.0]}, "y: got the value 0"),
        ({"y": [1.0, -1.0, 1.0]}, r"y: got shape \(3,\)"),
        ({"multipliers": [1.0]}, r"multipliers: got shape \(1,\)"),
        ({"multipliers": [-0.1, 1.0]}, "multipliers: got the value -0.1"),
        ({"subgradients": np.zeros((2, 3))}, r"subgradients: got shape \(2, 3\)"),
        ({"subgradients": np.full((2, 2), 9.0)}, "subgradients: got entries outside by 8"),
        ({"y": [-1.0, 1.0]}, r"smallest margin y_i N\(x_i\) = -1 \(2 of 2 points"),
        ({"network": (np.zeros((1, 3, 2)), np.zeros((1, 3)), np.zeros((1, 3)))}, "1 batch axes"),
    ],
)
def test_refusals(changes, words):
    with pytest.raises(ValueError, match=words):
        bad(**changes)


def test_how_it_prints():
    x, y, network, lam, a = two_point(C, G, freedom=G / C + 1e-4)
    found = measured(x, y, network, lam, a)
    text, page = repr(found), found._repr_html_()
    for name in (*RESIDUALS, *NEURONS):
        called = NAMES[name]
        assert called in text and f'<th scope="row">{called}</th>' in page
        assert "_" not in called
    assert "objective" not in text  # nothing was fitted
    assert residual_text(found.kink) in text and "<caption>" in page and "‖w̃ⱼ‖" in text
    assert found.within(1e-3) and not found.within(1e-6)
    printed = [residual_text(value) for value in (0.0123, 3e-16, 2e-13, 0.0)]
    assert printed == ["0.012", "< 10⁻¹⁴", "< 10⁻¹²", "< 10⁻¹⁴"]
    assert "<td>&lt; 10⁻" in page

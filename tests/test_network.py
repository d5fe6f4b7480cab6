import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from kktnotes import TwoLayerReLU

deterministic = settings(deadline=None, derandomize=True, max_examples=30)


def draw(seed, width=5, p=4, batch=()):
    rng = np.random.default_rng(seed)
    return TwoLayerReLU(
        rng.standard_normal((*batch, width, p)),
        rng.standard_normal((*batch, width)),
        rng.standard_normal((*batch, width)),
    )


def balanced(vectors, shares, signs):
    """Neurons along `vectors` (unit, (P, q)) with ||w~|| = |v| = sqrt(share)."""
    lengths = np.sqrt(shares)
    weights = np.asarray(vectors) * lengths[:, None]
    return TwoLayerReLU(weights[:, :-1], weights[:, -1], lengths * signs)


def test_output_against_a_plain_loop():
    network, x = draw(0), np.random.default_rng(1).standard_normal((7, 4))
    w, b, v = network.weights.numpy(), network.biases.numpy(), network.output.numpy()
    expected = [sum(v[j] * max(0.0, w[j] @ point + b[j]) for j in range(5)) for point in x]
    np.testing.assert_allclose(network(torch.from_numpy(x)), expected, rtol=1e-13)
    theta = np.concatenate([w.ravel(), b, v])
    assert network.norm().item() == pytest.approx(np.linalg.norm(theta), rel=1e-14)
    y = np.array([1, -1, 1, -1, 1, 1, -1.0])
    margins = network.margins(torch.from_numpy(x), torch.from_numpy(y))
    np.testing.assert_allclose(margins, y * expected, rtol=1e-13)
    least = network.normalized_margin(torch.from_numpy(x), torch.from_numpy(y)).item()
    assert least == pytest.approx((y * expected).min() / (theta @ theta), rel=1e-13)


@deterministic
@given(st.integers(0, 10**6), st.floats(1e-3, 1e3))
def test_homogeneous_of_degree_two(seed, factor):
    network, x = draw(seed), torch.from_numpy(np.random.default_rng(seed).standard_normal((6, 4)))
    torch.testing.assert_close(network.scaled(factor)(x), factor**2 * network(x))
    assert network.scaled(factor).norm().item() == pytest.approx(factor * network.norm().item())


@deterministic
@given(st.integers(0, 10**6))
def test_order_of_neurons_does_not_matter(seed):
    network, x = draw(seed), torch.from_numpy(np.random.default_rng(seed).standard_normal((6, 4)))
    order = torch.from_numpy(np.random.default_rng(seed + 1).permutation(5))
    other = TwoLayerReLU(network.weights[order], network.biases[order], network.output[order])
    torch.testing.assert_close(other(x), network(x))


def test_a_batch_is_its_elements():
    batch, x = (
        draw(2, batch=(3,)),
        torch.from_numpy(np.random.default_rng(3).standard_normal((6, 4))),
    )
    for b in range(3):
        torch.testing.assert_close(batch(x)[b], batch[b](x))
        assert batch.norm()[b].item() == pytest.approx(batch[b].norm().item())
    again = TwoLayerReLU.stack([batch[b] for b in range(3)])
    assert torch.equal(again.weights, batch.weights) and torch.equal(again.output, batch.output)
    with pytest.raises(ValueError, match="index"):
        batch[0][0]
    with pytest.raises(ValueError, match="networks"):
        TwoLayerReLU.stack([draw(0), draw(0, width=6)])


@pytest.mark.parametrize("hidden_bias", [True, False])
def test_from_torch_gives_the_same_function(hidden_bias):
    torch_rng = np.random.default_rng(4)
    module = nn.Sequential(
        nn.Linear(4, 6, bias=hidden_bias), nn.ReLU(), nn.Linear(6, 1, bias=False)
    )
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.copy_(torch.from_numpy(torch_rng.standard_normal(parameter.shape)))
    x = torch.from_numpy(torch_rng.standard_normal((9, 4)))
    network = TwoLayerReLU.from_torch(module)
    assert network.weights.dtype == torch.float64 and not network.weights.requires_grad
    torch.testing.assert_close(network(x), module.double()(x)[:, 0].detach())


def test_from_torch_refuses_other_modules():
    linear = nn.Linear(4, 6)
    with_bias = nn.Sequential(linear, nn.ReLU(), nn.Linear(6, 1))
    with pytest.raises(ValueError, match="output bias"):
        TwoLayerReLU.from_torch(with_bias)
    with torch.no_grad():
        with_bias[2].bias.zero_()
    assert TwoLayerReLU.from_torch(with_bias).width == 6
    for module in (
        nn.Sequential(linear, nn.Tanh(), nn.Linear(6, 1)),
        nn.Sequential(linear, nn.ReLU(), nn.Linear(6, 2)),
        nn.Sequential(linear, nn.ReLU()),
        linear,
    ):
        with pytest.raises(ValueError, match="module"):
            TwoLayerReLU.from_torch(module)


def test_merged_is_the_same_function_with_the_same_norm():
    rng = np.random.default_rng(5)
    unit = rng.standard_normal((3, 5))
    unit /= np.linalg.norm(unit, axis=1, keepdims=True)
    which = np.array([0, 1, 0, 2, 1, 0])
    signs = np.array([1, -1, 1, 1, 1, -1.0])  # directions 0 and 1 occur with both signs
    network = balanced(unit[which], rng.uniform(0.5, 2.0, 6), signs)
    small, x = network.merged(), torch.from_numpy(rng.standard_normal((50, 4)))
    assert small.width == 5 and small.is_balanced()
    torch.testing.assert_close(small(x), network(x))
    assert small.norm().item() == pytest.approx(network.norm().item(), rel=1e-14)


def test_merged_keeps_what_is_not_one():
    unit = np.array([[0.6, 0.8, 0.0], [0.6, 0.8, 0.0]])
    pair = balanced(unit, np.array([1.0, 2.0]), np.array([1.0, 1.0]))
    assert pair.merged().width == 1
    tilted = unit + np.array([[0, 0, 0], [0, 0, 1e-3]])
    tilted /= np.linalg.norm(tilted, axis=1, keepdims=True)
    tilted = balanced(tilted, np.array([1.0, 2.0]), np.array([1.0, 1.0]))
    assert tilted.merged().width == 2 and tilted.merged(tolerance=1e-5).width == 1
    unbalanced = TwoLayerReLU(pair.weights, pair.biases, 2 * pair.output)
    assert not unbalanced.is_balanced() and unbalanced.merged().width == 2
    zeros = TwoLayerReLU(np.zeros((2, 2)), np.zeros(2), np.zeros(2))
    assert zeros.merged().width == 1 and zeros.merged().norm() == 0
    with pytest.raises(ValueError, match="batch"):
        draw(0, batch=(2,)).merged()


@pytest.mark.parametrize(
    ("weights", "biases", "output", "name"),
    [
        (np.full((2, 3), np.nan), np.zeros(2), np.zeros(2), "weights"),
        (np.zeros((2, 3)), np.zeros(3), np.zeros(2), "biases"),
        (np.zeros((2, 3)), np.zeros(2), np.zeros(1), "output"),
        (np.zeros(3), np.zeros(2), np.zeros(2), "weights"),
        ("no", np.zeros(2), np.zeros(2), "weights"),
    ],
)
def test_bad_parameters_are_refused(weights, biases, output, name):
    with pytest.raises(ValueError, match=name):
        TwoLayerReLU(weights, biases, output)


def test_from_torch_is_a_copy_that_further_training_leaves_alone():
    module = torch.nn.Sequential(
        torch.nn.Linear(3, 2), torch.nn.ReLU(), torch.nn.Linear(2, 1, bias=False)
    ).double()
    network = TwoLayerReLU.from_torch(module)
    before = [part.clone() for part in (network.weights, network.biases, network.output)]
    with torch.no_grad():
        for part in module.parameters():
            part += 1.0
    for part, value in zip((network.weights, network.biases, network.output), before, strict=True):
        assert torch.equal(part, value)


def test_points_of_any_kind_give_the_same_outputs():
    network, x = draw(0), np.random.default_rng(1).standard_normal((7, 4)).astype(np.float32)
    wide = torch.from_numpy(x).double()
    for given_x in (x, torch.from_numpy(x), x.tolist(), wide.clone().requires_grad_()):
        torch.testing.assert_close(network(given_x).detach(), network(wide), rtol=0, atol=0)
    y = np.array([1, -1, 1, -1, 1, 1, -1])
    margins = network.margins(x, y)
    torch.testing.assert_close(margins, torch.from_numpy(y) * network(wide), rtol=0, atol=0)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda network: network(np.ones((3, 5))), r"x: got shape \(3, 5\), .* \(..., n, 4\)"),
        (lambda network: network(torch.ones(3, 5)), r"x: got shape \(3, 5\)"),
        (lambda network: network(np.ones((3, 4)) * 1j), "x: got complex numbers"),
        (lambda network: network("words"), "x: got str"),
        (lambda network: network(None), "x: got NoneType"),
        (lambda network: network(3.0), "x: got shape"),
        (lambda network: network.margins(np.ones((3, 4)), [1, -1]), r"y: got shape \(2,\)"),
        (lambda network: network.margins(np.ones((3, 4)), [1, 0, -1]), "y: got the value 0"),
        (lambda network: network.margins(np.ones((2, 4)), "ab"), "y: got str"),
    ],
)
def test_refuses_points_that_do_not_fit(call, message):
    with pytest.raises(ValueError, match=message):
        call(draw(0))


def test_prints_in_one_line():
    assert repr(draw(0)) == "TwoLayerReLU(5 neurons, 4 coordinates)"
    assert repr(draw(0, width=1200, batch=(3,))) == "TwoLayerReLU(3 x 1,200 neurons, 4 coordinates)"

import cvxpy as cp
import numpy as np
import pytest
import torch
from cvx_reference import clustered_points, network_arrays, restricted_solution
from exact_points import two_point
from hypothesis import given, settings
from hypothesis import strategies as st

import kktnotes as kn
from kktnotes.kkt.conditions import normalized
from kktnotes.kkt.solver.coupled_squares import CoupledSquares


def fractional_pairs(certificate):
    """Pairs whose subgradient no choice of phi' in {0, 1} gives."""
    a, lam = certificate.subgradients, certificate.multipliers[:, None]
    return (a > 1e-6 * lam.max()) & (a < lam - 1e-6 * lam.max())


def split(network, counts, seed):
    """Split neuron p into counts[p] parallel balanced ones of random shares."""
    rng = np.random.default_rng(seed)
    weights, biases, output = [], [], []
    for p, count in enumerate(counts):
        for share in np.sqrt(rng.dirichlet(np.full(count, 3.0))):
            weights.append(network.weights[p] * share)
            biases.append(network.biases[p] * share)
            output.append(network.output[p] * share)
    return kn.TwoLayerReLU(torch.stack(weights), torch.stack(biases), torch.stack(output))


def noisy(network, error, seed):
    """Move every neuron by `error` relative to its own w~ and v."""
    generator = torch.Generator().manual_seed(seed)

    def moved(value):
        noise = torch.randn(value.shape, generator=generator, dtype=torch.float64)
        noise = noise.reshape(len(value), -1)
        noise = noise / noise.norm(dim=1, keepdim=True)
        size = value.reshape(len(value), -1).norm(dim=1, keepdim=True)
        return value + error * (noise * size).reshape(value.shape)

    return kn.TwoLayerReLU(moved(network.weights), moved(network.biases), moved(network.output))


def trained(x, y, *, width, steps, seed):
    """Gradient descent with the step rescaled by the loss: what a user would do."""
    generator = torch.Generator().manual_seed(seed)
    x, y = torch.as_tensor(x), torch.as_tensor(y)
    x = torch.cat([x, torch.ones_like(x[:, :1])], 1)
    w = 1e-2 * torch.randn(width, x.shape[1], generator=generator, dtype=torch.float64)
    signs = torch.randn(width, generator=generator, dtype=torch.float64).sign()
    v = signs * w.norm(dim=1)
    for step in range(steps):
        hidden = (x @ w.T).clamp(min=0)
        pull = torch.softmax(-y * (hidden @ v), 0) * y
        gradients = ((hidden > 0) * pull[:, None] * v).T @ x, hidden.T @ pull
        size = (w.square().sum() + v.square().sum()).sqrt()
        rate = 0.05 / (1 + step / 100) * size
        rate = rate / (gradients[0].square().sum() + gradients[1].square().sum()).sqrt()
        w, v = w + rate * gradients[0], v + rate * gradients[1]
    return kn.TwoLayerReLU(w[:, :-1], w[:, -1], v)


@pytest.mark.parametrize("g", [0.5, 7.0, 30.0])
def test_fractional_kinks_are_found(g):
    """The multipliers and subgradients are unique here, and known."""
    x, y, network, lam, a = two_point(40.0, g)
    found = kn.certificate(kn.TwoLayerReLU(*network), (x, y))
    assert found.within(1e-14), found
    assert np.abs(found.multipliers.numpy() - lam).max() < 1e-13 * lam.max()
    assert np.abs(found.subgradients.numpy() - a).max() < 1e-13 * lam.max()
    assert found.objective < 1e-27


def test_kinks_of_different_neurons_of_one_sign():
    """Two orthogonal copies of the two points: each neuron has its own fractional kink."""
    c, g = 40.0, 7.0
    gram = np.kron(np.eye(2), [[c, g], [g, c]])
    x = np.linalg.cholesky(gram - 1)
    y, augmented = np.array([1.0, -1.0, 1.0, -1.0]), np.column_stack([x, np.ones(4)])
    lam = (c - g * g / c) ** -0.5
    pairs = np.kron(np.eye(2), [[1, g / c], [g / c, 1]])  # a_ij / lambda, symmetric
    w = lam**1.5 * (pairs * np.outer(y, y)) @ augmented
    network = kn.TwoLayerReLU(w[:, :-1], w[:, -1], y * lam**0.5)
    assert kn.residuals(network, x, y, np.full(4, lam), lam * pairs).within(1e-14)
    for error, most in ((0.0, 1e-14), (1e-3, 1e-2)):
        found = kn.certificate(noisy(network, error, 0), (x, y))
        assert found.worst < most, found


def test_a_width_limits_kinks_and_slackness():
    """Whatever helps stationarity: kinks and multipliers stay within the width that is tried."""
    from kktnotes.kkt.best_multipliers import _Fit

    x, y, _ = clustered_points(4, 40, 0.7, 32, 5)
    network = trained(x, y, width=12, steps=300, seed=0)
    fit = _Fit(network, torch.as_tensor(x), torch.as_tensor(y))
    fit.at(0.1)
    for width in (0.1, 0.03, 0.01):
        found = fit.at(width)
        assert found.kink <= width
        assert found.complementary_slackness <= 1.5 * width


def test_the_plain_derivative_is_wrong_at_kinks():
    """phi' = 1[h > 0], with the true multipliers: far from stationary at an exact KKT point."""
    x, y, network, lam, _ = two_point(40.0, 30.0)
    network = kn.TwoLayerReLU(*network)
    active = torch.tensor([[True, False], [False, True]])
    plain = torch.where(active, torch.as_tensor(lam)[:, None], 0.0)
    assert kn.residuals(network, x, y, lam, plain).stationarity_weights > 0.5


@pytest.mark.parametrize(
    ("k", "d", "sigma", "n", "seed"),
    [(4, 30, 0.5, 20, 0), (4, 30, 1.0, 20, 1), (6, 60, 1.0, 60, 2)],
)
def test_an_independent_solution_is_certified(k, d, sigma, n, seed):
    """CVXPY + Clarabel on the restricted problem: certified to that solver's accuracy."""
    x, y, _ = clustered_points(k, d, sigma, n, seed)
    signs, pattern = np.array([1.0, -1.0]), np.ones((n, 2))
    vectors, least = restricted_solution(x, y, signs, pattern)
    network = kn.TwoLayerReLU(*network_arrays(vectors, signs))
    found = kn.certificate(network, (x, y))
    assert found.within(1e-5), found
    # Strong duality: the multipliers sum to the least value; and kinks carry the solution.
    assert found.multipliers.sum().item() == pytest.approx(least, rel=1e-6)
    assert fractional_pairs(found).any()
    # Members of a split neuron and neurons at rest do not matter.
    wide = split(network, (7, 5), seed)
    assert kn.certificate(wide, (x, y)).worst < 2 * found.worst


@pytest.mark.parametrize("point", [kn.averaged_point(6, 40), kn.decoupled_point(4, 40)])
@pytest.mark.parametrize("error", [1e-2, 1e-4, 1e-7, 1e-10])
def test_in_proportion(point, error):
    """A network at relative distance e from a KKT point has residuals of order e."""
    found = kn.certificate(noisy(point.network, error, 3), (point.x, point.y))
    assert error / 10 < found.worst < 10 * error, found
    assert found.worst == max(found.residuals.values())


def test_a_trained_network():
    """Between exact and useless: small honest numbers that fall with training."""
    x, y, _ = clustered_points(4, 40, 0.7, 32, 5)
    early, late = (
        kn.certificate(trained(x, y, width=12, steps=steps, seed=0), (x, y))
        for steps in (150, 6000)
    )
    assert late.worst < 0.02 < early.worst
    again = kn.residuals(
        trained(x, y, width=12, steps=6000, seed=0), x, y, late.multipliers, late.subgradients
    )
    assert again.residuals == late.residuals


def independent_worst(network, x, y, width, largest):
    """The certificate at one width by CVXPY, a variable for each pair, no neurons united."""
    theta = normalized(network, torch.as_tensor(x), torch.as_tensor(y))
    w, b, v = (part.numpy() for part in (theta.weights, theta.biases, theta.output))
    h = x @ w.T + b
    cosines = h / np.sqrt(np.outer((x**2).sum(1) + 1, (w**2).sum(1) + b**2))
    gaps = y * (np.maximum(h, 0) @ v) - 1
    lam, a = cp.Variable(len(x)), cp.Variable(h.shape)
    kink = np.abs(cosines) <= width
    each = cp.multiply(np.ones(h.shape), cp.reshape(lam, (len(x), 1), order="C"))
    limits = [a >= 0, a <= each, cp.multiply(gaps, lam) <= width * largest]
    limits += [cp.multiply(~kink & (h <= 0), a) == 0, cp.multiply(~kink & (h > 0), each - a) == 0]
    signed = cp.multiply(y[:, None], a).T
    half = ((w**2).sum() + (b**2).sum() + (v**2).sum()) / 2
    terms = [
        cp.sum_squares(w - cp.multiply(v[:, None], signed @ x)) / (w**2).sum(),
        cp.sum_squares(b - cp.multiply(v, cp.sum(signed, axis=1))) / (b**2).sum(),
        cp.sum_squares(v - np.maximum(h, 0).T @ cp.multiply(y, lam)) / (v**2).sum(),
        cp.square(cp.sum(lam) / half - 1),
    ]
    cp.Problem(cp.Minimize(sum(terms)), limits).solve(solver=cp.CLARABEL)
    roots = [float(term.value) ** 0.5 for term in terms]
    return max(*roots, width), np.maximum(lam.value, 0).max()


def test_the_worst_is_least():
    """Brute force over widths with an independent solver finds nothing much better."""
    x, y, _ = clustered_points(4, 40, 0.7, 16, 5)
    network = trained(x, y, width=6, steps=1500, seed=0)
    found = kn.certificate(network, (x, y), resolution=1.1)
    best, largest = np.inf, found.multipliers.max().item()
    for width in np.geomspace(found.worst / 10, found.worst * 3, 10):
        for _ in range(3):  # the limit on slackness needs the largest multiplier
            worst, largest = independent_worst(network, x, y, width, largest)
        best = min(best, worst)
    # The fit lowers a sum of squares where the figure is the largest: not the very least.
    assert found.worst < best * 1.2


def test_points_beside_the_margin():
    """Many points just above margin 1, without multipliers, do not disturb the certificate."""
    x, y, arrays, lam, a = two_point(40.0, 7.0)
    beyond = 1 + np.linspace(0.01, 0.04, 60)
    x = np.concatenate([x, x[0] * beyond[:, None], x[1] * beyond[:, None]])
    y = np.concatenate([y, np.full(60, y[0]), np.full(60, y[1])])
    network = kn.TwoLayerReLU(*arrays)
    assert kn.certificate(network, (x, y)).within(1e-14)
    network = noisy(network, 1e-4, 0)
    found = kn.certificate(network, (x, y))
    known = kn.residuals(
        network, x, y, np.append(lam, np.zeros(120)), np.concatenate([a, np.zeros((120, 2))])
    )
    assert found.worst < 1.25 * known.worst < 1e-3, found


@pytest.mark.parametrize("seed", range(4))
def test_coupled_squares_against_a_quadratic_program(seed):
    """The least-squares problem itself, against CVXPY + Clarabel, with all three kinds of bound."""
    rng = np.random.default_rng(seed)
    n, m, r = 9, 5, 6
    points, targets = rng.normal(size=(n, r)), rng.normal(size=(m, r))
    output, relu = rng.normal(size=m), rng.normal(size=(n, m)) * 0.2
    free = rng.random((n, m)) < 0.4
    active = (rng.random((n, m)) < 0.5) & ~free
    group = np.array([0, 0, 1, 2, 3])
    top = np.where(rng.random(n) < 0.5, np.inf, rng.uniform(0.05, 0.5, size=n))
    problem = CoupledSquares(
        points=points,
        targets=targets,
        output=output,
        gram=points @ points.T,
        active=active,
        free=free,
        group=group,
        relu=relu,
        output_targets=rng.normal(size=m),
        top=top,
    )
    vector = problem.minimise()
    lam, a = problem.subgradients(vector)
    assert (lam >= 0).all() and (lam <= top).all()
    assert (a >= 0).all() and (a <= lam[:, None]).all()

    variable, kinks = cp.Variable(n), cp.Variable((n, 4))
    columns = [
        cp.multiply(active[:, j], variable) + cp.multiply(free[:, j], kinks[:, group[j]])
        for j in range(m)
    ]
    terms = [cp.sum_squares(targets[j] - output[j] * (points.T @ columns[j])) for j in range(m)]
    terms.append(cp.sum_squares(problem.output_targets - relu.T @ variable))
    limits = [variable >= 0, kinks >= 0]
    limits += [kinks[:, p] <= variable for p in range(4)]
    limits.append(variable[np.isfinite(top)] <= top[np.isfinite(top)])
    least = cp.Problem(cp.Minimize(cp.sum(cp.hstack(terms))), limits).solve(solver=cp.CLARABEL)
    assert problem.objective(vector) == pytest.approx(least, rel=1e-7)


@settings(deadline=None, derandomize=True, max_examples=8)
@given(seed=st.integers(0, 10**6), exponent=st.floats(-3, 3))
def test_symmetries(seed, exponent):
    """Scale, order of neurons and of points, labels with v, rotation: the certificate follows."""
    rng = np.random.default_rng(seed)
    x, y, arrays, _, _ = two_point(40.0, rng.uniform(1, 30))
    network = noisy(kn.TwoLayerReLU(*arrays), 1e-3, seed)
    base = kn.certificate(network, (x, y))
    w, b, v = network.weights, network.biases, network.output
    rotation = torch.from_numpy(np.linalg.qr(rng.normal(size=(2, 2)))[0])
    order = [1, 0]
    others = [
        kn.certificate(network.scaled(10.0**exponent), (x, y)),
        kn.certificate(kn.TwoLayerReLU(w[order], b[order], v[order]), (x, y)),
        kn.certificate(network, (x[order], y[order])),
        kn.certificate(kn.TwoLayerReLU(w, b, -v), (x, -y)),
        kn.certificate(kn.TwoLayerReLU(w @ rotation, b, v), (x @ rotation.numpy(), y)),
    ]
    scale = base.multipliers.max()
    for other, points in zip(others, [[0, 1], [0, 1], order, [0, 1], [0, 1]], strict=True):
        assert other.worst == pytest.approx(base.worst, rel=1e-3)
        assert (other.multipliers[points] - base.multipliers).abs().max() < 1e-4 * scale


def test_dead_neurons_and_many_copies():
    """200 copies, a pruned neuron and one dead at its tiny initial weights change nothing."""
    point = kn.averaged_point(6, 40)
    wide = split(point.network, (120, 80), 0)
    inside = -point.x.sum(0) * 1e-17
    wide = kn.TwoLayerReLU(
        torch.cat([wide.weights, torch.zeros(1, 6), inside[None]]),
        torch.cat([wide.biases, torch.tensor([0.0, -1e-15])]),
        torch.cat([wide.output, torch.tensor([0.0, 1e-15])]),
    )
    found = kn.certificate(wide, (point.x, point.y))
    assert found.within(1e-14), found
    assert (found.multipliers - point.multipliers).abs().max() < 1e-13 * point.multipliers.max()


def test_batches_and_samples():
    """A batch of networks is certified one by one; a Sample serves as well as two arrays."""
    x, y, arrays, _, _ = two_point(40.0, 7.0)
    network = kn.TwoLayerReLU(*arrays)
    batch = kn.TwoLayerReLU(*(torch.stack([torch.as_tensor(part)] * 2) for part in arrays))
    exact, same = kn.certificates(batch, (x, y))
    assert exact.within(1e-14) and same.within(1e-14)
    # Each with its own sample: the second has the labels and the output's signs turned round.
    turned = kn.TwoLayerReLU(batch.weights, batch.biases, batch.output * torch.tensor([[1], [-1]]))
    stacked = kn.certificates(turned, (np.stack([x, x]), np.stack([y, -y])))
    assert all(one.within(1e-14) for one in stacked) and len(stacked) == 2
    sample = kn.Sample.from_arrays(x, y)
    assert kn.certificate(network, sample).residuals == exact.residuals
    with pytest.raises(ValueError, match="sample: got 3 samples"):
        kn.certificates(batch, (np.stack([x] * 3), y))
    with pytest.raises(ValueError, match=r"a batch.*certificates"):
        kn.certificate(batch, (x, y))
    with pytest.raises(ValueError, match="networks: got weights"):
        kn.certificates(network, (x, y))


@pytest.mark.parametrize(
    ("sample", "words"),
    [
        ("x", "sample: got str, allowed is a Sample or a pair"),
        ((1, 2, 3), "sample: got tuple"),
        (([[np.nan, 0.0], [1.0, 1.0]], [1, -1]), "x: got 1 entries that are NaN"),
        ((np.ones((2, 3)), [1, -1]), "x: got shape"),
        ((np.ones((2, 2)), [1, 1]), "y: got one class only"),
        ((np.ones((2, 2)), [1, 2]), "y: got the value 2"),
        ((np.ones((2, 2)), [1, -1]), "network: got smallest margin"),
    ],
)
def test_refusals(sample, words):
    _, _, arrays, _, _ = two_point(40.0, 7.0)
    with pytest.raises(ValueError, match=words):
        kn.certificate(kn.TwoLayerReLU(*arrays), sample)


def test_refused_knobs_and_margins():
    x, y, arrays, _, _ = two_point(40.0, 7.0)
    network = kn.TwoLayerReLU(*arrays)
    with pytest.raises(ValueError, match="resolution: got 1"):
        kn.certificate(network, (x, y), resolution=1.0)
    with pytest.raises(ValueError, match=r"smallest margin y_i N\(x_i\) = -1 \(2 of 2 points"):
        kn.certificate(network, (x, -y))
    assert normalized(network.scaled(7.0), *map(torch.as_tensor, (x, y))).margins(
        *map(torch.as_tensor, (x, y))
    ).min().item() == pytest.approx(1, abs=1e-15)

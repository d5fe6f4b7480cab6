"""The chain of section 3.1 against loops written out from the paper, and against closed forms."""

import numpy as np
import pytest
import torch

import kktnotes as kn
from kktnotes import theory

CLUSTERS = kn.Clusters.equicorrelated(k=4, d=2000, inner_product=-8.0, sigma=kn.inverse_root(2000))


@pytest.fixture(scope="module")
def trained():
    """A KKT point of a small case, and fresh points of it."""
    train = kn.Clusters.orthogonal(4, 1203, kn.inverse_root(1203)).sample(24, seed=0)
    point = kn.kkt_point(kn.gradient_flow(train, width=8, seed=0))
    return train, point, train.fresh(40, seed=1)


def by_loops(train, network, a, x, r, label):
    """Return each line of the chain as the paper writes it, for a point x of cluster r.

    A negative cluster is the positive one of the network -N and the labels -y.
    """
    w, b, v = (part.numpy() for part in (network.weights, network.biases, label * network.output))
    points, labels, cluster = train.x.numpy(), label * train.y.numpy(), train.cluster.numpy()
    plus, minus = np.flatnonzero(v > 0), np.flatnonzero(v < 0)
    relu = [max(0.0, w[j] @ x + b[j]) for j in range(len(v))]
    lines = {
        "margin": sum(v[j] * relu[j] for j in range(len(v))),
        "linear": sum(v[j] * (w[j] @ x + b[j]) for j in plus),
        "opposite": -sum(v[j] * relu[j] for j in minus),
        "expanded": sum(
            v[j] * sum(a[i, j] * labels[i] * v[j] * (points[i] @ x + 1) for i in range(len(points)))
            for j in plus
        ),
    }
    own = sum(
        a[i, j] * v[j] ** 2 * (points[i] @ x + 1)
        for i in np.flatnonzero(cluster == r)
        for j in plus
    )
    rest = [(i, j) for i in np.flatnonzero(cluster != r) for j in plus]
    others = sum(a[i, j] * labels[i] * v[j] ** 2 * (points[i] @ x + 1) for i, j in rest)
    size = sum(a[i, j] * v[j] ** 2 * abs(points[i] @ x + 1) for i, j in rest)
    return lines | {"own": own, "others": others, "others_size": size, "last_line": own - size}


def test_every_line_is_the_papers(trained):
    train, point, fresh = trained
    found = theory.chain(point.network, train, point.subgradients, fresh)
    a = point.subgradients.numpy()
    for number in range(12):
        label, r = float(fresh.y[number]), int(fresh.cluster[number])
        lines = by_loops(train, point.network, a, fresh.x[number].numpy(), r, label)
        for name, value in lines.items():
            assert abs(float(getattr(found, name)[number]) - value) < 1e-12, name
    assert {float(label) for label in fresh.y[:12]} == {1.0, -1.0}


def test_the_chain_holds_at_a_kkt_point(trained):
    train, point, fresh = trained
    found = theory.chain(point.network, train, point.subgradients, fresh)
    torch.testing.assert_close(found.linear, found.expanded, rtol=1e-12, atol=0)
    torch.testing.assert_close(found.expanded, found.own + found.others, rtol=1e-12, atol=0)
    assert bool((found.lost >= -1e-13).all())
    assert bool((found.last_line <= found.linear + 1e-13).all())
    assert bool((found.bound <= found.margin + 1e-13).all())
    assert bool((found.opposite >= 0).all())


def test_equations_3_and_4_are_what_makes_the_lines_equal(trained):
    train, point, fresh = trained
    wrong = point.subgradients * 1.01
    found = theory.chain(point.network, train, wrong, fresh)
    torch.testing.assert_close(found.expanded, 1.01 * found.linear)


@pytest.mark.parametrize("sets", [[(0, 2), (1, 3)], [(0,), (2,), (1,), (3,)]])
def test_closed_forms_at_the_training_points(sets):
    # Orthogonal x~: each point is held up by its own cluster alone, to margin exactly 1.
    x, y = kn.equicorrelated_points(4, 100)
    point = kn.partition_point(x, y, sets)
    sample = kn.Sample.from_arrays(x, y, range(4))
    found = theory.chain(point.network, sample, point.subgradients, sample)
    ones = torch.ones(4, dtype=torch.float64)
    for part in (found.margin, found.own, found.bound):
        torch.testing.assert_close(part, ones)
    for part in (found.others, found.others_size, found.opposite, found.lost):
        assert float(part.abs().max()) < 1e-12


def test_own_neurons_that_are_off_are_what_equation_5_loses():
    # Clusters 0 and 2 have a neuron each, which is off at the other's mean: h = -8 / 2000 there.
    x, y = CLUSTERS.plain().means, CLUSTERS.labels
    weights = torch.stack([x[0], x[2], (x[1] + x[3]) / 2]) / 2000
    network = kn.TwoLayerReLU(weights, torch.zeros(3), [1.0, 1.0, -1.0])
    sample = kn.Sample.from_arrays(x, y, range(4))
    found = theory.chain(network, sample, torch.zeros(4, 3), sample)
    lost = torch.tensor([8 / 2000, 0.0, 8 / 2000, 0.0], dtype=torch.float64)
    torch.testing.assert_close(found.lost, lost)


def test_what_does_not_fit_is_refused(trained):
    train, point, fresh = trained
    bare = kn.Sample.from_arrays(fresh.x, fresh.y)
    with pytest.raises(ValueError, match="fresh: got points without clusters"):
        theory.chain(point.network, train, point.subgradients, bare)
    with pytest.raises(ValueError, match="subgradients"):
        theory.chain(point.network, train, point.subgradients[:3], fresh)

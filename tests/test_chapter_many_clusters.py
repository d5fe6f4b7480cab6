"""Networks on many clusters: what `crowded` reports against separate computations."""

import math

import numpy as np
import pytest
import torch
from scipy.spatial import KDTree

import kktnotes as kn
from kktnotes.chapters.many_clusters import crowded

K, D, SIGMA = 6, 3, 0.2


@pytest.fixture(scope="module")
def rows():
    return crowded(K, D, [3, 4], sigma=SIGMA, width=20, fresh=2000, probes=10)


def test_each_seed_is_its_own_draw(rows):
    assert [row.seed for row in rows] == [3, 4]
    alone = crowded(K, D, [4], sigma=SIGMA, width=20, fresh=2000, probes=10)[0]
    assert alone.errors == rows[1].errors
    assert alone.radius == pytest.approx(rows[1].radius, rel=1e-6)


def test_numbers_are_those_of_the_certified_point(rows):
    row = rows[0]
    assert row.ending == "certified" and row.loss_reached
    assert row.point.certificate.within(1e-9)
    clusters = kn.Clusters.on_sphere(K, D, SIGMA, seed=3).plain()
    test = clusters.fresh(2000, seed=3)
    network = row.point.network
    assert row.errors == int((test.y * network(test.x) <= 0).sum())
    nearest = ((test.x[:, None] - clusters.means) ** 2).sum(-1).argmin(1)
    assert row.mean_errors == int((clusters.labels[nearest] != test.y).sum())
    members = torch.arange(K).repeat(2)
    sample = clusters.sample(2 * K, seed=3, cluster=members)
    _, closest = KDTree(sample.x.numpy()).query(test.x.numpy())
    assert row.example_errors == int((sample.y[closest] != test.y).sum())
    assert 0 < row.example_errors < 1000
    right = torch.nonzero(test.y * network(test.x) > 0)[:, 0]
    radius = kn.exact_radius(network, test.x[right[:10]]).flip.lower
    assert row.radius == pytest.approx(float(radius.median()) / math.sqrt(D))


def test_a_length_along_u_changes_the_share(rows):
    row = next(one for one in rows if math.isfinite(one.length))
    clusters = kn.Clusters.on_sphere(K, D, SIGMA, seed=row.seed).plain()
    test = clusters.fresh(2000, seed=row.seed)
    network, u = row.point.network, clusters.direction
    right = torch.nonzero(test.y * network(test.x) > 0)[:1000, 0]
    x, y = test.x[right], test.y[right]
    changed = []
    for factor in (1 - 1e-6, 1 + 1e-6):
        z = factor * row.length * math.sqrt(D) * u / u.norm()
        changed.append(float((y * network(x - y[:, None] * z) <= 0).double().mean()))
    assert changed[0] < 0.95 <= changed[1]


def test_the_stopped_flow_is_compared_on_the_fresh_points(rows):
    row = rows[0]
    test = kn.Clusters.on_sphere(K, D, SIGMA, seed=3).plain().fresh(2000, seed=3)
    exact, flow = row.point.network(test.x).numpy(), row.stopped(test.x).numpy()
    apart = [one - one.mean() for one in (exact, flow)]
    cosine = apart[0] @ apart[1] / np.linalg.norm(apart[0]) / np.linalg.norm(apart[1])
    assert row.likeness == pytest.approx(cosine)
    assert row.stopped.width > row.point.network.width
    assert 0.5 < row.likeness < 1


def test_a_width_that_cannot_separate_is_reported():
    row = crowded(12, 2, [0], sigma=0.05, width=1, fresh=100, probes=2)[0]
    assert row.point is None and not row.loss_reached and row.ending.startswith("flow: ")


def test_no_seed_at_all_is_refused():
    with pytest.raises(ValueError, match="seeds: got none"):
        crowded(6, 6, [], sigma=0.4)

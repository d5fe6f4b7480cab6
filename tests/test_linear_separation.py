"""Linear separability and its proofs, against enumeration and a direct check in the plane."""

from itertools import product

import numpy as np
import pytest
import torch

import kktnotes as kn
from kktnotes.data.linear_separation import separable_share, separation


def points(k, d, seed):
    return np.random.default_rng(seed).standard_normal((k, d))


def in_half_plane(signed):
    """Whether vectors of the plane lie in an open half-plane: a gap of more than pi in angle."""
    angles = np.sort(np.arctan2(signed[:, 1], signed[:, 0]))
    gaps = np.diff(np.append(angles, angles[0] + 2 * np.pi))
    return bool(gaps.max() > np.pi)


@pytest.mark.parametrize("k", [2, 4, 7])
def test_decision_in_the_plane(k):
    x = points(k, 2, k)
    for labels in product([-1.0, 1.0], repeat=k):
        y = np.array(labels)
        assert separation(x, y).separable == in_half_plane(y[:, None] * x)


@pytest.mark.parametrize("bias", [False, True])
def test_each_answer_is_proved(bias):
    seen = set()
    for seed in range(12):
        x = 50 * points(9, 3, seed) + (20.0 if bias else 0.0)
        y = np.random.default_rng(seed).choice([-1.0, 1.0], 9)
        found = separation(x, y, bias=bias)
        seen.add(found.separable)
        if found.separable:
            assert (y * (x @ found.weights + found.bias) > 0).all()
            continue
        a = found.combination
        assert (a >= 0).all() and abs(a.sum() - 1) < 1e-12
        assert np.abs((a * y) @ x).max() < 1e-7
        assert not bias or abs((a * y).sum()) < 1e-9
    assert seen == {True, False}


def test_a_bias_helps_where_the_origin_does_not():
    x, y = np.array([[1.0], [2.0], [3.0]]), np.array([-1.0, 1.0, 1.0])
    assert not separation(x, y).separable
    found = separation(x, y, bias=True)
    assert found.separable and 1 < -found.bias / found.weights[0] < 2


@pytest.mark.parametrize(("k", "d"), [(3, 1), (5, 2), (6, 3), (7, 3)])
@pytest.mark.parametrize("bias", [False, True])
def test_cover_counts_all_labelings(k, d, bias):
    x = points(k, d, 10 * k + d)
    every = [np.array(one) for one in product([-1.0, 1.0], repeat=k)]
    both = [y for y in every if abs(y.sum()) < k] if bias else every
    share = np.mean([separation(x, y, bias=bias).separable for y in both])
    assert separable_share(k, d, bias=bias) == pytest.approx(share, abs=1e-12)


def test_fixed_labels_and_symmetric_points():
    """Wendel: for means on the sphere the labels do not matter, through the origin."""
    k, d, draws = 6, 3, 400
    seen = 0
    for seed in range(draws):
        clusters = kn.Clusters.on_sphere(k, d, 1.0, seed=seed)
        seen += separation(clusters.means, clusters.labels).separable
    low, high = kn.clopper_pearson(seen, draws, confidence=0.999)
    assert low <= separable_share(k, d) <= high


def test_refusals():
    with pytest.raises(ValueError, match="x: got shapes"):
        separation(torch.ones(3, 2, dtype=torch.float64), [1.0, -1.0])
    with pytest.raises(ValueError, match="k"):
        separable_share(1, 3)

"""Exact distances in the plane: the circles drawn touch the boundary, by brute force."""

import numpy as np
import pytest
import torch

import kktnotes as kn
from kktnotes.figures import own_network


def network(seed):
    draw = np.random.default_rng(seed).standard_normal
    return kn.TwoLayerReLU(draw((8, 2)), draw(8), draw(8))


@pytest.mark.parametrize("seed", range(1, 6))
def test_no_circle_crosses_the_boundary_and_a_little_more_does(seed):
    one, x = network(seed), np.random.default_rng(seed + 100).standard_normal((20, 2))
    distance = kn.exact_radius(one, x).flip.upper.numpy()
    turn = np.linspace(0, 2 * np.pi, 20_001)
    unit = np.stack([np.cos(turn), np.sin(turn)], -1)
    known = np.isfinite(distance)
    assert known.any()
    for place, radius in zip(x[known], distance[known], strict=True):
        sign = one(torch.from_numpy(place[None])) > 0
        inside = one(torch.from_numpy(place + 0.9999 * radius * unit)) > 0
        outside = one(torch.from_numpy(place + 1.001 * radius * unit)) > 0
        assert bool((inside == sign).all()) and bool((outside != sign).any())


def test_circles_are_closed_lines_with_gaps():
    centers, radii = np.array([[0.0, 1.0], [2.0, 3.0], [5.0, 5.0]]), np.array([1.0, np.inf, 0.5])
    line = own_network.circles(centers, radii)
    gaps = np.flatnonzero(np.isnan(line[0]))
    assert line.shape == (2, 2 * (own_network.CORNERS + 1)) and len(gaps) == 2
    first, second = line[:, : gaps[0]], line[:, gaps[0] + 1 : gaps[1]]
    for rim, center, radius in ((first, centers[0], 1.0), (second, centers[2], 0.5)):
        np.testing.assert_allclose(np.hypot(*(rim.T - center).T), radius, rtol=1e-12)
        np.testing.assert_allclose(rim[:, 0], rim[:, -1], atol=1e-12)


def test_three_coordinates_are_refused():
    with pytest.raises(ValueError, match=r"x: got shape \(2, 3\), allowed is \(n, 2\)"):
        own_network.disks(network(0), np.zeros((2, 3)), np.ones(2), np.ones(2))

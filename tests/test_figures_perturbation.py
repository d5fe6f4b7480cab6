"""Figures of the chapter on Theorem 4.2: what is drawn against what it should show."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
import torch
from matplotlib.colors import to_hex

import kktnotes as kn
from kktnotes.figures import perturbation as figures
from kktnotes.figures import style

CLUSTERS = kn.Clusters.orthogonal(4, 1203, kn.inverse_root(1203))
FRESH = CLUSTERS.fresh(6, seed=0)
ROBUST = kn.TwoLayerReLU.robust(FRESH)


@pytest.fixture(autouse=True)
def clean_pyplot():
    """No figure stays open."""
    yield
    assert plt.get_fignums() == []


def test_radius_figure_draws_radii_lengths_and_bounds():
    k = np.array([2, 6, 20])
    flow = np.stack([0.9 * k**-0.5, k**-0.5, 1.1 * k**-0.5], 1)
    robust = np.array([[0.48, 0.5, 0.51]] * 3)
    lengths, bounds = 1.02 * k**-0.5, np.stack([0.8 * k**-0.5, 2.0 * k**-0.5], 1)
    axes = figures.radius_against_clusters(k, flow, robust, lengths, bounds).axes[0]
    for bars, values, color in zip(
        axes.containers, (flow, robust), (style.FLOW, style.ROBUST), strict=True
    ):
        data, _, (segments,) = bars.lines
        assert np.allclose(data.get_xydata(), np.stack([k, values[:, 1]], 1))
        ends = np.array([part[:, 1] for part in segments.get_segments()])
        assert np.allclose(ends, values[:, [0, 2]])
        assert to_hex(data.get_color()) == color.lower()
    drawn = [line.get_ydata() for line in axes.lines if len(line.get_xdata()) == 3]
    for values in (*bounds.T, lengths):
        assert any(np.allclose(one, values) for one in drawn)
    line = next(one for one in axes.lines if len(one.get_xdata()) == 50)
    assert np.allclose(line.get_ydata(), line.get_xdata() ** -0.5)
    assert axes.get_xscale() == axes.get_yscale() == "log"
    assert axes.get_xlabel() and axes.get_ylabel()


def test_shares_draws_every_curve_and_names_it():
    at = np.linspace(0, 1, 11)
    curves = [
        ("one", at, at**2, style.FLOW, "-", (0.5, 0.5)),
        ("two", at, 0 * at, style.ROBUST, "--", None),
    ]
    axes = figures.shares_flipped(curves, {"mark": 0.125}).axes[0]
    mark, *lines = axes.lines
    assert mark.get_xdata()[0] == 0.125
    for line, (_, x, values, *_) in zip(lines, curves, strict=True):
        assert np.array_equal(line.get_xydata(), np.stack([x, values], 1))
    assert [line.get_label() for line in lines] == ["one", "two"]
    assert [text.get_text() for text in axes.texts] == ["mark", "one"]


def test_planes_show_outputs_and_the_exact_step():
    figure = figures.planes([("robust", style.ROBUST, ROBUST)], FRESH, 0, resolution=21)
    axes, bar = figure.axes
    x, y, root = FRESH.x[0], float(FRESH.y[0]), 1203**0.5
    own = FRESH.means[FRESH.cluster[0]] / root
    rest = y * (CLUSTERS.labels @ FRESH.means) - root * own
    rest = rest / rest.norm()
    mesh = axes.collections[0]
    field = np.asarray(mesh.get_array()).reshape(21, 21)
    corner = x + (-0.25 * root - x @ own) * own + (0.55 * root - x @ rest) * rest
    expected = ROBUST(corner[None]) / ROBUST(x[None]).abs()
    assert field[-1, 0] == pytest.approx(float(expected), abs=1e-12)
    found = kn.exact_radius(ROBUST, x[None]).zero
    cross, point = (line.get_xydata()[0] for line in axes.lines[-2:])
    assert np.allclose(cross, [float(found.nearest[0] @ e) / root for e in (own, rest)])
    assert np.allclose(point, [float(x @ e) / root for e in (own, rest)])
    assert any(f"{float(found.upper[0]) / root:.2f}" in text.get_text() for text in axes.texts)
    assert axes.get_xlabel() and axes.get_ylabel() and bar.get_ylabel()


def test_planes_refuses_a_point_that_is_not_there():
    with pytest.raises(ValueError, match="index"):
        figures.planes([("robust", style.ROBUST, ROBUST)], FRESH, 6)


def test_frame_is_orthonormal_and_holds_mean_and_direction():
    frame = figures.own_and_rest(FRESH, 1, -1.0)
    assert torch.allclose(frame @ frame.T, torch.eye(2, dtype=torch.float64), atol=1e-12)
    for vector in (FRESH.means[1], CLUSTERS.labels @ FRESH.means):
        assert torch.allclose(vector @ frame.T @ frame, vector, atol=1e-9)

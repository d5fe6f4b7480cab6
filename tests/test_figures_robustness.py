"""Figures of the chapter on robust networks: what is drawn against what it should show."""

import math

import numpy as np
import pytest

import kktnotes as kn
from kktnotes.figures import robustness as figures
from kktnotes.figures import style

pytestmark = pytest.mark.usefixtures("clean_pyplot")


def test_three_distances_ends_its_arrows_where_the_sign_or_the_output_changes():
    clusters = kn.Clusters.orthogonal(4, 900, 0.1)
    figure = figures.three_distances(clusters, resolution=31)
    axes = figure.axes[0]
    ends = [text.xy for text in axes.texts if getattr(text, "arrow_patch", None)]
    expected = [(0.5, 0.0), (0.0, 0.5), (0.5, 0.5)]
    assert np.allclose(ends, expected, atol=1e-6)
    words = " ".join(text.get_text() for text in axes.texts)
    for length in (0.5, math.sqrt(0.5)):
        assert f"{length:.2f}" in words
    drawn = np.asarray(axes.collections[0].get_array()).reshape(31, 31)
    line = np.linspace(-0.25, 1.25, 31)
    for row, column in ((0, 30), (30, 0), (15, 10), (25, 29)):
        plus, minus = max(0.0, 4 * line[column] - 2), max(0.0, 4 * line[row] - 2)
        assert np.isclose(drawn[row, column], plus - minus, atol=1e-9)


def test_three_distances_refuses_means_that_are_not_orthogonal():
    with pytest.raises(ValueError, match="orthogonal"):
        figures.three_distances(kn.Clusters.equicorrelated(4, 900, 90.0, 0.1))


def test_radius_against_dimension_draws_every_median_and_its_state():
    dims, met = [10, 100, 1000], [False, True, True]
    spreads = {
        label: np.array([[0.4, 0.5, 0.6], [0.5, 0.55, 0.6], [0.5, 0.5, 0.5]]) + 0.1 * (label < 0)
        for label in (1.0, -1.0)
    }
    tails = [
        ("a", style.ROBUST, np.array([1.0, 10.0, 100.0])),
        ("b", style.EXTRA[0], np.array([0.5, 5.0, 50.0])),
        ("c", style.BOUND, np.array([2.0, 9.0, 20.0])),
    ]
    figure = figures.radius_against_dimension(dims, spreads, met, tails)
    left, right = figure.axes
    drawn = [line for line in left.lines if line.get_marker() in "os" and line.get_markersize() > 4]
    heights = sorted(float(y) for line in drawn for y in line.get_ydata())
    assert np.allclose(heights, sorted([0.5, 0.55, 0.5, 0.6, 0.65, 0.6]))
    hollow = [line for line in drawn if line.get_markerfacecolor() == "white"]
    assert [len(line.get_xdata()) for line in hollow] == [1, 1]
    assert [line.get_ydata().tolist() for line in right.lines] == [t[2].tolist() for t in tails]
    assert right.get_xlabel() and left.get_ylabel() and right.get_ylabel()


def test_sensitivity_draws_components_and_radii():
    bars = [("robust network", np.array([2.0, 0, 0])), ("linear model", np.array([1.0, -1, 1]))]
    radii = {"robust": np.full(3, 0.5), "linear": np.array([2.0, 4, 8]) ** -0.5}
    figure = figures.sensitivity(bars, np.array([1.0, -1, 1]), [2, 4, 8], radii)
    above, below, right = figure.axes
    for axes, (title, values) in zip((above, below), bars, strict=True):
        assert [bar.get_height() for bar in axes.patches] == values.tolist()
        assert axes.get_title(loc="left") == title
    markers = {line.get_marker(): line.get_ydata() for line in right.lines}
    assert np.allclose(markers["o"], 0.5)
    assert np.allclose(markers["s"], radii["linear"])

"""Figures of "Which KKT point": what is drawn against the data that it should show."""

import math

import numpy as np
import pytest

from kktnotes.data.counting import clopper_pearson
from kktnotes.figures import style
from kktnotes.figures import which_point as figures
from kktnotes.networks.biased import biased_radius

pytestmark = pytest.mark.usefixtures("clean_pyplot")


def test_norms_and_radii_draws_every_point_and_names_some():
    figure = figures.norms_and_radii([2, 3, 4], [1.0, 2.0, 4.0], [0.1, 0.2, 0.3], {0: "a", 2: "b"})
    axes = figure.axes[0]
    dots = axes.collections[0]
    assert np.allclose(dots.get_offsets(), [[1, 0.1], [2, 0.2], [4, 0.3]])
    assert set(dots.get_sizes()) == {figures.SINGLE}
    assert [text.get_text() for text in axes.texts] == ["a: 2 neurons", "b: 4 neurons"]
    assert axes.get_xlabel() and axes.get_ylabel()


def test_points_that_coincide_share_a_dot_that_counts_them():
    squares, radii = [1.0, 2.0, 2.0 + 1e-9, 2.0, 4.0], [0.1, 0.2, 0.2, 0.3, 0.3]
    axes = figures.norms_and_radii([2, 3, 3, 3, 4], squares, radii, {0: "a"}).axes[0]
    dots = axes.collections[0]
    assert np.allclose(dots.get_offsets(), [[1, 0.1], [2, 0.2], [2, 0.3], [4, 0.3]])
    assert np.allclose(dots.get_sizes() / figures.SINGLE, [1, 2, 1, 1])
    numbers = [text for text in axes.texts if text.get_text() == "2"]
    assert len(numbers) == 1 and np.allclose(numbers[0].xy, [2, 0.2])


def test_shares_draws_counts_intervals_and_predictions():
    figure = figures.shares({"one": (3, 10), "two": (10, 10)}, {"two": 0.9})
    axes = figure.axes[0]
    interval, dot, _, sure, line = axes.lines
    assert np.allclose(interval.get_xdata(), clopper_pearson(3, 10))
    assert dot.get_xdata()[0] == 0.3 and sure.get_xdata()[0] == 1.0
    assert np.allclose(line.get_xdata(), 0.9) and line.get_linestyle() == "--"
    assert [text.get_text() for text in axes.get_yticklabels()] == ["one", "two"]


def test_bias_draws_the_closed_form_and_marks_kkt_points():
    biases, radii = [0.01, -1.0, -2.0], [0.3, 0.6, 0.5]
    figure = figures.bias(8, biases, radii, [4.0, 2.0, 1.0], [1e-15, 1.0, 1.0])
    left, right = figure.axes
    closed = left.lines[0].get_xydata()
    assert all(math.isclose(r, biased_radius(8, b)) for b, r in closed[::50])
    assert np.allclose(left.lines[1].get_xydata(), [[-1, 0.6], [-2, 0.5]])
    assert left.lines[2].get_color() == style.FLOW
    assert np.allclose(right.lines[1].get_xydata(), [[0.01, 1.0]])
    assert np.allclose(right.lines[0].get_ydata(), [0.5, 0.25])
    assert left.get_xlabel() and left.get_ylabel() and right.get_ylabel()


def test_forgetting_draws_the_path_from_its_start():
    times, radii, biases = [-math.inf, 4.0, 100.0], [0.5, 0.6, 0.4], [-2.0, -0.5, 0.0]
    figure = figures.forgetting(times, radii, biases, {"limit": 0.3})
    left, right = figure.axes
    assert np.allclose(left.lines[0].get_xydata(), [[1, 0.5], [4, 0.6], [100, 0.4]])
    assert np.allclose(right.lines[0].get_ydata(), biases)
    assert left.lines[1].get_color() == style.ROBUST
    assert "limit" in [text.get_text() for text in left.texts]


def test_ended_draws_known_points_and_a_ring_an_end_by_its_count():
    known = [7.0, 12.0], [0.4, 0.5]
    axes = figures.ended(known, [7.0, 9.0, 7.0], [0.4, 0.45, 0.4], [2, 1, 1]).axes[0]
    known, rings = axes.collections
    assert np.allclose(known.get_offsets(), [[7, 0.4], [12, 0.5]])
    assert np.allclose(rings.get_offsets(), [[7, 0.4], [9, 0.45]])
    assert np.allclose(rings.get_sizes(), [3 * figures.SINGLE, figures.SINGLE])
    assert axes.get_xlabel() and axes.get_ylabel()

"""Figures of "How many examples": what is drawn against the numbers that it should show."""

import numpy as np
import pytest
from matplotlib.colors import to_hex

from kktnotes.figures import sample_size as figures
from kktnotes.figures import style

pytestmark = pytest.mark.usefixtures("clean_pyplot")


def marked(axes, marker):
    """Return the points drawn with that marker."""
    lines = [line.get_xydata() for line in axes.lines if line.get_marker() == marker]
    return np.concatenate(lines)


def test_coverage_draws_curves_with_the_bound_at_their_ends():
    curves = {"a": (np.array([1.0, 50.0]), np.array([-1.0, -25.0]))}
    curves["C"] = (np.array([1.0, 80.0]), np.array([0.0, -36.0]))
    marks = {"a": (50.0, -18.0), "C": (79.0, -33.0)}
    (axes,) = figures.coverage(curves, marks).axes
    lines = [line.get_xydata() for line in axes.lines if line.get_linestyle() == "-"]
    for name, (ratio, logs) in curves.items():
        assert any(np.array_equal(one, np.column_stack([ratio, logs])) for one in lines)
        assert name in [text.get_text() for text in axes.texts]
    assert marked(axes, "D").tolist() == [list(mark) for mark in marks.values()]
    assert np.allclose(marked(axes, "o"), [[50.0, -25.0], [79.0, -36 + 36 / 79]])


def test_errors_of_clusters_are_all_drawn_in_the_colour_of_their_label():
    rng = np.random.default_rng(0)
    counts, errors = rng.integers(0, 9, 60), rng.uniform(size=60)
    labels = np.where(rng.uniform(size=60) < 0.5, 1.0, -1.0)
    (axes,) = figures.errors_by_count(counts, errors, labels).axes
    for line, label in zip(axes.lines, (1.0, -1.0), strict=True):
        assert to_hex(line.get_color()).upper() == style.label_color(label)
        place = line.get_xydata()
        assert np.array_equal(place[:, 1], errors[labels == label])
        assert np.array_equal(np.round(place[:, 0]), counts[labels == label])


@pytest.mark.parametrize("seeds", [1, 4])
def test_error_and_missed_share_are_means_and_never_below_zero(seeds):
    rng = np.random.default_rng(1)
    missed = np.array([[0.4], [0.1]]) * rng.uniform(0.1, 2.0, (2, seeds))
    errors = missed / 2
    grid = np.array([1.0, 5.0, 40.0])
    expected = grid, np.array([0.3, 0.1, 0.0]), np.zeros(3), np.array([0.5, 0.2, 0.0])
    figure = figures.error_against_size([1.0, 3.0], errors, missed, expected, 60.0)
    (axes,) = figure.axes
    for container, values in zip(axes.containers, (missed, errors), strict=True):
        points, _, (bars,) = container.lines
        assert np.allclose(points.get_ydata(), values.mean(1))
        assert all(segment[:, 1].min() >= 0 for segment in bars.get_segments())
    assert any(np.array_equal(line.get_ydata(), expected[1]) for line in axes.lines)
    assert any(np.allclose(line.get_xdata(), 60.0) for line in axes.lines)


@pytest.mark.parametrize("fitted", [True, False])
def test_label_noise_shows_error_beside_the_share_and_the_growth_of_the_norm(fitted):
    shares = [0.0, 0.1, 0.4]
    errors, norms = np.array([[0.0, 0.0], [0.01, 0.03], [0.2, 0.4]]), np.ones((3, 2))
    own = np.array([[np.nan, np.nan], [1.0, 1.0], [1.0, 1.0 if fitted else -1.0]])
    left, right = figures.label_noise(shares, errors, norms, flipped=own).axes
    assert np.allclose(left.containers[0].lines[0].get_ydata(), [0.0, 0.02, 0.3])
    assert np.allclose(right.containers[0].lines[0].get_ydata(), 1.0)
    dashed = next(line for line in left.lines if line.get_linestyle() == "--")
    assert np.array_equal(dashed.get_xydata(), np.column_stack([shares, shares]))
    words = " ".join(text.get_text() for text in left.texts)
    assert ("every flipped point is fitted" in words) == fitted

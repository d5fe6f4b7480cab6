"""Figures of "Generalization": what is drawn against the numbers that it should show."""

import numpy as np
import pytest
from matplotlib.colors import to_hex

from kktnotes.figures import generalization as figures
from kktnotes.figures import style

pytestmark = pytest.mark.usefixtures("clean_pyplot")


def spread(seed):
    """Fresh margins of five clusters, the last without a point."""
    rng = np.random.default_rng(seed)
    cluster = rng.integers(0, 4, 200)
    margins = 1 + 0.1 * rng.standard_normal(200)
    return figures.Spread(margins, margins - 0.5, cluster, [1.0, -1.0, 1.0, -1.0, 1.0])


def test_margins_are_drawn_from_least_to_largest_with_the_least_bound():
    panels = {"one": spread(0), "two": spread(1)}
    figure = figures.margins_by_cluster(panels)
    rows = zip(figure.axes[:2], figure.axes[2:], panels.items(), strict=True)
    for axes, magnified, (title, one) in rows:
        assert axes.get_title(loc="left") == title and axes.get_xlabel()
        lines = [line.get_xydata() for line in axes.lines]
        assert len(lines) == 3 * 4
        for q in range(4):
            own = one.cluster == q
            bar, dot, low = lines[3 * q : 3 * q + 3]
            assert bar[:, 1].tolist() == [one.margins[own].min(), one.margins[own].max()]
            assert dot[0].tolist() == [q, np.median(one.margins[own])]
            assert set(low[:, 1]) == {one.bounds[own].min()}
            near, middle = (line.get_ydata() for line in magnified.lines[2 * q : 2 * q + 2])
            assert np.allclose(1 + near / 1000, [one.margins[own].min(), one.margins[own].max()])
            assert np.allclose(1 + middle / 1000, np.median(one.margins[own]))
            color = style.label_color(one.labels[q])
            assert to_hex(axes.lines[3 * q].get_color()).upper() == color


def test_zeros_are_where_the_logarithms_say():
    rows = {
        "a": {"asked": -2.0, "counting": -3.4, "least": -8.0, "every": -1e4, "found": -8e4},
        "C": {"asked": -2.0, "least": -9.0},
    }
    (axes,) = figures.zeros(rows).axes
    dots = [tuple(line.get_xydata()[0]) for line in axes.lines if line.get_marker() != "None"]
    expected = [(-logs[key], height) for height, logs in enumerate(rows.values()) for key in logs]
    assert sorted(dots) == sorted(expected)
    assert axes.get_xscale() == "log"
    assert [text.get_text() for text in axes.texts] == [name for name, *_ in figures.ZEROS.values()]


@pytest.mark.parametrize("seeds", [1, 3])
def test_errors_are_means_over_seeds_and_none_seen_is_hollow(seeds):
    sigmas = [1.0, 2.0, 4.0]
    errors = np.array([[0.0], [0.1], [0.2]]) * np.linspace(1.0, 1.5, seeds)
    estimate = np.array([1.0, 4.0]), np.array([1e-5, 0.3])
    figure = figures.error_against_noise(sigmas, errors, estimate, {"here": 1.5}, resolution=1e-3)
    (axes,) = figure.axes
    bars = axes.containers[0]
    assert np.allclose(
        bars.lines[0].get_xydata(), np.column_stack([[2.0, 4.0], errors[1:].mean(1)])
    )
    dashed = next(line for line in axes.lines if line.get_linestyle() == "--")
    assert np.allclose(dashed.get_xydata(), np.column_stack(estimate))
    hollow = next(line for line in axes.lines if line.get_markerfacecolor() == "white")
    assert np.allclose(hollow.get_xydata(), [[1.0, 1e-3]])
    assert any(np.allclose(line.get_xdata(), 1.5) for line in axes.lines)


def test_noise_levels_are_means_over_seeds_with_the_estimate_and_the_eighth_root():
    begins = {1e6: [54.0, 56.0], 1e8: [200.0, 204.0]}
    ends = {1e6: [2.8, 3.0], 1e8: [5.6, 5.8], 1e10: [10.2, 10.4]}
    (axes,) = figures.noise_against_dimension(begins, ends).axes
    for container, found in zip(axes.containers, (begins, ends), strict=True):
        points, _, _ = container.lines
        expected = [[d, np.mean(values)] for d, values in found.items()]
        assert np.allclose(points.get_xydata(), expected)
    dashed = next(line for line in axes.lines if line.get_linestyle() == "--")
    for d, sigma in dashed.get_xydata():
        n = 2 * np.log(d) ** 2
        strength = np.sqrt(d * n) / (2 * sigma * np.sqrt(sigma**2 + n / 2))
        assert np.isclose(strength, 3.09)
    eighth = next(line for line in axes.lines if line.get_label() == "$d^{1/8}$")
    assert np.allclose(eighth.get_ydata(), eighth.get_xdata() ** 0.125)


def test_a_seed_without_a_point_is_left_out_of_the_mean():
    errors = np.array([[0.1, np.nan], [0.2, 0.4]])
    line = np.array([1.0, 2.0]), np.array([0.1, 0.3])
    drawn = figures.error_against_noise([1.0, 2.0], errors, line, {}, resolution=1e-3)
    means = drawn.axes[0].containers[0].lines[0].get_ydata()
    assert np.allclose(means, [0.1, 0.3])

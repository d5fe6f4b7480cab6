"""Figures of the chapter on many clusters: what is drawn against the data that it should show."""

from dataclasses import replace

import numpy as np
import pytest

from kktnotes.chapters.many_clusters import Crowded
from kktnotes.data.linear_separation import separable_share
from kktnotes.figures import many_clusters as figures
from kktnotes.kkt import averaged_point

pytestmark = pytest.mark.usefixtures("clean_pyplot")


def row(k, seed, length=0.5, point=True, d=10):
    return Crowded(
        k=k,
        d=d,
        seed=seed,
        means_separable=True,
        sample_separable=True,
        means_margin=0.1,
        loss_reached=True,
        ending="certified",
        point=averaged_point(4, 10) if point else None,
        errors=10 * k,
        counted=1000,
        radius=0.1 * seed + 0.2,
        nearest=0.5,
        gap=1e-12,
        flip=0.4,
        length=length,
        random=0.0,
    )


def test_separability_draws_the_exact_count():
    figure = figures.separability(
        4, [4, 8, 12], {"through the origin": [9, 5, 0], "with a bias": [10, 7, 2]}, 10
    )
    (axes,) = figure.axes
    lines = [one for one in axes.lines if len(one.get_xdata()) == 9]
    assert len(lines) == 2
    np.testing.assert_allclose(lines[0].get_ydata(), [separable_share(k, 4) for k in range(4, 13)])
    assert axes.get_xlabel() and axes.get_ylabel()


def test_crowding_shows_means_over_seeds():
    rows = [row(k, seed) for k in (5, 20) for seed in (0, 1, 2)]
    rows += [row(20, 3, point=False)]
    figure = figures.crowding(rows)
    assert [bool(axes.get_ylabel()) for axes in figure.axes] == [True] * 3
    error, radius, _ = figure.axes
    np.testing.assert_allclose(error.lines[0].get_xydata(), [[0.5, 0.05], [2.0, 0.2]])
    network = [one.get_ydata() for one in radius.lines if len(one.get_ydata()) == 2]
    assert any(np.allclose(one, 0.3) for one in network)


def hollow(axes):
    """Places and heights of the hollow markers."""
    found = [one.get_xydata() for one in axes.lines if one.get_markerfacecolor() == "none"]
    return np.concatenate(found)


def test_no_error_seen_is_a_hollow_marker_at_a_level_that_says_so():
    rows = [row(k, seed) for k in (5, 20) for seed in (0, 1, 2)]
    axes = figures.crowding(rows).axes[0]
    assert axes.get_yticklabels()[0].get_text() == "none\nseen"
    level = axes.get_yticks()[0]
    assert level < min(figures.values(rows, "error"))
    np.testing.assert_allclose(hollow(axes), [[0.5, level], [2.0, level]])  # the nearest mean's
    rare = [replace(one, errors=1, counted=10**6) for one in rows[:1]]
    growth = figures.growing([*rare, row(10, 0, d=20)], [0.5])
    assert growth.axes[0].get_yticks()[0] < 1e-6, "a rare error is no zero"


def test_lengths_are_medians_and_infinite_ones_are_left_out():
    rows = [row(5, 0), row(20, 0, length=np.inf), row(20, 1, length=0.7), row(20, 2, length=0.6)]
    rows += [row(30, 0, length=np.inf)]
    figure = figures.crowding(rows)
    drawn = np.concatenate([one.get_ydata() for one in figure.axes[2].lines])
    assert np.isfinite(np.asarray(drawn, dtype=float)).all()
    lengths = [one for one in figure.axes[2].lines if 0.7 in one.get_ydata()]
    np.testing.assert_allclose(lengths[0].get_xydata(), [[0.5, 0.5], [2.0, 0.7]])


def test_along_a_path_draws_have_a_mean_and_a_standard_error():
    rows = [row(20, seed) for seed in (0, 1, 2)] + [row(40, 0, d=20), row(10, 5)]
    rows += [row(20, 3, point=False)]
    d, middle, error = figures.along(rows, 2, "radius")
    np.testing.assert_allclose(d, [10, 20])
    np.testing.assert_allclose(middle, [0.3, 0.2])
    np.testing.assert_allclose(error, [0.1 / np.sqrt(3), 0])
    assert figures.along(rows, 2, "radius", least_draws=2)[0] == [10]
    _, share, _ = figures.along(rows, 2, "share")
    np.testing.assert_allclose(share, [0.6, 0.4])
    assert [len(one) for one in figures.along([row(20, 0, length=np.inf)], 2, "length")] == [0] * 3


def test_growing_draws_one_curve_for_each_crowd():
    rows = [row(2 * d, seed, d=d) for d in (6, 12, 24) for seed in (0, 1)]
    rows += [row(d // 2, seed, d=d) for d in (6, 12) for seed in (0, 1)]
    figure = figures.growing(rows, [0.5, 2])
    assert all(axes.get_ylabel() for axes in figure.axes)
    radius = figure.axes[1]
    curves = [one.get_xydata() for one in radius.lines if one.get_linestyle() == "-"]
    np.testing.assert_allclose(curves[0], [[6, 0.25], [12, 0.25]])
    np.testing.assert_allclose(curves[1], [[6, 0.25], [12, 0.25], [24, 0.25]])
    names = {text.get_text() for text in radius.texts}
    assert {"$k/d=0.5$", "$k/d=2$"} <= names
    assert {text.xy[0] for text in radius.texts if "k/d" in text.get_text()} == {6}
    assert radius.get_xlim()[0] < 4, "room for them left of the curves"

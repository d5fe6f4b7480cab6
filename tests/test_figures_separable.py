"""Figures of the chapter on data without clusters, against the data that they should show."""

import numpy as np
import pytest
from scipy import stats

from kktnotes.chapters.separable import Compared
from kktnotes.figures import separable as figures
from kktnotes.kkt import averaged_point

pytestmark = pytest.mark.usefixtures("clean_pyplot")


def row(name, start, linear, network, point=True):
    given = averaged_point(4, 10) if point else None
    return Compared(
        name=name,
        start=start,
        seed=0,
        linear=linear,
        linear_bias=0.1,
        network=network,
        begin=0.5,
        point=given,
        ending="certified",
    )


def test_paired_draws_every_certified_point_once():
    rows = [row("A", "small", 0.01, 0.02), row("A", "large", 0.03, 0.01)]
    rows += [row("B", "small", 0.0, 0.05), row("B", "small", 0.2, np.nan, point=False)]
    figure = figures.paired(rows)
    first, second = figure.axes[:2]
    assert (first.get_title(loc="left"), second.get_title(loc="left")) == ("A", "B")
    dots = [one.get_xydata() for one in first.lines[1:]]
    np.testing.assert_allclose(np.concatenate(dots), [[1.0, 2.0], [3.0, 1.0]])
    np.testing.assert_allclose(second.lines[1].get_xydata(), [[0.0, 5.0]])


def test_interval_is_that_of_student():
    values = [0.1, 0.4, 0.2, 0.5]
    mean, low, high = figures.interval(values)
    found = stats.ttest_1samp(values, 0.0).confidence_interval(0.95)
    assert (low, high) == pytest.approx((found.low, found.high))
    assert mean == pytest.approx(0.3)


def test_simplex_draws_means_and_the_missed_share():
    errors = {"one": [[0.5, 0.2], [0.7, 0.4]], "two": [[0.0, 0.0], [0.0, 0.0]]}
    figure = figures.simplex([5, 10], 20, errors)
    (axes,) = figure.axes
    curve = axes.lines[0]
    np.testing.assert_allclose(curve.get_ydata(), (1 - 1 / 20) ** curve.get_xdata())
    drawn = [one.get_ydata() for one in axes.lines if len(one.get_ydata()) == 2]
    assert any(np.allclose(one, [0.6, 0.3]) for one in drawn)
    assert axes.get_xlabel() and axes.get_ylabel()

"""Figures of "Finite steps": what is drawn against the data that it should show."""

import numpy as np
import pytest

from kktnotes.figures import optimizers as figures
from kktnotes.figures import style

pytestmark = pytest.mark.usefixtures("clean_pyplot")


def test_paths_draws_medians_and_names_the_families():
    angles = {
        "GD, 0.1": np.array([[3.0, 9.0, 4.0], [1.0, 2.0, 3.0]]),
        "Adam, 0.1": np.array([[5.0, 5.0, 5.0]]),
    }
    margins = {name: values / 10 for name, values in angles.items()}
    left, right = figures.paths([10, 100], angles, margins).axes
    assert np.allclose(left.lines[0].get_xydata(), [[10, 4], [100, 2]])
    assert left.lines[0].get_color() == style.FLOW
    assert np.allclose(left.lines[1].get_xydata(), [[10, 5]])
    assert np.allclose(right.lines[0].get_ydata(), [0.4, 0.2])
    assert {text.get_text() for text in left.texts} == {"GD", "Adam"}
    assert left.get_xlabel() and left.get_ylabel() and right.get_ylabel()


def test_ends_draws_every_method_and_measure():
    rows = {
        "GD, 0.1": {"a": np.array([1.0, 2.0, 4.0]), "b": np.array([0.5, 0.5, 0.5])},
        "Adam, 1": {"a": np.array([3.0, 3.0, 3.0]), "b": np.array([0.1, 0.2, 0.3])},
    }
    left, right = figures.ends(rows, {"b": 1.0}).axes
    bar, dot = left.lines[:2]
    assert bar.get_xdata().tolist() == [1.0, 4.0] and dot.get_xdata()[0] == 2.0
    assert left.get_xscale() == "log" and right.get_xscale() == "linear"
    assert right.lines[-1].get_xdata()[0] == 1.0
    assert [t.get_text() for t in left.get_yticklabels()] == ["GD, 0.1", "Adam, 1"]
    assert left.get_xlabel() == "a"


def test_far_draws_a_named_curve_a_measure():
    axes = figures.far([10, 100], {"angle": [0.1, 0.01], "margin": [0.3, 0.2]}).axes[0]
    assert [line.get_label() for line in axes.lines] == ["angle", "margin"]
    assert axes.lines[1].get_ydata().tolist() == [0.3, 0.2]
    assert axes.get_xscale() == axes.get_yscale() == "log"
    assert axes.get_xlabel() and axes.get_ylabel()

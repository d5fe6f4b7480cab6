"""Figures of the chapter on transfer: what is drawn against what it should show."""

import matplotlib.pyplot as plt
import numpy as np
import pytest

from kktnotes.figures import style
from kktnotes.figures import transfer as figures


@pytest.fixture(autouse=True)
def clean_pyplot():
    """No figure stays open."""
    yield
    assert plt.get_fignums() == []


def test_matrix_shows_and_writes_every_share():
    shares = np.array([[0.0, 0.25, 1.0], [0.999, 0.5, 0.0]])
    axes = figures.matrix(shares, ["A: one", "B: two"], ["A: one", "B: two", "robust"]).axes[0]
    assert np.array_equal(axes.images[0].get_array(), shares)
    written = {text.get_position(): text.get_text() for text in axes.texts}
    assert written[1, 0] == "0.25" and written[2, 0] == "1" and written[0, 0] == "0"
    assert written[0, 1] == "1.00"
    assert [one.get_text() for one in axes.get_xticklabels()] == ["A", "B", "robust"]
    assert [one.get_text() for one in axes.get_yticklabels()] == ["A: one", "B: two"]
    assert axes.get_xlabel() and axes.get_ylabel()


def test_matrix_refuses_names_that_do_not_fit():
    with pytest.raises(ValueError, match="shares"):
        figures.matrix(np.zeros((2, 2)), ["A"], ["A", "B"])


def test_matrix_names_its_rows():
    axes = figures.matrix(np.ones((1, 1)), ["A"], ["A"], ylabel="fixed on").axes[0]
    assert axes.get_ylabel() == "fixed on"


def test_etas_show_every_point_and_the_spread_over_training_sets():
    labels = np.array([1.0, 1.0, -1.0])
    sets = [(np.array([1.3, 1.5, 1.0]), labels), (np.array([1.2, 1.2, 1.1]), labels)]
    fixed = {"fixed on A": 1.15, "for every KKT point": 2.2}
    axes = figures.etas({"one": sets, "two": sets}, fixed).axes[0]
    lines = {line.get_label(): line for line in axes.lines}
    plus, minus = lines["one, label +1"], lines["two, label \N{MINUS SIGN}1"]
    assert sorted(plus.get_xdata()) == [1.2, 1.2, 1.3, 1.5]
    assert sorted(minus.get_xdata()) == [1.0, 1.1]
    assert np.all(np.abs(plus.get_ydata()) < 0.5) and np.all(np.abs(minus.get_ydata() - 1) < 0.5)
    assert plus.get_color() == style.POSITIVE and minus.get_color() == style.NEGATIVE
    for name, value in fixed.items():
        assert lines[name].get_xdata()[0] == value
    left, right = axes.get_xlim()
    assert left < 1.0 and right > 2.2
    bars = {bar.get_label(): bar for bar in axes.containers}
    center, _, (bar,) = bars["one, label +1, training sets"]
    assert np.allclose(center.get_xdata(), 1.3)  # the medians are 1.4 and 1.2
    assert np.allclose(bar.get_segments()[0][:, 0], [1.2, 1.4])
    assert [one.get_text() for one in axes.get_yticklabels()] == ["one", "two"]


def test_closed_forms_draws_a_curve_each_and_the_bound_dashed():
    counts = [2, 4, 8]
    etas = {
        "averaged": [1, 1, 1],
        "decoupled": [1, 4 / 3, 1.6],
        "every KKT point": [2, 2, 2],
        "robust": [1, 2, 4],
    }
    axes = figures.closed_forms(counts, etas).axes[0]
    for line, (name, values) in zip(axes.lines, etas.items(), strict=True):
        assert line.get_label() == name
        assert np.allclose(line.get_xydata(), np.stack([counts, values], 1))
        assert (line.get_linestyle() == "--") == (name == "every KKT point")
    assert axes.get_xlabel() and axes.get_ylabel()

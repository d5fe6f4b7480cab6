"""Figures of the chapter on transfer: what is drawn against what it should show."""

import matplotlib.pyplot as plt
import numpy as np
import pytest

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


def test_closed_forms_draws_a_curve_each_and_the_fixed_eta():
    counts = [2, 4, 8]
    etas = {"averaged": [1, 1, 1], "decoupled": [1, 4 / 3, 1.6], "robust": [1, 2, 4]}
    axes = figures.closed_forms(counts, etas, 1.1).axes[0]
    fixed, *curves = axes.lines
    assert fixed.get_ydata()[0] == 1.1
    for line, values in zip(curves, etas.values(), strict=True):
        assert np.allclose(line.get_xydata(), np.stack([counts, values], 1))
    assert axes.get_xlabel() and axes.get_ylabel()

"""Figures of the playground: what is drawn against the data that it should show."""

import math

import numpy as np
import pytest

from kktnotes import Term
from kktnotes.figures import playground as figures

pytestmark = pytest.mark.usefixtures("clean_pyplot")


def test_slacks_draws_a_bar_a_term_and_the_paths():
    terms = [Term("a", 1, "<=", 2), Term("b", 4, "<=", 1), Term("c", math.inf, "<=", 1)]
    along = {"one": [(10, -0.5, False), (100, 0.4, True)], "two": []}
    left, right = figures.slacks(terms, along, 50).axes
    assert [bar.get_width() for bar in left.patches] == [0.5, -0.75, -1.0]
    colors = [line.get_color() for line in left.lines[:3]]
    assert colors == [figures.HOLDS, figures.FAILS, figures.FAILS]
    assert [text.get_text() for text in left.get_yticklabels()] == ["a", "b", "c"]
    assert np.allclose(right.lines[0].get_xydata(), [[10, -0.5], [100, 0.4]])
    assert right.lines[1].get_xdata().tolist() == [100.0]
    assert right.lines[2].get_xdata().tolist() == [10.0]
    assert left.get_xlabel() and right.get_xlabel() and right.get_ylabel()


def test_slacks_of_nothing_is_an_empty_figure():
    assert len(figures.slacks([], {}, 5).axes) == 2


def test_radii_draws_every_value_and_names_what_is_there():
    axes = figures.radii([0.3, 0.1], [0.5], 9, certified=False).axes[0]
    assert axes.lines[0].get_xdata().tolist() == [0.1, 0.3]
    assert axes.lines[1].get_xdata().tolist() == [0.5]
    names = [text.get_text() for text in axes.get_yticklabels()]
    assert names == ["trained network", "Theorem 4.1"]
    assert [line.get_xdata()[0] for line in axes.lines[2:]] == [1 / 3, 0.125]
    assert [t.get_text() for t in figures.radii([], [], 4).axes[0].get_yticklabels()] == []

"""Figures bring their SVG and their data along: small, the same bytes again, with the page."""

import base64
import xml.etree.ElementTree as ElementTree

import matplotlib as mpl
import numpy as np
import pytest
from figure_sketch import sketch
from IPython.core.pylabtools import print_figure

from kktnotes.figures import style
from kktnotes.figures.export import carrying, drawn

mpl.use("Agg")


def test_the_svg_is_the_same_again_has_no_date_and_stays_small():
    (_, one), (_, other) = (sketch()._repr_mimebundle_() for _ in range(2))
    assert one == other
    text = carrying.unpack(one[carrying.MIME]["svg"])
    assert ElementTree.fromstring(text).tag.endswith("svg")
    assert "dc:date" not in text and mpl.__version__ not in text
    with style.drawing() as (figure, ((axes,),)):
        axes.set(xlabel="x", ylabel="y")
        dots = axes.scatter(*np.random.default_rng(0).standard_normal((2, 20_000)), label="dots")
    assert len(carrying.svg(figure)) < carrying.SMALL
    assert "<image" in carrying.svg(figure)
    assert not dots.get_rasterized(), "only for the file"
    with style.drawing() as (figure, ((axes,),)):
        axes.set(xlabel="x", ylabel="y")
        for place in range(2000):
            axes.plot(place, place % 7, "o", label="dots")
    assert len(carrying.svg(figure)) < carrying.SMALL


def test_a_users_settings_change_no_figure():
    (_, plain) = sketch()._repr_mimebundle_()
    theirs = {"axes.facecolor": "black", "lines.marker": "x", "xtick.direction": "in"}
    with mpl.rc_context(theirs):
        (_, under_theirs) = sketch()._repr_mimebundle_()
        assert mpl.rcParams["axes.facecolor"] == "black", "put back afterwards"
    assert under_theirs == plain


def test_a_kernel_without_the_inline_backend_shows_the_picture():
    from IPython.core.interactiveshell import InteractiveShell

    shell = InteractiveShell.instance()
    data, _ = shell.display_formatter.format(sketch())
    assert base64.b64decode(data["image/png"]).startswith(b"\x89PNG")
    InteractiveShell.clear_instance()


@pytest.mark.parametrize("carries", [False, True])
def test_the_picture_is_that_of_the_first_drawing(carries):
    figure, plain = sketch(), sketch()
    if carries:
        data, _ = figure._repr_mimebundle_()
        assert data == {"text/plain": "<Figure size 840x480 with 2 Axes>"}
    assert print_figure(figure, fmt="png") == print_figure(plain, fmt="png")


def test_a_page_shows_a_chapters_figure_and_names_one_that_is_missing(tmp_path):
    import sys

    import nbformat

    from tools import chapters

    sys.path.append(str(chapters.ROOT / "book" / "_ext"))
    import figure_files

    _, metadata = sketch()._repr_mimebundle_()
    output = nbformat.v4.new_output("display_data", {"image/png": ""}, metadata=metadata)
    cell = nbformat.v4.new_code_cell("figure()", outputs=[output])
    cell.metadata["mystnb"] = {"image": {"alt": "Two panels."}}
    words = nbformat.v4.new_markdown_cell('<a id="figure-a"></a> **Figure.** What it shows.')
    path = tmp_path / "a.ipynb"
    nbformat.write(nbformat.v4.new_notebook(cells=[cell, words]), path)
    found = figure_files.carried(path)
    assert list(found) == ["figure-a"]
    assert found["figure-a"]["alt"] == "Two panels."
    assert found["figure-a"]["csv"] == drawn.table(sketch())

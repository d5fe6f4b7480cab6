"""Figures bring their SVG and their data along: complete, small, the same bytes again."""

import csv
import io
import xml.etree.ElementTree as ElementTree

import matplotlib as mpl
import numpy as np
import pytest
from IPython.core.pylabtools import print_figure

from kktnotes.figures import carrying, drawn, style

mpl.use("Agg")


def rows(figure):
    """The table of a figure as dicts, without its lines of comment."""
    lines = [line for line in drawn.table(figure).splitlines() if not line.startswith("#")]
    return list(csv.DictReader(io.StringIO("\n".join(lines))))


def numbers(rows, *columns):
    """Some columns as an array of floats."""
    return np.array([[float(row[column]) for column in columns] for row in rows])


def sketch():
    """A figure of two panels with most of what the book draws."""
    rng = np.random.default_rng(0)
    with style.drawing(1, 2) as (figure, ((left, right),)):
        left.plot([1, 10, 100], [3.0, 2.0, 1.0], color=style.FLOW, gid="flow")
        left.plot([1, 10, 100], [1.0, 2.0, 3.0], color=style.ROBUST)
        style.write(left, 100, 3.0, "robust", color=style.ROBUST)
        style.bound_line(left, 5.0)
        left.errorbar([1, 10], [5.0, 6.0], yerr=[0.5, 0.25], color=style.POSITIVE, label="seeds")
        left.set(xscale="log", xlabel="clusters $k$", ylabel="radius", title="left")
        right.scatter(*rng.standard_normal((2, 40)), color=style.NEGATIVE)
        right.bar([0, 1], [2.0, 4.0], width=0.5, label="counts")
        right.set_xticks([0, 1], ["one", "two"])
    return figure


def test_the_table_has_what_was_drawn_under_the_names_of_the_figure():
    table = rows(sketch())
    names = {row["series"] for row in table}
    assert {"flow", "robust", "seeds", "points 1", "counts"} <= names
    flow = [row for row in table if row["series"] == "flow"]
    assert numbers(flow, "x", "y").tolist() == [[1, 3], [10, 2], [100, 1]]
    robust = [row for row in table if row["series"] == "robust"]
    assert numbers(robust, "x", "y").tolist() == [[1, 1], [10, 2], [100, 3]]
    errors = [row for row in table if row["kind"] == "error bar"]
    assert numbers(errors, "x", "y", "x_end", "y_end").tolist() == [
        [1, 4.5, 1, 5.5],
        [10, 5.75, 10, 6.25],
    ]
    bars = [row for row in table if row["kind"] == "bar"]
    assert numbers(bars, "x", "y", "x_end", "y_end").tolist() == [
        [-0.25, 0, 0.25, 2],
        [0.75, 0, 1.25, 4],
    ]
    dots = [row for row in table if row["kind"] == "points" and row["panel"] == "2"]
    expected = np.random.default_rng(0).standard_normal((2, 40)).T
    assert np.allclose(numbers(dots, "x", "y"), expected, rtol=1e-4)


def test_the_comments_say_what_the_panels_show():
    first, second = drawn.table(sketch()).splitlines()[:2]
    assert first == "# panel 1: left; x: clusters $k$ (log); y: radius"
    assert "x ticks: 0 = one, 1 = two" in second


def test_images_and_meshes_keep_place_and_value_and_large_ones_are_thinned():
    values = np.arange(6.0).reshape(2, 3)
    with style.drawing(1, 2) as (figure, ((left, right),)):
        left.imshow(values, extent=(0, 3, 0, 2), origin="lower")
        right.pcolormesh([0, 1, 2, 3], [0, 1, 2], values)
    for panel in "12":
        own = [row for row in rows(figure) if row["panel"] == panel]
        found = {(x, y): value for x, y, value in numbers(own, "x", "y", "value")}
        assert found == {(j + 0.5, i + 0.5): values[i, j] for i in range(2) for j in range(3)}
    with style.drawing() as (figure, ((axes,),)):
        axes.imshow(np.zeros((300, 300)), origin="lower")
    assert 500 < len(rows(figure)) <= drawn.MOST_PIXELS


def test_an_image_drawn_from_the_top_has_its_first_row_on_top():
    with style.drawing() as (figure, ((axes,),)):
        axes.imshow([[1.0], [2.0]], origin="upper")
    own = numbers(rows(figure), "y", "value")
    assert own.tolist() == [[0, 1], [1, 2]]


def test_the_svg_is_the_same_again_has_no_date_and_stays_small():
    (_, one), (_, other) = (sketch()._repr_mimebundle_() for _ in range(2))
    assert one == other
    text = carrying.unpack(one[carrying.MIME]["svg"])
    assert ElementTree.fromstring(text).tag.endswith("svg")
    assert "dc:date" not in text and mpl.__version__ not in text
    with style.drawing() as (figure, ((axes,),)):
        dots = axes.scatter(*np.random.default_rng(0).standard_normal((2, 20_000)))
    assert len(carrying.svg(figure)) < carrying.SMALL
    assert "<image" in carrying.svg(figure)
    assert not dots.get_rasterized(), "only for the file"
    with style.drawing() as (figure, ((axes,),)):
        for place in range(2000):
            axes.plot(place, place % 7, "o")
    assert len(carrying.svg(figure)) < carrying.SMALL


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
    cell.metadata["mystnb"] = {"image": {"alt": "Two panels."}, "figure": {"name": "figure-a"}}
    path = tmp_path / "a.ipynb"
    nbformat.write(nbformat.v4.new_notebook(cells=[cell]), path)
    found = figure_files.carried(path)
    assert list(found) == ["figure-a"]
    assert found["figure-a"]["alt"] == "Two panels."
    assert found["figure-a"]["csv"] == drawn.table(sketch())

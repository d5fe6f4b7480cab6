"""The data of a figure as a table: complete, under names of its series, in plain words."""

import csv
import io

import matplotlib as mpl
import numpy as np
import pytest
from figure_sketch import sketch

from kktnotes.figures import style
from kktnotes.figures.export import drawn, series
from kktnotes.figures.export.plain import plain

mpl.use("Agg")


def rows(figure):
    """The table of a figure as dicts, without its lines of comment."""
    lines = [line for line in drawn.table(figure).splitlines() if not line.startswith("#")]
    return list(csv.DictReader(io.StringIO("\n".join(lines))))


def numbers(rows, *columns):
    """Some columns as an array of floats."""
    return np.array([[float(row[column]) for column in columns] for row in rows])


def test_the_table_has_what_was_drawn_under_the_names_of_the_figure():
    table = rows(sketch())
    names = {row["series"] for row in table}
    assert names == {"flow", "sqrt(d), robust", "our bound", "seeds", "dots", "counts"}
    flow = [row for row in table if row["series"] == "flow"]
    assert numbers(flow, "x", "y").tolist() == [[1, 3], [10, 2], [100, 1]]
    robust = [row for row in table if row["series"] == "sqrt(d), robust"]
    assert numbers(robust, "x", "y").tolist() == [[1, 1], [10, 2], [100, 3]]
    (bound,) = (row for row in table if row["series"] == "our bound")
    assert (bound["kind"], bound["x"], bound["y"]) == ("vertical line", "5", "")
    assert {row["series"] for row in table if row["kind"] == "error bar"} == {"seeds"}
    seeds = [row for row in table if (row["series"], row["kind"]) == ("seeds", "line")]
    assert numbers(seeds, "x", "y").tolist() == [[1, 5], [10, 6]]
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
    assert first == "# panel 1: left; x: clusters k (log); y: radius"
    assert second == "# panel 2: x ticks: 0 = one | 1 = two; y: how many"


def test_a_label_holds_for_all_panels_of_its_row_and_numbers_need_no_words():
    with style.drawing(2, 2, sharex=True, sharey=True) as (figure, grid):
        for row, axes in enumerate(grid[:, 0]):
            axes.set_ylabel(f"row {row}")
        for column, axes in enumerate(grid[1]):
            axes.set_xlabel(f"column {column}")
        grid[0, 0].set(xscale="log", xlim=(0.01, 2000))
        grid[0, 0].set_xticks([0.01, 1, 1000, 2000], ["$10^{-2}$", "1", "1,000", "never"])
    found = [line.split("; ") for line in drawn.table(figure).splitlines()[:4]]
    assert [parts[-1] for parts in found] == ["y: row 0"] * 2 + ["y: row 1"] * 2
    assert [parts[0] for parts in found[:2]] == [
        f"# panel {i + 1}: x: column {i} (log)" for i in (0, 1)
    ]
    assert {parts[1] for parts in found} == {"x ticks: 2000 = never"}


def test_labels_of_all_panels_are_drawn_at_the_outer_ones():
    with style.drawing(2, 2) as (figure, grid):
        style.label_panels(grid, x="length", y="share")
    assert [axes.xaxis.label.get_visible() for axes in grid.flat] == [False, False, True, True]
    assert [axes.yaxis.label.get_visible() for axes in grid.flat] == [True, False] * 2
    found = drawn.table(figure).splitlines()[:4]
    assert {line.partition(": ")[2] for line in found} == {"x: length; y: share"}


def test_a_panel_that_is_switched_off_is_none():
    with style.drawing(1, 2) as (figure, ((left, right),)):
        left.set(xlabel="x", ylabel="y")
        right.set_axis_off()
    assert drawn.table(figure).count("# panel") == 1


ARTISTS = {
    "line": lambda axes: axes.plot([0, 1], [0, 1]),
    "points": lambda axes: axes.scatter([0, 1], [0, 1]),
    "vertical line": lambda axes: axes.axvline(1),
    "horizontal line": lambda axes: axes.axhline(1),
    "straight line": lambda axes: axes.axline((0, 0), slope=1),
    "band": lambda axes: axes.axhspan(0, 1),
    "error bar": lambda axes: axes.errorbar([0], [0], [1]),
    "bar": lambda axes: axes.bar([0], [1]),
    "image": lambda axes: axes.imshow([[0]]),
    "contour": lambda axes: axes.contour([[0, 1], [1, 0]]),
    "area": lambda axes: axes.fill_between([0, 1], [0, 1]),
    "segment": lambda axes: axes.vlines([0], 0, 1),
    "arrow": lambda axes: axes.annotate("", (1, 1), (0, 0), arrowprops={"arrowstyle": "->"}),
}


@pytest.mark.parametrize("kind", ARTISTS)
def test_a_series_without_a_name_is_refused(kind):
    with (
        pytest.raises(ValueError, match=f"label: got none for {kind} in panel 2"),
        style.drawing(1, 2) as (_, ((left, right),)),
    ):
        left.plot([0, 1], [0, 1], label="a")
        ARTISTS[kind](right)


def test_a_series_that_is_added_later_needs_a_name_too():
    figure = sketch()
    figure.axes[0].plot([0], [0])
    with pytest.raises(ValueError, match="label: got none for points in panel 1"):
        figure._repr_mimebundle_()


@pytest.mark.parametrize("name", "xy")
def test_an_axis_has_to_say_what_it_counts(name):
    with (
        pytest.raises(ValueError, match=f"{name}label: got none"),
        style.drawing() as (_, ((axes,),)),
    ):
        axes.set_ylabel("y") if name == "x" else axes.set_xlabel("x")


def test_decorations_and_marks_placed_by_parts_of_the_panel_show_no_data():
    with style.drawing() as (figure, ((axes,),)):
        axes.set(xlabel="x", ylabel="y")
        axes.plot([0, 1], [0, 1], label=style.DECORATION)
        axes.axhline(1, label=style.DECORATION)
        axes.plot(0.9, 0.9, "o", transform=axes.transAxes)
        axes.annotate("a word", (0, 0), (3, 3), textcoords="offset points", arrowprops={})
    assert rows(figure) == []


def test_points_of_one_name_are_one_series_and_lines_of_one_name_are_counted():
    with style.drawing() as (figure, ((axes,),)):
        axes.set(xlabel="x", ylabel="y")
        for place in range(3):
            axes.plot(place, 0, "o", label="dots")
            axes.errorbar(place, 0, 1, marker="s", label="bars")
            axes.plot([0, 1], [place, place], label="lines")
    names = [(row["series"], row["kind"]) for row in rows(figure)]
    assert names.count(("dots", "points")) == names.count(("bars", "error bar")) == 3
    assert {name for name, kind in names if kind == "line"} == {"lines", "lines (2)", "lines (3)"}


def test_lines_across_the_panel_and_arrows_are_in_the_table():
    with style.drawing() as (figure, ((axes,),)):
        axes.set(xlabel="x", ylabel="y")
        axes.axhline(2, label="level")
        axes.axvspan(3, 4, label="band")
        axes.axhspan(5, 6, label="band")
        axes.axline((0, 1), (2, 3), label="kink")
        axes.annotate("", (4, 5), (1, 2), arrowprops={"arrowstyle": "->"}, label="step")
    level, kink, upright, flat, arrow = rows(figure)
    assert [upright[end] for end in ("x", "y", "x_end", "y_end")] == ["3", "", "4", ""]
    assert [flat[end] for end in ("x", "y", "x_end", "y_end")] == ["", "5", "", "6"]
    assert (level["x"], level["y"]) == ("", "2")
    for row, ends in ((kink, [0, 1, 2, 3]), (arrow, [1, 2, 4, 5])):
        assert numbers([row], "x", "y", "x_end", "y_end").tolist() == [ends]


def test_separate_pieces_of_a_contour_are_apart_in_the_table():
    across = np.linspace(-2, 2, 81)
    with style.drawing() as (figure, ((axes,),)):
        axes.set(xlabel="x", ylabel="y")
        field = np.abs(across)[None, :] - 1 + 0 * across[:, None]
        axes.contour(across, across, field, [0.0]).set_label("border")
    places = numbers(rows(figure), "x", "y", "value")
    gap = np.flatnonzero(np.isnan(places[:, 0]))
    assert len(gap) == 1 and set(places[:, 2]) == {0.0}
    sides = [set(np.sign(part[:, 0])) for part in (places[: gap[0]], places[gap[0] + 1 :])]
    assert sorted(map(max, sides)) == [-1, 1] and [len(one) for one in sides] == [1, 1]


PLAIN = {
    "$k/d=3$": "k/d=3",
    r"$\sqrt{d}/8$": "sqrt(d)/8",
    r"$\sqrt{\sqrt{d} + 1}$": "sqrt(sqrt(d) + 1)",
    r"$\sigma = 1/\sqrt{d}$": "sigma = 1/sqrt(d)",
    r"$-\ln\mathcal{L}(\alpha\theta)$": "-ln L(alpha theta)",
    r"$\langle x, \mu_{0} \rangle\,/\,d$": "<x, mu_0> / d",
    r"$\Vert\theta\Vert^2 \cdot \sqrt{d}$, at least": "||theta||^2 * sqrt(d), at least",
    r"$2\,d^{\,1-\ln(d)/2}$ and $10^{-4}$": "2 d^(1-ln(d)/2) and 10^(-4)",
    r"cosine of $\tilde{w}_j$, $\phi'_{ij}$": "cosine of w~_j, phi'_ij",
    r"$\phi(z) = \max\{0, z\}$": "phi(z) = max(0, z)",
    "label \N{MINUS SIGN}1,\n  two lines": "label -1, two lines",
    "100 % of {them}": "100 % of {them}",
}


@pytest.mark.parametrize("text", PLAIN)
def test_mathtext_becomes_what_one_would_type(text):
    assert plain(text) == PLAIN[text]


def test_images_and_meshes_keep_place_and_value_and_large_ones_are_thinned():
    values = np.arange(6.0).reshape(2, 3)
    with style.drawing(1, 2) as (figure, ((left, right),)):
        left.imshow(values, extent=(0, 3, 0, 2), origin="lower", label="values")
        right.pcolormesh([0, 1, 2, 3], [0, 1, 2], values, label="values")
        for axes in (left, right):
            axes.set(xlabel="x", ylabel="y")
    for panel in "12":
        own = [row for row in rows(figure) if row["panel"] == panel]
        found = {(x, y): value for x, y, value in numbers(own, "x", "y", "value")}
        assert found == {(j + 0.5, i + 0.5): values[i, j] for i in range(2) for j in range(3)}
    with style.drawing() as (figure, ((axes,),)):
        axes.imshow(np.zeros((300, 300)), origin="lower", label="zeros")
        axes.set(xlabel="x", ylabel="y")
    assert 500 < len(rows(figure)) <= series.MOST_PIXELS


def test_an_image_drawn_from_the_top_has_its_first_row_on_top():
    with style.drawing() as (figure, ((axes,),)):
        axes.imshow([[1.0], [2.0]], origin="upper", label="values")
        axes.set(xlabel="x", ylabel="y")
    own = numbers(rows(figure), "y", "value")
    assert own.tolist() == [[0, 1], [1, 2]]

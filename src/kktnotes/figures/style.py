"""The look that all figures share: a colour-blind safe palette, sizes, labels on the lines.

Colours are Okabe and Ito's, and they mean the same thing throughout the book.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from kktnotes.figures.export import drawn
from kktnotes.figures.export.carrying import CarryingFigure
from kktnotes.figures.export.series import DECORATION as DECORATION

POSITIVE = "#0072B2"  # label +1
NEGATIVE = "#D55E00"  # label -1
FLOW = "#262626"  # the network that gradient flow finds
ROBUST = "#009E73"  # the robust network of Theorem 4.1
BOUND = "#6E6E6E"  # bounds, dashed
EXTRA = ("#CC79A7", "#E69F00", "#56B4E9")  # further curves, in this order
PINK, AMBER, SKY = "#A34A80", "#9A6A00", "#20709A"  # these, dark enough for words
WORDS = dict(zip(EXTRA, (PINK, AMBER, SKY), strict=True))
ZERO = "#C8C8C8"  # where an output is exactly zero
MARKERS = ("o", "s", "^", "D", "v", "P", "X", "*")
DIVERGING = "RdBu_r"  # signed matrices, white at 0

SETTINGS = {
    "figure.dpi": 120,
    "figure.facecolor": "white",
    "figure.constrained_layout.use": True,
    "font.size": 11,
    "axes.titlesize": 11,
    "axes.titlelocation": "left",
    "axes.labelsize": 11,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": "#E4E4E4",
    "grid.linewidth": 0.7,
    "lines.linewidth": 2.0,
    "legend.frameon": False,
    "image.interpolation": "nearest",
}


@contextmanager
def drawing(
    rows: int = 1, columns: int = 1, *, width: float = 7.0, height: float = 4.0, **options: object
) -> Iterator[tuple[Figure, np.ndarray]]:
    """Open a figure and an array (rows, columns) of axes in the book's style.

    The figure is taken from pyplot's list on leaving, so that a notebook shows it once: where it
    is the value of a cell, and there carries its SVG and its data. `options` go to `plt.subplots`.

    Raises
    ------
    ValueError
        On leaving, if a series has no `label=`, its name in the data, or an axis no label. What
        shows no data has the label `DECORATION`.
    """
    with plt.rc_context():
        mpl.rcdefaults()  # nothing of a user's matplotlibrc
        mpl.rcParams.update(SETTINGS)
        figure, axes = plt.subplots(
            rows,
            columns,
            figsize=(width, height),
            squeeze=False,
            FigureClass=CarryingFigure,
            **options,
        )
        try:
            yield figure, axes
            drawn.check(figure)
        finally:
            plt.close(figure)


def label_color(label: float) -> str:
    """Return the colour of a label -1 or 1."""
    return POSITIVE if label > 0 else NEGATIVE


def label_name(label: float) -> str:
    """Return a label with its sign, "+1" or a true minus and 1."""
    return "+1" if label > 0 else "\N{MINUS SIGN}1"


def write(
    axes: Axes,
    x: float,
    y: float,
    text: str,
    *,
    color: str = FLOW,
    offset: tuple[float, float] = (0, 0),
    **options: object,
) -> None:
    """Write a label beside what it names, on a thin white ground; positions in data units.

    The offset is in points, so that a label stays clear of its line at any scale. Colours of
    `EXTRA` are written in their dark twins of `WORDS`.
    """
    ground = {"facecolor": "white", "edgecolor": "none", "alpha": 0.8, "pad": 1.0}
    options = {"bbox": ground, "fontsize": 10, "color": WORDS.get(color, color), **options}
    options = {"annotation_clip": False, **options}  # a label may stand beside the axes
    axes.annotate(text, (x, y), offset, textcoords="offset points", **options)


def shade_zero(axes: Axes, x: np.ndarray, y: np.ndarray, field: np.ndarray) -> None:
    """Shade in grey where a field (len(y), len(x)) of outputs is exactly zero, if anywhere."""
    zero = (np.abs(field) < 1e-12 * np.abs(field).max()).astype(float)
    if zero.any():
        area = axes.contourf(x, y, zero, levels=[0.5, 1.5], colors=[ZERO])
        area.set_label("output zero")


def label_panels(grid: np.ndarray, *, x: str = "", y: str = "") -> None:
    """Say what the axes of all panels (rows, columns) count, drawn at the outer ones only."""
    for (row, column), axes in np.ndenumerate(grid):
        if x:
            axes.set_xlabel(x, visible=row == len(grid) - 1)
        if y:
            axes.set_ylabel(y, visible=column == 0)


def bound_line(axes: Axes, value: float, name: str, *, vertical: bool = True) -> None:
    """Draw a bound: a grey dashed line across the axes; `name` is for the figure's data."""
    draw = axes.axvline if vertical else axes.axhline
    draw(value, color=BOUND, linestyle="--", linewidth=1.5, label=name)

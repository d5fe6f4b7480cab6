"""Figures of "Data without clusters" (section 5, the second open question)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.figure import Figure
from scipy import stats

from kktnotes.figures import style
from kktnotes.open_questions import Compared

COLORS = {"small": style.FLOW, "large": style.EXTRA[0], "poisoned": style.AMBER}
Curves = Mapping[str, Sequence[float]]


def paired(rows: Sequence[Compared]) -> Figure:
    """Draw each network's error against the linear classifier's on the same points, in percent.

    One panel a family, one colour a start; above the diagonal the network is worse.
    """
    known = [row for row in rows if row.point is not None]
    names = list(dict.fromkeys(row.name for row in known))
    columns = min(3, len(names))
    lines = -(-len(names) // columns)
    top = 105 * max(max(row.linear, row.network) for row in known)
    with style.drawing(lines, columns, height=2.9 * lines, sharex=True, sharey=True) as (
        figure,
        grid,
    ):
        for axes in grid.ravel()[len(names) :]:
            axes.set_axis_off()
        for axes, name in zip(grid.ravel(), names, strict=False):
            axes.plot([0, top], [0, top], "--", color=style.BOUND, linewidth=1.2)
            starts = [s for s in COLORS if any(r.name == name and r.start == s for r in known)]
            for number, start in enumerate(starts):
                own = [row for row in known if (row.name, row.start) == (name, start)]
                axes.plot(
                    [100 * row.linear for row in own],
                    [100 * row.network for row in own],
                    style.MARKERS[number],
                    color=COLORS[start],
                    markersize=4.5,
                    alpha=0.75,
                )
                place = {"transform": axes.transAxes, "va": "top", "fontsize": 10}
                axes.text(0.04, 0.97 - 0.1 * number, start, color=COLORS[start], **place)
            axes.set(title=name, xlim=(-0.02 * top, top), ylim=(-0.02 * top, top), aspect="equal")
        for axes in grid[-1]:
            axes.set_xlabel("linear, % wrong")
        for axes in grid[:, 0]:
            axes.set_ylabel("network, % wrong")
    return figure


def interval(values: Sequence[float]) -> tuple[float, float, float]:
    """Return mean, lower and upper end of the 95 % interval of the mean (Student's t)."""
    values = np.asarray(values, dtype=float)
    half = stats.t.ppf(0.975, len(values) - 1) * values.std(ddof=1) / np.sqrt(len(values))
    return float(values.mean()), float(values.mean() - half), float(values.mean() + half)


def simplex(sizes: Sequence[int], corners: int, errors: Mapping[str, Curves]) -> Figure:
    """Draw errors on the simplex against n (dots), and the share of corners not in a sample.

    `errors` has a row of errors, one a sample size, for each seed of each classifier.
    """
    colors = (style.ROBUST, style.FLOW, style.EXTRA[0])
    colors = (style.EXTRA[2], *colors[1:])
    with style.drawing(height=3.8) as (figure, ((axes,),)):
        every = np.linspace(0, max(sizes) * 1.05, 200)
        axes.plot(every, (1 - 1 / corners) ** every, "--", color=style.BOUND)
        style.write(
            axes, every[120], (1 - 1 / corners) ** every[120] + 0.07, "corners not in the sample",
            color=style.BOUND,
        )  # fmt: skip
        for row, ((name, table), color) in enumerate(zip(errors.items(), colors, strict=False)):
            table = np.asarray(table, dtype=float)
            middle = np.nanmean(table, 0)
            axes.errorbar(
                np.asarray(sizes) * (1 + 0.012 * (row - 1)),
                middle,
                yerr=np.nanstd(table, 0),
                fmt=style.MARKERS[row],
                color=color,
                capsize=3,
                markersize=7 - row,
            )
            place = {"ha": "right", "va": "top", "transform": axes.transAxes}
            axes.text(0.99, 0.98 - 0.09 * row, name, color=color, **place)
        axes.set(xlabel="training points $n$", ylabel="share wrong, exact", ylim=(-0.03, 1.05))
    return figure

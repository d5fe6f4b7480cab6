"""Figures of "Finite steps": how training with steps compares with the flow's KKT point (ours)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, NullFormatter

from kktnotes.figures import style

COLORS = {
    "GD": style.FLOW,
    "SGD": style.AMBER,
    "GD on ln L": style.EXTRA[2],
    "Adam": style.EXTRA[0],
    "Adam on ln L": "#8C3B6E",
}


def family(name: str) -> str:
    """Return the family of a method's name "FAMILY, rate"."""
    return name.rsplit(",", 1)[0]


def paths(
    steps: Sequence[int], angles: Mapping[str, np.ndarray], margins: Mapping[str, np.ndarray]
) -> Figure:
    """Draw the angle to the exact point and the normalized margin along training.

    Parameters
    ----------
    steps : sequence of int
        Where the networks were looked at.
    angles, margins : mappings from "FAMILY, rate" to array (moments, seeds)
        Angle between the functions in degrees; normalized margin over that of the exact point.
        Fewer moments than steps where training diverged. Lines are medians, bands all seeds.
    """
    with style.drawing(1, 2, width=8.0, height=4.2) as (figure, ((left, right),)):
        for axes, curves in ((left, angles), (right, margins)):
            for name, values in curves.items():
                color = COLORS[family(name)]
                at = np.asarray(steps[: len(values)])
                axes.plot(at, np.median(values, 1), "-", color=color, label=f"{name}: median")
                look = {"color": color, "alpha": 0.15, "lw": 0, "label": f"{name}: all seeds"}
                axes.fill_between(at, values.min(1), values.max(1), **look)
            axes.set_xscale("log")
            axes.set_xlabel("steps")
        left.set_yscale("log")
        left.set_ylabel("angle to the flow's KKT point (degrees)")
        style.bound_line(right, 1.0, "the flow's KKT point", vertical=False)
        right.set(ylabel="normalized margin / that of the KKT point", ylim=(0, 1.08))
        _labels(left, steps, angles)
    return figure


def _labels(axes, steps, curves) -> None:  # noqa: ANN001
    """Name the curves at their right ends, apart from each other."""
    ends = sorted((float(np.log10(np.median(v[-1]))), name) for name, v in curves.items())
    low, high = np.log10(axes.get_ylim())
    gap, last = 0.062 * (high - low), -np.inf
    for value, name in ends:
        last = max(value, last + gap)
        place = steps[len(curves[name]) - 1] * 1.15
        color = COLORS[family(name)]
        axes.text(place, 10**last, family(name), color=color, fontsize=9, va="center")
    axes.set_xlim(right=steps[-1] * 12)


def ends(rows: Mapping[str, Mapping[str, np.ndarray]], references: Mapping[str, float]) -> Figure:
    """Draw the last values of every method, one column a measure, error bars over seeds.

    Parameters
    ----------
    rows : mapping from "FAMILY, rate" to mapping from measure to array (seeds,)
        All with the same measures; a dot is the median, a bar reaches over all seeds.
    references : mapping from measure to float
        What the exact KKT point has, dashed, where there is such a number.
    """
    measures = list(next(iter(rows.values())))
    height = 1.3 + 0.33 * len(rows)
    with style.drawing(1, len(measures), width=8.4, height=height, sharey=True) as (figure, grid):
        for axes, measure in zip(grid[0], measures, strict=True):
            for row, (name, values) in enumerate(rows.items()):
                color, found = COLORS[family(name)], np.asarray(values[measure])
                bar = {"color": color, "linewidth": 1.5, "label": f"{name}: all seeds"}
                axes.plot([found.min(), found.max()], [row, row], **bar)
                dot = {"color": color, "markersize": 6, "label": f"{name}: median"}
                axes.plot(np.median(found), row, "o", **dot)
            if measure in references:
                style.bound_line(axes, references[measure], "the flow's KKT point")
            else:
                _decades(axes)
            axes.set_xlabel(measure)
            axes.grid(axis="y", visible=False)
        grid[0, 0].set_yticks(range(len(rows)), rows)
        grid[0, 0].set_ylim(len(rows) - 0.5, -0.5)
    return figure


def _decades(axes) -> None:  # noqa: ANN001
    """Make the horizontal axis logarithmic, from one power of ten to another."""
    axes.set_xscale("log")
    low, high = axes.dataLim.intervalx
    axes.set_xlim(10 ** np.floor(np.log10(low) + 0.01) / 1.5, 10 ** np.ceil(np.log10(high)) * 1.5)
    axes.xaxis.set_major_locator(LogLocator(10))
    axes.xaxis.set_minor_formatter(NullFormatter())


def far(steps: Sequence[int], measures: Mapping[str, Sequence[float]]) -> Figure:
    """Draw how far one long run is from a KKT point, by several measures, on logarithmic axes.

    Parameters
    ----------
    steps : sequence of int
        When it was looked at.
    measures : mapping from name to values
        One curve each, named at its end.
    """
    looks = ((style.FLOW, "o"), (style.ROBUST, "s"), (style.BOUND, "D"))
    with style.drawing(height=3.4) as (figure, ((axes,),)):
        for (name, values), (color, mark) in zip(measures.items(), looks, strict=False):
            axes.loglog(steps, values, f"-{mark}", color=color, markersize=4, label=name)
            style.write(axes, steps[0], values[0], f"{name} ", color=color, ha="right", va="center")
        axes.set(xlabel="steps", ylabel="distance from the KKT point")
        axes.set_xlim(steps[0] / 30, steps[-1] * 1.3)
    return figure

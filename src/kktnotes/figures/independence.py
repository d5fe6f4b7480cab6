"""Figures of "Whatever the width, wherever it starts" (sections 3 and 4)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from kktnotes import checks
from kktnotes.figures import style
from kktnotes.separability import clopper_pearson
from kktnotes.trials import Trial

COLORS = (style.FLOW, style.EXTRA[0], style.EXTRA[1], style.EXTRA[2])
"""One a start, in their order."""
WORDS = {style.EXTRA[1]: style.AMBER}  # dark enough to read
SPREAD = 0.11  # between the starts at one width, in powers of ten


def names(trials: Sequence[Trial]) -> list[str]:
    """Return the names of the starts, in the order in which they come."""
    return list(dict.fromkeys(one.start.name for one in trials))


def error_and_radius(
    trials: Sequence[Trial],
    scale: float,
    *,
    error_bound: float,
    radius_bounds: tuple[float, float],
) -> Figure:
    """Draw the exact error and radius of the KKT points reached, against width, by start.

    Left the number of zeros of the error's exact bound, mean and standard deviation over the
    runs; right the radius over `scale`, the mean of the runs' medians with the least and the
    largest of all fresh points. Dashed: what the theorem allows, and the explicit bounds (ours).

    Parameters
    ----------
    trials : sequence of Trial
        Those without a point are left out.
    scale : float
        Unit of the radii, such as sqrt(d / k).
    error_bound : float
        Base-10 logarithm of the error that the theorem allows.
    radius_bounds : pair of float
        Lower and upper bound, in the same unit.
    """
    reached = [one for one in trials if one.point is not None]
    if not reached:
        raise checks.refuse("trials", "none with a KKT point", "at least one")
    with style.drawing(1, 2, height=3.9) as (figure, ((left, right),)):
        for place, color, marker, name, width, group in _groups(reached):
            zeros = np.array([-one.log10_error for one in group])
            at = width * 10**place
            marks = {"color": color, "marker": marker, "markersize": 5, "capsize": 3}
            words = f"{name}: mean over runs, standard deviation"
            left.errorbar(at, zeros.mean(), zeros.std(), **marks, label=words)
            middle = np.mean([float(one.radius.median()) for one in group]) / scale
            least = min(float(one.radius.min()) for one in group) / scale
            most = max(float(one.radius.max()) for one in group) / scale
            words = f"{name}: median, least to largest"
            right.errorbar(at, middle, [[middle - least], [most - middle]], **marks, label=words)
        style.bound_line(left, -error_bound, "Theorem 3.1 allows", vertical=False)
        words = ("lower bound", "upper bound")
        for bound, word in zip(radius_bounds, words, strict=True):
            style.bound_line(right, bound, word, vertical=False)
        left.set(yscale="log", ylabel=r"$-\log_{10}$ of the error")
        left.set_ylim(-error_bound / 3, 30 * max(-one.log10_error for one in reached))
        right.set_ylim(0, 1.15 * radius_bounds[1])
        right.set_ylabel(r"radius, in $\sqrt{d/k}$")
        for axes in (left, right):
            _widths(axes, reached)
        edge = left.get_xlim()[1]
        style.write(left, edge, -error_bound * 1.3, "Theorem 3.1 allows", color=style.BOUND,
                    ha="right", va="bottom")  # fmt: skip
        for bound, word in zip(radius_bounds, words, strict=True):
            style.write(right, edge, bound - 0.03, word, color=style.BOUND, ha="right", va="top")
        _key(left, reached, 0.97, 0.58)
    return figure


def reached(trials: Sequence[Trial], predicted: Mapping[int, float]) -> Figure:
    """Draw the share of runs that met L < 1/n against width, by start, with its 95 % interval.

    Dashed, `predicted`: by width, the probability that every cluster has a neuron of its own
    sign that is on at the start.
    """
    with style.drawing(height=3.9) as (figure, ((axes,),)):
        for place, color, marker, name, width, group in _groups(trials):
            met = sum(one.separated for one in group)
            low, high = clopper_pearson(met, len(group))
            share = met / len(group)
            axes.errorbar(
                width * 10**place,
                share,
                [[share - low], [high - share]],
                color=color,
                marker=marker,
                capsize=3,
                linewidth=1.5,
                label=f"{name}: share, 95 % interval",
            )
        at = sorted(predicted)
        words = "every cluster\nhas a neuron\nof its sign on\nat the start"
        dashed = {"color": style.BOUND, "linewidth": 1.5, "label": words}
        axes.plot(at, [predicted[m] for m in at], "--", **dashed)
        style.write(axes, 18.0, 0.9, words, color=style.BOUND, va="top", fontsize=9)
        axes.set(ylim=(-0.05, 1.08), ylabel=r"share of runs with $L < 1/n$")
        _widths(axes, trials, room=16.0)
        _key(axes, trials, 0.97, 0.62)
    return figure


def _groups(trials: Sequence[Trial]):  # noqa: ANN202  (tuples for the loops above)
    """Yield offset, colour, marker, name, width and the trials of each start and width."""
    order = names(trials)
    for number, name in enumerate(order):
        place = SPREAD * (number - (len(order) - 1) / 2)
        own = [one for one in trials if one.start.name == name]
        for width in sorted({one.width for one in own}):
            group = [one for one in own if one.width == width]
            color, marker = COLORS[number % len(COLORS)], style.MARKERS[number]
            yield place, color, marker, name, width, group


def _widths(axes: Axes, trials: Sequence[Trial], room: float = 2.2) -> None:
    """Set the logarithmic axis of widths, with `room` on the right."""
    widths = sorted({one.width for one in trials})
    axes.set_xscale("log")
    axes.set_xlim(widths[0] / 2.2, widths[-1] * room)
    axes.set_xticks(widths, [f"{width:,}" for width in widths])
    axes.minorticks_off()
    axes.set_xlabel("width $m$")
    axes.grid(axis="x", visible=False)


def _key(axes: Axes, trials: Sequence[Trial], right: float, top: float) -> None:
    """Name the starts in their colours, with their markers, from the top down."""
    for number, name in enumerate(names(trials)):
        color = COLORS[number % len(COLORS)]
        low = top - 0.075 * number
        axes.text(
            right - 0.03,
            low,
            name,
            color=WORDS.get(color, color),
            ha="right",
            va="center",
            transform=axes.transAxes,
        )
        axes.plot(
            right,
            low,
            marker=style.MARKERS[number],
            color=color,
            transform=axes.transAxes,
            clip_on=False,
        )

"""Figures of "Whatever the width, wherever it starts" (sections 3 and 4)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from kktnotes import checks
from kktnotes.chapters.independence import Approach, Trial
from kktnotes.data.counting import clopper_pearson
from kktnotes.figures import style

COLORS = (style.FLOW, style.EXTRA[0], style.EXTRA[1], style.EXTRA[2])
"""One a start, in their order."""
LINES = {"exponential": "-", "logistic": "--"}
SPREAD = 0.12  # between the starts at one width, in powers of ten
BESIDE = 0.05  # between the losses


def names(trials: Sequence[Trial]) -> list[str]:
    """Return the names of the starts, in the order in which they come."""
    return list(dict.fromkeys(one.start.name for one in trials))


def approach_and_radius(
    paths: Mapping[tuple[str, str], Approach],
    trials: Sequence[Trial],
    scale: float,
    *,
    length: float,
    radius_bounds: tuple[float, float],
) -> Figure:
    """Draw how flows come nearer to their exact points, and how robust they themselves are.

    Left the angle of functions against ln t, one line a start and loss. Right, by start and width,
    the range that certainly holds the radius of every fresh point for the flows' own last
    networks: from the least lower to the largest upper bound, over `scale`; in grey the range of
    the exact points, dashed the explicit bounds for every KKT point (ours).

    Parameters
    ----------
    paths : mapping from (start's name, loss) to Approach
        What the left panel shows.
    trials : sequence of Trial
        Those without a point are left out.
    scale, length : float
        Unit of the radii, such as sqrt(d / k), and ||u||.
    radius_bounds : pair of float
        Lower and upper bound, in that unit.
    """
    reached = [one for one in trials if one.point is not None]
    if not reached:
        raise checks.refusal("trials", "none with a KKT point", "at least one")
    order = list(dict.fromkeys([*names(reached), *(name for name, _ in paths)]))
    with style.drawing(1, 2, height=4.0) as (figure, ((left, right),)):
        for (name, loss), path in paths.items():
            color = COLORS[order.index(name) % len(COLORS)]
            late = path.log_times >= 1
            look = {"color": color, "linestyle": LINES[loss], "linewidth": 1.6}
            left.plot(path.log_times[late], path.function_angles[late], **look,
                      label=f"{name}, {loss} loss")  # fmt: skip
        left.set(xscale="log", yscale="log", xlabel=r"$\ln t$")
        left.set_ylabel("angle to the exact point, as functions")
        for place, color, _, name, width, group in _groups(reached, order):
            low = min(float(one.last.radius.min()) for one in group) / scale
            high = max(float(one.last.eta.max()) for one in group) * length / scale
            at, middle = width * 10**place, (low + high) / 2
            right.errorbar(at, middle, (high - low) / 2, color=color, capsize=3, linewidth=2,
                           label=f"{name}: certain range of all radii")  # fmt: skip
        ends = [float(f(one.radius)) / scale for one in reached for f in (min, max)]
        right.axhspan(min(ends), max(ends), color=style.BOUND, alpha=0.5, linewidth=0,
                      label="exact points: least to largest radius")  # fmt: skip
        words = ("lower bound", "upper bound")
        for bound, word in zip(radius_bounds, words, strict=True):
            style.bound_line(right, bound, word, vertical=False)
        right.set_ylim(0, 1.15 * radius_bounds[1])
        right.set_ylabel(r"radius, in $\sqrt{d/k}$")
        _widths(right, reached)
        edge = right.get_xlim()[1]
        for bound, word in zip(radius_bounds, words, strict=True):
            style.write(right, edge, bound - 0.03, word, color=style.BOUND, ha="right", va="top")
        _key(right, reached, 0.55, 0.28)
    return figure


def reached(trials: Sequence[Trial], predicted: Mapping[int, float]) -> Figure:
    """Draw the share of runs that met L < 1/n against width, by start and loss, at 95 %.

    Filled markers for the exponential loss, hollow ones, a little to the right, for the logistic.
    Dashed, `predicted`: by width, the probability that every cluster has a neuron of its own
    sign that is on at the start.
    """
    with style.drawing(height=3.9) as (figure, ((axes,),)):
        for loss, shift, face in (("exponential", 0.0, None), ("logistic", BESIDE, "white")):
            under = [one for one in trials if one.loss == loss]
            for place, color, marker, name, width, group in _groups(under, names(trials)):
                met = sum(one.separated for one in group)
                low, high = clopper_pearson(met, len(group))
                share = met / len(group)
                axes.errorbar(
                    width * 10 ** (place + shift),
                    share,
                    [[share - low], [high - share]],
                    color=color,
                    marker=marker,
                    markerfacecolor=face or color,
                    markersize=5,
                    capsize=2,
                    linewidth=1.3,
                    label=f"{name}, {loss} loss: share, 95 % interval",
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


def _groups(trials: Sequence[Trial], order: Sequence[str]):  # noqa: ANN202  (tuples for the loops above)
    """Yield offset, colour, marker, name, width and the trials of each start and width."""
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
            color=style.WORDS.get(color, color),
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

"""Figures of "More clusters" (section 5, the first open question)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from kktnotes.chapters.many_clusters import Crowded
from kktnotes.data.counting import clopper_pearson
from kktnotes.data.linear_separation import separable_share
from kktnotes.figures import style
from kktnotes.figures.many_clusters.crowds import along, typical, values

LEAST_ERROR = 1e-5  # no error at all is drawn below this, and below the least share seen
TICKS = (0.02, 0.05, 0.1, 0.2, 0.3, 0.5, 0.7, 1, 2, 3, 5)  # of lengths on logarithmic axes


def separability(
    d: int, clusters: Sequence[int], counts: Mapping[str, Sequence[int]], draws: int
) -> Figure:
    """Draw the share of separable draws with its 95 % interval on Cover's count, against k/d.

    `counts` has, for "through the origin" and "with a bias", how many of the draws were separable
    at each number of clusters; k = 2d is marked.
    """
    every = range(max(2, min(clusters)), max(clusters) + 1)
    with style.drawing(height=3.6) as (figure, ((axes,),)):
        colors = (style.FLOW, style.AMBER)
        for row, ((name, seen), color) in enumerate(zip(counts.items(), colors, strict=True)):
            exact = [separable_share(k, d, bias=name == "with a bias") for k in every]
            axes.plot(np.array(every) / d, exact, color=color, label=f"{name}: exact")
            share = np.array(seen) / draws
            ends = np.array([clopper_pearson(one, draws) for one in seen]).T
            axes.errorbar(
                np.array(clusters) / d + 0.01 * row,
                share,
                yerr=np.abs(ends - share),
                fmt=style.MARKERS[row],
                color=color,
                markersize=5,
                capsize=2,
                elinewidth=1.0,
                label=f"{name}: share of draws, 95 % interval",
            )
            place = {"ha": "right", "va": "top", "transform": axes.transAxes}
            axes.text(0.99, 0.95 - 0.1 * row, name, color=color, **place)
        style.bound_line(axes, 2.0, "$k = 2d$")
        style.write(axes, 2.05, 0.03, "$k = 2d$", color=style.BOUND)
        axes.set(xlabel="clusters over dimension, $k/d$", ylabel="share separable")
        axes.set_ylim(-0.02, 1.04)
    return figure


def crowding(rows: Sequence[Crowded]) -> Figure:
    """Draw error, radius and flips against k/d: means over seeds with their standard deviations.

    The length for 95 % at once is a median, with a median deviation. Hollow markers at the level
    "none seen" stand for no wrong point. Rows without a certified point are left out.
    """
    known = [row for row in rows if row.point is not None]
    by_k = [[row for row in known if row.k == k] for k in sorted({row.k for row in known})]
    names = ("error", "mean_error")
    unseen = _unseen([values(own, name).mean() for own in by_k for name in names])
    with style.drawing(3, 1, height=8.4, sharex=True) as (figure, grid):
        error, radius, flip = grid[:, 0]
        _bars(error, known, "error", style.FLOW, "network", least=unseen)
        _bars(error, known, "mean_error", style.EXTRA[2], "nearest mean", least=unseen)
        error.set(ylabel="share wrong", title="fresh points that are wrong")
        _error_axis(error, unseen)
        _bars(radius, known, "nearest", style.EXTRA[2], "nearest mean")
        _bars(radius, known, "radius", style.FLOW, "network")
        ratios = np.array(sorted({row.k / row.d for row in known}))
        d = known[0].d
        name = r"$\sqrt{1/k}$"
        radius.plot(ratios, (ratios * d) ** -0.5, "--", color=style.BOUND, label=name)
        last = (ratios[-1], (ratios[-1] * d) ** -0.5)
        radius.annotate(
            name, last, (6, 0), textcoords="offset points", va="center", color=style.BOUND,
        )  # fmt: skip
        radius.set(ylabel=r"radius / $\sqrt{d}$", title="distance to the boundary, median")
        radius.set_ylim(bottom=0)
        _bars(flip, known, "flip", style.FLOW, "half of them,\neach its own $\\eta$")
        _bars(flip, known, "length", style.EXTRA[0], "95 % at once")
        flip.set(ylabel=r"$\Vert\eta u\Vert$ / $\sqrt{d}$", title="along $u$, to change signs")
        flip.set_ylim(bottom=0)
        flip.set_xlabel("clusters over dimension, $k/d$")
        for axes in grid[:, 0]:
            style.bound_line(axes, 2.0, "$k = 2d$")
            axes.margins(x=0.02)
            axes.set_xlim(0, ratios[-1] * 1.28)
    return figure


def growing(rows: Sequence[Crowded], ratios: Sequence[float]) -> Figure:
    """Draw error, radius, radius over the nearest mean's and length along u against d, k/d fixed.

    Means over draws, of lengths medians, and their standard errors; rows without a certified point
    are left out. The dashed line falls like 1 / sqrt(d), as a bound of order sqrt(d/k) would. The
    curves are named where they begin, at the least d; hollow markers stand for no wrong point.
    """
    panels = {
        "error": ("share wrong", "fresh points that are wrong"),
        "radius": (r"radius / $\sqrt{d}$", "distance to the boundary"),
        "share": ("network / nearest mean", "its share of the nearest mean's"),
        "length": (r"$\Vert\eta u\Vert$ / $\sqrt{d}$", "along $u$, 95 % at once"),
    }
    shades = [str(0.66 - 0.56 * place / max(len(ratios) - 1, 1)) for place in range(len(ratios))]
    with style.drawing(2, 2, height=6.4, sharex=True) as (figure, grid):
        for axes, (name, (unit, title)) in zip(grid.flat, panels.items(), strict=True):
            curves = [along(rows, ratio, name) for ratio in ratios]
            unseen = _unseen(np.concatenate([curve[1] for curve in curves]))
            least = unseen if name == "error" else 0.0
            begins = []
            axes.set(xscale="log", yscale="log", ylabel=unit, title=title)
            for place, (curve, shade) in enumerate(zip(curves, shades, strict=True)):
                d, middle, spread = curve
                if not len(d):
                    continue
                label, marker = f"$k/d={ratios[place]:g}$", style.MARKERS[place]
                series = f"{label}: {'median' if name == 'length' else 'mean'}, standard error"
                line = _curve(axes, d, middle, spread, marker, shade, series, least)
                begins.append((d[0], line[0], label, shade))
            if name == "error":
                _error_axis(axes, unseen)
            _name_beginnings(axes, begins)
        sizes = sorted({row.d for row in rows})
        top = grid[0, 1]
        fall = 0.95 * top.get_ylim()[1] * np.sqrt(sizes[0] / np.array(sizes, dtype=float))
        words, half = r"$1/\sqrt{d}$", len(sizes) // 2
        top.plot(sizes, fall, "--", color=style.BOUND, label=f"falls like {words}")
        style.write(top, 1.05 * sizes[half], 1.05 * fall[half], words, color=style.BOUND)
        for axes in grid[1]:
            axes.set_xlabel("dimension, $d$")
        for axes in grid.flat:
            axes.set_xticks(sizes, [str(d) for d in sizes])
            axes.set_xlim(sizes[0] / (sizes[-1] / sizes[0]) ** 0.45, 1.15 * sizes[-1])
            axes.minorticks_off()
        for axes in grid.flat[1:]:
            shown = [one for one in TICKS if np.prod(np.array(axes.get_ylim()) - one) <= 0]
            axes.set_yticks(shown, [f"{one:g}" for one in shown])
    return figure


def _name_beginnings(axes: Axes, begins: Sequence[tuple[float, float, str, str]]) -> None:
    """Write names left of the curves' beginnings, one above the other where they begin together."""
    low, high = np.log(axes.get_ylim())
    floors: dict[float, float] = {}
    for d, first, text, color in sorted(begins):
        height = max((np.log(first) - low) / (high - low), floors.get(d, 0.0))
        floors[d] = height + 0.09
        axes.annotate(
            text, (d, height), (-7, 0), xycoords=("data", "axes fraction"), ha="right",
            textcoords="offset points", va="center", fontsize=10, color=color,
        )  # fmt: skip


def _unseen(shares: Sequence[float]) -> float:
    """Return a level clearly below all positive shares, where those that are zero are drawn."""
    return min([LEAST_ERROR / 3, *(0.2 * float(share) for share in shares if share > 0)])


def _error_axis(axes: Axes, unseen: float) -> None:
    """Give an axis of errors powers of ten above the level at which no error is drawn."""
    powers = [power for power in range(-12, 1) if 10.0**power > 1.5 * unseen]
    axes.set(yscale="log", ylim=(unseen / 2, 1))
    # The lowest power has no label where that would touch the one of zero.
    texts = [f"$10^{{{power}}}$" if 10.0**power > 6 * unseen else "" for power in powers]
    axes.set_yticks([unseen, *(10.0**power for power in powers)], ["none\nseen", *texts])
    axes.minorticks_off()


def _curve(
    axes: Axes,
    places: Sequence[float],
    middle: Sequence[float],
    spread: Sequence[float],
    marker: str,
    color: str,
    label: str,
    least: float = 0.0,
) -> np.ndarray:
    """Draw a curve with bars, zeros hollow at the level `least` if that is positive.

    Returns the heights that were drawn.
    """
    middle, spread = np.array(middle, dtype=float), np.array(spread, dtype=float)
    none = (middle == 0) & (least > 0)
    heights = np.where(none, least, middle)
    # On a logarithmic axis a bar that reaches zero ends above it, at `least` if there is one.
    end = least or 0.1 * heights * (axes.get_yscale() == "log")
    below = np.minimum(spread, heights - end)
    axes.errorbar(places, heights, [below, spread], fmt="-", color=color, capsize=3, label=label)
    at = np.array(places)
    axes.plot(at[~none], heights[~none], marker, color=color, markersize=5, label=label)
    if none.any():  # rings over white, through which another curve's rings still show
        look = {"markersize": 6, "zorder": 2.5, "label": style.DECORATION}
        axes.plot(at[none], heights[none], "o", color="white", **look)
        look = {"markersize": 7, "markerfacecolor": "none", "zorder": 3}
        look["label"] = f"{label.partition(':')[0]}: none seen"
        axes.plot(at[none], heights[none], marker, color=color, **look)
    return heights


def _bars(
    axes: Axes, rows: Sequence[Crowded], name: str, color: str, label: str, *, least: float = 0.0
) -> None:
    """Draw middle and spread over the seeds at each k, infinite middles left out."""
    places, middles, spreads = [], [], []
    for k in sorted({row.k for row in rows}):
        own = [row for row in rows if row.k == k]
        middle, spread = typical(values(own, name), name)
        if np.isfinite(middle):
            places.append(k / own[0].d)
            middles.append(middle)
            spreads.append(spread)
    kind = "median, robust deviation" if name == "length" else "mean, standard deviation"
    heights = _curve(axes, places, middles, spreads, "o", color, f"{label}: {kind}", least)
    axes.annotate(
        label, (places[-1], heights[-1]), (8, 0), textcoords="offset points", va="center",
        color=color,
    )  # fmt: skip

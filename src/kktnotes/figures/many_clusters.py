"""Figures of "More clusters" (section 5, the first open question)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from kktnotes.figures import style
from kktnotes.open_questions import Crowded, separable_share
from kktnotes.separability import clopper_pearson

LEAST_ERROR = 1e-5  # where no error at all is drawn
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
            axes.plot(np.array(every) / d, exact, color=color)
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
            )
            place = {"ha": "right", "va": "top", "transform": axes.transAxes}
            axes.text(0.99, 0.95 - 0.1 * row, name, color=color, **place)
        style.bound_line(axes, 2.0)
        style.write(axes, 2.05, 0.03, "$k = 2d$", color=style.BOUND)
        axes.set(xlabel="clusters over dimension, $k/d$", ylabel="share separable")
        axes.set_ylim(-0.02, 1.04)
    return figure


def crowding(rows: Sequence[Crowded]) -> Figure:
    """Draw error, radius and flips against k/d: means over seeds with their standard deviations.

    The length for 95 % at once is a median, with a median deviation. Rows without a certified
    point are left out.
    """
    known = [row for row in rows if row.point is not None]
    with style.drawing(3, 1, height=8.4, sharex=True) as (figure, grid):
        error, radius, flip = grid[:, 0]
        _bars(error, known, "error", style.FLOW, "network", least=LEAST_ERROR)
        _bars(error, known, "mean_error", style.EXTRA[2], "nearest mean", least=LEAST_ERROR)
        error.set(yscale="log", ylabel="share wrong", title="fresh points that are wrong")
        error.set_ylim(LEAST_ERROR / 2, 1)
        style.write(error, 0.03, 1.6 * LEAST_ERROR, "none seen", color=style.BOUND)
        _bars(radius, known, "nearest", style.EXTRA[2], "nearest mean")
        _bars(radius, known, "radius", style.FLOW, "network")
        ratios = np.array(sorted({row.k / row.d for row in known}))
        d = known[0].d
        radius.plot(ratios, (ratios * d) ** -0.5, "--", color=style.BOUND)
        last = (ratios[-1], (ratios[-1] * d) ** -0.5)
        radius.annotate(
            r"$\sqrt{1/k}$", last, (6, 0), textcoords="offset points", va="center",
            color=style.BOUND,
        )  # fmt: skip
        radius.set(ylabel=r"radius / $\sqrt{d}$", title="distance to the boundary, median")
        radius.set_ylim(bottom=0)
        _bars(flip, known, "flip", style.FLOW, "half of them,\neach its own $\\eta$")
        _bars(flip, known, "length", style.EXTRA[0], "95 % at once")
        flip.set(ylabel=r"$\Vert\eta u\Vert$ / $\sqrt{d}$", title="along $u$, to change signs")
        flip.set_ylim(bottom=0)
        flip.set_xlabel("clusters over dimension, $k/d$")
        for axes in grid[:, 0]:
            style.bound_line(axes, 2.0)
            axes.margins(x=0.02)
            axes.set_xlim(0, ratios[-1] * 1.28)
    return figure


def growing(rows: Sequence[Crowded], ratios: Sequence[float]) -> Figure:
    """Draw error, radius, radius over the nearest mean's and length along u against d, k/d fixed.

    Means over draws, of lengths medians, and their standard errors; rows without a certified point
    are left out. The dashed line falls like 1 / sqrt(d), as a bound of order sqrt(d/k) would.
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
            least = LEAST_ERROR if name == "error" else 0.0
            ends = []
            for place, (ratio, shade) in enumerate(zip(ratios, shades, strict=True)):
                d, middle, spread = along(rows, ratio, name)
                if not len(d):
                    continue
                middle = np.maximum(middle, least)
                bars = [np.minimum(spread, 0.9 * middle - 0.4 * least), spread]
                line = f"{style.MARKERS[place]}-"
                axes.errorbar(d, middle, bars, fmt=line, color=shade, capsize=3, markersize=5)
                ends.append((d[-1], middle[-1], f"$k/d={ratio:g}$", shade))
            axes.set(xscale="log", yscale="log", ylabel=unit, title=title)
            _name_ends(axes, ends)
        sizes = sorted({row.d for row in rows})
        top = grid[0, 1]
        fall = 0.95 * top.get_ylim()[1] * np.sqrt(sizes[0] / np.array(sizes, dtype=float))
        top.plot(sizes, fall, "--", color=style.BOUND)
        half = len(sizes) // 2
        style.write(top, 1.05 * sizes[half], 1.05 * fall[half], r"$1/\sqrt{d}$", color=style.BOUND)
        style.write(grid[0, 0], sizes[0], 1.3 * LEAST_ERROR, "none seen", color=style.BOUND)
        for axes in grid[1]:
            axes.set_xlabel("dimension, $d$")
        for axes in grid.flat:
            axes.set_xticks(sizes, [str(d) for d in sizes])
            axes.set_xlim(sizes[0] / 1.15, sizes[-1] * (sizes[-1] / sizes[0]) ** 0.3)
            axes.minorticks_off()
        for axes in grid.flat[1:]:
            shown = [one for one in TICKS if np.prod(np.array(axes.get_ylim()) - one) <= 0]
            axes.set_yticks(shown, [f"{one:g}" for one in shown])
    return figure


def _name_ends(axes: Axes, ends: Sequence[tuple[float, float, str, str]]) -> None:
    """Write names right of the curves' ends, one above the other where they end together."""
    low, high = np.log(axes.get_ylim())
    floors: dict[float, float] = {}
    for d, last, text, color in sorted(ends):
        height = max((np.log(last) - low) / (high - low), floors.get(d, 0.0))
        floors[d] = height + 0.09
        axes.annotate(
            text, (d, height), (7, 0), xycoords=("data", "axes fraction"),
            textcoords="offset points", va="center", fontsize=10, color=color,
            bbox={"facecolor": "white", "edgecolor": "none", "alpha": 0.8, "pad": 1.0},
        )  # fmt: skip


def along(
    rows: Sequence[Crowded], ratio: float, name: str
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the dimensions at one k/d, and there the mean over draws and its standard error.

    Of lengths along u, the median and its error. Rows without a certified point are left out, and
    so are infinite medians; one draw has no error to show.
    """
    known = [row for row in rows if row.point is not None and row.k == ratio * row.d]
    found = []
    for d in sorted({row.d for row in known}):
        own = values([row for row in known if row.d == d], name)
        middle, spread = _typical(own, name)
        if np.isfinite(middle):
            found.append((d, middle, spread / np.sqrt(len(own))))
    return tuple(np.array(found, dtype=float).reshape(-1, 3).T)


def values(rows: Sequence[Crowded], name: str) -> np.ndarray:
    """Return one number a row.

    "error" and "mean_error" are shares of the counted points, "share" is the network's radius over
    the nearest mean's; other names are those of `Crowded`.
    """
    if name == "error":
        return np.array([row.errors / row.counted for row in rows])
    if name == "mean_error":
        return np.array([row.mean_errors / row.counted for row in rows])
    if name == "share":
        return np.array([row.radius / row.nearest for row in rows])
    return np.array([getattr(row, name) for row in rows])


def _typical(found: np.ndarray, name: str) -> tuple[float, float]:
    """Return mean and standard deviation over draws, of lengths along u the robust kind.

    That is the median and 1.48 times the median deviation from it, as now and then a draw needs a
    huge length, or has none.
    """
    if name == "length":
        middle = float(np.median(found))
        finite = found[np.isfinite(found)]
        return middle, 1.48 * float(np.median(np.abs(finite - middle))) if len(finite) else 0.0
    return float(found.mean()), float(found.std(ddof=1)) if len(found) > 1 else 0.0


def _bars(
    axes: Axes, rows: Sequence[Crowded], name: str, color: str, label: str, *, least: float = 0.0
) -> None:
    """Draw middle and spread over the seeds at each k, infinite middles left out."""
    places, middles, spreads = [], [], []
    for k in sorted({row.k for row in rows}):
        own = [row for row in rows if row.k == k]
        middle, spread = _typical(values(own, name), name)
        if np.isfinite(middle):
            places.append(k / own[0].d)
            middles.append(max(middle, least))
            spreads.append(spread)
    below = np.minimum(spreads, np.array(middles) - least / 2)
    axes.errorbar(
        places, middles, yerr=[below, spreads], fmt="o-", color=color, capsize=3, markersize=5
    )
    axes.annotate(
        label, (places[-1], middles[-1]), (8, 0), textcoords="offset points", va="center",
        color=color,
    )  # fmt: skip

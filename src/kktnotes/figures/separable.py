"""Figures of "Data without clusters" (section 5, the second open question)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.figure import Figure
from scipy import stats

from kktnotes.chapters.separable import Compared, Halved, surrounded_chance
from kktnotes.data.counting import clopper_pearson
from kktnotes.figures import style

COLORS = {"small": style.FLOW, "large": style.PINK, "poisoned": style.AMBER}
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
    with style.drawing(lines, columns, height=2.9 * lines + 0.3, sharex=True, sharey=True) as (
        figure,
        grid,
    ):
        for axes in grid.ravel()[len(names) :]:
            axes.set_axis_off()
        for axes, name in zip(grid.ravel(), names, strict=False):
            dashed = {"color": style.BOUND, "linewidth": 1.2, "label": "diagonal"}
            axes.plot([0, top], [0, top], "--", **dashed)
            starts = [s for s in COLORS if any(r.name == name and r.start == s for r in known)]
            for number, start in enumerate(starts):
                own = [row for row in known if (row.name, row.start) == (name, start)]
                axes.plot(
                    [100 * row.linear for row in own],
                    [100 * row.network for row in own],
                    style.MARKERS[number],
                    color=COLORS[start],
                    markersize=(4, 7, 8)[number],
                    markerfacecolor="none" if number else COLORS[start],
                    markeredgewidth=1.1,
                    label=f"start: {start}",
                )
            axes.set(title=name, xlim=(-0.02 * top, top), ylim=(-0.02 * top, top), aspect="equal")
        for axes in grid[-1]:
            axes.set_xlabel("linear, % wrong")
        for axes in grid[:, 0]:
            axes.set_ylabel("network, % wrong")
        most = max(grid.ravel(), key=lambda axes: len(axes.lines))
        figure.legend(handles=most.lines[1:], loc="outside lower center", ncols=3, fontsize=10)
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
    colors = (style.SKY, style.FLOW, style.PINK)
    places = ((-1, (0, 9), "bottom"), (len(sizes) // 2, (-10, -6), "top"), (-1, (0, -12), "top"))
    with style.drawing(height=3.8) as (figure, ((axes,),)):
        every = np.linspace(0, max(sizes) * 1.05, 200)
        words, missed = "corners not in the sample", (1 - 1 / corners) ** every
        axes.plot(every, missed, "--", color=style.BOUND, label=words)
        style.write(axes, every[120], missed[120] + 0.07, words, color=style.BOUND)
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
                markersize=(7, 6, 9)[row],
                markerfacecolor="none" if row == 2 else color,
                label=f"{name}: mean over samples, standard deviation",
            )
            at, offset, va = places[row]
            beside = {"ha": "right", "va": va, "offset": offset, "color": color, "bbox": None}
            style.write(axes, sizes[at], middle[at], name, **beside)
        axes.set(xlabel="training points $n$", ylabel="share wrong, exact", ylim=(-0.03, 1.05))
    return figure


CEILING = 1000.0
"""Zeros behind the decimal point; what has more is drawn there."""


def halving(
    grown: Mapping[int, Sequence[Halved]],
    dimension: int,
    drawn: Mapping[int, Sequence[tuple[bool, bool]]],
) -> Figure:
    """Draw both errors on wide Gaussians against n, and how often each is exactly zero.

    `grown` has the rows of each n, and `drawn` whether samples surround the origin, as a whole
    and by halves; Wendel's probabilities of this are the curves.
    """
    kinds = (
        ("linear, maximum margin", "linear", style.AMBER, "s"),
        ("KKT point", "lower", style.FLOW, "o"),
    )
    sizes = list(grown)
    with style.drawing(1, 2, width=9.0, height=3.8) as (figure, ((left, right),)):
        for name, value, color, marker in kinds:
            middles = []
            for n, rows in grown.items():
                zeros = [min(-getattr(row, value), CEILING) for row in rows if row.point]
                label = f"{name}, one sample each"
                left.plot([n] * len(zeros), zeros, marker, color=color, alpha=0.5, label=label)
                middles.append(np.median(zeros) if zeros else np.nan)
            left.plot(sizes, middles, color=color, label=f"{name}, median")
            if value == "linear":
                options = {"color": color, "label": "linear, median, at 2 n"}
                left.plot([2 * n for n in sizes], middles, "--", **options)
        style.write(left, 38, 60, "linear", color=style.AMBER, ha="right")
        style.write(left, 62, 1.7, "KKT point of the network", color=style.FLOW)
        style.write(left, 118, 9, "linear, from\nhalf of them", color=style.AMBER)
        left.set(xscale="log", yscale="log", xlim=(0.9 * min(sizes), 1.1 * max(sizes)))
        ticks = [n for n in (24, 40, 80, 160) if min(sizes) <= n <= max(sizes)]
        left.set_xticks(ticks, [str(n) for n in ticks])
        left.set_xticks([], minor=True)
        left.set_yticks([1, 10, 100, CEILING], ["1", "10", "100", "1,000\nor more"])
        left.set(xlabel="training points $n$", ylabel="zeros of the error")
        left.set_title("how small the error is")
        across = np.arange(min(drawn), max(drawn) + 1, 4)
        chances = np.array([surrounded_chance(int(n), dimension) for n in across])
        for place, (name, _, color, marker) in enumerate(kinds):
            label = f"{name}, Wendel's formula"
            right.plot(across / dimension, chances[:, place], color=color, label=label)
            counts = [(sum(one[place] for one in own), len(own)) for own in drawn.values()]
            shares = np.array([count / total for count, total in counts])
            reach = np.abs(np.array([clopper_pearson(*count) for count in counts]).T - shares)
            options = {"fmt": marker, "color": color, "capsize": 3, "label": f"{name}, drawn"}
            right.errorbar(np.array(list(drawn)) / dimension, shares, reach, **options)
        style.write(right, 1.85, 0.72, "linear", color=style.AMBER, ha="right")
        style.write(right, 4.0, 0.5, "KKT point", color=style.FLOW, ha="right")
        right.set(xlabel="points per noise dimension, $n / m$", ylabel="share of samples")
        right.set_title("error exactly zero")
    return figure

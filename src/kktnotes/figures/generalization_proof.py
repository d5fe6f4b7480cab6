"""Figures of "Why it generalizes" (section 3.1): the chain's terms and the cluster sums."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from kktnotes import checks
from kktnotes.figures import style
from kktnotes.sample import Sample
from kktnotes.theory import Chain, ClusterSums, InnerProducts, constants

CROSS = style.EXTRA[2]
OPPOSITE = style.EXTRA[0]
STEP = 0.8  # width of a bar


def waterfall(chain: Chain, fresh: Sample, points: Sequence[int]) -> Figure:
    """Draw how y N(x) of some fresh points is made up, whole above, magnified at the top below.

    From left to right for each point: the own cluster's term, the other clusters' terms one after
    the other, what the opposite neurons take off, and what is left: the right side of Eq. (5).
    The dot is y N(x), the dashed line the chain's last line put into Eq. (5).
    """
    for point in points:
        checks.integer("points", int(point), least=0)
    others = chain.terms.shape[1] - 1
    length = others + 3 + 1.5  # bars of a point and the gap behind them
    starts = [number * length for number in range(len(points))]
    with style.drawing(2, 1, height=5.6, sharex=True, height_ratios=(1, 1.6)) as (figure, grid):
        whole, near = grid.ravel()
        levels = []
        for start, point in zip(starts, points, strict=True):
            for axes in (whole, near):
                levels += _steps(axes, chain, point, start, fresh)
        low, high = min(levels), max(levels)
        pad = 0.2 * (high - low)
        near.set_ylim(low - 1.2 * pad, high + 1.6 * pad)
        whole.set_ylim(0, 1.18 * high)
        whole.set(ylabel="parts of $y\\,N(x)$", title="the whole")
        near.set(ylabel="magnified", title="the top of it")
        labels = [
            f"cluster {int(fresh.cluster[p])} ({style.label_name(float(fresh.y[p]))})"
            for p in points
        ]
        near.set_xticks([start + (others + 2) / 2 for start in starts], labels)
        near.set_xlabel("one fresh point of each of these clusters")
        near.ticklabel_format(axis="y", useOffset=False)
        for axes in (whole, near):
            axes.grid(axis="x", visible=False)
        _words(whole, starts[0], others, float(chain.own[points[0]]))
    return figure


def _steps(axes: Axes, chain: Chain, point: int, start: float, fresh: Sample) -> list[float]:
    """Draw the bars of one point; return the levels between them."""
    name = f"point of cluster {int(fresh.cluster[point])}"
    own = float(chain.own[point])
    color = style.label_color(float(fresh.y[point]))
    axes.bar(start, own, STEP, color=color, label=f"{name}: own cluster")
    level, levels = own, [own]
    for number, term in enumerate(chain.terms[point][~chain.is_own[point]].tolist(), 1):
        look = {"color": CROSS, "label": f"{name}: other clusters"}
        axes.bar(start + number, term, STEP, bottom=level, **look)
        level += term
        levels.append(level)
    place = start + len(levels)
    opposite = float(chain.opposite[point])
    look = {"color": OPPOSITE, "label": f"{name}: opposite neurons"}
    axes.bar(place, -opposite, STEP, bottom=level, **look)
    axes.bar(place + 1, level - opposite, STEP, color=style.FLOW, label=f"{name}: Eq. (5)")
    margin, bound = float(chain.margin[point]), float(chain.bound[point])
    look = {"color": "white", "markeredgecolor": style.FLOW, "zorder": 5}
    axes.plot(place + 1, margin, "o", **look, label=f"{name}: $y\\,N(x)$")
    look = {"color": style.FLOW, "linewidth": 0.6, "label": style.DECORATION}
    for left, right, at in zip(range(len(levels)), range(1, len(levels) + 1), levels, strict=True):
        axes.plot([start + left, start + right], [at, at], **look)
    axes.plot(
        [start - STEP / 2, place + 1 + STEP / 2],
        [bound, bound],
        color=style.BOUND,
        linestyle="--",
        linewidth=1.3,
        zorder=4,
        label=f"{name}: bound, the chain's last line",
    )
    return [*levels, level - opposite, margin, bound]


def _words(axes: Axes, start: float, others: int, own: float) -> None:
    """Name the parts at the first point, upright in or under their bars."""
    upright = {"rotation": 90, "ha": "center", "va": "center", "fontsize": 9}
    axes.text(start, own / 2, "own cluster", color="white", **upright)
    middle = start + (others + 1) / 2
    axes.text(middle, own / 2, "other clusters", color=style.FLOW, **upright)
    place = start + others + 1
    axes.text(place, own / 2, "opposite neurons", color=style.FLOW, **upright)
    axes.text(place + 1, own / 2, "Eq. (5)", color="white", **upright)


def cluster_sums(sums: ClusterSums, sample: Sample, measured: InnerProducts) -> Figure:
    """Draw every cluster's own sum A_q and wrong sum W_q, times d, between their bounds.

    Left A_q on a linear axis from 0; right A_q and W_q on a logarithmic one, where the two differ
    by the ratio of inner products across and within clusters. Sums that are 0 are left out there.
    """
    groups = sample.cluster.unique()
    labels = sample.clusters.labels[groups].tolist()
    own, wrong = (sums.own * sample.d).numpy(), (sums.wrong * sample.d).numpy()
    place = np.arange(len(groups))
    lower = constants.own_sum_lower(measured).value * sample.d
    upper = constants.cluster_sum_upper(measured).value * sample.d
    most = constants.wrong_sum_upper(measured, total=sums.total).value * sample.d
    with style.drawing(1, 2, height=3.6) as (figure, ((left, right),)):
        for q, label in enumerate(labels):
            color = style.label_color(label)
            dot = {"color": color, "markersize": 7}
            word = f"label {style.label_name(label)}"
            for axes in (left, right):
                axes.plot(place[q], own[q], "o", **dot, label=f"$A_q$, {word}")
            if wrong[q] > 0:
                hollow = {**dot, "markerfacecolor": "white", "label": f"$W_q$, {word}"}
                right.plot(place[q], wrong[q], "o", **hollow)
        for value, word in ((lower, "lower bound of $A_q$"), (upper, "upper bound of $A_q$")):
            style.bound_line(left, value, word, vertical=False)
        style.bound_line(right, most, "upper bound of $W_q$", vertical=False)
        right.set_yscale("log")
        least = min([most, *wrong[wrong > 0]])
        right.set_ylim(least / 4, 6 * max(own))
        left.set_ylim(0, 1.3 * max(upper, own.max()))
        last = place[-1] + 0.3
        style.write(
            left, last, lower - 0.03, "lower bound", color=style.BOUND, ha="right", va="top"
        )
        style.write(
            left, last, upper + 0.03, "upper bound", color=style.BOUND, ha="right", va="bottom"
        )
        style.write(
            right,
            last,
            most * 1.15,
            "upper bound of $W_q$",
            color=style.BOUND,
            ha="right",
            va="bottom",
        )
        style.write(right, last, own.max() * 1.5, "$A_q$, own sign", ha="right", va="bottom")
        style.write(right, last, least / 3.4, "$W_q$, other sign", ha="right", va="bottom")
        for axes in (left, right):
            axes.set_xlim(place[0] - 0.6, place[-1] + 0.6)
            axes.set_xlabel("cluster $q$ (label)")
            shown = place[:: max(1, len(place) // 6)]
            names = [f"{int(groups[q])} ({style.label_name(labels[q])})" for q in shown]
            axes.set_xticks(shown, names)
            axes.grid(axis="x", visible=False)
        left.set(ylabel=r"$d \cdot A_q$", title="own sums")
        right.set(title=r"both, times $d$, logarithmic")
        right.set_ylabel(r"$d \cdot A_q$ and $d \cdot W_q$", visible=False)
    return figure

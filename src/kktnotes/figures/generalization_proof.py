"""Figures of "Why it generalizes" (section 3.1): the chain's terms and the cluster sums."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from kktnotes import checks
from kktnotes.data.sample import Sample
from kktnotes.figures import style
from kktnotes.theory import Chain, ClusterSums, InnerProducts, constants

CROSS = style.EXTRA[2]
OPPOSITE = style.EXTRA[0]
STEP = 0.8  # width of a bar


def waterfall(chain: Chain, fresh: Sample, points: Sequence[int]) -> Figure:
    """Draw how y N(x) of some fresh points is made up, the top of the bars magnified.

    From left to right for each point: the own cluster's term, the other clusters' terms one after
    the other, what the opposite neurons take off, and what is left: the right side of Eq. (5).
    The dot is y N(x), the dashed line the chain's last line put into Eq. (5).
    """
    for point in points:
        checks.integer("points", int(point), least=0)
    others = chain.terms.shape[1] - 1
    length = others + 3 + 1.5  # bars of a point and the gap behind them
    starts = [number * length for number in range(len(points))]
    with style.drawing(height=4.2) as (figure, ((axes,),)):
        levels = []
        for start, point in zip(starts, points, strict=True):
            levels += _steps(axes, chain, point, start, fresh)
        low, high = min(levels), max(levels)
        pad = 0.2 * (high - low)
        axes.set_ylim(low - 1.2 * pad, high + 1.6 * pad)
        axes.set_ylabel("parts of $y\\,N(x)$")
        axes.set_title("the top of the bars, which begin at 0 far below")
        labels = [
            f"cluster {int(fresh.cluster[p])} ({style.label_name(float(fresh.y[p]))})"
            for p in points
        ]
        axes.set_xticks([start + (others + 2) / 2 for start in starts], labels)
        axes.set_xlabel("one fresh point of each of these clusters")
        axes.ticklabel_format(axis="y", useOffset=False)
        axes.grid(axis="x", visible=False)
        _words(axes, chain, points[0], starts[0], 0.02 * (high - low))
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


def _words(axes: Axes, chain: Chain, point: int, start: float, least: float) -> None:
    """Name the parts at the first point, at their bars; what is below `least` has no bar to see."""
    own, opposite = float(chain.own[point]), float(chain.opposite[point])
    terms = np.asarray(chain.terms[point][~chain.is_own[point]])
    ends = own + np.cumsum(terms)
    look = {"fontsize": 9, "bbox": None}
    above = {"ha": "center", "va": "bottom", "offset": (0, 4), **look}
    style.write(axes, start, own, "own\ncluster", **above)
    beside = {"va": "center", "offset": (6, 0), **look}
    largest = int(np.abs(terms).argmax()) if len(terms) else 0
    if len(terms) and abs(terms[largest]) > least:
        top = max(ends[largest], ends[largest] - terms[largest])
        words, place = "other\nclusters", start + largest + 1 + STEP / 2
        style.write(axes, place, top, words, color=CROSS, **{**beside, "va": "top"})
    last, place = ends[-1] if len(terms) else own, start + len(terms) + 1
    if opposite > least:
        middle, words = last - opposite / 2, "opposite\nneurons"
        style.write(axes, place + STEP / 2, middle, words, color=OPPOSITE, **beside)
    style.write(axes, place + 1, last, "Eq. (5)", **{**above, "offset": (0, 7)})


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

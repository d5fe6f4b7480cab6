"""Figures of "Gradient flow and Theorem 2.1" (section 2): the anatomy of a KKT point."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from kktnotes.data.sample import Sample
from kktnotes.figures import style
from kktnotes.kkt import Certificate, KKTPoint
from kktnotes.kkt.conditions import normalized_preactivations

NAMES = {
    "stationarity_weights": "Eq. (3), $w$",
    "stationarity_biases": "Eq. (4), $b$",
    "stationarity_output": "equation of $v$",
    "complementary_slackness": "slackness",
    "kink": "kinks",
    "euler_gap": "Euler",
}
KINK = style.EXTRA[1]
ROUNDING = 1e-17  # where residuals that are exactly zero are drawn


def residuals(certificates: Mapping[str, Certificate]) -> Figure:
    """Draw the residuals of some networks on a logarithmic axis, one row a KKT condition."""
    styles = [("o", style.EXTRA[0]), ("D", style.EXTRA[2]), ("s", style.FLOW)]
    with style.drawing(height=3.6) as (figure, ((axes,),)):
        worst = max(certificates, key=lambda name: certificates[name].stationarity_weights)
        for (name, found), (marker, color) in zip(
            certificates.items(), styles[-len(certificates) :], strict=True
        ):
            values = [max(found.residuals[key], ROUNDING) for key in NAMES]
            look = {"color": color, "markersize": 8, "label": name}
            axes.semilogx(values, range(len(NAMES)), marker, **look)
            right = name == worst or found.stationarity_weights < 1e-9
            axes.annotate(
                name,
                (values[0], 0),
                (9 if right else -9, 0),
                textcoords="offset points",
                ha="left" if right else "right",
                va="center",
                color=color,
            )
        axes.set_yticks(range(len(NAMES)), NAMES.values())
        axes.set_ylim(len(NAMES) - 0.1, -0.6)
        axes.set_xlim(ROUNDING / 3, 100.0)
        style.bound_line(axes, np.finfo(float).eps, "rounding")
        style.write(
            axes, np.finfo(float).eps * 1.5, len(NAMES) - 0.25, "rounding", color=style.BOUND
        )
        axes.set_xlabel("residual, relative to the left side of its equation")
    return figure


def multipliers(point: KKTPoint, sample: Sample) -> Figure:
    """Draw lambda_i times d in decreasing order, cluster by cluster, with each cluster's sum."""
    values = (point.multipliers * sample.d).numpy()
    cluster = sample.cluster.numpy()
    with style.drawing(height=3.8) as (figure, ((axes,),)):
        start, middles, names = 0, [], []
        for q, label in enumerate(sample.clusters.labels.tolist()):
            own = np.sort(values[cluster == q])[::-1]
            if not len(own):
                continue
            place = np.arange(start, start + len(own))
            color = style.label_color(label)
            names.append(f"{q} ({style.label_name(label)})")
            look = {"color": color, "linewidth": 1.0, "alpha": 0.8, "label": f"cluster {names[-1]}"}
            axes.vlines(place, 0, own, **look)
            axes.text(
                place.mean(),
                values.max() * 1.03,
                f"sum {own.sum():,.0f}",
                ha="center",
                color=color,
            )
            middles.append(place.mean())
            start += len(own) + max(2, len(values) // 50)
        axes.set_xticks(middles, names)
        axes.set(ylim=(0, values.max() * 1.12), ylabel=r"$d \cdot \lambda_i$")
        axes.set_xlabel("training points by cluster (label)")
        axes.grid(axis="x", visible=False)
    return figure


def kinks(point: KKTPoint, sample: Sample) -> Figure:
    """Draw phi'_ij of every pair of neuron and training point, and h_ij near zero.

    Upper row phi'_ij = a_ij / lambda_i: 1 where the neuron is on, 0 where it is off, between on a
    kink. Lower row h_ij / (||w~_j|| ||x~_i||) of the same pairs, magnified around zero: pairs that
    are on lie far above. One column a neuron; points in the order of their clusters. Points with
    lambda_i = 0 are left out above.
    """
    order = np.argsort(sample.cluster.numpy(), kind="stable")
    ends = np.cumsum(sample.counts.numpy())
    lam = point.multipliers.numpy()[order]
    fraction = point.subgradients.numpy()[order] / np.where(lam > 0, lam, 1.0)[:, None]
    height = normalized_preactivations(point.network, point.x).numpy()[order]
    deepest = max(-height.min(), 1e-12)
    free = (fraction > 0) & (fraction < 1) & (lam > 0)[:, None]
    place = np.arange(len(order))
    width = point.network.width
    with style.drawing(2, width, height=4.6, sharex=True, sharey="row") as (figure, grid):
        for j in range(width):
            color = style.label_color(float(point.network.output[j]))
            for axes, values, used in (
                (grid[0, j], fraction[:, j], lam > 0),
                (grid[1, j], height[:, j], lam >= 0),
            ):
                plain = used & ~free[:, j]
                dots = {"color": color, "markersize": 3, "label": "on or off"}
                axes.plot(place[plain], values[plain], ".", **dots)
                diamonds = {"color": KINK, "markersize": 5, "zorder": 4, "label": "on a kink"}
                axes.plot(place[free[:, j]], values[free[:, j]], "D", **diamonds)
                _borders(axes, ends)
            sign = "v > 0" if point.network.output[j] > 0 else "v < 0"
            grid[0, j].set_title(f"neuron {j + 1}, ${sign}$")
            grid[1, j].set_xlabel("training points by cluster")
        grid[0, 0].set_ylabel(r"subgradient $\phi'_{ij}$")
        grid[1, 0].set(ylabel=r"cosine of $\tilde{w}_j$, $\tilde{x}_i$")
        grid[1, 0].set_ylim(-1.15 * deepest, 0.35 * deepest)
    return figure


def _borders(axes: Axes, ends: np.ndarray) -> None:
    """Draw where one cluster ends and the next begins, and number the clusters."""
    for end in ends[:-1]:
        axes.axvline(end - 0.5, color="black", linewidth=0.5, label="between two clusters")
    starts = np.concatenate([[0], ends[:-1]])
    middles = [(a + b) / 2 for a, b in zip(starts, ends, strict=True) if b > a]
    axes.set_xticks(middles, [str(q) for q in range(len(ends)) if ends[q] > starts[q]])
    axes.grid(axis="x", visible=False)

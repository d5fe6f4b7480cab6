"""Figures of "Which KKT point": ends of flows started nearby, and what the bias does (ours)."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from kktnotes.data.counting import clopper_pearson
from kktnotes.figures import style
from kktnotes.networks.biased import BEST_BIAS, biased_radius

SINGLE = 60.0
"""Area of the dot of one point, in square points."""
RADIUS = "radius at a mean, in units of $\\sqrt{d}$"


def norms_and_radii(
    sets: Sequence[int],
    squares: Sequence[float],
    radii: Sequence[float],
    named: Mapping[int, str],
) -> Figure:
    """Draw the least radius of KKT points against their squared norm.

    Points that coincide to six digits share a dot; its area is in proportion to their number,
    which stands in it.

    Parameters
    ----------
    sets : sequence of int
        Number of neurons of each point.
    squares, radii : sequences of float
        ||theta||^2 sqrt(d) and radius / sqrt(d) of each point.
    named : mapping from index to name
        Points that get a label.
    """
    squares, radii, sets = np.asarray(squares), np.asarray(radii), np.asarray(sets)
    with style.drawing(height=3.6) as (figure, ((axes,),)):
        places = np.round([squares, radii], 6).T
        places, counts = np.unique(places, axis=0, return_counts=True)
        look = {"s": SINGLE * counts, "color": style.BOUND, "zorder": 2}
        axes.scatter(*places.T, **look, label="KKT points")
        for place, count in zip(places, counts, strict=True):
            if count > 1:
                middle = {"ha": "center", "va": "center", "fontsize": 9, "color": "white"}
                axes.annotate(str(count), place, **middle)
        span = squares.max() - squares.min()
        for index, name in named.items():
            look = {"s": SINGLE, "color": style.FLOW, "zorder": 2, "label": name}
            axes.scatter(squares[index], radii[index], **look)
            left = squares[index] < squares.min() + 0.5 * span
            style.write(
                axes,
                squares[index],
                radii[index] + (0.008 if left else -0.008),
                f"{name}: {sets[index]} neurons",
                ha="left" if left else "right",
                va="bottom" if left else "top",
            )
        axes.margins(0.08, 0.15)
        axes.set(
            xlabel=r"$\|\theta\|^2 \cdot \sqrt{d}$, at least margin 1",
            ylabel=r"least radius / $\sqrt{d}$",
        )
    return figure


def ended(
    known: tuple[Sequence[float], Sequence[float]],
    squares: Sequence[float],
    radii: Sequence[float],
    counts: Sequence[int],
) -> Figure:
    """Draw where flows ended among known KKT points, as rings with an area by their number.

    Parameters
    ----------
    known : pair of sequences of float
        ||theta||^2 sqrt(d) and mean radius / sqrt(d) of the known points.
    squares, radii : sequences of float
        The same of the points at which flows ended.
    counts : sequence of int
        How many flows ended at each; those at one place, to six digits, share a ring.
    """
    places = np.round([squares, radii], 6).T
    places, which = np.unique(places, axis=0, return_inverse=True)
    area = SINGLE * np.bincount(which.ravel(), weights=np.asarray(counts, dtype=float))
    with style.drawing(height=3.6) as (figure, ((axes,),)):
        look = {"s": SINGLE / 3, "color": style.BOUND, "zorder": 2, "label": "partition points"}
        axes.scatter(*known, **look)
        rings = {"facecolors": "none", "edgecolors": style.FLOW, "linewidths": 1.5, "zorder": 3}
        axes.scatter(*places.T, s=area, label="ends of flows", **rings)
        extremes = ("averaged", np.argmin(known[0]), 1), ("decoupled", np.argmax(known[0]), -1)
        for name, at, side in extremes:
            put = {"ha": "left" if side > 0 else "right", "va": "center"}
            style.write(axes, known[0][at] + 0.25 * side, known[1][at], name, **put)
        axes.margins(0.1, 0.15)
        axes.set(
            xlabel=r"$\|\theta\|^2 \cdot \sqrt{d}$, at least margin 1",
            ylabel=r"mean radius / $\sqrt{d}$",
        )
    return figure


def shares(
    counts: Mapping[str, tuple[int, int]],
    predicted: Mapping[str, float],
    *,
    xlabel: str = "share of flows",
) -> Figure:
    """Draw counted shares, one row each, with 95 % intervals and what was predicted.

    Parameters
    ----------
    counts : mapping from name to (hits, trials)
        What was counted; the intervals are Clopper and Pearson's.
    predicted : mapping from name to float
        Predicted shares, dashed, of some of the rows.
    """
    with style.drawing(height=0.9 + 0.42 * len(counts)) as (figure, ((axes,),)):
        for row, (name, (hits, trials)) in enumerate(counts.items()):
            low, high = clopper_pearson(hits, trials)
            look = {"color": style.FLOW, "linewidth": 1.5, "label": f"{name}: 95 % interval"}
            axes.plot([low, high], [row, row], **look)
            look = {"color": style.FLOW, "markersize": 7, "label": f"{name}: counted"}
            axes.plot(hits / trials, row, "o", **look)
            if name in predicted:
                at = predicted[name]
                look = {"color": style.BOUND, "label": f"{name}: predicted"}
                axes.plot([at, at], [row - 0.3, row + 0.3], "--", **look)
        axes.set_yticks(range(len(counts)), counts)
        axes.set_ylim(len(counts) - 0.5, -0.5)
        axes.set(xlim=(-0.02, 1.02), xlabel=xlabel)
        axes.grid(axis="y", visible=False)
    return figure


def bias(
    k: int,
    biases: Sequence[float],
    radii: Sequence[float],
    margins: Sequence[float],
    residuals: Sequence[float],
) -> Figure:
    """Draw radius and normalized margin of one neuron a cluster against its bias.

    Parameters
    ----------
    k : int
        Clusters, for the closed form of the radius.
    biases, radii, margins, residuals : sequences of float
        b, radius / sqrt(d), normalized margin, largest relative KKT residual; networks with a
        residual below 1e-8 are drawn as KKT points.
    """
    biases, margins = np.asarray(biases), np.asarray(margins) / max(margins)
    exact = np.asarray(residuals) < 1e-8
    fine = np.linspace(min(biases.min(), -2.0), 0.0, 400)
    with style.drawing(1, 2, height=3.8) as (figure, ((left, right),)):
        closed = [biased_radius(k, b) for b in fine]
        left.plot(fine, closed, "--", color=style.BOUND, linewidth=1.5, label="closed form")
        for axes, values in ((left, np.asarray(radii)), (right, margins)):
            dots = {"color": style.ROBUST, "markersize": 5, "label": "other biases"}
            axes.plot(biases[~exact], values[~exact], "o", **dots)
            squares = {"color": style.FLOW, "markersize": 8, "label": "KKT point"}
            axes.plot(biases[exact], values[exact], "s", **squares)
            axes.set(xlabel="bias $b$")
            if exact.any():
                spot = values[exact][0]
                style.write(
                    axes, biases[exact][0] - 0.1, spot, "KKT point", ha="right", va="center"
                )
        left.set(ylabel=RADIUS, ylim=(0, 0.8))
        style.write(left, BEST_BIAS, 0.72, r"$\sqrt{d/2}$", ha="center", va="bottom")
        style.write(left, -2.0, 0.46, "Theorem 4.1", color=style.ROBUST, va="top")
        right.set_yscale("log")
        right.set(ylabel="normalized margin over the KKT point's")
        right.set_ylim(margins.min() / 2, 1.5)
        style.write(right, -2.0, margins.min() / 1.2, "Theorem 4.1", color=style.ROBUST, va="top")
    return figure


def forgetting(
    log_times: Sequence[float],
    radii: Sequence[float],
    biases: Sequence[float],
    levels: Mapping[str, float],
) -> Figure:
    """Draw what a flow started at Theorem 4.1's network keeps of its robustness.

    Parameters
    ----------
    log_times : sequence of float
        ln t of the snapshots, the first of them the start (-inf is drawn at the left edge).
    radii : sequence of float
        Median radius at the means / sqrt(d).
    biases : sequence of float
        Median bias of the neurons, each scaled to preactivation 2 at its own mean.
    levels : mapping from name to float
        Radii to compare with, dashed.
    """
    times = np.asarray(log_times, dtype=float)
    first = times[np.isfinite(times) & (times > 0)].min()
    times = np.where(times > 0, times, first / 4)
    with style.drawing(1, 2, height=3.8) as (figure, ((left, right),)):
        for axes, values in ((left, radii), (right, biases)):
            axes.semilogx(times, values, ".-", color=style.FLOW, label="flow")
            start = {"color": style.ROBUST, "markersize": 8, "label": "start: Theorem 4.1"}
            axes.semilogx(times[0], values[0], "D", **start)
            axes.set_xlabel(r"$\ln t$")
        for name, level in levels.items():
            style.bound_line(left, level, name, vertical=False)
            _level(left, times[0], level, name)
        left.set(ylabel=RADIUS, ylim=(0, 0.8))
        style.bound_line(right, 0.0, "no bias", vertical=False)
        right.set(ylabel="bias, where the own mean gives 2")
        style.write(
            right, times[0] * 1.5, biases[0], "Theorem 4.1", color=style.ROBUST, va="center"
        )
    return figure


def _level(axes: Axes, x: float, y: float, name: str) -> None:
    """Write the name of a level just above it."""
    if math.isfinite(y):
        style.write(axes, x, y + 0.008, name, color=style.BOUND, va="bottom")

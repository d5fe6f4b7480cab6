"""Figures of the playground: the room that every hypothesis leaves, and the radii (ours)."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.figure import Figure

from kktnotes.figures import style
from kktnotes.terms import Term

HOLDS, FAILS = style.ROBUST, style.NEGATIVE
CAN_FAIL = 1.05


def slacks(
    terms: Sequence[Term],
    along: Mapping[str, Sequence[tuple[int, float, bool]]],
    d: int,
) -> Figure:
    """Draw the slack of every hypothesis, and the least one against the dimension.

    Parameters
    ----------
    terms : sequence of Term
        The hypotheses of this setting; those that hold in green, those that fail in vermillion.
    along : mapping from statement to (d, least slack, holds)
        What other dimensions leave; dots where all terms hold, crosses where one fails.
    d : int
        The dimension of the setting.
    """
    height = max(3.4, 0.8 + 0.3 * len(terms))
    with style.drawing(1, 2, width=8.0, height=height) as (figure, ((left, right),)):
        for row, term in enumerate(terms):
            color = HOLDS if term.holds else FAILS
            slack = float(np.clip(term.slack, -1, 1))
            name = f"{term.name}: {'holds' if term.holds else 'fails'}"
            left.barh(row, slack, color=color, height=0.6, label=name)
            mark = {"color": color, "markersize": 7, "label": name}
            left.plot(slack, row, "o" if term.holds else "X", **mark)
        left.set_yticks(range(len(terms)), [term.name for term in terms])
        left.set_ylabel("hypothesis", visible=False)
        left.set(ylim=(len(terms) - 0.4, -0.6), xlim=(-CAN_FAIL - 0.1, CAN_FAIL + 0.1))
        zero = {"color": "black", "linewidth": 0.8, "label": "zero"}
        left.axvline(0, **zero)
        left.set_xlabel("slack: fails < 0 ≤ holds")
        for index, (name, values) in enumerate(along.items()):
            color = (style.FLOW, style.EXTRA[0])[index % 2]
            _path(right, name, values, color, index)
        right.axhline(0, **zero)
        style.bound_line(right, d, "this setting")
        right.set(ylim=(-CAN_FAIL, CAN_FAIL), xlabel="dimension $d$ (dashed: this setting)")
        right.set(ylabel="least slack of all terms")
        right.set_xscale("log")
    return figure


def _path(axes, name, values, color, index) -> None:  # noqa: ANN001
    """Draw least slacks against the dimension, crosses where a term fails."""
    if not values:
        return
    at = np.array([value[0] for value in values], dtype=float)
    slack = np.clip([value[1] for value in values], -1, 1)
    holds = np.array([value[2] for value in values])
    axes.plot(at, slack, "-", color=color, linewidth=1.5, label=name)
    axes.plot(at[holds], slack[holds], "o", color=color, markersize=5, label=f"{name}: holds")
    axes.plot(at[~holds], slack[~holds], "X", color=color, markersize=6, label=f"{name}: fails")
    beside = slack[-1] + (-0.07, 0.07)[index % 2]
    style.write(
        axes, at[-1], beside, name, color=color, ha="right", va=("top", "bottom")[index % 2]
    )


def radii(
    network: Sequence[float], robust: Sequence[float], k: int, *, certified: bool = True
) -> Figure:
    """Draw the radii of both networks at fresh points, in units of sqrt(d).

    Parameters
    ----------
    network, robust : sequences of float
        Radius / sqrt(d) of every point, zero where the label is wrong; may be empty.
    k : int
        Clusters, for the line at sqrt(1/k).
    certified : bool
        Whether the first network is a certified KKT point, for its name.
    """
    name = "KKT point" if certified else "trained network"
    rows = ((network, style.FLOW, name), (robust, style.ROBUST, "Theorem 4.1"))
    with style.drawing(height=2.9) as (figure, ((axes,),)):
        drawn = [(values, color, name) for values, color, name in rows if len(values)]
        for row, (values, color, name) in enumerate(drawn):
            values = np.sort(np.asarray(values, dtype=float))
            spread = np.linspace(-0.22, 0.22, len(values)) if len(values) > 1 else [0.0]
            dots = {"color": color, "markersize": 5, "label": name}
            axes.plot(values, row + np.asarray(spread), ".", **dots)
        axes.set_yticks(range(len(drawn)), [name for _, _, name in drawn])
        axes.set_ylabel("network", visible=False)
        for tick, (_, color, _) in zip(axes.get_yticklabels(), drawn, strict=True):
            tick.set_color(color)
        levels = {1 / math.sqrt(k): r"$\sqrt{d/k}$", 0.125: r"$\sqrt{d}/8$"}
        for level, text in levels.items():
            style.bound_line(axes, level, text)
            style.write(axes, level, len(drawn) - 0.42, text, color=style.BOUND, ha="center")
        axes.set(xlim=(-0.02, None), ylim=(len(drawn) - 0.2, -0.5))
        axes.set_xlabel(r"exact radius at fresh points, in units of $\sqrt{d}$")
        axes.grid(axis="y", visible=False)
    return figure

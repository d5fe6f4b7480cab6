"""Figures of "The same perturbation on other networks" (section 4)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.figure import Figure

from kktnotes import checks
from kktnotes.figures import style

COLORS = {
    "averaged": style.FLOW,
    "decoupled": style.EXTRA[0],
    "every KKT point": style.BOUND,
    "robust": style.ROBUST,
}
Measured = Sequence[tuple[np.ndarray, np.ndarray]]


def etas(values: Mapping[str, Measured], fixed: Mapping[str, float]) -> Figure:
    """Draw the least eta k of every point, one row a KKT point, and etas fixed beforehand.

    Parameters
    ----------
    values : name -> sequence of (array (n,), array (n,))
        For each training set, eta k and labels of the points; a row without one stays empty.
    fixed : name -> float
        eta k of each perturbation that was fixed beforehand.
    """
    with style.drawing(width=7.0, height=3.9) as (figure, ((axes,),)):
        rng = np.random.default_rng(0)
        for place, (name, sets) in enumerate(values.items()):
            for label in (1.0, -1.0):
                own = [eta[y == label] for eta, y in sets]
                if not any(map(len, own)):
                    continue
                middles = np.array([np.median(eta) for eta in own if len(eta)])
                eta, color = np.concatenate(own), style.label_color(label)
                side = place - 0.18 * label
                height = side + rng.uniform(-0.11, 0.11, len(eta))
                words = f"{name}, label {style.label_name(label)}"
                dots = {"color": color, "markersize": 2.2, "alpha": 0.35, "label": words}
                axes.plot(eta, height, "o", **dots)
                bars = np.abs(np.array([[middles.min()], [middles.max()]]) - middles.mean())
                look = {"fmt": "D", "markersize": 5.5, "capsize": 4, "color": color}
                words += ", training sets"
                axes.errorbar(middles.mean(), side, xerr=bars, label=words, **look)
        for name, value in fixed.items():
            axes.axvline(value, color=style.BOUND, linestyle="--", linewidth=1.5, label=name)
            side = {"ha": "right", "va": "bottom", "color": style.BOUND}
            style.write(axes, value, -0.55, name, fontsize=9, **side)
        axes.set_yticks(range(len(values)), list(values))
        axes.set(ylim=(len(values) - 0.5, -0.95), xlabel=r"least $\eta\, k$", ylabel="KKT point")
        axes.set_xlim(0.9, 1.04 * max([*fixed.values(), 1.0]))
    return figure


def matrix(
    shares: np.ndarray, rows: Sequence[str], columns: Sequence[str], *, ylabel: str = "found on"
) -> Figure:
    """Draw shares of changed signs as an annotated matrix.

    Parameters
    ----------
    shares : array (len(rows), len(columns))
        Shares from 0 to 1.
    rows, columns : sequences of str
        On which network a perturbation was found, and on which it is tried.
    ylabel : str
        What the rows say.
    """
    shares = np.asarray(shares, dtype=float)
    if shares.shape != (len(rows), len(columns)):
        allowed = f"({len(rows)}, {len(columns)}), as the names"
        raise checks.refusal("shares", f"shape {shares.shape}", allowed)
    with style.drawing(width=7.0, height=5.6) as (figure, ((axes,),)):
        # vmax above 1: the darkest cells stay dark grey, so that their edges can be seen
        look = {"cmap": "Greys", "vmin": 0, "vmax": 1.25, "aspect": "auto"}
        axes.imshow(shares, **look, label="share of signs changed")
        between = {"color": "white", "linewidth": 1.2, "label": style.DECORATION}
        for edge in np.arange(0.5, max(shares.shape)):
            axes.axhline(edge, **between)
            axes.axvline(edge, **between)
        for row, column in np.ndindex(shares.shape):
            value = shares[row, column]
            text = f"{value:.2f}" if 0 < value < 1 else f"{value:.0f}"
            color = "white" if value > 0.6 else style.FLOW
            axes.text(column, row, text, ha="center", va="center", color=color, fontsize=9)
        axes.set_xticks(range(len(columns)), [name.split(":")[0] for name in columns])
        axes.set_yticks(range(len(rows)), rows)
        axes.set(xlabel="tried on", ylabel=ylabel)
        axes.set(xlim=(-0.5, len(columns) - 0.5), ylim=(len(rows) - 0.5, -0.5))
        axes.xaxis.set_label_position("top")
        axes.xaxis.tick_top()
        axes.grid(False)
    return figure


def closed_forms(counts: Sequence[int], etas: Mapping[str, Sequence[float]]) -> Figure:
    """Draw eta k at which all means have changed sign, against k, for networks in closed form.

    Parameters
    ----------
    counts : sequence of int
        Numbers of clusters.
    etas : "averaged", "decoupled", "every KKT point", "robust" -> eta k at each
        Without noise; that for every KKT point is a bound.
    """
    with style.drawing(width=6.4, height=3.7) as (figure, ((axes,),)):
        side = {"ha": "right", "va": "bottom"}
        for name, values in etas.items():
            color = COLORS[name]
            line = "--" if name == "every KKT point" else "o-"
            axes.plot(counts, values, line, color=color, label=name)
            if name == "robust":
                words = "robust network"
                style.write(axes, counts[-2] / 1.15, values[-2], words, color=color, **side)
                continue
            above = name == "every KKT point"
            place = side if above else {"ha": "right", "va": "top"}
            x = counts[1] * 1.2 if above else counts[-1]
            shift = 1.06 if above else 0.92
            style.write(axes, x, values[-1] * shift, name, color=color, **place)
        axes.set(xscale="log", yscale="log", xlabel="clusters $k$", ylabel=r"least $\eta\, k$")
        axes.set_xticks(counts, [str(one) for one in counts])
        ticks = [1, 2, 5, 10, 20]
        axes.set_yticks(ticks, [str(one) for one in ticks])
        axes.set_ylim(0.7, 1.4 * max(etas["robust"]))
        axes.minorticks_off()
    return figure

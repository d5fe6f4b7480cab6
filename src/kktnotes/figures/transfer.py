"""Figures of "The same perturbation on other networks" (section 4)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.figure import Figure

from kktnotes import checks
from kktnotes.figures import style

COLORS = {"averaged": style.FLOW, "decoupled": style.EXTRA[0], "robust": style.ROBUST}


def matrix(shares: np.ndarray, rows: Sequence[str], columns: Sequence[str]) -> Figure:
    """Draw shares of changed signs as an annotated matrix.

    Parameters
    ----------
    shares : array (len(rows), len(columns))
        Shares from 0 to 1.
    rows, columns : sequences of str
        On which network a perturbation was found, and on which it is tried.
    """
    shares = np.asarray(shares, dtype=float)
    if shares.shape != (len(rows), len(columns)):
        allowed = f"({len(rows)}, {len(columns)}), as the names"
        raise checks.refuse("shares", f"shape {shares.shape}", allowed)
    with style.drawing(width=7.0, height=5.6) as (figure, ((axes,),)):
        # vmax above 1: the darkest cells stay dark grey, so that their edges can be seen
        axes.imshow(shares, cmap="Greys", vmin=0, vmax=1.25, aspect="auto")
        for edge in np.arange(0.5, max(shares.shape)):
            axes.axhline(edge, color="white", linewidth=1.2)
            axes.axvline(edge, color="white", linewidth=1.2)
        for row, column in np.ndindex(shares.shape):
            value = shares[row, column]
            text = f"{value:.2f}" if 0 < value < 1 else f"{value:.0f}"
            color = "white" if value > 0.6 else style.FLOW
            axes.text(column, row, text, ha="center", va="center", color=color, fontsize=9)
        axes.set_xticks(range(len(columns)), [name.split(":")[0] for name in columns])
        axes.set_yticks(range(len(rows)), rows)
        axes.set(xlabel="tried on", ylabel="found on")
        axes.set(xlim=(-0.5, len(columns) - 0.5), ylim=(len(rows) - 0.5, -0.5))
        axes.xaxis.set_label_position("top")
        axes.xaxis.tick_top()
        axes.grid(False)
    return figure


def closed_forms(
    counts: Sequence[int], etas: Mapping[str, Sequence[float]], fixed: float
) -> Figure:
    """Draw eta k at which all means have changed sign, against k, for networks in closed form.

    Parameters
    ----------
    counts : sequence of int
        Numbers of clusters.
    etas : "averaged", "decoupled", "robust" -> eta k at each
    fixed : float
        eta k of the perturbation that was fixed beforehand.
    """
    with style.drawing(width=6.4, height=3.7) as (figure, ((axes,),)):
        style.bound_line(axes, fixed, vertical=False)
        side = {"ha": "right", "va": "bottom"}
        for name, values in etas.items():
            color = COLORS[name]
            axes.plot(counts, values, "o-", color=color)
            if name == "robust":
                style.write(
                    axes, counts[-2] / 1.15, values[-2], "robust network", color=color, **side
                )
            else:
                under = {"ha": "right", "va": "top"} if name == "averaged" else side
                shift = 0.88 if name == "averaged" else 1.1
                style.write(axes, counts[-1], values[-1] * shift, name, color=color, **under)
        words = "fixed on network A"
        style.write(axes, counts[-1], fixed * 1.02, words, color=style.BOUND, fontsize=9, **side)
        axes.set(xscale="log", yscale="log", xlabel="clusters $k$", ylabel=r"least $\eta\, k$")
        axes.set_xticks(counts, [str(one) for one in counts])
        ticks = [1, 2, 5, 10, 20]
        axes.set_yticks(ticks, [str(one) for one in ticks])
        axes.set_ylim(0.75, 1.4 * max(etas["robust"]))
        axes.minorticks_off()
    return figure

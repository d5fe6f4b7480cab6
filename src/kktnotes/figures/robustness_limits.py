"""Figure of the chapter on random means, nearest neighbors and vanishing noise."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure

from kktnotes import checks
from kktnotes.figures import style

NEIGHBOUR = style.EXTRA[0]


def two_rules(
    counts: Sequence[int], network: Sequence[np.ndarray], neighbour: Sequence[np.ndarray]
) -> Figure:
    """Draw the radii of two rules at the same fresh points against the number of clusters.

    Parameters
    ----------
    counts : sequence of int (s,)
        Numbers of clusters k.
    network, neighbour : sequences of arrays (s,)
        Radii over sqrt(d) at fresh points, of the flow's network and of the nearest neighbor.

    Returns
    -------
    Figure
        Medians, with bars from the least to the largest, and the predictions 1/sqrt(k) and
        sqrt(1/2) as lines.
    """
    if not len(counts) == len(network) == len(neighbour) > 0:
        got = f"{len(counts)}, {len(network)} and {len(neighbour)} of them"
        raise checks.refusal("counts", got, "as many counts as arrays of either rule")
    grid = np.linspace(min(counts) * 0.9, max(counts) * 1.15, 200)
    with style.drawing(height=3.6) as (figure, ((axes,),)):
        axes.plot(grid, grid**-0.5, color=style.FLOW, linewidth=1.0, label="predicted, 1/sqrt(k)")
        axes.plot(
            grid, 0 * grid + 0.5**0.5, color=NEIGHBOUR, linewidth=1.0, label="predicted, sqrt(1/2)"
        )
        for values, color, marker, name in (
            (network, style.FLOW, "o", "flow's network"),
            (neighbour, NEIGHBOUR, "s", "nearest neighbor"),
        ):
            middle = np.array([np.median(one) for one in values])
            low = middle - [np.min(one) for one in values]
            high = [np.max(one) for one in values] - middle
            bars = np.maximum([low, high], 0)
            look = {"fmt": marker, "color": color, "capsize": 3, "markersize": 7}
            axes.errorbar(counts, middle, bars, **look, label=f"{name}: median, least to largest")
        style.write(
            axes, grid[-1], 0.5**0.5 + 0.04, "nearest neighbor", color=NEIGHBOUR, ha="right"
        )
        style.write(axes, grid[-1], grid[-1] ** -0.5 + 0.09, "gradient flow's network", ha="right")
        axes.set(xlabel="clusters $k$", ylabel=r"radius / $\sqrt{d}$", ylim=(0, 0.85))
        axes.set_xticks(list(counts))
    return figure

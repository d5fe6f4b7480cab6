"""The map of Assumption 2.2, with d, k and sigma to be moved."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure

from kktnotes.data import sizes
from kktnotes.data.clusters import Clusters
from kktnotes.figures import style
from kktnotes.figures.interactive.bundle import Interactive


def assumption_map(clusters: Clusters) -> Interactive:
    """Return the map that starts at these clusters' dimension, number and noise level.

    The script evaluates the third item of Assumption 2.2 itself; only the start comes from here.
    """
    data = {"d": clusters.d, "k": clusters.k, "sigma": clusters.sigma}
    label = "Map of Assumption 2.2 with sliders for dimension, clusters and noise"
    return Interactive("assumption-map", label, data, borders(clusters))


def borders(clusters: Clusters) -> Figure:
    """Draw for some noise levels the largest k at which orthogonal means satisfy it, against d."""
    rules = [
        (r"$\sigma = 1$", 1.0),
        (r"$\sigma = 0.1$", 0.1),
        (r"$\sigma = 0.01$", 0.01),
        (r"$\sigma = 1/\sqrt{d}$", sizes.inverse_root),
    ]
    dimensions = np.unique(np.geomspace(1e2, 1e14, 400).astype(np.int64))
    with style.drawing(height=4.4) as (figure, ((axes,),)):
        axes.set(xscale="log", yscale="log", xlim=(1e2, 1e14), ylim=(2, 1e4))
        for share, (name, rule) in zip((0.42, 0.55, 0.68, 0.85), rules, strict=True):
            most = [sizes.most_clusters(int(d), sizes.at(rule, d)) for d in dimensions]
            most = np.where(np.array(most) >= 2, most, np.nan)
            axes.plot(dimensions, most, color=style.ROBUST, label=f"most clusters, {name}")
            height = 2 * 5000**share
            at = int(np.nanargmin(np.abs(np.log(most / height))))
            style.write(axes, dimensions[at] * 1.6, height, name, color=style.ROBUST, va="center")
        star = {"color": style.NEGATIVE, "markersize": 14, "clip_on": False}
        axes.plot(clusters.d, clusters.k, "*", **star, label="this run")
        style.write(
            axes, clusters.d / 1.8, clusters.k, "this run", color=style.NEGATIVE, ha="right"
        )
        style.write(axes, 2e2, 4e3, "fails: too many clusters", color=style.BOUND)
        style.write(axes, 6e13, 2.5, "holds", color=style.ROBUST, ha="right", fontweight="bold")
        axes.set(xlabel="dimension $d$", ylabel="clusters $k$")
    return figure

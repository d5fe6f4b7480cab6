"""Figures of "One perturbation for all points" (section 4, Theorem 4.2)."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
import torch
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from kktnotes import checks
from kktnotes.figures import style
from kktnotes.network import TwoLayerReLU
from kktnotes.radius import exact_radius
from kktnotes.sample import Sample

SIGNED = "RdBu"  # outputs: blue where positive, as the label +1


def radius_against_clusters(
    counts: Sequence[int],
    flow: np.ndarray,
    robust: np.ndarray,
    lengths: np.ndarray,
    bounds: np.ndarray,
) -> Figure:
    """Draw radius / sqrt(d) of the flow's and of the robust network against k, log-log.

    Parameters
    ----------
    counts : sequence of int, length s
        Numbers of clusters k.
    flow, robust : arrays (s, 3)
        Least, median and largest radius of fresh points over sqrt(d).
    lengths : array (s,)
        Length of the universal perturbation over sqrt(d).
    bounds : array (s, 2)
        Explicit lower bound of the radius and upper bound of the length, over sqrt(d).
    """
    k = np.asarray(counts, dtype=float)
    with style.drawing(width=7.0, height=4.7) as (figure, ((axes,),)):
        area = {"color": style.FLOW, "alpha": 0.07, "linewidth": 0}
        axes.fill_between(k, *bounds.T, **area, label="between the bounds (ours)")
        for side, name in zip(bounds.T, ("lower", "upper"), strict=True):
            dashed = {"color": style.BOUND, "linewidth": 1.5, "label": f"{name} bound (ours)"}
            axes.plot(k, side, "--", **dashed)
        line = np.geomspace(k[0] / 1.15, k[-1] * 1.15, 50)
        axes.plot(line, line**-0.5, color=style.BOUND, linewidth=1.0, label="$1/\\sqrt{k}$")
        for values, color, name in (
            (flow, style.FLOW, "gradient flow's network"),
            (robust, style.ROBUST, "robust network"),
        ):
            low, middle, high = values.T
            bars = (middle - low, high - middle)
            look = {"fmt": "o", "color": color, "markersize": 7, "capsize": 3}
            axes.errorbar(k, middle, bars, **look, label=f"{name}: median, least to largest")
        dash = {"color": style.EXTRA[0], "markersize": 16, "markeredgewidth": 2.2}
        axes.plot(k, lengths, "_", **dash, label="one $z$ for all points")
        for value, name in ((1 / 2, r"$\sqrt{d}/2$"), (1 / 8, r"$\sqrt{d}/8$")):
            axes.axhline(value, color=style.ROBUST, linestyle=":", linewidth=1.4, label=name)
            place = {"va": "top" if value < 0.3 else "bottom", "ha": "left"}
            shift = 0.97 if value < 0.3 else 1.04
            style.write(axes, k[0] / 1.35, value * shift, name, color=style.ROBUST, **place)
        end = {"ha": "right", "va": "bottom", "fontsize": 11}
        style.write(axes, k[-1], 0.54, "robust network", color=style.ROBUST, **end)
        at = len(k) // 2
        words = "gradient flow's\nnetwork"
        style.write(axes, k[at] / 1.1, 0.8 * flow[at, 1], words, ha="right", va="top", fontsize=11)
        side = {"ha": "left", "va": "bottom", "color": style.EXTRA[0]}
        style.write(axes, k[at] * 1.1, 1.08 * lengths[at], "one $z$ for all points", **side)
        grey = {"color": style.BOUND, "ha": "left", "fontsize": 9}
        style.write(axes, k[1], bounds[1, 1] * 1.08, "bounds (ours)", va="bottom", **grey)
        style.write(axes, k[1], k[1] ** -0.5 * 1.12, "$1/\\sqrt{k}$", ha="left", color=style.BOUND)
        axes.set(xscale="log", yscale="log", xlabel="clusters $k$", ylabel=r"length $/\sqrt{d}$")
        axes.set_xlim(k[0] / 1.4, k[-1] * 1.2)
        axes.set_ylim(min(0.1, 0.8 * bounds[-1, 0]), 1.9)
        ticks = [0.1, 0.2, 0.5, 1.0]
        axes.set_yticks(ticks, [f"{one:g}" for one in ticks])
        axes.set_xticks(k, [str(int(one)) for one in k])
        axes.minorticks_off()
    return figure


def shares_flipped(
    curves: Sequence[tuple[str, np.ndarray, np.ndarray, str, str, tuple[float, float] | None]],
    marks: Mapping[str, float],
) -> Figure:
    """Draw shares of points whose sign changed against the length of the perturbation.

    Parameters
    ----------
    curves : sequence of (name, lengths over sqrt(d), shares, color, linestyle, place)
        Each name is written at its place, in data units; where that is None, it is not.
    marks : name -> length over sqrt(d)
        Lengths marked by a dashed line, such as 1/8.
    """
    with style.drawing(width=7.0, height=3.9) as (figure, ((axes,),)):
        for name, value in marks.items():
            style.bound_line(axes, value, name)
            style.write(axes, value, 1.09, name, color=style.BOUND, ha="center", fontsize=9)
        for name, at, shares, color, line, place in curves:
            axes.plot(at, shares, linestyle=line, color=color, label=name)
            if place is not None:
                style.write(axes, *place, name, color=color, va="center")
        axes.set(xlabel=r"length of the perturbation $/\sqrt{d}$", ylabel="share of signs changed")
        axes.set(xlim=(0, 1), ylim=(-0.04, 1.16))
        axes.set_yticks(np.linspace(0, 1, 6))
    return figure


def planes(
    networks: Sequence[tuple[str, str, TwoLayerReLU]],
    fresh: Sample,
    index: int,
    *,
    resolution: int = 161,
) -> Figure:
    """Draw y N over the plane of a point's own mean and u, with the nearest boundary points.

    Parameters
    ----------
    networks : sequence of (title, color, network)
        Networks in the coordinates of the points, one panel each.
    fresh : Sample
        Points; the one drawn is `index`.
    index : int
        Which point. The plane goes through it; both directions have the origin of R^d as zero.
    """
    if not 0 <= index < fresh.n:
        raise checks.refuse("index", index, f"0 to {fresh.n - 1}")
    root = math.sqrt(fresh.d)
    x, y = fresh.x[index], float(fresh.y[index])
    frame = own_and_rest(fresh, int(fresh.cluster[index]), y)
    here = (frame @ x).numpy() / root
    across, up = np.linspace(-0.25, 1.35, resolution), np.linspace(-1.05, 0.55, resolution)
    grid = np.stack(np.meshgrid(across, up), -1).reshape(-1, 2)
    points = x + root * torch.from_numpy(grid - here) @ frame
    with style.drawing(1, len(networks), width=7.4, height=4.0, sharey=True) as (figure, (row,)):
        for axes, (title, color, network) in zip(row, networks, strict=True):
            field = (y * network(points) / (y * network(x[None]))).reshape(resolution, -1).numpy()
            image = axes.pcolormesh(across, up, field, cmap=SIGNED, vmin=-2, vmax=2)
            image.set_label("output / output at the point")
            border = axes.contour(across, up, field, [1e-9], colors=color, linewidths=2.4)
            border.set_label("decision boundary")
            found = exact_radius(network, x[None], progress=False)
            near = (frame @ found.zero.nearest[0]).numpy() / root
            _step(axes, here, near, float(found.zero.upper[0]) / root)
            dot = {"color": style.label_color(y), "markersize": 9, "markeredgecolor": "white"}
            axes.plot(*here, "o", **dot, label="the point")
            axes.set_title(title, color=color)
            axes.set_xlabel("along the own mean, $/\\sqrt{d}$")
            axes.set_aspect("equal")
            axes.grid(False)
        row[0].set_ylabel("along the rest of $y\\,u$, $/\\sqrt{d}$")
        bar = figure.colorbar(image, ax=row, shrink=0.75)
        bar.set_label("output / output at the point")
    return figure


def own_and_rest(sample: Sample, q: int, y: float) -> torch.Tensor:
    """Return the unit vectors of the mean of cluster q and of what is left of y u, (2, p)."""
    own = sample.means[q] / torch.linalg.vector_norm(sample.means[q])
    u = y * (sample.clusters.labels @ sample.means)
    rest = u - (u @ own) * own
    return torch.stack([own, rest / torch.linalg.vector_norm(rest)])


def _step(axes: Axes, start: np.ndarray, end: np.ndarray, length: float) -> None:
    """Draw the step to the nearest boundary point with its length in R^d."""
    arrow = {"arrowstyle": "-|>", "color": "black", "lw": 1.6}
    axes.annotate("", end, start, arrowprops=arrow, label="step to the nearest boundary point")
    cross = {"color": "black", "markersize": 8, "markeredgewidth": 2}
    axes.plot(*end, "x", **cross, label="nearest boundary point")
    middle = (start + end) / 2
    text = rf"{length:.2f}$\sqrt{{d}}$"
    style.write(axes, middle[0] - 0.05, middle[1] + 0.12, text, ha="right")

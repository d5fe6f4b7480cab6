"""Figures of "One perturbation for all points" (section 4, Theorem 4.2)."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
import torch
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from kktnotes import checks
from kktnotes.data.sample import Sample
from kktnotes.figures import style
from kktnotes.networks.two_layer import TwoLayerReLU
from kktnotes.radius import exact_radius

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
        line = np.geomspace(k[0] / 1.15, k[-1], 50)
        axes.plot(line, line**-0.5, color=style.BOUND, linewidth=1.0, label="$1/\\sqrt{k}$")
        for values, color, name in (
            (flow, style.FLOW, "gradient flow's network"),
            (robust, style.ROBUST, "robust network"),
        ):
            low, middle, high = values.T
            bars = (middle - low, high - middle)
            look = {"fmt": "o", "color": color, "markersize": 9, "capsize": 3}
            axes.errorbar(k, middle, bars, **look, label=f"{name}: median, least to largest")
        words = "one $z$ for all points"
        dash = {"color": "white", "markersize": 23, "markeredgewidth": 3.6, "zorder": 5}
        axes.plot(k, lengths, "_", **dash, label=style.DECORATION)
        dash = {"color": style.PINK, "markersize": 22, "markeredgewidth": 1.8, "zorder": 6}
        axes.plot(k, lengths, "_", **dash, label=words)
        for value, name in ((1 / 2, "1/2"), (1 / 8, "1/8")):
            axes.axhline(value, color=style.ROBUST, linestyle=":", linewidth=1.4, label=name)
            place = {"va": "top" if value < 0.3 else "bottom", "ha": "left"}
            shift = 0.97 if value < 0.3 else 1.04
            style.write(axes, k[0] / 1.35, value * shift, name, color=style.ROBUST, **place)
        above = {"ha": "left", "va": "bottom", "fontsize": 11, "offset": (4, 6), "bbox": None}
        style.write(axes, k[len(k) // 3], 0.5, "robust network", color=style.ROBUST, **above)
        at = max(0, len(k) - 3)
        style.write(axes, k[at], flow[at, 1], "gradient flow's network", **above)
        right = {"ha": "left", "va": "center", "color": style.PINK, "offset": (14, 0)}
        style.write(axes, k[-1], lengths[-1], words.replace(" for ", " for\n"), **right)
        grey = {"color": style.BOUND, "fontsize": 9, "bbox": None}
        above = {"ha": "left", "va": "bottom", "offset": (3, 3), **grey}
        style.write(axes, k[1], bounds[1, 1], "upper bound (ours)", **above)
        below = {"ha": "right", "va": "top", "offset": (-3, -3), **grey}
        style.write(axes, k[-2], bounds[-2, 0], "lower bound (ours)", **below)
        middle = math.sqrt(k[0] * k[1])
        style.write(axes, middle, middle**-0.5, "$1/\\sqrt{k}$", **{**above, "fontsize": 10})
        axes.set(xscale="log", yscale="log", xlabel="clusters $k$", ylabel=r"length $/\sqrt{d}$")
        axes.set_xlim(k[0] / 1.4, k[-1] * 1.55)
        axes.set_ylim(min(0.1, 0.8 * bounds[-1, 0]), 1.9)
        ticks = [0.1, 0.2, 0.5, 1.0, 1.5]
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
            beside = {"ha": "left", "offset": (4, 0), "fontsize": 9}
            style.write(axes, value, 1.09, name, color=style.BOUND, **beside)
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
    """Draw N over the plane of a point's own mean and u, with the nearest boundary points.

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
        raise checks.refusal("index", index, f"0 to {fresh.n - 1}")
    root = math.sqrt(fresh.d)
    x, y = fresh.x[index], float(fresh.y[index])
    frame = own_and_rest(fresh, int(fresh.cluster[index]), y)
    here = (frame @ x).numpy() / root
    across, up = np.linspace(-0.25, 1.35, resolution), np.linspace(-1.05, 0.55, resolution)
    grid = np.stack(np.meshgrid(across, up), -1).reshape(-1, 2)
    points = x + root * torch.from_numpy(grid - here) @ frame
    with style.drawing(1, len(networks), width=7.4, height=4.0, sharey=True) as (figure, (row,)):
        for axes, (title, color, network) in zip(row, networks, strict=True):
            field = (network(points) / network(x[None]).abs()).reshape(resolution, -1).numpy()
            image = axes.pcolormesh(across, up, field, cmap=SIGNED, vmin=-2, vmax=2)
            image.set_label("output / size at the point")
            style.shade_zero(axes, across, up, field)
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
        bar = figure.colorbar(image, ax=row, shrink=0.75, extend="both")
        bar.set_label("output / size at the point")
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

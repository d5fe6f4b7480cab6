"""Figures of "Robust networks exist" (section 4): distances to the boundary, and what sets them."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
import torch
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from kktnotes import checks
from kktnotes.data.clusters import Clusters
from kktnotes.figures import style
from kktnotes.networks.two_layer import TwoLayerReLU
from kktnotes.radius import exact_radius

SIGNED = "RdBu"  # outputs: blue where positive, as the label +1
LINEAR = style.AMBER


def three_distances(clusters: Clusters, *, resolution: int = 301) -> Figure:
    """Draw the robust network in the plane of two orthogonal means, with a mean's distances.

    Parameters
    ----------
    clusters : Clusters
        The first mean of each label is drawn; lengths are in units of sqrt(d).
    """
    root = math.sqrt(clusters.d)
    pair = [int((clusters.labels == sign).nonzero()[0]) for sign in (1.0, -1.0)]
    axes_of = clusters.means[pair] / root
    if abs(float(axes_of[0] @ axes_of[1])) > 1e-9:
        raise checks.refusal("clusters", "means that are not orthogonal", "orthogonal means")
    network = TwoLayerReLU.robust(clusters)
    line = np.linspace(-0.25, 1.25, resolution)
    grid = torch.from_numpy(np.stack(np.meshgrid(line, line), -1).reshape(-1, 2))
    field = network(root * grid @ axes_of).reshape(resolution, resolution).numpy()
    found = exact_radius(network, clusters.means[pair])
    with style.drawing(width=5.6, height=4.9) as (figure, ((axes,),)):
        top = np.abs(field).max()
        image = axes.pcolormesh(line, line, field, cmap=SIGNED, vmin=-top, vmax=top)
        image.set_label("$N(x)$")
        style.shade_zero(axes, line, line, field)
        look = {"colors": "black", "linewidths": 2.0}
        axes.contour(line, line, field, [1e-9], **look).set_label("$N = 0$, toward label $+1$")
        look = {"colors": "black", "linewidths": 1.2, "linestyles": ":"}
        axes.contour(line, line, field, [-1e-9], **look).set_label("$N = 0$, toward label $-1$")
        names = [("flip and zero radius", None), ("zero radius", "flip radius")]
        for row, words in enumerate(names):
            start = np.eye(2)[row]
            ends = [found.zero.nearest[row], found.flip.nearest[row]]
            for end, word in zip(ends, words, strict=True):
                if word is not None:
                    _arrow(axes, start, (axes_of @ end).numpy() / root, word)
        mean = {"markersize": 9, "markeredgecolor": "white"}
        axes.plot(1, 0, "o", color=style.POSITIVE, **mean, label="mean, label $+1$")
        axes.plot(0, 1, "s", color=style.NEGATIVE, **mean, label="mean, label \N{MINUS SIGN}1")
        solid = {"facecolor": "white", "edgecolor": "none", "pad": 1.0}  # colour on colour
        below = {"color": style.POSITIVE, "ha": "right", "bbox": solid}
        style.write(axes, 1.22, -0.13, "mean, label $+1$", **below)
        above = {"color": style.NEGATIVE, "bbox": solid}
        style.write(axes, 0.05, 1.09, "mean, label \N{MINUS SIGN}1", **above)
        style.write(axes, -0.2, 0.1, "$N = 0$, sign \N{MINUS SIGN}1", color=style.FLOW)
        axes.set(xlabel=r"$\langle \mu_+, x \rangle / d$", ylabel=r"$\langle \mu_-, x \rangle / d$")
        axes.set_aspect("equal")
        axes.grid(False)
        figure.colorbar(image, ax=axes, shrink=0.85).set_label(r"$N(x)$")
    return figure


def _arrow(axes: Axes, start: np.ndarray, end: np.ndarray, word: str) -> None:
    """Draw a distance as an arrow with its name and length."""
    arrow = {"arrowstyle": "-|>", "color": "black", "lw": 1.6}
    axes.annotate("", end, start, arrowprops=arrow, label=word)
    length, middle = float(np.linalg.norm(end - start)), (start + end) / 2
    level = abs(end[1] - start[1]) < 0.05
    upright = abs(end[0] - start[0]) < 0.05
    words = word.replace(" zero", "\nzero") if level else f"{word}\n"
    text = rf"{words} {length:.2f}$\sqrt{{d}}$".replace("\n ", "\n")
    place = (0.02, 0.05) if level else (0.02, -0.16) if upright else (0.05, 0.02)
    side = {"ha": "center", "va": "bottom"} if level else {"ha": "left", "va": "center"}
    style.write(axes, *(middle + place), text, fontsize=9, **side)


def radius_against_dimension(
    dimensions: Sequence[float],
    spreads: Mapping[float, np.ndarray],
    met: Sequence[bool],
    tails: Sequence[tuple[str, str, np.ndarray]],
) -> Figure:
    """Draw flip radii over sqrt(d), and how rare a radius of sqrt(d)/8 is.

    Parameters
    ----------
    dimensions : sequence of float, length s
    spreads : label -> array (s, 3)
        Low quantile, median and high quantile of radius / sqrt(d).
    met : sequence of bool
        Whether the hypotheses hold at each dimension; filled markers where they do.
    tails : sequence of (name, color, array (s,))
        Curves of -log10 of a probability.
    """
    with style.drawing(1, 2, width=7.4, height=3.7) as (figure, ((left, right),)):
        for label, values in spreads.items():
            color = style.label_color(label)
            low, middle, high = values.T
            nudge = np.asarray(dimensions) * (1.12 if label > 0 else 1 / 1.12)
            name = f"label {style.label_name(label)}"
            bars = {"fmt": "none", "color": color, "label": f"{name}: low to high quantile"}
            left.errorbar(nudge, middle, (middle - low, high - middle), **bars)
            for inside in (True, False):
                chosen = np.asarray(met) == inside
                left.plot(
                    nudge[chosen],
                    middle[chosen],
                    style.MARKERS[0 if label > 0 else 1],
                    color=color,
                    markerfacecolor=color if inside else "white",
                    markersize=5,
                    label=f"{name}: median, Assumption 2.2 {'holds' if inside else 'fails'}",
                )
            style.write(left, dimensions[-1] * 2, middle[-1] + 0.04, name, color=color, ha="right")
        corner = {"ha": "right", "va": "top"}
        for value, name in ((1 / 8, r"$\sqrt{d}/8$"), (1 / 2, r"$\sqrt{d}/2$")):
            style.bound_line(left, value, name, vertical=False)
            style.write(left, dimensions[-1], value - 0.025, name, color=style.BOUND, **corner)
        left.set(xscale="log", ylim=(0, 0.95), xlabel="$d$", ylabel=r"flip radius $/\sqrt{d}$")
        for (name, color, values), above in zip(tails, (True, False, False), strict=False):
            dashed = color == style.BOUND
            look = {"color": color, "markersize": 4, "label": name}
            right.loglog(dimensions, values, "--" if dashed else "o-", **look)
            at = max(0, len(values) - (3 if above else 4))
            side = {"ha": "right", "va": "bottom"} if above else {"ha": "left", "va": "top"}
            lifted = values[at] * (1.8 if above else 0.45)
            style.write(right, dimensions[at], lifted, name, color=color, **side)
        right.set(xlabel="$d$", ylabel=r"$-\log_{10}$ of the probability")
    return figure


def sensitivity(
    components: Sequence[tuple[str, np.ndarray]],
    labels: np.ndarray,
    counts: Sequence[int],
    radii: Mapping[str, np.ndarray],
) -> Figure:
    """Draw relative gradients along the means, and the radii that follow, against k.

    Parameters
    ----------
    components : two of (title, array (k,))
        Of grad N(x) / N(x) along each unit mean, times sqrt(d): robust network, linear model.
    labels : array (k,)
        Labels of the clusters, for the colours.
    counts : sequence of int
        Numbers of clusters.
    radii : "robust" and "linear" -> array
        Median radius / sqrt(d) at each of them.
    """
    colors = {"robust": style.ROBUST, "linear": LINEAR}
    with style.drawing(2, 2, width=7.4, height=4.2) as (figure, grid):
        for axes, (title, values), color in zip(
            grid[:, 0], components, colors.values(), strict=True
        ):
            shades = [style.label_color(one) for one in labels]
            look = {"color": shades, "width": 0.7, "label": "gradient over output, along each mean"}
            axes.bar(np.arange(1, len(values) + 1), values, **look)
            axes.axhline(0, color=style.FLOW, linewidth=0.8, label="zero")
            axes.set_title(title, color=color)
            axes.set(ylim=(-2.4, 2.4), ylabel=r"$\times\, 1/\sqrt{d}$")
        style.label_panels(grid[:, :1], x="cluster whose mean is the direction")
        for axes in grid[:, 0]:
            axes.locator_params(axis="x", integer=True)
        grid[0, 0].set_xticklabels([])
        for axes in grid[:, 1]:
            axes.remove()
        axes = figure.add_subplot(grid[0, 0].get_gridspec()[:, 1])
        line = {"color": style.BOUND, "label": "$1/\\sqrt{k}$"}
        axes.plot(counts, [1 / math.sqrt(one) for one in counts], "--", **line)
        for name, values in radii.items():
            marker = "o" if name == "robust" else "s"
            axes.plot(counts, values, marker, color=colors[name], markersize=6, label=name)
        axes.set(xscale="log", yscale="log", xlabel="clusters $k$", ylabel=r"radius $/\sqrt{d}$")
        axes.set_title("how far to the boundary")
        style.write(
            axes, counts[-1], radii["robust"][-1] * 1.1, "robust", color=style.ROBUST, ha="right"
        )
        at = len(counts) // 2
        style.write(
            axes,
            counts[at],
            0.75 * counts[at] ** -0.5,
            "linear, on $1/\\sqrt{k}$",
            color=LINEAR,
            ha="right",
            va="top",
        )
        ticks = [0.1, 0.2, 0.5, 1.0]
        axes.set_yticks(ticks, [f"{one:g}" for one in ticks])
        axes.set_xticks(counts, [str(one) for one in counts])
        axes.minorticks_off()
    return figure

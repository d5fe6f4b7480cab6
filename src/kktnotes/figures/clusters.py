"""Figures of the chapter on the distribution of clusters (section 2)."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import torch
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from kktnotes import checks
from kktnotes.data import separability, sizes
from kktnotes.data.assumption import noise_room
from kktnotes.data.clusters import Clusters
from kktnotes.data.sample import Sample
from kktnotes.figures import style


def gram_heatmap(sample: Sample, *, per_cluster: int = 25) -> Figure:
    """Draw <x_i, x_l> / d of up to `per_cluster` points a cluster, ordered by cluster."""
    k = len(sample.counts)
    chosen = [torch.nonzero(sample.cluster == q).ravel()[:per_cluster] for q in range(k)]
    points = sample.subset(torch.cat(chosen))
    gram = (points.x @ points.x.mT / sample.d).numpy()
    lengths = [len(part) for part in chosen]
    ends = np.cumsum(lengths)
    with style.drawing(width=6.2, height=5.0) as (figure, ((axes,),)):
        product = r"$\langle x_i, x_l \rangle\,/\,d$"
        signed = gram.min() < -0.25  # else from white at 0: a scale with no sign to show
        look = {"cmap": style.DIVERGING if signed else "Greys", "vmin": -1.0 if signed else 0.0}
        image = axes.imshow(gram, **look, vmax=1.0, label=product)
        for end in ends[:-1]:
            border = {"color": style.BOUND, "linewidth": 0.6, "label": "between two clusters"}
            axes.axhline(end - 0.5, **border)
            axes.axvline(end - 0.5, **border)
        names = [f"{q} ({style.label_name(y)})" for q, y in enumerate(sample.clusters.labels)]
        shown = [q for q in range(k) if lengths[q]]
        shown = shown[:: max(1, len(shown) // 12)]
        ticks = [ends[q] - lengths[q] / 2 - 0.5 for q in shown]
        axes.set_xticks(ticks, [str(q) for q in shown])
        axes.set_yticks(ticks, [names[q] for q in shown])
        axes.grid(False)
        axes.set(xlabel="cluster of $x_l$", ylabel="cluster (label) of $x_i$")
        bar = figure.colorbar(image, ax=axes, extend="both", shrink=0.9)
        bar.set_label(product)
    return figure


def inner_products(sample: Sample) -> Figure:
    """Draw the inner products of different points, across and within clusters, with the bounds.

    The dashed lines are the numbers that the third item of Assumption 2.2 compares: c + s across
    clusters and d - s within one, with s = 4 sigma sqrt(d) ln(d), all divided by d.
    """
    d, clusters = sample.d, sample.clusters
    gram = (sample.x @ sample.x.mT / d).numpy()
    pairs = np.triu_indices(sample.n, 1)
    same = (sample.cluster[:, None] == sample.cluster[None, :]).numpy()[pairs]
    room = noise_room(d, clusters.sigma) / d
    correlation = clusters.largest_inner_product / d
    parts = [
        ("different clusters", gram[pairs][~same], (-correlation - room, correlation + room)),
        ("the same cluster", gram[pairs][same], (1.0 - room,)),
    ]
    with style.drawing(1, 2, height=3.6) as (figure, (row,)):
        for axes, (name, values, bounds) in zip(row, parts, strict=True):
            centre = 0.0 if len(bounds) == 2 else 1.0
            reach = max(abs(bounds[0] - centre), np.abs(values - centre).max(initial=0.0))
            edges = np.linspace(centre - 1.25 * reach, centre + 1.25 * reach, 161)
            *_, bars = axes.hist(values, edges, color=style.FLOW, alpha=0.75, density=False)
            bars.set_label("pairs")
            names = ("$-(c+s)/d$", "$(c+s)/d$") if len(bounds) == 2 else ("$(d-s)/d$",)
            for bound, word in zip(bounds, names, strict=True):
                style.bound_line(axes, bound, word)
            axes.set_yscale("symlog", linthresh=10)
            axes.set_ylim(0, None)
            axes.set(title=f"two points of {name}", xlabel=r"$\langle x_i, x_l \rangle\,/\,d$")
            top = axes.get_ylim()[1] * 0.45
            for bound, word in zip(bounds, names, strict=True):
                inward = bound < centre  # the histogram leaves the room on that side
                beside = {"ha": "left", "offset": (4, 0)} if inward else {"ha": "right"}
                style.write(
                    axes, bound, top, word, color=style.BOUND, **{"offset": (-4, 0), **beside}
                )
            axes.locator_params(axis="x", nbins=5)
        style.label_panels(row[None], y="number of pairs")
    return figure


def projection(sample: Sample, first: int = 0, second: int = 1) -> Figure:
    """Draw points in the plane of two means, and the cluster of the first one magnified.

    Left the inner products with both means, divided by d; right what is left of the first cluster
    after taking its mean away, in units of sigma: two of the d coordinates of the noise.
    """
    clusters, k = sample.clusters, sample.clusters.k
    for name, value in (("first", first), ("second", second)):
        if not 0 <= checks.integer(name, value, least=0) < k:
            raise checks.refusal(name, value, f"a cluster from 0 to {k - 1}")
    means = sample.means
    plane = torch.stack([means[first], means[second]])
    seen = (sample.x @ plane.mT / sample.d).numpy()
    axis = np.linalg.qr(plane.numpy().T)[0]
    own = sample.cluster == first
    noise = (sample.x[own] - means[first]).numpy() @ axis / clusters.sigma
    with style.drawing(1, 2, height=3.8) as (figure, ((left, right),)):
        names = [f"cluster {q} ({style.label_name(y)})" for q, y in enumerate(clusters.labels)]
        others = [q for q in range(k) if q not in (first, second)]
        mixed = len({float(clusters.labels[q]) for q in others}) > 1  # in one place
        for q in range(k):
            mine = (sample.cluster == q).numpy()
            color = style.label_color(float(clusters.labels[q]))
            color = style.BOUND if mixed and q in others else color
            marker = style.MARKERS[q % len(style.MARKERS)]
            left.plot(*seen[mine].T, marker, color=color, markersize=5, alpha=0.6, label=names[q])
        beside = {"textcoords": "offset points"}
        for q, place in ((first, (8, -14)), (second, (8, 4))):
            centre = (clusters.gram[q, [first, second]] / sample.d).numpy()
            color = style.label_color(float(clusters.labels[q]))
            side = "right" if centre[0] > 0.5 else "left"
            left.annotate(names[q], centre, place, ha=side, color=color, **beside)
        if others:
            middle = clusters.gram[others][:, [first, second]].mean(0) / sample.d
            left.annotate("the others", middle.numpy(), (8, 4), color=style.FLOW, **beside)
        left.margins(0.15)
        left.set(
            title="in the plane of two means",
            xlabel=rf"$\langle x, \mu_{{{first}}} \rangle\,/\,d$",
            ylabel=rf"$\langle x, \mu_{{{second}}} \rangle\,/\,d$",
        )
        color = style.label_color(float(clusters.labels[first]))
        dots = {"color": color, "markersize": 3.5, "alpha": 0.6, "label": names[first]}
        right.plot(*noise.T, style.MARKERS[first % 8], **dots)
        right.set_aspect("equal")
        right.set(
            title=f"cluster {first}, magnified",
            xlabel=r"noise along the first axis, in $\sigma$",
            ylabel=r"along the second, in $\sigma$",
        )
    return figure


HOLDS = "#4A6072"  # a slate that stands for no network and no label

Setting = tuple[str, "sizes.Rule", "float | Callable[[int, int], float]", tuple[float, int] | None]


def assumption_map(
    settings: Sequence[Setting],
    *,
    dimensions: tuple[float, float] = (1e2, 1e12),
    clusters: tuple[float, float] = (2, 1e4),
    resolution: int = 120,
) -> Figure:
    """Draw where Assumption 2.2 holds, d against k on logarithmic axes, one panel a setting.

    A setting is (title, sigma, inner product, run): sigma a number or a function of d, the inner
    product a number or a function of (k, d), run a point (d, k) to mark, or None.
    """
    across = np.geomspace(*dimensions, resolution)
    up = np.unique(np.geomspace(*clusters, resolution).round().astype(int))
    columns = min(2, len(settings))
    rows = -(-len(settings) // columns)
    with style.drawing(rows, columns, height=2.8 * rows, sharex=True, sharey=True) as (
        figure,
        grid,
    ):
        for axes in grid.ravel()[len(settings) :]:
            axes.set_axis_off()
        for axes, (title, sigma, inner_product, run) in zip(grid.ravel(), settings, strict=False):
            slack = sizes.slack_map(across, up, sigma, inner_product)
            _shade(axes, across, up, slack)
            if run is not None:
                star = {"color": "black", "markersize": 14, "clip_on": False, "zorder": 5}
                axes.plot(*run, "*", **star, label="this run")
                axes.annotate(
                    "this run",
                    run,
                    (-10, 8),
                    textcoords="offset points",
                    ha="right",
                    color="black",
                )
            axes.set_title(title)
        for axes in grid[-1]:
            axes.set_xlabel("dimension $d$")
        for axes in grid[:, 0]:
            axes.set_ylabel("clusters $k$")
    return figure


def _shade(axes: Axes, across: np.ndarray, up: np.ndarray, slack: np.ndarray) -> None:
    """Shade where the slack is at least 0 and draw the border."""
    axes.set(xscale="log", yscale="log")
    color = [HOLDS]
    area = axes.contourf(across, up, slack, levels=[0.0, np.inf], colors=color, alpha=0.25)
    area.set_label("Assumption 2.2 holds")
    border = axes.contour(across, up, slack, levels=[0.0], colors=color, linewidths=2)
    border.set_label("border of Assumption 2.2")
    holds = slack >= 0
    words = {"color": HOLDS, "fontweight": "bold", "transform": axes.transAxes}
    if holds.any():
        axes.text(0.97, 0.06, "holds", ha="right", **words)
    axes.text(0.04, 0.9, "fails", va="top", **{**words, "color": style.BOUND})


def error_against_bound(
    families: Sequence[tuple[str, Callable[[int], Clusters]]], dimensions: Sequence[int]
) -> Figure:
    """Draw -log10 of the exact error of Lemma 2.1 and of its bound against d.

    A family is a name and a function from d to its clusters; dimensions at which Assumption 2.2
    fails are left out of its curve. The vertical axis counts the zeros behind the decimal point.
    """
    scale = np.log(10.0)
    bound = [-separability.log_direction_error_bound(d) / scale for d in dimensions]
    colors = (style.FLOW, *style.EXTRA)
    with style.drawing(height=4.2) as (figure, ((axes,),)):
        axes.set(xscale="log", yscale="log")
        curves = []
        for (name, family), color in zip(families, colors, strict=False):
            met = [one for one in map(family, dimensions) if one.assumption().holds]
            exact = [-separability.log_direction_error(one) / scale for one in met]
            if met:
                at = [one.d for one in met]
                axes.plot(at, exact, "o-", color=color, markersize=4, label=name)
                curves.append((exact[-1], met[-1].d, name, color))
        curves.sort(key=lambda curve: curve[0])
        for curve, above in zip(curves, [*curves[1:], None], strict=True):
            crowded = above is not None and above[0] < 100 * curve[0]
            axes.annotate(
                curve[2],
                (curve[1], curve[0]),
                (0, -16 if crowded else 7),
                textcoords="offset points",
                ha="right",
                va="top" if crowded else "bottom",
                color=style.WORDS.get(curve[3], curve[3]),
            )
        words = r"the paper's bound $2\,d^{\,1-\ln(d)/2}$"
        axes.plot(dimensions, bound, "--", color=style.BOUND, label=words)
        axes.annotate(
            words,
            (dimensions[-1], bound[-1]),
            (0, -8),
            textcoords="offset points",
            ha="right",
            va="top",
            color=style.BOUND,
        )
        axes.set(xlabel="dimension $d$", ylabel=r"$-\log_{10}$ of the probability of an error")
    return figure

"""Figures of "Generalization" (section 3): margins of fresh points, errors too rare to count."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from kktnotes.figures import style


class Spread(NamedTuple):
    """Fresh margins of one network by cluster, with the least explicit bound of each.

    `margins` and `bounds` are arrays, one a fresh point; `cluster` their clusters, `labels` the
    label of each cluster.
    """

    margins: np.ndarray
    bounds: np.ndarray
    cluster: np.ndarray
    labels: Sequence[float]


def margins_by_cluster(panels: Mapping[str, Spread]) -> Figure:
    """Draw fresh margins in every cluster: with the least bound there above, magnified below.

    Below, a bar reaches from the least to the largest margin, as thousandths above or below 1.
    """
    look = {"width": 7.2, "height": 5.2, "sharex": "col", "height_ratios": (1, 1.15)}
    with style.drawing(2, len(panels), **look) as (figure, (top, bottom)):
        for whole, near, (title, one) in zip(top, bottom, panels.items(), strict=True):
            for q, label in enumerate(one.labels):
                own = one.cluster == q
                if own.any():
                    _cluster(whole, near, q, label, one.margins[own], one.bounds[own].min())
            whole.set(title=title, ylim=(0, 1.15), xlim=(-0.6, q + 0.6))
            near.set_xticks(range(0, len(one.labels), max(1, len(one.labels) // 6)))
            near.locator_params(axis="y", nbins=5)
            near.margins(y=0.12)
            for axes in (whole, near):
                axes.grid(axis="x", visible=False)
        for axes in top[1:]:
            axes.tick_params(labelleft=False)
        style.label_panels(np.array([top, bottom]), x="cluster")
        style.label_panels(top[None], y=r"$y\,\mathcal{N}(x)$")
        style.label_panels(bottom[None], y=r"$1000\,(y\,\mathcal{N}(x) - 1)$")
        first = next(iter(panels.values()))
        below = {"color": style.BOUND, "va": "top", "offset": (0, -3)}
        style.write(top[0], -0.4, first.bounds.min(), "bound (ours)", **below)
    return figure


def _cluster(
    whole: Axes, near: Axes, q: int, label: float, values: np.ndarray, bound: float
) -> None:
    """Draw the margins of one cluster in both rows and their bound in the upper one."""
    color, name = style.label_color(label), f"cluster {q}, label {style.label_name(label)}"
    for axes, shown in ((whole, values), (near, 1000 * (values - 1))):
        ends = {"color": color, "linewidth": 3, "label": f"{name}: least and largest"}
        axes.plot([q, q], [shown.min(), shown.max()], **ends)
        dot = {"color": color, "markersize": 6, "label": f"{name}: median"}
        axes.plot(q, np.median(shown), "o", **dot)
    dashed = {"color": style.BOUND, "linewidth": 1.5, "label": f"{name}: bound (ours)"}
    whole.plot([q - 0.35, q + 0.35], [bound, bound], "--", **dashed)


ZEROS = {  # a probability: its name on the figure, marker and colour, in the order of drawing
    "asked": ("$\\epsilon$ asked", "s", style.BOUND),
    "counting": ("counting", "P", style.PINK),
    "least": ("least $\\epsilon$\nof the theorem", "D", style.BOUND),
    "every": ("every\nKKT point", "o", style.SKY),
    "found": ("the point\nfound", "o", style.FLOW),
}


def zeros(rows: Mapping[str, Mapping[str, float]]) -> Figure:
    """Draw, one row a setting, how many zeros each probability has behind its decimal point.

    Parameters
    ----------
    rows : mapping
        For every setting the base-10 logarithms of its probabilities, under keys of `ZEROS`. The
        first row has the names beside its marks.
    """
    with style.drawing(height=1.7 + 0.55 * len(rows)) as (figure, ((axes,),)):
        for height, (setting, logs) in enumerate(rows.items()):
            values = [-logs[key] for key in ZEROS if key in logs]
            line = {"color": "#D0D0D0", "zorder": 1, "label": f"{setting}: from least to most"}
            axes.plot([min(values), max(values)], [height] * 2, **line)
            for key, (name, marker, color) in ZEROS.items():
                if key not in logs:
                    continue
                look = {"color": color, "markersize": 9, "zorder": 2, "label": name}
                axes.plot(-logs[key], height, marker, **look)
                if height == 0:
                    below = key == "counting"
                    side = {"asked": "right", "counting": "left", "least": "left"}
                    axes.annotate(
                        name,
                        (-logs[key], 0),
                        (0, -10 if below else 10),
                        textcoords="offset points",
                        ha=side.get(key, "center"),
                        va="top" if below else "bottom",
                        color=color,
                        fontsize=10,
                    )
        axes.set_xscale("log")
        axes.set_yticks(range(len(rows)), rows.keys())
        axes.set_ylim(len(rows) - 0.5, -1.1)
        low, high = axes.get_xlim()
        axes.set_xlim(low / 2.5, high * 1.6)
        axes.grid(axis="y", visible=False)
        axes.set_xlabel("zeros behind the decimal point of the probability (logarithmic)")
    return figure


def error_against_noise(
    sigmas: Sequence[float],
    errors: np.ndarray,
    estimate: tuple[np.ndarray, np.ndarray],
    marks: Mapping[str, float],
    *,
    resolution: float,
) -> Figure:
    """Draw counted errors of several seeds against the noise level, with an estimate.

    Parameters
    ----------
    sigmas : sequence of float
        Noise levels.
    errors : array (noise levels, seeds)
        Shares of fresh points with the wrong sign; NaN for a seed without a certified point, and
        one number or more at each noise level.
    estimate : pair of arrays
        Noise levels and, dashed, the error that a linear average of the sample would make there.
    marks : mapping
        Noise levels to mark with a vertical line, by name.
    resolution : float
        What one seed's count cannot tell from 0; zeros are drawn there, hollow.
    """
    sigmas = np.asarray(sigmas)
    there = [row[np.isfinite(row)] for row in errors]
    mean = np.array([row.mean() for row in there])
    deviation = np.array([row.std(ddof=1) if len(row) > 1 else 0.0 for row in there])
    with style.drawing(height=4.0) as (figure, ((axes,),)):
        dashed = {"color": style.BOUND, "linewidth": 1.5, "label": "estimate (ours)"}
        axes.loglog(*estimate, "--", **dashed)
        seen = mean > 0
        down = np.minimum(deviation, 0.99 * mean)[seen]
        axes.errorbar(
            sigmas[seen],
            mean[seen],
            yerr=[down, deviation[seen]],
            fmt="o",
            color=style.FLOW,
            capsize=4,
            label="mean over seeds, standard deviation",
        )
        axes.plot(
            sigmas[~seen],
            [resolution] * (~seen).sum(),
            "o",
            markerfacecolor="white",
            color=style.FLOW,
            label="none seen",
        )
        axes.set(ylim=(resolution / 3, 2.0), xlabel=r"noise level $\sigma$")
        axes.set(ylabel="share of wrong signs")
        for name, place in marks.items():
            axes.axvline(place, color=style.EXTRA[0], linewidth=1.5, label=name)
            style.write(axes, place, 1.1, name, color=style.PINK, ha="left", offset=(4, 0))
        if (~seen).any():
            style.write(
                axes,
                sigmas[~seen][0],
                resolution / 1.35,
                "none seen",
                va="top",
                offset=(4, 0),
                fontsize=9,
            )
        seen_part = np.flatnonzero(estimate[1] > 3 * resolution)
        if len(seen_part):
            place = estimate[0][seen_part[0]] * 1.05, estimate[1][seen_part[0]]
            style.write(axes, *place, "estimate (ours)", color=style.BOUND, va="top")
        axes.set_xticks(sigmas, [f"{one:g}" for one in sigmas])
        axes.minorticks_off()
    return figure


def noise_against_dimension(
    begins: Mapping[float, Sequence[float]], ends: Mapping[float, Sequence[float]]
) -> Figure:
    """Draw two noise levels of several training sets against the dimension, and d^(1/8).

    Parameters
    ----------
    begins : mapping
        For every dimension the noise levels at which a network errs once in a thousand points;
        with it goes the estimate, dashed, for two clusters and n = 2 ln^2 d.
    ends : mapping
        The noise levels up to which the bound for every KKT point is below epsilon.
    """
    grid = np.geomspace(min(ends), max(ends), 50)
    n, wanted = 2 * np.log(grid) ** 2, 3.09  # Phi(-3.09) = 1/1000
    estimate = np.sqrt(np.sqrt((n / 4) ** 2 + grid * n / (2 * wanted) ** 2) - n / 4)
    with style.drawing(height=4.2) as (figure, ((axes,),)):
        dashed = {"color": style.BOUND, "linewidth": 1.5, "label": "estimate (ours)"}
        axes.loglog(grid, estimate, "--", **dashed)
        axes.loglog(grid, grid ** (1 / 8), color=style.EXTRA[0], linewidth=1.5, label="$d^{1/8}$")
        series = (
            (begins, style.FLOW, "one error in a thousand"),
            (ends, style.SKY, "the bound for every KKT point ends"),
        )
        for found, color, name in series:
            mean = np.array([np.mean(values) for values in found.values()])
            spread = [np.std(values) for values in found.values()]
            look = {"fmt": "o", "color": color, "capsize": 4, "label": name}
            axes.errorbar(list(found), mean, spread, **look)
            up = name.startswith("one")
            place = (grid[0], mean[0] * (2.5 if up else 0.72))
            style.write(axes, *place, name, color=color, va="bottom" if up else "top")
        eighth = {"color": style.EXTRA[0], "va": "bottom", "ha": "right"}
        style.write(axes, grid[-1], grid[-1] ** (1 / 8) * 1.12, "$d^{1/8}$", **eighth)
        below = {"color": style.BOUND, "va": "top", "ha": "right"}
        style.write(axes, grid[-1], estimate[-1] * 0.6, "estimate (ours)", **below)
        low, high = axes.get_ylim()
        axes.set(xlabel="dimension $d$", ylabel=r"noise level $\sigma$", ylim=(low / 1.6, high))
    return figure

"""Figures of "Generalization" (section 3): margins of fresh points, errors too rare to count."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
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
    """Draw the range of fresh margins in every cluster and, dashed, the least bound there."""
    with style.drawing(1, len(panels), height=3.8, sharey=True) as (figure, (row,)):
        for axes, (title, one) in zip(row, panels.items(), strict=True):
            for q, label in enumerate(one.labels):
                own = one.cluster == q
                if not own.any():
                    continue
                values, color = one.margins[own], style.label_color(label)
                axes.plot([q, q], [values.min(), values.max()], color=color, linewidth=3)
                axes.plot(q, np.median(values), "o", color=color, markersize=6)
                low = one.bounds[own].min()
                axes.plot([q - 0.35, q + 0.35], [low, low], "--", color=style.BOUND, linewidth=1.5)
            axes.set(title=title, xlabel="cluster", ylim=(0, 1.15), xlim=(-0.6, q + 0.6))
            axes.set_xticks(range(0, len(one.labels), max(1, len(one.labels) // 6)))
            axes.grid(axis="x", visible=False)
        row[0].set_ylabel(r"$y\,\mathcal{N}(x)$ at fresh points")
        first = next(iter(panels.values()))
        style.write(
            row[0], -0.4, first.bounds.min() - 0.02, "bound (ours)", color=style.BOUND, va="top"
        )
    return figure


BLUE = "#20709A"  # style.EXTRA[2], dark enough for words
ZEROS = {  # a probability: its name on the figure, marker and colour, in the order of drawing
    "asked": ("$\\epsilon$ asked", "s", style.BOUND),
    "counting": ("counting", "P", style.EXTRA[0]),
    "least": ("least $\\epsilon$\nof the theorem", "D", style.BOUND),
    "every": ("every\nKKT point", "o", BLUE),
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
        for height, logs in enumerate(rows.values()):
            values = [-logs[key] for key in ZEROS if key in logs]
            axes.plot([min(values), max(values)], [height] * 2, color="#D0D0D0", zorder=1)
            for key, (name, marker, color) in ZEROS.items():
                if key not in logs:
                    continue
                axes.plot(-logs[key], height, marker, color=color, markersize=9, zorder=2)
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
        Shares of fresh points with the wrong sign.
    estimate : pair of arrays
        Noise levels and, dashed, the error that a linear average of the sample would make there.
    marks : mapping
        Noise levels to mark with a vertical line, by name.
    resolution : float
        What one seed's count cannot tell from 0; zeros are drawn there, hollow.
    """
    sigmas = np.asarray(sigmas)
    mean = errors.mean(1)
    deviation = errors.std(1, ddof=1) if errors.shape[1] > 1 else np.zeros(len(mean))
    with style.drawing(height=4.0) as (figure, ((axes,),)):
        axes.loglog(*estimate, "--", color=style.BOUND, linewidth=1.5)
        seen = mean > 0
        down = np.minimum(deviation, 0.99 * mean)[seen]
        axes.errorbar(
            sigmas[seen],
            mean[seen],
            yerr=[down, deviation[seen]],
            fmt="o",
            color=style.FLOW,
            capsize=4,
        )
        axes.plot(
            sigmas[~seen],
            [resolution] * (~seen).sum(),
            "o",
            markerfacecolor="white",
            color=style.FLOW,
        )
        axes.set(ylim=(resolution / 3, 2.0), xlabel=r"noise level $\sigma$")
        axes.set(ylabel="share of wrong signs")
        for name, place in marks.items():
            axes.axvline(place, color=style.EXTRA[0], linewidth=1.5)
            style.write(axes, place, 1.1, name, color=style.EXTRA[0], ha="center")
        if (~seen).any():
            style.write(
                axes, sigmas[~seen][0], resolution / 1.35, "none seen", va="top", fontsize=9
            )
        seen_part = np.flatnonzero(estimate[1] > 3 * resolution)
        if len(seen_part):
            place = estimate[0][seen_part[0]] * 1.05, estimate[1][seen_part[0]]
            style.write(axes, *place, "estimate (ours)", color=style.BOUND, va="top")
        axes.set_xticks(sigmas, [f"{one:g}" for one in sigmas])
        axes.minorticks_off()
    return figure

"""Figures of "How many examples" (section 3): coverage, errors of missed clusters, label noise."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.figure import Figure

from kktnotes.chapters import sample_size as averages
from kktnotes.figures import style

MISSED = style.SKY  # clusters without an example


def coverage(
    curves: Mapping[str, tuple[np.ndarray, np.ndarray]], marks: Mapping[str, tuple]
) -> Figure:
    """Draw the logarithm of the probability of a missed cluster against examples a cluster.

    Parameters
    ----------
    curves : mapping
        For every setting n / k and the base-10 logarithm of the exact probability.
    marks : mapping
        For the same settings the place (n / k, log10 bound) of the theorem's n and of the bound
        on the probability there.
    """
    with style.drawing(height=4.2) as (figure, ((axes,),)):
        colors = (style.FLOW, *style.EXTRA)
        for color, (name, (ratio, logs)) in zip(colors, curves.items(), strict=False):
            axes.plot(ratio, logs, color=color, label=name)
            x, y = marks[name]
            end = np.interp(x, ratio, logs)
            axes.plot(x, y, "D", color=style.BOUND, markersize=8, label=f"{name}: our bound")
            axes.plot(x, end, "o", color=color, markersize=8, label=f"{name}: at the theorem's $n$")
            axes.plot([x, x], [y, end], ":", color=style.BOUND, label=style.DECORATION)
            axes.annotate(
                name,
                (x, end),
                (-8, -2),
                textcoords="offset points",
                ha="right",
                va="top",
                fontsize=10,
            )
        x, y = list(marks.values())[-1]
        axes.annotate(
            "our bound",
            (x, y),
            (0, 9),
            textcoords="offset points",
            ha="center",
            va="bottom",
            color=style.BOUND,
            fontsize=10,
        )
        axes.margins(x=0.12)
        axes.set(xlabel="examples a cluster, $n / k$", ylabel="log10 of Pr[a cluster is missed]")
        axes.set_ylim(top=4)
    return figure


def errors_by_count(counts: np.ndarray, errors: np.ndarray, labels: np.ndarray) -> Figure:
    """Draw the error at each cluster of many training sets against its number of examples.

    Parameters
    ----------
    counts, errors, labels : arrays of one length
        One entry a cluster and training set.
    """
    shift = np.random.default_rng(0).uniform(-0.25, 0.25, len(counts))
    with style.drawing(height=3.8) as (figure, ((axes,),)):
        for label in (1.0, -1.0):
            own = labels == label
            look = {"color": style.label_color(label), "alpha": 0.6, "markersize": 5}
            words = f"label {style.label_name(label)}"
            axes.plot(counts[own] + shift[own], errors[own], "o", **look, label=words)
        axes.set(xlabel="examples of the cluster", ylabel="share of its points with wrong sign")
        axes.set_ylim(-0.05, 1.1)
        most = int(min(counts.max(), 12))
        axes.set_xlim(-0.6, most + 0.6)
        axes.set_xticks(range(most + 1))
        axes.grid(axis="x", visible=False)
        for place, label in ((1.03, 1.0), (0.93, -1.0)):
            words = f"label {style.label_name(label)}"
            style.write(axes, 1.0, place, words, color=style.label_color(label), va="center")
    return figure


def error_against_size(
    ratio: Sequence[float], errors: np.ndarray, missed: np.ndarray, expected: tuple, enough: float
) -> Figure:
    """Draw error and share of missed clusters against n / k, with the exact expectation.

    Parameters
    ----------
    ratio : sequence of float
        n / k of the training sets.
    errors, missed : arrays (sizes, seeds)
        The network's error, and the share of clusters without an example.
    expected : tuple of arrays
        n / k, the expected share of missed clusters, and its 5 % and 95 % quantiles.
    enough : float
        n / k that the theorem asks for.
    """
    x = np.asarray(ratio)
    with style.drawing(height=4.2) as (figure, ((axes,),)):
        grid, share, low, high = expected
        band = {"color": style.EXTRA[2], "alpha": 0.25, "linewidth": 0}
        axes.fill_between(grid, low, high, **band, label="clusters missed: 5 % to 95 %")
        axes.plot(grid, share, color=MISSED, linewidth=1.5, label="clusters missed: expected")
        for values, color, move, name in (
            (missed, MISSED, 0.97, "clusters missed"),
            (errors, style.FLOW, 1.03, "error"),
        ):
            mean = averages.mean(values)
            deviation = averages.deviation(values, ddof=1)
            both = [np.minimum(deviation, mean), deviation]  # a share is not below 0
            look = {"fmt": "o", "color": color, "capsize": 4, "markersize": 6}
            axes.errorbar(
                x * move, mean, both, **look, label=f"{name}: mean over seeds, standard deviation"
            )
        first = float(averages.mean(missed[0]))
        axes.set_xscale("log")
        style.write(axes, x[0] * 1.15, first * 1.05, "clusters missed", color=MISSED, va="bottom")
        low_error = float(averages.mean(errors[0]))
        style.write(
            axes, x[0] * 0.94, low_error, "error", color=style.FLOW, va="center", ha="right"
        )
        style.bound_line(axes, enough, r"$\ln^2 d$")
        style.write(
            axes, enough / 1.06, 0.3, r"$\ln^2 d$", color=style.BOUND, va="center", ha="right"
        )
        ticks = [one for one in x if one in (1, 2, 3, 4, 6, 8, 10)]
        axes.set_xticks(
            [*ticks, 20, 40, enough], [f"{one:g}" for one in [*ticks, 20, 40]] + [f"{enough:.0f}"]
        )
        axes.minorticks_off()
        axes.set(xlabel="examples a cluster, $n / k$", ylabel="share", ylim=(-0.06, None))
        axes.set_xlim(x[0] / 1.5, enough * 1.2)
    return figure


def label_noise(
    shares: Sequence[float], errors: np.ndarray, norms: np.ndarray, *, flipped: np.ndarray
) -> Figure:
    """Draw the error on fresh points, and the growth of the norm, against the share of flips.

    Parameters
    ----------
    shares : sequence of float
        Shares of training labels that were flipped.
    errors, norms : arrays (shares, seeds)
        Error on fresh, rightly labelled points, and the squared norm relative to that without
        flips.
    flipped : array (shares, seeds)
        The least margin of the flipped points, with respect to their flipped labels.
    """
    x = np.asarray(shares)
    known = flipped[x > 0]
    if not (known[np.isfinite(known)] > 0).all():
        fit = "some flipped points are not fitted"
    else:
        fit = "every flipped point is fitted"
    with style.drawing(1, 2, height=3.8) as (figure, (row,)):
        for axes, values, name in (
            (row[0], errors, "error on fresh points"),
            (row[1], norms, r"$\Vert\theta\Vert^2$ over that without flips"),
        ):
            deviation = averages.deviation(values, ddof=1)
            look = {"fmt": "o-", "color": style.FLOW, "capsize": 4}
            words = "mean over seeds, standard deviation"
            axes.errorbar(x, averages.mean(values), deviation, **look, label=words)
            axes.set(xlabel="share of labels flipped", title=name, ylim=(0, None))
            axes.set_ylabel(name, visible=False)
        row[0].plot(x, x, "--", color=style.BOUND, linewidth=1.5, label="the share itself")
        style.write(
            row[0], x[-1] * 0.45, x[-1] * 0.52, "the share itself", color=style.BOUND, ha="right"
        )
        style.write(row[0], x[0], row[0].get_ylim()[1] * 0.97, fit, va="top", fontsize=9)
    return figure

"""Figures of "Gradient flow and Theorem 2.1" (section 2): how the flow grows and where it turns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from kktnotes.figures import style
from kktnotes.flow import Flow

SMOOTHED = style.EXTRA[0]


def _after(flow: Flow, *, log_time: float | None = None) -> dict[str, np.ndarray]:
    """Return the flow's history from L < 1/n on, or from `log_time` on if that is later."""
    flow.require_separated()
    first = flow.separated_log_time if log_time is None else max(log_time, flow.separated_log_time)
    history = {name: values.numpy() for name, values in flow.history.items()}
    return {name: values[history["log_time"] >= first] for name, values in history.items()}


def growth(flow: Flow, margin: float) -> Figure:
    """Draw -ln L and ||theta||^2 against ln t, with the lines that Theorem 2.1 leads to.

    Parameters
    ----------
    flow : Flow
        One that met L < 1/n.
    margin : float
        The normalized margin of its limit: -ln L grows like ln t, ||theta||^2 like ln t / margin.
    """
    path = _after(flow, log_time=1.0)
    log_time = path["log_time"]
    panels = [
        (-path["log_loss"], log_time, r"$-\ln\mathcal{L}$", r"$\ln t$"),
        (path["norm"] ** 2, log_time / margin, r"$\Vert\theta\Vert^2$", r"$\ln t\,/\,\gamma^*$"),
    ]
    with style.drawing(1, 2, height=3.6) as (figure, (row,)):
        for axes, (values, line, name, reference) in zip(row, panels, strict=True):
            axes.loglog(log_time, values, color=style.FLOW, label=f"{name} of the flow")
            dashed = {"color": style.BOUND, "linewidth": 1.5, "label": reference}
            axes.loglog(log_time, line, "--", **dashed)
            middle = len(line) // 2
            style.write(
                axes, log_time[middle], line[middle] / 4, reference, color=style.BOUND, va="top"
            )
            axes.set(xlabel=r"$\ln t$", ylabel=name)
    return figure


def margins(flow: Flow, margin: float) -> Figure:
    """Draw the normalized and the smoothed margin in both clocks, with the limit's margin.

    Both are divided by `margin`, the normalized margin of the limit, and drawn from L < 1/n on.
    """
    path = _after(flow)
    with style.drawing(1, 2, height=3.8, sharey=True) as (figure, (row,)):
        for axes, clock in zip(row, ("tau", "log_time"), strict=True):
            chosen = path[clock] > 0 if clock == "tau" else path[clock] >= 1.0
            for name, color in (("smoothed_margin", SMOOTHED), ("normalized_margin", style.FLOW)):
                label = name.replace("_", " ")
                axes.plot(
                    path[clock][chosen], path[name][chosen] / margin, color=color, label=label
                )
            style.bound_line(axes, 1.0, "normalized margin of the limit", vertical=False)
        row[0].set(xlabel=r"the flow's own clock $\tau$", ylabel="relative to the limit's")
        row[1].set(xlabel=r"$\ln t$", xscale="log")
        last, at = len(path["tau"]) - 1, int(np.argmax(path["smoothed_margin"] >= 0.6 * margin))
        style.write(row[0], path["tau"][last], 0.93, "normalized margin", ha="right", va="top")
        row[0].annotate(
            "smoothed margin",
            (path["tau"][at], path["smoothed_margin"][at] / margin),
            (10, -4),
            textcoords="offset points",
            color=SMOOTHED,
            va="top",
        )
        row[0].locator_params(axis="x", nbins=4)
        row[0].set_ylim(min(0.0, row[0].get_ylim()[0]), 1.08)
    return figure


def angles(
    log_times: np.ndarray,
    curves: Mapping[str, np.ndarray],
    fits: Mapping[str, tuple[np.ndarray, np.ndarray, str]],
) -> Figure:
    """Draw angles against ln t on logarithmic axes, and the power laws fitted to them.

    Parameters
    ----------
    log_times : array (s,)
        ln t > 0.
    curves : name -> array (s,)
        Angles in radians; the name is written at the curve's beginning.
    fits : name -> (ln t, fitted angle, label)
        For some of the curves.
    """
    colors = dict(zip(curves, (style.FLOW, style.AMBER, style.EXTRA[0]), strict=False))
    with style.drawing(height=4.4) as (figure, ((axes,),)):
        places = (
            (0, 0, 8, "left", "bottom"),
            (2, 8, 4, "left", "bottom"),
            (0, 0, 8, "left", "bottom"),
        )
        for (name, values), place in zip(curves.items(), places, strict=False):
            look = {"color": colors[name], "markersize": 3.5, "label": name}
            axes.loglog(log_times, values, "o-", **look)
            at = len(log_times) // place[0] if place[0] else 0
            axes.annotate(
                name,
                (log_times[at], values[at]),
                place[1:3],
                textcoords="offset points",
                color=colors[name],
                ha=place[3],
                va=place[4],
            )
        for above, (name, (at, fitted, label)) in zip((8, -8, 0), fits.items(), strict=False):
            look = {"color": "black", "linewidth": 1.3, "zorder": 4, "label": f"{name}: {label}"}
            axes.loglog(at, fitted, "--", **look)
            axes.annotate(
                label,
                (at[-1], fitted[-1]),
                (24, above),
                textcoords="offset points",
                color=colors[name],
                va="center",
                annotation_clip=False,
            )
        axes.set(xlabel=r"$\ln t$", ylabel="angle to the exact point (radians)")
        axes.set_xlim(None, log_times[-1] * 4)
    return figure


def neuron_paths(
    log_times: np.ndarray, cosines: np.ndarray, labels: np.ndarray, separated: float
) -> Figure:
    """Draw how the neurons turn: in the plane of two limit neurons, and in time.

    Parameters
    ----------
    log_times : array (s,)
        ln t of the moments; the first may be -inf.
    cosines : array (s, m, 2)
        Cosines of each neuron's w~ with the limit's first (label +1) and second (label -1) neuron.
    labels : array (m,)
        Signs of v_j.
    separated : float
        ln t_0.
    """
    shown = np.isfinite(log_times)
    with style.drawing(1, 2, height=3.9) as (figure, ((left, right),)):
        circle = np.linspace(0, np.pi / 2, 91)
        dashed = {"color": style.BOUND, "linewidth": 1, "linestyle": "--"}
        left.plot(np.cos(circle), np.sin(circle), **dashed, label="unit circle")
        for j, label in enumerate(labels):
            look = {"color": style.label_color(label), "linewidth": 0.9, "alpha": 0.7}
            look["label"] = f"neuron {j + 1}, $v {'>' if label > 0 else '<'} 0$"
            left.plot(*cosines[:, j].T, **look)
            own = cosines[:, j, 0 if label > 0 else 1]
            right.plot(log_times[shown], own[shown], **look)
        left.plot(*cosines[0].T, ".", color=style.FLOW, markersize=3, label="start")
        star = {"color": style.FLOW, "markersize": 13, "clip_on": False, "zorder": 5}
        left.plot([1, 0], [0, 1], "*", **star, label="limit neurons")
        _label_ends(left)
        left.set_aspect("equal")
        left.set(
            title="from the start to the limit (stars)",
            xlabel=r"cosine with the limit neuron of $+1$",
            ylabel=r"cosine with that of $-1$",
        )
        style.bound_line(right, separated, r"$\ln t_0$")
        style.write(right, separated + 0.1, 0.3, r"$\ln t_0$", color=style.BOUND)
        early = log_times[shown]
        right.set_xlim(early[0] - 0.3, max(separated + 3.0, early[0] + 1.0))
        right.set(title="in time", xlabel=r"$\ln t$", ylabel="cosine with the own limit neuron")
    return figure


def _label_ends(axes: Axes) -> None:
    """Write which limit neuron is which."""
    style.write(axes, 0.97, 0.07, "$v > 0$", color=style.POSITIVE, ha="right")
    style.write(axes, 0.05, 0.9, "$v < 0$", color=style.NEGATIVE)


def softmax_weights(exact: np.ndarray, moments: Sequence[tuple[str, np.ndarray]]) -> Figure:
    """Draw the flow's weights p_i at some moments against the shares lambda_i / sum of lambda.

    Both are multiplied by n, so that 1 is the mean; on the diagonal the flow knows the multipliers.
    """
    n = len(exact)
    top = 1.15 * n * exact.max()
    with style.drawing(1, len(moments), height=3.0, sharey=True) as (figure, (row,)):
        for axes, (title, weights) in zip(row, moments, strict=True):
            dashed = {"color": style.BOUND, "linewidth": 1.2, "label": "diagonal"}
            axes.plot([0, top], [0, top], "--", **dashed)
            dots = {"color": style.FLOW, "markersize": 3, "alpha": 0.5, "label": "training points"}
            axes.plot(n * exact, n * weights, ".", **dots)
            axes.set(title=title, xlabel=r"$n \lambda_i / \sum_l \lambda_l$", xlim=(0, top))
            axes.set_aspect("equal")
        row[0].set(ylabel=r"$n\, p_i$ of the flow", ylim=(0, top))
    return figure

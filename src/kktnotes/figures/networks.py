"""Figures of "Two-layer networks and their losses" (section 2)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from kktnotes import checks
from kktnotes.figures import style
from kktnotes.flow.losses import NAMES, Loss
from kktnotes.networks.two_layer import TwoLayerReLU

SIGNED = "RdBu"  # outputs: blue where positive, as the label +1
LOSS_COLORS = {"exponential": style.FLOW, "logistic": style.EXTRA[0]}


def plane(
    networks: Sequence[tuple[str, TwoLayerReLU]],
    *,
    points: tuple[torch.Tensor, torch.Tensor] | None = None,
    reach: float = 2.0,
    resolution: int = 241,
) -> Figure:
    """Draw networks on R^2: output (contours), kinks of the neurons, decision boundary.

    Parameters
    ----------
    networks : sequence of (title, network)
        Networks with two inputs, one panel each; all panels share the contour levels.
    points : pair (x, y), optional
        Points (n, 2) with labels (n,), drawn in each panel.
    reach : float
        The square [-reach, reach]^2 is shown.
    """
    for _, network in networks:
        if network.weights.shape[-1] != 2:
            raise checks.refusal("networks", f"{network.weights.shape[-1]} inputs", "two inputs")
    line = np.linspace(-reach, reach, resolution)
    grid = torch.from_numpy(np.stack(np.meshgrid(line, line), -1).reshape(-1, 2))
    fields = [one(grid).reshape(resolution, resolution).numpy() for _, one in networks]
    top = max(np.abs(field).max() for field in fields)
    levels = np.concatenate([-(2.0 ** np.arange(5, -3, -1)), 2.0 ** np.arange(-2, 6)])
    width = 7.0 if len(networks) > 1 else 4.9
    with style.drawing(1, len(networks), width=width, height=3.7, sharey=True) as (figure, (row,)):
        for axes, field, (title, network) in zip(row, fields, networks, strict=True):
            image = axes.pcolormesh(
                line, line, field, cmap=SIGNED, vmin=-top, vmax=top, shading="auto"
            )
            image.set_label("output")
            thin = {"linewidths": 0.6, "linestyles": "solid"}
            contours = axes.contour(line, line, field, levels, colors="#9A9A9A", **thin)
            contours.set_label("level of the output")
            border = axes.contour(line, line, field, [0.0], colors="black", linewidths=2.5)
            border.set_label("decision boundary")
            for j, (w, b) in enumerate(zip(network.weights, network.biases, strict=True), 1):
                _kink(axes, w.tolist(), b.item(), f"kink of neuron {j}")
            if points is not None:
                _points(axes, *points)
            axes.set(title=title, xlabel="$x_1$", xlim=(-reach, reach), ylim=(-reach, reach))
            axes.set_aspect("equal")
            axes.grid(False)
        row[0].set_ylabel("$x_2$")
        bar = figure.colorbar(image, ax=row, shrink=0.85)
        bar.set_label(r"$\mathcal{N}_\theta(x)$")
    return figure


def _points(axes: Axes, x: torch.Tensor, y: torch.Tensor) -> None:
    """Draw points in the colours of their labels, with one marker a label."""
    for label, marker in ((1.0, "o"), (-1.0, "s")):
        color = style.label_color(label)
        own = x[y == label].T.numpy()
        look = {"markersize": 5, "markeredgecolor": "white"}
        axes.plot(*own, marker, color=color, **look, label=f"label {style.label_name(label)}")


def _kink(axes: Axes, weights: list[float], bias: float, name: str) -> None:
    """Draw the line w . x + b = 0."""
    square = weights[0] ** 2 + weights[1] ** 2
    foot = (-bias * weights[0] / square, -bias * weights[1] / square)
    ahead = (foot[0] - weights[1], foot[1] + weights[0])
    axes.axline(foot, ahead, color=style.FLOW, linestyle=":", linewidth=0.9, label=name)


def losses() -> Figure:
    """Draw both losses as functions of a margin, plainly and on a logarithmic axis."""
    near, far = np.linspace(-2, 4, 301), np.linspace(-2, 40, 301)
    with style.drawing(1, 2, height=3.6) as (figure, ((left, right),)):
        for name in NAMES:
            loss, color = Loss(name), LOSS_COLORS[name]
            for axes, q in ((left, near), (right, far)):
                # the loss of one point with this margin
                values = loss.log_mean(torch.from_numpy(q)[:, None]).exp().numpy()
                axes.plot(q, values, color=color, label=f"{name} loss")
        words = r"$\ell(0) = 1$, both"
        left.plot(0, 1, "o", color=style.FLOW, markersize=8, zorder=5, label=words)
        style.write(left, 0.3, 1.4, words)
        style.write(left, -1.15, 5.0, r"$e^{-q}$", color=LOSS_COLORS["exponential"])
        style.write(left, -1.95, 0.3, r"$\log_2(1 + e^{-q})$", color=LOSS_COLORS["logistic"])
        left.set(title="near zero", xlabel="margin $q$", ylim=(0, 7))
        style.bound_line(left, 1.0, r"$\ell(0)$", vertical=False)
        style.write(right, 18, 1e-6, "apart by a factor\n$1/\\ln 2$ in the end")
        right.set(title="far out", xlabel="margin $q$", yscale="log")
        right.set_yticks([1.0, 1e-5, 1e-10, 1e-15])
        style.label_panels(np.array([[left, right]]), y=r"loss $\ell(q)$")
    return figure


def loss_against_scale(
    scales: np.ndarray, log_losses: np.ndarray, plain: np.ndarray, n: int
) -> Figure:
    """Draw the loss of alpha * theta against alpha: near 1/n, and far below.

    Parameters
    ----------
    scales, log_losses : arrays (s,)
        The factors alpha, increasing, and ln L at each.
    plain : array (s,)
        L as plain float64 arithmetic gives it; zeros are left out.
    n : int
        The number of training points, for the level 1/n.
    """
    tenfold, seen = log_losses / np.log(10), plain > 0
    reached = min(len(scales) - 1, int(np.searchsorted(-log_losses, np.log(n))))
    with style.drawing(1, 2, height=3.7) as (figure, ((left, right),)):
        left.plot(scales, np.exp(log_losses), color=style.FLOW, label="loss")
        style.bound_line(left, 1 / n, "$1/n$", vertical=False)
        style.write(left, 0.05 * scales[reached], 0.8 / n, "$1/n$", color=style.BOUND, va="top")
        left.set(xlim=(0, 1.4 * scales[reached]), ylim=(0.15 / n, 1.6), yscale="log")
        left.set(xlabel=r"factor $\alpha$ on $\theta$", ylabel=r"loss $\mathcal{L}(\alpha\theta)$")
        left.set_title("every point on its side, always")
        right.plot(scales, tenfold, color=style.FLOW, label="loss")
        broad = {"color": style.EXTRA[1], "linewidth": 7, "alpha": 0.5, "zorder": 1}
        right.plot(scales[seen], tenfold[seen], **broad, label="loss in plain float64")
        end = np.flatnonzero(seen)[-1]
        right.annotate(
            "beyond, plain\nfloat64 says 0",
            (scales[end], tenfold[end]),
            (-10, -2),
            textcoords="offset points",
            ha="right",
            va="top",
            color=style.AMBER,
        )
        right.set(xlabel=r"factor $\alpha$ on $\theta$", ylabel=r"$\log_{10}$ of the loss")
        right.set_title("all the way")
    return figure


def clarke() -> Figure:
    """Draw the relu with lines below it that touch it at the kink, and its subdifferential."""
    z = np.array([-2.0, 0.0, 2.0])
    with style.drawing(1, 2, height=3.3) as (figure, ((left, right),)):
        for slope in (0.25, 0.5, 0.75):
            left.plot(z, slope * z, color=style.EXTRA[1], linewidth=1.3, label=f"slope {slope}")
        left.plot(z, np.maximum(z, 0), color=style.FLOW, linewidth=3, label=r"$\phi(z)$")
        style.write(left, -1.9, 1.2, "slopes between\n0 and 1 touch too", color=style.AMBER)
        left.set(title=r"$\phi(z) = \max\{0, z\}$", xlabel="$z$", ylim=(-1.1, 2.1))
        left.set_ylabel(r"$\phi(z)$", visible=False)
        right.plot([-2, 0], [0, 0], color=style.FLOW, linewidth=3, label="$z < 0$")
        right.plot([0, 2], [1, 1], color=style.FLOW, linewidth=3, label="$z > 0$")
        look = {"color": style.EXTRA[1], "linewidth": 5, "solid_capstyle": "round"}
        words = r"$\partial^{\circ} \phi(0) = [0, 1]$"
        right.plot([0, 0], [0, 1], **look, label=words)
        style.write(right, 0.2, 0.5, words, color=style.AMBER)
        right.set(title=r"$\partial^{\circ} \phi(z)$", xlabel="$z$", ylim=(-0.25, 1.25))
        right.set_ylabel(r"$\partial^{\circ} \phi(z)$", visible=False)
        right.set_yticks([0, 0.5, 1])
    return figure

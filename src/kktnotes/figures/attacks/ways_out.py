"""Two perturbations of one point in the plane that holds both, for "Why attacks mislead" (ours)."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
import torch
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from kktnotes.figures import style
from kktnotes.networks.two_layer import TwoLayerReLU

SIGNED = "RdBu"  # outputs: blue where positive, as the label +1


def two_ways_out(
    network: TwoLayerReLU,
    x: torch.Tensor,
    ends: Mapping[str, torch.Tensor],
    d: float,
    *,
    resolution: int = 241,
) -> Figure:
    """Draw the output in the plane of two perturbations of one point, with both as arrows.

    Parameters
    ----------
    network : TwoLayerReLU
        Its output at x is the largest of the picture's scale.
    x : tensor (p,)
        The point, at the origin of the picture.
    ends : two of name -> tensor (p,)
        Perturbed points; the first one's perturbation is the horizontal axis.
    d : float
        Ambient dimension: axes are in units of sqrt(d).
    """
    root = math.sqrt(d)
    steps = [(end - x) / root for end in ends.values()]
    across = steps[0] / steps[0].norm()
    rest = steps[1] - (steps[1] @ across) * across
    upward = rest / rest.norm()
    reach = 1.25 * max(float(step.norm()) for step in steps)
    horizontal = np.linspace(-0.15 * reach, reach, resolution)
    vertical = np.linspace(-0.3 * reach, 0.7 * reach, resolution)
    grid = np.stack(np.meshgrid(horizontal, vertical), -1).reshape(-1, 2)
    moved = x + root * torch.from_numpy(grid) @ torch.stack([across, upward])
    field = network(moved).reshape(resolution, resolution).numpy()
    with style.drawing(width=6.4, height=4.2) as (figure, ((axes,),)):
        top = float(network(x[None]).abs())
        image = axes.pcolormesh(
            horizontal, vertical, field, cmap=SIGNED, vmin=-top, vmax=top, rasterized=True
        )
        image.set_label("output $N$")
        style.shade_zero(axes, horizontal, vertical, field)
        border = axes.contour(
            horizontal, vertical, field, [1e-9 * top], colors="black", linewidths=2
        )
        border.set_label("decision boundary")
        for (name, _), step, above in zip(ends.items(), steps, (False, True), strict=True):
            end = (float(step @ across), float(step @ upward))
            _way(axes, end, name, rf"{name}: {float(step.norm()):.2f}$\sqrt{{d}}$", above=above)
        axes.plot(0, 0, "o", color=style.FLOW, markersize=8, markeredgecolor="white", label="$x$")
        style.write(axes, -0.02 * reach, 0.05 * reach, "$x$", ha="right", va="bottom")
        axes.set(
            xlabel=r"along the gradient, in units of $\sqrt{d}$",
            ylabel=r"across it, in units of $\sqrt{d}$",
        )
        axes.set_aspect("equal")
        axes.grid(False)
        figure.colorbar(image, ax=axes, shrink=0.8, extend="both").set_label(r"$N$")
    return figure


def _way(axes: Axes, end: tuple[float, float], name: str, words: str, *, above: bool) -> None:
    """Draw an arrow from the origin with its name and length at its middle."""
    arrow = {"arrowstyle": "-|>", "color": "black", "lw": 1.8, "shrinkA": 4, "shrinkB": 0}
    axes.annotate("", end, (0, 0), arrowprops=arrow, label=name)
    axes.annotate(
        words,
        (end[0] / 2, end[1] / 2),
        (9, 0) if above else (0, -9),
        textcoords="offset points",
        ha="left" if above else "center",
        va="center" if above else "top",
        fontsize=10,
        bbox={"facecolor": "white", "edgecolor": "none", "alpha": 0.8, "pad": 1.0},
    )

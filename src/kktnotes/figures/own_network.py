"""The figure of "Your own network and data": points, boundary and exact distances in the plane."""

from __future__ import annotations

import numpy as np
import torch
from matplotlib.figure import Figure

from kktnotes import checks
from kktnotes.figures import style
from kktnotes.networks.two_layer import TwoLayerReLU

GRID = 300
"""Places along each axis at which the sign is looked up."""
CORNERS = 41
"""Of a circle."""


def disks(network: TwoLayerReLU, x: np.ndarray, y: np.ndarray, distance: np.ndarray) -> Figure:
    """Draw points of the plane, the sign of a network, and a circle of each point's distance.

    Parameters
    ----------
    network : TwoLayerReLU
        A network of two coordinates.
    x, y : arrays (n, 2) and (n,)
        Points and labels.
    distance : array (n,)
        The radius of each point's circle; an infinite one is left out.
    """
    if x.ndim != 2 or x.shape[1] != 2:
        raise checks.refusal("x", f"shape {x.shape}", "(n, 2), points of the plane")
    low, high = x.min(0) - 0.4, x.max(0) + 0.4
    first, second = (np.linspace(low[i], high[i], GRID) for i in (0, 1))
    places = np.stack(np.meshgrid(first, second), -1)
    values = network(torch.from_numpy(places.reshape(-1, 2))).numpy().reshape(GRID, GRID)
    with style.drawing(width=7.0, height=5.0) as (figure, ((axes,),)):
        colors = [style.label_color(-1.0), style.label_color(1.0)]
        levels = [-np.inf, 0.0, np.inf]
        look = {"levels": levels, "colors": colors, "alpha": 0.12}
        axes.contourf(first, second, values, **look).set_label("sign of the output")
        border = axes.contour(first, second, values, levels=[0.0], colors="black", linewidths=1.2)
        border.set_label("decision boundary")
        for label in (1.0, -1.0):
            own, color = y == label, style.label_color(label)
            name = f"label {style.label_name(label)}"
            rim = {"color": color, "linewidth": 0.7, "label": f"{name}: exact distance"}
            axes.plot(*circles(x[own], distance[own]), **rim)
            axes.plot(*x[own].T, "o", color=color, markersize=4, label=name)
            corner = (0.02, 0.95) if label > 0 else (0.86, 0.05)
            clear = {"facecolor": "white", "edgecolor": "none", "alpha": 0.8, "pad": 1.5}
            axes.text(*corner, name, color=color, transform=axes.transAxes, bbox=clear)
        axes.set(xlim=(low[0], high[0]), ylim=(low[1], high[1]), aspect="equal")
        axes.set(xlabel=r"$x_1$", ylabel=r"$x_2$")
    return figure


def circles(centers: np.ndarray, radii: np.ndarray) -> np.ndarray:
    """Return circles as one line (2, ...), with a gap after each; infinite ones are left out."""
    turn = np.linspace(0, 2 * np.pi, CORNERS)
    unit = np.stack([np.cos(turn), np.sin(turn)])
    known = np.isfinite(radii)
    rims = centers[known, :, None] + radii[known, None, None] * unit
    gaps = np.full((len(rims), 2, 1), np.nan)
    return np.concatenate([rims, gaps], -1).transpose(1, 0, 2).reshape(2, -1)

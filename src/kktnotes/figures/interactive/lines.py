"""Margins of fresh points under the universal perturbation, its length to be moved."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
import torch
from matplotlib.figure import Figure

from kktnotes import attacks
from kktnotes.data.sample import Sample
from kktnotes.figures import style
from kktnotes.figures.interactive.bundle import Interactive, rounded
from kktnotes.networks.two_layer import TwoLayerReLU

POINTS = 240
COLORS = {"flow": style.FLOW, "robust": style.ROBUST}


def margins(networks: Mapping[str, TwoLayerReLU], fresh: Sample) -> Interactive:
    """Return the figure of y N(x - y z), z = eta u, for networks "flow" and "robust".

    Preactivations are linear in eta, so those at eta = 0 and their slopes along u hold every
    margin exactly; the script adds up the neurons.

    Parameters
    ----------
    networks : "flow" and "robust" -> TwoLayerReLU
        Networks in the coordinates of the points.
    fresh : Sample
        Fresh points; at most 240 of them are shown.
    """
    shown = fresh.subset(slice(0, POINTS))
    u = attacks.universal_direction(shown)
    length = float(torch.linalg.vector_norm(u)) / math.sqrt(fresh.d)
    flips = {name: attacks.least_eta(one, shown, direction=u) for name, one in networks.items()}
    reach = max(float(one[one.isfinite()].max()) for one in flips.values())
    top = 1.15 * length * reach
    data = {
        "length": rounded([length], 8)[0],
        "top": rounded([top], 3)[0],
        "apart": rounded([_apart(fresh) / math.sqrt(fresh.d)], 4)[0],
        "k": fresh.clusters.k,
        "labels": fresh.clusters.labels.int().tolist(),
        "cluster": shown.cluster.tolist(),
        "networks": [
            {
                "color": name,
                "output": rounded(one.output, 7),
                "slopes": rounded(one.weights @ u, 7),
                "preactivations": rounded(one.preactivations(shown.x), 6),
            }
            for name, one in networks.items()
        ],
    }
    label = "Margins of fresh points with a slider for the length of the perturbation"
    return Interactive("margins", label, data, curves(networks, shown, top))


def _apart(fresh: Sample) -> float:
    """Return the least distance of two means of different labels."""
    means, labels = fresh.means, fresh.clusters.labels
    return float(torch.cdist(means[labels > 0], means[labels < 0]).min())


def curves(networks: Mapping[str, TwoLayerReLU], fresh: Sample, top: float) -> Figure:
    """Draw every point's margin against ||z|| / sqrt(d) up to `top`, one panel a network."""
    u = attacks.universal_direction(fresh)
    length = float(torch.linalg.vector_norm(u)) / math.sqrt(fresh.d)
    at = np.linspace(0, top, 241)
    titles = {"flow": "gradient flow's network", "robust": "robust network"}
    with style.drawing(1, len(networks), height=3.6, sharey=True) as (figure, (row,)):
        for axes, (name, network) in zip(row, networks.items(), strict=True):
            moved = [
                network.margins(fresh.x - (t / length) * fresh.y[:, None] * u, fresh.y) for t in at
            ]
            values = torch.stack(moved).numpy()
            values = values / np.median(values[0])
            for number, (line, y) in enumerate(zip(values.T, fresh.y, strict=True), 1):
                look = {"color": style.label_color(float(y)), "linewidth": 0.7, "alpha": 0.5}
                words = f"point {number}, label {style.label_name(float(y))}"
                axes.plot(at, line, **look, label=words)
            axes.axhline(0, color=style.FLOW, linewidth=1, label="zero")
            axes.set(xlim=(0, top), ylim=(-1.3, 1.3), xlabel=r"$\Vert z\Vert / \sqrt{d}$")
            axes.set_title(titles.get(name, name), color=COLORS.get(name, style.FLOW))
        row[0].set_ylabel("margin, over its median at $z = 0$")
    return figure

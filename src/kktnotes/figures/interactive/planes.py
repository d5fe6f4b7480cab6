"""Two networks in the plane of a point's own mean and u, with a point to be moved."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import torch

from kktnotes import attacks, checks
from kktnotes.data.sample import Sample
from kktnotes.figures import perturbation, style
from kktnotes.figures.interactive.bundle import Interactive, rounded
from kktnotes.figures.interactive.lines import COLORS
from kktnotes.networks.two_layer import TwoLayerReLU
from kktnotes.radius import exact_radius

TITLES = {"flow": "gradient flow's network", "robust": "robust network"}


def plane(
    networks: Mapping[str, TwoLayerReLU], fresh: Sample, indices: Sequence[int]
) -> Interactive:
    """Return the figure of planes through points, each with the point's own mean and u.

    On a plane every preactivation is an affine function of two coordinates, so three numbers a
    neuron hold both networks there exactly; the script cuts the plane into the pieces on which
    they are affine. The distance in all of R^d, at the point itself, is `exact_radius`'s.

    Parameters
    ----------
    networks : "flow" and "robust" -> TwoLayerReLU
        Networks in the coordinates of the points.
    fresh : Sample
        Fresh points.
    indices : sequence of int
        Which of them, the one that is shown first in front; all networks have to give them their
        labels.
    """
    indices = [int(one) for one in indices]
    for one in indices:
        if not 0 <= one < fresh.n:
            raise checks.refusal("indices", one, f"0 to {fresh.n - 1}")
        for name, network in networks.items():
            if float(fresh.y[one] * network(fresh.x[one][None])) <= 0:
                raise checks.refusal("indices", one, f"points to which {name!r} gives their label")
    data = {"planes": [_plane(networks, fresh, one) for one in indices]}
    label = "Plane of a point's own mean and u, with a point to be moved"
    panels = [(TITLES.get(n, n), COLORS.get(n, style.FLOW), one) for n, one in networks.items()]
    return Interactive("plane", label, data, perturbation.planes(panels, fresh, indices[0]))


def restricted(
    network: TwoLayerReLU, fresh: Sample, index: int
) -> tuple[TwoLayerReLU, torch.Tensor]:
    """Return a network on the plane of a point's own mean and u, and the point's place there.

    Returns
    -------
    TwoLayerReLU, tensor (2,)
        A network of two inputs, the coordinates along the own mean and along the rest of y u,
        both over sqrt(d); and those of the point.
    """
    root, x = math.sqrt(fresh.d), fresh.x[index]
    frame = perturbation.own_and_rest(fresh, int(fresh.cluster[index]), float(fresh.y[index]))
    here = frame @ x / root
    slopes = root * (network.weights @ frame.mT)
    offsets = network.preactivations(x[None])[0] - slopes @ here
    return TwoLayerReLU(slopes, offsets, network.output), here


def _plane(networks: Mapping[str, TwoLayerReLU], fresh: Sample, index: int) -> dict[str, object]:
    """Return what the script needs of the plane through one point; lengths over sqrt(d)."""
    root, y, cluster = math.sqrt(fresh.d), float(fresh.y[index]), int(fresh.cluster[index])
    frame = perturbation.own_and_rest(fresh, cluster, y)
    parts = []
    for name, network in networks.items():
        flat, here = restricted(network, fresh, index)
        flip = exact_radius(network, fresh.x[index][None], progress=False).flip
        parts.append(
            {
                "color": name,
                "output": rounded(flat.output, 9),
                "preactivations": rounded(torch.cat([flat.biases[:, None], flat.weights], 1), 9),
                "radius": rounded(flip.upper / root, 4)[0],
            }
        )
    return {
        "label": int(y),
        "cluster": cluster,
        "k": fresh.clusters.k,
        "point": rounded(here, 9),
        "direction": rounded(frame @ attacks.universal_direction(fresh) / root, 9),
        "means": rounded(fresh.means @ frame.mT / root, 4),
        "labels": fresh.clusters.labels.int().tolist(),
        "networks": parts,
    }

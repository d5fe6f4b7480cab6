"""How far two networks are apart as functions."""

from __future__ import annotations

import torch

from kktnotes import checks
from kktnotes.networks.two_layer import TwoLayerReLU


def function_angle(first: TwoLayerReLU, second: TwoLayerReLU, x: torch.Tensor) -> float:
    """Return the angle in radians between the outputs of two networks at points x (n, p).

    0 where one is a positive multiple of the other on all of them, whatever their neurons. It is
    accurate near 0 and near pi. Raises ValueError where a network is zero at all of the points.
    """
    x = first.points(x)
    outputs = [network(x) for network in (first, second.to(first.device))]
    norms = [torch.linalg.vector_norm(one) for one in outputs]
    if not all(float(norm) > 0 for norm in norms):
        raise checks.refusal("x", "points at which a network is zero", "points where it is not")
    units = [one / norm for one, norm in zip(outputs, norms, strict=True)]
    apart, along = (torch.linalg.vector_norm(units[0] - sign * units[1]) for sign in (1.0, -1.0))
    return 2 * float(torch.atan2(apart, along))

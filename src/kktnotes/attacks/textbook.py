"""Projected gradient descent as it is often run: one radius, the loss's gradient, the last iterate.

No search for the least radius, no normalisation beyond g / (||g|| + 1e-10), no check on the way:
this is the plain attack that tables of robust accuracy come from, here to be compared with.
`projected_gradient` is the careful version.
"""

from __future__ import annotations

import torch

from kktnotes import checks
from kktnotes.attacks.diagnosis import random_units
from kktnotes.attacks.frame import Frame
from kktnotes.data.sample import Examples
from kktnotes.networks.two_layer import TwoLayerReLU

DIVISION = 1e-10
"""Added to the gradient's norm before dividing by it, as libraries do against division by zero."""


def textbook_descent(
    network: TwoLayerReLU,
    sample: Examples,
    *,
    radius: float,
    steps: int = 40,
    step: float | None = None,
    random_start: bool = False,
    d: int | None = None,
    seed: int = 0,
) -> torch.Tensor:
    """Return which points still have the sign y after projected gradient ascent on the loss.

    Each step moves by `step` along g / (||g|| + 1e-10), with g the gradient of the logistic loss
    ln(1 + exp(-y N)), and projects onto the ball of that radius around x (Madry et al.).

    Parameters
    ----------
    network : TwoLayerReLU
        One network or a batch.
    sample : Sample or pair (x, y)
        Points (..., n, p) and labels (..., n).
    radius : float
        Of the ball, at least 0.
    steps : int
        Gradient steps.
    step : float, optional
        Length of a step; 2.5 radius / steps by default.
    random_start : bool
        Start at a uniform point of the sphere in R^d instead of x.
    d, seed : int
        Ambient dimension (the Sample's; of arrays p where it is not given) and seed of the
        random start.

    Returns
    -------
    bool tensor (..., n)
        True where the last iterate has the sign y; False where x itself has not. Their share is
        the robust accuracy that this attack reports.

    Examples
    --------
    >>> import kktnotes as kn
    >>> point = kn.averaged_point(4, 100)
    >>> kn.attacks.textbook_descent(point.network, point, radius=1e-3)
    tensor([True, True, True, True])
    """
    radius = checks.positive("radius", radius, zero=True)
    steps = checks.integer("steps", steps)
    seed = checks.integer("seed", seed, least=0)
    step = 2.5 * radius / steps if step is None else checks.positive("step", step)
    frame = Frame.of(network, sample, d)
    moved = torch.zeros_like(frame.z)
    hidden = torch.zeros_like(frame.y)[..., None]  # what of the start the network does not see
    if random_start:
        moved = random_units(frame, seed)
        hidden = radius * (1 - moved.square().sum(-1, keepdim=True)).clamp(min=0).sqrt()
        moved = radius * moved
    for _ in range(steps):
        value, slope = frame.gradient(frame.z + moved)
        ascent = -torch.sigmoid(-value)[..., None] * slope
        size = torch.linalg.vector_norm(ascent, dim=-1, keepdim=True)
        moved = moved + step * ascent / (size + DIVISION)
        length = (moved.square().sum(-1, keepdim=True) + hidden.square()).sqrt()
        inwards = torch.where(length > radius, radius / length, torch.ones_like(length))
        moved, hidden = inwards * moved, inwards * hidden
    return frame.standing & ~frame.fallen(frame.z + moved)

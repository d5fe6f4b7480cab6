"""DeepFool: step to the zero of the linearised network until the sign changes."""

from __future__ import annotations

import torch

from kktnotes import checks
from kktnotes.attacks.diagnosis import diagnose
from kktnotes.attacks.frame import Frame
from kktnotes.attacks.result import AttackResult
from kktnotes.data.sample import Examples
from kktnotes.networks.two_layer import TwoLayerReLU


def deepfool(
    network: TwoLayerReLU,
    sample: Examples,
    *,
    steps: int = 50,
    overshoot: float = 0.02,
    d: int | None = None,
    seed: int = 0,
) -> AttackResult:
    """Follow Newton steps N / ||grad N||^2 grad N across the boundary (Moosavi-Dezfooli et al.).

    The step found is cut at the first sign change on its ray, which can only help. Where the
    gradient vanishes the attack stops, and says so.

    Parameters
    ----------
    network : TwoLayerReLU
        One network or a batch.
    sample : Sample or pair (x, y)
        Points (..., n, p) and the signs to be changed (..., n): labels, or the network's own.
    steps : int
        At most so many linearisations.
    overshoot : float
        Each step is lengthened by this share.
    d, seed : int
        Ambient dimension (the Sample's; of arrays p where it is not given) and seed of the control.

    Examples
    --------
    >>> import kktnotes as kn
    >>> point = kn.averaged_point(4, 100)
    >>> found = kn.attacks.deepfool(point.network, point)
    >>> found.success, "opposite neurons off" in found.diagnosis.warnings
    (tensor([True, True, True, True]), True)
    """
    steps = checks.integer("steps", steps)
    overshoot = checks.positive("overshoot", overshoot, zero=True)
    frame = Frame.of(network, sample, d)
    step = torch.zeros_like(frame.z)
    for _ in range(steps):
        value, slope = frame.gradient(frame.z + step)
        size = slope.square().sum(-1)
        moving = ~frame.fallen(frame.z + step) & (size > 0)
        if not bool(moving.any()):
            break
        length = torch.where(moving, (1 + overshoot) * value / size, torch.zeros_like(value))
        # From sign -1 a zero of N does not change the sign: go on by a rounding.
        least = 1e-12 * torch.linalg.vector_norm(frame.z + step, dim=-1) / size.sqrt()
        length = torch.where(moving, torch.maximum(length, least), length)
        step = step - length[..., None] * slope
    best, _ = frame.best([step])
    points, norms, success = frame.land(best)
    return AttackResult(
        points=points, norms=norms, success=success, diagnosis=diagnose(frame, norms, seed=seed)
    )

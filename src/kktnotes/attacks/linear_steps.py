"""DeepFool: step to the zero of the linearised network until the sign changes."""

from __future__ import annotations

import torch

from kktnotes import checks
from kktnotes.attacks.diagnosis import diagnose
from kktnotes.attacks.frame import Frame
from kktnotes.attacks.result import AttackResult
from kktnotes.networks.two_layer import TwoLayerReLU


def deepfool(
    network: TwoLayerReLU,
    x: torch.Tensor,
    y: torch.Tensor,
    *,
    steps: int = 50,
    overshoot: float = 0.02,
    d: float | None = None,
    seed: int = 0,
) -> AttackResult:
    """Follow Newton steps N / ||grad N||^2 grad N across the boundary (Moosavi-Dezfooli et al.).

    The step found is cut at the first sign change on its ray, which can only help. Where the
    gradient vanishes the attack stops, and says so.

    Parameters
    ----------
    network : TwoLayerReLU
        One network or a batch.
    x, y : tensors (..., n, p) and (..., n)
        Points and the signs to be changed.
    steps : int
        At most so many linearisations.
    overshoot : float
        Each step is lengthened by this share.
    d, seed : float and int
        Ambient dimension and seed of the control.
    """
    steps = checks.integer("steps", steps)
    overshoot = checks.positive("overshoot", overshoot, zero=True)
    frame = Frame.of(network, x, y)
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
    return AttackResult(points, norms, success, diagnose(frame, norms, d=d, seed=seed))

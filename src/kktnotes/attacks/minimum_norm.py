"""Decoupled direction and norm (Rony et al., DDN): a step against the gradient, then a new norm."""

from __future__ import annotations

import math

import torch

from kktnotes import checks
from kktnotes.attacks.diagnosis import diagnose, random_units
from kktnotes.attacks.frame import Frame, unit
from kktnotes.attacks.result import AttackResult
from kktnotes.data.sample import Examples
from kktnotes.networks.two_layer import TwoLayerReLU


def decoupled_direction_norm(
    network: TwoLayerReLU,
    sample: Examples,
    *,
    steps: int = 200,
    gamma: float = 0.05,
    restarts: int = 1,
    d: int | None = None,
    seed: int = 0,
) -> AttackResult:
    """Shrink the norm by 1 - gamma where the sign has changed, grow it by 1 + gamma elsewhere.

    Each step moves against the normalised gradient of y N by a length that falls like a cosine
    from the first guess |N| / ||grad N|| to a hundredth of it, and is then scaled to the current
    norm. Every successful step is kept if shorter; the best is cut at the first sign change on
    its ray. No box, float64, and lengths scale with the problem.

    Parameters
    ----------
    network, sample, d, seed
        As in `deepfool`; the seed is that of random starts too.
    steps : int
        Gradient steps.
    gamma : float
        Relative change of the norm, between 0 and 1.
    restarts : int
        Starts; the first at x, others from random directions of R^d.

    Examples
    --------
    >>> import kktnotes as kn
    >>> point = kn.averaged_point(4, 100)
    >>> kn.attacks.decoupled_direction_norm(point.network, point, steps=50).success
    tensor([True, True, True, True])
    """
    steps = checks.integer("steps", steps)
    gamma = checks.positive("gamma", gamma)
    if gamma >= 1:
        raise checks.refusal("gamma", gamma, "a number between 0 and 1")
    restarts, seed = checks.integer("restarts", restarts), checks.integer("seed", seed, least=0)
    frame = Frame.of(network, sample, d)
    found = []
    for restart in range(restarts):
        start = torch.zeros_like(frame.z)
        if restart:
            start = random_units(frame, seed + restart)
        found.append(_run(frame, steps, gamma, start))
    step, norms = frame.best(found)
    points, reached, success = frame.land(step)
    report = diagnose(frame, reached, seed=seed, restart_norms=norms)
    return AttackResult(points=points, norms=reached, success=success, diagnosis=report)


def _run(frame: Frame, steps: int, gamma: float, start: torch.Tensor) -> torch.Tensor:
    """Return the shortest successful step of one run; zero where none succeeded."""
    guess = frame.first_guess()
    norm, step = guess.clone(), guess[..., None] * start
    best = torch.zeros_like(step)
    shortest = torch.full_like(norm, torch.inf)
    for index in range(steps):
        _, slope = frame.gradient(frame.z + step)
        rate = 0.01 + 0.99 * (1 + math.cos(math.pi * index / steps)) / 2
        step = step - (rate * guess)[..., None] * unit(slope)
        fell = frame.fallen(frame.z + norm[..., None] * unit(step))
        norm = torch.where(fell, (1 - gamma) * norm, (1 + gamma) * norm)
        step = norm[..., None] * unit(step)
        shorter = frame.fallen(frame.z + step) & (norm < shortest)
        best = torch.where(shorter[..., None], step, best)
        shortest = torch.where(shorter, norm, shortest)
    return best

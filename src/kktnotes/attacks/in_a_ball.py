"""Projected gradient descent on y N within a ball, with bisection on its radius and restarts."""

from __future__ import annotations

import torch

from kktnotes import checks
from kktnotes.attacks.diagnosis import diagnose, random_units
from kktnotes.attacks.frame import Frame, unit
from kktnotes.attacks.result import AttackResult
from kktnotes.data.sample import Examples
from kktnotes.networks.two_layer import TwoLayerReLU


def projected_gradient(
    network: TwoLayerReLU,
    sample: Examples,
    *,
    steps: int = 40,
    restarts: int = 2,
    bisections: int = 14,
    doublings: int = 12,
    d: int | None = None,
    seed: int = 0,
) -> AttackResult:
    """Find the least ball in which normalised projected gradient descent changes the sign.

    In a ball of radius eps the attack takes `steps` steps of length 2.5 eps / steps against the
    normalised gradient of y N and projects back (Madry et al.). eps starts at |N| / ||grad N||,
    doubles until the sign changes and is then bisected. The first start is x, the others are
    uniform in the ball of R^d. The step found is cut at the first sign change on its ray.

    Parameters
    ----------
    network, sample, d, seed
        As in `deepfool`; the seed is that of random starts too.
    steps, restarts, bisections, doublings : int
        As above.

    Examples
    --------
    >>> import kktnotes as kn
    >>> point = kn.averaged_point(4, 100)
    >>> kn.attacks.projected_gradient(point.network, point).success
    tensor([True, True, True, True])
    """
    steps = checks.integer("steps", steps)
    restarts = checks.integer("restarts", restarts)
    bisections = checks.integer("bisections", bisections, least=0)
    doublings = checks.integer("doublings", doublings, least=0)
    seed = checks.integer("seed", seed, least=0)
    frame = Frame.of(network, sample, d)
    found = [
        _search(frame, steps, bisections, doublings, _start(frame, restart, seed))
        for restart in range(restarts)
    ]
    step, norms = frame.best(found)
    points, reached, success = frame.land(step)
    report = diagnose(frame, reached, seed=seed, restart_norms=norms)
    return AttackResult(points=points, norms=reached, success=success, diagnosis=report)


def _start(frame: Frame, restart: int, seed: int) -> torch.Tensor:
    """Return starts in the unit ball of R^d: its centre, then uniform points (seen part)."""
    if restart == 0:
        return torch.zeros_like(frame.z)
    # In high dimension a uniform point of the ball is on the sphere up to 1/d.
    return random_units(frame, seed + restart)


def _search(
    frame: Frame, steps: int, bisections: int, doublings: int, start: torch.Tensor
) -> torch.Tensor:
    """Return the steps of the smallest successful balls; zero where none succeeded."""
    eps = frame.first_guess()
    low, high = torch.zeros_like(eps), torch.full_like(eps, torch.inf)
    best = torch.zeros_like(frame.z)
    for _ in range(doublings + bisections):
        moved, fell = _descend(frame, eps, steps, start)
        best = torch.where((fell & (eps < high))[..., None], moved, best)
        high = torch.where(fell, torch.minimum(high, eps), high)
        low = torch.where(fell, low, torch.maximum(low, eps))
        eps = torch.where(high.isinf(), 2 * eps, (low + high.nan_to_num(posinf=0.0)) / 2)
    return best


def _descend(
    frame: Frame, eps: torch.Tensor, steps: int, start: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor]:
    """Descend in balls of radius eps; return the first successful steps and whether any was."""
    step = eps[..., None] * start
    kept = torch.zeros_like(step)
    done = torch.zeros(eps.shape, dtype=torch.bool, device=eps.device)
    for _ in range(steps):
        _, slope = frame.gradient(frame.z + step)
        step = step - (2.5 * eps / steps)[..., None] * unit(slope)
        length = torch.linalg.vector_norm(step, dim=-1)
        step = step * torch.where(length > eps, eps / length, torch.ones_like(eps))[..., None]
        fell = frame.fallen(frame.z + step) & ~done
        kept = torch.where(fell[..., None], step, kept)
        done = done | fell
        if bool((done | ~frame.standing).all()):
            break
    return kept, done

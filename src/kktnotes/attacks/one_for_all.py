"""One direction for every point and every network: z = eta u of Theorem 4.2.

u = sum_q y_q mu_q; the perturbed point is x - y z. N is piecewise linear along it, so the least
eta that changes a point's sign is exact, and so is the least eta that changes a share of the
points at once (a larger eta may change a sign back, so that share need not grow with eta).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch

from kktnotes import checks
from kktnotes.attacks.diagnosis import diagnose
from kktnotes.attacks.frame import Frame, signs
from kktnotes.attacks.result import AttackResult
from kktnotes.data.sample import Sample
from kktnotes.geometry import all_crossings, step_across
from kktnotes.networks.two_layer import TwoLayerReLU


def universal_direction(sample: Sample) -> torch.Tensor:
    """Return u = sum_q y_q mu_q in the sample's coordinates, (..., p)."""
    return sample.drawn_from().labels.to(sample.x.device) @ sample.means


def universal(
    network: TwoLayerReLU,
    x: torch.Tensor,
    y: torch.Tensor,
    *,
    direction: torch.Tensor,
    d: float | None = None,
    seed: int = 0,
) -> AttackResult:
    """Move every point along -y u by the least eta that changes its sign.

    Parameters
    ----------
    network : TwoLayerReLU
        One network or a batch.
    x, y : tensors (..., n, p) and (..., n)
        Points and the signs to be changed.
    direction : tensor (..., p)
        u; any other direction is measured the same way.
    d, seed : float and int
        Ambient dimension and seed of the control.
    """
    frame = Frame.of(network, x, y)
    direction = _direction(direction, frame.x)
    # Here the ray need not lie in the span of the weights, so its length is that of u itself.
    ray = -frame.y[..., None] * direction[..., None, :]
    leaves, _ = all_crossings(frame.reduced, frame.z, ray @ frame.basis.mT, frame.y)
    eta = leaves[..., 0]
    step = torch.where(eta.isfinite(), eta, torch.zeros_like(eta))[..., None] * ray
    landed, success = step_across(frame.network, frame.x, step, frame.y)
    success = success & eta.isfinite()
    norms = torch.linalg.vector_norm(landed - frame.x, dim=-1)
    norms = torch.where(success, norms, torch.full_like(norms, torch.inf))
    norms = torch.where(frame.standing, norms, torch.zeros_like(norms))
    keep = (success & frame.standing)[..., None]
    points = torch.where(keep, landed, frame.x)
    success = success | ~frame.standing
    return AttackResult(points, norms, success, diagnose(frame, norms, d=d, seed=seed))


def least_eta(
    network: TwoLayerReLU,
    x: torch.Tensor,
    y: torch.Tensor,
    *,
    direction: torch.Tensor,
    share: float | None = None,
) -> torch.Tensor:
    """Return the least eta > 0 at which sign N(x - y eta u) differs from y.

    Parameters
    ----------
    network, x, y, direction
        As in `universal`; y is the label, or the network's own sign.
    share : float, optional
        If given, the least eta at which at least this share of the points have changed at once.

    Returns
    -------
    tensor (..., n), or (...) with a share
        Infimum of the etas, infinite where there is none; 0 where the sign differs from y.
    """
    frame = Frame.of(network, x, y)
    direction = _direction(direction, frame.x)
    ray = -frame.y[..., None] * direction[..., None, :]
    leaves, returns = all_crossings(frame.reduced, frame.z, ray @ frame.basis.mT, frame.y)
    if share is None:
        return leaves[..., 0]
    if not 0 < checks.positive("share", share) <= 1:
        raise checks.refusal("share", share, "a number above 0, at most 1")
    needed = share * frame.y.shape[-1] - 1e-9
    starts, stops = leaves.flatten(-2), returns.flatten(-2)
    starts, stops = starts.sort(-1).values, stops.sort(-1).values
    # Changed at eta = intervals begun (at or before eta) minus intervals over (at or before eta).
    begun = torch.arange(1, starts.shape[-1] + 1, device=starts.device)
    over = torch.searchsorted(stops, starts.contiguous(), right=True)
    enough = (begun - over >= needed) & starts.isfinite()
    candidates = torch.where(enough, starts, torch.full_like(starts, torch.inf))
    return candidates.amin(-1)


@dataclass(frozen=True)
class Transfer:
    """What one perturbation, fixed beforehand, does to many networks.

    Attributes
    ----------
    flipped : tensor (networks,)
        Share of each network's points with sign N(x - y z) != sign N(x).
    correct : tensor (networks,)
        Share of points that are classified correctly before.
    """

    flipped: torch.Tensor
    correct: torch.Tensor


def transfer(
    networks: Sequence[TwoLayerReLU],
    x: torch.Tensor | Sequence[torch.Tensor],
    y: torch.Tensor | Sequence[torch.Tensor],
    perturbation: torch.Tensor | Sequence[torch.Tensor],
) -> Transfer:
    """Try one perturbation z on many networks, with its eta fixed before they are seen.

    Parameters
    ----------
    networks : sequence of TwoLayerReLU
        Networks, each in the coordinates of its points.
    x, y : tensors, or one of each for every network
        Points (n, p) and labels (n,).
    perturbation : tensor (p,) or (n, p), or one for every network
        z; points move to x - y z. For a network's own perturbation on other networks draw the
        training sets in joint coordinates (`Clusters.joint_samples`).
    """
    count = len(networks)
    if not count:
        raise checks.refusal("networks", "none", "at least one network")
    groups = []
    for name, value in (("x", x), ("y", y), ("perturbation", perturbation)):
        every = [value] * count if isinstance(value, torch.Tensor) else list(value)
        if len(every) != count:
            raise checks.refusal(name, f"{len(every)} entries", f"one tensor, or {count}")
        groups.append(every)
    flipped, correct = [], []
    for network, points, labels, z in zip(networks, *groups, strict=True):
        before = signs(network(points))
        after = signs(network(points - labels[..., None] * z))
        flipped.append((before != after).double().mean())
        correct.append((before == labels).double().mean())
    return Transfer(torch.stack(flipped), torch.stack(correct))


def _direction(direction: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
    """Check a direction against points."""
    direction = checks.tensor("direction", direction, dimensions=1, device=x.device)
    if direction.shape[-1] != x.shape[-1]:
        allowed = f"{x.shape[-1]}, as x has"
        raise checks.refusal("direction", f"{direction.shape[-1]} coordinates", allowed)
    if not bool((direction != 0).any()):
        raise checks.refusal("direction", "the zero vector", "a direction")
    return direction

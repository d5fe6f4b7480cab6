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
from kktnotes.data.sample import Examples, Sample, as_sample, pair
from kktnotes.geometry import all_crossings, step_across
from kktnotes.networks.two_layer import TwoLayerReLU, as_network
from kktnotes.printing import brief


def universal_direction(sample: Sample) -> torch.Tensor:
    """Return u = sum_q y_q mu_q in the sample's coordinates, (..., p).

    Examples
    --------
    >>> import kktnotes as kn
    >>> clusters = kn.Clusters.orthogonal(3, 16, sigma=1.0)
    >>> kn.universal_direction(clusters.sample(3, seed=0))[:3]
    tensor([ 4., -4.,  4.], dtype=torch.float64)
    """
    sample = as_sample("sample", sample)
    return sample.drawn_from().labels.to(sample.device) @ sample.means


def universal(
    network: TwoLayerReLU,
    sample: Examples,
    *,
    direction: torch.Tensor,
    d: int | None = None,
    seed: int = 0,
) -> AttackResult:
    """Move every point along -y u by the least eta that changes its sign.

    Parameters
    ----------
    network, sample, d, seed
        As in `deepfool`.
    direction : tensor (..., p)
        u; any other direction is measured the same way.

    Examples
    --------
    >>> import kktnotes as kn
    >>> point = kn.averaged_point(4, 100)
    >>> found = kn.attacks.universal(point.network, point, direction=point.y @ point.x)
    >>> found.norms.round(decimals=3)
    tensor([5.0250, 5.0250, 5.0250, 5.0250], dtype=torch.float64)
    """
    frame = Frame.of(network, sample, d)
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
    return AttackResult(
        points=points, norms=norms, success=success, diagnosis=diagnose(frame, norms, seed=seed)
    )


def least_eta(
    network: TwoLayerReLU,
    sample: Examples,
    *,
    direction: torch.Tensor,
    share: float | None = None,
) -> torch.Tensor:
    """Return the least eta > 0 at which sign N(x - y eta u) differs from y.

    Parameters
    ----------
    network, sample, direction
        As in `universal`; the labels may be the network's own signs.
    share : float, optional
        If given, the least eta at which at least this share of the points have changed at once.

    Returns
    -------
    tensor (..., n), or (...) with a share
        Infimum of the etas, infinite where there is none; 0 where the sign differs from y.

    Examples
    --------
    >>> import kktnotes as kn
    >>> point = kn.averaged_point(4, 100)
    >>> kn.least_eta(point.network, point, direction=point.y @ point.x).round(decimals=6)
    tensor([0.2500, 0.2500, 0.2500, 0.2500], dtype=torch.float64)
    """
    frame = Frame.of(network, sample)
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


@dataclass(frozen=True, repr=False)
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

    def __repr__(self) -> str:
        """Return the shares, from the least to the largest over the networks, in one line."""
        ranges = [
            f"{name} {float(values.min()):.3g} to {float(values.max()):.3g}"
            for name, values in (("flipped", self.flipped), ("correct", self.correct))
        ]
        return brief(self, f"{len(self.flipped)} networks", *ranges)


def transfer(
    networks: Sequence[TwoLayerReLU],
    sample: Examples | Sequence[Examples],
    perturbation: torch.Tensor | Sequence[torch.Tensor],
) -> Transfer:
    """Try one perturbation z on many networks, with its eta fixed before they are seen.

    Parameters
    ----------
    networks : sequence of TwoLayerReLU
        Networks, each in the coordinates of its points.
    sample : Sample or pair (x, y), or a list of one for every network
        Points (n, p) and labels (n,).
    perturbation : tensor (p,) or (n, p), or a list of one for every network
        z; points move to x - y z. For a network's own perturbation on other networks draw the
        training sets in joint coordinates (`Clusters.joint_samples`).

    Examples
    --------
    >>> import kktnotes as kn
    >>> one, other = kn.averaged_point(4, 100), kn.decoupled_point(4, 100)
    >>> z = 0.5 * one.y @ one.x
    >>> kn.attacks.transfer([one.network, other.network], one, z).flipped
    tensor([1., 1.], dtype=torch.float64)
    """
    networks = checks.sequence("networks", networks, "a list of networks")
    networks = [as_network("networks", one) for one in networks]
    if not networks:
        raise checks.refusal("networks", "none", "at least one network")
    samples = sample if isinstance(sample, list) else [sample] * len(networks)
    moves = perturbation if isinstance(perturbation, list) else [perturbation] * len(networks)
    for name, every in (("sample", samples), ("perturbation", moves)):
        if len(every) != len(networks):
            raise checks.refusal(name, f"{len(every)} entries", f"one, or {len(networks)}")
    flipped, correct = [], []
    for network, own, move in zip(networks, samples, moves, strict=True):
        x, y = pair("sample", own)
        x, y = network.points(x), checks.labels("y", y, both=False, device=network.device)
        y = checks.fitting("y", y, x[..., 0])
        z = checks.tensor("perturbation", move, dimensions=1, device=x.device)
        z = checks.fitting("perturbation", z, x)
        before, after = signs(network(x)), signs(network(x - y[..., None] * z))
        flipped.append((before != after).double().mean().to(networks[0].device))
        correct.append((before == y).double().mean().to(networks[0].device))
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

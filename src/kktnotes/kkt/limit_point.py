"""The exact KKT point that a gradient flow tends to (Theorem 2.1, Problem (2)).

Lyu and Li, and Ji and Telgarsky: once L < 1/n, theta / ||theta|| converges to the direction of a
KKT point. The flow fixes which one: the signs and the same-label patterns of its neurons. The
point itself is solved for (see `solver`), not trained for, and measured like any other network
(see `conditions`). Whether it is the limit of this flow shows in the angle between the two, which
must fall along ln t.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from typing import ClassVar

import numpy as np
import torch

from kktnotes import checks
from kktnotes.data.coordinates import augmented
from kktnotes.flow.result import Flow
from kktnotes.kkt.npz import Kind
from kktnotes.kkt.report import Certificate
from kktnotes.kkt.solver.pattern_limit import Limit, exact_limit, group_neurons
from kktnotes.kkt.storage import PATH, KKTPoint
from kktnotes.networks.two_layer import TwoLayerReLU


class NotCertified(RuntimeError):
    """No KKT point within the tolerance was found; says which condition failed.

    Attributes
    ----------
    reason : str
        The condition that failed, with its value.
    certificate : Certificate or None
        The residuals of the best candidate, where there was one that separates the sample.
    """

    def __init__(self, reason: str, certificate: Certificate | None = None) -> None:
        super().__init__(reason)
        self.reason, self.certificate = reason, certificate


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class LimitPoint(KKTPoint):
    """A certified KKT point and how the flow approaches it.

    Attributes
    ----------
    log_times : array (s,)
        ln t of the flow's snapshots after L < 1/n.
    angles : array (s,)
        The angle in radians between theta(t) and the point, all m neurons.
    neurons : array (m,) of int
        The neuron of `network` that each neuron of the flow tends to, -1 where its share of the
        limit is zero.
    """

    _path: ClassVar[dict[str, Kind]] = PATH

    log_times: np.ndarray = field(repr=False)
    angles: np.ndarray = field(repr=False)
    neurons: np.ndarray = field(repr=False)

    def _facts(self) -> list[str]:
        """Say as every point, and the angle to the flow, from L < 1/n on to its end."""
        ends = [f"{self.angles[end]:.2g}" for end in (0, -1)] if len(self.angles) else []
        return [*super()._facts(), *([f"angle to the flow {' to '.join(ends)}"] if ends else [])]

    @classmethod
    def measured(
        cls,
        network: TwoLayerReLU,
        x: checks.Array,
        y: checks.Array,
        multipliers: checks.Array,
        subgradients: checks.Array,
        *,
        log_times: Sequence[float] = (),
        angles: Sequence[float] = (),
        neurons: Sequence[int] = (),
    ) -> LimitPoint:
        """Measure as `KKTPoint.measured`; what is not known of the flow stays empty."""
        times, turned = (
            checks.tensor(name, value, dimensions=1, device="cpu").numpy()
            for name, value in (("log_times", log_times), ("angles", angles))
        )
        if times.shape != turned.shape:
            raise checks.refusal("angles", f"shape {turned.shape}", f"{times.shape}, as log_times")
        which = torch.as_tensor(neurons, dtype=torch.int64, device="cpu").numpy()
        point = KKTPoint.measured(network, x, y, multipliers, subgradients)
        if ((which < -1) | (which >= network.width)).any():
            got = f"numbers from {which.min()} to {which.max()}"
            raise checks.refusal("neurons", got, f"-1 to {network.width - 1}")
        own = {one.name: getattr(point, one.name) for one in fields(KKTPoint)}
        return cls(**own, log_times=times, angles=turned, neurons=which)


def _assembled(limit: Limit, scale: float, x: torch.Tensor, y: torch.Tensor) -> KKTPoint:
    """Return the network of the saddle point, in the sample's coordinates, with its residuals."""
    saddle, problem = limit.newton.saddle, limit.problem
    coefficients, norms, signs = (
        torch.from_numpy(part).to(x.device)
        for part in (problem.coefficients(saddle), saddle.norms / np.sqrt(scale), problem.signs)
    )
    directions = coefficients @ augmented(x) / np.sqrt(scale)
    w = norms.sqrt()[:, None] * directions
    network = TwoLayerReLU(w[:, :-1], w[:, -1], signs * norms.sqrt())
    multipliers = np.maximum(saddle.multipliers, 0.0)
    subgradients = np.where(problem.same, problem.tangent * multipliers, saddle.subgradients)
    subgradients = np.clip(subgradients, 0.0, multipliers).T
    return KKTPoint.measured(
        network,
        x,
        y,
        multipliers / np.sqrt(scale),
        subgradients / np.sqrt(scale),
    )


def _angle(first: TwoLayerReLU, second: TwoLayerReLU) -> float:
    """Return the angle between two parameter vectors, accurate near zero too."""
    flat = [torch.cat([n.augmented.flatten(), n.output]) / n.norm() for n in (first, second)]
    return 2 * float(torch.arcsin(((flat[0] - flat[1]).norm() / 2).clamp(max=1.0)))


def _widened(
    point: KKTPoint, neurons: np.ndarray, shares: torch.Tensor, extra: int
) -> TwoLayerReLU:
    """Return the point with the flow's neurons, each its share of its group, and coordinates."""
    index = torch.from_numpy(neurons).to(shares.device)
    live = index >= 0
    total = shares.new_zeros(point.network.width)
    total.index_add_(0, index[live], shares[live])
    factor = torch.where(live, (shares / total[index.clamp(min=0)]).sqrt(), 0.0)
    rows = index.clamp(min=0)
    weights = torch.nn.functional.pad(point.network.weights, (0, extra))
    return TwoLayerReLU(
        factor[:, None] * weights[rows],
        factor * point.network.biases[rows],
        factor * point.network.output[rows],
    )


def kkt_point(flow: Flow, *, tolerance: float = 1e-9) -> LimitPoint:
    """Return the KKT point of Problem (2) that a flow tends to, certified.

    Parameters
    ----------
    flow : Flow
        One flow that met L < 1/n, followed until its same-label pattern is stable.
    tolerance : float
        The largest residual of the certificate that is accepted.

    Returns
    -------
    LimitPoint
        The network, one neuron a group, in the coordinates of the training sample, its
        multipliers, subgradients and certificate, and the angle between flow and point at every
        snapshot after L < 1/n.

    Raises
    ------
    ValueError
        If the flow never met L < 1/n (the hypothesis of Theorem 2.1).
    NotCertified
        If a residual stays above `tolerance`, or if the flow does not approach the point.

    Examples
    --------
    >>> import kktnotes as kn
    >>> flow = kn.case("a").flow(seed=0)
    >>> kn.kkt_point(flow).certificate.within(1e-10)
    True
    """
    flow = checks.instance("flow", flow, Flow, "one Flow, from gradient_flow")
    flow.require_separated()
    sample, network = flow.sample, flow.network
    points = augmented(sample.x)
    gram = (points @ points.mT).cpu().numpy()
    scale = float(np.diagonal(gram).mean())
    groups = group_neurons(network.preactivations(sample.x), network.output, sample.y)
    limit = exact_limit(gram / scale, sample.y.cpu().numpy(), groups)
    try:
        point = _assembled(limit, scale, sample.x[:, : flow.seen], sample.y)
    except ValueError as error:
        raise NotCertified(f"the candidate is no feasible network: {error}") from error
    certificate = point.certificate
    if not certificate.within(tolerance):
        name = certificate.worst_name
        value = getattr(certificate, name)
        raise NotCertified(f"{name} is {value:.2g}, above {tolerance:.2g}", certificate)
    neurons = np.where(groups.member >= 0, limit.group[groups.member], -1)
    extra = sample.p - flow.seen
    final = _widened(point, neurons, network.output.square(), extra)
    since = -np.inf if flow.separated_log_time is None else flow.separated_log_time
    path = [s for s in flow.snapshots if s.log_time >= since]
    angles = np.array([_angle(s.network, final) for s in path])
    if len(angles) > 1 and not angles[-1] < angles[0]:
        raise NotCertified(
            f"the angle to the flow does not fall: {angles[0]:.2g} to {angles[-1]:.2g}; the flow"
            " has not settled on the pattern of its limit",
            certificate,
        )
    return LimitPoint(
        **{one.name: getattr(point, one.name) for one in fields(KKTPoint)},
        log_times=np.array([s.log_time for s in path]),
        angles=angles,
        neurons=neurons,
    )

"""One training run from start to exact KKT point, with what sections 3 and 4 say of its end.

The paper's results ask of training only that L < 1/n is met at some time (Theorem 2.1). A `Trial`
is one run with a width, a start and a loss of its own: whether it met L < 1/n, and if so, the
error, the radius and the least universal perturbation of the exact point at its end; and what can
be proved of the flow's own last network, which is no KKT point. `reaches` stops at L < 1/n, and
`approach` tells how a flow comes nearer to its point.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch

from kktnotes import checks
from kktnotes.attacks import least_eta, universal_direction
from kktnotes.data.sample import Sample
from kktnotes.flow import Flow, Snapshot, gradient_flow
from kktnotes.flow.start import balanced_start
from kktnotes.kkt import LimitPoint, NotCertified, kkt_point
from kktnotes.networks.angles import function_angle
from kktnotes.networks.two_layer import TwoLayerReLU
from kktnotes.printing import Brief
from kktnotes.radius import eta_upper, exact_radius, log_error, log_error_by_slope, radius_by_slope


@dataclass(frozen=True)
class Start:
    """A way to draw the initial weights.

    Attributes
    ----------
    name : str
        For tables and figures.
    scale : float
        About the norm of each w~_j.
    output : float
        |v_j| as a multiple of ||w~_j||: 1 is balanced, anything else is not.
    """

    name: str
    scale: float
    output: float = 1.0

    def network(self, sample: Sample, width: int, seed: int) -> TwoLayerReLU:
        """Draw it; one seed gives the same directions and signs for every scale."""
        drawn = balanced_start(sample, width, self.scale, seed)
        return TwoLayerReLU(drawn.weights, drawn.biases, self.output * drawn.output)


STARTS = (
    Start("small", 1e-3),
    Start("medium", 0.1),
    Start("large", 1.0),
    Start("unbalanced", 1.0, 0.1),
)
"""Three balanced starts, from the rich towards the lazy regime, and one that is not balanced."""


@dataclass(frozen=True, eq=False, repr=False)
class Last(Brief):
    """What can be proved of the flow's own last network, which is no KKT point (`radius.slope`).

    Attributes
    ----------
    log10_error : float
        Base-10 logarithm of an upper bound of Pr[y N(x) <= 0].
    radius : tensor (count,)
        Lower bounds of the distances of fresh points to {y N <= 0}.
    eta : tensor (count,)
        An eta that flips each of them along u, infinite where none up to 1 does; eta ||u|| is an
        upper bound of its radius.
    """

    log10_error: float
    radius: torch.Tensor
    eta: torch.Tensor


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class Trial(Brief):
    """What one run came to.

    Attributes
    ----------
    start, loss, width, seed
        How it was trained; the seed of the start.
    status : str
        How the flow ended.
    log_loss : float
        ln L at its last moment.
    point : LimitPoint or None
        The exact KKT point at its end; None if L < 1/n was not met or no point was certified.
    log10_error : float
        Base-10 logarithm of an upper bound of Pr[y N(x) <= 0], by proved tail bounds; NaN if no
        point.
    radius, eta : tensor (count,) or None
        Of the fresh points: exact distance to {y N <= 0}, least eta that flips along u.
    unfinished : float
        The angle between the flow's last network and the point as functions on `probes`.
    last : Last or None
        Error and radius of that network itself.
    """

    start: Start
    loss: str
    width: int
    seed: int
    status: str
    log_loss: float
    separated: bool
    point: LimitPoint | None = None
    log10_error: float = math.nan
    radius: torch.Tensor | None = None
    eta: torch.Tensor | None = None
    unfinished: float = math.nan
    last: Last | None = None

    @property
    def last_angle(self) -> float:
        """The angle of theta between the flow's last moment and the point; NaN if no point."""
        return math.nan if self.point is None else float(self.point.angles[-1])


def trial(
    sample: Sample,
    fresh: Sample,
    start: Start,
    *,
    width: int,
    loss: str,
    seed: int,
    **knobs: Any,
) -> Trial:
    """Train one network and measure the exact point at its end.

    Parameters
    ----------
    sample, fresh : Sample
        Training points, and fresh points in their coordinates.
    start, width, loss, seed
        See `Trial`.
    **knobs
        For `gradient_flow`.
    """
    checks.integer("width", width)
    if fresh.p != sample.p:
        raise checks.refusal("fresh", f"{fresh.p} coordinates", f"{sample.p}, as the sample has")
    begin = start.network(sample, width, seed)
    if _of_one_sign(begin):
        return _untrained(start, loss, width, seed)
    flow = gradient_flow(sample, network=begin, loss=loss, **knobs)
    point = _point(flow)
    followed = _followed(flow, start, width, seed)
    if point is None:
        return followed
    network = point.network
    radius = exact_radius(network, fresh.x).robust(fresh.x, fresh.y).lower
    eta = least_eta(network, fresh, direction=universal_direction(sample))
    angle = function_angle(_seen(flow.last, sample.p), network, probes(sample))
    own = _last(flow, fresh.n, seed)
    error = log_error(network, sample) / math.log(10)
    return replace(
        followed,
        point=point,
        log10_error=error,
        radius=radius,
        eta=eta,
        unfinished=angle,
        last=own,
    )


def reaches(
    sample: Sample, start: Start, *, width: int, loss: str, seed: int, **knobs: Any
) -> Trial:
    """Train until L < 1/n is met or out of reach, and measure nothing else; see `trial`."""
    begin = start.network(sample, checks.integer("width", width), seed)
    if _of_one_sign(begin):
        return _untrained(start, loss, width, seed)
    knobs = {**knobs, "max_log_time": 1e-3}  # counted from L < 1/n on
    flow = gradient_flow(sample, network=begin, loss=loss, **knobs)
    return _followed(flow, start, width, seed)


def _of_one_sign(network: TwoLayerReLU) -> bool:
    """Tell whether all output weights have one sign, so that no training separates both labels."""
    return bool((network.output > 0).all() or (network.output < 0).all())


def _untrained(start: Start, loss: str, width: int, seed: int) -> Trial:
    """Return the row of a start that is not trained."""
    return Trial(
        start=start,
        loss=loss,
        width=width,
        seed=seed,
        status="one sign only",
        log_loss=math.nan,
        separated=False,
    )


def _followed(flow: Flow, start: Start, width: int, seed: int) -> Trial:
    """Return how a flow ended, without a point."""
    return Trial(
        start=start,
        loss=flow.loss,
        width=width,
        seed=seed,
        status=str(flow.status),
        log_loss=flow.last.log_loss,
        separated=flow.separated,
    )


@dataclass(frozen=True, eq=False, repr=False)
class Approach(Brief):
    """How a flow comes nearer to its exact point, at its snapshots since L < 1/n.

    Attributes
    ----------
    log_times, angles, function_angles : arrays (snapshots,)
        ln t, and the angle between flow and point as parameters and as functions on `probes`.
    """

    log_times: np.ndarray
    angles: np.ndarray
    function_angles: np.ndarray

    @property
    def shrunk(self) -> tuple[float, float]:
        """Return both angles at the end over those when the loss fell below 1/n."""
        functions = self.function_angles
        return float(self.angles[-1] / self.angles[0]), float(functions[-1] / functions[0])


def approach(flow: Flow, point: LimitPoint) -> Approach:
    """Return the angles between a flow and its exact point, as parameters and as functions."""
    p = flow.seen
    x = probes(flow.sample, p=p)
    flow.require_separated()
    since = flow.separated_log_time or 0.0
    path = [s for s in flow.snapshots if s.log_time >= since]
    angles = [function_angle(_seen(s, p), point.network, x) for s in path]
    return Approach(point.log_times, point.angles, np.array(angles))


def _seen(moment: Snapshot, p: int) -> TwoLayerReLU:
    """Return a flow's network in the first p coordinates, those of its training sample."""
    network = moment.network
    return TwoLayerReLU(network.weights[:, :p], network.biases, network.output)


def _last(flow: Flow, count: int, seed: int) -> Last:
    """Measure the flow's own last network, on fresh points in all of its coordinates."""
    network, sample = flow.network, flow.sample
    fresh = sample.fresh(count, seed)
    eta = eta_upper(network, fresh.x, fresh.y, direction=universal_direction(sample), largest=1.0)
    radius = radius_by_slope(network, fresh.x, fresh.y)
    return Last(log_error_by_slope(network, sample) / math.log(10), radius, eta)


def _point(flow: Flow) -> LimitPoint | None:
    """Return the exact point at the flow's end, where there is one."""
    if not flow.separated:
        return None
    try:
        return kkt_point(flow)
    except NotCertified:
        return None


def probes(
    sample: Sample, count: int = 500, seed: int = 0, *, p: int | None = None
) -> torch.Tensor:
    """Return random points of norm about sqrt(d) in the sample's (first p) coordinates, (count, p).

    They are spread over all directions that the training set spans, not over the clusters: where
    two networks agree on the clusters only, they differ here.
    """
    rng, p = np.random.default_rng(seed), sample.p if p is None else p
    return torch.from_numpy(rng.standard_normal((count, p)) * math.sqrt(sample.d / p))


def log_served(positive: int, negative: int, width: int) -> float:
    """Return ln Pr[at a random start every cluster has a neuron of its own sign that is on] (ours).

    For orthogonal means the events that neuron j is on at the mean of a cluster are independent,
    each of probability 1/2 (up to the bias), and so is its sign. For a positive and b negative
    clusters, a neuron serves none of them with probability (2^-a + 2^-b) / 2; the rest is
    inclusion and exclusion. -inf where the width does not allow it.

    Parameters
    ----------
    positive, negative : int
        Clusters of each label.
    width : int
        Neurons.
    """
    width = checks.integer("width", width)
    total = 0.0
    for a in range(checks.integer("positive", positive) + 1):
        for b in range(checks.integer("negative", negative) + 1):
            ways = math.comb(positive, a) * math.comb(negative, b) * (-1) ** (a + b)
            total += ways * ((2.0**-a + 2.0**-b) / 2) ** width
    return math.log(total) if total > 0 else -math.inf

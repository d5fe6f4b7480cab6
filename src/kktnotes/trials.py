"""One training run from start to exact KKT point, with what sections 3 and 4 say of its end.

The paper's results ask of training only that L < 1/n is met at some time (Theorem 2.1). A `Trial`
is one run with a width, a start and a loss of its own: whether it met L < 1/n, and if so, the
error, the radius and the least universal perturbation of the exact point at its end.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import torch

from kktnotes import checks
from kktnotes.attacks import least_eta, universal_direction
from kktnotes.flow import Flow, gradient_flow
from kktnotes.flow.start import balanced_start
from kktnotes.kkt import LimitPoint, NotCertified, kkt_point
from kktnotes.network import TwoLayerReLU
from kktnotes.radius import exact_radius, log_error
from kktnotes.sample import Sample


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


@dataclass(frozen=True, eq=False)
class Trial:
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
        Base-10 logarithm of an upper bound of Pr[y N(x) <= 0], by exact tails; NaN if no point.
    radius, eta : tensor (count,) or None
        Of the fresh points: exact distance to {y N <= 0}, least eta that flips along u.
    unfinished : float
        The angle between the flow's last network and the point as functions on `probes`.
    """

    start: Start
    loss: str
    width: int
    seed: int
    status: str
    log_loss: float
    separated: bool
    point: LimitPoint | None
    log10_error: float = math.nan
    radius: torch.Tensor | None = None
    eta: torch.Tensor | None = None
    unfinished: float = math.nan

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
    **knobs: object,
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
        raise checks.refuse("fresh", f"{fresh.p} coordinates", f"{sample.p}, as the sample has")
    begin = start.network(sample, width, seed)
    if bool((begin.output > 0).all()) or bool((begin.output < 0).all()):
        return Trial(start, loss, width, seed, "one sign only", math.nan, False, None)
    flow = gradient_flow(sample, network=begin, loss=loss, **knobs)
    point = _point(flow)
    known = (start, loss, width, seed, str(flow.status), flow.last.log_loss, flow.separated)
    if point is None:
        return Trial(*known, None)
    network = point.network
    radius = exact_radius(network, fresh.x).robust(fresh.y, fresh.x).lower
    eta = least_eta(network, fresh.x, fresh.y, direction=universal_direction(sample))
    last, x = flow.network, probes(sample)
    seen = TwoLayerReLU(last.weights[:, : sample.p], last.biases, last.output)
    angle = function_angle(seen, network, x)
    return Trial(*known, point, log_error(network, sample) / math.log(10), radius, eta, angle)


def _point(flow: Flow) -> LimitPoint | None:
    """Return the exact point at the flow's end, where there is one."""
    if not flow.separated:
        return None
    try:
        return kkt_point(flow)
    except NotCertified:
        return None


def probes(sample: Sample, count: int = 500, seed: int = 0) -> torch.Tensor:
    """Return random points of norm about sqrt(d) in the sample's coordinates, (count, p).

    They are spread over all directions that the training set spans, not over the clusters: where
    two networks agree on the clusters only, they differ here.
    """
    rng = np.random.default_rng(seed)
    return torch.from_numpy(rng.standard_normal((count, sample.p)) * math.sqrt(sample.d / sample.p))


def function_angle(first: TwoLayerReLU, second: TwoLayerReLU, x: torch.Tensor) -> float:
    """Return the angle in radians between two networks as functions on points x (n, p).

    0 where one is a positive multiple of the other on all of them.
    """
    outputs = [network(checks.tensor("x", x, dimensions=2)) for network in (first, second)]
    norms = [torch.linalg.vector_norm(one) for one in outputs]
    if not all(float(norm) > 0 for norm in norms):
        raise checks.refuse("x", "points at which a network is zero", "points where it is not")
    units = [one / norm for one, norm in zip(outputs, norms, strict=True)]
    return 2 * math.asin(min(1.0, float((units[0] - units[1]).norm()) / 2))


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

"""Error and radius from the largest slope: for networks of any width, no KKT point needed (ours).

The gradient of a two-layer network at x is the sum of v_j w_j over the neurons that are on there,
so its norm is at most ||v|| ||W||, with the spectral norm of the matrix of weights, whatever the
subset. Hence {y N <= 0} is at least y N(x) / (||v|| ||W||) away from x, and noise that is shorter,
in the span of the weights, cannot turn a sign. This is coarser than `exact_radius` and `log_tail`
where these are feasible; a network that gradient flow is still at work on has hundreds of neurons.
"""

from __future__ import annotations

import math

import torch

from kktnotes import checks
from kktnotes.data.sample import Sample, as_sample
from kktnotes.networks.two_layer import TwoLayerReLU, as_network
from kktnotes.radius.tails import _gaussian


def slope_upper(network: TwoLayerReLU) -> float:
    """Return ||v|| ||W||, at least the Lipschitz constant of the network (spectral norm of W).

    Examples
    --------
    >>> import kktnotes as kn
    >>> network = kn.TwoLayerReLU([[3.0, 4.0]], [0.0], [2.0])
    >>> round(kn.radius.slope_upper(network), 6)
    10.0
    """
    network = as_network("network", network)
    w = network.weights
    gram = w @ w.mT if w.shape[0] <= w.shape[1] else w.mT @ w
    largest = torch.linalg.eigvalsh(gram)[-1].clamp(min=0)
    return float(network.output.norm() * largest.sqrt()) * (1 + 1e-9)  # beyond rounding


def radius_by_slope(network: TwoLayerReLU, x: checks.Array, y: checks.Array) -> torch.Tensor:
    """Return a lower bound (n,) of the distance from x (n, p) to {y N <= 0}; 0 where it is wrong.

    Raises
    ------
    ValueError
        If the network is constant, so that there is no such distance.

    Examples
    --------
    >>> import kktnotes as kn
    >>> point = kn.averaged_point(4, 100)
    >>> lower = kn.radius.radius_by_slope(point.network, point.x, point.y)
    >>> bool((lower <= kn.exact_radius(point.network, point.x).zero.lower).all())
    True
    """
    network = as_network("network", network)
    slope = slope_upper(network)
    if slope == 0:
        raise checks.refusal("network", "one without a slope", "one with weights other than zero")
    return network.margins(x, y).clamp(min=0) / slope


def log_error_by_slope(network: TwoLayerReLU, sample: Sample) -> float:
    """Return an upper bound of ln Pr[y N(x) <= 0], (x, y) ~ D_clusters (Theorem 3.1).

    The noise has a chi-squared squared length in the D = min(m, p) dimensions that the weights can
    span, and Pr[chi^2_D >= s] is at most exp((D - s + D ln(s / D)) / 2) for s >= D (Chernoff).

    Parameters
    ----------
    network, sample
        As in `log_error_by_cluster`.

    Examples
    --------
    >>> import kktnotes as kn
    >>> train = kn.case("a").sample(0)
    >>> network = kn.TwoLayerReLU.robust(train)
    >>> by_slope = kn.radius.log_error_by_slope(network, train)
    >>> by_slope >= kn.radius.log_error(network, train)
    True
    """
    network = as_network("network", network)
    sample = as_sample("sample", sample, network.device)
    clusters = _gaussian(sample)
    radius = radius_by_slope(network, sample.means, clusters.labels)
    dimension = min(network.weights.shape)
    square = (radius / clusters.sigma).square() / dimension
    log_tail = dimension / 2 * (1 - square + square.clamp(min=1).log())
    return float(log_tail.clamp(max=0).logsumexp(0)) - math.log(clusters.k)


def eta_upper(
    network: TwoLayerReLU,
    x: torch.Tensor,
    y: torch.Tensor,
    *,
    direction: torch.Tensor,
    largest: float,
    halvings: int = 30,
) -> torch.Tensor:
    """Return an eta (n,) up to `largest` at which the sign of N(x - y eta u) is not y, or infinity.

    By halving between an eta that leaves the sign and one that turns it, so it is a crossing and
    thus an upper bound of the least one; `least_eta` has the least, and takes m times longer.
    Where even `largest` does not turn the sign, infinity; where N(x) is wrong, 0.

    Parameters
    ----------
    network, x, y
        One network, points (n, p), labels (n,).
    direction : tensor (p,)
        u.
    largest : float
        The largest eta to try.
    halvings : int
        How often the interval is halved.

    Examples
    --------
    >>> import kktnotes as kn
    >>> from kktnotes import radius
    >>> point = kn.averaged_point(4, 100)
    >>> u = point.y @ point.x
    >>> eta = radius.eta_upper(point.network, point.x, point.y, direction=u, largest=1.0)
    >>> eta.round(decimals=6)
    tensor([0.2500, 0.2500, 0.2500, 0.2500], dtype=torch.float64)
    """
    network = as_network("network", network)
    x, y = network.points(x), checks.labels("y", y, both=False, device=network.device)
    direction = checks.tensor("direction", direction, dimensions=1, device=network.device)
    y, direction = checks.fitting("y", y, x[..., 0]), checks.fitting("direction", direction, x[0])
    high = torch.full_like(y, checks.positive("largest", largest))
    low = torch.zeros_like(y)
    here = network.preactivations(x)
    speed = y[:, None] * (network.weights @ direction)

    def wrong(eta: torch.Tensor) -> torch.Tensor:
        return y * (torch.relu(here - eta[:, None] * speed) @ network.output) <= 0

    begins, ends = wrong(low), wrong(high)
    for _ in range(checks.integer("halvings", halvings)):
        middle = (low + high) / 2
        turned = wrong(middle)
        low, high = torch.where(turned, low, middle), torch.where(turned, middle, high)
    high = torch.where(ends, high, torch.inf)
    return torch.where(begins, 0.0, high)

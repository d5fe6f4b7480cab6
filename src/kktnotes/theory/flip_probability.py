"""The probability of Theorem 4.2, bounded exactly, and the least eta at which it is small.

z = eta u fails at a point if N gives it the wrong sign already, or if N(x - y z) still has the
sign y. Both events are unions of convex sets, so that `radius.tails` bounds their probabilities
in logs, cluster by cluster; no point is drawn.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import torch

from kktnotes import checks
from kktnotes.attacks.one_for_all import least_eta, universal_direction
from kktnotes.data.sample import Sample, as_sample
from kktnotes.networks.two_layer import TwoLayerReLU, as_network
from kktnotes.radius import log_error_by_cluster, log_tail

DOUBLINGS = 40


def log_failure_by_cluster(
    network: TwoLayerReLU, sample: Sample, perturbation: torch.Tensor
) -> torch.Tensor:
    """Return upper bounds of ln Pr[sign N(x - y z) = sign N(x)] for each cluster, (k,).

    Parameters
    ----------
    network : TwoLayerReLU
        One network in the coordinates of the sample.
    sample : Sample
        Gives means, labels and sigma; its noise has to be N(0, sigma^2 I).
    perturbation : tensor (p,)
        z, in the coordinates of the sample.
    """
    network = as_network("network", network)
    sample = as_sample("sample", sample, network.device)
    wrong = log_error_by_cluster(network, sample)
    clusters = sample.drawn_from()
    labels, sigma = clusters.labels.to(network.device), clusters.sigma
    move = checks.tensor("perturbation", perturbation, dimensions=1, device=network.device)
    moved = sample.means - labels[:, None] * checks.fitting("perturbation", move, sample.means)
    still = log_tail(network, moved, sigma, -labels)
    return torch.logaddexp(wrong, still).clamp(max=0.0)


def log_failure(network: TwoLayerReLU, sample: Sample, perturbation: torch.Tensor) -> float:
    """Return an upper bound of ln Pr[sign N(x - y z) = sign N(x)], (x, y) ~ D_clusters."""
    network = as_network("network", network)
    sample = as_sample("sample", sample, network.device)
    by_cluster = log_failure_by_cluster(network, sample, perturbation)
    return float(by_cluster.logsumexp(0)) - math.log(len(by_cluster))


def certified_eta(
    network: TwoLayerReLU,
    sample: Sample,
    *,
    epsilon: float,
    direction: torch.Tensor | None = None,
    tolerance: float = 1e-9,
) -> float:
    """Return an eta at which z = eta u fails with a probability of at most epsilon.

    Found by halving, down to a relative distance of `tolerance` from an eta at which the bound
    is above epsilon. Where no eta up to 2^40 times the means' own does, infinity.

    Parameters
    ----------
    network, sample
        As in `log_failure_by_cluster`.
    epsilon : float
        In (0, 1).
    direction : tensor (p,), optional
        u by default.
    """
    network = as_network("network", network)
    sample = as_sample("sample", sample, network.device)
    if checks.positive("epsilon", epsilon) >= 1:
        raise checks.refusal("epsilon", epsilon, "a number between 0 and 1")
    tolerance = checks.precision("tolerance", tolerance)
    if direction is None:
        direction = universal_direction(sample)
    direction = checks.tensor("direction", direction, dimensions=1, device=network.device)
    etas = least_eta(network, (sample.means, sample.drawn_from().labels), direction=direction)
    high = float(etas[etas.isfinite()].max()) if etas.isfinite().any() else math.inf

    def fails(eta: float) -> bool:
        return log_failure(network, sample, eta * direction) > math.log(epsilon)

    if not 0 < high < math.inf:
        return math.inf
    return least_that_passes(fails, high, tolerance)


def least_that_passes(fails: Callable[[float], bool], start: float, tolerance: float) -> float:
    """Return the least number at which `fails` ends, to a relative tolerance, by bisection.

    `start` is doubled until it passes; infinity where it never does.
    """
    low, high = 0.0, start
    for _ in range(DOUBLINGS):
        if not fails(high):
            break
        low, high = high, 2 * high
    else:
        return math.inf
    while high - low > tolerance * high:
        middle = (low + high) / 2
        low, high = (middle, high) if fails(middle) else (low, middle)
    return high

"""Proved tail bounds in logs: probabilities far below what counting can see (appendix, ours).

For x ~ N(c, sigma^2 I) the event {s N(x) <= 0} is a union of convex sets, one for every subset
S of the neurons of sign -s (`exact_radius`), and a convex set at distance r from c lies in a
half-space at distance r. So its probability is at most the sum over S of Phi(-r_S / sigma). The
r_S used are certified lower bounds, and the sums are taken in logs: natural logarithms of
probabilities are returned, -inf where an event is impossible.
"""

from __future__ import annotations

import itertools
import math

import torch
from scipy.special import log_ndtr

from kktnotes import checks
from kktnotes.data.sample import Distribution, Sample, as_sample
from kktnotes.geometry import Span, project
from kktnotes.networks.two_layer import TwoLayerReLU, as_network

SUBSETS = 10
"""Up to so many opposite-sign neurons every subset is summed over; 2^10 sets."""


def log_tail(
    network: TwoLayerReLU, centers: torch.Tensor, sigma: float, sign: torch.Tensor
) -> torch.Tensor:
    """Return upper bounds of ln Pr[s N(x) <= 0] for x ~ N(center, sigma^2 I).

    With more than 10 merged neurons of sign -s, the sets of all non-empty subsets are covered by
    the half-spaces {u_j >= 0} instead, which is valid and coarser.

    Parameters
    ----------
    network : TwoLayerReLU
        One network.
    centers : tensor (n, p)
        Centres of the Gaussians.
    sigma : float
        Standard deviation in every direction; 0 gives ln 0 or ln 1.
    sign : tensor (n,)
        The signs s. A centre that does not have s N > 0 gets the trivial bound, ln 1 = 0.

    Examples
    --------
    >>> import kktnotes as kn
    >>> point = kn.averaged_point(4, 100)
    >>> logs = kn.radius.log_tail(point.network, point.x, 0.1, point.y)
    >>> bool((logs < -100).all())
    True
    """
    network = as_network("network", network)
    centers = checks.tensor("centers", centers, dimensions=2, device=network.device)
    sigma = checks.positive("sigma", sigma, zero=True)
    sign = checks.labels("sign", sign, both=False, device=network.device)
    span = Span.of(network)
    logs = centers.new_zeros(len(centers))
    usable = sign * network(centers) > 0
    for s in (1.0, -1.0):
        rows = torch.nonzero(usable & (sign == s))[:, 0]
        if len(rows):
            distances = _distances(span, centers[rows], s)
            logs[rows] = _log_sum(distances, sigma).clamp(max=0.0)
    return logs


def log_error_by_cluster(network: TwoLayerReLU, sample: Sample) -> torch.Tensor:
    """Return upper bounds of ln Pr[y N(x) <= 0] for a fresh point of each cluster, (k,).

    Parameters
    ----------
    network : TwoLayerReLU
        One network in the coordinates of the sample.
    sample : Sample
        Gives the means in those coordinates, the labels and sigma.

    Examples
    --------
    >>> import kktnotes as kn
    >>> train = kn.case("a").sample(0)
    >>> kn.radius.log_error_by_cluster(kn.TwoLayerReLU.robust(train), train).shape
    torch.Size([4])
    """
    network = as_network("network", network)
    sample = as_sample("sample", sample, network.device)
    clusters = _gaussian(sample)
    return log_tail(network, sample.means, clusters.sigma, clusters.labels)


def log_error(network: TwoLayerReLU, sample: Sample) -> float:
    """Return an upper bound of ln Pr[y N(x) <= 0], (x, y) ~ D_clusters (Theorem 3.1).

    Examples
    --------
    >>> import kktnotes as kn
    >>> train = kn.case("a").sample(0)
    >>> network = kn.TwoLayerReLU.robust(train)
    >>> kn.radius.log_error(network, train) < -100
    True
    """
    by_cluster = log_error_by_cluster(network, sample)
    return float(by_cluster.logsumexp(0)) - math.log(len(by_cluster))


def log_no_flip(network: TwoLayerReLU, sample: Sample, perturbation: torch.Tensor) -> float:
    """Return an upper bound of ln Pr[y N(x - y z) >= 0], (x, y) ~ D_clusters (Theorem 4.2).

    With `log_error` it bounds the probability that z fails to change the sign.

    Parameters
    ----------
    network, sample
        As in `log_error_by_cluster`.
    perturbation : tensor (p,)
        z, in the coordinates of the sample.

    Examples
    --------
    >>> import kktnotes as kn
    >>> train = kn.case("a").sample(0)
    >>> network, u = kn.TwoLayerReLU.robust(train), kn.universal_direction(train)
    >>> kn.radius.log_no_flip(network, train, 0.9 * u) < -100
    True
    """
    network = as_network("network", network)
    sample = as_sample("sample", sample, network.device)
    clusters = _gaussian(sample)
    labels = clusters.labels.to(network.device)
    move = checks.tensor("perturbation", perturbation, dimensions=1, device=network.device)
    moved = sample.means - labels[:, None] * checks.fitting("perturbation", move, sample.means)
    by_cluster = log_tail(network, moved, clusters.sigma, -labels)
    return float(by_cluster.logsumexp(0)) - math.log(len(by_cluster))


def _gaussian(sample: Sample) -> Distribution:
    """Return the clusters of a sample whose noise is N(0, sigma^2 I)."""
    clusters = sample.drawn_from()
    if clusters.noise != "gaussian" or clusters.factor is not None:
        raise checks.refusal("sample", "another noise", "noise N(0, sigma^2 I) for tail bounds")
    return clusters


def _distances(span: Span, centers: torch.Tensor, sign: float) -> torch.Tensor:
    """Return certified distances (n, sets) to convex sets that cover {s N <= 0}."""
    own = span.signs == sign
    coordinates = span.coordinates(centers)
    parts, rounding = span.parts(coordinates), span.rounding(centers)
    other, values = span.weights[~own], parts[:, ~own]
    width = other.shape[0]
    if width <= SUBSETS:
        subsets = list(itertools.product([0.0, 1.0], repeat=width))
    else:
        subsets = [(0.0,) * width]
    columns = []
    for subset in subsets:
        chosen = centers.new_tensor(subset)
        level = values @ chosen
        noise = rounding[:, ~own] @ chosen
        found = project(
            span.weights[own],
            parts[:, own],
            (chosen @ other).expand(len(centers), -1),
            level,
            polyhedron=torch.full_like(level, not any(subset), dtype=torch.bool),
            rounding=torch.cat([rounding[:, own], noise[:, None]], -1),
        )
        columns.append(found.lower)
    if width > SUBSETS:
        norms = torch.linalg.vector_norm(other, dim=-1)
        gaps = (-values - rounding[:, ~own]).clamp(min=0) / norms
        columns += list(gaps.unbind(-1))
    return torch.stack(columns, -1)


def _log_sum(distances: torch.Tensor, sigma: float) -> torch.Tensor:
    """Return ln sum Phi(-r / sigma) over the last axis."""
    if sigma == 0:
        inside = (distances == 0).any(-1)
        return torch.where(inside, 0.0, -torch.inf).double()
    logs = torch.from_numpy(log_ndtr(-distances.numpy(force=True) / sigma))
    return logs.to(distances.device).logsumexp(-1)

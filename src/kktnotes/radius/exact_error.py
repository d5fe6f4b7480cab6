"""The probability of a wrong sign itself, for networks of two neurons, one of each sign (ours).

At a Gaussian point the two preactivations h (of the label's sign, times |v|) and g (of the other)
are jointly normal, and y N(x) = relu(h) - relu(g) <= 0 exactly where h <= 0, or h > 0 and h <= g:

    Pr[y N(x) <= 0] = Pr[h <= 0] + Pr[h > 0, h - g <= 0],

one normal tail and one integral in one variable. Unlike `log_error`, which is a bound made for
tails, this is the probability, to about 1e-9, and it is of use where that is not tiny: at clusters
without an example.
"""

from __future__ import annotations

import math

import numpy as np
import torch
from scipy.integrate import quad
from scipy.special import ndtr
from scipy.stats import multivariate_normal

from kktnotes import checks
from kktnotes.data.sample import Sample, as_sample
from kktnotes.networks.two_layer import TwoLayerReLU, as_network
from kktnotes.radius.tails import _gaussian

REACH = 9.0  # standard deviations beyond which a normal variable never counts: Phi(-9) = 1e-19


def error_by_cluster(
    network: TwoLayerReLU, sample: Sample, *, labels: torch.Tensor | None = None
) -> torch.Tensor:
    """Return Pr[y N(x) <= 0] for a fresh point of each cluster, (k,).

    Parameters
    ----------
    network : TwoLayerReLU
        One neuron with v > 0 and one with v < 0, in the coordinates of the sample.
    sample : Sample
        Gives means, labels and sigma.
    labels : tensor (k,), optional
        Other labels of the clusters than the sample's.
    """
    network = as_network("network", network)
    sample = as_sample("sample", sample, network.device)
    clusters = _gaussian(sample)
    labels = clusters.labels if labels is None else checks.labels("labels", labels, both=False)
    if labels.shape != clusters.labels.shape:
        raise checks.refusal("labels", f"shape {tuple(labels.shape)}", f"({clusters.k},)")
    signs, heights, covariance = _laws(network, sample)
    found = []
    for label, at in zip(labels.tolist(), heights, strict=True):
        own = signs.index(label)
        order = [own, 1 - own]
        found.append(_error(at[order], covariance[np.ix_(order, order)]))
    return sample.x.new_tensor(found)


def zero_by_cluster(network: TwoLayerReLU, sample: Sample) -> torch.Tensor:
    """Return Pr[N(x) = 0], both neurons off, for a fresh point of each cluster, (k,).

    With either label the errors of a cluster add up to 1 and this, since N(x) <= 0 or N(x) >= 0,
    and both where N(x) = 0. SciPy's bivariate normal law, so independent of `error_by_cluster`.
    """
    network = as_network("network", network)
    sample = as_sample("sample", sample, network.device)
    _, heights, covariance = _laws(network, sample)
    values = [multivariate_normal.cdf([0.0, 0.0], mean=at, cov=covariance) for at in heights]
    return sample.x.new_tensor(values)


def _laws(network: TwoLayerReLU, sample: Sample) -> tuple[list[float], np.ndarray, np.ndarray]:
    """Return the neurons' signs, and means (k, 2) and covariance of |v| times preactivations."""
    clusters = _gaussian(sample)
    signs = network.output.sign().tolist()
    if sorted(signs) != [-1.0, 1.0]:
        got = f"{len(signs)} neurons of signs {sorted(signs)}"
        raise checks.refusal("network", got, "two neurons, one of each sign")
    size = network.output.abs()[:, None]
    heights = (size.T * network.preactivations(sample.means)).numpy(force=True)
    weights = (size * network.weights).numpy(force=True)
    return signs, heights, clusters.sigma**2 * weights @ weights.T


def _error(mean: np.ndarray, covariance: np.ndarray) -> float:
    """Return Pr[h <= 0] + Pr[h > 0, h - g <= 0] for (h, g) with that mean and covariance."""
    spread = math.sqrt(covariance[0, 0])
    low = -mean[0] / spread
    gap = mean[0] - mean[1]
    slope = (covariance[0, 0] - covariance[0, 1]) / spread
    rest = math.sqrt(max(np.linalg.det(covariance), 0.0)) / spread  # of h - g, given h

    def density(z: float) -> float:
        return math.exp(-z * z / 2) / math.sqrt(2 * math.pi) * ndtr(-(gap + slope * z) / rest)

    start = max(low, -REACH)
    both = quad(density, start, REACH, epsabs=1e-12, limit=200)[0] if start < REACH else 0.0
    return float(ndtr(low) + both)

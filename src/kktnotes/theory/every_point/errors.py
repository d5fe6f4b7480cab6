"""Error probabilities that hold for every KKT point on one training sample, in logs (ours).

Theorem 3.1 speaks of every KKT point of Problem (2); a run finds some. But the margin bound of the
appendix on constants needs inner products only: for a fresh point x of cluster q with
x~_i . x~ >= alpha >= 0 on its own cluster's examples and |x~_i . x~| <= gamma on all others, every
KKT point has y N(x) > 0 as soon as (1 - 2 tau) alpha / b > k' gamma / a. With the sample fixed,
x~_i . x~ is normal with mean <x_i, mu_q> + 1 and standard deviation sigma ||x_i||, so that for any
alpha, and the gamma at which both sides are equal, a union bound over the n examples gives

    Pr[some KKT point has y N(x) <= 0 | q] <= sum_{i in q} Pr[x~_i . x~ < alpha]
                                            + sum_{i not in q} Pr[|x~_i . x~| >= gamma].

alpha is chosen to make the right side small. No network and no training enter. Means of other
norms and noise of another law need other tails and nothing else; see `noise_tails`.
"""

from __future__ import annotations

import math

import numpy as np
import torch
from scipy.optimize import minimize_scalar
from scipy.special import logsumexp

from kktnotes.data.sample import Sample, as_sample
from kktnotes.theory.constants import InnerProducts, inner_products
from kktnotes.theory.every_point import noise_tails


def log_wrong_sign_by_cluster(
    sample: Sample, *, measured: InnerProducts | None = None
) -> torch.Tensor:
    """Return upper bounds of ln Pr[some KKT point has y N(x) <= 0 | cluster], (k,).

    Parameters
    ----------
    sample : Sample
        One training sample, drawn from clusters, whatever their noise.
    measured : InnerProducts, optional
        Of the sample, where known already.

    Returns
    -------
    tensor (k,)
        0 = ln 1, which says nothing, for a cluster without an example, and for every cluster where
        tau >= 1/2.
    """
    sample = as_sample("sample", sample)
    clusters, deviation = sample.drawn_from(), noise_tails.spread(sample)
    measured = inner_products(sample) if measured is None else measured
    logs = np.zeros(clusters.k)
    if not measured.tau < 0.5:
        return torch.from_numpy(logs).to(sample.device)
    centers = (sample.x @ sample.means.T + 1).numpy(force=True)
    cluster = sample.numbered().numpy(force=True)
    ratio = (1 - 2 * measured.tau) * measured.a / (measured.b * measured.seen)
    for q in range(clusters.k):
        own = cluster == q
        if own.any():
            logs[q] = _least(centers[:, q], deviation, own, ratio, measured.a, clusters.noise)
    return torch.from_numpy(logs).to(sample.device)


def log_wrong_sign(sample: Sample, *, measured: InnerProducts | None = None) -> float:
    """Return an upper bound of ln Pr[some KKT point has y N(x) <= 0], (x, y) ~ D_clusters."""
    sample = as_sample("sample", sample)
    by_cluster = log_wrong_sign_by_cluster(sample, measured=measured)
    return float(by_cluster.logsumexp(0)) - math.log(len(by_cluster))


def _least(
    centers: np.ndarray,
    spread: np.ndarray,
    own: np.ndarray,
    ratio: float,
    scale: float,
    noise: str,
) -> float:
    """Return the least union bound over alpha in [0, scale], gamma = ratio alpha, at most 0."""

    def bound(share: float) -> float:
        alpha = share * scale
        gamma = ratio * alpha
        low = noise_tails.log_above((centers[own] - alpha) / spread[own], noise)
        high = noise_tails.log_above((gamma - centers[~own]) / spread[~own], noise)
        down = noise_tails.log_above((gamma + centers[~own]) / spread[~own], noise)
        return float(logsumexp(np.concatenate([low, high, down])))

    found = minimize_scalar(bound, bounds=(0.0, 1.0), method="bounded", options={"xatol": 1e-6})
    return min(float(found.fun), 0.0)

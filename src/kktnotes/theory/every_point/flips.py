"""One perturbation for every KKT point on one training sample, with its probability in logs (ours).

Theorem 4.2 names a KKT point first and then a z. Here the order is the other one: eta is fixed
from inner products of the sample, before any network is seen. By the lemma on universal flips in
the appendix on constants, a fresh point x of cluster q with x~_i . x~ <= beta on its own cluster's
examples and |x~_i . x~| <= gamma on all others has y N(x - y eta u) < 0 for every KKT point, as
soon as beta + k' gamma < eta a kappa k_{-y} (1 - 2 tau) / b. With the sample fixed, x~_i . x~ is
normal with mean <x_i, mu_q> + 1 and standard deviation sigma ||x_i||, so that for any beta >= 0,
and the gamma at which both sides are equal, a union bound over the n examples gives

    Pr[some KKT point has y N(x - y eta u) >= 0 | q] <= sum_{i in q} Pr[x~_i . x~ >= beta]
                                                      + sum_{i not in q} Pr[|x~_i . x~| >= gamma].

beta is chosen to make the right side small, and `errors` bounds the wrong signs at x itself.
Noise of another law has other tails and nothing else; see `noise_tails`.
"""

from __future__ import annotations

import math

import numpy as np
import torch
from scipy.optimize import minimize_scalar
from scipy.special import logsumexp

from kktnotes import checks
from kktnotes.data.sample import Sample, as_sample
from kktnotes.theory.constants import InnerProducts, flip_eta_upper, inner_products
from kktnotes.theory.every_point import errors, noise_tails
from kktnotes.theory.flip_probability import least_that_passes


def log_unflipped_by_cluster(
    sample: Sample, eta: float, *, measured: InnerProducts | None = None
) -> torch.Tensor:
    """Return upper bounds of ln Pr[some KKT point has sign N(x - y eta u) = sign N(x) | cluster].

    Parameters
    ----------
    sample : Sample
        One training sample, drawn from clusters, whatever their noise.
    eta : float
        At least 0; u = sum_q y_q mu_q.
    measured : InnerProducts, optional
        Of the sample, where known already.

    Returns
    -------
    tensor (k,)
        0 = ln 1, which says nothing, for a cluster without an example, for a label that no example
        of the other kind opposes, and for every cluster where tau >= 1/2 or kappa <= 0.
    """
    sample = as_sample("sample", sample)
    eta = checks.positive("eta", eta, zero=True)
    measured = inner_products(sample) if measured is None else measured
    wrong = errors.log_wrong_sign_by_cluster(sample, measured=measured)
    return torch.logaddexp(wrong, _still(sample, eta, measured)).clamp(max=0.0)


def log_unflipped(sample: Sample, eta: float, *, measured: InnerProducts | None = None) -> float:
    """Return an upper bound of ln Pr[some KKT point keeps its sign], (x, y) ~ D_clusters."""
    sample = as_sample("sample", sample)
    by_cluster = log_unflipped_by_cluster(sample, eta, measured=measured)
    return float(by_cluster.logsumexp(0)) - math.log(len(by_cluster))


def eta_for_all(sample: Sample, *, epsilon: float, tolerance: float = 1e-6) -> float:
    """Return an eta at which z = eta u serves every KKT point in every cluster.

    In each cluster the probability that some KKT point keeps its sign is at most epsilon. Found by
    halving, down to a relative distance of `tolerance` from an eta at which the bound is above
    epsilon; infinite where the bounds say nothing.

    Parameters
    ----------
    sample : Sample
        As in `log_unflipped_by_cluster`.
    epsilon : float
        In (0, 1).
    """
    sample = as_sample("sample", sample)
    if checks.positive("epsilon", epsilon) >= 1:
        raise checks.refusal("epsilon", epsilon, "a number between 0 and 1")
    tolerance = checks.precision("tolerance", tolerance)
    measured = inner_products(sample)
    wrong = errors.log_wrong_sign_by_cluster(sample, measured=measured)
    if float(wrong.max()) > math.log(epsilon):
        return math.inf

    def fails(eta: float) -> bool:
        worst = torch.logaddexp(wrong, _still(sample, eta, measured)).max()
        return float(worst) > math.log(epsilon)

    high = max(flip_eta_upper(measured, label=y).value for y in (1.0, -1.0))
    if not math.isfinite(high):
        return math.inf
    return least_that_passes(fails, high, tolerance)


def _still(sample: Sample, eta: float, measured: InnerProducts) -> torch.Tensor:
    """Return upper bounds of ln Pr[some KKT point has y N(x - y eta u) >= 0 | cluster], (k,)."""
    clusters = sample.drawn_from()
    logs = np.zeros(clusters.k)
    if not (measured.tau < 0.5 and measured.kappa > 0 and eta > 0):
        return torch.from_numpy(logs).to(sample.device)
    centers = (sample.x @ sample.means.T + 1).numpy(force=True)
    spread, noise = noise_tails.spread(sample), clusters.noise
    cluster = sample.numbered().numpy(force=True)
    shrunk = eta * measured.a * measured.kappa * (1 - 2 * measured.tau) / measured.b
    for q, label in enumerate(clusters.labels.tolist()):
        opposite = measured.seen_negative if label > 0 else measured.seen_positive
        own = cluster == q
        if own.any() and opposite:
            logs[q] = _least(centers[:, q], spread, own, shrunk * opposite, measured.seen, noise)
    return torch.from_numpy(logs).to(sample.device)


def _least(
    centers: np.ndarray, spread: np.ndarray, own: np.ndarray, reach: float, seen: int, noise: str
) -> float:
    """Return the least union bound over beta in [0, reach], gamma = (reach - beta) / k'."""
    # With beta below the largest center, or gamma likewise, one tail alone is at least 1/2. Above
    # all centers normal tails are convex, and so is their sum: one minimum, however narrow.
    low = max(0.0, float(centers[own].max()))
    high = reach - seen * max((abs(float(one)) for one in centers[~own]), default=0.0)
    if not low < high:
        return 0.0

    def bound(share: float) -> float:
        beta = low + share * (high - low)
        gamma = (reach - beta) / seen
        over = noise_tails.log_above((beta - centers[own]) / spread[own], noise)
        up = noise_tails.log_above((gamma - centers[~own]) / spread[~own], noise)
        down = noise_tails.log_above((gamma + centers[~own]) / spread[~own], noise)
        return float(logsumexp(np.concatenate([over, up, down])))

    found = minimize_scalar(bound, bounds=(0.0, 1.0), method="bounded", options={"xatol": 1e-6})
    return min(float(found.fun), 0.0)

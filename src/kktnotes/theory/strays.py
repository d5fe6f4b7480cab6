"""Examples that stray to the center of another cluster: how many it takes, in logs (ours).

After Theorem 3.1 the paper says that with n exponential in d some clusters have examples of both
labels near their center. For x ~ N(mu_p, sigma^2 I_d) the squared distance to a center mu_q, over
sigma^2, has the noncentral chi-square law with d degrees of freedom and noncentrality
||mu_p - mu_q||^2 / sigma^2, which is a mixture of gamma laws with Poisson weights. All terms of
the mixture are positive, so that their sum is taken in logs, far below what a float can hold.
"""

from __future__ import annotations

import math

import numpy as np
from scipy.special import gammainc, gammaln, hyp1f1, logsumexp

from kktnotes import checks

UNDERFLOW = 1e-200  # from here on the incomplete gamma function is taken in logs


def log_near_center(d: int, distance: float, sigma: float, radius: float) -> float:
    """Return ln Pr[||x - c|| <= radius] for x ~ N(m, sigma^2 I_d) with ||m - c|| = distance.

    Parameters
    ----------
    d : int
        Dimension.
    distance : float
        From the point's own mean to the center: 0 for the own one, sqrt(2 d) for another of two
        orthogonal means.
    sigma, radius : float
        Noise level and radius of the ball around the center.

    Examples
    --------
    >>> import kktnotes as kn
    >>> from kktnotes import theory
    >>> theory.log_near_center(100, 50.0, 1.0, 30.0) < -20
    True
    """
    d = checks.integer("d", d)
    sigma, radius = checks.positive("sigma", sigma), checks.positive("radius", radius)
    half = (checks.positive("distance", distance, zero=True) / sigma) ** 2 / 2
    level = (radius / sigma) ** 2 / 2
    if half == 0:
        return float(_log_gamma(np.array([d / 2]), level)[0])
    # Terms rise up to about (j + 1) (d/2 + j + 1) = half * level, or to the Poisson law's own
    # mode where that comes first, and fall from there on.
    peak = min((math.sqrt(d * d / 4 + 4 * half * level) - d / 2) / 2, half)
    reach = 60 + 15 * math.sqrt(peak + half / (1 + d / 2))
    j = np.arange(max(0, math.floor(peak - reach)), math.ceil(peak + reach) + 1)
    poisson = j * math.log(half) - half - gammaln(j + 1.0)
    return min(float(logsumexp(poisson + _log_gamma(d / 2 + j, level))), 0.0)


def log_unmixed(k: int, d: int, sigma: float, radius: float, log_n: float) -> float:
    """Return an upper bound of ln Pr[some center lacks an example of either label nearby].

    The clusters are k orthogonal ones with alternating labels, "nearby" means within the radius of
    the center, and n = e^log_n examples are drawn. By the union bound over centers and labels and
    (1 - p)^n <= e^(-n p); of the other label, at least floor(k / 2) clusters have examples.

    Parameters
    ----------
    k, d : int
        Clusters and dimension.
    sigma, radius : float
        As in `log_near_center`.
    log_n : float
        ln n, since n itself may be too large to be written down.

    Examples
    --------
    >>> import kktnotes as kn
    >>> from kktnotes import theory
    >>> theory.log_unmixed(4, 10_000, 1.0, 20.0, 5.0) <= 0
    True
    """
    k = checks.integer("k", k, least=2)
    own = log_near_center(d, 0.0, sigma, radius) - math.log(k)
    other = log_near_center(d, math.sqrt(2 * d), sigma, radius) + math.log((k // 2) / k)
    expected = np.exp(np.clip([log_n + own, log_n + other], None, 700.0))  # below an overflow
    return min(math.log(k) + float(np.logaddexp(*-expected)), 0.0)


def _log_gamma(shape: np.ndarray, level: float) -> np.ndarray:
    """Return ln Pr[Gamma(shape) <= level], by its series where the probability is tiny."""
    plain = gammainc(shape, level)
    tiny = plain < UNDERFLOW
    found = np.log(np.where(tiny, 1.0, plain))
    a = shape[tiny]  # there a is above the level, and the series converges fast
    series = np.log(hyp1f1(1.0, a + 1, level))
    found[tiny] = a * math.log(level) - level - gammaln(a + 1) + series
    return found

"""Where Assumption 2.2 holds: the least dimension, the most clusters, and a map of both.

With s = 4 sigma sqrt(d) ln(d) and c the largest |<mu_p, mu_q>|, the third item solved for k reads
k <= (d - s + 1) / (10 (c + s + 1)). For sigma constant or a multiple of 1/sqrt(d), and c constant
or a multiple of d, it fails at d = 1 and its two sides cross once: d - s - 10 k (c + s) is first
falling and then rising in d (ours), which is what a search by halving needs.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np
from scipy import stats

from kktnotes import checks
from kktnotes.data import assumption
from kktnotes.data.means import sphere_means
from kktnotes.data.seeds import generator

Rule = float | Callable[[float], float]
MOST_DRAWN = 2 * 10**7
"""Inner products of random means at one dimension: some minutes for the search."""


def inverse_root(d: float) -> float:
    """Return 1/sqrt(d), the noise level of Example 1, item 2: clusters of radius about 1.

    Examples
    --------
    >>> import kktnotes as kn
    >>> kn.inverse_root(10_000)
    0.01
    """
    return 1.0 / math.sqrt(checks.positive("d", d))


def at(rule: Rule, d: float, argument: str = "rule") -> float:
    """Return the value of a constant or of a function of d, at least 0."""
    value = rule(d) if callable(rule) and not isinstance(rule, type) else rule
    return checks.positive(argument, value, zero=True)


def least_dimension(k: int, sigma: Rule, inner_product: Rule = 0.0) -> int:
    """Return the least d at which Assumption 2.2 holds and, with it, every larger one.

    Parameters
    ----------
    k : int
        Number of clusters, at least 2.
    sigma : float or function of d
        Noise level, such as 1.0 or `inverse_root`.
    inner_product : float or function of d
        The largest |<mu_p, mu_q>|: 0 for orthogonal means, `lambda d: d / 100`, ...

    Raises
    ------
    ValueError
        Where it holds at no d up to 10^15, as for inner products above d / (10 k).

    Examples
    --------
    >>> import kktnotes as kn
    >>> kn.least_dimension(4, sigma=1.0)
    6636514
    >>> kn.least_dimension(4, sigma=kn.inverse_root)
    1203
    """
    k = checks.integer("k", k, least=2)

    def holds(d: int) -> bool:
        here, largest = at(sigma, d, "sigma"), at(inner_product, d, "inner_product")
        return assumption.terms(k=k, d=d, sigma=here, largest_inner_product=largest).holds

    return first_true(holds, f"Assumption 2.2 with k = {k}")


def first_true(holds: Callable[[int], bool], what: str) -> int:
    """Return the least d with holds(d), for a condition that stays true once it is."""
    high = 1
    while not holds(high):
        high *= 2
        if high > checks.LARGEST:
            raise checks.refusal(what, "no d up to 10^15", "settings where it holds for large d")
    low = high // 2
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if holds(middle) else (middle, high)
    return high


def most_clusters(d: int, sigma: float, inner_product: float = 0.0) -> int:
    """Return the largest k at which Assumption 2.2 holds, 0 where no k >= 2 does.

    The bound of the third item; that as many means with these inner products exist is not asked.

    Examples
    --------
    >>> import kktnotes as kn
    >>> kn.most_clusters(10**7, sigma=1.0)
    4
    """
    d = checks.integer("d", d)
    sigma = checks.positive("sigma", sigma)
    bound = checks.positive("inner_product", inner_product, zero=True)
    room = assumption.noise_room(d, sigma)
    k = math.floor((d - room + 1.0) / (10.0 * (bound + room + 1.0)))
    return k if sigma <= 1.0 and k >= 2 else 0


def sphere_correlation(k: int, d: int, probability: float) -> float:
    """Return c with Pr[max |<mu_p, mu_q>| <= c] >= probability, means uniform on the sphere.

    For two independent points on sqrt(d) S^{d-1}, (<mu, mu'> / d)^2 has the law Beta(1/2,
    (d - 1)/2); the union bound over the k (k - 1)/2 pairs does the rest: exact at k = 2, and close
    at any k, since the pairs are independent two by two. (Ours; the paper cites O~(sqrt(d)).)
    """
    k, d = checks.integer("k", k, least=2), checks.integer("d", d, least=2)
    if not 0.0 < checks.positive("probability", probability) < 1.0:
        raise checks.refusal("probability", probability, "a number between 0 and 1")
    pairs = k * (k - 1) / 2
    return d * math.sqrt(stats.beta.isf((1.0 - probability) / pairs, 0.5, (d - 1) / 2))


def draws_that_hold(k: int, d: int, sigma: float, *, draws: int, seed: int) -> float:
    """Return the share of `draws` independent sets of k means on the sphere that satisfy it."""
    rng = generator(seed, "means")
    met = 0
    for child in rng.spawn(checks.integer("draws", draws)):
        means = sphere_means(child, k, d)
        gram = np.abs(means @ means.T - d * np.eye(k))
        met += assumption.terms(k=k, d=d, sigma=sigma, largest_inner_product=gram.max()).holds
    return met / draws


def least_dimension_on_sphere(
    k: int, sigma: Rule, *, probability: float = 0.9, draws: int = 200, seed: int = 0
) -> int:
    """Return the least d at which that share of `draws` sets of random means satisfies it.

    The draws at different d share their normal variates, so that the share hardly ever falls as d
    grows; the standard error of the share is sqrt(probability (1 - probability) / draws).

    Examples
    --------
    >>> import kktnotes as kn
    >>> d = kn.least_dimension_on_sphere(4, kn.inverse_root, draws=50)
    >>> d > kn.least_dimension(4, kn.inverse_root)
    True
    """
    k = checks.integer("k", k, least=2)
    probability = checks.positive("probability", probability)
    if probability >= 1.0:
        raise checks.refusal("probability", probability, "a number between 0 and 1")

    draws = checks.integer("draws", draws)
    if draws * k**2 > MOST_DRAWN:
        got, allowed = f"{k:,} at {draws:,} draws", f"draws k^2 of at most {MOST_DRAWN:,}"
        raise checks.refusal("k", got, allowed)

    def holds(d: int) -> bool:
        return draws_that_hold(k, d, at(sigma, d, "sigma"), draws=draws, seed=seed) >= probability

    return first_true(holds, f"Assumption 2.2 with k = {k}")


def most_clusters_on_sphere(d: int, sigma: float, *, probability: float = 0.9) -> int:
    """Return the largest k for which random means satisfy it with at least that probability.

    By `sphere_correlation`, a guarantee; 0 where no k >= 2 does.
    """

    def fails(k: int) -> bool:
        return most_clusters(d, sigma, sphere_correlation(k, d, probability)) < k

    return 0 if fails(2) else first_true(lambda k: k > 2 and fails(k), "k") - 1


def slack_map(
    dimensions: Sequence[float],
    clusters: Sequence[int],
    sigma: Rule,
    inner_product: float | Callable[[int, int], float] = 0.0,
) -> np.ndarray:
    """Return the slack of the third item of Assumption 2.2, (len(clusters), len(dimensions)).

    It holds where the slack is at least 0. `inner_product` is a number or a function of (k, d).
    """
    slack = np.empty((len(clusters), len(dimensions)))
    for row, k in enumerate(clusters):
        for column, d in enumerate(dimensions):
            bound = inner_product(k, int(d)) if callable(inner_product) else inner_product
            slack[row, column] = assumption.correlation_term(
                k, d, at(sigma, d, "sigma"), bound
            ).slack
    return slack

"""Does every cluster have an example? The exact probability that one is missed, in logs.

n points fall into k clusters uniformly. The number of clusters hit so far is a Markov chain: from
j it stays with probability j/k and moves to j + 1 with probability 1 - j/k. All its terms are
positive, so the probability of fewer than k after n draws is computed without cancellation, which
inclusion and exclusion could not at 1e-100.
"""

from __future__ import annotations

import math

import numpy as np

from kktnotes import checks

MOST_STEPS = 10**9
"""Of the exact law, n k: some seconds; `log_missed_bound` is a formula."""


def log_missed(k: int, n: int) -> float:
    """Return ln Pr[some cluster has no example among n], exact to rounding.

    Parameters
    ----------
    k, n : int
        Clusters and examples. The cost is n k.

    Examples
    --------
    >>> import kktnotes as kn
    >>> from kktnotes import theory
    >>> round(theory.log_missed(4, 40), 3)
    -10.121
    """
    k, n = checks.integer("k", k), checks.integer("n", n, least=0)
    if n * k > MOST_STEPS:
        raise checks.refusal("n", f"{n:,} with k = {k:,}", f"n k up to {MOST_STEPS:,}")
    if n < k:
        return 0.0
    if k == 1:
        return -math.inf
    hit = np.arange(1, k)  # clusters hit, where not all are
    stay, move = hit / k, 1 - hit / k
    mass = np.zeros(k - 1)
    mass[0] = 1.0
    scale = 0.0
    for _ in range(n - 1):
        mass[1:] = mass[1:] * stay[1:] + mass[:-1] * move[:-1]
        mass[0] *= stay[0]
        total = mass.sum()
        if total < 1e-100:
            mass /= total
            scale += math.log(total)
    return min(scale + math.log(mass.sum()), 0.0)


def log_missed_bound(k: int, n: int) -> float:
    """Return ln min(1, k (1 - 1/k)^n), the union bound over the clusters.

    Examples
    --------
    >>> import kktnotes as kn
    >>> from kktnotes import theory
    >>> theory.log_missed_bound(4, 40) >= theory.log_missed(4, 40)
    True
    """
    k, n = checks.integer("k", k), checks.integer("n", n, least=0)
    if k == 1:
        return -math.inf if n else 0.0
    return min(math.log(k) + n * math.log1p(-1 / k), 0.0)


def log_missed_paper(d: float) -> float:
    """Return ln d^(1 - ln d), an upper bound where n >= k ln^2 d and k <= d (ours).

    k (1 - 1/k)^n <= k e^(-n/k) <= d e^(-ln^2 d).

    Examples
    --------
    >>> import kktnotes as kn
    >>> from kktnotes import theory
    >>> round(theory.log_missed_paper(1000.0), 3)
    -40.809
    """
    log_d = math.log(checks.positive("d", d))
    return min(log_d * (1 - log_d), 0.0)


def missed_law(k: int, n: int) -> np.ndarray:
    """Return Pr[exactly r of the k clusters have no example among n] for r = 0 to k, (k + 1,).

    By the same chain, in plain probabilities.

    Examples
    --------
    >>> import kktnotes as kn
    >>> from kktnotes import theory
    >>> theory.missed_law(2, 3)
    array([0.75, 0.25, 0.  ])
    """
    k, n = checks.integer("k", k), checks.integer("n", n, least=0)
    hit = np.arange(k + 1)
    mass = np.zeros(k + 1)
    mass[0] = 1.0
    for _ in range(n):
        moved = mass * (1 - hit / k)
        mass *= hit / k
        mass[1:] += moved[:-1]
    return mass[::-1]


def least_examples(k: int, probability: float) -> int:
    """Return the least n at which some cluster has no example with at most that probability.

    Examples
    --------
    >>> import kktnotes as kn
    >>> from kktnotes import theory
    >>> theory.least_examples(4, 0.01)
    21
    """
    k = checks.integer("k", k)
    wanted = math.log(checks.positive("probability", probability))
    if wanted >= 0:
        raise checks.refusal("probability", probability, "a number below 1")
    below, above = 0, 1
    while log_missed(k, above) > wanted:
        below, above = above, 2 * above
    while above - below > 1:
        middle = (below + above) // 2
        below, above = (middle, above) if log_missed(k, middle) > wanted else (below, middle)
    return above

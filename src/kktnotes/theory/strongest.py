"""The strongest form of Theorem 3.1 at given sizes: its least epsilon and its least delta, in logs.

The theorem takes epsilon and delta and bounds n by them. Solved for epsilon and delta instead, its
conditions say how small a probability of a wrong sign, and of a bad training set, it grants at
this d and n.
"""

from __future__ import annotations

import math

from kktnotes import checks


def log_least_epsilon(d: float, n: int) -> float:
    """Return ln(4 n d^(-ln(d)/2)), from n <= epsilon/4 d^(ln(d)/2); above 0 it grants nothing."""
    log_d = math.log(checks.positive("d", d))
    return math.log(4 * checks.integer("n", n)) - log_d**2 / 2


def log_least_delta(d: float, n: int) -> float:
    """Return the logarithm of the least delta that the other three conditions allow.

    The largest of 3 d^(1 - ln d), 3 n^2 e^(-d/16) and 9 n^2 d^(-ln(d)/2); above 0 it grants
    nothing.
    """
    log_d, log_n = math.log(checks.positive("d", d)), math.log(checks.integer("n", n))
    return max(
        math.log(3) + log_d * (1 - log_d),
        math.log(3) + 2 * log_n - d / 16,
        math.log(9) + 2 * log_n - log_d**2 / 2,
    )

"""Assumption 2.2, term by term; `sizes` has the (k, d, sigma) at which it holds.

    ||mu_q|| = sqrt(d),   0 < sigma <= 1,
    k (max_{p != q} |<mu_p, mu_q>| + s + 1) <= (d - s + 1) / 10,   s = 4 sigma sqrt(d) ln(d).

s is the room for the noise: inner products of two points stray from those of their means by
less than s with high probability. Numbers go in here, not `Clusters`, which builds on it.
"""

from __future__ import annotations

import math

from kktnotes.terms import Term, Terms


def noise_room(d: float, sigma: float) -> float:
    """Return s = 4 sigma sqrt(d) ln(d), the room that Assumption 2.2 leaves for noise."""
    return 4.0 * sigma * math.sqrt(d) * math.log(d)


def correlation_term(k: int, d: float, sigma: float, largest_inner_product: float) -> Term:
    """Return the third item of Assumption 2.2 as one term."""
    room = noise_room(d, sigma)
    left = k * (largest_inner_product + room + 1.0)
    note = "k (max |⟨μp, μq⟩| + s + 1) against (d − s + 1) / 10, s = 4 σ √d ln d"
    return Term("correlation", left, "<=", (d - room + 1.0) / 10.0, note=note)


def terms(
    *,
    k: int,
    d: float,
    sigma: float,
    largest_inner_product: float,
    norm: float | None = None,
    isotropic_gaussian: bool = True,
) -> Terms:
    """Return Assumption 2.2 as terms "norm", "sigma positive", "sigma", "correlation".

    `norm` is the mean's norm farthest from sqrt(d) (sqrt(d) itself where not given). Noise that is
    not N(0, sigma^2 I) adds a term "noise law" that does not hold: the paper's remarks allow such
    noise, its assumption does not.
    """
    root = math.sqrt(d)
    items = [
        Term("norm", root if norm is None else norm, "==", root, note="norm of the means"),
        Term("sigma positive", sigma, ">", 0.0, note="noise level above 0"),
        Term("sigma", sigma, "<=", 1.0, note="noise level at most 1"),
        correlation_term(k, d, sigma, largest_inner_product),
    ]
    if not isotropic_gaussian:
        items.append(Term("noise law", 0.0, "==", 1.0, note="1 where the noise is N(0, σ² I)"))
    return Terms(items, "Assumption 2.2")

"""Lemma 2.1: the sign of u.x is the label, u = sum_q y_q mu_q, and how surely.

The error has a closed form, a mean of normal tails over the clusters:

    Pr[sign(u.x) != y] = (1/k) sum_q Phi(-y_q <u, mu_q> / (sigma sqrt(u.Sigma u))),

Sigma = I in the paper. It is far below what any count could see, so it is computed in logs.
"""

from __future__ import annotations

import math

import torch
from scipy import special

from kktnotes import checks
from kktnotes.data.clusters import Clusters, as_clusters
from kktnotes.data.sample import Sample, as_sample
from kktnotes.terms import Term


def log_direction_error(clusters: Clusters) -> float:
    """Return ln Pr[sign(u.x) != y] for a fresh point (x, y), exact for Gaussian noise.

    sign(0) = -1, as in the paper: where u.x has no noise at all, clusters with u.x = 0 count as
    errors exactly where their label is 1. Returns -inf where no error is possible.

    Raises
    ------
    ValueError
        For noise that is not Gaussian: its tails have no such form.
    """
    clusters = as_clusters("clusters", clusters)
    if clusters.noise != "gaussian":
        raise checks.refusal("noise", repr(clusters.noise), "'gaussian' noise for a computed error")
    u = clusters.direction
    reach = clusters.labels * (clusters.means @ u)
    variance = clusters.isotropic * float(u @ u)
    if clusters.factor is not None:
        variance += float((u @ clusters.factor).square().sum())
    deviation = clusters.sigma * math.sqrt(variance)
    if deviation > 0.0:
        tails = special.log_ndtr((-reach / deviation).numpy())
    else:
        wrong = (reach < 0) | ((reach == 0) & (clusters.labels == 1))
        tails = torch.where(wrong, 0.0, -math.inf).numpy()
    return float(special.logsumexp(tails)) - math.log(clusters.k)


def log_direction_error_bound(d: float) -> float:
    """Return ln(2 d^(1 - ln(d)/2)), the bound of Lemma 2.1 on that probability."""
    logarithm = math.log(checks.positive("d", d))
    return math.log(2.0) + logarithm * (1.0 - logarithm / 2.0)


def error_term(clusters: Clusters) -> Term:
    """Return Lemma 2.1 as a term: base-10 logarithms of the exact error and of its bound."""
    clusters = as_clusters("clusters", clusters)
    left, right = (
        value / math.log(10.0)
        for value in (log_direction_error(clusters), log_direction_error_bound(clusters.d))
    )
    note = "log10 of Pr[sign(u·x) ≠ y] against log10 of 2 d^(1 − ln(d)/2)"
    return Term("linear separability", left, "<=", right, note=note)


def count_errors(sample: Sample) -> int:
    """Count the points of a sample, batches included, where sign(u.x) differs from y."""
    sample = as_sample("sample", sample)
    u = sample.drawn_from().direction.to(sample.device)
    predicted = torch.where(sample.x[..., : len(u)] @ u > 0, 1.0, -1.0)
    return int((predicted != sample.y).sum())

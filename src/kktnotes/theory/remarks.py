"""The remarks after Assumption 2.2 with numbers put in: other norms, other noise (ours).

The paper says that means of about the same norm, and noise with short projections, would do, and
names no constants. Here are readings of ours that can be checked: norms from 0.8 to 1.2 sqrt(d),
a noise covariance of spectral norm at most 10. What the theorems ask for otherwise stays, and
tau < 1/2 on the training points, which the explicit constants need, is asked for besides.
"""

from __future__ import annotations

import math

import torch

from kktnotes.data.sample import Distribution, Sample
from kktnotes.terms import Term, Terms
from kktnotes.theory.constants import InnerProducts
from kktnotes.theory.hypotheses import theorem_4_2

NORMS = 0.2
"""How far ||mu|| / sqrt(d) may be from 1."""
SPECTRAL_NORM = 10.0


def other_norms(
    sample: Sample, measured: InnerProducts, *, delta: float, epsilon: float, residual: float
) -> Terms:
    """Return the hypotheses of Theorem 4.2 with "norms near" in place of "norm", and "tau".

    Parameters
    ----------
    sample : Sample
        The training sample.
    measured : InnerProducts
        Its inner products.
    delta, epsilon, residual : float
        As in `theorem_3_1`.
    """
    clusters, kept = _kept("norm", sample, delta, epsilon, residual)
    norms = clusters.means.norm(dim=1) / math.sqrt(clusters.d)
    far = round(float((norms - 1).abs().max()), 12)  # 0.2 is 0.2, whatever the root's last digit
    near = Term("norms near", far, "<=", NORMS, note="largest |1 - norm/√d|")
    return Terms((*kept, near, _tau(measured)), "Other norms, hypotheses (ours)")


def other_noise(
    sample: Sample, measured: InnerProducts, *, delta: float, epsilon: float, residual: float
) -> Terms:
    """Return the hypotheses of Theorem 4.2 with "spectral norm" for "noise law", and "tau"."""
    clusters, kept = _kept("noise law", sample, delta, epsilon, residual)
    found = round(spectral_norm(clusters), 12)
    largest = Term("spectral norm", found, "<=", SPECTRAL_NORM, note="of Σ")
    return Terms((*kept, largest, _tau(measured)), "Other noise, hypotheses (ours)")


def spectral_norm(clusters: Distribution) -> float:
    """Return the largest eigenvalue of Sigma, the noise covariance being sigma^2 Sigma."""
    if clusters.factor is None:
        return clusters.isotropic
    return clusters.isotropic + float(torch.linalg.matrix_norm(clusters.factor, 2) ** 2)


def _kept(
    name: str, sample: Sample, delta: float, epsilon: float, residual: float
) -> tuple[Distribution, list[Term]]:
    """Return the clusters, and the terms of Theorem 4.2 without the one of that name."""
    clusters = sample.drawn_from()
    asked = theorem_4_2(clusters, sample.n, delta=delta, epsilon=epsilon, residual=residual)
    return clusters, [term for term in asked if term.name != name]


def _tau(measured: InnerProducts) -> Term:
    """Return the condition under which the explicit constants were proved."""
    return Term("tau", measured.tau, "<", 0.5, note="τ = k'ρ/a of the training points")

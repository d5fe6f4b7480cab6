"""Tails of one projection of the noise: how far <x_i, xi> strays, in logs (ours).

The bounds for every KKT point ask how often an inner product of a fresh point with a training
point strays from its mean. Given the training point x_i it is sigma <x_i, xi>, with the standard
deviation `spread`. For N(0, Sigma) noise it is normal. For random signs, and for the uniform law
on [-sqrt(3), sqrt(3)], each coordinate has E e^{s xi} <= e^{s^2 / 2}, term by term of the two
series, so that the sum exceeds t of its standard deviations with a probability of at most
e^{-t^2 / 2} (Hoeffding).
"""

from __future__ import annotations

import numpy as np
from scipy.special import log_ndtr

from kktnotes import checks
from kktnotes.data.sample import Sample


def spread(sample: Sample) -> np.ndarray:
    """Return the standard deviation of <x_i, fresh point> for every training point, (n,).

    Parameters
    ----------
    sample : Sample
        One training sample, drawn from `Clusters`; the noise is sigma^2 Sigma, Sigma the identity
        or a I + F F^T.
    """
    clusters = sample.drawn_from()
    square = clusters.isotropic * sample.x.square().sum(-1)
    if clusters.factor is not None:
        factor = clusters.factor.to(sample.device)
        square = square + (sample.x[:, : len(factor)] @ factor).square().sum(-1)
    return clusters.sigma * square.sqrt().numpy(force=True)


def log_above(deviations: np.ndarray, noise: str) -> np.ndarray:
    """Return upper bounds of ln Pr[a projection exceeds its mean by that many deviations].

    Parameters
    ----------
    deviations : array
        In standard deviations of the projection; below 0 allowed.
    noise : str
        As in `Clusters`: exact for "gaussian", Hoeffding's bound for "rademacher" and "uniform".
    """
    if checks.choice("noise", noise, ("gaussian", "rademacher", "uniform")) == "gaussian":
        return log_ndtr(-np.asarray(deviations, dtype=np.float64))
    return -0.5 * np.maximum(deviations, 0.0) ** 2

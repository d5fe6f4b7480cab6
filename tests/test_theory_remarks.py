"""Other norms, other noise: the tails of projections, and the hypotheses of our readings."""

import math

import numpy as np
import pytest
import torch
from scipy.stats import binom, norm

import kktnotes as kn
from kktnotes import theory
from kktnotes.theory import every_point, remarks
from kktnotes.theory.every_point import noise_tails

K, D, SIGMA = 3, 400, 0.2


def law(noise, top=20.0):
    """Return clusters with that noise: signs, uniform, or stretched along a mean and an axis."""
    clusters = kn.Clusters.orthogonal(K, D, SIGMA)
    if noise != "stretched":
        return clusters.plain().with_noise(noise)
    factor = np.zeros((K + 1, 2))
    factor[0, 0] = factor[K, 1] = math.sqrt(top)
    return clusters.with_noise(factor=factor)


@pytest.mark.parametrize("noise", ["gaussian", "rademacher", "uniform", "stretched"])
def test_spread_is_that_of_drawn_inner_products(noise):
    clusters = law(noise)
    sample = clusters.sample(12, seed=0)
    fresh = sample.fresh(20_000, seed=1)
    products = (fresh.x - fresh.means[fresh.cluster]) @ sample.x.T
    assert np.allclose(products.std(0).numpy(), noise_tails.spread(sample), rtol=0.03)


def test_normal_tail_is_exact_and_signs_stay_below_hoeffding():
    t = np.array([-1.0, 0.0, 2.0, 5.0])
    assert np.allclose(noise_tails.log_above(t, "gaussian"), norm.logsf(t), rtol=1e-12)
    for many in (1, 4, 100):  # sum of signs over its deviation: the binomial law
        ups = np.arange(many + 1)
        heights = (2 * ups - many) / math.sqrt(many)
        exact = binom.logsf(ups - 1, many, 0.5)
        assert (exact <= noise_tails.log_above(heights, "rademacher") + 1e-12).all()
    top = math.sqrt(3.0)  # one uniform coordinate
    heights = np.linspace(0, top, 50)[:-1]
    exact = np.log((top - heights) / (2 * top))
    assert (exact <= noise_tails.log_above(heights, "uniform") + 1e-12).all()
    with pytest.raises(ValueError, match="noise: got"):
        noise_tails.log_above(1.0, "cauchy")


@pytest.mark.parametrize("noise", ["rademacher", "uniform", "stretched"])
def test_bound_covers_what_is_counted(noise):
    """At a noise level where the bound is no formality: the event itself, counted."""
    clusters = kn.Clusters.orthogonal(2, 60, 0.4)
    if noise == "stretched":
        factor = np.zeros((3, 1))
        factor[:, 0] = (2.0, 0.0, 2.0)
        clusters = clusters.with_noise(factor=factor)
    else:
        clusters = clusters.plain().with_noise(noise)
    sample = clusters.sample(4, seed=0, cluster=np.array([0, 1, 0, 1]))
    m = theory.inner_products(sample)
    assert m.tau < 0.5
    bound = math.exp(every_point.log_wrong_sign(sample, measured=m))
    least, _, across = theory.fresh_inner_products(sample, sample.fresh(20_000, seed=0))
    ratio = (1 - 2 * m.tau) * m.a / (m.b * m.seen)
    failed = int((ratio * least <= across).sum())
    assert failed > 0 and kn.clopper_pearson(failed, 20_000)[0] <= bound < 1
    eta = 1.2 * theory.flip_eta_upper(m, label=1.0).value  # of either label: one cluster of each
    _, largest, across = theory.fresh_inner_products(sample, sample.fresh(20_000, seed=0))
    reach = eta * m.a * m.kappa * (1 - 2 * m.tau) / m.b
    failed = int((largest + m.seen * across >= reach).sum())
    bound = math.exp(every_point.log_unflipped(sample, eta, measured=m))
    assert kn.clopper_pearson(failed, 20_000)[0] <= bound < 1


def test_hypotheses_replace_one_term_and_bring_tau():
    means = math.sqrt(D) * np.diag([0.8, 1.0, 1.1])
    clusters = kn.Clusters.given(means, [1, -1, 1], SIGMA, D)
    asked = {"delta": 0.05, "epsilon": 0.01, "residual": 0.0}
    sample = clusters.sample(30, seed=0)
    terms = remarks.other_norms(sample, theory.inner_products(sample), **asked)
    assert "norm" not in terms.names
    assert terms["norms near"].left == 0.2 and terms["norms near"].holds
    assert terms["tau"].left == theory.inner_products(sample).tau
    sample = law("stretched").sample(30, seed=0)
    terms = remarks.other_noise(sample, theory.inner_products(sample), **asked)
    assert "noise law" not in terms.names and not terms["spectral norm"].holds


def test_spectral_norm_is_the_largest_eigenvalue():
    clusters = law("stretched")
    sigma = clusters.isotropic * torch.eye(K + 1).double() + clusters.factor @ clusters.factor.T
    largest = float(torch.linalg.eigvalsh(sigma).max())
    assert math.isclose(remarks.spectral_norm(clusters), largest, rel_tol=1e-12)
    assert remarks.spectral_norm(law("rademacher")) == 1.0

"""Examples near the center of another cluster: against SciPy, rates of large deviations, draws."""

import math

import pytest
from scipy.stats import chi2, ncx2

import kktnotes as kn
from kktnotes import theory


@pytest.mark.parametrize("d", [1, 2, 7, 40, 300])
@pytest.mark.parametrize("sigma", [0.7, 1.0, 3.0])
@pytest.mark.parametrize("share", [0.3, 1.0, 4.0])
def test_log_near_center_is_the_noncentral_chi_square_law(d, sigma, share):
    distance, radius = math.sqrt(2 * d), share * sigma * math.sqrt(d)
    expected = ncx2.cdf((radius / sigma) ** 2, d, (distance / sigma) ** 2)
    found = theory.log_near_center(d, distance, sigma, radius)
    if expected > 1e-150:
        assert math.isclose(found, math.log(expected), rel_tol=1e-9, abs_tol=1e-9)
    own = chi2.cdf((radius / sigma) ** 2, d)
    assert math.isclose(theory.log_near_center(d, 0.0, sigma, radius), math.log(own), rel_tol=1e-9)


@pytest.mark.parametrize(("sigma", "d"), [(1.0, 10**6), (0.5, 10**5), (0.01, 10**4)])
def test_log_near_center_has_the_rate_of_large_deviations(sigma, d):
    """Cramer: Pr is about e^(-d rate), rate = sup_s (1 - s)/2 + g (1 - 1/s)/2 + ln(s)/2."""
    g = 2 / sigma**2  # noncentrality of one coordinate
    s = (1 + math.sqrt(1 + 4 * g)) / 2
    rate = (1 - s) / 2 + g * (1 - 1 / s) / 2 + math.log(s) / 2
    log = theory.log_near_center(d, math.sqrt(2 * d), sigma, sigma * math.sqrt(d))
    assert -math.log(d) - 5 < log + d * rate <= 0
    if sigma == 1:
        assert math.isclose(rate, math.log(2) / 2)


def test_log_near_center_of_the_own_one_within_sigma_is_stirlings_formula():
    """Pr[chi^2_d <= 1] = (1/2)^(d/2) / Gamma(d/2 + 1), times a number between e^(-1/2) and 1."""
    for d in (10, 1_000, 10**6):
        volume = -d / 2 * math.log(2) - math.lgamma(d / 2 + 1)
        assert -0.5 <= theory.log_near_center(d, 0.0, 0.3, 0.3) - volume <= 1e-6 * abs(volume)


def test_log_near_center_is_what_counting_finds():
    d = 16
    clusters = kn.Clusters.orthogonal(2, d, 1.0)
    fresh = clusters.fresh(200_000, seed=0, p=d)
    strange = fresh.x[fresh.cluster == 1]
    near = (strange - clusters.padded(d)[0]).norm(dim=-1) <= math.sqrt(d)
    low, high = kn.clopper_pearson(int(near.sum()), len(strange), confidence=0.999)
    assert low <= math.exp(theory.log_near_center(d, math.sqrt(2 * d), 1.0, math.sqrt(d))) <= high


def test_log_unmixed_bounds_the_share_of_samples_without_mixed_centers():
    k, n = 4, 60
    clusters = kn.Clusters.orthogonal(k, 4, 1.0)
    bound = theory.log_unmixed(k, 4, 1.0, 2.0, math.log(n))
    lacking = 0
    for seed in range(400):
        points = clusters.fresh(n, seed=seed, p=4)
        near = (points.x[:, None] - clusters.means).norm(dim=-1) <= 2.0
        has = [near[points.y == sign].any(0) for sign in (1.0, -1.0)]
        lacking += not bool((has[0] & has[1]).all())
    assert kn.clopper_pearson(lacking, 400, confidence=0.999)[0] <= math.exp(bound) < 0.9
    assert theory.log_unmixed(2, 10_000, 1.0, 100.0, 5_000.0) < -1e300
    assert theory.log_unmixed(2, 100, 1.0, 10.0, math.log(100)) == 0.0


@pytest.mark.parametrize(
    ("name", "values"),
    [("d", (0, 1.0, 1.0, 1.0)), ("distance", (3, -1.0, 1.0, 1.0)), ("sigma", (3, 1.0, 0.0, 1.0))],
)
def test_log_near_center_refuses_what_makes_no_sense(name, values):
    with pytest.raises(ValueError, match=f"{name}: got"):
        theory.log_near_center(*values)

"""Error bounds for every KKT point, and the strongest form of Theorem 3.1."""

import math

import numpy as np
import pytest
import torch
from scipy.stats import norm

import kktnotes as kn
from kktnotes import radius, theory
from kktnotes.theory import every_point, strongest


def by_hand(sample, q, alpha):
    """The union bound at one alpha, in plain probabilities."""
    m = theory.inner_products(sample)
    gamma = (1 - 2 * m.tau) * alpha * m.a / (m.b * m.seen)
    total = 0.0
    for x, own in zip(sample.x, sample.cluster == q, strict=True):
        law = norm(float(x @ sample.means[q]) + 1, sample.clusters.sigma * float(x.norm()))
        total += law.cdf(alpha) if own else law.sf(gamma) + law.cdf(-gamma)
    return total


def test_bound_is_the_least_union_bound():
    sample = kn.Clusters.orthogonal(3, 400, 0.2).sample(30, seed=1)
    logs = every_point.log_wrong_sign_by_cluster(sample)
    a = theory.inner_products(sample).a
    for q in range(3):
        grid = [by_hand(sample, q, share * a) for share in np.linspace(0.5, 1.0, 401)]
        assert math.exp(logs[q]) <= min(grid) * (1 + 1e-6)
        assert math.isclose(math.exp(logs[q]), min(grid), rel_tol=0.1)


def test_bound_covers_kkt_points_of_several_starts():
    """The proved tail bound of each point found is below, and so is what is counted."""
    sample = kn.Clusters.orthogonal(4, 1203, 0.2).sample(60, seed=0)
    bound = every_point.log_wrong_sign(sample)
    assert bound < math.log(0.01)
    for seed in range(3):
        point = kn.kkt_point(kn.gradient_flow(sample, width=20, init_scale=0.1, seed=seed))
        assert radius.log_error(point.network, sample) <= bound
        fresh = sample.fresh(2000, seed=seed)
        wrong = int((point.network.margins(fresh.x, fresh.y) <= 0).sum())
        assert kn.clopper_pearson(wrong, 2000)[0] <= math.exp(bound)


def test_margin_lemma_is_what_the_event_says():
    """Where the event holds the per-point bound of the appendix is above zero."""
    sample = kn.Clusters.orthogonal(3, 400, 0.3).sample(30, seed=2)
    m = theory.inner_products(sample)
    least, _, across = theory.fresh_inner_products(sample, sample.fresh(300, seed=0))
    ratio = (1 - 2 * m.tau) * m.a / (m.b * m.seen)
    for own, other in zip(least.tolist(), across.tolist(), strict=True):
        positive = theory.margin_lower(m, own=own, across=other).value > 0
        assert positive == (ratio * own > other)


def test_says_nothing_for_an_unseen_cluster_or_large_tau():
    clusters = kn.Clusters.orthogonal(3, 400, 0.05)
    part = clusters.sample(20, seed=0)
    part = part.subset(part.cluster != 1)
    logs = every_point.log_wrong_sign_by_cluster(part)
    assert logs[1] == 0 and logs[0] < -5 and logs[2] < -5
    assert math.isclose(every_point.log_wrong_sign(part), math.log(1 / 3), abs_tol=1e-2)
    loud = kn.Clusters.orthogonal(3, 40, 1.0).sample(20, seed=0)
    assert torch.equal(every_point.log_wrong_sign_by_cluster(loud), torch.zeros(3).double())


def test_refuses_data_without_a_distribution():
    own = kn.Sample.from_arrays([[3.0, 0.0], [0.0, 3.0]], [1, -1], [0, 1])
    with pytest.raises(ValueError, match="sample: got"):
        every_point.log_wrong_sign(own)


@pytest.mark.parametrize(("d", "n"), [(1203, 202), (1203, 1300), (10**7, 1040), (549, 80)])
def test_strongest_form_is_where_the_conditions_become_equalities(d, n):
    clusters = kn.Clusters.orthogonal(2, d, 0.01)
    epsilon, delta = (
        math.exp(log)
        for log in (strongest.log_least_epsilon(d, n), strongest.log_least_delta(d, n))
    )
    for factor, holds in ((1.001, True), (0.999, False)):
        names = ("confidence", "examples, dimension", "examples, delta", "examples, epsilon")
        terms = theory.theorem_3_1(clusters, n, delta=delta * factor, epsilon=epsilon * factor)
        assert terms["examples, epsilon"].holds == holds
        assert all(terms[name].holds for name in names[:3]) == holds

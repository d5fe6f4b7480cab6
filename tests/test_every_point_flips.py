"""One eta for every KKT point: its bound against plain sums, the lemma, and several points."""

import math

import numpy as np
import pytest
import torch
from scipy.stats import norm

import kktnotes as kn
from kktnotes import theory
from kktnotes.theory import every_point, flip_probability

CLUSTERS = kn.Clusters.equicorrelated(k=4, d=2000, inner_product=-8.0, sigma=2000**-0.5)
SAMPLE = CLUSTERS.sample(232, seed=0)


def chosen(sets):
    """The KKT point of a flow that starts with one neuron on each set of clusters."""
    rows, output = [], []
    for members in sets:
        own = torch.isin(SAMPLE.cluster, torch.tensor(members))
        mean = SAMPLE.x[own].mean(0)
        rows.append((0.1 * mean / mean.norm()).tolist())
        output.append(0.1 * float(CLUSTERS.labels[members[0]]))
    start = kn.TwoLayerReLU(rows, [0.0] * len(rows), output)
    return kn.kkt_point(kn.gradient_flow(SAMPLE, network=start, tolerance=1e-2))


def by_hand(sample, m, eta, q, share):
    """The union bound at one beta, in plain probabilities, with eta* of the appendix."""
    label = float(sample.clusters.labels[q])
    # eta* is linear in (beta, gamma): read off the reach at which it equals eta.
    unit = theory.flip_eta_upper(m, label=label, largest_own=1.0, across=0.0).value
    reach = eta / unit
    beta, gamma = share * reach, (1 - share) * reach / m.seen
    assert math.isclose(
        theory.flip_eta_upper(m, label=label, largest_own=beta, across=gamma).value, eta
    )
    centers = (sample.x @ sample.means[q]).numpy() + 1
    law = norm(centers, sample.clusters.sigma * sample.x.norm(dim=-1).numpy())
    own = (sample.cluster == q).numpy()
    return float(np.where(own, law.sf(beta), law.sf(gamma) + law.cdf(-gamma)).sum())


@pytest.mark.parametrize(("q", "eta"), [(1, 0.88), (2, 1.78)])
def test_bound_is_the_least_union_bound(q, eta):
    """Of the labels +1, -1, +1: the second cluster has two opponents, the third one."""
    sample = kn.Clusters.orthogonal(3, 1203, 0.3).sample(30, seed=1)
    logs = every_point.log_unflipped_by_cluster(sample, eta)
    here = math.exp(logs[q]) - math.exp(every_point.log_wrong_sign_by_cluster(sample)[q])
    m = theory.inner_products(sample)
    grid = min(by_hand(sample, m, eta, q, share) for share in np.linspace(0.6, 1.0, 401))
    assert 1e-12 < here <= grid * (1 + 1e-6) < 0.5
    assert math.isclose(here, grid, rel_tol=0.1)


def test_a_narrow_valley_is_found():
    """Where beta and gamma have little room the minimum is still found."""
    sample = CLUSTERS.sample(232, seed=13)
    eta = every_point.eta_for_all(sample, epsilon=0.01)
    m, shares = theory.inner_products(sample), np.linspace(0.96, 0.99, 201)
    for factor, holds in ((1.001, True), (0.999, False)):
        least = [min(by_hand(sample, m, factor * eta, q, s) for s in shares) for q in range(4)]
        assert (max(least) <= 0.01) == holds


def test_one_eta_covers_kkt_points_that_differ():
    """Four KKT points on one sample, with least etas that are a third apart: one eta for all."""
    eta = every_point.eta_for_all(SAMPLE, epsilon=0.01)
    u, fresh = kn.universal_direction(SAMPLE), SAMPLE.fresh(500, seed=3)
    bound = every_point.log_unflipped_by_cluster(SAMPLE, eta)
    assert float(bound.max()) <= math.log(0.01)
    least = []
    for sets in ([[0, 2], [1, 3]], [[0], [2], [1, 3]], [[0, 2], [1], [3]], [[0], [1], [2], [3]]):
        network = chosen(sets).network
        assert network.width == len(sets)
        least.append(flip_probability.certified_eta(network, SAMPLE, epsilon=0.01))
        logs = flip_probability.log_failure_by_cluster(network, SAMPLE, eta * u)
        assert bool((logs <= bound).all())
        assert float(kn.attacks.transfer([network], fresh, eta * u).flipped) == 1
    assert max(least) > 1.3 * min(least)
    assert eta > max(least)


def test_eta_is_where_the_bound_meets_epsilon():
    eta = every_point.eta_for_all(SAMPLE, epsilon=0.05)
    assert float(every_point.log_unflipped_by_cluster(SAMPLE, eta).max()) <= math.log(0.05)
    below = every_point.log_unflipped_by_cluster(SAMPLE, eta * (1 - 1e-5))
    assert float(below.max()) > math.log(0.05)
    mean = math.exp(every_point.log_unflipped(SAMPLE, eta))
    by_cluster = every_point.log_unflipped_by_cluster(SAMPLE, eta)
    assert mean == pytest.approx(float(by_cluster.exp().mean()), rel=1e-12)


def test_says_nothing_where_the_lemma_does_not():
    zeros = torch.zeros(4).double()
    assert torch.equal(every_point.log_unflipped_by_cluster(SAMPLE, 0.0), zeros)
    part = SAMPLE.subset(SAMPLE.cluster != 1)
    logs = every_point.log_unflipped_by_cluster(part, 2.0)
    assert logs[1] == 0 and float(logs[[0, 2, 3]].max()) < -5
    assert every_point.eta_for_all(part, epsilon=0.01) == math.inf
    one = SAMPLE.subset(SAMPLE.y > 0)  # no cluster of the other label to move towards
    assert torch.equal(every_point.log_unflipped_by_cluster(one, 2.0), zeros)
    loud = kn.Clusters.orthogonal(4, 40, 1.0).sample(20, seed=0)
    assert torch.equal(every_point.log_unflipped_by_cluster(loud, 2.0), zeros)
    assert every_point.eta_for_all(loud, epsilon=0.01) == math.inf


def test_refuses_bad_input():
    with pytest.raises(ValueError, match="eta: got"):
        every_point.log_unflipped(SAMPLE, -1.0)
    with pytest.raises(ValueError, match="epsilon: got"):
        every_point.eta_for_all(SAMPLE, epsilon=1.0)
    own = kn.Sample.from_arrays([[3.0, 0.0], [0.0, 3.0]], [1, -1], [0, 1])
    with pytest.raises(ValueError, match="sample: got"):
        every_point.log_unflipped(own, 0.5)

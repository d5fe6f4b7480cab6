"""Clusters: constructors, refusals, and other noises."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

import kktnotes as kn
from kktnotes.data.clusters import Clusters


def test_orthogonal():
    clusters = Clusters.orthogonal(k=3, d=16, sigma=0.5)
    assert torch.equal(clusters.means, 4 * torch.eye(3, dtype=torch.float64))
    assert clusters.labels.tolist() == [1.0, -1.0, 1.0]
    assert torch.equal(clusters.gram, 16 * torch.eye(3, dtype=torch.float64))
    assert clusters.direction.tolist() == [4.0, -4.0, 4.0]
    assert (clusters.k, clusters.d, clusters.sigma) == (3, 16, 0.5)
    assert clusters.largest_inner_product == 0.0
    assert repr(clusters) == "Clusters(k=3, d=16, sigma=0.5)"
    assert kn.Clusters is Clusters


def test_on_sphere():
    clusters = Clusters.on_sphere(k=5, d=10**6, sigma=1.0, seed=3, labels=[1, 1, -1, -1, -1])
    assert torch.allclose(clusters.means.norm(dim=1), torch.tensor(1e3, dtype=torch.float64))
    assert clusters.labels.tolist() == [1, 1, -1, -1, -1]
    again = Clusters.on_sphere(k=5, d=10**6, sigma=1.0, seed=3)
    assert torch.equal(clusters.means, again.means)
    other = Clusters.on_sphere(k=5, d=10**6, sigma=1.0, seed=4)
    assert not torch.equal(clusters.means, other.means)
    assert Clusters.on_sphere(k=7, d=3, sigma=1.0, seed=0).means.shape == (7, 3)


@pytest.mark.parametrize("inner_product", [-2000 / 3, -8.0, 0.0, 250.0, 2000.0])
def test_equicorrelated(inner_product):
    clusters = Clusters.equicorrelated(k=4, d=2000, inner_product=inner_product, sigma=0.1)
    off_diagonal = clusters.gram[~torch.eye(4, dtype=torch.bool)]
    assert torch.allclose(off_diagonal, torch.tensor(inner_product, dtype=torch.float64))
    assert torch.allclose(clusters.gram.diag(), torch.tensor(2000.0, dtype=torch.float64))


def test_given_and_from_gram():
    means = torch.tensor([[3.0, 0.0, 1.0], [0.0, 2.0, 1.0]])
    clusters = Clusters.given(means, [1, -1], 0.1)
    assert clusters.d == 3 and torch.equal(clusters.means, means.double())
    assert Clusters.given(means, [1, -1], 0.1, d=1000).d == 1000
    same = Clusters.from_gram(clusters.gram, [1, -1], 0.1, d=1000)
    assert torch.allclose(same.gram, clusters.gram)


def refused(**changes):
    arguments = {"means": np.eye(3), "labels": [1, -1, 1], "sigma": 1.0, "d": 5, **changes}
    return lambda: Clusters(**arguments)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (refused(means=np.ones((1, 3)), labels=[1]), r"means: got shape \(1, 3\), .* k >= 2"),
        (refused(means=np.ones((2, 3, 3))), r"means: got shape \(2, 3, 3\)"),
        (refused(means=[1.0, 2.0]), r"means: got shape \(2,\), allowed is 2 or more axes"),
        (refused(means=[[np.nan, 1], [1, 1]]), "means: got 1 entries that are NaN"),
        (refused(labels=[1, 1, 1]), "labels: got one class only"),
        (refused(labels=[1, 0, 1]), "labels: got the value 0"),
        (refused(labels=[1, -1]), r"labels: got shape \(2,\), allowed is \(3,\)"),
        (refused(sigma=-1.0), "sigma: got -1.0, allowed is a finite number >= 0"),
        (refused(sigma=float("inf")), "sigma: got inf"),
        (refused(d=2), "d: got 2, allowed is at least 3"),
        (refused(d=5.5), "d: got 5.5, allowed is an integer"),
        (refused(noise="cauchy"), "noise: got 'cauchy', allowed is one of 'gaussian'"),
        (refused(noise="rademacher"), "noise: got 'rademacher' with means in 3 of d = 5 coord"),
        (refused(factor=np.ones((2, 1))), r"factor: got shape \(2, 1\), allowed is \(3, r\)"),
        (refused(factor=2 * np.ones((3, 1))), "factor: got trace of F F.T = 12, .* at most d = 5"),
        (refused(d=3, noise="uniform", factor=np.eye(3)), "factor: got noise 'uniform'"),
        (lambda: Clusters.orthogonal(1, 5, 1.0), "k: got 1, allowed is an integer of at least 2"),
        (lambda: Clusters.orthogonal(6, 5, 1.0), "k: got 6, allowed is at most d = 5"),
        (lambda: Clusters.on_sphere(3, 5, 1.0, seed=-1), "seed: got -1"),
        (lambda: Clusters.equicorrelated(3, 8, 8.5, 1.0), "inner_product: got 8.5, allowed is f"),
        (lambda: Clusters.equicorrelated(3, 8, -4.1, 1.0), r"from -d/\(k - 1\) = -4 to d = 8"),
        (lambda: Clusters.equicorrelated(5, 3, 1.0, 1.0), "k: got 5, allowed is at most 3"),
        (lambda: Clusters.equicorrelated(5, 3, -0.75, 1.0), "k: got 5, allowed is at most 4"),
        (lambda: Clusters.from_gram(np.eye(3), [1, -1, 1], 1.0, 2), "gram: got rank 3"),
        (lambda: Clusters.orthogonal(2, 10**8, 1.0).plain(), "d: got 100,000,000, .* 100,000,000"),
        (lambda: Clusters.orthogonal(2, 9, 1.0).sample(0, 0), "n: got 0"),
        (lambda: Clusters.orthogonal(2, 9, 1.0).sample(3, "a"), "seed: got 'a'"),
        (lambda: Clusters.orthogonal(2, 9, 1.0).sample(3, []), r"seed: got \[\]"),
        (lambda: Clusters.orthogonal(2, 9, 1.0).sample(3, [1, -2]), "seed: got -2"),
        (lambda: Clusters.orthogonal(2, 9, 1.0).sample(3, 0.5), "seed: got 0.5"),
        (
            lambda: Clusters.orthogonal(2, 9, 1.0).sample(3, 0, cluster=[0, 1]),
            "cluster: got .*, allowed is 3 numbers from 0 to 1",
        ),
        (lambda: Clusters.orthogonal(2, 9, 1.0).sample(2, 0, cluster=[0, 2]), "cluster: got"),
        (
            lambda: Clusters.orthogonal(2, 9, 1.0).sample(2, 0, cluster=[0, 0.5]),
            "cluster: got a negative or fractional number",
        ),
        (lambda: Clusters.orthogonal(2, 9, 1.0).joint_samples([], 0), "sizes: got no size"),
        (lambda: Clusters.orthogonal(2, 9, 1.0).joint_samples([2, 0], 0), "sizes: got 0"),
        (lambda: Clusters.orthogonal(2, 9, 1.0).fresh(3, 0, p=1), "p: got 1, allowed is from 2"),
        (lambda: Clusters.orthogonal(2, 9, 1.0).fresh(3, 0, p=10), "p: got 10"),
    ],
)
def test_refusals(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_rademacher_noise_is_refused_where_it_would_not_be_exact():
    huge = Clusters.orthogonal(k=2, d=10**8, sigma=1.0)
    with pytest.raises(ValueError, match="only the Gaussian is rotation-invariant"):
        huge.with_noise("rademacher")
    wide = Clusters.orthogonal(k=2, d=10**5, sigma=1.0).plain().with_noise("rademacher")
    with pytest.raises(ValueError, match=r"n \* d = 200,000,000, .* only Gaussian noise has red"):
        wide.sample(2000, seed=0)
    with pytest.raises(ValueError, match=r"noise: got 'rademacher', .* a rotation changes others"):
        wide.reduced()


def test_bounded_noises_have_unit_variance_and_their_values():
    plain = Clusters.orthogonal(k=2, d=50, sigma=0.5).plain()
    for name, law in [("rademacher", None), ("uniform", stats.uniform(-(3**0.5), 12**0.5))]:
        train = plain.with_noise(name).sample(400, seed=0)
        noise = ((train.x - plain.means[train.cluster]) / 0.5).numpy().ravel()
        assert train.p == train.d == 50 and bool((train.unseen == 0).all())
        assert abs(noise.mean()) < 5 / np.sqrt(noise.size)
        if law is None:
            assert set(np.round(noise, 9)) == {-1.0, 1.0}
        else:
            assert stats.kstest(noise, law.cdf).pvalue > 1e-4
        fresh = train.fresh(7, seed=0)
        assert fresh.p == 50 and bool((fresh.unseen == 0).all())


def direct_with_factor(clusters, factor, d, count, n, rng):
    """Draw N(mu, sigma^2 Sigma) in R^d with the d x d covariance written out."""
    low_rank = np.zeros((d, factor.shape[1]))
    low_rank[: len(factor)] = factor
    share = 1 - (factor**2).sum() / d
    root = np.linalg.cholesky(share * np.eye(d) + low_rank @ low_rank.T)
    means = np.zeros((2, d))
    means[:, :2] = clusters.means.numpy()
    cluster = np.arange(n) % 2
    noise = clusters.sigma * rng.standard_normal((count, n, d)) @ root.T
    return means[cluster] + noise


def test_general_gaussian_noise_equals_the_written_out_covariance():
    d, n, count = 14, 5, 3000
    base = Clusters.orthogonal(k=2, d=d, sigma=0.7)
    factor = np.array([[1.0, 0.3], [-0.5, 1.0], [1.5, 0.0]])
    clusters = base.with_noise(factor=factor)
    assert clusters.means.shape == (2, 3) and clusters.isotropic == 1 - (factor**2).sum() / d
    train = clusters.sample(n, seed=range(count), cluster=np.arange(n) % 2)
    assert train.p == 3 + n
    fresh = clusters.fresh(count, seed=0, p=9)
    rng = np.random.default_rng(0)
    direct = direct_with_factor(base, factor, d, count, n, rng)
    more = direct_with_factor(base, factor, d, count, 1, rng)[:, 0]
    gram, expected = train.x @ train.x.mT, direct @ direct.transpose(0, 2, 1)
    pairs = [
        (gram[:, 0, 0], expected[:, 0, 0]),
        (gram[:, 0, 2], expected[:, 0, 2]),
        (gram[:, 3, 4], expected[:, 3, 4]),
        (gram[:, 4, 4], expected[:, 4, 4]),
        (torch.linalg.eigvalsh(gram)[:, 0], np.linalg.eigvalsh(expected)[:, 0]),
        (fresh.norms[fresh.cluster == 0], np.linalg.norm(more, axis=1)),
    ]
    for reduced, plain in pairs:
        assert stats.ks_2samp(reduced, plain).pvalue > 1e-3 / len(pairs)
    assert not clusters.assumption().holds and clusters.assumption()["noise law"].slack < 0


@settings(deadline=None, derandomize=True, max_examples=30)
@given(st.integers(2, 5), st.integers(0, 10**6))
def test_a_rotation_of_the_means_changes_nothing(k, seed):
    rng = np.random.default_rng(seed)
    means = rng.standard_normal((k, k + 3))
    rotation = np.linalg.qr(rng.standard_normal((k + 3, k + 3)))[0]
    one = Clusters.given(means, (-1.0) ** np.arange(k), 0.3)
    two = Clusters.given(means @ rotation, (-1.0) ** np.arange(k), 0.3)
    three = one.reduced()
    assert three.means.shape == (k, k) and three.d == k + 3
    assert torch.allclose(three.plain().gram, one.gram)
    for other in (two, three):
        assert torch.allclose(one.gram, other.gram)
        assert torch.allclose(one.direction.norm(), other.direction.norm())
        for first, second in zip(one.assumption(), other.assumption(), strict=True):
            assert first.slack == pytest.approx(second.slack, abs=1e-9)


def test_reducing_keeps_the_covariance_with_the_means():
    factor = np.random.default_rng(0).standard_normal((6, 2))
    clusters = Clusters.given(np.random.default_rng(1).standard_normal((2, 6)), [1, -1], 1.0, d=40)
    clusters = clusters.with_noise(factor=factor)
    small = clusters.reduced()
    assert small.means.shape == (2, 4) and small.factor.shape == (4, 2)
    assert torch.allclose(small.gram, clusters.gram)
    assert torch.allclose(small.means @ small.factor, clusters.means @ clusters.factor)
    assert torch.allclose(small.factor.mT @ small.factor, clusters.factor.mT @ clusters.factor)
    assert small.isotropic == pytest.approx(clusters.isotropic)
    assert clusters.plain().factor.shape == (40, 2)

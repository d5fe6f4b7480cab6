"""Samples: reduced coordinates against direct sampling in R^d, and what a sample can do."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from kktnotes.data import coordinates
from kktnotes.data.clusters import Clusters
from kktnotes.data.sample import Sample
from kktnotes.networks.two_layer import TwoLayerReLU

COUNT = 4000  # data sets a side
SETTINGS = [(3, 14, 5, 0.8, 0), (3, 14, 5, 2.0, 1), (4, 11, 5, 0.3, 2)]  # k, d, n, sigma, seed
WIDTH = 3
SIGNIFICANCE = 1e-3  # of all tests together (Bonferroni)


def networks(weights, biases):
    """A batch of networks with output weights of both signs."""
    output = torch.tensor([1.0, -1.0, 0.5], dtype=torch.float64).expand(len(weights), WIDTH)
    return TwoLayerReLU(weights, biases, output)


def reduced_side(clusters, n, cluster, seed):
    """Data sets, fresh points and random networks in reduced coordinates."""
    d = clusters.d
    seeds = range(seed * 10**6, seed * 10**6 + COUNT)
    train = clusters.sample(n, seed=seeds, cluster=cluster)
    assert train.p == clusters.k + n < d
    wide = train.extended(WIDTH)
    fresh = wide.fresh(1, seed=seeds)
    rng = np.random.default_rng(seed)
    seen = rng.standard_normal((COUNT, WIDTH, train.p))
    extra = [coordinates.bartlett(rng, WIDTH, d - train.p) for _ in range(COUNT)]
    weights = np.concatenate([seen, np.stack(extra)], -1) / np.sqrt(d)
    network = networks(torch.from_numpy(weights), torch.from_numpy(rng.standard_normal((COUNT, 3))))
    return wide, fresh, network


def direct_side(clusters, n, cluster, seed):
    """The same in R^d, the means turned by a random rotation."""
    d, rng = clusters.d, np.random.default_rng(seed + 100)
    rotation = np.linalg.qr(rng.standard_normal((d, d)))[0]
    means = clusters.padded(d).numpy() @ rotation
    x = means[cluster] + clusters.sigma * rng.standard_normal((COUNT, n, d))
    picked = rng.integers(clusters.k, size=(COUNT, 1))
    fresh = means[picked] + clusters.sigma * rng.standard_normal((COUNT, 1, d))
    weights = rng.standard_normal((COUNT, WIDTH, d)) / np.sqrt(d)
    network = networks(torch.from_numpy(weights), torch.from_numpy(rng.standard_normal((COUNT, 3))))
    y = clusters.labels[torch.from_numpy(cluster)].expand(COUNT, n)
    zero = torch.zeros(COUNT, n)
    train = Sample(x=torch.from_numpy(x), y=y, cluster=None, clusters=clusters, d=d, unseen=zero)
    labels = clusters.labels[torch.from_numpy(picked)]
    return (
        train,
        Sample(
            x=torch.from_numpy(fresh),
            y=labels,
            cluster=None,
            clusters=clusters,
            d=d,
            unseen=zero[:, :1],
        ),
        network,
    )


def statistics(train, fresh, network):
    """Numbers of a data set that a rotation of R^d leaves alone, each (COUNT,)."""
    gram = train.x @ train.x.mT
    across = fresh.x @ train.x.mT
    return {
        "norm of the first point": gram[:, 0, 0].sqrt(),
        "norm of the last point": gram[:, -1, -1].sqrt(),
        "inner product of the first two": gram[:, 0, 1],
        "inner product of the last two": gram[:, -1, -2],
        "within a cluster": gram[:, 0, -1],
        "least eigenvalue": torch.linalg.eigvalsh(gram)[:, 0],
        "log determinant": torch.linalg.slogdet(gram)[1],
        "norm of a fresh point": fresh.norms[:, 0],
        "fresh point and first point": across[:, 0, 0],
        "fresh point and last point": across[:, 0, -1],
        "distance of a fresh point to the span": fresh.x[:, 0].square().sum(-1)
        - (across @ torch.linalg.solve(gram, across.mT))[:, 0, 0]
        + fresh.unseen[:, 0].square(),
        "network on a training point": network(train.x)[:, -1],
        "least margin": network.margins(train.x, train.y).amin(-1),
        "network on a fresh point": network(fresh.x)[:, 0],
        "gradient between neurons": (network.weights[:, 0] * network.weights[:, 1]).sum(-1),
    }


@pytest.mark.parametrize(("k", "d", "n", "sigma", "seed"), SETTINGS)
def test_reduced_coordinates_have_the_law_of_direct_sampling(k, d, n, sigma, seed):
    clusters = Clusters.on_sphere(k, d, sigma, seed=seed)
    cluster = np.arange(n) % (n - 1)  # the last point shares its cluster with the first
    cluster = cluster % k
    sides = [statistics(*side(clusters, n, cluster, seed)) for side in (reduced_side, direct_side)]
    level = SIGNIFICANCE / (len(SETTINGS) * len(sides[0]))
    for name, values in sides[0].items():
        assert stats.ks_2samp(values, sides[1][name]).pvalue > level, name


def test_the_clusters_of_a_sample_are_uniform():
    clusters = Clusters.orthogonal(4, 10**6, 1.0)
    drawn = clusters.fresh(40_000, seed=0)
    assert stats.chisquare(drawn.counts).pvalue > 1e-4
    assert torch.equal(drawn.y, clusters.labels[drawn.cluster])
    trained = clusters.sample(1000, seed=0)
    assert stats.chisquare(trained.counts).pvalue > 1e-4
    assert torch.equal(trained.y, clusters.labels[trained.cluster])


@pytest.mark.parametrize(
    "clusters", [Clusters.orthogonal(3, 50, 0.5), Clusters.orthogonal(3, 7, 1)]
)
def test_a_batch_is_its_single_samples(clusters):
    batch = clusters.sample(6, seed=[4, 9, 4])
    assert batch.x.shape[:2] == (3, 6) and batch.means.shape == (3, 3, batch.p)
    assert batch.counts.shape == (3, 3)
    fresh = batch.fresh(5, seed=[1, 2, 3])
    for position, seed in enumerate([4, 9, 4]):
        single = clusters.sample(6, seed=seed)
        assert torch.equal(batch.x[position], single.x)
        assert torch.equal(batch.y[position], single.y)
        assert torch.equal(batch.cluster[position], single.cluster)
        new = single.fresh(5, seed=position + 1)
        assert torch.equal(fresh.x[position], new.x)
        assert torch.equal(fresh.unseen[position], new.unseen)
    assert torch.equal(batch.directions(2, seed=[5, 6])[1], batch.directions(2, seed=6))
    assert batch.fresh(5, seed=1).x.shape == (5, batch.p)
    assert torch.equal(batch.subset(slice(2, 4)).x[1], clusters.sample(6, seed=9).x[2:4])
    assert repr(batch) == f"Sample(3 x 6 points, {batch.p} coordinates, in dimension {batch.d:,})"


def test_training_and_fresh_points_of_one_seed_share_nothing():
    clusters = Clusters.orthogonal(2, 10**6, 1.0)
    train = clusters.sample(500, seed=0)
    fresh = train.fresh(500, seed=0)
    noise = [(one.x[:, :2] - train.means[one.cluster][:, :2]).ravel() for one in (train, fresh)]
    assert abs(np.corrcoef(noise[0], noise[1])[0, 1]) < 5 / np.sqrt(1000)
    assert not torch.equal(train.cluster, fresh.cluster)


def test_plain_coordinates_where_they_are_fewer():
    clusters = Clusters.orthogonal(3, 10, 0.5)
    assert clusters.sample(6, seed=0).p == 9
    plain = clusters.sample(8, seed=0)
    assert plain.p == 10 and bool((plain.fresh(5, seed=0).unseen == 0).all())
    assert plain.extended(4) is plain


def test_extending_adds_zeros_that_fresh_points_fill():
    train = Clusters.orthogonal(3, 20, 0.5).sample(4, seed=0)
    wide = train.extended(5)
    assert wide.p == 12 and torch.equal(wide.x[:, :7], train.x)
    assert bool((wide.x[:, 7:] == 0).all()) and torch.equal(wide.norms, train.norms)
    assert torch.equal(wide.means[:, :7], train.means)
    assert train.extended(100).p == 20
    fresh = wide.fresh(2000, seed=0)
    assert bool((fresh.x[:, 7:] != 0).all())
    assert stats.kstest(fresh.x[:, 11] / 0.5, "norm").pvalue > 1e-4
    with pytest.raises(ValueError, match="extended: got a sample of fresh points"):
        fresh.extended(1)
    with pytest.raises(ValueError, match="extra: got -1"):
        train.extended(-1)


@pytest.mark.parametrize("extra", [1, 6, 13])
def test_extending_changes_no_law(extra):
    clusters = Clusters.orthogonal(3, 20, 0.5)
    train = clusters.sample(4, seed=0)
    one, two = train.fresh(4000, seed=1), train.extended(extra).fresh(4000, seed=2)
    pairs = [(one.norms, two.norms)]
    pairs += [(one.x @ train.x[i], two.x[:, :7] @ train.x[i]) for i in range(4)]
    for first, second in pairs:
        assert stats.ks_2samp(first, second).pvalue > 1e-3 / (3 * len(pairs))


def test_norms_of_fresh_points_include_what_is_not_seen():
    clusters = Clusters.orthogonal(2, 10**4, 1.0)
    train = clusters.sample(10, seed=0)
    fresh = train.fresh(3000, seed=0)
    assert fresh.p == 12
    law = stats.ncx2(10**4, 10**4)  # ||mu + xi||^2 in R^d
    assert stats.kstest(fresh.norms**2, law.cdf).pvalue > 1e-4


def test_random_directions_are_those_of_the_whole_space():
    train = Clusters.orthogonal(2, 40, 1.0).sample(6, seed=0)
    directions = train.directions(4000, seed=0)
    assert directions.shape == (4000, 8)
    seen = directions.square().sum(-1)
    assert stats.kstest(seen, stats.beta(8 / 2, 32 / 2).cdf).pvalue > 1e-4
    unit = train.x[0] / train.x[0].norm()
    assert stats.kstest((directions @ unit) ** 2, stats.beta(0.5, 39 / 2).cdf).pvalue > 1e-4
    plain = Sample.from_arrays(np.ones((2, 3)), [1, -1]).directions(5, seed=0)
    assert torch.allclose(plain.norm(dim=-1), torch.ones(5, dtype=torch.float64))


def test_joint_samples_share_their_coordinates():
    clusters = Clusters.orthogonal(2, 10**6, 1.0)
    one, two = clusters.joint_samples([3, 4], seed=5)
    joint = clusters.sample(7, seed=5)
    assert torch.equal(torch.cat([one.x, two.x]), joint.x) and one.p == two.p == 9
    assert torch.equal(torch.cat([one.y, two.y]), joint.y)
    alone = clusters.joint_samples([3], seed=5)[0]
    assert alone.p == 5
    # the second set alone has the law of a sample: norms, and products with the first
    grams = [
        torch.stack([s.x[0] @ t.x[-1], s.x[0].norm(), t.x[-1].norm()])
        for s, t in (clusters.joint_samples([1, 4], seed=seed) for seed in range(2000))
    ]
    products, first, last = torch.stack(grams).T
    assert stats.ks_2samp(first, last).pvalue > 1e-4
    assert float(products.abs().max()) > 1e5  # some pairs share their cluster


@settings(deadline=None, derandomize=True, max_examples=25)
@given(st.lists(st.integers(-6, 5), min_size=1, max_size=8))
def test_subsets_are_rows(index):
    train = Clusters.orthogonal(2, 100, 1.0).sample(6, seed=0)
    picked = train.subset(index)
    assert torch.equal(picked.x, train.x[index]) and torch.equal(picked.y, train.y[index])
    assert torch.equal(picked.cluster, train.cluster[index]) and picked.p == train.p
    mask = np.isin(np.arange(6), np.array(index) % 6)
    assert torch.equal(train.subset(mask).x, train.x[mask])


def test_sample_smaller_than_k_and_with_one_label():
    clusters = Clusters.orthogonal(5, 1000, 1.0)
    small = clusters.sample(1, seed=0)
    assert small.n == 1 and int((small.counts == 0).sum()) == 4
    chosen = clusters.sample(3, seed=0, cluster=[0, 2, 0])
    assert chosen.cluster.tolist() == [0, 2, 0] and chosen.y.tolist() == [1, 1, 1]
    assert chosen.counts.tolist() == [2, 0, 1, 0, 0]


def test_own_data():
    x, y = np.arange(12.0).reshape(4, 3), [1, -1, 1, 1]
    own = Sample.from_arrays(x, y, cluster=[0, 1, 0, 2])
    assert (own.n, own.p, own.d) == (4, 3, 3) and own.clusters is None
    assert own.cluster.tolist() == [0, 1, 0, 2]
    assert torch.allclose(own.norms, torch.from_numpy(x).norm(dim=1))
    assert own.extended(7) is own
    assert own.subset([0, 1]).cluster.tolist() == [0, 1]
    assert Sample.from_arrays(x, y).subset([0, 1]).cluster is None
    assert Sample.from_arrays(x, y).to("cpu").cluster is None
    assert Sample.from_arrays(x[None], [y]).x.shape == (1, 4, 3)


TRAIN = Clusters.orthogonal(2, 100, 1.0).sample(4, seed=0)
OWN = Sample.from_arrays(np.ones((3, 2)), [1, -1, 1])


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: Sample.from_arrays([1.0, 2.0], [1, -1]), r"x: got shape \(2,\), allowed is 2"),
        (lambda: Sample.from_arrays(np.ones((3, 2)), [1, -1]), r"y: got shape \(2,\), .* \(3,\)"),
        (lambda: Sample.from_arrays(np.ones((2, 2)), [1, 0]), "y: got the value 0"),
        (lambda: Sample.from_arrays(np.ones((0, 2)), []), r"x: got shape \(0, 2\), .* one point"),
        (lambda: Sample.from_arrays(np.ones((2, 0)), [1, -1]), r"x: got shape \(2, 0\)"),
        (
            lambda: Sample.from_arrays(np.ones((2, 2)), [1, -1], cluster=[1]),
            r"cluster: got shape \(1,\), allowed is \(2,\), as y",
        ),
        (
            lambda: Sample.from_arrays(np.ones((2, 2)), [1, -1], cluster=[0, -1]),
            "cluster: got a negative",
        ),
        (lambda: OWN.fresh(3, 0), "fresh: got a sample of your own data"),
        (lambda: OWN.means, "means: got a sample of your own data"),
        (lambda: OWN.counts, "counts: got a sample of your own data"),
        (lambda: TRAIN.subset([4]), "index: got a point that is not there"),
        (lambda: TRAIN.subset([0.5]), "index: got torch.float32"),
        (lambda: TRAIN.subset([[0]]), r"index: got torch.int64 of shape \(1, 1\)"),
        (lambda: TRAIN.subset([True]), "index: got 1 booleans, allowed is 4"),
        (lambda: TRAIN.subset(slice(2, 2)), "index: got an empty choice"),
        (lambda: TRAIN.fresh(0, 0), "count: got 0"),
        (lambda: TRAIN.directions(0, 0), "count: got 0"),
        (lambda: TRAIN.directions(2, -1), "seed: got -1"),
    ],
)
def test_refusals(call, message):
    with pytest.raises(ValueError, match=message):
        call()

"""Perturbed copies of a network, what its neurons serve, and where flows from there end."""

import math
from itertools import product

import numpy as np
import pytest
import torch

import kktnotes as kn
from kktnotes.chapters.which_point import averaged_share, perturbed, served


def points(k=6, d=200):
    """Return one noiseless example of each equicorrelated cluster."""
    return kn.Clusters.equicorrelated(k, d, -1.0, 0.0).sample(k, seed=0, cluster=np.arange(k))


def decoupled(sample):
    """Return its KKT point with one neuron a cluster."""
    return kn.partition_point(sample.x, sample.y, [[q] for q in range(sample.n)])


def test_perturbation_has_the_length_asked_for_and_moves_every_parameter():
    network = decoupled(points()).network
    moved = perturbed(network, 0.03, seed=4)
    parts = [(getattr(moved, n) - getattr(network, n)) for n in ("weights", "biases", "output")]
    assert all((part != 0).all() for part in parts)
    length = math.sqrt(sum(float(part.square().sum()) for part in parts))
    assert math.isclose(length, 0.03 * float(network.norm()), rel_tol=1e-12)
    assert torch.equal(perturbed(network, 0.03, seed=4).weights, moved.weights)
    assert not torch.equal(perturbed(network, 0.03, seed=5).weights, moved.weights)


def test_spare_neurons_are_added_to_the_network():
    network = decoupled(points()).network
    wide = perturbed(network, 1e-6, seed=0, spare=9)
    assert wide.width == network.width + 9
    assert torch.allclose(wide.weights[:6], network.weights, atol=1e-5)
    lengths = wide.augmented[6:].norm(dim=1)
    assert 0 < float(lengths.max()) < 1e-4
    assert torch.allclose(wide.output[6:].abs(), lengths, rtol=1e-12)
    plain = perturbed(network, 1e-6, seed=0, spare=9, balanced=False)
    assert torch.equal(plain.weights, wide.weights)
    assert torch.equal(plain.output.sign(), wide.output.sign())
    assert not torch.allclose(plain.output[6:].abs(), lengths, rtol=0.1)


def test_served_names_the_clusters_of_the_own_label():
    sample = points()
    sets = [[0, 2], [4], [1, 3, 5]]
    point = kn.partition_point(sample.x, sample.y, sets)
    assert served(point.network, sample) == ((0, 2), (1, 3, 5), (4,))


def test_averaged_share_counts_the_patterns():
    # All 2^(2 h (h-1)) patterns of the own neurons, and all of one spare neuron, for h = 2.
    hits, half = [], 2
    for bits in product([0, 1], repeat=2 * half * (half - 1)):
        labels = np.array(bits).reshape(2, half, half - 1)
        for sign, *on in product([0, 1], repeat=1 + 2 * half):
            spare = np.array(on).reshape(2, half)[sign].all()
            hits.append(all(labels[s].all(1).any() or (spare and sign == s) for s in (0, 1)))
    assert math.isclose(averaged_share(4, 1), np.mean(hits), rel_tol=1e-12)
    assert math.isclose(averaged_share(4), (3 / 4) ** 2)
    assert averaged_share(6, 500) > 1 - 1e-10


def test_flows_end_where_the_signs_of_the_perturbation_say():
    sample = points()
    point = decoupled(sample)
    same = sample.y[:, None] == sample.y
    for seed in range(6):
        start = perturbed(point.network, 1e-2, seed)
        on = ((start.preactivations(sample.x) > 0) & same).T  # neuron q, point r
        full = [(on[sample.y == s].sum(1) == 3).any().item() for s in (1.0, -1.0)]
        limit = kn.kkt_point(kn.gradient_flow(sample, network=start.scaled(3.0)))
        assert (served(limit.network, sample) == ((0, 2, 4), (1, 3, 5))) == all(full)


def test_coins_call_each_flow_with_balanced_spare_neurons():
    """Of 6 starts, 10 spare neurons each: a label ends single just where one is on at all."""
    sample = points()
    network = decoupled(sample).network
    starts = [perturbed(network, 1e-2, seed, spare=10) for seed in range(6)]
    flows = kn.gradient_flow(sample, network=kn.TwoLayerReLU.stack(starts).scaled(3.0))
    for start, flow in zip(starts, flows, strict=True):
        on = served(start, sample)
        called = (0, 2, 4) in on and (1, 3, 5) in on
        ends = served(kn.kkt_point(flow).network, sample)
        assert (ends == ((0, 2, 4), (1, 3, 5))) == called


def test_bad_input_is_refused():
    sample = points()
    network = decoupled(sample).network
    with pytest.raises(ValueError, match="size"):
        perturbed(network, 0.0, 0)
    with pytest.raises(ValueError, match="network: got a batch"):
        perturbed(kn.TwoLayerReLU.stack([network, network]), 0.1, 0)
    with pytest.raises(ValueError, match="even"):
        averaged_share(5)
    with pytest.raises(ValueError, match="without clusters"):
        served(network, kn.Sample.from_arrays(sample.x, sample.y))

"""One neuron a cluster, with any bias: from the decoupled KKT point to Theorem 4.1 (ours).

    w_q = (2 - b) mu_q / d,    b_q = b,    v_q = y_q,

so that the preactivation at the neuron's own mean is 2 for every b; b = -2 is Theorem 4.1. With
orthogonal means and k/2 clusters of each label, the distance from a mean to {y N <= 0}
is, for b <= 0,

    sqrt(d) min( 2 / (2 - b),  min over 1 <= s <= k/2 of (2 - s b) / ((2 - b) sqrt(1 + s)) ):

either the own neuron is switched off, or s neurons of the other label are switched on; these sets
are the half-spaces {h_q <= 0} and {h_q <= sum of the s preactivations}, and where the nearest point
of one of the latter has h_q < 0, the former is nearer. The term of s = 1 is 1 / sqrt(2) for every
b, half the way to the nearest mean of the other label: no classifier that is right at the means has
more. At b = -2 (sqrt(2) - 1) all other terms are as large, and for small k at larger b too.
"""

from __future__ import annotations

import math

import torch

from kktnotes import checks
from kktnotes.data.clusters import Clusters
from kktnotes.data.sample import Sample
from kktnotes.networks.two_layer import TwoLayerReLU, as_network

BEST_BIAS = -2 * (math.sqrt(2) - 1)
"""A bias of the largest radius, the lowest one, for orthogonal means and any k."""


def balanced(network: TwoLayerReLU) -> TwoLayerReLU:
    """Return the same function with ||w~_j|| = |v_j|, as every KKT point has it.

    Of all ways to write its neurons this has the least ||theta||. Neurons without effect become
    zero.
    """
    network = as_network("network", network)
    lengths, sizes = network.augmented.norm(dim=-1), network.output.abs()
    alive = (lengths > 0) & (sizes > 0)
    root = (sizes / torch.where(alive, lengths, 1.0)).sqrt()
    inverse = torch.where(alive, 1 / torch.where(alive, root, 1.0), 0.0)
    root = torch.where(alive, root, 0.0)
    return TwoLayerReLU(
        root[..., None] * network.weights, root * network.biases, inverse * network.output
    )


def biased_network(source: Clusters | Sample, bias: float) -> TwoLayerReLU:
    """Return the network of this module, balanced.

    Parameters
    ----------
    source : Clusters or Sample
        Gives means, labels and d; a sample gives them in its own coordinates.
    bias : float
        b, below 2; -2 is the network of Theorem 4.1.
    """
    bias = float(bias)
    if not -math.inf < bias < 2:
        raise checks.refusal("bias", bias, "a number below 2, where the weights vanish")
    robust = TwoLayerReLU.robust(source)  # w_q = 4 mu_q / d
    weights = robust.weights * ((2 - bias) / 4)
    return balanced(TwoLayerReLU(weights, torch.full_like(robust.biases, bias), robust.output))


def biased_radius(k: int, bias: float) -> float:
    """Return the distance from a mean to {y N <= 0} in units of sqrt(d), orthogonal means (ours).

    Parameters
    ----------
    k : int
        Clusters, half of each label.
    bias : float
        b <= 0.
    """
    k = checks.integer("k", k, least=2)
    if k % 2:
        raise checks.refusal("k", k, "an even number, half of each label")
    beta = checks.positive("-bias", -float(bias), zero=True)
    ways = [(2 + s * beta) / math.sqrt(1 + s) for s in range(1, k // 2 + 1)]
    return min(2.0, *ways) / (2 + beta)

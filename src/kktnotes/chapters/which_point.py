"""Networks near a network: where flows started beside a KKT point go (ours).

A KKT point is stationary for the direction of the flow. Whether flows come to it is another
question, and one that kinks decide: at the decoupled point every neuron lies exactly on the kink
of the other points of its label, so a perturbation however small switches pairs on or off.

With orthogonal x~_q nothing after that changes a pattern: moving a neuron along its own active
points leaves its preactivation elsewhere alone, except that points of the other label push it back
to their kink. So the limit follows from the signs of the perturbation (`averaged_share`).

A neuron keeps the sign of its output weight only if ||w~_j|| <= |v_j|: the flow conserves the
difference of the squares. Spare neurons are therefore balanced, ||w~_j|| = |v_j|, as flows from
small starts have them; with longer weights some of them change sides and no coin tells.
"""

from __future__ import annotations

import math

import torch

from kktnotes import checks
from kktnotes.data.sample import Sample
from kktnotes.data.seeds import generator
from kktnotes.networks.two_layer import TwoLayerReLU


def perturbed(
    network: TwoLayerReLU, size: float, seed: int, *, spare: int = 0, balanced: bool = True
) -> TwoLayerReLU:
    """Return theta + size ||theta|| g / ||g||, g standard normal in every parameter.

    Parameters
    ----------
    network : TwoLayerReLU
        One network.
    size : float
        Relative length of the perturbation.
    seed : int
        Of g.
    spare : int
        Neurons with zero parameters that are added before: directions that the network has not
        used. Their output weights get either sign with probability 1/2.
    balanced : bool
        Whether the output weights of the spare neurons are made as long as their weights.

    Raises
    ------
    ValueError
        For a batch of networks, a size that is not positive, a negative count.
    """
    if network.output.ndim != 1:
        raise checks.refusal("network", "a batch of networks", "one network")
    size, spare = checks.positive("size", size), checks.integer("spare", spare, least=0)
    theta = torch.cat([network.augmented, network.output[:, None]], 1)
    theta = torch.nn.functional.pad(theta, (0, 0, 0, spare))
    rng = generator(seed, "perturbation")
    g = torch.from_numpy(rng.standard_normal(tuple(theta.shape)))
    theta = theta + g * (size * network.norm() / g.norm())
    output = theta[:, -1]
    if balanced and spare:
        lengths = theta[:, :-1].norm(dim=1)
        output = torch.cat([output[:-spare], (output.sign() * lengths)[-spare:]])
    return TwoLayerReLU(theta[:, :-2], theta[:, -2], output)


def served(network: TwoLayerReLU, sample: Sample) -> tuple[tuple[int, ...], ...]:
    """Return the clusters of its own label at whose examples each neuron is on, sorted.

    A pair counts as on where its cosine of w~_j and x~_i exceeds 1e-9: kinks are off.
    """
    if sample.cluster is None:
        raise checks.refusal("sample", "points without clusters", "a sample with cluster numbers")
    h = network.preactivations(sample.x)
    scale = network.augmented.norm(dim=1) * (sample.x.square().sum(1) + 1).sqrt()[:, None]
    on = (h > 1e-9 * scale) & (sample.y[:, None] == network.output.sign())
    return tuple(sorted(tuple(sample.cluster[row].unique().tolist()) for row in on.T))


def averaged_share(clusters: int, spare: int = 0) -> float:
    """Return the probability that a flow started beside the decoupled point ends averaged (ours).

    For orthogonal x~_q, one point a cluster, and a small isotropic perturbation, so that every
    pair that lay on a kink is on or off like a fair coin. A label ends averaged exactly if some
    neuron of its sign is on at all of its h points: each of its h own neurons is with probability
    2^(1 - h), each spare one (fair sign) with 2^(-1 - h). For the two labels the own neurons are
    independent, the spare ones exclude each other.

    Parameters
    ----------
    clusters : int
        k, even; h = k / 2 of each label.
    spare : int
        Balanced neurons that start at almost zero weight.
    """
    clusters, spare = checks.integer("clusters", clusters, 2), checks.integer("spare", spare, 0)
    if clusters % 2:
        raise checks.refusal("clusters", clusters, "an even number, half of each label")
    half = clusters // 2
    missed = (1 - 2.0 ** (1 - half)) ** half
    chance = 2.0 ** (-1 - half)
    one, both = missed * (1 - chance) ** spare, missed**2 * (1 - 2 * chance) ** spare
    return math.fsum([1.0, -2 * one, both])

"""The robust network of Theorem 4.1: one neuron a cluster, with a negative bias.

Neuron q has v_q = y_q, w_q = 4 mu_q / d, b_q = -2: its preactivation is 2 at the mean of its own
cluster, and -2 at the others if the means are orthogonal, so it is on at its own cluster only.
Between the clusters the output is zero: at a mean of label -1 the output reaches zero after
sqrt(d) / 2, but turns positive only at sqrt(d / 2), in another cluster's half-space.
"""

from __future__ import annotations

import torch

from kktnotes import checks


def robust_parameters(
    means: torch.Tensor, labels: torch.Tensor, d: int, width: int | None = None
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Return weights (width, p), biases and output of the network of Theorem 4.1.

    Parameters
    ----------
    means : tensor (k, p)
        Means of the clusters, in any coordinates.
    labels : tensor (k,)
        Their labels.
    d : int
        Ambient dimension.
    width : int, optional
        r >= k, k by default. Neurons beyond the k-th are zero.

    Raises
    ------
    ValueError
        If width is less than the number of clusters.
    """
    means = checks.tensor("means", means, dimensions=2)
    labels = checks.labels("labels", labels).to(means.device)
    k = means.shape[0]
    width = k if width is None else checks.integer("width", width)
    if width < k:
        raise checks.refuse("width", width, f"at least k = {k}, one neuron a cluster")
    weights = means.new_zeros(width, means.shape[1])
    biases, output = means.new_zeros(width), means.new_zeros(width)
    weights[:k], biases[:k], output[:k] = 4 * means / checks.integer("d", d), -2.0, labels
    return weights, biases, output

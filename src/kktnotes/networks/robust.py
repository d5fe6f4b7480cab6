"""The robust network of Theorem 4.1: one neuron a cluster, with a negative bias.

Neuron q has v_q = y_q, w_q = 4 mu_q / d, b_q = -2: its preactivation is 2 at the mean of its own
cluster, and -2 at the others if the means are orthogonal, so it is on at its own cluster only.
Between the clusters the output is zero: at a mean of label -1 the output reaches zero after
sqrt(d) / 2, but turns positive only at sqrt(d / 2), in another cluster's half-space.
"""

from __future__ import annotations

import torch

from kktnotes import checks
from kktnotes.data.clusters import Clusters
from kktnotes.data.sample import Sample


def robust_parameters(
    source: Clusters | Sample, width: int | None = None
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Return weights (..., width, p), biases and output of the network of Theorem 4.1.

    Parameters
    ----------
    source : Clusters or Sample
        Gives means, labels and d; a sample gives them in its own coordinates.
    width : int, optional
        r >= k, k by default. Neurons beyond the k-th are zero.

    Raises
    ------
    ValueError
        If width is less than the number of clusters.
    """
    clusters = source.clusters if isinstance(source, Sample) else source
    if not isinstance(clusters, Clusters):
        raise checks.refusal("source", type(source).__name__, "Clusters, or a Sample of them")
    width = clusters.k if width is None else checks.integer("width", width)
    checks.memory("width", f"{width:,} neurons", 24 * width * source.means.shape[-1])
    if width < clusters.k:
        raise checks.refusal("width", width, f"at least k = {clusters.k}, one neuron a cluster")
    means = source.means
    labels = clusters.labels.to(means.device).expand(means.shape[:-1])
    pad = torch.nn.functional.pad
    extra = width - clusters.k
    weights = pad(4 * means / clusters.d, (0, 0, 0, extra))
    return weights, pad(torch.full_like(labels, -2.0), (0, extra)), pad(labels, (0, extra))

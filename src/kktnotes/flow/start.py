"""Where the flow starts: small balanced Gaussian weights, or any network that is given."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch

from kktnotes import checks
from kktnotes.data import coordinates
from kktnotes.data.sample import Sample
from kktnotes.data.seeds import generator
from kktnotes.networks.two_layer import TwoLayerReLU


def balanced_start(sample: Sample, width: int, init_scale: float, seed: int) -> TwoLayerReLU:
    """Draw w~_j ~ N(0, (s^2 / d) I) in R^(d + 1), v_j = +-||w~_j|| with a fair random sign.

    The weights are exact in the coordinates of `sample.extended(width)`: those of the sample are
    independent, and the d - p others enter through their Bartlett factor (appendix, ours). With
    few neurons all signs may come out equal; such a network cannot fit two labels.
    """
    rng = generator(seed, "initial weights")
    seen = rng.standard_normal((width, sample.p))
    biases = rng.standard_normal(width)
    signs = np.where(rng.random(width) < 0.5, -1.0, 1.0)
    rest = coordinates.bartlett(rng, width, sample.d - sample.p)
    weights = np.concatenate([seen, rest], 1) * (init_scale / np.sqrt(sample.d))
    biases *= init_scale / np.sqrt(sample.d)
    output = signs * np.sqrt((weights**2).sum(1) + biases**2)
    return TwoLayerReLU(
        torch.from_numpy(weights), torch.from_numpy(biases), torch.from_numpy(output)
    )


def aimed_start(
    sample: Sample, parts: Sequence[Sequence[int]], *, scale: float = 0.1
) -> TwoLayerReLU:
    """Return a balanced start with one neuron on the training points of each set of clusters.

    A flow from there tends to keep that pattern, where a KKT point has it.

    Parameters
    ----------
    sample : Sample
        One training sample with its clusters.
    parts : sequence of sequences of int
        For each neuron the clusters on whose points' mean it is laid, all of one label.
    scale : float
        ||w_j|| = |v_j|; all biases are 0.
    """
    if sample.cluster is None or sample.x.ndim != 2:
        raise checks.refusal("sample", "no clusters, or a batch", "one sample with cluster numbers")
    scale = checks.positive("scale", scale)
    weights, outputs = [], []
    for part in parts:
        own = torch.isin(sample.cluster, torch.tensor(list(part), device=sample.x.device))
        labels = sample.y[own].unique()
        if len(labels) != 1:
            got = f"{list(part)} with {len(labels)} labels"
            raise checks.refusal("parts", got, "sets of clusters with examples, of one label each")
        mean = sample.x[own].mean(0)
        weights.append(scale * mean / torch.linalg.vector_norm(mean))
        outputs.append(scale * labels[0])
    if not weights:
        raise checks.refusal("parts", "no set", "at least one set of clusters")
    output = torch.stack(outputs)
    return TwoLayerReLU(torch.stack(weights), torch.zeros_like(output), output)


def check_training_set(x: torch.Tensor, y: torch.Tensor) -> None:
    """Refuse data that no network separates: one class only, or one point with both labels."""
    checks.labels("sample.y", y)
    checks.tensor("sample.x", x, dimensions=2)
    if x.numel() == 0:
        raise checks.refusal("sample", f"shape {tuple(x.shape)}", "at least one point")
    # equal points have equal projections, so only points of equal projection are compared
    axis = torch.from_numpy(np.random.default_rng(0).standard_normal(x.shape[-1])).to(x.device)
    for points, labels in zip(
        x.reshape(-1, *x.shape[-2:]), y.reshape(-1, y.shape[-1]), strict=True
    ):
        shadow, order = ((points * axis).sum(-1)).sort()
        for i in torch.nonzero(shadow[1:] == shadow[:-1])[:, 0].tolist():
            one, two = order[i].item(), order[i + 1].item()
            if labels[one] != labels[two] and torch.equal(points[one], points[two]):
                raise checks.refusal(
                    "sample",
                    f"point {one} again as point {two} with the other label",
                    "points that differ wherever their labels do",
                )

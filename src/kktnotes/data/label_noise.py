"""Label noise: training labels flipped on purpose, which the paper's distribution never has.

The points, their clusters and the distribution of fresh points stay what they were; only training
labels are wrong.
"""

from __future__ import annotations

from dataclasses import replace

import torch

from kktnotes import checks
from kktnotes.data.sample import Sample, as_sample
from kktnotes.data.seeds import generator


def flip_labels(sample: Sample, share: float, seed: int) -> tuple[Sample, torch.Tensor]:
    """Return the sample with a share of its labels flipped, and which ones they are.

    Parameters
    ----------
    sample : Sample
        One training sample of n points.
    share : float
        The share, 0 to 1; the nearest whole number of points is flipped, drawn without repetition.
    seed : int
        Of the draw.

    Returns
    -------
    Sample
        With the same points and the new labels.
    bool tensor (n,)
        True at the flipped points.
    """
    sample = as_sample("sample", sample)
    share = checks.positive("share", share, zero=True)
    if share > 1:
        raise checks.refusal("share", share, "a number from 0 to 1")
    if sample.y.ndim != 1:
        raise checks.refusal("sample", f"a batch {tuple(sample.y.shape)}", "one sample")
    order = generator(seed, "label noise").permutation(sample.n)
    flipped = torch.zeros(sample.n, dtype=torch.bool, device=sample.device)
    flipped[torch.from_numpy(order[: round(share * sample.n)]).to(sample.device)] = True
    return replace(sample, y=torch.where(flipped, -sample.y, sample.y)), flipped

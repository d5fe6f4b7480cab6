"""Drawing points of a distribution of clusters, seed by seed, in reduced or plain coordinates."""

from __future__ import annotations

import numpy as np
import torch

from kktnotes import checks
from kktnotes.data import coordinates
from kktnotes.data.sample import Distribution, Sample
from kktnotes.data.seeds import Seed, generator, seeds_of


def draw(
    clusters: Distribution,
    seed: Seed,
    stream: str,
    count: int,
    p: int,
    chosen: np.ndarray | None = None,
) -> Sample:
    """Draw a sample of `count` points in p coordinates, one for each seed, stacked.

    `stream` is "training points" (all there is lies in the p coordinates) or "fresh points" (the
    rest is in `unseen`); `chosen` (count,) are the clusters where they are not to be drawn.
    """
    seeds, batched = seeds_of(seed)
    what = f"{len(seeds)} x {count:,} points" if batched else f"{count:,} points"
    checks.memory("points", f"{what} of {p:,} coordinates", 24 * len(seeds) * count * p)
    parts = [one_set(clusters, one, stream, count, p, chosen) for one in seeds]
    x, cluster, unseen = (
        torch.from_numpy(np.stack(part) if batched else part[0])
        for part in zip(*parts, strict=True)
    )
    return Sample(
        x=x,
        y=clusters.labels[cluster],
        cluster=cluster,
        clusters=clusters,
        d=clusters.d,
        unseen=unseen,
    )


def one_set(
    clusters: Distribution, seed: int, stream: str, count: int, p: int, chosen: np.ndarray | None
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Draw points (count, p), their clusters and the length of what p does not show."""
    rng = generator(seed, stream)
    cluster = rng.integers(clusters.k, size=count) if chosen is None else chosen
    spanned, d = clusters.means.shape[1], clusters.d
    level = clusters.sigma * np.sqrt(clusters.isotropic)
    unseen = np.zeros(count)
    if stream == "training points" and p < d:
        noise = np.zeros((count, p))
        noise[:, :spanned] = rng.standard_normal((count, spanned))
        noise[:, spanned:] = coordinates.bartlett(rng, count, d - spanned)
    else:
        noise = independent_noise(rng, clusters.noise, count, p)
        unseen = level * coordinates.chi(rng, np.full(count, float(d - p)))
    noise *= level
    if clusters.factor is not None:
        weights = clusters.sigma * rng.standard_normal((count, clusters.factor.shape[1]))
        noise[:, :spanned] += weights @ clusters.factor.numpy().T
    noise[:, :spanned] += clusters.means.numpy()[cluster]
    return noise, cluster.astype(np.int64), unseen


def independent_noise(rng: np.random.Generator, law: str, count: int, p: int) -> np.ndarray:
    """Draw independent noise coordinates of variance 1, (count, p)."""
    if law == "rademacher":
        return rng.choice([-1.0, 1.0], size=(count, p))
    if law == "uniform":
        return rng.uniform(-np.sqrt(3.0), np.sqrt(3.0), (count, p))
    return rng.standard_normal((count, p))

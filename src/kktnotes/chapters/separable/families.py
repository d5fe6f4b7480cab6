"""Linearly separable distributions without clusters (ours): the second open question's data.

In each, the label is the sign of one direction w*, and no point lies closer to the hyperplane than
a gap: the distribution is separable with a margin. They differ in what the other directions do.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch

from kktnotes import checks

GAP = 0.3
Draw = Callable[[np.random.Generator, int, int], np.ndarray]


def _gaussian(rng: np.random.Generator, count: int, d: int) -> np.ndarray:
    return rng.standard_normal((count, d))


def _sphere(rng: np.random.Generator, count: int, d: int) -> np.ndarray:
    x = rng.standard_normal((count, d))
    return np.sqrt(d) * x / np.linalg.norm(x, axis=1, keepdims=True)


def _low_rank(rng: np.random.Generator, count: int, d: int) -> np.ndarray:
    x = 0.3 * rng.standard_normal((count, d))
    x[:, :3] = 2 * rng.standard_normal((count, 3))
    return x


def _overlap(rng: np.random.Generator, count: int, d: int) -> np.ndarray:
    x = 1.5 * rng.standard_normal((count, d))
    x[:, 0] += rng.choice([-1.0, 1.0], count)
    return x


def _lines(rng: np.random.Generator, count: int, d: int) -> np.ndarray:
    axes = np.random.default_rng(d).standard_normal((3 * d, d))
    axes = axes[np.abs(axes[:, 0]) > GAP]
    where = rng.integers(len(axes), size=count)
    return rng.uniform(1.0, 2.0, count)[:, None] * rng.choice([-1.0, 1.0], (count, 1)) * axes[where]


FAMILIES: dict[str, Draw] = {
    "Gaussian": _gaussian,
    "sphere": _sphere,
    "low rank": _low_rank,
    "overlap": _overlap,
    "lines": _lines,
}
"""Gaussian; uniform on the sphere of radius sqrt(d); three large directions and small noise; two
Gaussians whose overlap is larger than their distance; points on 3d lines through the origin. From
each, points with |x_1| below the gap are removed, and the label is the sign of x_1."""


def family(name: str, count: int, d: int, seed: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Draw `count` points of a family in dimension d: x (count, d), y (count,).

    Raises ValueError for a name that is not in `FAMILIES`.
    """
    draw = FAMILIES[checks.choice("name", name, tuple(FAMILIES))]
    count, d = checks.integer("count", count), checks.integer("d", d, least=4)
    rng = np.random.default_rng([checks.integer("seed", seed, least=0), d])
    kept = np.empty((0, d))
    while len(kept) < count:
        x = draw(rng, 2 * count, d)
        kept = np.concatenate([kept, x[np.abs(x[:, 0]) > GAP]])
    points = torch.from_numpy(kept[:count].copy())
    return points, torch.where(points[:, 0] > 0, 1.0, -1.0).double()

"""A separable distribution with a KKT point that does not generalize (ours).

K unit vectors z_1, ..., z_K point to the corners of a regular simplex, <z_i, z_j> = -1/(K - 1),
the first half of them labelled +1. A point is a corner, drawn uniformly:

    x = (s y, r z_j),    r^2 = (K - 1)(1 + s^2 + delta),    delta > 0.

So w* = (1, 0, ..., 0) separates with margin s, and for two corners

    <x~_i, x~_j> = s^2 (y_i y_j - 1) - delta < 0,    x~ = (x, 1).

Take one neuron for each training point, w~_i = x~_i / ||x~_i||^(3/2), v_i = y_i / ||x~_i||^(1/2):
it is off at every other corner, margins are 1, and with lambda_i = 1 / ||x~_i|| Eqs. (3), (4) and
that of v hold. At every corner that the sample does not have, this KKT point is zero.

The linear maximum-margin classifier of a sample of a points of each label is, by symmetry,
proportional to sum_i y_i x_i, and at a new corner y <w, x> is a multiple of a (2 s^2) > 0: right.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import torch

from kktnotes import checks
from kktnotes.data.coordinates import augmented
from kktnotes.kkt import KKTPoint
from kktnotes.networks.two_layer import TwoLayerReLU


@dataclass(frozen=True)
class Simplex:
    """The distribution: K corners (even), signal s > 0 and delta > 0."""

    corners: int
    signal: float = 1.0
    delta: float = 0.1

    def __post_init__(self) -> None:
        """Check the fields."""
        if checks.integer("corners", self.corners, least=4) % 2:
            raise checks.refusal("corners", self.corners, "an even number, half of each label")
        checks.positive("signal", self.signal)
        checks.positive("delta", self.delta)

    @property
    def x(self) -> torch.Tensor:
        """Every corner, (K, K + 1): the signal and K coordinates of the simplex."""
        k = self.corners
        simplex = np.eye(k) - 1 / k
        simplex /= np.linalg.norm(simplex[0])
        radius = math.sqrt((k - 1) * (1 + self.signal**2 + self.delta))
        signal = self.signal * self.y.numpy()
        return torch.from_numpy(np.column_stack([signal, radius * simplex]))

    @property
    def y(self) -> torch.Tensor:
        """The labels (K,), the first half +1."""
        half = torch.ones(self.corners // 2, dtype=torch.float64, device="cpu")
        return torch.cat([half, -half])

    def draw(self, n: int, seed: int) -> torch.Tensor:
        """Return the corners (n,) of an independent sample, both labels present."""
        rng = np.random.default_rng(checks.integer("seed", seed, least=0))
        while True:
            chosen = torch.from_numpy(rng.integers(self.corners, size=checks.integer("n", n)))
            if len(self.y[chosen].unique()) == 2:
                return chosen

    def isolated_point(self, chosen: torch.Tensor) -> KKTPoint:
        """Return the KKT point with one neuron for each corner of a sample, certified.

        Corners that occur more than once share one neuron; their multipliers share lambda.
        """
        x, y = self.x[chosen], self.y[chosen]
        corners, index, often = torch.unique(chosen, return_inverse=True, return_counts=True)
        points = augmented(self.x[corners])
        size = points.norm(dim=1)
        vectors = points / size[:, None] ** 1.5
        network = TwoLayerReLU(vectors[:, :-1], vectors[:, -1], self.y[corners] / size.sqrt())
        multipliers = (1 / size / often)[index]
        own = torch.nn.functional.one_hot(index, len(corners)).double()
        return KKTPoint.measured(network, x, y, multipliers, multipliers[:, None] * own)

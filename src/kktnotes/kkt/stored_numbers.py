"""The float64 numbers of a KKT point as a proof takes them: exact, and near one (ours).

Points are divided by a power of two, lambda, a and v^2 multiplied by it: that is exact, and it
changes neither N(x_i) nor u_j = sum_i a_ij y_i x~_i.
"""

from __future__ import annotations

import math

import numpy as np

from kktnotes.kkt.report import NotProved
from kktnotes.networks.two_layer import TwoLayerReLU

# Two neurons with subgradients as near as this are one neuron written twice.
SAME = 1e-9
# Coordinates between these keep float64's relative accuracy in products of two.
SMALLEST, LARGEST = 1e-100, 1e100


class StoredNumbers:
    """A network, its sample, multipliers and subgradients, scaled.

    Parameters
    ----------
    network : TwoLayerReLU
    x, y, multipliers, subgradients : arrays (n, p), (n,), (n,), (n, m)
    """

    def __init__(
        self,
        network: TwoLayerReLU,
        x: np.ndarray,
        y: np.ndarray,
        multipliers: np.ndarray,
        subgradients: np.ndarray,
    ) -> None:
        points = np.column_stack([x, np.ones(len(x))])
        sizes = np.abs(points[points != 0])
        if not (sizes.max() < LARGEST and sizes.min() > SMALLEST):
            got = f"coordinates from {sizes.min():.2g} to {sizes.max():.2g}"
            raise NotProved(f"{got}, beyond {SMALLEST:g} or {LARGEST:g}")
        self.power = math.frexp(float(np.linalg.norm(points, axis=1).mean()))[1]
        self.signed = np.ldexp(points * y[:, None], -self.power)
        self.multipliers = np.ldexp(multipliers, self.power)
        self.subgradients = np.ldexp(subgradients, self.power)
        self.support = multipliers > 0
        self.y, self.vectors = y, network.augmented.numpy(force=True)
        self.output = network.output.numpy(force=True)
        self.squares = np.ldexp(self.output**2, self.power)
        self.signs = np.sign(self.output)

    def refuse_degenerate(self) -> None:
        """Raise for neurons at which the equations are singular, before they are solved."""
        if not self.support.any():
            raise NotProved("no multiplier is positive")
        for j in range(len(self.output)):
            if self.output[j] == 0 or not self.subgradients[:, j].any():
                raise NotProved(f"neuron {j} has no output or no point: its direction is free")
            same = self.signs[:j] == self.signs[j]
            near = np.abs(self.subgradients[:, :j] - self.subgradients[:, [j]]).max(0)
            for twin in np.flatnonzero(same & (near <= SAME * self.multipliers.max())).tolist():
                raise NotProved(
                    f"neurons {twin} and {j} coincide: they share their output as they like, so "
                    "no point is alone; unite them"
                )

    def start(self, kinks: np.ndarray) -> np.ndarray:
        """Return the stored z = (lambda_S, a_K, v^2)."""
        found = self.subgradients[self.support][kinks]
        return np.concatenate([self.multipliers[self.support], found, self.squares])

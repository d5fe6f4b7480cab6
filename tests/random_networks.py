"""Random networks and points, for properties that every network has."""

import numpy as np
import torch

import kktnotes as kn


def network(seed, m, p, bias=0.5):
    """A network of m neurons on p coordinates."""
    rng = np.random.default_rng(seed)
    return kn.TwoLayerReLU(
        rng.standard_normal((m, p)), bias * rng.standard_normal(m), rng.standard_normal(m)
    )


def points(seed, n, p):
    """n points of p coordinates."""
    return torch.from_numpy(np.random.default_rng(seed + 1000).standard_normal((n, p)))

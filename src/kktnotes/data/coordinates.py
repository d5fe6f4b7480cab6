"""Exact reduced coordinates: any ambient dimension d at the cost of the number of points.

Everything that the paper measures depends on inner products among data, means and weights only,
and those of a Gaussian sample in R^d have an exact law that does not need d numbers a point.
Rotate so that the first q axes span the means. A row of a standard Gaussian matrix then has q
independent N(0, 1) coordinates there, and in the other D = d - q dimensions the rows of an n x D
Gaussian matrix have, by Bartlett's decomposition (the L factor of a QR from the left), the lower
triangular coordinates

    L_ii = chi_{D - i} (i = 0, 1, ...),   L_ij ~ N(0, 1) for j < i,   L_ij = 0 for j > i,

all independent. The numbers are equal in law to a direct sample in R^d seen in a rotated basis:
an identity, not an approximation. This use of it is an appendix of ours, not the paper's.
"""

from __future__ import annotations

import numpy as np
import torch


def chi(rng: np.random.Generator, degrees: np.ndarray | float) -> np.ndarray:
    """Draw chi variates, the lengths of Gaussian vectors of those dimensions (0 gives 0).

    One variate costs the same at 10 as at 10^12 degrees of freedom.
    """
    degrees = np.asarray(degrees, dtype=np.float64)
    drawn = rng.chisquare(np.where(degrees > 0, degrees, 1.0))
    return np.where(degrees > 0, np.sqrt(drawn), 0.0)


def bartlett(rng: np.random.Generator, rows: int, dimension: int) -> np.ndarray:
    """Draw the L factor of a rows x dimension Gaussian matrix, (rows, min(rows, dimension)).

    L L^T has the law of G G^T for G with independent N(0, 1) entries. The normal entries are drawn
    before the chi ones, so that two dimensions share them under one seed.
    """
    columns = min(rows, dimension)
    factor = np.zeros((rows, columns))
    for row in range(rows):
        below = min(row, columns)
        factor[row, :below] = rng.standard_normal(below)
    diagonal = np.arange(columns)
    factor[diagonal, diagonal] = chi(rng, float(dimension) - diagonal)
    return factor


def reduced(vectors: np.ndarray) -> np.ndarray:
    """Return coordinates (k, min(k, q)) with the inner products of the rows of (k, q)."""
    triangle = np.linalg.qr(vectors.T)[1].T
    return triangle * np.where(np.diagonal(triangle) < 0, -1.0, 1.0)


def augmented(x: torch.Tensor) -> torch.Tensor:
    """Return x~ = (x, 1), (..., n, p + 1): points with the coordinate that a bias sees."""
    return torch.cat([x, torch.ones_like(x[..., :1])], -1)

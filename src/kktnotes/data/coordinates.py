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

from kktnotes import checks

STREAMS = (
    "means",
    "training points",
    "fresh points",
    "directions",
    "initial weights",
    "perturbation",
    "label noise",
)


def generator(seed: object, stream: str) -> np.random.Generator:
    """Return numpy's generator of that seed (a whole number >= 0) for one of the STREAMS.

    Streams of one seed are independent: a training sample and fresh points that happen to be drawn
    with the same seed do not share their randomness.
    """
    key = STREAMS.index(checks.choice("stream", stream, STREAMS))
    whole = checks.integer("seed", seed, least=0)
    return np.random.default_rng(np.random.SeedSequence(whole, spawn_key=(key,)))


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


def sphere_means(rng: np.random.Generator, k: int, d: int) -> np.ndarray:
    """Draw coordinates (k, min(k, d)) of k independent uniform points on sqrt(d) S^{d-1}."""
    factor = bartlett(rng, k, d)
    return factor * (np.sqrt(d) / np.linalg.norm(factor, axis=1, keepdims=True))


def equicorrelated_means(k: int, d: int, inner_product: float) -> np.ndarray:
    """Return coordinates (k, min(k, d)) of k vectors of norm sqrt(d) with that inner product c.

    The Gram matrix (d - c) I + c 1 1^T has eigenvalues d - c and d + (k - 1) c; its symmetric
    root is known, and a QR of the root gives the triangular factor also where it is singular.
    """
    largest = d + (k - 1) * inner_product
    largest = 0.0 if abs(largest) <= 1e-12 * d else largest  # the regular simplex, exactly
    root = np.sqrt(d - inner_product) * np.eye(k)
    root += (np.sqrt(largest) - np.sqrt(d - inner_product)) / k
    triangle = np.linalg.qr(root)[1].T
    triangle = triangle * np.where(np.diag(triangle) < 0, -1.0, 1.0)
    return triangle[:, : min(k, d)] + 0.0  # no negative zeros


def gram_means(gram: checks.Array, d: int) -> np.ndarray:
    """Return coordinates (k, min(k, d)) of vectors in R^d with that Gram matrix (k, k).

    Refuses one that is not symmetric, not positive semidefinite, or of a rank above d.
    """
    gram = checks.tensor("gram", gram, dimensions=2, device="cpu").numpy()
    k = len(gram)
    if gram.shape != (k, k):
        raise checks.refusal("gram", f"shape {gram.shape}", "a square matrix")
    scale = float(np.abs(gram).max(initial=0.0))
    if np.abs(gram - gram.T).max(initial=0.0) > 1e-10 * scale:
        raise checks.refusal("gram", "a matrix that is not symmetric", "a symmetric matrix")
    values, vectors = np.linalg.eigh((gram + gram.T) / 2)
    if values[0] < -1e-10 * scale:
        raise checks.refusal("gram", f"an eigenvalue {values[0]:.3g}", "eigenvalues of at least 0")
    rank = int((values > 1e-10 * scale).sum())
    if rank > d:
        raise checks.refusal("gram", f"rank {rank}", f"a rank of at most d = {d}")
    factor = vectors * np.sqrt(np.clip(values, 0.0, None))
    return factor[:, ::-1][:, : min(k, d)].copy()


def reduced(vectors: np.ndarray) -> np.ndarray:
    """Return coordinates (k, min(k, q)) with the inner products of the rows of (k, q)."""
    triangle = np.linalg.qr(vectors.T)[1].T
    return triangle * np.where(np.diagonal(triangle) < 0, -1.0, 1.0)


def augmented(x: torch.Tensor) -> torch.Tensor:
    """Return x~ = (x, 1), (..., n, p + 1): points with the coordinate that a bias sees."""
    return torch.cat([x, torch.ones_like(x[..., :1])], -1)

"""Coordinates of the means of clusters: random ones, equal inner products, a given Gram matrix."""

from __future__ import annotations

import numpy as np

from kktnotes import checks
from kktnotes.data.coordinates import bartlett


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

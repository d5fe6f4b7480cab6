"""Cholesky factors of a block arrowhead matrix (ours): blocks that meet only through a corner.

        | C    B_1  ...  B_G |
        | B_1' D_1           |
    A = | ...       ...      |
        | B_G'           D_G |

The blocks are eliminated first: factors L_g of D_g, then one of C - sum_g B_g D_g^{-1} B_g'.
That is Cholesky's method in another order of the variables, for the cost of the blocks one by one
instead of that of all of them at once. The Newton systems of both interior-point methods here are
of this kind: subgradients of different groups of neurons meet only through the multipliers.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import scipy.linalg


class Arrowhead:
    """The factors of one such matrix, symmetric and positive definite.

    Parameters
    ----------
    corner : array (n, n)
        C; overwritten.
    borders : sequence of arrays (n, m_g)
        B_g.
    blocks : sequence of arrays (m_g, m_g)
        D_g.
    ridge : bool
        Whether a factor that rounding makes indefinite gets as small a ridge as it needs.

    Raises
    ------
    scipy.linalg.LinAlgError
        Without a ridge, if a factor is not positive definite to rounding.
    """

    def __init__(
        self,
        corner: np.ndarray,
        borders: Sequence[np.ndarray],
        blocks: Sequence[np.ndarray],
        *,
        ridge: bool = False,
    ) -> None:
        factor = _ridged if ridge else _cholesky
        self.factors, self.halves = [], []
        for block, border in zip(blocks, borders, strict=True):
            own = factor(block)
            half = scipy.linalg.solve_triangular(own, border.T, lower=True, check_finite=False)
            corner -= half.T @ half
            self.factors.append(own)
            self.halves.append(half)
        self.corner = factor(corner)
        self.ends = np.cumsum([len(corner)] + [len(block) for block in blocks])[:-1]

    def solve(self, right: np.ndarray) -> np.ndarray:
        """Return A^{-1} `right`, of shape (N,) or (N, r): rows of the corner, then the blocks'."""
        first, *rest = np.split(right, self.ends)
        sides = []
        for own, half, part in zip(self.factors, self.halves, rest, strict=True):
            sides.append(scipy.linalg.solve_triangular(own, part, lower=True, check_finite=False))
            first = first - half.T @ sides[-1]
        first = scipy.linalg.cho_solve((self.corner, True), first, check_finite=False)
        parts = [first]
        for own, half, side in zip(self.factors, self.halves, sides, strict=True):
            left = side - half @ first
            parts.append(
                scipy.linalg.solve_triangular(own, left, lower=True, trans=1, check_finite=False)
            )
        return np.concatenate(parts)

    def quadratic(self, first: np.ndarray, own: Sequence[np.ndarray]) -> np.ndarray:
        """Return B' A^{-1} B, (G, G), for a border B with a column a block.

        Column g is `first[:, g]` (n, G) at the corner, `own[g]` (m_g,) in block g and zero in the
        other blocks.
        """
        squares, reached = np.empty(len(own)), first.copy()
        for g, (factor, half) in enumerate(zip(self.factors, self.halves, strict=True)):
            side = scipy.linalg.solve_triangular(factor, own[g], lower=True, check_finite=False)
            squares[g] = side @ side
            reached[:, g] -= half.T @ side
        reached = scipy.linalg.solve_triangular(
            self.corner, reached, lower=True, check_finite=False
        )
        return np.diag(squares) + reached.T @ reached


def _cholesky(matrix: np.ndarray) -> np.ndarray:
    """Return the lower Cholesky factor."""
    return scipy.linalg.cholesky(matrix, lower=True, check_finite=False)


def _ridged(matrix: np.ndarray) -> np.ndarray:
    """Return a lower Cholesky factor, with as small a ridge as rounding makes necessary."""
    ridge = 0.0
    scale = float(np.abs(matrix.diagonal()).max(initial=0.0)) or 1.0
    while True:
        try:
            return _cholesky(matrix + ridge * np.eye(len(matrix)) if ridge else matrix)
        except np.linalg.LinAlgError:
            ridge = max(100 * ridge, 1e-15 * scale)

"""The equations of the active set of a KKT point, as many as unknowns (ours, appendix "methods").

Support S = {i: lambda_i > 0}; kinks K, pairs (i, j) with i in S and 0 < a_ij < lambda_i; on the
other pairs of S a_ij is lambda_i ("on") or 0 ("off"). With u_j = sum_i a_ij y_i x~_i, x~ = (x, 1),
the sign s_j of v_j and r_j = v_j^2, the unknowns are lambda_S, a_K and r, and the equations are

    F_i  = y_i sum_{j: (i,j) on} r_j u_j . x~_i - 1 = 0    for i in S,
    F_ij = y_i u_j . x~_i = 0                              for (i, j) in K,
    F_j  = ||u_j||^2 - 1 = 0                               for every neuron j.

THEOREM. Let lambda_S, a_K, r solve them with r > 0, lambda_S > 0, 0 < a_ij < lambda_i on K, and
on the other pairs of S: s_j u_j . x~_i >= 0 if on, <= 0 if off. Put v_j = s_j r_j^(1/2),
w~_j = v_j u_j. If y_i N(x_i) >= 1 for every i outside of S, this is a KKT point of Problem (2)
with these multipliers, all of S on the margin.

Proof. Eqs. (3) and (4) are w~_j = v_j u_j. As h_ij = v_j u_j . x~_i has the sign of
s_j u_j . x~_i, phi'_ij = a_ij / lambda_i is a subgradient of relu at h_ij on S; elsewhere
lambda_i = a_ij = 0. For i in S relu(h_ij) is h_ij on the pairs that are on and zero on the others,
so F_i = 0 says y_i N(x_i) = 1, since v_j h_ij = r_j u_j . x~_i: slackness holds. At last
lambda_i relu(h_ij) = a_ij h_ij for all pairs, hence

    sum_i lambda_i y_i relu(h_ij) = (sum_i a_ij y_i x~_i) . w~_j = u_j . v_j u_j = v_j,

which is the condition of the output layer. Nothing else is asked of a KKT point.

F is quadratic, so its Jacobian J is linear in the unknowns. Points are divided by a power of two,
and lambda, a and r multiplied by it, which changes no product above and brings them near one.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from flint import arb, arb_mat

UNIT = 2.0**-52
"""Twice the unit roundoff of float64: the relative error of one operation, with room."""


def matrix(values: np.ndarray) -> arb_mat:
    """Return float64 numbers as balls of radius zero."""
    return arb_mat(values.shape[0], values.shape[1], values.ravel().tolist())


def floats(values: arb_mat) -> np.ndarray:
    """Return the midpoints, rounded to float64."""
    return np.array([float(one) for one in values.entries()]).reshape(
        values.nrows(), values.ncols()
    )


class ActiveEquations:
    """F and J of one active set, for points z_i = y_i x~_i of its support.

    Parameters
    ----------
    points : array (s, q)
        z_i, float64 numbers that are taken as they are.
    on, kinks : array (s, m) of bool
        The pairs with a_ij = lambda_i and those whose a_ij is an unknown; none is both.
    """

    def __init__(self, points: np.ndarray, on: np.ndarray, kinks: np.ndarray) -> None:
        self.on, self.kinks = on, kinks
        self.at, self.of = np.nonzero(kinks)
        self.rows, self.columns = matrix(points), matrix(points.T)
        self.gram = points @ points.T
        # A sum of q products, in any order, is off by at most q u / (1 - q u) times the sum of
        # their absolute values, which Cauchy and Schwarz bound.
        self.norms = np.linalg.norm(points, axis=1) * (1 + points.shape[1] * UNIT)
        self.rounding = points.shape[1] * UNIT * np.outer(self.norms, self.norms)

    @property
    def sizes(self) -> tuple[int, int, int]:
        """The numbers of support points, kinks and neurons."""
        return len(self.on), len(self.at), self.on.shape[1]

    def coefficients(self, z: Sequence[arb]) -> arb_mat:
        """Return a_ij, shape (s, m), of the unknowns z = (lambda_S, a_K, r)."""
        s, _, m = self.sizes
        found = arb_mat(s, m)
        for i, j in np.argwhere(self.on).tolist():
            found[i, j] = z[i]
        for k, (i, j) in enumerate(zip(self.at.tolist(), self.of.tolist(), strict=True)):
            found[i, j] = z[s + k]
        return found

    def directions(self, z: Sequence[arb]) -> arb_mat:
        """Return u_j, shape (q, m)."""
        return self.columns * self.coefficients(z)

    def values(self, z: Sequence[arb]) -> tuple[list[arb], arb_mat]:
        """Return F(z), one ball an equation, and t_ij = z_i . u_j, shape (s, m)."""
        s, kinks, m = self.sizes
        a, r = self.coefficients(z), z[s + kinks :]
        t = self.rows * (self.columns * a)
        margins = [
            sum((r[j] * t[i, j] for j in np.flatnonzero(self.on[i]).tolist()), arb(-1))
            for i in range(s)
        ]
        pairs = zip(self.at.tolist(), self.of.tolist(), strict=True)
        norms = [sum((a[i, j] * t[i, j] for i in range(s)), arb(-1)) for j in range(m)]
        return [*margins, *(t[i, j] for i, j in pairs), *norms], t

    def jacobian(self, z: np.ndarray, t: np.ndarray) -> np.ndarray:
        """Return J in float64; each entry is at most m + 4 operations away from its exact value.

        That is, from its value at the float64 numbers `gram`, z and t.
        """
        s, kinks, m = self.sizes
        on, at, of = self.on.astype(float), self.at, self.of
        weighted = on * z[s + kinks :]
        found = np.zeros((len(z), len(z)))
        found[:s, :s] = self.gram * (weighted @ on.T)
        found[:s, s : s + kinks] = self.gram[:, at] * weighted[:, of]
        found[:s, s + kinks :] = on * t
        found[s : s + kinks, :s] = self.gram[at] * on.T[of]
        found[s : s + kinks, s : s + kinks] = self.gram[np.ix_(at, at)] * (of[:, None] == of)
        found[s + kinks :, :s] = 2 * (on * t).T
        found[s + kinks :, s : s + kinks] = 2 * t[at].T * (of == np.arange(m)[:, None])
        return found

    def _moved(self, gram: np.ndarray, width: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return what a_ij and t_ij move by at most, |gram| given, if z moves by `width`."""
        s, kinks, _ = self.sizes
        a = self.on * width[:s, None]
        a[self.at, self.of] += width[s : s + kinks]
        return a, gram @ a

    def first(
        self, gram: np.ndarray, r: np.ndarray, t: np.ndarray, width: np.ndarray
    ) -> np.ndarray:
        """Return |J| times `width` for |gram|, r and |t| in place of gram, r and t."""
        a, moved = self._moved(gram, width)
        return np.concatenate(
            [
                (self.on * (moved * r + t * width[-len(r) :])).sum(1),
                moved[self.at, self.of],
                2 * (a * t).sum(0),
            ]
        )

    def second(self, gram: np.ndarray, width: np.ndarray) -> np.ndarray:
        """Return a bound of |(J(z + d) - J(z)) e| over |d|, |e| <= `width`, for |gram|."""
        kinks, m = self.sizes[1:]
        a, moved = self._moved(gram, width)
        margins = 2 * (self.on * moved * width[-m:]).sum(1)
        return np.concatenate([margins, np.zeros(kinks), 2 * (a * moved).sum(0)])

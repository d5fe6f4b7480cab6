"""Problem (2) at a fixed activation pattern, in Gram space (appendix "methods", ours).

Merge the live neurons of a balanced network into P groups of equal sign s_p and equal pattern
D_ip on the points of their own label, and write u_p = |v_p| w~_p. Then ||theta||^2 / 2 is
sum_p ||u_p||, and replacing relu by its tangent D_ip z on same-label pairs only gives

    min  sum_p ||u_p||
    s.t. sum_{p: s_p = y_i} D_ip u_p . x~_i - sum_{p: s_p != y_i} relu(u_p . x~_i) >= 1,

which is convex, feasible for Problem (2) (D z <= relu z), and exact at its own pattern. At its
solution u_p = nu_p sum_i c_pi x~_i with nu_p = ||u_p|| = v_p^2 and

    c_pi = lambda_i D_ip  on same-label pairs,     c_pi = -a_ip  on opposite-label pairs,

where 0 <= a_ip <= lambda_i are the Clarke subgradients times the multipliers. Multipliers,
subgradients and norms are thus the saddle point of the convex-concave

    L(lambda, a; nu) = sum_p nu_p (c_p' K c_p - 1) / 2 - sum_i lambda_i,     K = Gram matrix of x~:

minimal over 0 <= a <= lambda, maximal over nu >= 0. A group with c_p' K c_p < 1 has nu_p = 0.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from kktnotes.printing import Brief


@dataclass(frozen=True, eq=False, repr=False)
class Saddle(Brief):
    """A point of the saddle problem: what determines a network of P groups and its certificate.

    Parameters
    ----------
    multipliers : array (n,)
        lambda_i.
    subgradients : array (P, n)
        a_ip on opposite-label pairs; entries of same-label pairs are not used.
    norms : array (P,)
        nu_p = ||u_p|| = v_p^2.
    """

    multipliers: np.ndarray
    subgradients: np.ndarray
    norms: np.ndarray


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class RestrictedProblem(Brief):
    """The convex restriction of Problem (2) at given signs and same-label patterns.

    Parameters
    ----------
    gram : array (n, n)
        Inner products x~_i . x~_l, scaled so that their diagonal is of order one.
    labels : array (n,)
        y_i in {-1, 1}.
    signs : array (P,)
        s_p in {-1, 1}.
    patterns : array (P, n) of bool
        D_ip; read on same-label pairs only.
    """

    gram: np.ndarray
    labels: np.ndarray
    signs: np.ndarray
    patterns: np.ndarray

    @property
    def same(self) -> np.ndarray:
        """Whether group p has the label of point i, shape (P, n)."""
        return self.signs[:, None] == self.labels[None, :]

    @property
    def tangent(self) -> np.ndarray:
        """D_ip on same-label pairs and 0 elsewhere, as floats, shape (P, n)."""
        return (self.same & self.patterns).astype(float)

    def coefficients(self, saddle: Saddle) -> np.ndarray:
        """Return c_pi, shape (P, n): u_p = nu_p sum_i c_pi x~_i."""
        return np.where(self.same, self.tangent * saddle.multipliers, -saddle.subgradients)

    def preactivations(self, saddle: Saddle) -> np.ndarray:
        """Return u_p . x~_i, shape (P, n)."""
        return saddle.norms[:, None] * (self.coefficients(saddle) @ self.gram)

    def constraints(self, preactivations: np.ndarray) -> np.ndarray:
        """Return the left sides of the constraints (>= 1 where feasible), shape (n,)."""
        pulled = np.where(self.same, self.tangent * preactivations, 0.0)
        pushed = np.where(self.same, 0.0, np.maximum(preactivations, 0.0))
        return (pulled - pushed).sum(0)

    def subset(self, points: np.ndarray) -> RestrictedProblem:
        """Return the problem with the constraints of `points` (indices) only."""
        return RestrictedProblem(
            gram=self.gram[np.ix_(points, points)],
            labels=self.labels[points],
            signs=self.signs,
            patterns=self.patterns[:, points],
        )

    def groups(self, keep: np.ndarray) -> RestrictedProblem:
        """Return the problem with the groups `keep` (indices or mask) only."""
        return RestrictedProblem(
            gram=self.gram, labels=self.labels, signs=self.signs[keep], patterns=self.patterns[keep]
        )

"""Newton's method on the active set: from an identified support to machine precision (ours).

With the support vectors (lambda_i > 0), the kinks (0 < a_ip < lambda_i) and the live groups
known, the saddle problem of `restricted` is a smooth square system in z = (lambda, a) and nu:

    q_i = 1 on the support,   u_p . x~_i = 0 on the kinks,   c_p' K c_p = 1 for every group.

Its Jacobian is symmetric, [A B; B' 0] with A = sum_p nu_p M_p' K M_p, where c_p = M_p z. After
convergence every sign condition is checked on all points and the active set is corrected.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.linalg

from kktnotes.kkt.solver.restricted import RestrictedProblem, Saddle
from kktnotes.printing import Brief

OFF, KINK, ON = -1, 0, 1


@dataclass(frozen=True, eq=False, repr=False)
class ActiveSet(Brief):
    """Which constraints hold with equality.

    Parameters
    ----------
    support : array (n,) of bool
        Points with lambda_i > 0.
    states : array (P, n) of int
        OFF, KINK or ON for opposite-label pairs of support vectors.
    """

    support: np.ndarray
    states: np.ndarray

    def key(self) -> bytes:
        """Return a value that two equal active sets share."""
        return self.support.tobytes() + (self.states * self.support).tobytes()


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class NewtonSolution(Brief):
    """Where Newton ended: the saddle point, its active set, and whether every sign holds."""

    saddle: Saddle
    active: ActiveSet
    residual: float
    consistent: bool
    rounds: int


class _System:
    """The equations of one active set."""

    def __init__(self, problem: RestrictedProblem, active: ActiveSet) -> None:
        self.problem, self.active = problem, active
        opposite = ~problem.same
        self.points = np.nonzero(active.support)[0]
        kinks = opposite & (active.states == KINK) & active.support
        self.kink_group, self.kink_point = np.nonzero(kinks)
        # M_p on the multipliers: D on same-label pairs, -1 where an opposite pair is on.
        on = opposite & (active.states == ON)
        self.pull = np.where(problem.same, problem.tangent, -on.astype(float))[:, self.points]

    def unpack(self, z: np.ndarray, norms: np.ndarray) -> Saddle:
        """Return the saddle point of the unknowns z = (lambda on the support, a on kinks)."""
        multipliers = np.zeros(len(self.problem.labels))
        multipliers[self.points] = z[: len(self.points)]
        subgradients = np.where(self.active.states == ON, multipliers, 0.0)
        subgradients[:, ~self.active.support] = 0.0
        subgradients[self.problem.same] = 0.0
        subgradients[self.kink_group, self.kink_point] = z[len(self.points) :]
        return Saddle(multipliers, subgradients, norms)

    def pack(self, saddle: Saddle) -> np.ndarray:
        """Return z, the inverse of `unpack`."""
        kinks = saddle.subgradients[self.kink_group, self.kink_point]
        return np.concatenate([saddle.multipliers[self.points], kinks])

    def residuals(self, saddle: Saddle) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return the residuals in z and in nu, and the directions K c_p."""
        coefficients = self.problem.coefficients(saddle)
        directions = coefficients @ self.problem.gram
        h = saddle.norms[:, None] * directions
        margin = (self.pull * h[:, self.points]).sum(0) - 1
        kink = -h[self.kink_group, self.kink_point]
        norm = ((coefficients * directions).sum(1) - 1) / 2
        return np.concatenate([margin, kink]), norm, directions

    def step(
        self, norms: np.ndarray, r_z: np.ndarray, r_norm: np.ndarray, directions: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return Newton's step in (z, nu)."""
        size = len(self.points) + len(self.kink_point)
        matrix, border = np.zeros((size, size)), np.zeros((size, len(norms)))
        for p in range(len(norms)):
            mine = np.nonzero(self.kink_group == p)[0]
            pulled = np.nonzero(self.pull[p])[0]
            index = np.concatenate([pulled, len(self.points) + mine])
            rows = np.concatenate([self.points[pulled], self.kink_point[mine]])
            sign = np.concatenate([self.pull[p, pulled], -np.ones(len(mine))])
            gram = self.problem.gram[np.ix_(rows, rows)]
            matrix[np.ix_(index, index)] += gram * (norms[p] * sign[:, None] * sign)
            border[index, p] = sign * directions[p, rows]
        right = np.column_stack([-r_z, border])
        try:
            factor = scipy.linalg.cho_factor(matrix, lower=True, check_finite=False)
            solved = scipy.linalg.cho_solve(factor, right, check_finite=False)
        except np.linalg.LinAlgError:  # dependent constraints: the shortest step
            solved = scipy.linalg.lstsq(matrix, right, check_finite=False)[0]
        d_norms = np.linalg.solve(border.T @ solved[:, 1:], border.T @ solved[:, 0] + r_norm)
        return solved[:, 0] - solved[:, 1:] @ d_norms, d_norms

    def solve(self, saddle: Saddle, *, budget: int = 12) -> tuple[Saddle, float]:
        """Iterate from `saddle` until rounding stops the descent; return the best point."""
        z, norms = self.pack(saddle), saddle.norms
        best, least = saddle, np.inf
        for _ in range(budget):
            saddle = self.unpack(z, norms)
            r_z, r_norm, directions = self.residuals(saddle)
            residual = max(float(np.abs(r_z).max(initial=0)), float(np.abs(r_norm).max()))
            if not residual < least:
                break
            best, least = saddle, residual
            try:
                d_z, d_norms = self.step(norms, r_z, r_norm, directions)
            except np.linalg.LinAlgError:  # two groups have become one, or a group has no data
                break
            z, norms = z + d_z, norms + d_norms
        return best, least


def _corrected(
    problem: RestrictedProblem, active: ActiveSet, saddle: Saddle, tolerance: float
) -> ActiveSet:
    """Return the active set with every violated sign condition mended."""
    h = problem.preactivations(saddle)
    lam, a = saddle.multipliers, saddle.subgradients
    support = np.where(active.support, lam >= 0, problem.constraints(h) < 1 - tolerance)
    joined = support & ~active.support
    sign = np.where(h > tolerance, ON, np.where(h < -tolerance, OFF, KINK))
    states = np.where(joined, sign, active.states)
    stayed = active.support & support
    kink = stayed & (active.states == KINK)
    states = np.where(kink & (a < 0), OFF, states)
    states = np.where(kink & (a > lam), ON, states)
    states = np.where(stayed & (active.states == OFF) & (h > tolerance), KINK, states)
    states = np.where(stayed & (active.states == ON) & (h < -tolerance), KINK, states)
    return ActiveSet(support, np.where(problem.same, OFF, states))


def active_set_newton(
    problem: RestrictedProblem,
    active: ActiveSet,
    saddle: Saddle,
    *,
    tolerance: float = 1e-10,
    budget: int = 25,
) -> NewtonSolution:
    """Solve at the active set, correct it, and repeat until nothing changes or it cycles.

    Parameters
    ----------
    problem : RestrictedProblem
        All n points, live groups only.
    active : ActiveSet
        The first guess, for example from the interior-point method.
    saddle : Saddle
        The starting point.
    tolerance : float
        How far a sign condition may be violated (margins, scaled preactivations).
    budget : int
        The largest number of corrections of the active set.
    """
    seen: set[bytes] = set()
    for rounds in range(1, budget + 1):
        seen.add(active.key())
        saddle, residual = _System(problem, active).solve(saddle)
        corrected = _corrected(problem, active, saddle, tolerance)
        if corrected.key() == active.key():
            converged = residual < tolerance and bool((saddle.norms > 0).all())
            return NewtonSolution(
                saddle=saddle, active=active, residual=residual, consistent=converged, rounds=rounds
            )
        if corrected.key() in seen or not np.isfinite(residual):
            break
        active = corrected
    return NewtonSolution(
        saddle=saddle, active=active, residual=residual, consistent=False, rounds=rounds
    )

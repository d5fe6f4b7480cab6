"""A primal-dual interior-point method for the saddle problem of `restricted` (ours).

The optimality conditions are a monotone complementarity problem in (lambda, a, nu) >= 0:

    lambda_i       _|_  rho_i   = q_i - 1            (margin of point i)
    a_ip           _|_  h-_ip   = max(-h_ip, 0)      (opposite-label pair off)
    lambda_i - a_ip _|_ h+_ip   = max(h_ip, 0)       (opposite-label pair on)
    nu_p           _|_  sigma_p = (1 - c_p' K c_p) / 2

with h_ip = u_p . x~_i. Each Newton step eliminates the right column and nu, which leaves a matrix
in (lambda, a) whose blocks, one a group, meet only through lambda: see `arrowhead`. Mehrotra's
predictor sets the barrier, but never far below the residuals: where dozens of groups fade at
once, products that reach rounding first leave no room to mend the equations in. Only the pairs in
`free` carry a variable a_ip: all others are held at a_ip = 0, h+_ip = 0 and must be checked.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import scipy.linalg

from kktnotes.kkt.solver.arrowhead import Arrowhead
from kktnotes.kkt.solver.restricted import RestrictedProblem, Saddle
from kktnotes.printing import Brief

# How far the largest residual may lie above the barrier, on the way and at the end.
LEAD = 100.0


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class InteriorSolution(Brief):
    """The last iterate: variables, their complementary slacks, and how far the method got."""

    saddle: Saddle
    margin_slack: np.ndarray
    on_slack: np.ndarray
    off_slack: np.ndarray
    norm_slack: np.ndarray
    barrier: float
    residual: float
    iterations: int


def _longest_step(values: tuple[np.ndarray, ...], changes: tuple[np.ndarray, ...]) -> float:
    """Return the largest step in (0, 1] that keeps all `values` nonnegative."""
    longest = 1.0
    for value, change in zip(values, changes, strict=True):
        falling = change < 0
        if falling.any():
            longest = min(longest, float((-value[falling] / change[falling]).min()))
    return longest


class _Iteration:
    """The state of the method and its Newton systems; vectors over free pairs are flat."""

    def __init__(self, problem: RestrictedProblem, free: np.ndarray) -> None:
        self.problem = problem
        self.n = len(problem.labels)
        self.group, self.point = np.nonzero(free & ~problem.same)
        count = len(self.group)
        ends = np.searchsorted(self.group, np.arange(len(problem.signs) + 1))  # sorted by group
        self.of_group = [slice(*pair) for pair in pairwise(ends.tolist())]
        # Start inside, at the scale of the solution: ||g_p|| below 1 and margins around 1.
        multipliers, kinks = np.ones(self.n), np.full(count, 0.3)
        coefficients = self._coefficients(multipliers, kinks)
        directions = coefficients @ problem.gram
        scale = 0.7 / np.sqrt((coefficients * directions).sum(1).max())
        pull = np.abs((problem.tangent * directions).sum(0)).mean() * scale
        norms = np.full(len(problem.signs), 1.5 / pull)
        # lambda, a, nu | rho, h-, h+, sigma
        self.variables = [multipliers * scale, kinks * scale, norms]
        self.slacks: list[np.ndarray] = [
            np.full(self.n, 0.5),
            np.full(count, 0.5),
            np.full(count, 0.5),
            np.full(len(norms), 0.3),
        ]

    def _coefficients(self, multipliers: np.ndarray, kinks: np.ndarray) -> np.ndarray:
        coefficients = self.problem.tangent * multipliers
        coefficients[self.group, self.point] = -kinks
        return coefficients

    def _sum_by_point(self, values: np.ndarray) -> np.ndarray:
        return np.bincount(self.point, values, self.n)

    def pairs(self) -> list[tuple[np.ndarray, np.ndarray]]:
        """Return the complementary pairs (left, right), each product of which must vanish."""
        multipliers, kinks, norms = self.variables
        rho, off, on, sigma = self.slacks
        return [
            (multipliers, rho),
            (kinks, off),
            (multipliers[self.point] - kinks, on),
            (norms, sigma),
        ]

    def barrier(self) -> float:
        """Return the mean of the complementary products."""
        pairs = self.pairs()
        return sum(float(a @ b) for a, b in pairs) / sum(len(a) for a, _ in pairs)

    def evaluate(self) -> float:
        """Compute the residuals at the current iterate; return the largest."""
        multipliers, kinks, norms = self.variables
        rho, off, on, sigma = self.slacks
        coefficients = self._coefficients(multipliers, kinks)
        self.directions = coefficients @ self.problem.gram
        h = norms[:, None] * self.directions
        pulled = (self.problem.tangent * h).sum(0)
        self.residuals = (
            pulled - self._sum_by_point(on) - 1 - rho,
            -h[self.group, self.point] + on - off,
            (1 - (coefficients * self.directions).sum(1)) / 2 - sigma,
        )
        self.residual = max(float(np.abs(r).max(initial=0.0)) for r in self.residuals)
        return self.residual

    def factorize(self) -> None:
        """Assemble and factorise the matrix of the Newton systems in (lambda, a), then nu's."""
        problem, n = self.problem, self.n
        (lam, rho), (kinks, off), (rest, on), (norms, sigma) = self.pairs()
        on_ratio = on / rest
        corner = problem.gram * ((problem.tangent.T * norms) @ problem.tangent)
        corner[np.diag_indices(n)] += rho / lam + self._sum_by_point(on_ratio)
        blocks, borders = [], []
        for p, own in enumerate(self.of_group):
            pulled, kinked = np.nonzero(problem.tangent[p])[0], self.point[own]
            blocks.append(norms[p] * problem.gram[np.ix_(kinked, kinked)])
            blocks[-1][np.diag_indices(len(kinked))] += (on_ratio + off / kinks)[own]
            borders.append(np.zeros((n, len(kinked))))
            borders[-1][pulled] = -norms[p] * problem.gram[np.ix_(pulled, kinked)]
            borders[-1][kinked, np.arange(len(kinked))] -= on_ratio[own]
        factors = Arrowhead(corner, borders, blocks)
        self.solve = factors.solve
        # the columns of nu: at lambda, and at the pairs of the same group
        self.at_points = (problem.tangent * self.directions).T
        self.at_pairs = -self.directions[self.group, self.point]
        pairs = [self.at_pairs[own] for own in self.of_group]
        self.schur = factors.quadratic(self.at_points, pairs) + np.diag(sigma / norms)

    def direction(self, targets: list[np.ndarray]) -> tuple[list[np.ndarray], list[np.ndarray]]:
        """Return the Newton direction whose complementary products change by `targets`."""
        (lam, rho), (kinks, off), (rest, on), (norms, sigma) = self.pairs()
        t_margin, t_off, t_on, t_norm = targets
        r_margin, r_pair, r_norm = self.residuals
        right = np.concatenate(
            [
                -r_margin + t_margin / lam + self._sum_by_point(t_on / rest),
                -r_pair - t_on / rest + t_off / kinks,
            ]
        )
        solved = self.solve(right)
        pulled = self.at_points.T @ solved[: self.n]
        pulled += np.bincount(self.group, self.at_pairs * solved[self.n :], len(norms))
        d_norms = np.linalg.solve(self.schur, -r_norm + t_norm / norms + pulled)
        back = [self.at_points @ d_norms, self.at_pairs * d_norms[self.group]]
        step = self.solve(right - np.concatenate(back))
        d_lam, d_kinks = step[: self.n], step[self.n :]
        d_rest = d_lam[self.point] - d_kinks
        variables = [d_lam, d_kinks, d_norms]
        slacks = [
            (t_margin - rho * d_lam) / lam,
            (t_off - off * d_kinks) / kinks,
            (t_on - on * d_rest) / rest,
            (t_norm - sigma * d_norms) / norms,
        ]
        return variables, slacks

    def changes(
        self, variables: list[np.ndarray], slacks: list[np.ndarray]
    ) -> list[tuple[np.ndarray, np.ndarray]]:
        """Return the changes of the complementary pairs along a direction."""
        d_lam, d_kinks, d_norms = variables
        return [
            (d_lam, slacks[0]),
            (d_kinks, slacks[1]),
            (d_lam[self.point] - d_kinks, slacks[2]),
            (d_norms, slacks[3]),
        ]

    def advance(self) -> None:
        """Take one predictor-corrector step."""
        self.factorize()
        pairs = self.pairs()
        predictor = self.changes(*self.direction([-a * b for a, b in pairs]))
        flat = tuple(v for pair in pairs for v in pair)
        step = _longest_step(flat, tuple(v for pair in predictor for v in pair))
        ahead = sum(
            float((a + step * da) @ (b + step * db))
            for (a, b), (da, db) in zip(pairs, predictor, strict=True)
        )
        now = self.barrier()
        ahead /= sum(len(a) for a, _ in pairs)
        target = max((ahead / now) ** 3 * now, min(now, self.residual / LEAD))
        variables, slacks = self.direction(
            [target - a * b - da * db for (a, b), (da, db) in zip(pairs, predictor, strict=True)]
        )
        corrector = tuple(v for pair in self.changes(variables, slacks) for v in pair)
        step = min(1.0, 0.99 * _longest_step(flat, corrector))
        self.variables = [v + step * d for v, d in zip(self.variables, variables, strict=True)]
        self.slacks = [v + step * d for v, d in zip(self.slacks, slacks, strict=True)]


def interior_point(
    problem: RestrictedProblem,
    free: np.ndarray,
    *,
    barrier: float = 1e-10,
    budget: int = 60,
) -> InteriorSolution:
    """Solve the saddle problem until the mean complementary product is below `barrier`.

    Parameters
    ----------
    problem : RestrictedProblem
        n points, P groups.
    free : array (P, n) of bool
        Opposite-label pairs that carry a variable a_ip.
    barrier : float
        Stop when the mean complementary product is below, and the largest residual below a
        hundred of it (LEAD).
    budget : int
        The largest number of Newton steps; infeasible patterns run into it.
    """
    state = _Iteration(problem, free)
    for iteration in range(budget + 1):
        residual, product = state.evaluate(), state.barrier()
        if (product < barrier and residual < LEAD * barrier) or iteration == budget:
            break
        try:
            # A step that divides by an underflowed slack is not taken.
            with np.errstate(divide="raise", invalid="raise", over="raise"):
                state.advance()
        except (np.linalg.LinAlgError, scipy.linalg.LinAlgError, FloatingPointError):
            break  # rounding has won: the caller reads barrier and residual
    multipliers, kinks, norms = state.variables
    rho, off, on, sigma = state.slacks

    def spread(values: np.ndarray) -> np.ndarray:
        dense = np.zeros(free.shape)
        dense[state.group, state.point] = values
        return dense

    saddle = Saddle(multipliers, spread(kinks), norms)
    return InteriorSolution(
        saddle=saddle,
        margin_slack=rho,
        on_slack=spread(on),
        off_slack=spread(off),
        norm_slack=sigma,
        barrier=product,
        residual=residual,
        iterations=iteration,
    )

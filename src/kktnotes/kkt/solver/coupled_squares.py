"""Least squares under 0 <= a_ig <= lambda_i: multipliers and subgradients that fit best (ours).

    min  sum_j ||c_j - v_j sum_i (N_ij lambda_i + F_ij a_{i,g(j)}) z_i||^2
         + ||t - R' lambda||^2
    s.t. 0 <= a_ig <= lambda_i,   0 <= lambda_i <= top_i

The first sum is Eqs. (3) and (4) with z_i = y_i x~_i and c_j = w~_j, the second holds the
equation of v and Euler's; top_i keeps complementary slackness. N marks active pairs away from a
kink, F pairs on a kink; neurons of one group g share their variables a_ig. A
primal-dual interior-point method in Gram space: variables a of different groups meet only
through lambda (see `arrowhead`). Projected Newton steps with residuals computed in coordinates
finish to machine precision.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from kktnotes.kkt.solver.arrowhead import Arrowhead
from kktnotes.printing import Brief

ITERATIONS = 60
REFINEMENTS = 12


@dataclass(eq=False, repr=False, kw_only=True)
class CoupledSquares(Brief):
    """One such problem; arrays as in the formula of this module.

    Parameters
    ----------
    points, targets, output : array (n, r), array (m, r), array (m,)
        z_i, c_j and v_j.
    gram : array (n, n)
        z_i . z_l, which the caller has.
    active, free : bool array (n, m), bool array (n, m)
        N and F; no pair is both.
    group : int array (m,)
        g(j).
    relu, output_targets : array (n, s), array (s,)
        R and t.
    top : array (n,)
        Upper bounds > 0, infinite where there is none.
    """

    points: np.ndarray
    targets: np.ndarray
    output: np.ndarray
    gram: np.ndarray
    active: np.ndarray
    free: np.ndarray
    group: np.ndarray
    relu: np.ndarray
    output_targets: np.ndarray
    top: np.ndarray
    members: list[np.ndarray] = field(init=False)
    where: list[np.ndarray] = field(init=False)

    def __post_init__(self) -> None:
        """Assemble the blocks of the Hessian and the linear term."""
        self.n = len(self.points)
        active = self.active * self.output
        inner = self.points @ self.targets.T
        self.corner = self.gram * (active @ active.T) + self.relu @ self.relu.T
        linear = [(active * inner).sum(1) + self.relu @ self.output_targets]
        self.members, self.where, self.blocks, self.borders = [], [], [], []
        for label in np.unique(self.group[self.free.any(0)]):
            members = np.flatnonzero(self.group == label)
            where = np.flatnonzero(self.free[:, members].any(1))
            kinks = (self.free[:, members] * self.output[members])[where]
            border = self.gram[:, where] * (active[:, members] @ kinks.T)
            self.blocks.append(self.gram[np.ix_(where, where)] * (kinks @ kinks.T))
            self.borders.append(border)
            linear.append((kinks * inner[np.ix_(where, members)]).sum(1))
            self.members.append(members)
            self.where.append(where)
        self.ends = np.cumsum([self.n] + [len(where) for where in self.where])
        self.index = np.concatenate([np.arange(0), *self.where]).astype(int)
        self.linear = np.concatenate(linear)
        self.bounded = np.flatnonzero(np.isfinite(self.top))
        # Constraints come in the order lambda, a | lambda - a | top - lambda.
        self.cuts = np.cumsum([self.ends[-1], len(self.index)])

    def split(self, vector: np.ndarray) -> list[np.ndarray]:
        """Return lambda and the groups' parts of a vector of all variables."""
        return np.split(vector, self.ends[:-1])

    def constraints(self, vector: np.ndarray) -> np.ndarray:
        """Return the linear part of (lambda, a, lambda - a, top - lambda)."""
        lam, kinks = vector[: self.n], vector[self.n :]
        return np.concatenate([vector, lam[self.index] - kinks, -lam[self.bounded]])

    def slacks(self, vector: np.ndarray) -> np.ndarray:
        """Return (lambda, a, lambda - a, top - lambda), all of which must be nonnegative."""
        result = self.constraints(vector)
        result[self.cuts[1] :] += self.top[self.bounded]
        return result

    def adjoint(self, values: np.ndarray) -> np.ndarray:
        """Return the transpose of `constraints` applied to one value a constraint."""
        result, below, above = np.split(values, self.cuts)
        result = result.copy()
        result[: self.n] += np.bincount(self.index, below, self.n)
        result[self.n :] -= below
        result[self.bounded] -= above
        return result

    def product(self, vector: np.ndarray) -> np.ndarray:
        """Return the Hessian applied to a vector."""
        lam, *kinks = self.split(vector)
        first = self.corner @ lam
        rest = []
        for block, border, part in zip(self.blocks, self.borders, kinks, strict=True):
            first += border @ part
            rest.append(border.T @ lam + block @ part)
        return np.concatenate([first, *rest])

    def newton(self, diagonal: np.ndarray) -> Callable[[np.ndarray], np.ndarray]:
        """Factor Hessian + G' diag(diagonal) G with G of `constraints`; return its solver."""
        own, below, above = np.split(diagonal, self.cuts)
        corner = self.corner.copy()
        corner[np.diag_indices(self.n)] += own[: self.n] + np.bincount(self.index, below, self.n)
        corner[self.bounded, self.bounded] += above
        kinks, coupling = self.split(own), np.split(below, self.ends[1:-1] - self.n)
        blocks, borders = [], []
        for g, where in enumerate(self.where):
            blocks.append(self.blocks[g].copy())
            blocks[-1][np.diag_indices(len(where))] += kinks[g + 1] + coupling[g]
            borders.append(self.borders[g].copy())
            borders[-1][where, np.arange(len(where))] -= coupling[g]
        return Arrowhead(corner, borders, blocks, ridge=True).solve

    def subgradients(self, vector: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return lambda (n,) and a (n, m) of a vector of all variables."""
        lam, *kinks = self.split(vector)
        result = np.where(self.active, lam[:, None], 0.0)
        for where, members, part in zip(self.where, self.members, kinks, strict=True):
            spread = np.zeros(self.n)
            spread[where] = part
            result[:, members] += self.free[:, members] * spread[:, None]
        return lam, result

    def errors(self, vector: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return left minus right sides of the stationarity equations, in coordinates."""
        lam, a = self.subgradients(vector)
        return (
            self.targets - self.output[:, None] * (a.T @ self.points),
            self.output_targets - lam @ self.relu,
        )

    def objective(self, vector: np.ndarray) -> float:
        """Return the sum of squares that is minimised."""
        first, second = self.errors(vector)
        return float((first**2).sum() + (second**2).sum())

    def gradient(self, vector: np.ndarray) -> np.ndarray:
        """Return half the objective's gradient, by way of residuals in coordinates."""
        first, second = self.errors(vector)
        inner = (self.points @ first.T) * self.output
        parts = [(self.active * inner).sum(1) + self.relu @ second]
        for where, members in zip(self.where, self.members, strict=True):
            parts.append((self.free[:, members] * inner[:, members]).sum(1)[where])
        return -np.concatenate(parts)

    def minimise(self, tolerance: float = 1e-12) -> np.ndarray:
        """Return the minimiser: interior-point steps, then refinement to machine precision."""
        lam = np.minimum(1.0, self.top)
        vector = np.concatenate([lam, lam[self.index] / 2])
        # The best multiple of a feasible start is a start of the right size.
        best = max(self.linear @ vector, 1e-3) / max(vector @ self.product(vector), 1e-300)
        vector *= min(best, 0.5)
        slack = self.slacks(vector)
        dual = np.full(len(slack), max(1e-2, abs(self.linear).max() * 0.1))
        dual = np.minimum(dual, 0.1 / slack.mean())
        for _ in range(ITERATIONS):
            gradient = self.product(vector) - self.linear
            barrier = float(slack @ dual) / len(slack)
            stationarity = np.abs(gradient - self.adjoint(dual)).max()
            if barrier < tolerance and stationarity < 1e4 * tolerance:
                break
            weight = dual / slack
            solve = self.newton(weight)
            step = solve(-gradient)
            slack_step = self.constraints(step)
            dual_step = -dual - weight * slack_step
            primal, other = _longest(slack, slack_step), _longest(dual, dual_step)
            after = (slack + primal * slack_step) @ (dual + other * dual_step)
            target = barrier * (float(after) / len(slack) / barrier) ** 3
            push = (target - slack_step * dual_step) / slack
            step = solve(self.adjoint(push) - gradient)
            slack_step = self.constraints(step)
            dual_step = push - dual - weight * slack_step
            length = 0.995 * min(_longest(slack, slack_step), _longest(dual, dual_step))
            if length < 1e-8:
                break
            vector = vector + length * step
            # Not recomputed from `vector`: the difference lambda - a would round to zero.
            slack = slack + length * slack_step
            dual = dual + length * dual_step
        return self.refined(vector, slack, dual)

    def refined(self, vector: np.ndarray, slack: np.ndarray, dual: np.ndarray) -> np.ndarray:
        """Put active constraints on their bounds, then take projected Newton steps."""
        candidates = [self.feasible(vector, slack < dual), self.feasible(vector, slack < 0)]
        best = min(candidates, key=self.objective)
        value = self.objective(best)
        for _ in range(REFINEMENTS):
            gradient = self.gradient(best)
            active = self.held(best, gradient)
            # A constraint held at its bound weighs 1e8 in the Newton matrix, a free one nothing.
            step = self.newton(np.where(active, 1e8, 1e-14))(-gradient)
            length, found, trial = 1.0, np.inf, best
            while not found < value and length > 1e-3:
                trial = self.feasible(best + length * step, active)
                found = self.objective(trial)
                length /= 4
            if not found < value:
                break
            done = found > 0.99 * value
            best, value = trial, found
            if done:
                break
        return best

    def held(self, vector: np.ndarray, gradient: np.ndarray) -> np.ndarray:
        """Return which constraints hold with equality and would be left at a loss only."""
        lam, kinks = vector[: self.n], vector[self.n :]
        slope, slopes = gradient[: self.n], gradient[self.n :]
        limit = lam[self.index]
        zero = (kinks == 0) & (slopes >= 0)
        equal = (kinks == limit) & (limit > 0) & (slopes <= 0)
        falling = np.where((limit == 0) | equal, np.minimum(slopes, 0), 0)
        total = slope + np.bincount(self.index, falling, self.n)
        off = (lam == 0) & (total >= 0)
        at_top = (lam == self.top) & (total <= 0)
        zero |= off[self.index]
        return np.concatenate([off, zero, equal, at_top[self.bounded]])

    def feasible(self, vector: np.ndarray, active: np.ndarray) -> np.ndarray:
        """Return the vector with bounds that are `active` met exactly and no bound broken."""
        zero, equal, above = np.split(active, self.cuts)
        top = self.top.copy()
        lam = np.where(zero[: self.n], 0.0, np.clip(vector[: self.n], 0.0, top))
        at_top = self.bounded[above & ~zero[self.bounded]]
        lam[at_top] = top[at_top]
        limit = lam[self.index]
        kinks = np.where(zero[self.n :], 0.0, np.clip(vector[self.n :], 0.0, limit))
        kinks = np.where(equal & ~zero[self.n :], limit, kinks)
        return np.concatenate([lam, kinks])


def _longest(value: np.ndarray, change: np.ndarray) -> float:
    """Return the largest step in (0, 1] that keeps all values nonnegative."""
    falling = change < 0
    return min(1.0, float((-value[falling] / change[falling]).min(initial=np.inf)))

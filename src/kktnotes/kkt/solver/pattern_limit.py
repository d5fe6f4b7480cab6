"""The exact solution of Problem (2) at the pattern of a network (appendix "methods", ours).

1. Group the live neurons by sign and same-label pattern; scale to least margin 1. Try Newton
   from there (see `active_set`): often that is all.
2. Otherwise solve the convex restriction by the interior-point method on working sets: the
   points and the opposite-label pairs that the network says matter, then those found violated.
3. Drop groups whose norm goes to zero, unite groups that have become one, and take the pattern
   of the solution as the next one (convex-concave procedure), until it repeats itself.
4. Solve once more, on the points near the margin and as far as rounding lets it, identify the
   active set and finish with Newton.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import torch

from kktnotes.kkt.solver.active_set import (
    KINK,
    OFF,
    ON,
    ActiveSet,
    NewtonSolution,
    active_set_newton,
)
from kktnotes.kkt.solver.interior_point import InteriorSolution, interior_point
from kktnotes.kkt.solver.restricted import RestrictedProblem, Saddle
from kktnotes.printing import Brief

# A sign condition counts as violated beyond this (margins are 1, ||x~|| is about 1).
VIOLATION = 1e-7
# A group with less of sum_p ||u_p|| has no weight in the limit.
LEAST_SHARE = 1e-6
# The barrier of the last solution, before Newton: next to rounding.
FINEST = 1e-14
# So many groups are few: what limits merge to, as a rule one a label.
FEW = 4
# Newton from the flow's guess goes on, with more than FAST unknowns, only if the first corrections
# say that it converges: so it does where nearly all points lie on the margin. Elsewhere working
# sets are cheaper, and beyond LARGE unknowns one solution of the equations must say it: it leaves
# few multipliers negative.
FAST, LARGE, LARGEST_GUESS, FEW_NEGATIVE = 300, 1500, 6000, 0.05


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class Groups(Brief):
    """Live neurons of equal sign and equal same-label pattern.

    Parameters
    ----------
    signs : array (P,)
        s_p.
    patterns : array (P, n) of bool
        D_ip on same-label pairs, False elsewhere.
    preactivations : array (P, n)
        u_p . x~_i, summed over the members, at least margin 1.
    member : array (m,) of int
        The group of each neuron, -1 for a dead one.
    shares : array (P,)
        sum of v_j^2 over the members, up to a common factor: the norms of the u_p.
    weights : array (n,)
        exp(-q_i) up to a factor, at the network's own scale: the flow's guess of lambda_i.
    """

    signs: np.ndarray
    patterns: np.ndarray
    preactivations: np.ndarray
    member: np.ndarray
    shares: np.ndarray
    weights: np.ndarray


def group_neurons(
    preactivations: torch.Tensor, output: torch.Tensor, labels: torch.Tensor
) -> Groups:
    """Group the neurons of a network given by h (n, m), v (m,) on a sample with y (n,)."""
    h, v, y = (value.detach().cpu().numpy() for value in (preactivations, output, labels))
    margins = y * (np.maximum(h, 0) @ v)
    signs = np.sign(v)
    same = y[:, None] == signs[None, :]
    pattern = (h > 0) & same
    live = pattern.any(0)  # a neuron that is off on all of its own label only ever shrinks
    rows = np.column_stack([signs, pattern.T])[live]
    unique, inverse = np.unique(rows, axis=0, return_inverse=True)
    member = np.full(len(v), -1)
    member[live] = inverse.reshape(-1)
    weighted = (h * np.abs(v)).T / margins.min()
    summed, shares = np.zeros((len(unique), len(y))), np.zeros(len(unique))
    np.add.at(summed, member[live], weighted[live])
    np.add.at(shares, member[live], v[live] ** 2)
    weights = np.exp(margins.min() - margins)
    return Groups(
        signs=unique[:, 0],
        patterns=unique[:, 1:].astype(bool),
        preactivations=summed,
        member=member,
        shares=shares,
        weights=weights,
    )


def first_sets(problem: RestrictedProblem, h: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the points and the free pairs to begin with, read off a network's h."""
    opposite = ~problem.same
    depth = np.median(np.abs(h[opposite])) if opposite.any() else 0.0
    free = opposite & (h > -0.2 * depth)
    order = np.argsort(problem.constraints(h))
    n = len(order)
    # Between a few groups a few dozen points carry all the weight: the rest is checked, not solved
    # for. With many groups a small set would leave some of them without a point of their own.
    whole, least, part = (300, 150, 16) if len(problem.signs) <= FEW else (1500, 600, 4)
    return np.sort(order[: max(least, n // part)] if n > whole else order), free


def solve_restricted(problem: RestrictedProblem, h: np.ndarray) -> tuple[InteriorSolution, bool]:
    """Solve by the interior-point method on growing working sets.

    Parameters
    ----------
    problem : RestrictedProblem
        P groups, n points.
    h : array (P, n)
        The preactivations of a network at least margin 1, which tell where to begin.

    Returns
    -------
    solution : InteriorSolution
        With all n points; slacks of points outside the working set are infinite.
    solved : bool
        Whether it converged and no constraint outside the working sets is violated.
    """
    n, few = len(problem.labels), len(problem.signs) <= FEW
    points, free = first_sets(problem, h)
    while True:
        part = interior_point(problem.subset(points), free[:, points])
        solution = _embedded(part, points, n)
        if part.residual > 1e-4:
            return solution, False
        h = problem.preactivations(solution.saddle)
        margins = problem.constraints(h)
        outside = np.setdiff1d(np.arange(n), points)
        late = outside[margins[outside] < 1 - VIOLATION]
        pairs = ~problem.same & ~free & (h > VIOLATION)
        if not len(late) and not pairs[:, points].any():
            return solution, True
        worst = late[np.argsort(margins[late])]
        points = np.union1d(points, worst[: max(50 if few else 200, len(points) // 2)])
        free |= pairs


def _embedded(part: InteriorSolution, points: np.ndarray, n: int) -> InteriorSolution:
    """Return a solution on `points` as one on all n points."""

    def pairs(values: np.ndarray, fill: float) -> np.ndarray:
        dense = np.full((len(values), n), fill)
        dense[:, points] = values
        return dense

    multipliers, slack = np.zeros(n), np.full(n, np.inf)
    multipliers[points] = part.saddle.multipliers
    slack[points] = part.margin_slack
    saddle = Saddle(multipliers, pairs(part.saddle.subgradients, 0.0), part.saddle.norms)
    return replace(
        part,
        saddle=saddle,
        margin_slack=slack,
        on_slack=pairs(part.on_slack, 0.0),
        off_slack=pairs(part.off_slack, np.inf),
    )


def identify(problem: RestrictedProblem, solution: InteriorSolution) -> ActiveSet:
    """Return the active set: of two complementary numbers the larger one is not zero."""
    saddle = solution.saddle
    scale = saddle.multipliers.max()
    support = saddle.multipliers / scale > solution.margin_slack
    a = saddle.subgradients / scale
    rest = saddle.multipliers / scale - a
    states = np.where(solution.on_slack > rest, ON, np.where(a > solution.off_slack, KINK, OFF))
    return ActiveSet(support, np.where(problem.same, OFF, states))


def sharpened(problem: RestrictedProblem, solution: InteriorSolution) -> InteriorSolution | None:
    """Solve again near the margin, to a barrier at which the active set can be read off.

    Where thousands of points crowd within 1e-5 of the margin, multipliers and slacks of the first
    solution are of one size. On the few points that matter the method goes on to rounding.
    Returns None if it did not get there.
    """
    h = problem.preactivations(solution.saddle)
    margins = problem.constraints(h)
    heavy = solution.saddle.multipliers > 1e-3 * solution.saddle.multipliers.max()
    least = 100 if len(problem.signs) <= FEW else 300
    points = np.sort(np.argsort(margins)[: max(least, 4 * int(heavy.sum()))])
    free = ~problem.same & (h > -0.1)
    for _ in range(8):
        part = interior_point(problem.subset(points), free[:, points], barrier=FINEST)
        if part.residual > 1e3 * FINEST:
            return None
        sharp = _embedded(part, points, len(margins))
        margins = problem.constraints(problem.preactivations(sharp.saddle))
        late = np.setdiff1d(np.nonzero(margins < 1 - 1e-10)[0], points)
        if not len(late):
            return sharp
        points = np.union1d(points, late)
    return None


def from_flow(problem: RestrictedProblem, groups: Groups) -> NewtonSolution | None:
    """Try Newton from the network's own guess of the active set, which often is near enough.

    The problem is convex: a solution with every sign right is the solution. Returns None where
    Newton cycles or the pattern would change, which is for the slower way to settle.
    """
    opposite = ~problem.same
    if len(groups.signs) > FEW or not opposite.any():
        return None
    h, near = groups.preactivations, 0.3 * np.median(np.abs(groups.preactivations[opposite]))
    support = groups.weights > 1e-2
    states = np.where(h > near, ON, np.where(h > -near, KINK, OFF))
    active = ActiveSet(support, np.where(problem.same, OFF, states))
    unknowns = support.sum() + ((active.states == KINK) & support & opposite).sum()
    if unknowns > LARGEST_GUESS:
        return None
    multipliers = np.where(support, groups.weights, 0.0)
    fraction = np.select([states == ON, states == KINK], [1.0, 0.5]) * opposite
    guess = Saddle(multipliers, fraction * multipliers, groups.shares)
    coefficients = problem.coefficients(guess)
    squares = ((coefficients @ problem.gram) * coefficients).sum(1)
    scale = 1 / np.sqrt(squares.mean())
    guess = Saddle(multipliers * scale, guess.subgradients * scale, groups.shares)
    margins = problem.constraints(problem.preactivations(guess))[support]
    if not np.median(margins) > 0:
        return None
    guess = replace(guess, norms=groups.shares / np.median(margins))
    first = 12 if unknowns <= FAST else 2 if unknowns <= LARGE else 1
    found = active_set_newton(problem, active, guess, budget=first)
    negative = (found.saddle.multipliers < 0).sum() / support.sum()
    promising = found.residual < VIOLATION and (unknowns <= LARGE or negative < FEW_NEGATIVE)
    if unknowns > FAST and not found.consistent and promising:
        found = active_set_newton(problem, found.active, found.saddle, budget=10)
    norms = found.saddle.norms
    if not found.consistent or norms.min() < LEAST_SHARE * norms.sum():
        return None
    h = problem.preactivations(found.saddle) / norms[:, None]
    turned = np.where(problem.patterns, h < -VIOLATION, h > VIOLATION) & problem.same
    return None if turned.any() else found


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class Limit(Brief):
    """The exact point at a network's pattern.

    `group` maps the groups that came in to those of `problem`, -1 where the limit weight is
    zero; `history` holds sum_p ||u_p|| after each pass of the convex-concave procedure.
    """

    problem: RestrictedProblem
    newton: NewtonSolution
    group: np.ndarray
    history: list[float]
    solved: bool


def _next_pattern(
    problem: RestrictedProblem, solution: InteriorSolution
) -> tuple[RestrictedProblem, np.ndarray]:
    """Drop groups without weight, follow the solution's pattern, unite equal groups."""
    norms = solution.saddle.norms
    live = norms / norms.sum() > LEAST_SHARE
    h = problem.preactivations(solution.saddle)
    patterns = np.where(np.abs(h) > VIOLATION, h > 0, problem.patterns) & problem.same
    rows = np.column_stack([problem.signs, patterns])[live]
    unique, inverse = np.unique(rows, axis=0, return_inverse=True)
    group = np.full(len(norms), -1)
    group[live] = inverse.reshape(-1)
    following = RestrictedProblem(
        gram=problem.gram,
        labels=problem.labels,
        signs=unique[:, 0],
        patterns=unique[:, 1:].astype(bool),
    )
    return following, group


def exact_limit(gram: np.ndarray, labels: np.ndarray, groups: Groups, *, passes: int = 20) -> Limit:
    """Run steps 2 to 4 from the groups of a network.

    Parameters
    ----------
    gram : array (n, n)
        Inner products of the points x~_i, diagonal of order one.
    labels : array (n,)
        y_i.
    groups : Groups
        From `group_neurons`.
    passes : int
        The largest number of convex-concave passes.
    """
    problem = RestrictedProblem(
        gram=gram, labels=labels, signs=groups.signs, patterns=groups.patterns
    )
    early = from_flow(problem, groups)
    if early is not None:
        size = float(early.saddle.norms.sum())
        return Limit(
            problem=problem,
            newton=early,
            group=np.arange(len(groups.signs)),
            history=[size],
            solved=True,
        )
    group: np.ndarray = np.arange(len(groups.signs))
    h = groups.preactivations
    history: list[float] = []
    for _ in range(passes):
        solution, solved = solve_restricted(problem, h)
        history.append(float(solution.saddle.norms.sum()))
        if not solved:
            break
        following, joined = _next_pattern(problem, solution)
        group = np.where(group >= 0, joined[group], -1)
        if len(following.signs) == len(problem.signs) and np.array_equal(
            following.patterns, problem.patterns
        ):
            break
        summed = np.zeros(following.patterns.shape)
        h = problem.preactivations(solution.saddle)
        np.add.at(summed, joined[joined >= 0], h[joined >= 0])
        problem, h = following, summed
    else:
        solution, solved = solve_restricted(problem, h)[0], False  # the patterns did not settle
    sharp = sharpened(problem, solution) if solved else None
    for start in (sharp, solution):
        if start is not None:
            finished = active_set_newton(problem, identify(problem, start), start.saddle)
            if finished.consistent:
                break
    return Limit(problem=problem, newton=finished, group=group, history=history, solved=solved)

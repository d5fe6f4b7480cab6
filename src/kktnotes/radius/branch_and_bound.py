"""Branch and bound over the opposite-sign neurons (appendix, ours).

For a point of sign s write s N = P - M, P over the own, M over the opposite-sign neurons. Each
relu of M is its argument or zero: {s N <= 0} is the union over subsets S of the convex sets
{P <= sum_S u_j}. A node of the search fixes some neurons in S, some outside, and replaces the
relu of every other one by its chord on the range it can take in the current ball (whose radius
is the upper bound) and on the side of the fixed kinks: again a convex set, which contains all
the sets below the node as far as they matter. Its certified distance prunes, or the neuron
with the largest gap between chord and relu is branched on.

All points share one network, so the nodes of all points are worked on in batches.
"""

from __future__ import annotations

import time
from dataclasses import dataclass

import torch

from kktnotes import checks
from kktnotes.geometry import Span, strictly_feasible
from kktnotes.geometry.rays import ENTRIES
from kktnotes.geometry.subset_descent import SubsetDescent
from kktnotes.progress import bar as progress_bar

NODES = 2048
"""Nodes worked on at once, fewer where so many would not fit into the memory."""


def needed(span: Span, count: int, p: int) -> float:
    """Return the bytes that the search takes at most for `count` points of p coordinates."""
    total, sizes = len(span.signs), []
    for sign in (1.0, -1.0):
        own = int((span.signs == sign).sum())
        points = count * (16 * p + 24 * total + 6 * (own + 1) ** 2)
        nodes = _at_once(own, total - own) * _of_node(own, total - own)
        sizes.append(8 * (points + max(nodes, 12 * ENTRIES)))
    return float(max(sizes))


def _of_node(own: int, other: int) -> int:
    """Return the numbers that one node takes: its chords' ranges and its projection's equations."""
    return 10 * (other + 1) ** 2 + 6 * (own + 1) ** 2


def _at_once(own: int, other: int) -> int:
    """Return how many nodes are worked on at once: a quarter of the memory's worth at most."""
    return max(1, min(NODES, int(checks.MOST_BYTES / 32 / _of_node(own, other))))


@dataclass(eq=False, repr=False, kw_only=True)
class Search(SubsetDescent):
    """The state of one search: points of one sign, their bounds and the open nodes."""

    def __post_init__(self) -> None:
        """Add what the nodes need."""
        super().__post_init__()
        safe = self.other_norms.clamp(min=1e-150)
        self.cosines = ((self.other @ self.other.T) / (safe[:, None] * safe)).clamp(-1, 1)
        self.at_once = _at_once(len(self.own), len(self.other))
        self.closed = torch.full_like(self.upper, torch.inf)  # least bound among closed nodes

    def cutoff(self) -> torch.Tensor:
        """Return what a node's bound must reach to be closed, for each point."""
        return torch.where(self.upper.isinf(), self.upper, self.upper * (1 - 0.1 * self.tolerance))

    def ranges(
        self, points: torch.Tensor, state: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Return least and largest u_j in the ball on the side of the fixed kinks, and emptiness.

        In the plane of two gradients at angle theta, c_j . step over {|step| <= R, step along
        c_i at least t} has its extremes at the unconstrained ones or where step meets t.
        """
        radius = self.upper[points]
        values = self.other_values[points]
        safe = self.other_norms.clamp(min=1e-150)
        low = values - radius[:, None] * self.other_norms
        high = values + radius[:, None] * self.other_norms
        if not bool((state != 0).any()) or not bool(radius.isfinite().any()):
            empty = torch.zeros(len(points), dtype=torch.bool, device=points.device)
            return low, high, empty
        side = state.to(values.dtype)
        start = -side * values / safe  # least step along side * c_i
        empty = ((side != 0) & (start > radius[:, None] * (1 + 1e-12))).any(-1)
        ball = radius[:, None].clamp(max=1e150)
        start = torch.minimum(start, ball)
        across = (ball.square() - start.square()).clamp(min=0).sqrt()[:, :, None]
        cosine = side[:, :, None] * self.cosines
        sine = (1 - self.cosines.square()).clamp(min=0).sqrt()
        ball, start = ball[:, :, None], start[:, :, None]
        largest = torch.where(start <= ball * cosine, ball, cosine * start + sine * across)
        least = torch.where(start <= -ball * cosine, -ball, cosine * start - sine * across)
        free = (side == 0)[:, :, None]
        largest = torch.where(free, ball, largest).amin(1)
        least = torch.where(free, -ball, least).amax(1)
        slack = 1e-12 * (values.abs() + radius[:, None].clamp(max=1e150) * self.other_norms)
        high = torch.minimum(high, values + largest * self.other_norms + slack)
        low = torch.maximum(low, values + least * self.other_norms - slack)
        return low, high, empty

    def run(self, *, progress: bool | None, label: str) -> tuple[torch.Tensor, torch.Tensor]:
        """Search until closed or out of time; return certified lower bounds and who finished."""
        self.search()
        count, width = self.other_values.shape
        points = torch.arange(count, device=self.x.device)
        states = torch.zeros(count, width, dtype=torch.int8, device=self.x.device)
        bounds = self.x.new_zeros(count)
        with progress_bar(label, count, unit="point", progress=progress) as bar:
            while len(points) and time.monotonic() < self.deadline:
                take = slice(max(0, len(points) - self.at_once), None)
                rest = slice(0, take.start)
                children = self.round(points[take], states[take], bounds[take])
                points = torch.cat([points[rest], children[0]])
                states = torch.cat([states[rest], children[1]])
                bounds = torch.cat([bounds[rest], children[2]])
                bar.update(count - len(points.unique()) - bar.n)
        lower = torch.minimum(self.closed, self.upper)
        lower.scatter_reduce_(0, points, bounds, "amin")
        open_nodes = torch.zeros(count, dtype=torch.bool, device=self.x.device)
        open_nodes[points] = True
        return lower, ~open_nodes

    def close(self, points: torch.Tensor, bounds: torch.Tensor) -> None:
        """Record that nodes are done: nothing below them is nearer than their bounds."""
        self.closed.scatter_reduce_(0, points, bounds, "amin")

    def round(
        self, points: torch.Tensor, state: torch.Tensor, bound: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Bound a batch of nodes, close what can be closed and return the children."""
        done = bound >= self.cutoff()[points]
        self.close(points[done], bound[done])
        points, state, bound = points[~done], state[~done], bound[~done]
        low, high, empty = self.ranges(points, state)
        ball = self.upper[points]
        on = (state == 1) | ((state == 0) & (low >= 0))
        off = (state == -1) | ((state == 0) & (high <= 0))
        free = ~on & ~off
        leaf = ~free.any(-1)
        blind = ball.isinf() & ~leaf  # no ball yet, so no chords
        impossible = empty | (on & (high < 0)).any(-1) | (off & (low > 0)).any(-1)
        barren = ~on.any(-1) & leaf
        if self.flip:  # no opposite-sign neuron on: N cannot be positive
            impossible = impossible | barren
        self.close(points[impossible], ball[impossible])
        width = (high - low).clamp(min=1e-300)
        slopes = torch.where(free, high / width, on.to(self.x.dtype))
        slopes = torch.where(blind[:, None], on.to(self.x.dtype), slopes)
        shifts = torch.where(free & ~blind[:, None], low, torch.zeros_like(low))
        work = torch.nonzero(~impossible & ~blind)[:, 0]
        step = torch.zeros(len(points), self.own.shape[1], dtype=self.x.dtype, device=self.x.device)
        if len(work):
            step[work], lower = self._project(
                points[work], slopes[work], shifts[work], barren[work]
            )
            # Beyond the ball the chords say nothing, but there nothing matters either.
            relaxed = torch.where(leaf[work] & lower.isinf(), lower, lower.minimum(ball[work]))
            bound[work] = torch.maximum(bound[work], relaxed)
            useful = work[lower.isfinite()]
            self.offer(points[useful], step[useful])
            there = self.other_values[points[work]] + step[work] @ self.other.T
            mixed = free[work].any(-1) & (bound[work] < self.cutoff()[points[work]])
            self.attempt(points[work][mixed], (on[work] | (free[work] & (there > 0)))[mixed])
        finished = leaf & ~impossible
        missed = finished & (bound < self.cutoff()[points])
        self.attempt(points[missed], on[missed])
        if self.flip:
            self._drop_flat(points, on, bound, finished)
        self.close(points[finished], bound[finished])
        branch = ~finished & ~impossible
        points, state, bound, free = points[branch], state[branch], bound[branch], free[branch]
        if not len(points):
            return points, state, bound
        there = self.other_values[points] + step[branch] @ self.other.T
        chord = slopes[branch] * (there - shifts[branch])
        gap = torch.where(free, chord - there.clamp(min=0), torch.full_like(chord, -torch.inf))
        column = gap.argmax(-1)
        rows = torch.arange(len(points), device=points.device)
        state = torch.where(on[branch], 1, torch.where(off[branch], -1, 0)).to(torch.int8)
        with_it, without = state.clone(), state
        with_it[rows, column], without[rows, column] = 1, -1
        return points.repeat(2), torch.cat([without, with_it]), bound.repeat(2)

    def _drop_flat(
        self, points: torch.Tensor, on: torch.Tensor, bound: torch.Tensor, leaf: torch.Tensor
    ) -> None:
        """Close leaves whose set has no strictly feasible point: N is never positive there."""
        doubtful = leaf & (bound < self.cutoff()[points])
        for row in torch.nonzero(doubtful)[:, 0].tolist():
            point = int(points[row])
            possible = strictly_feasible(
                self.own.numpy(force=True),
                self.own_values[point].numpy(force=True),
                self.other[on[row]].sum(0).numpy(force=True),
                float(self.other_values[point, on[row]].sum()),
            )
            if not possible:
                bound[row] = torch.inf

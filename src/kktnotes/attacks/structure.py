"""An attack that uses the structure: which opposite-sign neurons could be switched on (ours).

At a point of sign s the neurons of the other sign are often all off, so gradients say nothing
of them (math in the appendix). But once a subset S of them is taken as on, the nearest point at
which s N <= 0 is a convex problem: s N = P - M with M at least the sum of u_j over S. So: try
single neurons, all of them and those on at x; solve each problem exactly (`geometry.project`);
then take as S what is on at the best point and repeat until nothing improves. Every point it
returns was verified to change the sign in float64; nothing says that no nearer one exists,
which is what `exact_radius` is for.
"""

from __future__ import annotations

import time
from dataclasses import dataclass

import torch

from kktnotes.geometry import Span, first_crossing, project, step_across
from kktnotes.network import TwoLayerReLU


@dataclass(eq=False)
class SubsetDescent:
    """Best verified points for points of one sign, improved subset by subset.

    Attributes
    ----------
    network, span : TwoLayerReLU, Span
        The network and its merged form.
    x : tensor (n, p)
        Points of one sign.
    sign : float
        That sign, with sign(0) = -1.
    flip : bool
        Whether from sign -1 the target is {N > 0} (the flip) or {N >= 0}.
    tolerance : float
        Relative accuracy asked for.
    deadline : float
        Time of `time.monotonic` at which to stop.
    upper, nearest : tensors (n,) and (n, p)
        Distances of the best points and the points; infinite and NaN where none is known.
    """

    network: TwoLayerReLU
    span: Span
    x: torch.Tensor
    sign: float
    flip: bool
    tolerance: float = 1e-9
    deadline: float = float("inf")

    def __post_init__(self) -> None:
        """Split the merged neurons by sign and evaluate them at the points."""
        self.flip = self.flip and self.sign < 0  # from sign +1 both distances are the same
        own = self.span.signs == self.sign
        self.own, self.other = self.span.weights[own], self.span.weights[~own]
        coordinates = self.span.coordinates(self.x)
        parts, rounding = self.span.parts(coordinates), self.span.rounding(self.x)
        self.own_values, self.other_values = parts[:, own], parts[:, ~own]
        self.own_rounding, self.other_rounding = rounding[:, own], rounding[:, ~own]
        self.coordinates = coordinates
        self.own_norms = torch.linalg.vector_norm(self.own, dim=-1)
        self.other_norms = torch.linalg.vector_norm(self.other, dim=-1)
        self.reduced = self.span.network()
        count, infinity = len(self.x), float("inf")
        self.upper = self.x.new_full((count,), infinity)
        self.nearest = torch.full_like(self.x, torch.nan)
        self.signs = self.x.new_full((count,), self.sign)

    def _project(
        self,
        points: torch.Tensor,
        slopes: torch.Tensor,
        shifts: torch.Tensor,
        polyhedron: torch.Tensor,
        inwards: torch.Tensor | float = 0.0,
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Project onto {P <= sum_j slopes_j (u_j - shifts_j)}, or a set `inwards` inside of it."""
        gradient = slopes @ self.other
        level = (slopes * (self.other_values[points] - shifts)).sum(-1)
        noise = (slopes * self.other_rounding[points]).sum(-1)
        inwards = torch.as_tensor(inwards, dtype=self.x.dtype, device=self.x.device)
        found = project(
            self.own,
            self.own_values[points] + inwards[..., None] * self.own_norms,
            gradient,
            level - inwards * torch.linalg.vector_norm(gradient, dim=-1),
            polyhedron=polyhedron,
            rounding=torch.cat([self.own_rounding[points], noise[:, None]], -1),
        )
        return found.step, found.lower

    def offer(self, points: torch.Tensor, step: torch.Tensor) -> None:
        """Improve the upper bounds by the crossings along the steps, if they are verified."""
        length = torch.linalg.vector_norm(step, dim=-1)
        useful = torch.nonzero((length > 0) & length.isfinite())[:, 0]
        points, step, length = points[useful], step[useful], length[useful]
        t = first_crossing(
            self.reduced,
            self.coordinates[points],
            step,
            self.signs[points],
            zero_counts=not self.flip,
        )
        reach = t * length
        # The best offer of each point, if it beats what is known.
        order = torch.argsort(reach, descending=True, stable=True)
        best = torch.full((len(self.x),), -1, dtype=torch.int64, device=self.x.device)
        best[points[order]] = order
        chosen = best[best >= 0]
        chosen = chosen[reach[chosen] < self.upper[points[chosen]]]
        if not len(chosen):
            return
        rows = points[chosen]
        move = self.span.lift(t[chosen, None] * step[chosen])
        landed, verified = step_across(
            self.network, self.x[rows], move, self.signs[rows], zero_counts=not self.flip
        )
        distance = torch.linalg.vector_norm(landed - self.x[rows], dim=-1)
        better = verified & (distance < self.upper[rows])
        self.upper[rows[better]] = distance[better]
        self.nearest[rows[better]] = landed[better]

    def attempt(self, points: torch.Tensor, subset: torch.Tensor) -> None:
        """Offer the nearest points of the sets of given subsets."""
        if self.flip:
            kept = subset.any(-1)
            points, subset = points[kept], subset[kept]
        inwards: torch.Tensor | float = 0.0
        scale = torch.linalg.vector_norm(self.x, dim=-1)
        for exponent in range(-14, -9):
            if not len(points) or time.monotonic() > self.deadline:
                return
            mask = subset.to(self.x.dtype)
            flat = ~subset.any(-1)
            step, lower = self._project(points, mask, torch.zeros_like(mask), flat, inwards)
            finite = lower.isfinite()
            self.offer(points[finite], step[finite])
            # On a kink the ray through the nearest point may leave the set at once: where no
            # verified point is as near as this set, aim for a point slightly inside of it.
            length = torch.linalg.vector_norm(step, dim=-1)
            missed = finite & (self.upper[points] > length * (1 + 0.01 * self.tolerance))
            points, subset, length = points[missed], subset[missed], length[missed]
            inwards = 10.0**exponent * (length + 1e-2 * scale[points])

    def refine(self, points: torch.Tensor) -> None:
        """Move to the subset that is on at the best point so far, until nothing improves."""
        for _ in range(8):
            points = points[self.upper[points].isfinite()]
            if not len(points):
                return
            before = self.upper[points].clone()
            there = self.span.parts(self.span.coordinates(self.nearest[points]))
            self.attempt(points, there[:, self.span.signs != self.sign] > 0)
            points = points[self.upper[points] < before * (1 - 1e-12)]

    def search(self) -> None:
        """Find first upper bounds: single neurons, all of them, those on at x, then refine."""
        count, width = self.other_values.shape
        everyone = torch.arange(count, device=self.x.device)
        chosen = [self.other_values > 0, torch.ones_like(self.other_values, dtype=torch.bool)]
        chosen += [
            torch.zeros_like(chosen[0]).index_fill_(1, torch.tensor([j], device=self.x.device), 1)
            for j in range(width)
        ]
        if not self.flip:
            chosen.append(torch.zeros_like(chosen[0]))
        for subset in chosen:
            self.attempt(everyone, subset)
        self.refine(everyone)

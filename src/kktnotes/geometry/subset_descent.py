"""Near points of the other sign, by which opposite-sign neurons could be switched on (ours).

At a point of sign s the neurons of the other sign are often all off, so gradients say nothing
of them. But once a subset S of them is taken as on, the nearest point at
which s N <= 0 is a convex problem: s N = P - M with M at least the sum of u_j over S. So: try
single neurons, pairs, all of them and those on at x; solve each problem exactly (`project`);
then take as S what is on at the best point and repeat until nothing improves. Every point it
returns was verified to change the sign in float64; nothing says that no nearer one exists,
which is what `exact_radius` is for.
"""

from __future__ import annotations

import itertools
import time
from dataclasses import dataclass

import torch

from kktnotes.geometry import Span, first_crossing, project, rounding, step_across
from kktnotes.networks.two_layer import TwoLayerReLU
from kktnotes.printing import Brief


@dataclass(eq=False, repr=False, kw_only=True)
class SubsetDescent(Brief):
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
        landed, verified = self._cross(rows, t[chosen, None] * step[chosen])
        # Starting on the boundary the crossing is at once, too near to be told from rounding.
        again = torch.nonzero(~verified & (t[chosen] < 1))[:, 0]
        if len(again):
            landed[again], verified[again] = self._cross(rows[again], step[chosen[again]])
        distance = torch.linalg.vector_norm(landed - self.x[rows], dim=-1)
        better = verified & (distance < self.upper[rows])
        self.upper[rows[better]] = distance[better]
        self.nearest[rows[better]] = landed[better]

    def _cross(self, rows: torch.Tensor, step: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Lift steps of points and verify where they end."""
        return step_across(
            self.network,
            self.x[rows],
            self.span.lift(step),
            self.signs[rows],
            zero_counts=not self.flip,
        )

    def attempt(self, points: torch.Tensor, subset: torch.Tensor) -> None:
        """Offer the nearest points of the sets of given subsets."""
        if self.flip:
            kept = subset.any(-1)
            points, subset = points[kept], subset[kept]
        if not len(points) or time.monotonic() > self.deadline:
            return
        step, lower = self._nearest(points, subset, 0.0)
        kept = lower.isfinite()
        points, subset, step = points[kept], subset[kept], step[kept]
        self.offer(points, step)
        length = torch.linalg.vector_norm(step, dim=-1)
        # On a kink the ray through the nearest point may leave the set at once: where no
        # verified point is as near as this set, aim for a point slightly inside of it.
        scale = length + 1e-2 * self.span.scale(self.x[points])
        for exponent in range(-14, -8):
            missed = torch.nonzero(self._missed(points, length))[:, 0]
            if not len(missed) or time.monotonic() > self.deadline:
                return
            inwards = 10.0**exponent * scale[missed]
            inner, lower = self._nearest(points[missed], subset[missed], inwards)
            kept = lower.isfinite()
            self.offer(points[missed[kept]], inner[kept])
        missed = self._missed(points, length)
        if not self.flip:
            self._touch(points[missed], step[missed])

    def _nearest(
        self, points: torch.Tensor, subset: torch.Tensor, inwards: torch.Tensor | float
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Project onto the sets of given subsets, or `inwards` inside of them."""
        mask = subset.to(self.x.dtype)
        return self._project(points, mask, torch.zeros_like(mask), ~subset.any(-1), inwards)

    def _missed(self, points: torch.Tensor, length: torch.Tensor) -> torch.Tensor:
        """Whether points lack a verified point as near as a set at this distance."""
        return self.upper[points] > length * (1 + 0.01 * self.tolerance)

    def _touch(self, points: torch.Tensor, step: torch.Tensor) -> None:
        """Accept N = 0 up to rounding at the ends of steps: sets that N only touches zero on."""
        landed = self.x[points] + self.span.lift(step)
        value = self.sign * self.network(landed)
        zero = value <= 100 * rounding(self.network, self.x[points])
        distance = torch.linalg.vector_norm(landed - self.x[points], dim=-1)
        better = zero & (distance < self.upper[points])
        self.upper[points[better]] = distance[better]
        self.nearest[points[better]] = landed[better]

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

    def search(self, *, pairs: bool = False) -> None:
        """Try single neurons, all of them, those on at x (and pairs of few), then refine."""
        count, width = self.other_values.shape
        everyone = torch.arange(count, device=self.x.device)
        sizes = {1, 2} if pairs and width <= 8 else {1}
        sizes |= {width} if self.flip else {0, width}
        for size in sorted(sizes & set(range(width + 1))):
            for members in itertools.combinations(range(width), size):
                subset = torch.zeros_like(self.other_values, dtype=torch.bool)
                subset[:, list(members)] = True
                self.attempt(everyone, subset)
        if not set(range(1, width + 1)) <= sizes:  # otherwise every subset was tried
            self.attempt(everyone, self.other_values > 0)
            self.refine(everyone)

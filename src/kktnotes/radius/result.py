"""What a radius computation returns: certified lower and verified upper bounds, point by point."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from kktnotes import checks
from kktnotes.printing import brief


@dataclass(frozen=True, eq=False, kw_only=True)
class Radius:
    """One distance for every point of a batch.

    Attributes
    ----------
    lower : tensor (..., n)
        Certified lower bound: the distance to a half-space that contains the part of the set
        not excluded otherwise. Infinite where the set was proved to be empty.
    upper : tensor (..., n)
        Distance of `nearest`, whose membership was verified in float64; infinite if none is
        known.
    nearest : tensor (..., n, p)
        The verified point, in the coordinates of x; NaN where none is known.
    finished : bool tensor (..., n)
        Whether lower and upper agree to the tolerance asked for (or to rounding: of an empty set
        `upper` is infinite, and `lower` may be certified up to some 10^12 times ||x|| only).
    """

    lower: torch.Tensor
    upper: torch.Tensor
    nearest: torch.Tensor
    finished: torch.Tensor

    @property
    def gap(self) -> torch.Tensor:
        """(upper - lower) / upper; zero where both are zero or both infinite."""
        same = (self.upper == self.lower) | (self.upper == 0)
        gap = (self.upper - self.lower) / self.upper
        gap = torch.where(self.upper.isinf(), torch.ones_like(gap), gap)
        return torch.where(same, torch.zeros_like(gap), gap)

    def __repr__(self) -> str:
        """Say how many points, how many finished, and the median."""
        done = int(self.finished.sum())
        middle = self.upper.flatten().nanquantile(0.5, interpolation="lower").item()
        worst = self.gap.max().item() if self.gap.numel() else 0.0
        counts = f"{self.upper.numel()} points", f"{done} finished"
        return brief(self, *counts, f"median {middle:.3g}", f"largest gap {worst:.1g}")


@dataclass(frozen=True, eq=False)
class Radii:
    """The distances of section 4, kept apart (sign(0) = -1).

    Attributes
    ----------
    output : tensor (..., n)
        N(x).
    zero : Radius
        To {s N <= 0}, s the sign of N(x): to {N <= 0} from sign +1, to {N >= 0} from sign -1.
        Zero where N(x) = 0.
    flip : Radius
        The infimum of the perturbations that change the sign (Definition 4.1): to {N <= 0} from
        sign +1, to {N > 0} from sign -1.
    """

    output: torch.Tensor
    zero: Radius
    flip: Radius

    @property
    def sign(self) -> torch.Tensor:
        """Sign of N(x), with sign(0) = -1."""
        return torch.where(self.output > 0, 1.0, -1.0).to(self.output.dtype)

    def robust(self, x: checks.Array, y: checks.Array) -> Radius:
        """Return the radius of robust accuracy: zero where y N(x) <= 0, else the zero radius.

        Parameters
        ----------
        x : tensor (..., n, p)
            The points, which are their own nearest points where the radius is zero.
        y : tensor (..., n)
            Labels -1 and 1.
        """
        y = checks.labels("y", y, both=False, device=self.output.device)
        x = checks.tensor("x", x, dimensions=2, device=self.output.device)
        y, x = checks.fitting("y", y, self.output), checks.fitting("x", x, self.zero.nearest)
        wrong = y * self.output <= 0
        nothing = torch.zeros_like(self.output)
        return Radius(
            lower=torch.where(wrong, nothing, self.zero.lower),
            upper=torch.where(wrong, nothing, self.zero.upper),
            nearest=torch.where(wrong[..., None], x, self.zero.nearest),
            finished=wrong | self.zero.finished,
        )

    def __repr__(self) -> str:
        """Print both distances."""
        return f"Radii(\n  zero={self.zero!r},\n  flip={self.flip!r}\n)"

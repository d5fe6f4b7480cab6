"""Orders of growth: does a quantity stay within constants times the power that O() names?

The paper's O(x^p g(x)) says that value / (x^p g(x)) stays bounded as x grows. No run sees the
limit, and a straight line through logarithms answers by the range that was chosen. So what is
judged is an enclosure [c, C] of that ratio that was known before the run, by a proof or by
algebra, at every x that can be reached. Where none is known, nothing is judged.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from kktnotes import checks
from kktnotes.printing import Brief

LEAST_VALUES = 5
LEAST_RANGE = 10.0
ROUNDING = 1e-9
"""A ratio may leave its enclosure by so much, relatively: some enclosures are one number."""


class Shape(tuple):
    """A shape, or an enclosure, at the points of an order, as a notebook stores it."""


ONES = Shape()
"""No shape: 1 at every point."""


@dataclass(frozen=True, repr=False, kw_only=True)
class Order(Brief):
    """Values of one quantity at several values of one parameter, and the power they should follow.

    Parameters
    ----------
    parameter : str
        What varies, for the reader: "k", "d", "ln t".
    at : sequence of float
        Its values, positive and different.
    values : sequence of float
        The quantity at each, positive.
    exponent : float
        The predicted power p.
    shape : callable, optional
        g, where the prediction is C x^p g(x), such as a logarithm. It is a function of the
        parameter alone, so that no constant is fitted at a point; its values are kept.
    within : pair of float, or callable, optional
        The enclosure [c, C] of value / (x^p g(x)), positive and finite, proved beforehand: one for
        all points, or a function of the parameter alone that returns it.
    because : str
        What proves the enclosure, for the reader; needed where there is one.
    reach : str
        Why these values of the parameter and no others, for the reader.

    Examples
    --------
    >>> import kktnotes as kn
    >>> order = kn.Order(
    ...     parameter="k",
    ...     at=[2, 4, 8],
    ...     values=[0.7071, 0.5, 0.3536],
    ...     exponent=-0.5,
    ...     within=(0.5, 2.0),
    ...     because="algebra",
    ... )
    >>> order.fits, [round(one, 3) for one in order.powers]
    (True, [-0.5, -0.5])
    """

    parameter: str
    at: tuple[float, ...]
    values: tuple[float, ...]
    exponent: float
    shape: Shape = ONES
    within: Shape | None = None
    because: str = ""
    reach: str = ""

    if TYPE_CHECKING:  # what may come in; what is kept stands above

        def __init__(
            self,
            parameter: str,
            at: Sequence[float],
            values: Sequence[float],
            exponent: float,
            shape: Callable[[float], float] | Shape | None = None,
            within: tuple[float, float] | Callable[[float], tuple[float, float]] | None = None,
            because: str = "",
            reach: str = "",
        ) -> None: ...

    def __post_init__(self) -> None:
        """Check and freeze the numbers."""
        for name in ("parameter", "because", "reach"):
            checks.instance(name, getattr(self, name), str, "words for the reader")
        at, values = _positive("at", self.at), _positive("values", self.values)
        if not math.isfinite(checks.number("exponent", self.exponent)):
            raise checks.refusal("exponent", self.exponent, "a finite number")
        if self.shape is None or self.shape == ONES:
            shape = Shape([1.0] * len(at))
        elif callable(self.shape):
            shape = Shape(checks.positive("shape", float(self.shape(x))) for x in at)
        elif isinstance(self.shape, Shape):
            shape = self.shape
        else:
            raise checks.refusal("shape", type(self.shape).__name__, "a function of the parameter")
        if not len(at) == len(values) == len(shape):
            raise checks.refusal("values", f"{len(values)} for {len(at)} points", "one at each")
        if len(set(at)) < max(len(at), 3):
            raise checks.refusal("at", f"{len(set(at))} different values", "3 or more, no repeats")
        frozen = {"at": at, "values": values, "shape": shape, "within": self._enclosed(at)}
        for name, value in frozen.items():
            object.__setattr__(self, name, value)

    def _enclosed(self, at: tuple[float, ...]) -> Shape | None:
        """Return the enclosure at each point."""
        given, allowed = self.within, "two numbers 0 < c <= C, or a function that returns them"
        if given is None:
            if self.because:
                raise checks.refusal("within", None, f"an enclosure, because {self.because}")
            return None
        if not self.because:
            raise checks.refusal("because", "''", "what proves the enclosure")
        if isinstance(given, Shape):
            pairs = list(given)
        else:
            pairs = [given(x) for x in at] if callable(given) else [given] * len(at)
        if len(pairs) != len(at):
            raise checks.refusal("within", f"{len(pairs)} for {len(at)} points", "one at each")
        kept = []
        for pair in pairs:
            if len(checks.sequence("within", pair, allowed)) != 2:
                raise checks.refusal("within", f"{len(pair)} numbers", allowed)
            low, high = (checks.positive("within", checks.number("within", one)) for one in pair)
            if low > high:
                raise checks.refusal("within", f"{low:g} to {high:g}", allowed)
            kept.append((low, high))
        return Shape(kept)

    @property
    def range(self) -> float:
        """The largest value of the parameter over the least."""
        return max(self.at) / min(self.at)

    @property
    def ratios(self) -> tuple[float, ...]:
        """Value / (x^p g(x)) at each point."""
        columns = zip(self.at, self.values, self.shape, strict=True)
        return tuple(value / (x**self.exponent * g) for x, value, g in columns)

    @property
    def constants(self) -> tuple[float, float]:
        """The least and the largest of the ratios."""
        return min(self.ratios), max(self.ratios)

    @property
    def enclosure(self) -> tuple[float, float] | None:
        """The least c and the largest C over the points, None where nothing was proved."""
        if self.within is None:
            return None
        return min(low for low, _ in self.within), max(high for _, high in self.within)

    @property
    def powers(self) -> tuple[float, ...]:
        """The power of value / g between neighbours, as the parameter grows."""
        rows = sorted(zip(self.at, self.values, self.shape, strict=True))
        logs = [(math.log(x), math.log(value / g)) for x, value, g in rows]
        steps = pairwise(logs)
        return tuple((after[1] - now[1]) / (after[0] - now[0]) for now, after in steps)

    @property
    def missing(self) -> str:
        """What these points lack for a verdict, in words; empty if nothing."""
        if len(self.at) < LEAST_VALUES:
            return f"{len(self.at)} values of {self.parameter}, at least {LEAST_VALUES} are needed"
        if self.range < LEAST_RANGE * (1 - ROUNDING):
            return f"{self.parameter} varies by a factor {self.range:.3g}, at least 10 is needed"
        return ""

    @property
    def fits(self) -> bool:
        """Whether every ratio lies in its enclosure."""
        rows = zip(self.ratios, self.within or (), strict=self.within is not None)
        return self.within is not None and all(
            low * (1 - ROUNDING) <= ratio <= high * (1 + ROUNDING) for ratio, (low, high) in rows
        )


def _positive(name: str, given: object) -> tuple[float, ...]:
    """Return positive finite numbers as floats."""
    numbers = checks.sequence(name, given, "a list of three or more positive numbers")
    return tuple(checks.positive(name, checks.number(name, one)) for one in numbers)

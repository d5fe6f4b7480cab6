"""Orders of growth: does a quantity follow the power that O() names, over a decade and more?

The paper's O(d^p) hides a constant. What a run can show is that values at several sizes follow
C x^p g(x) with one constant C for all of them: ln(value / g) is fitted by a straight line in ln x,
and the power p is compared with the 95 % confidence interval of its slope.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import stats

from kktnotes import checks
from kktnotes.printing import Brief

LEAST_VALUES = 5
LEAST_RANGE = 10.0
MOST_ALLOWANCE = 0.02
ROUNDING = 1e-9
"""The interval is at least this wide on each side: exact values have no scatter to fit."""


class Shape(tuple):
    """A shape or an allowance at the points of an order, as a notebook stores it."""


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
    allowance : float or callable
        How far each value may be off by corrections that vanish in the limit, relatively, at most
        0.02: one number for all, or a function of the parameter alone, known before anything is
        measured. Exact medians scatter less than such corrections, and an interval that knows of
        scatter alone would take the correction for another power (`bare_interval` is that one).

    Examples
    --------
    >>> import kktnotes as kn
    >>> order = kn.Order(
    ...     parameter="k", at=[2, 4, 8], values=[0.7071, 0.5, 0.3536], exponent=-0.5
    ... )
    >>> order.fits, round(order.constant, 3)
    (True, 1.0)
    """

    parameter: str
    at: tuple[float, ...]
    values: tuple[float, ...]
    exponent: float
    shape: Shape = ONES
    allowance: float | Shape = 0.0

    if TYPE_CHECKING:  # what may come in; what is kept stands above

        def __init__(
            self,
            parameter: str,
            at: Sequence[float],
            values: Sequence[float],
            exponent: float,
            shape: Callable[[float], float] | Shape | None = None,
            allowance: float | Callable[[float], float] | Shape = 0.0,
        ) -> None: ...

    def __post_init__(self) -> None:
        """Check and freeze the numbers."""
        checks.instance("parameter", self.parameter, str, "a name")
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
        frozen = {"at": at, "values": values, "shape": shape, "allowance": self._allowed(at)}
        for name, value in frozen.items():
            object.__setattr__(self, name, value)

    def _allowed(self, at: tuple[float, ...]) -> float | Shape:
        """Return the allowance: one number, or one a point."""
        given = self.allowance
        if callable(given):
            given = Shape(float(given(x)) for x in at)
        elif isinstance(given, list | tuple) and not isinstance(given, Shape):
            raise checks.refusal("allowance", type(given).__name__, "a function of the parameter")
        if isinstance(given, Shape) and len(given) != len(at):
            raise checks.refusal("allowance", f"{len(given)} for {len(at)} points", "one at each")
        for one in given if isinstance(given, Shape) else (given,):
            if not 0 <= one <= MOST_ALLOWANCE:
                raise checks.refusal("allowance", one, f"0 to {MOST_ALLOWANCE}")
        return given

    @property
    def range(self) -> float:
        """The largest value of the parameter over the least."""
        return max(self.at) / min(self.at)

    @property
    def interval(self) -> tuple[float, float]:
        """The 95 % confidence interval of the slope of ln(value / g) in ln x (Student's t).

        Wider on each side by what corrections within the allowance can do to the slope.
        """
        x = np.log(self.at) - np.log(self.at).mean()
        levers = np.abs(x) / (x**2).sum()  # of each value on the slope
        wider = float((np.log1p(self.allowance) * levers).sum())
        low, high = self.bare_interval
        return low - wider, high + wider

    @property
    def bare_interval(self) -> tuple[float, float]:
        """The interval that scatter alone gives, without the allowance."""
        fit = stats.linregress(np.log(self.at), np.log(self.values) - np.log(self.shape))
        half = float(fit.stderr * stats.t.ppf(0.975, len(self.at) - 2)) + ROUNDING
        return float(fit.slope) - half, float(fit.slope) + half

    @property
    def constants(self) -> tuple[float, float]:
        """The least and the largest value / (x^p g(x)): the constant, were each fitted alone."""
        ratios = [
            value / (x**self.exponent * g)
            for x, value, g in zip(self.at, self.values, self.shape, strict=True)
        ]
        return min(ratios), max(ratios)

    @property
    def constant(self) -> float:
        """The one constant C of all points: the geometric mean of value / (x^p g(x))."""
        logs = np.log(self.values) - self.exponent * np.log(self.at) - np.log(self.shape)
        return math.exp(float(logs.mean()))

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
        """Whether the predicted power lies in the interval."""
        low, high = self.interval
        return low <= self.exponent <= high


def _positive(name: str, given: object) -> tuple[float, ...]:
    """Return positive finite numbers as floats."""
    numbers = checks.sequence(name, given, "a list of three or more positive numbers")
    return tuple(checks.positive(name, checks.number(name, one)) for one in numbers)

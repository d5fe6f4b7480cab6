"""The step length of a flow, first and next, its knobs, and the paper's clock."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from kktnotes.flow import chebyshev
from kktnotes.printing import Brief

LEAST_SPEED = 1e-30  # of ||dtheta / dtau||^2 over ||theta||^2: below is rounding
PIECES = 16
FIRST = 0.01  # of ||theta||, what the first step moves it by


@dataclass(frozen=True, repr=False, kw_only=True)
class Knobs(Brief):
    """The numeric knobs of `gradient_flow`, as documented there."""

    tolerance: float
    max_change: float
    max_steps: int
    max_log_time: float
    max_seconds: float | None
    give_up_log_time: float
    give_up_products: int
    stable_growth: float
    stable_from: float
    merge: float
    spacing: float


class Reading(NamedTuple):
    """The numbers that steer a flow, at one moment."""

    squares: float  # ||theta||^2 of the stepped neurons
    speed: float  # ||dtheta / dtau||^2
    log_mean_slope: float  # ln mean(-l')
    bend: float  # d ln mean(-l') / dtau
    log_loss: float  # ln L
    least_margin: float
    soft_margin: float
    stiffness: float
    seen: float  # weight p of the points at which some stepped neuron is active


class StepControl:
    """The step length of one flow, from the method's error estimate.

    Per step, the l2 error of theta may be `tolerance` of ||theta||, and the error of the margins,
    root mean square under the weights p, a hundred tolerances: late in the flow a margin that is
    off by 1 changes its weight by a factor e, however small 1 is beside the margin.
    """

    def __init__(self, knobs: Knobs, now: Reading) -> None:
        """Take the knobs and a first reading: the first step moves theta by FIRST of its norm."""
        still = now.speed == 0
        self.knobs = knobs
        self.length = 0.0 if still else FIRST * math.sqrt(now.squares / now.speed)
        self.steps = self.rejected = self.products = 0

    def plan(self, now: Reading, norm: float, most_stages: int) -> tuple[float, int]:
        """Return the length of the next step and the stages that make it stable."""
        # Forces that cancel leave a speed of rounding size, of either sign.
        speed = max(now.speed, LEAST_SPEED * now.squares)
        stiffness = now.stiffness + 2 * math.sqrt(speed / now.squares)
        self.length = min(
            self.length,
            self.knobs.max_change * norm / math.sqrt(speed),
            chebyshev.reach_of(most_stages) / stiffness,
        )
        return self.length, chebyshev.stages_for(self.length * stiffness, most_stages)

    def judge(self, error: float, margin_error: float, norm: float, stages: int) -> bool:
        """Return whether the step just tried is good enough, and set the next length."""
        self.products += stages
        allowed = self.knobs.tolerance
        ratio = max(error / (allowed * norm), margin_error / (100 * allowed), 1e-4)
        if not math.isfinite(ratio):
            ratio = 1e3
        self.length *= min(2.0, max(0.2, 0.8 * ratio ** (-1 / 3)))  # the method has order 2
        if ratio <= 1:
            self.steps += 1
            return True
        self.rejected += 1
        return False


def log_elapsed(length: float, old: Reading, new: Reading) -> float:
    """Return ln of the time t that a step takes, the integral of dtau / mean(-l').

    ln(1 / mean(-l')) is taken as the cubic through both ends and their slopes, and as linear
    on each of 16 pieces, where the integral is known.
    """
    if length <= 0:
        return -math.inf
    u = np.linspace(0.0, 1.0, PIECES + 1)
    first, last = -old.log_mean_slope, -new.log_mean_slope
    first_rise, last_rise = -old.bend * length, -new.bend * length
    cubic = (
        first * (1 + 2 * u) * (1 - u) ** 2
        + first_rise * u * (1 - u) ** 2
        + last * u**2 * (3 - 2 * u)
        + last_rise * u**2 * (u - 1)
    )
    rise = np.abs(np.diff(cubic))
    high = np.maximum(cubic[1:], cubic[:-1])
    safe = np.where(rise > 1e-8, rise, 1.0)
    mean = np.where(rise > 1e-8, np.log(-np.expm1(-safe) / safe), -rise / 2)
    return math.log(length / PIECES) + float(np.logaddexp.reduce(high + mean))

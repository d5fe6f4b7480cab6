"""The steering of one flow: its step size, its two clocks, its snapshots and its end."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch

from kktnotes.flow import chebyshev
from kktnotes.flow.losses import Loss
from kktnotes.flow.neurons import Neurons
from kktnotes.flow.result import Health, Snapshot, Status


@dataclass(frozen=True)
class Knobs:
    """The numeric knobs of `gradient_flow`, as documented there."""

    tolerance: float
    max_change: float
    max_steps: int
    max_log_time: float
    max_seconds: float | None
    give_up_log_time: float
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


class Track:
    """One flow of a batch."""

    def __init__(
        self,
        neurons: Neurons,
        points: torch.Tensor,
        loss: Loss,
        knobs: Knobs,
        output: torch.Tensor,
        squares: torch.Tensor,
    ) -> None:
        """Take the neurons, x~ (n, q), and v (m,) and ||w~||^2 (m,) at the start."""
        self.neurons, self.points, self.loss, self.knobs = neurons, points, loss, knobs
        self.gap = squares - output.square()  # conserved
        self.tau, self.log_time, self.status = 0.0, -math.inf, None
        self.steps = self.rejected = self.products = self.since_tended = 0
        self.balance_drift = self.preactivation_drift = self.margin_decrease = 0.0
        self.best_soft, self.path = -math.inf, 0.0
        self.resting = neurons.apart.square().sum().item()  # of ||theta||^2, and does not move
        self.separated: tuple[float, float] | None = None
        self.pattern, self.pattern_log_time = None, 0.0
        self.history: list[tuple[float, ...]] = []
        self.snapshots: list[Snapshot] = []

    @property
    def live_count(self) -> int:
        """The number of stepped neurons."""
        return len(self.neurons.base)

    def begin(self, reading: Reading, row: tuple[torch.Tensor, ...]) -> None:
        """Start from the first reading."""
        self.reading = reading
        ratio = math.sqrt(reading.squares / reading.speed) if reading.speed > 0 else 0.0
        self.length = 0.01 * ratio
        self.snap(row)
        if reading.speed == 0:
            self.end("dead", row)

    def plan(self, most: int) -> tuple[float, int]:
        """Return the length of the next step and its stages."""
        now = self.reading
        cap = self.knobs.max_change * math.sqrt((now.squares + self.resting) / now.speed)
        stiffness = now.stiffness + 2 * math.sqrt(now.speed / now.squares)
        self.length = min(self.length, cap, chebyshev.reach_of(most) / stiffness)
        return self.length, chebyshev.stages_for(self.length * stiffness, most)

    def judge(
        self, error: float, margin_error: float, length: float, stages: int, new: Reading
    ) -> bool:
        """Return whether the step is good enough, and set the length of the next."""
        self.products += stages
        norm = math.sqrt(max(new.squares, self.reading.squares))
        allowed = self.knobs.tolerance
        ratio = max(error / (allowed * norm), margin_error / (100 * allowed), 1e-4)
        if not math.isfinite(ratio):
            ratio = 1e3
        self.length = length * min(2.0, max(0.2, 0.8 * ratio ** (-1 / 3)))
        if ratio <= 1:
            return True
        self.rejected += 1
        if length < 1e-14 * max(self.tau, 1e-300):
            self.status = "budget"
        return False

    def after(self, length: float, new: Reading, row: tuple[torch.Tensor, ...]) -> None:
        """Book an accepted step."""
        old, self.reading = self.reading, new
        self.steps += 1
        self.since_tended += 1
        self.tau += length
        self.log_time = float(np.logaddexp(self.log_time, _log_elapsed(length, old, new)))
        self.path += length * math.sqrt(new.speed / new.squares)
        squares = new.squares + self.resting
        soft = new.soft_margin / squares
        if self.separated is None and new.log_loss < -math.log(self.points.shape[0]):
            self.separated = self._crossing(length, old, new)
            self.snap(row)
        if self.separated is not None:
            if soft < self.best_soft:
                self.margin_decrease = max(self.margin_decrease, self.best_soft - soft)
            self.best_soft = max(self.best_soft, soft)
        self.history.append(
            (
                self.tau,
                self.log_time,
                new.log_loss,
                math.sqrt(squares),
                new.least_margin / squares,
                soft,
            )
        )
        if self.path >= self.knobs.spacing:
            self.snap(row)
        self._check_budget()

    def _crossing(self, length: float, old: Reading, new: Reading) -> tuple[float, float]:
        """Return tau and ln t where ln L crossed -ln n, linear in between."""
        level = -math.log(self.points.shape[0])
        part = min(1.0, max(0.0, (level - old.log_loss) / (new.log_loss - old.log_loss)))
        slope = old.log_mean_slope + part * (new.log_mean_slope - old.log_mean_slope)
        before = self.history[-1][1] if self.history else -math.inf
        middle = old._replace(log_mean_slope=slope)
        elapsed = _log_elapsed(max(part, 1e-12) * length, old, middle)
        return self.tau - (1 - part) * length, float(np.logaddexp(before, elapsed))

    def _check_budget(self) -> None:
        knobs = self.knobs
        limit = knobs.max_log_time if self.separated is not None else knobs.give_up_log_time
        if self.steps >= knobs.max_steps or self.log_time >= limit:
            self.status = "budget"

    def due(self, every: int) -> bool:
        """Return whether it is time to recompute h, to merge and to look for the dead."""
        return self.status is None and self.since_tended >= every

    def regroup(self, mix: torch.Tensor, squares: torch.Tensor, output: torch.Tensor) -> None:
        """Follow a change of the stepped neurons: new row = `mix` (P', P) times the old rows."""
        self._measure_balance(squares, output)
        gone = mix.sum(0) == 0
        self.resting += (squares + output.square())[gone].sum().item()
        self.gap = (mix != 0).to(mix.dtype) @ self.gap

    def _measure_balance(self, squares: torch.Tensor, output: torch.Tensor) -> None:
        if len(squares):
            drift = (squares - output.square() - self.gap).abs().max()
            scale = (squares + output.square()).max()
            self.balance_drift = max(self.balance_drift, (drift / scale).item())

    def tended(self, row: tuple[torch.Tensor, ...]) -> None:
        """Look at the pattern of same-label pairs: has it been the same for long?"""
        self.since_tended = 0
        count = self.live_count
        if count == 0:
            self.end("dead", row)
            return
        _, pre, output, _ = row
        signs = output[:count].sign()
        same = (pre[:count] > 0) & (signs[:, None] == self.labels)
        pattern = torch.cat([same, (signs > 0)[:, None]], 1).unique(dim=0)
        if self.pattern is None or not torch.equal(pattern, self.pattern):
            self.pattern, self.pattern_log_time = pattern, self.log_time
        since = max(self.pattern_log_time, self.knobs.stable_from)
        if self.separated is not None and self.log_time >= self.knobs.stable_growth * since:
            self.status = "stable"

    @property
    def labels(self) -> torch.Tensor:
        """The labels (n,), set by the caller."""
        return self._labels

    @labels.setter
    def labels(self, value: torch.Tensor) -> None:
        self._labels = value

    def snap(self, row: tuple[torch.Tensor, ...]) -> None:
        """Keep this moment."""
        change, _, output, margins = row
        count, self.path = self.live_count, 0.0
        self.snapshots.append(
            Snapshot(
                self.tau,
                self.log_time,
                self.reading.log_loss,
                math.sqrt(self.reading.squares + self.resting),
                margins.clone(),
                self.reading.soft_margin / (self.reading.squares + self.resting),
                self.neurons,
                change[:count].clone(),
                output[:count].clone(),
                self.points,
            )
        )

    def end(self, why: str, row: tuple[torch.Tensor, ...]) -> None:
        """Close the flow: last snapshot and status."""
        why = (
            self.status if isinstance(self.status, str) and why == "budget" and self.status else why
        )
        if self.snapshots[-1].tau < self.tau:
            self.snap(row)
        self.status = {
            "stable": Status.STABLE,
            "interrupted": Status.INTERRUPTED,
            "dead": Status.DEAD,
        }.get(why, Status.BUDGET if self.separated is not None else Status.NOT_SEPARATED)

    def health(self) -> Health:
        """Return the integrator's errors."""
        return Health(
            self.balance_drift,
            self.preactivation_drift,
            self.margin_decrease / self.best_soft if self.best_soft > 0 else 0.0,
            self.steps,
            self.rejected,
            self.products,
        )


def _log_elapsed(length: float, old: Reading, new: Reading) -> float:
    """Return ln of the time t that a step takes, the integral of dtau / mean(-l').

    ln(1 / mean(-l')) is taken as the cubic through both ends and their slopes, and as linear
    on each of 16 pieces, where the integral is known.
    """
    if length <= 0:
        return -math.inf
    u = np.linspace(0.0, 1.0, 17)
    g0, g1 = -old.log_mean_slope, -new.log_mean_slope
    s0, s1 = -old.bend * length, -new.bend * length
    cubic = (
        g0 * (1 + 2 * u) * (1 - u) ** 2
        + s0 * u * (1 - u) ** 2
        + g1 * u**2 * (3 - 2 * u)
        + s1 * u**2 * (u - 1)
    )
    rise = np.abs(np.diff(cubic))
    high = np.maximum(cubic[1:], cubic[:-1])
    safe = np.where(rise > 1e-8, rise, 1.0)
    mean = np.where(rise > 1e-8, np.log(-np.expm1(-safe) / safe), -rise / 2)
    return math.log(length / 16) + float(np.logaddexp.reduce(high + mean))

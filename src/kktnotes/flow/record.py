"""The record of one flow: its two clocks, history and snapshots, and how it ends."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import torch

from kktnotes.flow.neurons import Neurons
from kktnotes.flow.result import Health, Snapshot, Status
from kktnotes.flow.row_mix import RowMix
from kktnotes.flow.step_length import Knobs, Reading, StepControl, log_elapsed
from kktnotes.printing import brief, shown

UNSEEN = 0.01  # give up when points that no neuron is active at carry all but this of the weight


class FlowState(NamedTuple):
    """The state of one flow of a batch, padded neurons included."""

    change: torch.Tensor  # c (m, n)
    pre: torch.Tensor  # h (m, n)
    output: torch.Tensor  # v (m,)
    squares: torch.Tensor  # ||w~_j||^2 in the span of the data (m,)
    margins: torch.Tensor  # q (n,)

    def __repr__(self) -> str:
        """Return the sizes in one line."""
        return brief(self, *(f"{name}={shown(value)}" for name, value in self._asdict().items()))


class Track:
    """One flow of a batch, on its way."""

    def __init__(
        self,
        neurons: Neurons,
        points: torch.Tensor,
        labels: torch.Tensor,
        knobs: Knobs,
        reading: Reading,
        row: FlowState,
    ) -> None:
        """Start with these neurons, data x~ (n, q) and y (n,), first reading and state."""
        self.neurons, self.points, self.labels, self.knobs = neurons, points, labels, knobs
        self.level = -math.log(len(labels))  # ln L = ln(1/n)
        self.apart = neurons.apart.square().sum().item()  # part of ||theta||^2 that is still
        self.gap = row.squares - row.output.square()  # conserved
        self.tau, self.log_time = 0.0, -math.inf
        self.status: Status | None = None
        self.balance_drift = self.preactivation_drift = self.margin_decrease = 0.0
        self.best_soft, self.path, self.since_cleaned = -math.inf, 0.0, 0
        self.separated: tuple[float, float] | None = None
        self.pattern, self.pattern_log_time = None, 0.0
        self.history: list[tuple[float, ...]] = []
        self.snapshots: list[Snapshot] = []
        self.reading = reading
        still = reading.speed == 0
        self.control = StepControl(knobs, reading)
        self.snap(row)
        if still:
            self.status = Status.DEAD

    @property
    def live_count(self) -> int:
        """The number of stepped neurons."""
        return len(self.neurons.base)

    @property
    def norm(self) -> float:
        """||theta|| of all neurons."""
        return math.sqrt(self.reading.squares + self.apart)

    def accept(self, length: float, new: Reading, row: FlowState) -> None:
        """Book a step."""
        if not (new.squares > 0 and new.speed >= 0):
            self.status = self._out_of_budget()  # weights that cancelled to rounding
            return
        old, self.reading = self.reading, new
        before = self.log_time
        self.since_cleaned += 1
        self.tau += length
        self.log_time = float(np.logaddexp(before, log_elapsed(length, old, new)))
        self.path += length * math.sqrt(new.speed) / self.norm
        soft = new.soft_margin / self.norm**2
        if self.separated is None and new.log_loss < self.level:
            self.separated = self._crossing(length, old, new, before)
            self.snap(row)
        if self.separated is not None:
            self.margin_decrease = max(self.margin_decrease, self.best_soft - soft)
            self.best_soft = max(self.best_soft, soft)
        margin = new.least_margin / self.norm**2
        self.history.append((self.tau, self.log_time, new.log_loss, self.norm, margin, soft))
        if self.path >= self.knobs.spacing:
            self.snap(row)
        limit = self.knobs.max_log_time if self.separated else self.knobs.give_up_log_time
        spent = self.control.products >= self.knobs.give_up_products
        if self.separated is None and (spent or new.seen < UNSEEN):
            self.status = Status.NOT_SEPARATED
        if self.control.steps >= self.knobs.max_steps or self.log_time >= limit:
            self.status = self._out_of_budget()

    def _crossing(
        self, length: float, old: Reading, new: Reading, before: float
    ) -> tuple[float, float]:
        """Return tau and ln t where ln L crossed -ln n, taken as linear over the step."""
        part = (self.level - old.log_loss) / (new.log_loss - old.log_loss)
        part = min(1.0, max(1e-12, part))  # at the start, L < 1/n may hold already
        there = old._replace(
            log_mean_slope=old.log_mean_slope + part * (new.log_mean_slope - old.log_mean_slope)
        )
        elapsed = log_elapsed(part * length, old, there)
        return self.tau - (1 - part) * length, float(np.logaddexp(before, elapsed))

    def _out_of_budget(self) -> Status:
        return Status.NOT_SEPARATED if self.separated is None else Status.BUDGET

    def check_underflow(self, length: float) -> None:
        """End a flow whose step is too short to move tau."""
        if self.tau + length == self.tau and self.control.rejected > 50:
            self.status = self._out_of_budget()

    def regroup(self, mix: RowMix, row: FlowState) -> None:
        """Follow a change of the stepped neurons, whose rows go to `mix` of the old rows."""
        count = len(mix.target)
        self.measure_balance(row, count)
        self.apart += (row.squares + row.output.square())[:count][mix.dropped].sum().item()
        self.gap = mix.sums(self.gap)

    def measure_balance(self, row: FlowState, count: int) -> None:
        """Compare ||w~_j||^2 - v_j^2 with its value at the start."""
        if count:
            squares, outputs = row.squares[:count], row.output[:count].square()
            drift = (squares - outputs - self.gap[:count]).abs().max() / (squares + outputs).max()
            self.balance_drift = max(self.balance_drift, drift.item())

    def tended(self, reading: Reading, row: FlowState) -> None:
        """Look at the pattern of same-label pairs: has it been the same for long?"""
        self.since_cleaned = 0
        if not (reading.squares > 0 and reading.speed >= 0):
            self.status = self._out_of_budget()
            return
        self.reading = reading
        count = self.live_count
        if count == 0:
            self.status = Status.DEAD if self.separated is None else Status.BUDGET
            return
        signs = row.output[:count].sign()
        same = (row.pre[:count] > 0) & (signs[:, None] == self.labels)
        pattern = torch.cat([same, (signs > 0)[:, None]], 1).unique(dim=0)
        if self.pattern is None or not torch.equal(pattern, self.pattern):
            self.pattern, self.pattern_log_time = pattern, self.log_time
        since = max(self.pattern_log_time, self.knobs.stable_from)
        if self.separated is not None and self.log_time >= self.knobs.stable_growth * since:
            self.status = Status.STABLE

    def snap(self, row: FlowState) -> None:
        """Keep this moment."""
        count, self.path = self.live_count, 0.0
        self.snapshots.append(
            Snapshot(
                tau=self.tau,
                log_time=self.log_time,
                log_loss=self.reading.log_loss,
                norm=self.norm,
                margins=row.margins.clone(),
                smoothed_margin=self.reading.soft_margin / self.norm**2,
                neurons=self.neurons,
                change=row.change[:count].clone(),
                output=row.output[:count].clone(),
                points=self.points,
            )
        )

    def end(self, row: FlowState) -> None:
        """Close the flow: last snapshot and status (out of budget unless set)."""
        self.measure_balance(row, self.live_count)
        if self.snapshots[-1].tau < self.tau:
            self.snap(row)
        self.status = self.status or self._out_of_budget()

    def health(self) -> Health:
        """Return the integrator's errors."""
        fall = self.margin_decrease / self.best_soft if self.best_soft > 0 else 0.0
        control = self.control
        return Health(
            balance_drift=self.balance_drift,
            preactivation_drift=self.preactivation_drift,
            margin_decrease=fall,
            steps=control.steps,
            rejected=control.rejected,
            products=control.products,
        )

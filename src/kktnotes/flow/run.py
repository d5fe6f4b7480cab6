"""Following the flow: adaptive Chebyshev steps, a batch of flows in lockstep."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace

import torch
from tqdm import tqdm

from kktnotes.flow import chebyshev
from kktnotes.flow.field import Field, Slope
from kktnotes.flow.neurons import Neurons
from kktnotes.flow.record import Knobs, Reading, Track
from kktnotes.flow.sliding import Kinks, padded, updated

MOST_STAGES = 250
CHECK_EVERY = 10  # steps between recomputing h, merging and looking for the dead


@dataclass
class State:
    """The flows' state after an accepted step; leading axis is the batch."""

    change: torch.Tensor  # c (B, m, n)
    pre: torch.Tensor  # h (B, m, n)
    output: torch.Tensor  # v (B, m)
    squares: torch.Tensor  # ||w~_j||^2 (B, m)
    slope: Slope
    speed: torch.Tensor  # dh / dtau (B, m, n)
    margin_speed: torch.Tensor  # dq / dtau (B, n)


class Run:
    """A batch of flows on its way; `follow` takes it to its end."""

    def __init__(
        self,
        field: Field,
        first: torch.Tensor,
        output: torch.Tensor,
        neurons: list[Neurons],
        points: torch.Tensor,
        knobs: Knobs,
        progress: bool | None,
    ) -> None:
        """Take h(0) (B, m, n), v (B, m), each flow's neurons and points x~ (B, n, q)."""
        self.field, self.first, self.knobs = field, first, knobs
        self.began, self.progress = time.monotonic(), progress
        self.kinks: Kinks | None = None
        self.pull = torch.zeros_like(output[:, 0])
        self.allocate()
        squares = torch.stack([group.base.square().sum(-1) for group in neurons])
        self.state = self.evaluated(torch.zeros_like(first), first.clone(), output, squares)
        self.tracks = [
            Track(neurons[b], points[b], field.loss, knobs, output[b], squares[b])
            for b in range(len(output))
        ]
        self.here = list(range(len(self.tracks)))  # which flow each batch row is
        for b, reading in enumerate(self.readings(self.state)):
            self.tracks[b].begin(reading, self.row(b))

    def allocate(self) -> None:
        """Make the step's work arrays for the present number of flows and neurons."""
        self.buffers = [torch.empty_like(self.first) for _ in range(6)]

    def evaluated(
        self, change: torch.Tensor, pre: torch.Tensor, output: torch.Tensor, squares: torch.Tensor
    ) -> State:
        """Return the state with its slope and speeds."""
        slope = self.field.slope(pre, output, torch.empty_like(pre), self.kinks, self.pull)
        speed = self.field.times_gram(slope.change)
        margin_speed = self.field.margin_speed(pre, output, slope, speed, self.buffers[0])
        return State(change, pre, output, squares, slope, speed, margin_speed)

    def row(self, b: int) -> tuple[torch.Tensor, ...]:
        """Return c, h, v and q of one flow."""
        state = self.state
        return state.change[b], state.pre[b], state.output[b], state.slope.margins[b]

    def readings(self, state: State) -> list[Reading]:
        """Return the numbers that steer each flow, fetched at once."""
        slope, loss = state.slope, self.field.loss
        speed = (slope.change * state.speed).sum((1, 2)) + slope.output.square().sum(-1)
        bend = -(slope.weights * loss.bend(slope.margins) * state.margin_speed).sum(-1)
        squares = (state.squares + state.output.square()).sum(-1)
        table = torch.stack(
            [
                squares,
                speed.clamp(min=0),
                slope.log_mean_slope,
                bend,
                loss.log_mean(slope.margins),
                slope.margins.amin(-1),
                loss.soft_margin(slope.margins),
                self.field.stiffness(state.pre, state.output, slope),
            ]
        )
        return [Reading(*column) for column in table.T.tolist()]

    def follow(self) -> list[Track]:
        """Step until every flow has ended; an interrupt ends them where they are."""
        bar = tqdm(
            total=self.knobs.max_steps,
            desc="gradient flow",
            unit="step",
            delay=5.0,
            leave=False,
            disable=None if self.progress is None else not self.progress,
        )
        try:
            while self.here:
                self.attempt()
                self.close_ended()
                bar.update()
        except KeyboardInterrupt:
            for b, which in enumerate(self.here):
                self.tracks[which].end("interrupted", self.row(b))
        finally:
            bar.close()
        return self.tracks

    def attempt(self) -> None:
        """Try one step of every flow and take it where its error is small enough."""
        state, field = self.state, self.field
        tracks = [self.tracks[which] for which in self.here]
        plans = [track.plan(MOST_STAGES) for track in tracks]
        lengths, stages = [plan[0] for plan in plans], [plan[1] for plan in plans]
        self.pull = state.output.new_tensor([0.5 / length for length in lengths])
        moved, moved_output, pre = chebyshev.step(
            field,
            state.pre,
            state.output,
            state.slope,
            state.speed,
            lengths,
            stages,
            self.buffers[:4],
            self.kinks,
            self.pull,
        )
        output = state.output + moved_output
        slope = field.slope(pre, output, torch.empty_like(pre), self.kinks, self.pull)
        speed = field.times_gram(slope.change)
        work, other = self.buffers[4:]
        margin_speed = field.margin_speed(pre, output, slope, speed, work)
        torch.add(state.pre, pre, out=work)
        squares = state.squares + work.mul_(moved).sum(-1)  # ||w + d||^2 - ||w||^2 = d.(h + h')
        # error estimate of the method: 0.4 dt (F + F') - 0.8 (change), in theta and in q
        dt = torch.tensor(lengths, dtype=pre.dtype, device=pre.device)
        torch.add(state.speed, speed, out=work).mul_(0.4 * dt[:, None, None])
        work.add_(state.pre, alpha=0.8).sub_(pre, alpha=0.8)
        torch.add(state.slope.change, slope.change, out=other).mul_(0.4 * dt[:, None, None])
        error = other.sub_(moved, alpha=0.8).mul_(work).sum((1, 2)).clamp(min=0)
        error += (
            (0.4 * dt[:, None] * (state.slope.output + slope.output) - 0.8 * moved_output)
            .square()
            .sum(-1)
        )
        margin_error = 0.4 * dt[:, None] * (state.margin_speed + margin_speed) - 0.8 * (
            slope.margins - state.slope.margins
        )
        weights = torch.maximum(slope.weights, state.slope.weights)
        margin_error = (weights * margin_error.square()).sum(-1)
        new = State(state.change + moved, pre.clone(), output, squares, slope, speed, margin_speed)
        errors = torch.stack([error.sqrt(), margin_error.sqrt()]).T.tolist()
        readings = self.readings(new)
        taken = [
            track.judge(*error, length, count, reading)
            for track, error, length, count, reading in zip(
                tracks, errors, lengths, stages, readings, strict=True
            )
        ]
        self.state = new if all(taken) else self.chosen(taken, new, state)
        if any(taken):
            self.catch(state.pre, torch.tensor(taken, device=output.device))
        for b, track in enumerate(tracks):
            if taken[b]:
                track.after(lengths[b], readings[b], self.row(b))
        self.tend([b for b, track in enumerate(tracks) if track.due(CHECK_EVERY)])

    def catch(self, before: torch.Tensor, taken: torch.Tensor) -> None:
        """Hold the pairs that have come to slide on their kinks and let go those that leave."""
        state = self.state
        held = updated(
            self.kinks, self.field, before, state.pre, state.output, state.slope, state.speed, taken
        )
        if held is None:
            return
        touched = held.any(1) if self.kinks is None else (held | self.kinks.held).any(1)
        self.kinks = Kinks(held, self.field) if bool(held.any()) else None
        slope = self.field.slope(
            state.pre, state.output, torch.empty_like(state.pre), self.kinks, self.pull
        )
        # dc/dtau differs at the touched points only: no full product for dh/dtau
        points, real = padded(touched)
        difference = torch.sub(slope.change, state.slope.change, out=self.buffers[0])
        index = points[:, None, :].expand(-1, difference.shape[1], -1)
        moved = difference.gather(2, index) * real[:, None, :]
        speed = state.speed + moved @ self.field.columns(points).mT
        margin_speed = self.field.margin_speed(
            state.pre, state.output, slope, speed, self.buffers[0]
        )
        self.state = replace(state, slope=slope, speed=speed, margin_speed=margin_speed)

    @staticmethod
    def chosen(taken: list[bool], new: State, old: State) -> State:
        """Return the new state of the flows whose step was taken, the old one of the others."""
        if not any(taken):
            return old
        mask = torch.tensor(taken, device=old.output.device)

        def pick(one: torch.Tensor, two: torch.Tensor) -> torch.Tensor:
            return torch.where(mask.view(-1, *[1] * (one.ndim - 1)), one, two)

        slope = Slope(
            *(pick(*pair) for pair in zip(_values(new.slope), _values(old.slope), strict=True))
        )
        fields = ("change", "pre", "output", "squares")
        parts = [pick(getattr(new, name), getattr(old, name)) for name in fields]
        return State(
            *parts, slope, pick(new.speed, old.speed), pick(new.margin_speed, old.margin_speed)
        )

    def tend(self, rows: list[int]) -> None:
        """Recompute h from c, merge and set aside in the flows of these rows."""
        if not rows:
            return
        state = self.state
        pre = state.pre.clone()
        exact = self.first[rows] + self.field[rows].times_gram(state.change[rows])
        drift = (exact - pre[rows]).abs().amax((1, 2)) / exact.abs().amax((1, 2)).clamp(min=1e-300)
        pre[rows] = exact
        mixes, outputs = [None] * len(self.here), list(state.output)
        for b, worst in zip(rows, drift.tolist(), strict=True):
            track = self.tracks[self.here[b]]
            track.preactivation_drift = max(track.preactivation_drift, worst)
            count = track.live_count
            result = track.neurons.reduced(
                track.points,
                state.change[b, :count],
                self.first[b, :count],
                pre[b, :count],
                state.output[b, :count],
                None if self.kinks is None else self.kinks.held[b, :count],
                self.field.labels[b],
                self.knobs.merge,
            )
            if result is not None:
                track.neurons, mixes[b], outputs[b] = result
                track.regroup(mixes[b], state.squares[b, :count], state.output[b, :count])
        change, squares = state.change, state.squares
        output = state.output
        if any(mix is not None for mix in mixes):
            wide = max(1, max(self.tracks[which].live_count for which in self.here))
            mixer = output.new_zeros(len(self.here), wide, output.shape[1])
            output = output.new_zeros(len(self.here), wide)
            for b, which in enumerate(self.here):
                count = self.tracks[which].live_count
                mixer[b, :count] = torch.eye(count, mixer.shape[2], device=output.device)
                if mixes[b] is not None:
                    mixer[b, :count] = 0.0
                    mixer[b, :count, : mixes[b].shape[1]] = mixes[b]
                output[b, :count] = outputs[b][:count]
            change, pre, self.first = mixer @ change, mixer @ pre, mixer @ self.first
            self.allocate()
            squares = self.squares_of(change, pre)
            if self.kinks is not None:
                held = (mixer != 0).to(pre.dtype) @ self.kinks.held.to(pre.dtype) > 0
                self.kinks = Kinks(held, self.field) if bool(held.any()) else None
        self.state = self.evaluated(change, pre, output, squares)
        for b in rows:
            self.tracks[self.here[b]].tended(self.row(b))

    def squares_of(self, change: torch.Tensor, pre: torch.Tensor) -> torch.Tensor:
        """Return ||w~_j||^2 = ||base_j||^2 + sum_i c_ji (h_ji(0) + h_ji), shape (B, m)."""
        squares = (change * (self.first + pre)).sum(-1)
        for b, which in enumerate(self.here):
            base = self.tracks[which].neurons.base
            squares[b, : len(base)] += base.square().sum(-1)
        return squares

    def close_ended(self) -> None:
        """Take the flows that have ended out of the batch."""
        late = self.knobs.max_seconds is not None and (
            time.monotonic() - self.began > self.knobs.max_seconds
        )
        ended = [self.tracks[which].status is not None or late for which in self.here]
        if not any(ended):
            return
        for b, which in enumerate(self.here):
            if ended[b]:
                self.tracks[which].end("budget", self.row(b))
        keep = [b for b, gone in enumerate(ended) if not gone]
        self.here = [self.here[b] for b in keep]
        if keep:
            state = self.state
            self.field, self.first = self.field[keep], self.first[keep]
            self.state = State(
                *(getattr(state, name)[keep] for name in ("change", "pre", "output", "squares")),
                Slope(*(value[keep] for value in _values(state.slope))),
                state.speed[keep],
                state.margin_speed[keep],
            )
            self.pull = self.pull[keep]
            if self.kinks is not None:
                held = self.kinks.held[keep]
                self.kinks = Kinks(held, self.field) if bool(held.any()) else None
            self.allocate()


def _values(slope: Slope) -> list[torch.Tensor]:
    """Return the fields of a slope in order."""
    return [slope.margins, slope.weights, slope.log_mean_slope, slope.change, slope.output]

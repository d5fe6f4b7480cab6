"""A batch of flows in lockstep: steps, kinks, merging, and leaving the batch at the end."""

from __future__ import annotations

import time
from collections.abc import Callable

import torch

from kktnotes.flow.catching import held_after
from kktnotes.flow.field import Field
from kktnotes.flow.neurons import Neurons
from kktnotes.flow.record import FlowState, Track
from kktnotes.flow.result import Status
from kktnotes.flow.row_mix import RowMix
from kktnotes.flow.sliding import Kinks
from kktnotes.flow.step_length import Knobs
from kktnotes.flow.stepping import State, attempt
from kktnotes.progress import bar as progress_bar

MOST_STAGES = 250
CHECK_EVERY = 10  # steps between recomputing h, merging and looking for the dead


class Run:
    """A batch of flows on its way; `follow` takes it to its end."""

    def __init__(
        self,
        field: Field,
        first: torch.Tensor,
        output: torch.Tensor,
        neurons: list[Neurons],
        knobs: Knobs,
        progress: bool | None,
    ) -> None:
        """Take h(0) (B, m, n), v (B, m) and each flow's neurons."""
        self.field, self.first, self.knobs, self.progress = field, first, knobs, progress
        self.began = time.monotonic()
        self.kinks: Kinks | None = None
        self.pull = torch.zeros_like(output[:, 0])
        self.allocate()
        squares = torch.stack([group.base.square().sum(-1) for group in neurons])
        self.state = State.at(field, torch.zeros_like(first), first, output, squares)
        self.here = list(range(len(output)))  # which flow each batch row is
        readings = self.state.readings(field)
        self.tracks = [
            Track(neurons[b], field.factor[b], field.labels[b], knobs, readings[b], self.row(b))
            for b in self.here
        ]

    def allocate(self) -> None:
        """Make the step's work arrays for the present number of flows and neurons."""
        self.buffers = [torch.empty_like(self.first) for _ in range(6)]

    def row(self, b: int) -> FlowState:
        """Return the state of one flow."""
        state = self.state
        return FlowState(
            state.change[b], state.pre[b], state.output[b], state.squares[b], state.slope.margins[b]
        )

    def follow(self) -> list[Track]:
        """Step until every flow has ended; an interrupt ends them at their last snapshot."""
        most = self.knobs.max_steps
        bar = progress_bar("gradient flow", most, unit="step", progress=self.progress)
        try:
            self.close_ended()
            while self.here:
                self.step()
                self.close_ended()
                bar.update()
        except KeyboardInterrupt:  # the state may be half changed: the snapshots are whole
            for which in self.here:
                self.tracks[which].status = Status.INTERRUPTED
        finally:
            bar.close()
        return self.tracks

    def step(self) -> None:
        """Try one step of every flow and take it where its error is small enough."""
        tracks = [self.tracks[which] for which in self.here]
        plans = [track.control.plan(track.reading, track.norm, MOST_STAGES) for track in tracks]
        lengths, stages = [plan[0] for plan in plans], [plan[1] for plan in plans]
        before = self.state
        pull = before.output.new_tensor([0.5 / length for length in lengths])
        new, errors = attempt(self.field, before, lengths, stages, self.kinks, pull, self.buffers)
        taken = []
        for track, error, count, length in zip(tracks, errors, stages, lengths, strict=True):
            size, margin = error
            taken.append(track.control.judge(size, margin, track.norm, count))
            track.check_underflow(length)
        if not any(taken):
            return
        mask = torch.tensor(taken, device=before.output.device)
        self.state = new if all(taken) else new.where(mask, before)
        self.pull = torch.where(mask, pull, self.pull)
        self.update_kinks(before.pre, mask)
        readings = self.state.readings(self.field, self.kinks)
        for b, track in enumerate(tracks):
            if taken[b]:
                track.accept(lengths[b], readings[b], self.row(b))
        self.clean_up([b for b, track in enumerate(tracks) if track.since_cleaned >= CHECK_EVERY])

    def update_kinks(self, before: torch.Tensor, taken: torch.Tensor) -> None:
        """Hold the pairs that have come to slide on their kinks and let go those that leave."""
        state = self.state
        held = held_after(
            self.kinks, self.field, before, state.pre, state.output, state.slope, state.speed, taken
        )
        if held is not None:
            touched = held.any(1) if self.kinks is None else (held | self.kinks.held).any(1)
            self.hold(held)
            self.state = state.with_kinks(self.field, self.kinks, touched, self.pull)

    def hold(self, held: torch.Tensor | None) -> None:
        """Hold the pairs of the mask (B, m, n) on their kinks."""
        self.kinks = None
        if held is not None and bool(held.any()):
            self.kinks = Kinks(held, self.field.columns, self.field.squares)

    def clean_up(self, rows: list[int]) -> None:
        """Recompute h from c, merge and set aside in the flows of these rows."""
        if not rows:
            return
        state, pre = self.state, self.state.pre.clone()
        part = self.field if len(rows) == len(self.here) else self.field[rows]
        exact = part.times_gram(state.change[rows], self.first[rows])
        drift = (exact - pre[rows]).abs().amax((1, 2)) / exact.abs().amax((1, 2)).clamp(min=1e-300)
        pre[rows] = exact
        mixes: list[RowMix | None] = [None] * len(self.here)
        outputs = list(state.output)
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
                track.labels,
                self.knobs.merge,
            )
            if result is not None:
                track.neurons, mix, outputs[b] = result
                mixes[b] = mix
                track.regroup(mix, self.row(b))
        if any(mix is not None for mix in mixes):
            self.regroup(mixes, outputs, pre)
        else:
            self.state = self.evaluated(state.change, pre, state.output, state.squares)
        readings = self.state.readings(self.field, self.kinks)
        for b in rows:
            self.tracks[self.here[b]].tended(readings[b], self.row(b))

    def evaluated(
        self, change: torch.Tensor, pre: torch.Tensor, output: torch.Tensor, squares: torch.Tensor
    ) -> State:
        """Return the state at c, h, v, ||w~||^2."""
        return State.at(self.field, change, pre, output, squares, self.kinks, self.pull)

    def regroup(
        self, mixes: list[RowMix | None], outputs: list[torch.Tensor], pre: torch.Tensor
    ) -> None:
        """Replace the rows of every flow by `mixes` of them, v by `outputs`."""
        counts = [self.tracks[which].live_count for which in self.here]
        most = max(1, *counts)

        def mixed(rows: torch.Tensor, how: Callable = RowMix.__call__) -> torch.Tensor:
            new = rows.new_zeros(len(counts), most, *rows.shape[2:])
            for b, (count, mix) in enumerate(zip(counts, mixes, strict=True)):
                old = rows[b, :count] if mix is None else how(mix, rows[b, : len(mix.target)])
                new[b, :count] = old
            return new

        output = pre.new_zeros(len(counts), most)
        for b, count in enumerate(counts):
            output[b, :count] = outputs[b][:count]
        change, pre, self.first = mixed(self.state.change), mixed(pre), mixed(self.first)
        squares = (change * (self.first + pre)).sum(-1)
        for b, count in enumerate(counts):
            squares[b, :count] += self.tracks[self.here[b]].neurons.base.square().sum(-1)
        self.allocate()
        if self.kinks is not None:
            self.hold(mixed(self.kinks.held.to(pre.dtype), RowMix.sums) > 0)
        self.state = self.evaluated(change, pre, output, squares)

    def close_ended(self) -> None:
        """Take the flows that have ended out of the batch."""
        limit = self.knobs.max_seconds
        late = limit is not None and time.monotonic() - self.began > limit
        ended = [self.tracks[which].status is not None or late for which in self.here]
        if not any(ended):
            return
        for b, which in enumerate(self.here):
            if ended[b]:
                self.tracks[which].end(self.row(b))
        keep = [b for b, gone in enumerate(ended) if not gone]
        self.here = [self.here[b] for b in keep]
        if keep:
            self.field, self.first = self.field[keep], self.first[keep]
            self.state, self.pull = self.state.picked(keep), self.pull[keep]
            self.hold(None if self.kinks is None else self.kinks.held[keep])
            self.allocate()

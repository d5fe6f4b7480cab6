"""Points that come to sit on a neuron's kink (ours): the flow slides along h_ji = 0.

A point of the label that neuron j works against (y_i v_j < 0) is pushed off by the neuron while it
is active and may be pulled back by the others while it is not. Both speeds then point at the kink,
the gradient flow (a differential inclusion in Clarke's subdifferential, section 2) stays on it, and
phi'_ji is the number in [0, 1] that keeps dh_ji / dtau = 0 (Filippov). An explicit method that has
phi' = 1[h > 0] would chatter there instead. Points of the neuron's own label leave their kink.
"""

from __future__ import annotations

from collections.abc import Callable

import torch

MOST_PADDED = 1_000_000
"""Numbers in the padded inverses of all neurons, up to which they stay in one array."""


class Kinks:
    """The held pairs (neuron, point) of a batch of flows, ready to solve for their phi'."""

    def __init__(
        self,
        held: torch.Tensor,
        columns: Callable[[torch.Tensor], torch.Tensor],
        squares: torch.Tensor,
    ) -> None:
        """Take the held pairs as a mask (B, m, n), and of K columns by points and diagonal."""
        self.held = held
        batch, neurons, count = held.shape
        b, j, i = torch.nonzero(held, as_tuple=True)
        self.pair = (b, j, i)
        self.flat = (b * neurons + j) * count + i
        self.neuron, self.point = b * neurons + j, b * count + i
        # the points of each flow that are held by some neuron, padded to u a flow
        points, real = padded(held.any(1))
        most = points.shape[1]
        rank = torch.zeros(batch, count, dtype=torch.int64, device=held.device)
        rank.scatter_add_(1, points, torch.arange(most, device=held.device) * real)
        self.columns = columns(points)  # K[:, U] (B, n, u)
        self.drift = self.neuron * most + rank[b, i]
        inner = torch.gather(self.columns, 1, points[:, :, None].expand(-1, -1, most))
        scale = squares.amax(-1)
        self.blocks = [
            _Block(rows, self.neuron, rank[b, i], inner, scale, neurons)
            for rows in by_size(torch.bincount(self.neuron, minlength=batch * neurons))
        ]

    def hold(
        self,
        pre: torch.Tensor,
        output: torch.Tensor,
        signed: torch.Tensor,
        change: torch.Tensor,
        pull: torch.Tensor,
    ) -> torch.Tensor:
        """Write the held pairs' part of dc/dtau into `change`; return their phi' (pairs,).

        The speed asked for is -pull h, which brings a pair that was caught off its kink back to
        it. The phi' returned are before clipping to [0, 1]: one outside says the pair leaves.
        """
        entries = change.view(-1)
        entries[self.flat] = 0.0
        drift = (change @ self.columns).view(-1)[self.drift]
        drift += pull[self.pair[0]] * pre.view(-1)[self.flat]
        wanted = torch.empty_like(drift)
        for block in self.blocks:
            wanted[block.pairs] = -block.solve(drift[block.pairs])
        full = signed.view(-1)[self.point] * output.view(-1)[self.neuron]
        fraction = torch.where(full != 0, wanted / full, 0.0)
        entries[self.flat] = full * fraction.clamp(0, 1)
        return fraction


class _Block:
    """The inverses of K between the held points of each of some neurons."""

    def __init__(
        self,
        rows: torch.Tensor,
        neuron: torch.Tensor,
        rank: torch.Tensor,
        inner: torch.Tensor,
        scale: torch.Tensor,
        neurons: int,
    ) -> None:
        """Take the neurons, and of all pairs the neuron and the place in K[U, U] (B, u, u)."""
        row = torch.full((len(scale) * neurons,), -1, device=neuron.device)
        row[rows] = torch.arange(len(rows), device=neuron.device)
        self.pairs = torch.nonzero(row[neuron] >= 0)[:, 0]
        mine = row[neuron[self.pairs]]
        counts = torch.bincount(mine, minlength=len(rows))
        widest = int(counts.max())
        first = counts.cumsum(0) - counts  # pairs are sorted by neuron, and so are the rows
        self.place = mine * widest + torch.arange(len(mine), device=mine.device) - first[mine]
        slots = torch.zeros(len(rows) * widest, dtype=torch.int64, device=mine.device)
        slots[self.place] = rank[self.pairs]
        valid = torch.zeros_like(slots, dtype=torch.bool)
        valid[self.place] = True
        slots, valid = slots.view(-1, widest), valid.view(-1, widest)
        flow = rows // neurons
        block = inner[flow[:, None, None], slots[:, :, None], slots[:, None, :]]
        scale = scale[flow][:, None, None]
        block = block.div_(scale) * (valid[:, :, None] & valid[:, None, :])
        ridge = torch.ones_like(valid, dtype=block.dtype).masked_fill(valid, 1e-12)
        block.diagonal(dim1=-2, dim2=-1).add_(ridge)
        self.inverse = torch.cholesky_inverse(torch.linalg.cholesky(block)) / scale

    def solve(self, values: torch.Tensor) -> torch.Tensor:
        """Return the inverses applied to one value a pair."""
        padded = values.new_zeros(self.inverse.shape[:-1])
        padded.view(-1)[self.place] = values
        return (self.inverse @ padded[..., None]).view(-1)[self.place]


def by_size(counts: torch.Tensor) -> list[torch.Tensor]:
    """Return the neurons with held pairs, (R,) each, together where padding is cheap.

    Inverses are padded to the largest of their class. Where that would take more than MOST_PADDED
    numbers, no neuron shares a class with one that has more than twice as many pairs.
    """
    rows = torch.nonzero(counts)[:, 0]
    sizes = counts[rows]
    if len(rows) * int(sizes.max()) ** 2 <= MOST_PADDED:
        return [rows]
    classes = torch.log2(sizes.double()).ceil()
    return [rows[classes == one] for one in classes.unique()]


def padded(used: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Return the places (B, u) of the true entries of a mask (B, n), and which are not padding."""
    counts = used.sum(-1)
    most = int(counts.max())
    rows, columns = torch.nonzero(used, as_tuple=True)
    places = torch.zeros(len(used), most, dtype=torch.int64, device=used.device)
    order = torch.arange(len(rows), device=used.device) - (counts.cumsum(0) - counts)[rows]
    places[rows, order] = columns
    return places, torch.arange(most, device=used.device) < counts[:, None]

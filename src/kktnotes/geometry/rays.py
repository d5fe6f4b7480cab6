"""N along a ray: piecewise linear with a kink a neuron, so its sign changes are found exactly.

Along x + t g every preactivation is affine in t; between its sorted zeros N is affine, so the
values of N at the zeros and the slope behind the last one determine all sign changes.
`sign(0) = -1`, as in section 2 of the paper: from sign +1 the ray crosses at the first t with
N <= 0, from sign -1 at the infimum of the t with N > 0.
"""

from __future__ import annotations

import torch

from kktnotes import checks
from kktnotes.geometry.batches import each_network
from kktnotes.networks.two_layer import TwoLayerReLU

ENTRIES = 2_000_000
"""Entries of the largest temporary: keeps it in the processor's cache and memory small."""


def first_crossing(
    network: TwoLayerReLU,
    x: torch.Tensor,
    direction: torch.Tensor,
    sign: torch.Tensor,
    *,
    zero_counts: bool = False,
) -> torch.Tensor:
    """Return the least t >= 0 at which N along x + t g has no longer the given sign.

    Parameters
    ----------
    network : TwoLayerReLU
        One network, or a batch with leading dimensions.
    x, direction : tensor (..., n, p)
        Starting points and directions g, which need not be of unit length.
    sign : tensor (..., n)
        +1 or -1: the sign to be left. Where N(x) has another sign already, t = 0.
    zero_counts : bool
        Whether N = 0 counts as having left sign -1 too, as the zero radius has it.

    Returns
    -------
    tensor (..., n)
        t, infinite where the sign never changes.
    """
    return all_crossings(network, x, direction, sign, zero_counts=zero_counts)[0][..., 0]


def all_crossings(
    network: TwoLayerReLU,
    x: torch.Tensor,
    direction: torch.Tensor,
    sign: torch.Tensor,
    *,
    zero_counts: bool = False,
) -> tuple[torch.Tensor, torch.Tensor]:
    """Return where the ray x + t g leaves the given sign and where it takes it again.

    Returns
    -------
    leaves, returns : tensors (..., n, m + 1)
        Sorted pairs: the given sign is absent between leaves[..., i] and returns[..., i];
        infinite where there is no such interval.
    """
    start = network.preactivations(x)
    slope = direction @ network.weights.mT
    start, slope = torch.broadcast_tensors(start, slope)
    output = network.output[..., None, :].expand_as(start)
    sign = torch.as_tensor(sign, dtype=start.dtype, device=start.device).expand(start.shape[:-1])
    noise = [rounding(network, part).expand(start.shape[:-1]) for part in (x, direction)]
    shape, width = start.shape[:-1], start.shape[-1]
    start, slope, output = (part.reshape(-1, width) for part in (start, slope, output))
    checks.memory("network", f"{width:,} neurons", 48 * (width + 1) ** 2)
    chunk = max(1, ENTRIES // (width + 1) ** 2)
    pieces = [
        _intervals(*rows, zero_counts=zero_counts)
        for rows in zip(
            start.split(chunk),
            slope.split(chunk),
            output.split(chunk),
            sign.reshape(-1).split(chunk),
            *(part.reshape(-1).split(chunk) for part in noise),
            strict=True,
        )
    ]
    leaves = torch.cat([piece[0] for piece in pieces])
    returns = torch.cat([piece[1] for piece in pieces])
    return leaves.reshape(*shape, width + 1), returns.reshape(*shape, width + 1)


def _intervals(
    start: torch.Tensor,
    slope: torch.Tensor,
    output: torch.Tensor,
    sign: torch.Tensor,
    noise: torch.Tensor,
    noise_slope: torch.Tensor,
    *,
    zero_counts: bool,
) -> tuple[torch.Tensor, torch.Tensor]:
    """Return the intervals without the sign for rays given by h_j(t) = start + t slope."""
    infinity = torch.tensor(torch.inf, dtype=start.dtype, device=start.device)
    zero = torch.where(slope == 0, infinity, -start / slope)
    zero = torch.where(zero > 0, zero, infinity)
    knots = torch.cat([torch.zeros_like(zero[:, :1]), zero.sort(-1).values], -1)  # (n, m + 1)
    finite = knots.isfinite()
    places = torch.where(finite, knots, torch.zeros_like(knots))
    heights = start[:, None, :] + places[:, :, None] * slope[:, None, :]
    value = (heights.clamp(min=0) * output[:, None, :]).sum(-1)
    # Slope of N behind each knot; behind the last finite one it is needed up to infinity.
    last = finite.sum(-1, keepdim=True) - 1
    on_at_last = (slope > 0) | ((slope == 0) & (start > 0))
    final = (slope * output * on_at_last).sum(-1, keepdim=True)
    following = torch.cat([value[:, 1:], value[:, -1:]], -1)
    length = torch.cat([knots[:, 1:], torch.full_like(knots[:, :1], torch.inf)], -1) - knots
    is_last = torch.arange(knots.shape[1], device=knots.device) == last
    # With q = sign N the sign is absent where q <= 0 (from +1) or q < 0 (from -1).
    here, there = sign[:, None] * value, sign[:, None] * following
    slopes = sign[:, None] * torch.where(is_last, final, torch.zeros_like(value))
    # On stretches where N is zero exactly, rounding must not pass for N > 0.
    plus = (sign > 0)[:, None] | zero_counts
    least = noise[:, None] + places * noise_slope[:, None]
    absent = torch.where(plus, here <= 0, here < -least)
    least_next = torch.cat([least[:, 1:], least[:, -1:]], -1)
    absent_next = torch.where(plus, there <= 0, there < -least_next)
    absent_next = torch.where(is_last, torch.where(slopes == 0, absent, slopes < 0), absent_next)
    share = torch.where(is_last, -here / slopes, here / (here - there) * length).clamp(min=0)
    crossing = torch.where(here == 0, knots, knots + share)
    used = finite & (knots < torch.inf)
    # On one affine piece the sign is absent on a prefix, a suffix, all of it or nothing. With
    # sign -1 a piece that is zero at its knot and falls below is absent from the knot on.
    enters = used & ~absent & absent_next
    stays_from_knot = used & absent
    leaves = torch.where(stays_from_knot, knots, torch.where(enters, crossing, infinity))
    ends = torch.where(
        stays_from_knot & ~absent_next,
        crossing,
        torch.where(is_last, infinity, torch.cat([knots[:, 1:], knots[:, -1:]], -1)),
    )
    ends = torch.where(leaves.isfinite(), ends, infinity)
    return _join(leaves, ends)


def _join(leaves: torch.Tensor, ends: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Join intervals that touch, and sort them; rows are already in order of t."""
    count = leaves.shape[1]
    kept_leaves = torch.full_like(leaves, torch.inf)
    kept_ends = torch.full_like(ends, torch.inf)
    place = torch.full(leaves.shape[:1], -1, dtype=torch.int64, device=leaves.device)
    rows = torch.arange(len(leaves), device=leaves.device)
    running = torch.full(leaves.shape[:1], -1.0, dtype=leaves.dtype, device=leaves.device)
    for column in range(count):
        here = leaves[:, column].isfinite()
        touching = here & (place >= 0) & (leaves[:, column] <= running)
        fresh = here & ~touching
        place = place + fresh.long()
        kept_leaves[rows[fresh], place[fresh]] = leaves[fresh, column]
        kept_ends[rows[here], place[here]] = ends[here, column]
        running = torch.where(here, ends[:, column], running)
    return kept_leaves, kept_ends


def step_across(
    network: TwoLayerReLU,
    x: torch.Tensor,
    step: torch.Tensor,
    sign: torch.Tensor,
    *,
    attempts: int = 9,
    zero_counts: bool = False,
) -> tuple[torch.Tensor, torch.Tensor]:
    """Lengthen steps that end on the boundary until the sign truly changes in float64.

    Parameters
    ----------
    x, step : tensor (..., n, p)
        Points and steps to (about) the boundary.
    sign : tensor (..., n)
        The sign to be left.
    attempts : int
        The step is lengthened by 2e-13, 8e-13, ... of itself, at most this often (1.3e-8 for 9).
    zero_counts : bool
        Whether N = 0 counts as having left sign -1, as the zero radius has it.

    Returns
    -------
    points : tensor (..., n, p)
        x + (1 + tiny) step. From sign -1, N > 0 there by more than its rounding error.
    verified : bool tensor (..., n)
    """
    if x.ndim > 2:
        batch = x.shape[:-2]
        single = each_network(network, batch)
        results = [
            step_across(one, *parts, attempts=attempts, zero_counts=zero_counts)
            for one, *parts in zip(
                single,
                x.reshape(-1, *x.shape[-2:]),
                step.expand_as(x).reshape(-1, *x.shape[-2:]),
                sign.expand(x.shape[:-1]).reshape(-1, x.shape[-2]),
                strict=True,
            )
        ]
        landed, done = (torch.stack(parts) for parts in zip(*results, strict=True))
        return landed.reshape(x.shape), done.reshape(x.shape[:-1])
    extra = 2e-13
    points = torch.add(x, step, alpha=1 + extra)
    verified = _absent(network, points, sign, zero_counts)
    for _ in range(attempts - 1):
        rest = torch.nonzero(~verified)[:, 0]
        if not len(rest):
            break
        extra *= 4
        trial = x[rest] + (1 + extra) * step[rest]
        done = _absent(network, trial, sign[rest], zero_counts)
        points[rest[done]] = trial[done]
        verified[rest[done]] = True
    return points, verified


def rounding(network: TwoLayerReLU, x: torch.Tensor) -> torch.Tensor:
    """Return the size (..., n) of rounding errors of N at points: below it N > 0 means nothing."""
    sizes = torch.linalg.vector_norm(network.weights, dim=-1)
    slope = (network.output.abs() * sizes).sum(-1)
    level = (network.output * network.biases).abs().sum(-1)
    lengths = torch.linalg.vector_norm(x, dim=-1)
    return 4 * torch.finfo(x.dtype).eps * (slope[..., None] * lengths + level[..., None])


def _absent(
    network: TwoLayerReLU, x: torch.Tensor, sign: torch.Tensor, zero_counts: bool
) -> torch.Tensor:
    """Whether points no longer have the given sign; N > 0 must exceed its rounding error."""
    value = network(x)
    minus = value >= 0 if zero_counts else value > rounding(network, x)
    return torch.where(sign > 0, value <= 0, minus)

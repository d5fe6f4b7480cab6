"""Exact l2 distance to the decision boundary of a two-layer network (Definition 4.1)."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass

import numpy as np
import torch

from kktnotes import checks
from kktnotes.geometry import Span, closed_form, each_network, two_neurons
from kktnotes.networks.two_layer import TwoLayerReLU, as_network
from kktnotes.radius.branch_and_bound import Search, needed
from kktnotes.radius.result import Radii, Radius

FARTHEST = 1e12
"""So many times the size of the points away there is nothing, as far as float64 can tell."""


@dataclass(frozen=True)
class Options:
    """Knobs of one call."""

    tolerance: float
    deadline: float
    progress: bool | None


def exact_radius(
    network: TwoLayerReLU,
    x: torch.Tensor,
    *,
    tolerance: float = 1e-9,
    time_budget: float | None = None,
    progress: bool | None = None,
) -> Radii:
    """Return the zero radius and the flip radius of every point, each with certified bounds.

    One merged neuron a sign: closed form. Otherwise branch and bound over the opposite-sign
    neurons (appendix, ours). A batch of networks is worked on one network after the other.

    Parameters
    ----------
    network : TwoLayerReLU
        One network, or a batch with leading dimensions.
    x : tensor (..., n, p)
        Points; leading dimensions broadcast against those of the network.
    tolerance : float
        Relative gap between the bounds at which a point is finished.
    time_budget : float, optional
        Seconds; what is not finished then keeps valid bounds and says so.
    progress : bool, optional
        Whether a long search shows a bar; default: where somebody watches, `kktnotes.progress`.

    Returns
    -------
    Radii
        `zero` and `flip`, each with lower, upper, nearest and finished.

    Raises
    ------
    ValueError
        If x does not fit the network, a knob is out of its range, or the search would not fit
        into the memory.

    Notes
    -----
    Distances are in the coordinates of x. In a sample's reduced coordinates they are those of
    the ambient space, since the nearest point differs from x in the span of the weights only.

    Examples
    --------
    >>> import kktnotes as kn
    >>> point = kn.averaged_point(4, 100)
    >>> radii = kn.exact_radius(point.network, point.x)
    >>> radii.flip.upper.round(decimals=3)
    tensor([5.0250, 5.0250, 5.0250, 5.0250], dtype=torch.float64)
    """
    network = as_network("network", network)
    x = network.points(x)
    tolerance = checks.positive("tolerance", tolerance)
    deadline = torch.inf
    if time_budget is not None:
        deadline = time.monotonic() + checks.positive("time_budget", time_budget)
    options = Options(tolerance, deadline, progress)
    if network.weights.ndim == 2:
        flat = x.flatten(0, -2)
        radii = _one_network(network, flat, options)
        return _reshape(radii, x.shape[:-1])
    batch = np.broadcast_shapes(network.weights.shape[:-2], x.shape[:-2])
    points = math.prod((*batch, x.shape[-2]))
    checks.memory(
        "x", f"{points:,} points of {x.shape[-1]:,} coordinates", 48 * points * x.shape[-1]
    )
    every = x.expand(*batch, *x.shape[-2:]).reshape(-1, *x.shape[-2:])
    found = [
        _one_network(single, points, options)
        for single, points in zip(each_network(network, batch), every, strict=True)
    ]
    stacked = Radii(
        torch.stack([radii.output for radii in found]),
        _stack([radii.zero for radii in found]),
        _stack([radii.flip for radii in found]),
    )
    return _reshape(stacked, (*batch, x.shape[-2]))


def _one_network(network: TwoLayerReLU, x: torch.Tensor, options: Options) -> Radii:
    """Return both radii for points (n, p) of one network."""
    span = Span.of(network)
    got = f"{len(x):,} points for {len(span.signs):,} neurons"
    checks.memory("x", got, needed(span, *x.shape))
    output = network(x)
    zero, flip = _blank(x), _blank(x)
    at_zero = output == 0
    zero.lower[at_zero] = zero.upper[at_zero] = 0.0
    zero.nearest[at_zero] = x[at_zero]
    zero.finished[at_zero] = True
    for sign in (1.0, -1.0):
        rows = torch.nonzero(output > 0 if sign > 0 else output <= 0)[:, 0]
        if not len(rows):
            continue
        away = rows[output[rows] != 0]
        _fill(
            zero,
            away,
            _distance(network, span, x[away], sign, False, options),
        )
        if sign > 0:
            _fill(flip, rows, Radius(**{name: part[rows] for name, part in _parts(zero).items()}))
        else:
            _fill(
                flip,
                rows,
                _distance(network, span, x[rows], sign, True, options),
            )
    return Radii(output, zero, flip)


def _distance(
    network: TwoLayerReLU,
    span: Span,
    x: torch.Tensor,
    sign: float,
    flip: bool,
    options: Options,
) -> Radius:
    """Return one of the distances for points of one sign."""
    radius = _blank(x)
    if not len(x):
        return radius
    rest = torch.arange(len(x), device=x.device)
    if two_neurons(span):
        lower, upper, nearest = closed_form(network, span, x, sign, flip=flip)
        finished = _agree(span, x, lower, upper, options.tolerance)
        _fill(radius, rest, Radius(lower=lower, upper=upper, nearest=nearest, finished=finished))
        rest = torch.nonzero(~radius.finished)[:, 0]
    if len(rest):
        search = Search(
            network=network,
            span=span,
            x=x[rest],
            sign=sign,
            flip=flip,
            tolerance=options.tolerance,
            deadline=options.deadline,
        )
        label = "flip radius" if flip else "zero radius"
        lower, closed = search.run(progress=options.progress, label=label)
        finished = closed & _agree(span, x[rest], lower, search.upper, options.tolerance)
        _fill(
            radius,
            rest,
            Radius(lower=lower, upper=search.upper, nearest=search.nearest, finished=finished),
        )
    return radius


def _agree(
    span: Span, x: torch.Tensor, lower: torch.Tensor, upper: torch.Tensor, tolerance: float
) -> torch.Tensor:
    """Whether bounds agree to the tolerance, or to what rounding of the inputs allows.

    Of an empty set rounding may leave no more than that it lies beyond FARTHEST.
    """
    finest = 1e-13 * span.scale(x)
    if len(span.signs):
        finest = finest + 8 * (span.rounding(x) / span.norms.clamp(min=1e-150)).amax(-1)
    close = upper - lower <= tolerance * upper + finest
    nowhere = upper.isinf() & (lower > FARTHEST * span.scale(x))
    return (close & upper.isfinite()) | (upper == lower) | nowhere


def _blank(x: torch.Tensor) -> Radius:
    """Return bounds 0 and infinity."""
    infinite = x.new_full(x.shape[:1], torch.inf)
    missing = torch.full_like(x, torch.nan)
    done = torch.zeros(len(x), dtype=torch.bool, device=x.device)
    return Radius(lower=torch.zeros_like(infinite), upper=infinite, nearest=missing, finished=done)


def _parts(radius: Radius) -> dict[str, torch.Tensor]:
    return {name: getattr(radius, name) for name in ("lower", "upper", "nearest", "finished")}


def _fill(target: Radius, rows: torch.Tensor, source: Radius) -> None:
    """Write the bounds of some rows."""
    for name, values in _parts(source).items():
        getattr(target, name)[rows] = values


def _stack(radii: list[Radius]) -> Radius:
    apart = [_parts(radius) for radius in radii]
    return Radius(**{name: torch.stack([one[name] for one in apart]) for name in apart[0]})


def _reshape(radii: Radii, shape: tuple[int, ...]) -> Radii:
    """Give every part its leading shape."""

    def one(radius: Radius) -> Radius:
        nearest = radius.nearest.reshape(*shape, -1)
        return Radius(
            lower=radius.lower.reshape(shape),
            upper=radius.upper.reshape(shape),
            nearest=nearest,
            finished=radius.finished.reshape(shape),
        )

    return Radii(radii.output.reshape(shape), one(radii.zero), one(radii.flip))

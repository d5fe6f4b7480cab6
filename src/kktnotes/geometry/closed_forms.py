"""Closed form for one merged neuron a sign (appendix, ours): two projections in a plane.

From the sign of neuron a, with the other neuron b, the set {u_a^+ <= u_b^+} is the union of
the half-space {u_a <= 0} and the wedge {u_b >= 0, u_a <= u_b}. The distance to a half-space is
a quotient, that to a wedge the distance to one side or to the corner line.
"""

from __future__ import annotations

import torch

from kktnotes.geometry.half_spaces import certified
from kktnotes.geometry.rays import step_across
from kktnotes.geometry.span import Span
from kktnotes.networks.two_layer import TwoLayerReLU


def half_space(
    own: torch.Tensor, value: torch.Tensor, rounding: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor]:
    """Return steps (n, r) to {u <= 0} and certified distances (n,), for u = c . x + beta.

    Parameters
    ----------
    own : tensor (r,)
        The gradient c, not zero.
    value, rounding : tensors (n,)
        u at the points and a bound of its rounding error.
    """
    step = -(value.clamp(min=0) / own.square().sum())[:, None] * own
    lower = (value - rounding).clamp(min=0) / torch.linalg.vector_norm(own) * (1 - 1e-15)
    return step, lower


def wedge(
    own: torch.Tensor,
    other: torch.Tensor,
    value: torch.Tensor,
    other_value: torch.Tensor,
    rounding: torch.Tensor,
) -> tuple[torch.Tensor, torch.Tensor]:
    """Return steps (n, r) to {u_b >= 0, u_a <= u_b} and certified distances (n,).

    Parameters
    ----------
    own, other : tensors (r,)
        Gradients of u_a and u_b.
    value, other_value : tensors (n,)
        u_a and u_b at the points; u_a > max(u_b, 0) there, so that the second side is violated.
    rounding : tensor (n, 2)
        Bounds of the rounding errors of u_a and u_b.

    The distance is infinite where the wedge is empty (its sides parallel and apart).
    """
    sides = torch.stack([-other, own - other])
    excess = torch.stack([-other_value, value - other_value], -1)
    gram = sides @ sides.T
    determinant = gram[0, 0] * gram[1, 1] - gram[0, 1] * gram[1, 0]
    flat = determinant <= 1e-24 * gram[0, 0] * gram[1, 1]
    nothing = torch.zeros_like(value)
    options = [
        torch.stack([nothing, excess[:, 1] / gram[1, 1]], -1),
        torch.stack([excess[:, 0] / gram[0, 0], nothing], -1),
    ]
    if not flat:
        first = gram[1, 1] * excess[:, 0] - gram[0, 1] * excess[:, 1]
        second = gram[0, 0] * excess[:, 1] - gram[1, 0] * excess[:, 0]
        options.append(torch.stack([first, second], -1) / determinant)
    multipliers = torch.full_like(excess, torch.nan)
    for option in options:
        left = excess - option @ gram
        noise = 1e-13 * (excess.abs() + option.abs() @ gram.abs())
        fits = (option >= 0).all(-1) & (left <= noise).all(-1) & multipliers.isnan().any(-1)
        multipliers = torch.where(fits[:, None], option, multipliers)
    empty = multipliers.isnan().any(-1)
    multipliers = torch.where(empty[:, None], torch.zeros_like(multipliers), multipliers)
    lower = certified(
        sides,
        excess,
        torch.zeros_like(multipliers @ sides),
        nothing,
        multipliers,
        torch.zeros_like(nothing),
        torch.stack([rounding[:, 1], rounding.sum(-1), nothing], -1),
    )
    step = -(multipliers @ sides)
    if flat:
        step = torch.where(empty[:, None], torch.full_like(step, torch.nan), step)
        lower = torch.where(empty, torch.full_like(lower, torch.inf), lower)
    return step, lower


def two_neurons(span: Span) -> bool:
    """Whether a network is one merged neuron of each sign, neither of them constant."""
    return len(span.signs) == 2 and bool(span.signs.sum() == 0) and bool((span.norms > 0).all())


def closed_form(
    network: TwoLayerReLU, span: Span, x: torch.Tensor, sign: float, *, flip: bool
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Return certified distances, verified distances and the points, for points of one sign.

    Parameters
    ----------
    network, span : TwoLayerReLU, Span
        A network of `two_neurons`, and its merged form.
    x : tensor (n, p)
        Points of that sign.
    sign : float
        +1 or -1 (with sign(0) = -1).
    flip : bool
        Whether from sign -1 the target is {N > 0} rather than {N >= 0}.

    Returns
    -------
    lower, upper : tensors (n,)
        upper is infinite where no point was verified.
    nearest : tensor (n, p)
        The verified points; NaN where there is none.
    """
    own = int(torch.nonzero(span.signs == sign)[0, 0])
    values, rounding = span.parts(span.coordinates(x)), span.rounding(x)
    order = [own, 1 - own]
    step, lower = wedge(
        span.weights[own],
        span.weights[1 - own],
        values[:, own],
        values[:, 1 - own],
        rounding[:, order],
    )
    if not (flip and sign < 0):
        other_step, other_lower = half_space(span.weights[own], values[:, own], rounding[:, own])
        length = torch.linalg.vector_norm(step, dim=-1).nan_to_num(nan=torch.inf)
        nearer = torch.linalg.vector_norm(other_step, dim=-1) < length
        step = torch.where(nearer[:, None], other_step, step)
        lower = torch.minimum(lower, other_lower)
    known = step.isfinite().all(-1)
    move = span.lift(step.nan_to_num(nan=0.0))
    nearest, verified = step_across(
        network, x, move, x.new_full((len(x),), sign), zero_counts=not flip
    )
    verified = verified & known
    upper = torch.linalg.vector_norm(nearest - x, dim=-1)
    upper = torch.where(verified, upper, torch.full_like(upper, torch.inf))
    nearest = torch.where(verified[:, None], nearest, torch.full_like(nearest, torch.nan))
    return torch.minimum(lower, upper), upper, nearest

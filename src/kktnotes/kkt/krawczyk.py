"""Exactly one zero in a box: Krawczyk's operator on the active set's equations (ours).

With F(z0) enclosed in balls, Y about J(z0)^-1 in float64 and a box |z - z0| <= rho, let

    e = |Y| |F(z0)| + |I - Y J(z0)| rho + |Y| sup_{|d| <= rho} |J(z0 + d) - J(z0)| rho.

If e < rho in every entry, z -> z - Y F(z) maps the box into its interior and is a contraction
there in the norm max_i |d_i| / rho_i, since |I - Y J(z)| rho < rho on the box; that makes Y
regular too. So F has exactly one zero there, and with q = max (e - |Y| |F(z0)|)_i / rho_i it lies
within max (|Y| |F(z0)|)_i / rho_i / (1 - q) of z0 in that norm.

All of e but F(z0) is float64. Y J is a product of two matrices, whatever the order of its sums off
by at most gamma_N |Y| |J| (this excludes Strassen's products, which no BLAS of NumPy takes), and J
is off by the rounding of x~_i . x~_l, of z0 and of t = z_i . u_j. What is left are sums and
products of numbers >= 0, of at most N + q + m + 20 operations each, for which there is `room`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from flint import arb

from kktnotes.kkt.active_equations import UNIT, ActiveEquations, floats
from kktnotes.kkt.report import NotProved

# Newton repeats with the same Y once its step is below this; Y then gains as many digits a step.
SETTLED = 1e-9
MOST_STEPS = 40
# Of the widest box that the second-order term allows, so much is taken.
SHARE = 0.5
# More than what underflow can add to a sum of products of this size.
UNDERFLOW = 1e-200


class Box(NamedTuple):
    """A box with exactly one zero of F, and where in it the zero is.

    Attributes
    ----------
    zero : list of arb
        Balls around the entries of z0, of radius `error`, that hold the zero.
    unit : array (N,)
        The unit of each entry: the largest multiplier (also of kinks), the largest r.
    radius : float
        The box is |z - z0| <= radius * unit.
    """

    zero: list[arb]
    unit: np.ndarray
    radius: float


def units(equations: ActiveEquations, z: np.ndarray) -> np.ndarray:
    """Return the largest multiplier for multipliers and kinks, the largest r for r."""
    s, kinks, m = equations.sizes
    return np.repeat([z[:s].max(), z[s + kinks :].max()], [s + kinks, m])


def _inverse(jacobian: np.ndarray) -> np.ndarray:
    """Return an approximate inverse."""
    try:
        return np.linalg.inv(jacobian)
    except np.linalg.LinAlgError:
        raise NotProved("the Jacobian of the active set's equations is singular") from None


def polished(equations: ActiveEquations, start: np.ndarray, bits: int) -> list[arb]:
    """Return a z0 near the start, exact balls, where F is about 2^-bits; raise if there is none."""
    z = [arb(value) for value in start.tolist()]
    inverse, last = None, np.inf
    for _ in range(MOST_STEPS):
        values, t = equations.values(z)
        if inverse is None or last > SETTLED:
            inverse = _inverse(equations.jacobian(np.array([float(one) for one in z]), floats(t)))
        step = inverse @ np.array([float(one) for one in values])
        size = float(np.abs(step / units(equations, np.abs(start))).max())
        if not size < 1:
            raise NotProved(f"Newton's step on the equations of the active set is {size:.2g}")
        if size > SETTLED and size > last / 2:
            raise NotProved(f"Newton's steps on the equations of the active set stay at {size:.2g}")
        z = [(one - move).mid() for one, move in zip(z, step.tolist(), strict=True)]
        if size < 2.0 ** (20 - bits) or (last < SETTLED and size > last / 8):
            return z
        last = size
    raise NotProved("Newton's steps on the equations of the active set do not end")


def box(equations: ActiveEquations, z: Sequence[arb]) -> Box:
    """Return the box around z (exact balls), or raise if e < rho cannot be shown of any."""
    values, exact_t = equations.values(z)
    near, t = np.array([float(one) for one in z]), floats(exact_t)
    rounding = 2.0**60 * max(float(one.rad()) for one in exact_t.entries())
    jacobian = equations.jacobian(near, t)
    inverse = _inverse(jacobian)
    count = len(near)
    m, unit = equations.sizes[2], units(equations, near)
    room = 1 + 4 * (count + equations.rows.ncols() + m + 20) * UNIT
    size = np.abs(inverse)
    gram = np.abs(equations.gram) + equations.rounding
    r = near[-m:] * (1 + UNIT)
    # Of J: rounding of its entries, and of t and r; of x~_i . x~_l; of the product Y J.
    of_entries = (m + 8) * UNIT * equations.first(gram, r, np.abs(t) + rounding, unit)
    of_gram = equations.first(equations.rounding, r, np.zeros_like(t), unit)
    of_product = count * UNIT * (np.abs(jacobian) @ unit)
    product = np.abs(np.eye(count) - inverse @ jacobian)
    linear = room * (product @ unit + size @ (of_entries + of_gram + of_product)) + UNDERFLOW
    square = room * (size @ equations.second(gram, unit)) + UNDERFLOW
    bound = np.array([float(one.abs_upper()) for one in values])
    constant = room * (size @ (bound * (1 + UNIT))) + UNDERFLOW
    radius = SHARE * float(((unit - linear) / square).min())
    if not radius > 0:
        worst = float((linear / unit).max())
        raise NotProved(f"|I - Y J| is up to {worst:.2g}: the active set is all but singular")
    radius = min(radius, 1.0)
    factor = float(((linear + radius * square) / unit).max()) * (1 + 4 * UNIT)
    least = float((constant / unit).max()) * (1 + 4 * UNIT)
    if not least + factor * radius < radius * (1 - 4 * UNIT):
        raise NotProved(f"F is {least:.2g} in Newton's unit, too far from zero for any box")
    error = least / (1 - factor) * (1 + 16 * UNIT)
    zero = [arb(one, error * float(width)) for one, width in zip(z, unit, strict=True)]
    return Box(zero, unit, radius)

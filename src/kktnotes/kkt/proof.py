"""A KKT point of Problem (2) proved to exist beside stored numbers (ours, appendix "methods").

Residuals of 1e-15 do not prove that an exact point is near. Here x and y are the float64 numbers
that are stored, the equations of the active set that the stored multipliers and subgradients show
(see `active_equations`) are proved to have exactly one solution in a box (see `krawczyk`), and
every strict sign that makes the solution a KKT point is then shown on balls around it:

    lambda_i > 0 on S and 0 < a_ij < lambda_i on K, r_j > 0,
    s_j u_j . x~_i > 0 on the pairs of S that are on, < 0 on those that are off,
    y_i N(x_i) > 1 off S (whatever the signs of h_ij there: relu of a ball is a ball).

A pair of S may also lie on a neuron's kink by nature, x~_i orthogonal to each point of which the
neuron is made, as in closed forms; then h_ij = 0 without an equation. Where rounding alone put a
pair on the wrong side of its kink, the solution is sought with it on the kink: it is a pair of K
then, and its subgradient must show its signs like any other.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from flint import ctx

from kktnotes import checks
from kktnotes.kkt.active_equations import UNIT, ActiveEquations, floats
from kktnotes.kkt.krawczyk import Box, box, polished
from kktnotes.kkt.report import NotProved
from kktnotes.kkt.stored_numbers import StoredNumbers
from kktnotes.kkt.strict_signs import distances, off_support, positive, sides, upper
from kktnotes.networks.two_layer import TwoLayerReLU
from kktnotes.printing import Brief, number

# Cosines below the first are rounding of float64; below the second, zero to these balls.
ROUNDING, NOTHING = 1e-9, 1e-25
REPAIRS = 5
MOST_BITS = 10_000


@dataclass(frozen=True, repr=False, kw_only=True)
class Proof(Brief):
    """What was proved of a KKT point, all bounds rounded to the safe side.

    Attributes
    ----------
    support, kinks, neurons, unknowns : int
        |S|, |K|, m and their sum.
    radius : float
        In the box of this radius around it, lambda and a in units of the largest multiplier and
        v^2 of the largest v^2, it is the only KKT point of its active set. The box holds the
        stored numbers.
    multipliers, subgradients, output, theta : float
        How far the stored numbers are from that point: the largest difference of lambda, of a
        and of v, relative to the largest lambda (for both) and v, and ||theta - theta*|| relative
        to ||theta*||.
    least_multiplier : float
        min_{i in S} lambda_i / max lambda.
    least_margin : float
        min_{i not in S} y_i N(x_i) - 1, infinite if all points are in S.
    least_preactivation : float
        The least |h_ij| / (||w~_j|| ||x~_i||) over the pairs of S that are on no kink.
    least_subgradient : float
        min min(a_ij, lambda_i - a_ij) / max lambda over K, infinite if K is empty.
    orthogonal : int
        The pairs of S with h_ij = 0 because x~_i is orthogonal to all points of the neuron.
    bits : int
        The precision of the balls.

    Examples
    --------
    >>> import kktnotes as kn
    >>> proof = kn.decoupled_point(8, 8).prove()
    >>> proof.support, proof.neurons, proof.orthogonal, proof.statement[:50]
    (8, 8, 56, 'Problem (2) of the stored points and labels has a ')
    """

    support: int
    kinks: int
    neurons: int
    unknowns: int
    radius: float
    multipliers: float
    subgradients: float
    output: float
    theta: float
    least_multiplier: float
    least_margin: float
    least_preactivation: float
    least_subgradient: float
    orthogonal: int
    bits: int

    @property
    def statement(self) -> str:
        """The theorem in words, distances rounded up and the radius down to two digits."""
        theta, radius = number(1.06 * self.theta, 2), number(0.95 * self.radius, 2)
        return (
            f"Problem (2) of the stored points and labels has a KKT point with {self.support:,} "
            f"positive multipliers and {self.kinks:,} pairs on kinks whose parameters are within "
            f"{theta} of the stored ones, relative to their norm. With this active set it is the "
            "only one whose multipliers, subgradients and squared output weights are within "
            f"{radius} of its own."
        )


def prove(
    network: TwoLayerReLU,
    x: np.ndarray,
    y: np.ndarray,
    multipliers: np.ndarray,
    subgradients: np.ndarray,
    *,
    within: float = 1e-9,
    bits: int = 128,
) -> Proof:
    """Prove that Problem (2) has an exact KKT point beside these numbers; `KKTPoint.prove`.

    Parameters
    ----------
    network : TwoLayerReLU
    x, y, multipliers, subgradients : arrays (n, p), (n,), (n,), (n, m)
    within : float
        The largest distance between stored and exact numbers that is accepted, each of
        `multipliers`, `subgradients`, `output` and `theta` of `Proof`.
    bits : int
        The precision of the balls, 64 to 10,000.

    Raises
    ------
    NotProved
        If there is no such point, or if this method cannot show it; says why.
    """
    within, bits = checks.positive("within", within), checks.integer("bits", bits, 64)
    if bits > MOST_BITS:
        raise checks.refusal("bits", bits, f"64 to {MOST_BITS:,}")
    # What does not fit into float64 shows as NaN and fails every comparison.
    with ctx.workprec(bits), np.errstate(all="ignore"):
        stored = StoredNumbers(network, x, y, multipliers, subgradients)
        stored.refuse_degenerate()
        equations, found = _solved(stored, bits)
        return _shown(stored, equations, found, within, bits)


def _solved(stored: StoredNumbers, bits: int) -> tuple[ActiveEquations, Box]:
    """Return the equations of the stored active set, repaired at rounding level, and the box."""
    points, a = stored.signed[stored.support], stored.subgradients[stored.support]
    want = np.outer(stored.y[stored.support], stored.signs)
    on = a == stored.multipliers[stored.support][:, None]
    kinks = (a != 0) & ~on
    for _ in range(REPAIRS):
        equations = ActiveEquations(points, on, kinks)
        z = polished(equations, stored.start(kinks), bits)
        cosines = want * floats(equations.values(z)[1]) / equations.norms[:, None]
        wrong = np.where(on, -cosines, cosines)
        moved = (wrong > NOTHING) & (wrong < ROUNDING) & ~kinks
        if not moved.any():
            break
        on, kinks = on & ~moved, kinks | moved
    return equations, box(equations, z)


def _shown(
    stored: StoredNumbers, equations: ActiveEquations, found: Box, within: float, bits: int
) -> Proof:
    """Show every strict sign and measure the distances, or raise."""
    s, kinks, m = equations.sizes
    z = found.zero
    points = np.flatnonzero(stored.support)
    largest = upper(max(z[:s], key=float))
    least_multiplier = positive("multiplier", z[:s], points) / largest
    pairs = zip(equations.at.tolist(), equations.of.tolist(), strict=True)
    room = [one for k, (i, _) in enumerate(pairs) for one in (z[s + k], z[i] - z[s + k])]
    which = np.repeat(points[equations.at], 2)
    least_subgradient = positive("subgradient's way to 0 or lambda", room, which) / largest
    positive("square of the output", z[s + kinks :])
    least_preactivation, orthogonal = sides(stored, equations, z)
    least_margin = off_support(stored, equations, z)
    beside = distances(stored, equations, z)
    for name, value in beside.items():
        if not value <= within:
            raise NotProved(f"{name}: {value:.2g} from the exact point, above {within:.2g}")
    start = zip(z, stored.start(equations.kinks).tolist(), found.unit.tolist(), strict=True)
    way = max(upper(one - value) / width for one, value, width in start)
    if not way + UNIT < found.radius:
        raise NotProved(f"the box of one point, {found.radius:.2g}, ends before {way:.2g}")
    return Proof(
        support=s,
        kinks=kinks,
        neurons=m,
        unknowns=len(z),
        radius=found.radius - UNIT,
        **beside,
        least_multiplier=least_multiplier,
        least_margin=least_margin,
        least_preactivation=least_preactivation,
        least_subgradient=least_subgradient,
        orthogonal=orthogonal,
        bits=bits,
    )

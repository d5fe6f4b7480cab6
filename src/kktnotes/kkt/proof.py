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

import math
from dataclasses import dataclass

import numpy as np
from flint import arb, arb_mat, ctx

from kktnotes import checks
from kktnotes.kkt.active_equations import ActiveEquations, floats, matrix
from kktnotes.kkt.krawczyk import Box, box, polished
from kktnotes.networks.two_layer import TwoLayerReLU
from kktnotes.printing import Brief, number

# Cosines below the first are rounding of float64; below the second, zero to these balls.
ROUNDING, NOTHING = 1e-9, 1e-25
REPAIRS = 5
# Two neurons with subgradients as near as this are one neuron written twice.
SAME = 1e-9
# Points beyond these norms leave the range where float64 has its relative accuracy.
SMALLEST, LARGEST = 1e-100, 1e100


class NotProved(RuntimeError):
    """No exact KKT point could be proved beside the stored numbers; says why.

    Attributes
    ----------
    reason : str
        What could not be shown, with its value.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, repr=False, kw_only=True)
class Proof(Brief):
    """What was proved of a KKT point, all bounds rounded to the safe side.

    Attributes
    ----------
    support, kinks, neurons, unknowns : int
        |S|, |K|, m and their sum.
    radius : float
        In the box of this radius, lambda and a in units of the largest multiplier and v^2 of the
        largest v^2, the active set has exactly one point. It holds the stored numbers.
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
        """The theorem in one sentence."""
        return (
            f"Problem (2) on the stored points and labels has a KKT point with {self.support:,} "
            f"positive multipliers and {self.kinks:,} pairs on kinks whose parameters are within "
            f"{number(self.theta, 2)} of the stored ones, relative to their norm; with this active "
            f"set it has no other within {number(self.radius, 2)}."
        )


class _Stored:
    """The stored numbers, points divided and the others multiplied by a power of two."""

    def __init__(
        self,
        network: TwoLayerReLU,
        x: np.ndarray,
        y: np.ndarray,
        multipliers: np.ndarray,
        subgradients: np.ndarray,
    ) -> None:
        points = np.column_stack([x, np.ones(len(x))])
        norms = np.linalg.norm(points, axis=1)
        if not (norms.max() < LARGEST and np.abs(points[points != 0]).min() > SMALLEST):
            raise NotProved("coordinates beyond 1e100 or below 1e-100")
        self.power = math.frexp(float(norms.mean()))[1]
        self.signed = np.ldexp(points * y[:, None], -self.power)
        self.norms = np.linalg.norm(self.signed, axis=1)
        self.multipliers = np.ldexp(multipliers, self.power)
        self.subgradients = np.ldexp(subgradients, self.power)
        self.y, self.vectors = y, network.augmented.cpu().numpy()
        self.output = network.output.cpu().numpy()
        self.signs = np.sign(self.output)
        self.support = multipliers > 0

    def refuse_degenerate(self) -> None:
        """Raise for neurons at which the equations are singular, before they are solved."""
        if not self.support.any():
            raise NotProved("no multiplier is positive")
        for j in range(len(self.output)):
            if self.output[j] == 0 or not self.subgradients[:, j].any():
                raise NotProved(f"neuron {j} has no output or no point: its direction is free")
            same = self.signs[:j] == self.signs[j]
            near = np.abs(self.subgradients[:, :j] - self.subgradients[:, [j]]).max(0)
            for twin in np.flatnonzero(same & (near <= SAME * self.multipliers.max())).tolist():
                raise NotProved(
                    f"neurons {twin} and {j} coincide: they may share their output as they like; "
                    "unite them (TwoLayerReLU.merged)"
                )

    def start(self, kinks: np.ndarray) -> np.ndarray:
        """Return the stored z = (lambda_S, a_K, r)."""
        found = self.subgradients[self.support][kinks]
        squares = np.ldexp(self.output**2, self.power)
        return np.concatenate([self.multipliers[self.support], found, squares])


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
        The precision of the balls, 64 or more.

    Raises
    ------
    NotProved
        If there is no such point, or if this method cannot show it; says why.
    """
    within, bits = checks.positive("within", within), checks.integer("bits", bits, 64)
    with ctx.workprec(bits):
        stored = _Stored(network, x, y, multipliers, subgradients)
        stored.refuse_degenerate()
        equations, found = _solved(stored, bits)
        return _shown(stored, equations, found, within, bits)


def _solved(stored: _Stored, bits: int) -> tuple[ActiveEquations, Box]:
    """Return the equations of the stored active set, repaired at rounding level, and the box."""
    points, a = stored.signed[stored.support], stored.subgradients[stored.support]
    on = a == stored.multipliers[stored.support][:, None]
    kinks = (a != 0) & ~on
    for _ in range(REPAIRS):
        equations = ActiveEquations(points, on, kinks)
        z = polished(equations, stored.start(kinks), bits)
        if isinstance(z, str):
            raise NotProved(z)
        cosines = floats(equations.values(z)[1]) / equations.norms[:, None]
        side = cosines * np.outer(stored.y[stored.support], stored.signs)
        wrong = np.where(on, -side, side)
        moved = (wrong > NOTHING) & (wrong < ROUNDING) & ~kinks
        if not moved.any():
            break
        on, kinks = on & ~moved, kinks | moved
    found = box(equations, z)
    if isinstance(found, str):
        raise NotProved(found)
    return equations, found


def _shown(
    stored: _Stored, equations: ActiveEquations, found: Box, within: float, bits: int
) -> Proof:
    """Show every strict sign and measure the distances, or raise."""
    s, kinks, m = equations.sizes
    z = found.zero
    largest = _upper(max(z[:s], key=float))
    least_multiplier = _least("multiplier", z[:s], np.flatnonzero(stored.support)) / largest
    pairs = zip(equations.at.tolist(), equations.of.tolist(), strict=True)
    room = [one for k, (i, _) in enumerate(pairs) for one in (z[s + k], z[i] - z[s + k])]
    least_subgradient = _least("subgradient's distance from 0 or lambda", room) / largest
    _least("output", z[s + kinks :])
    least_preactivation, orthogonal = _sides(stored, equations, z)
    distances = _distances(stored, equations, found)
    for name, value in distances.items():
        if not value <= within:
            raise NotProved(f"{name}: {value:.2g} from the exact point, above {within:.2g}")
    start = stored.start(equations.kinks)
    beside = max(
        _upper(abs(one - value)) / width
        for one, value, width in zip(z, start.tolist(), found.unit.tolist(), strict=True)
    )
    if not beside < found.radius * (1 - 1e-9):
        raise NotProved(f"the stored numbers are {beside:.2g} off, out of the box of one point")
    return Proof(
        support=s,
        kinks=kinks,
        neurons=m,
        unknowns=len(z),
        radius=found.radius,
        **distances,
        least_multiplier=least_multiplier,
        least_margin=_off_support(stored, equations, z),
        least_preactivation=least_preactivation,
        least_subgradient=least_subgradient,
        orthogonal=orthogonal,
        bits=bits,
    )


def _upper(value: arb) -> float:
    """Return a float64 number not below |value|."""
    return float(value.abs_upper()) * (1 + 1e-12)


def _lower(value: arb) -> float:
    """Return a float64 number not above a value > 0."""
    return float(value.lower()) * (1 - 1e-12)


def _least(name: str, values: list[arb], labels: np.ndarray | None = None) -> float:
    """Return a lower bound of the least of these, which must be positive; infinite for none."""
    for index, value in enumerate(values):
        if not value > 0:
            which = "" if labels is None else f" of point {labels[index]}"
            raise NotProved(f"{name}{which}: {float(value):.2g} is not shown to be positive")
    return min(map(_lower, values), default=math.inf)


def _sides(
    stored: _Stored, equations: ActiveEquations, z: list[arb]
) -> tuple[float, int]:
    """Return the least cosine of the pairs of S on no kink, and the number that are orthogonal."""
    t = equations.values(z)[1]
    a, points = equations.coefficients(z), np.flatnonzero(stored.support)
    least, orthogonal = math.inf, 0
    for i, j in np.argwhere(~equations.kinks).tolist():
        want = 1 if equations.on[i, j] else -1
        side = t[i, j] * int(want * stored.y[points[i]] * stored.signs[j])
        if side > 0:
            least = min(least, _lower(side) / float(equations.norms[i]) * (1 - 1e-12))
            continue
        own = [k for k in range(len(points)) if not a[k, j].is_zero()]
        if all(_product(stored.signed[points[i]], stored.signed[points[k]]).is_zero() for k in own):
            orthogonal += 1
            continue
        raise NotProved(
            f"preactivation of point {points[i]} at neuron {j}: its cosine "
            f"{float(side) / float(equations.norms[i]):.2g} is not shown to have the sign that "
            "its subgradient asks for"
        )
    return least, orthogonal


def _product(first: np.ndarray, second: np.ndarray) -> arb:
    """Return the inner product of two stored points, exact if the balls are."""
    return (matrix(first[None]) * matrix(second[:, None]))[0, 0]


def _off_support(stored: _Stored, equations: ActiveEquations, z: list[arb]) -> float:
    """Return the least y_i N(x_i) - 1 over the points without a multiplier."""
    others = np.flatnonzero(~stored.support)
    if not len(others):
        return math.inf
    s, kinks, m = equations.sizes
    t = matrix(stored.signed[others]) * equations.directions(z)
    gaps = []
    for k, i in enumerate(others.tolist()):
        gap = arb(-1)
        for j in range(m):
            sign = int(stored.y[i] * stored.signs[j])
            gap += z[s + kinks + j] * sign * (t[k, j] * sign).max(arb(0))
        gaps.append(gap)
    return _least("margin less 1", gaps, others)


def _distances(stored: _Stored, equations: ActiveEquations, found: Box) -> dict[str, float]:
    """Return how far stored and exact multipliers, subgradients, output and parameters are."""
    z, (s, kinks, m) = found.zero, equations.sizes
    largest = _lower(max(z[:s], key=float))
    support = stored.support
    a, u = equations.coefficients(z), equations.directions(z)
    kept = stored.subgradients[support].tolist()
    lam = [_upper(z[i] - one) for i, one in enumerate(stored.multipliers[support].tolist())]
    sub = [_upper(a[i, j] - kept[i][j]) for i in range(s) for j in range(m)]
    unit = arb(2) ** -stored.power
    v = [(z[s + kinks + j] * unit).sqrt() * int(stored.signs[j]) for j in range(m)]
    off = [v[j] - one for j, one in enumerate(stored.output.tolist())]
    exact = arb_mat(m, m, [v[j] if i == j else 0 for i in range(m) for j in range(m)])
    error = (u * exact - matrix(stored.vectors.T)).entries()
    square = sum((one * one for one in [*error, *off]), arb(0))
    norm = sum((2 * one * one for one in v), arb(0))  # ||w~_j|| = |v_j|
    return {
        "multipliers": max(lam) / largest,
        "subgradients": max(sub) / largest,
        "output": max(map(_upper, off)) / max(map(_lower, map(abs, v))),
        "theta": _upper((square / norm).sqrt()),
    }

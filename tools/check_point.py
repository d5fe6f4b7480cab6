"""Prove a saved KKT point by itself: `python tools/check_point.py point.npz`.

Needs numpy, to read the file, and python-flint, and nothing of kktnotes: whoever doubts a point
reads these pages. The file has x (n, p), y, weights, biases, output, multipliers (n,) and
subgradients a (n, m); each number is taken as it stands there. Problem (2): min ||theta||^2 / 2
subject to y_i N(x_i) >= 1, N(x) = sum_j v_j relu(w_j . x + b_j), all of w, b, v trained.

Let S = {lambda_i > 0}, K the pairs of S with 0 < a_ij < lambda_i; a pair is "on" if a_ij is
lambda_i. Let z_i = y_i (x_i, 1), u_j = sum_i a_ij z_i, t_ij = z_i . u_j, r_j = v_j^2. Unknown are
lambda_S, a_K and r, as many as the equations

    sum_{j: (i,j) on} r_j t_ij = 1 (i in S),    t_ij = 0 (K),    ||u_j||^2 = 1 (each neuron).

A solution with 0 < lambda_S, 0 < a_K < lambda, 0 < r, y_i sign(v_j) t_ij >= 0 on the pairs that
are on, <= 0 on the others of S, and y_i N(x_i) >= 1 elsewhere is a KKT point with w~_j = v_j u_j:
stationarity in w~_j and slackness are these equations, and sum_i lambda_i y_i relu(h_ij) =
sum_i a_ij y_i h_ij = u_j . w~_j = v_j.

Kantorovich's theorem proves a solution. F is quadratic, |F''(d, e)| <= B if |d|, |e| <= unit. With
C = J(z0)^-1 enclosed by balls, L = max |C| B / unit, z1 a few Newton steps from z0 and
delta = L |z1 - z0| < 1, J(z1)^-1 is C but for a factor 1 / (1 - delta). If then h = L1 eta < 1/2,
eta = |C F(z1)| / (1 - delta), L1 = L / (1 - delta), exactly one solution is within 1 / L1 of z1,
and it is within 2 eta of z1. |.| is the largest entry in units of the largest lambda and r.
"""

import sys

import numpy as np
from flint import arb, arb_mat, ctx

BITS, WITHIN, ROUNDING, NOTHING = 128, 1e-9, 1e-9, 1e-25
NAMES = ("x", "y", "weights", "biases", "output", "multipliers", "subgradients")


class Refused(Exception):
    """Why no theorem was proved."""


def need(holds: bool, reason: str) -> None:
    """Raise unless it is certain; what balls cannot tell is not."""
    if not holds:
        raise Refused(reason)


def read(path: str) -> list[np.ndarray]:
    """Return the arrays, after a look at shapes and bounds."""
    try:
        with np.load(path, allow_pickle=False) as file:
            found = [np.asarray(file[name]) for name in NAMES]
    except (OSError, ValueError, KeyError, EOFError) as error:
        raise Refused(f"{path} holds no point: {error}") from None
    x, y, w, b, v, lam, a = found
    need(all(one.dtype == "float64" and np.isfinite(one).all() for one in found), "no float64")
    need(x.ndim == 2 and v.ndim == 1 and x.size > 0 and v.size > 0, "x or output: no such shape")
    n, m = len(x), len(v)
    shapes = [(n,), (m, x.shape[1]), (m,), (m,), (n,), (n, m)]
    need([one.shape for one in found[1:]] == shapes, "the shapes do not fit together")
    need(bool((abs(y) == 1).all()), "labels other than -1 and 1")
    need(bool((a >= 0).all() and (a <= lam[:, None]).all()), "not 0 <= a_ij <= lambda_i")
    need(bool((lam > 0).any() and (v != 0).all()), "no multiplier, or a neuron without output")
    return found


def balls(values: np.ndarray) -> arb_mat:
    """Return float64 numbers, exactly."""
    return arb_mat(values.tolist())


def top(values: object) -> arb:
    """Return an upper bound of the largest |value|."""
    return max((abs(one).upper() for one in values), key=float)


def up(bound: object) -> str:
    """Return two digits of a number not below the bound; rounding moves it by 5 % at most."""
    return f"{1.06 * float(arb(bound).abs_upper()):.2g}"


def down(bound: float) -> str:
    """Return two digits of a number not above the bound."""
    return f"{0.95 * bound:.2g}"


class System:
    """F, J and B of one choice of the pairs on and on kinks."""

    def __init__(self, points: np.ndarray, on: np.ndarray, kinks: np.ndarray) -> None:
        self.points = balls(points)
        self.gram = self.points * self.points.transpose()
        self.pairs = list(map(tuple, np.argwhere(kinks).tolist()))
        self.s, self.m = on.shape
        self.on = on.tolist()

    def parts(self, z: list) -> tuple[arb_mat, list]:
        """Return a, shape (s, m), and r."""
        a = [[z[i] if self.on[i][j] else arb(0) for j in range(self.m)] for i in range(self.s)]
        for k, (i, j) in enumerate(self.pairs):
            a[i][j] = z[self.s + k]
        return arb_mat(a), z[self.s + len(self.pairs) :]

    def values(self, z: list) -> tuple[list, arb_mat]:
        """Return F and t."""
        a, r = self.parts(z)
        t, norms = self.gram * a, []
        for j in range(self.m):
            norms.append(sum((a[i, j] * t[i, j] for i in range(self.s)), arb(-1)))
        margins = [
            sum((r[j] * t[i, j] for j in range(self.m) if self.on[i][j]), arb(-1))
            for i in range(self.s)
        ]
        return margins + [t[i, j] for i, j in self.pairs] + norms, t

    def jacobian(self, z: list) -> arb_mat:
        """Return J row by row: what moves u_j is a column with its point i and the neurons j."""
        _, r = self.parts(z)
        t = self.values(z)[1]
        movers = [(i, {j for j in range(self.m) if self.on[i][j]}) for i in range(self.s)]
        movers += [(i, {j}) for i, j in self.pairs]
        weight: dict = {}
        rows = []
        for i in range(self.s):
            row = []
            for other, neurons in movers:
                key = tuple(j for j in neurons if self.on[i][j])
                if key not in weight:
                    weight[key] = sum((r[j] for j in key), arb(0))
                row.append(weight[key] * self.gram[i, other])
            rows.append(row + [t[i, j] if self.on[i][j] else arb(0) for j in range(self.m)])
        none = [arb(0)] * self.m
        for i, j in self.pairs:
            rows.append([self.gram[i, o] if j in own else arb(0) for o, own in movers] + none)
        for j in range(self.m):
            rows.append([2 * t[o, j] if j in own else arb(0) for o, own in movers] + none)
        return arb_mat(rows)

    def bend(self, unit: list) -> list:
        """Return B: the same sums as F's second-order part, each term with its absolute value."""
        a, r = self.parts(unit)
        size = arb_mat([[abs(one) for one in row] for row in self.gram.tolist()])
        t = size * a
        margins = [
            sum((2 * r[j] * t[i, j] for j in range(self.m) if self.on[i][j]), arb(0))
            for i in range(self.s)
        ]
        norms = [sum((2 * a[i, j] * t[i, j] for i in range(self.s)), arb(0)) for j in range(self.m)]
        return margins + [arb(0)] * len(self.pairs) + norms


def solved(system: System, start: np.ndarray) -> tuple[list, float, arb]:
    """Return balls around the solution, the radius in which it is alone, how far the start is."""
    z = [arb(one) for one in start.tolist()]
    count, last = system.s + len(system.pairs), len(start)
    large, square = (arb(float(max(part))) for part in (start[: system.s], start[count:]))
    units = [large] * count + [square] * (last - count)

    def way(z: list) -> list:
        return [(o - s) / u for o, s, u in zip(z, start.tolist(), units, strict=True)]

    try:
        inverse = system.jacobian(z).inv()
    except ZeroDivisionError:
        raise Refused("the Jacobian of the active set is not shown to be regular") from None
    size = arb_mat([[abs(one) for one in row] for row in inverse.tolist()])
    bend = (size * arb_mat([[one] for one in system.bend(units)])).entries()
    slope = top(one / unit for one, unit in zip(bend, units, strict=True))
    for step in range(12):
        move = (inverse * arb_mat([[one] for one in system.values(z)[0]])).entries()
        newton = top(one / unit for one, unit in zip(move, units, strict=True))
        if newton < 1e-33 or step == 11:
            break
        z = [(one - by).mid() for one, by in zip(z, move, strict=True)]
        far = top(way(z))
        need(slope * far < 0.5, f"the stored numbers are {float(far):.2g} from any solution")
    rest = 1 - slope * top(way(z))
    eta, slope = (newton / rest).upper(), (slope / rest).upper()
    need(bool(slope * eta < 0.5), f"Kantorovich's h is {float(slope * eta):.2g}, not below 1/2")
    far = top(way(z)) + 2 * eta
    need(bool(far * slope < 1), "the stored numbers are not where the solution is alone")
    return (
        [arb(o, 2 * eta * u) for o, u in zip(z, units, strict=True)],
        float((1 / slope).lower()),
        far,
    )


def main(path: str) -> str:
    """Return the theorem of a file."""
    x, y, w, b, v, lam, a = read(path)
    signed = np.column_stack([x, np.ones(len(x))]) * y[:, None]
    which = np.flatnonzero(lam > 0)
    own, sign = a[which], np.sign(v)
    on, want = own == lam[which][:, None], np.outer(y[which], sign)
    kinks = (own > 0) & ~on
    squares = v**2
    for _ in range(3):  # again with pairs on kinks that rounding alone put beside them
        system = System(signed[which], on, kinks)
        z, radius, far = solved(system, np.concatenate([lam[which], own[kinks], squares]))
        t = system.values(z)[1]
        cosine = np.array([[float(one) for one in row] for row in t.tolist()]) * want
        cosine /= np.linalg.norm(signed[which], axis=1)[:, None]
        moved = np.where(on, -cosine, cosine)
        moved = (moved > NOTHING) & (moved < ROUNDING) & ~kinks
        if not moved.any():
            break
        on, kinks = on & ~moved, kinks | moved
    s, count = len(which), len(which) + len(system.pairs)
    need(all(bool(one > 0) for one in z), "a multiplier, subgradient or v^2 is not shown positive")
    ways = [z[i] - z[s + k] for k, (i, _) in enumerate(system.pairs)]
    need(all(bool(one > 0) for one in ways), "a subgradient a_ij is not shown below lambda_i")
    for i, j in np.argwhere(~kinks).tolist():
        side = t[i, j] * int(want[i, j]) * (1 if on[i, j] else -1)
        need(
            bool(side >= 0), f"point {which[i]} is on the wrong side of neuron {j}, or on its kink"
        )
    coefficients, r = system.parts(z)
    u = system.points.transpose() * coefficients
    others, gaps = np.flatnonzero(lam == 0), []
    beside = (balls(signed[others]) * u).tolist() if len(others) else []
    for i, row in zip(others.tolist(), beside, strict=True):
        sides = [int(y[i] * one) for one in sign]
        q = sum((r[j] * k * (row[j] * k).max(arb(0)) for j, k in enumerate(sides)), arb(-1))
        need(bool(q > 0), f"the margin of point {i}, which has no multiplier, is not above 1")
        gaps.append(float(q.lower()))
    roots = [one.sqrt() * int(k) for one, k in zip(r, sign, strict=True)]
    stored = np.column_stack([w, b]).T
    error = [u[i, j] * roots[j] - float(stored[i, j]) for i, j in np.ndindex(*stored.shape)]
    error += [one - float(k) for one, k in zip(roots, v, strict=True)]
    theta = (sum((one * one for one in error), arb(0)) / (2 * sum(r, arb(0)))).sqrt()
    need(bool(theta <= WITHIN), f"the stored network is {float(theta):.2g} from the exact point")
    need(bool(far <= WITHIN), f"the stored multipliers are {float(far):.2g} from the exact point")
    largest, ways = float(lam.max()), [*z[s:count], *ways]
    least = min(float(one.lower()) for one in z[:s]) / largest
    room = min((float(one.lower()) for one in ways), default=np.inf) / largest
    off = abs(cosine[~kinks & (abs(cosine) > NOTHING)]).min(initial=np.inf)
    return (
        f"Proved: Problem (2) of the {len(x)} stored points has a KKT point with {s} positive\n"
        f"multipliers and {count - s} pairs on kinks, {len(v)} neurons, {len(z)} unknowns. Its "
        f"parameters are\nwithin {up(theta)} of the stored ones relative to their norm, its "
        f"multipliers, subgradients and\nv^2 within {up(far)}; with this active set it is the only "
        f"one within {down(radius)}.\nLeast multiplier {down(least)}, least room of a subgradient "
        f"{down(room)} of the largest multiplier,\nleast margin less 1 off the support "
        f"{down(min(gaps, default=np.inf))}, least |cosine| off kinks {down(off)}."
    )


if __name__ == "__main__":
    ctx.prec = BITS
    try:
        need(len(sys.argv) == 2, "usage is python tools/check_point.py point.npz")
        print(main(sys.argv[1]))
    except Refused as reason:
        sys.exit(f"Not proved: {reason}")

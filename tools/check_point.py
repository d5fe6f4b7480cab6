"""Prove a saved KKT point by itself: `python tools/check_point.py point.npz`.

Needs numpy, to read the file, and python-flint, and nothing of kktnotes. The file has x (n, p), y,
weights, biases, output, multipliers (n,) and subgradients a (n, m), taken as they stand there.
Problem (2): min ||w, b, v||^2 / 2 with y_i N(x_i) >= 1, N(x) = sum_j v_j relu(w_j . x + b_j).

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

BITS, STEPS, WITHIN, ROUNDING, NOTHING = 128, 6, 1e-9, 1e-9, 1e-25
NAMES = ("x", "y", "weights", "biases", "output", "multipliers", "subgradients")


def need(holds: bool, reason: str) -> None:
    """End unless it is certain; what balls cannot tell is not."""
    if not holds:
        sys.exit(f"Not proved: {reason}")


def read(path: str) -> list[np.ndarray]:
    """Return the arrays, after a look at shapes and bounds."""
    try:
        with np.load(path, allow_pickle=False) as file:
            found = [np.asarray(file[name]) for name in NAMES]
    except Exception as error:  # whatever a file that is none may raise
        sys.exit(f"Not proved: {path} holds no point: {error}")
    x, y, _, _, v, lam, a = found
    need(all(one.dtype == "<f8" and np.isfinite(one).all() for one in found), "no finite float64")
    n, m, shapes = x.shape[:1], v.shape, [(x.ndim, v.ndim), *(one.shape for one in found[1:])]
    need(shapes == [(2, 1), n, m + x.shape[1:], m, m, n, n + m], "shapes do not fit together")
    bounds = (abs(y) == 1).all() and (a >= 0).all() and (a <= lam[:, None]).all()
    need(bounds, "labels other than -1 and 1, or not 0 <= a_ij <= lambda_i")
    need((lam > 0).any() and (v != 0).all(), "no multiplier, or a neuron without output")
    return found


def up(bound: object) -> str:
    """Return two digits of a number not below the bound; rounding moves it by 5 % at most."""
    return f"{1.06 * float(arb(bound).abs_upper()):.2g}"


def down(bounds: list, unit: float = 1.0) -> str:
    """Return two digits of a number not above the least of these, in this unit."""
    return f"{0.95 * min((float(arb(one).lower()) for one in bounds), default=np.inf) / unit:.2g}"


class System:
    """F, J and B of one choice of the pairs on and on kinks."""

    def __init__(self, points: np.ndarray, on: np.ndarray, kinks: np.ndarray) -> None:
        self.points = arb_mat(points.tolist())
        self.gram = self.points * self.points.transpose()
        self.pairs = list(map(tuple, np.argwhere(kinks).tolist()))
        self.s, self.m = on.shape
        self.on = [np.flatnonzero(row).tolist() for row in on]

    def parts(self, z: list) -> tuple[arb_mat, list]:
        """Return a, shape (s, m), and r."""
        a = arb_mat([[z[i] * (j in on) for j in range(self.m)] for i, on in enumerate(self.on)])
        for k, pair in enumerate(self.pairs):
            a[pair] = z[self.s + k]
        return a, z[self.s + len(self.pairs) :]

    def quadratic(self, gram: arb_mat, z: list) -> tuple[list, list, arb_mat]:
        """Return sum_{on} r_j t_ij, u_j . u_j and t."""
        a, r = self.parts(z)
        t = gram * a
        margins = [sum((r[j] * t[i, j] for j in self.on[i]), arb(0)) for i in range(self.s)]
        norms = [sum(a[i, j] * t[i, j] for i in range(self.s)) for j in range(self.m)]
        return margins, norms, t

    def values(self, z: list) -> list:
        """Return F."""
        margins, norms, t = self.quadratic(self.gram, z)
        return [q - 1 for q in margins] + [t[pair] for pair in self.pairs] + [c - 1 for c in norms]

    def bend(self, unit: list) -> list:
        """Return B: each term of F's second-order part with its absolute value, twice."""
        size = arb_mat([[abs(one) for one in row] for row in self.gram.tolist()])
        margins, norms, _ = self.quadratic(size, unit)
        return [*(2 * q for q in margins), *([arb(0)] * len(self.pairs)), *(2 * c for c in norms)]

    def jacobian(self, z: list) -> arb_mat:
        """Return J; lambda_o moves u_j for all j at which point o is on, a_oj that of its j."""
        r, t, zero = self.parts(z)[1], self.quadratic(self.gram, z)[2], arb(0)
        movers = [(o, tuple(own)) for o, own in enumerate(self.on)]
        movers += [(o, (j,)) for o, j in self.pairs]
        rows, none = [], [zero] * self.m
        for i, on in enumerate(self.on):
            pull = {own: sum((r[j] for j in own if j in on), zero) for _, own in movers}
            row = [pull[own] * self.gram[i, o] for o, own in movers]
            rows.append(row + [t[i, j] if j in on else zero for j in range(self.m)])
        for i, j in self.pairs:
            rows.append([self.gram[i, o] if j in own else zero for o, own in movers] + none)
        for j in range(self.m):
            rows.append([2 * t[o, j] if j in own else zero for o, own in movers] + none)
        return arb_mat(rows)


def solved(system: System, start: np.ndarray) -> tuple[list, arb, arb]:
    """Return balls around the solution, the radius in which it is alone, how far the start is."""
    z, count = list(map(arb, start.tolist())), len(start) - system.m
    units = [arb(max(start[: system.s].tolist()))] * count
    units += [arb(max(start[count:].tolist()))] * system.m

    def size(values: list) -> arb:
        found = ((abs(a) / u).upper() for a, u in zip(values, units, strict=True))
        return max(found, key=float) * (1 + 1e-12)  # as far as float64 can tell two apart

    def newton() -> list:
        return (inverse * arb_mat([[one] for one in system.values(z)])).entries()

    def way() -> arb:
        return size([a - b for a, b in zip(z, start.tolist(), strict=True)])

    try:
        inverse = system.jacobian(z).inv()
    except ZeroDivisionError:
        sys.exit("Not proved: the Jacobian of the active set is not shown to be regular")
    entries = arb_mat([[abs(one) for one in row] for row in inverse.tolist()])
    slope = size((entries * arb_mat([[one] for one in system.bend(units)])).entries())
    for _ in range(STEPS):
        z = [(one - by).mid() for one, by in zip(z, newton(), strict=True)]
        need(slope * way() < 0.5, f"the stored numbers are {float(way()):.2g} from any solution")
    rest = 1 - slope * way()
    eta, slope = (size(newton()) / rest).upper(), (slope / rest).upper()
    need(slope * eta < 0.5, f"Kantorovich's h is {float(slope * eta):.2g}, not below 1/2")
    far = way() + 2 * eta
    need(far * slope < 1, "the stored numbers are not where the solution is alone")
    return [arb(a, 2 * eta * u) for a, u in zip(z, units, strict=True)], 1 / slope, far


def main(path: str) -> str:
    """Return the theorem of a file."""
    x, y, w, b, v, lam, a = read(path)
    signed = np.column_stack([x, np.ones(len(x))]) * y[:, None]
    support, others = np.flatnonzero(lam > 0), np.flatnonzero(lam == 0)
    s, own, want = len(support), a[support], np.outer(y[support], np.sign(v)).astype(int)
    on = own == lam[support][:, None]
    kinks = (own > 0) & ~on
    for _ in range(3):  # again with pairs on kinks that rounding alone put beside them
        system = System(signed[support], on, kinks)
        z, radius, far = solved(system, np.concatenate([lam[support], own[kinks], v**2]))
        t = system.quadratic(system.gram, z)[2]
        cosine = np.array([[float(one) for one in row] for row in t.tolist()]) * want
        cosine /= np.linalg.norm(signed[support], axis=1)[:, None]
        beside = ~kinks & (np.abs(cosine) > NOTHING)
        moved = beside & (abs(cosine) < ROUNDING) & ((cosine > 0) != on)
        if not moved.any():
            break
        on, kinks = on & ~moved, kinks | moved
    ways = [one for k, (i, _) in enumerate(system.pairs) for one in (z[s + k], z[i] - z[s + k])]
    need(all(one > 0 for one in z + ways), "a lambda_i, a_ij, lambda_i - a_ij or v_j^2 is not > 0")
    for i, j in np.argwhere(~kinks).tolist():
        side = t[i, j] * int(want[i, j] * (2 * on[i, j] - 1))
        need(side >= 0, f"point {support[i]} is on the wrong side of neuron {j}, or on its kink")
    r, u, gaps = z[-len(v) :], system.points.transpose() * system.parts(z)[0], []
    for i in others.tolist():
        t = (arb_mat([signed[i].tolist()]) * u).entries()
        sides = [(r[j], t[j], int(y[i] * np.sign(v[j]))) for j in range(len(v))]
        gaps.append(sum((square * k * (one * k).max(arb(0)) for square, one, k in sides), arb(-1)))
        need(gaps[-1] > 0, f"the margin of point {i}, which has no multiplier, is not above 1")
    roots = [one.sqrt() * int(k) for one, k in zip(r, np.sign(v), strict=True)]
    stored = np.column_stack([w, b]).T
    error = [u[i, j] * roots[j] - float(stored[i, j]) for i, j in np.ndindex(*stored.shape)]
    error += [one - float(k) for one, k in zip(roots, v, strict=True)]
    theta = (sum((e * e for e in error), arb(0)) / (2 * sum(r, arb(0)))).abs_upper().sqrt()
    need(max(theta, far) <= WITHIN, f"exact parameters are {up(theta)}, multipliers {up(far)} off")
    off = abs(cosine[beside]).tolist()
    return f"""Proved: Problem (2) of the {len(x)} stored points has an exact KKT point beside them.
Positive multipliers {s}, pairs on kinks {len(ways) // 2}, neurons {len(v)}, unknowns {len(z)}.
Distance of the parameters, relative to their norm, {up(theta)}, of multipliers, a, v^2 {up(far)}.
With this active set it is the only one within {down([radius])}.
Least multiplier {down(z[:s], lam.max())}, a or lambda - a {down(ways, lam.max())} of the largest,
least margin less 1 off the support {down(gaps)}, least |cosine| off kinks {down(off)}."""


if __name__ == "__main__":
    ctx.prec = BITS
    print(main(sys.argv[-1]))

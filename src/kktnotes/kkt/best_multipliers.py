"""The best multipliers and Clarke subgradients of any network (ours).

A trained network is no KKT point, it is near one, and so its kinks are near zero instead of at
zero and its support vectors near margin 1. How near counts is not for the user to say: we look
for the least width e such that, with kinks allowed where |h_ij| <= e ||w~_j|| ||x~_i|| and
multipliers with lambda_i (q_i - 1) <= e max lambda, all other residuals are at most e too. A
wider e can only lower the stationarity residuals, a narrower one only the other two, so that a
bisection on e finds the certificate whose worst residual is least. Each e asks for one convex
problem (see `coupled_squares`): the least sum of the squared relative residuals of Eq. (3),
Eq. (4), the equation of v and Euler's, under 0 <= a_ij <= lambda_i and those two limits.
"""

from __future__ import annotations

import numpy as np
import torch

from kktnotes import checks
from kktnotes.data.sample import Examples, pair
from kktnotes.kkt.conditions import examples, normalized, normalized_preactivations, residuals
from kktnotes.kkt.report import Certificate
from kktnotes.kkt.solver.coupled_squares import CoupledSquares
from kktnotes.networks.two_layer import TwoLayerReLU, as_network

# Widths: the first two tried tell an exact point from a trained network, the last is the limit.
NARROWEST, EXACT, TRAINED, WIDEST = 1e-15, 1e-13, 1e-3, 0.3
# A network known to be farther than this from a KKT point is not measured more closely.
FAR = 0.1
# Within this factor of the width the other residuals are a good guess of the crossing.
NEAR = 100.0
# A point farther than this many widths from margin 1 gets no multiplier: it could have 1 % of
# the largest.
REACH = 100.0
# Multiplications a Newton step may take before more neurons share their subgradients.
WORK = 3e9
# The limit e max lambda / (q_i - 1) needs the largest multiplier, which the fit determines.
REPEATS, AGREEMENT, HOPELESS = 3, 1.1, 10.0


class _Fit:
    """One network and sample, ready to be fitted at any width."""

    def __init__(self, network: TwoLayerReLU, x: torch.Tensor, y: torch.Tensor) -> None:
        self.network, self.x, self.y = network, x, y
        theta = normalized(network, x, y)
        arrays = (theta.weights, theta.biases, theta.output, x, y, theta.preactivations(x))
        w, b, self.v, points, self.labels, h = (array.cpu().numpy() for array in arrays)
        self.cosines = normalized_preactivations(theta, x).cpu().numpy()
        self.gap = np.maximum(theta.margins(x, y).cpu().numpy() - 1, 0.0)
        half = float(theta.norm()) ** 2 / 2
        scale = [np.linalg.norm(part) or np.sqrt(2 * half) for part in (w, b, self.v)]
        augmented = np.concatenate([points / scale[0], np.full((len(points), 1), 1 / scale[1])], 1)
        self.points = self.labels[:, None] * augmented
        self.targets = np.concatenate([w / scale[0], b[:, None] / scale[1]], 1)
        relu = self.labels[:, None] * np.maximum(h, 0) / scale[2]
        self.relu = np.concatenate([relu, np.full((len(points), 1), 1 / half)], 1)  # Euler's last
        self.output_targets = np.append(self.v / scale[2], 1.0)
        self.active = h > 0
        # A neuron without weights has no direction to be off; without output no say in Eq. (3).
        self.alive = (self.v != 0) & (np.abs(self.targets).max(1) > 0)
        self.ratios = self.targets / np.where(self.alive, self.v, 1.0)[:, None]
        self.largest = half / max(1, int((self.gap <= 0.05).sum()))
        self.gram: np.ndarray | None = None

    def groups(self, width: float, free: np.ndarray) -> np.ndarray:
        """Group neurons that may share subgradients at their kinks.

        Eqs. (3) and (4) ask the same combination of points of neurons with equal w~_j / v_j.
        Neurons for which these agree to the width share it, which costs no more than the width;
        where their number would make the problem slow, to twice the width, four times, ...
        """
        spread = max(width, 1e-15)
        while True:
            group = np.full(len(self.v), -1)
            work = 0.0
            for j in np.flatnonzero(self.alive):
                if group[j] < 0:
                    distance = np.linalg.norm(self.ratios - self.ratios[j], axis=1)
                    near = distance <= spread * np.linalg.norm(self.ratios[j])
                    group[near & self.alive & (group < 0)] = j
                    kinks = free[:, group == j].any(1).sum()
                    work += kinks * (kinks / 2 + len(free)) ** 2
            if work <= WORK or spread > 1:
                return group
            spread *= 2

    def products(self, chosen: np.ndarray) -> np.ndarray:
        """Return z_i . z_l of the chosen points; the full matrix is kept once it is needed."""
        if self.gram is None and 2 * chosen.sum() < len(chosen):
            return self.points[chosen] @ self.points[chosen].T
        if self.gram is None:
            self.gram = self.points @ self.points.T
        return self.gram[np.ix_(chosen, chosen)]

    def at(self, width: float) -> Certificate:
        """Fit multipliers and subgradients within `width` of kinks and of margin 1."""
        for _ in range(REPEATS):
            found = self._solve(width)
            ratio = found.multipliers.max().item() / self.largest
            hopeless = _others(found) > min(HOPELESS * width, FAR)
            if ratio > 0:
                # Where no fit is good the guess swings: go half the way.
                self.largest *= ratio**0.5 if hopeless else ratio
            # Looser limits could help only if the guess was too small, tighter ones are needed
            # only if a multiplier is too large for its margin.
            settled = ratio < AGREEMENT and found.complementary_slackness <= AGREEMENT * width
            if settled or hopeless or found.worst <= width:
                break
        return found

    def _solve(self, width: float) -> Certificate:
        """Solve at the current guess of the largest multiplier, which is the unit of lambda."""
        chosen = self.gap <= REACH * width
        scale = self.largest
        free = (np.abs(self.cosines) <= width) & self.alive
        gap = self.gap[chosen]
        problem = CoupledSquares(
            points=self.points[chosen] * scale,
            targets=self.targets,
            output=self.v,
            gram=self.products(chosen) * scale**2,
            active=(self.active & ~free)[chosen],
            free=free[chosen],
            group=self.groups(width, free[chosen]),
            relu=self.relu[chosen] * scale,
            output_targets=self.output_targets,
            top=np.divide(width, gap, out=np.full(len(gap), np.inf), where=10 * gap > width),
        )
        vector = problem.minimise()
        objective = problem.objective(vector)
        found, fitted = problem.subgradients(vector)
        multipliers, subgradients = np.zeros(len(chosen)), np.zeros(free.shape)
        multipliers[chosen], subgradients[chosen] = found * scale, fitted * scale
        return residuals(
            self.network, self.x, self.y, multipliers, subgradients, objective=objective
        )


def certificate(
    network: TwoLayerReLU, sample: Examples, *, resolution: float = 1.25
) -> Certificate:
    """Find the multipliers and subgradients that make a network as nearly KKT as it can be.

    Parameters
    ----------
    network : TwoLayerReLU
        Any network, trained anywhere, that separates the sample; any scale.
    sample : Sample or pair (x, y)
        The training set: anything with fields `x` and `y`, or the two arrays themselves.
    resolution : float
        The bisection ends when the width of the kinks is known to this factor (> 1).

    Returns
    -------
    Certificate
        With the least worst residual.

    Raises
    ------
    ValueError
        As in `residuals`: wrong shapes, NaN, labels, one class, points not separated; and for a
        batch of networks, which `certificates` takes.

    Examples
    --------
    >>> import kktnotes as kn
    >>> point = kn.averaged_point(4, 100)
    >>> kn.certificate(point.network, (point.x, point.y)).within(1e-12)
    True
    """
    network = as_network("network", network)
    if not checks.positive("resolution", resolution) > 1:
        raise checks.refusal("resolution", resolution, "a factor greater than 1")
    if network.weights.ndim != 2:
        got = f"a batch, weights {tuple(network.weights.shape)}"
        raise checks.refusal("network", got, "one network; certificates() takes a batch")
    x, y = examples(network, *pair("sample", sample))
    checks.memory("sample", f"{len(x):,} points", 32 * len(x) ** 2)  # Gram matrices and factors
    return _least_worst(_Fit(network, x, y), resolution)


def certificates(
    networks: TwoLayerReLU, sample: Examples, *, resolution: float = 1.25
) -> list[Certificate]:
    """Return the certificate of every network of a batch, weights (B, m, p).

    The sample may have the same batch axis, or none; see `certificate` for the rest.

    Examples
    --------
    >>> import kktnotes as kn
    >>> point = kn.averaged_point(4, 100)
    >>> batch = kn.TwoLayerReLU.stack([point.network, point.network.scaled(2.0)])
    >>> [one.within(1e-12) for one in kn.certificates(batch, point)]
    [True, True]
    """
    networks = as_network("networks", networks)
    network = networks
    if network.weights.ndim != 3:
        got = f"weights {tuple(network.weights.shape)}"
        raise checks.refusal("networks", got, "a batch, weights (B, m, p)")
    x, y = pair("sample", sample)
    x, y = checks.tensor("x", x, dimensions=2), checks.tensor("y", y, dimensions=1)
    count = len(network.weights)
    batched = (x.ndim == network.weights.ndim, y.ndim == network.weights.ndim - 1)
    if (batched[0] and len(x) != count) or (batched[1] and len(y) != count):
        raise checks.refusal("sample", f"{len(x)} samples", f"one, or {count} as networks")
    return [
        certificate(
            TwoLayerReLU(network.weights[e], network.biases[e], network.output[e]),
            (x[e] if batched[0] else x, y[e] if batched[1] else y),
            resolution=resolution,
        )
        for e in range(count)
    ]


def _others(found: Certificate) -> float:
    """Return the largest residual that a wider window could lower."""
    windowed = ("kink", "complementary_slackness")
    return max(value for name, value in found.residuals.items() if name not in windowed)


def _least_worst(fit: _Fit, resolution: float) -> Certificate:
    """Find the width at which the other residuals cross it; return the best certificate met.

    The other residuals r(e) fall as e grows, so the crossing r(e) = e lies above r(e) for each e
    tried that was wide enough, and below r(e) for each that was too narrow.
    """
    low, high = NARROWEST, WIDEST
    best: Certificate | None = None
    width, following = EXACT, float(TRAINED)
    while best is None or (
        high > resolution * low and best.worst > max(EXACT, resolution * low) and low < FAR
    ):
        found = fit.at(width)
        if best is None or found.worst < best.worst:
            best = found
        others = _others(found)
        enough = others <= width
        if enough:
            high = min(width, found.worst)
            # A width that failed for a wrong guess of the largest multiplier bounds nothing.
            low = max(others, low if low < high else NARROWEST)
        else:
            low, high = width, min(high, others)
        guess = low * resolution if enough else high / resolution
        if following and not enough:
            width = following
        else:
            near = low < guess < high and (enough or others < NEAR * width)
            width = guess if near and guess != width else (low * high) ** 0.5
        following = 0.0
    return best

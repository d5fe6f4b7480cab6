"""Separable data without clusters on which KKT points need twice the sample (ours).

Two Gaussians much wider than they are apart:

    x = (s y, rho g),    y = -1 or 1 with equal chances,    g ~ N(0, I_m),

so that the first coordinate separates with margin s, and with much noise around it two points are
about as far from each other whatever their labels. Given a classifier, a fresh point's values at
the weights are jointly Gaussian, so that its probability of error needs no fresh points:

- linear: Pr[y (w . x + b) <= 0] is a value of the normal distribution function;
- a network: y N(x) <= 0 where all its neurons of sign y are off (from below), and only if the sum
  of the linear parts of these neurons is at most that of some set of the others (from above).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import chain, combinations

import numpy as np
import torch
from scipy.special import log_ndtr, logsumexp

from kktnotes import checks
from kktnotes.chapters.separable.linear import MaximumMargin
from kktnotes.data.coordinates import augmented
from kktnotes.data.sample import Sample
from kktnotes.networks.two_layer import TwoLayerReLU

MOST_NEURONS = 12
"""Of either sign, for the upper bound's union over sets of neurons."""


@dataclass(frozen=True)
class WideGaussians:
    """The distribution: noise dimension m, signal s > 0 and noise level rho > 0."""

    dimension: int
    signal: float
    noise: float

    def __post_init__(self) -> None:
        """Check the fields."""
        checks.integer("dimension", self.dimension)
        checks.positive("signal", self.signal)
        checks.positive("noise", self.noise)

    @property
    def ratio(self) -> float:
        """(R / s)^2, R^2 = s^2 + m rho^2: what bounds for linear classifiers compare n with."""
        return 1 + self.dimension * (self.noise / self.signal) ** 2

    @property
    def apart(self) -> float:
        """Root mean squared distance of points of two labels, over that of one label."""
        return math.sqrt(1 + 2 * self.signal**2 / (self.dimension * self.noise**2))

    def draw(self, n: int, seed: int) -> Sample:
        """Return n independent points, drawn again until both labels are among them."""
        n = checks.integer("n", n, least=2)
        rng = np.random.default_rng([checks.integer("seed", seed, least=0), n])
        y: np.ndarray = np.zeros(n)
        while abs(y.sum()) in (0, n) and len(np.unique(y)) < 2:
            y = rng.choice([-1.0, 1.0], n)
        noise = self.noise * rng.standard_normal((n, self.dimension))
        x = np.column_stack([self.signal * y, noise])
        return Sample.from_arrays(torch.from_numpy(x), torch.from_numpy(y))

    def log_chance(self, weights: torch.Tensor, bias: float | torch.Tensor, label: float) -> float:
        """Return ln Pr[weights . x + bias <= 0] at points of a label, exactly."""
        middle = float(weights[0]) * self.signal * label + float(bias)
        spread = self.noise * float(weights[1:].norm())
        if spread == 0:
            return 0.0 if middle <= 0 else -math.inf
        return float(log_ndtr(-middle / spread))

    def linear_log10_error(self, classifier: MaximumMargin) -> float:
        """Return log10 Pr[y (w . x + b) <= 0], exactly."""
        w, b = classifier.weights, classifier.bias
        return self._average([self.log_chance(y * w, y * b, y) for y in (-1.0, 1.0)])

    def log10_error(self, network: TwoLayerReLU) -> tuple[float, float]:
        """Return a lower and an upper bound of log10 Pr[y N(x) <= 0].

        From below: that all neurons of sign y are off has at least the product of their chances
        where their noise weights are at no obtuse angle (Slepian); else the bound is -inf.

        Raises
        ------
        ValueError
            For a batch, another input dimension, or more than `MOST_NEURONS` neurons of a sign.
        """
        if network.weights.shape[1:] != (self.dimension + 1,):
            got = tuple(network.weights.shape)
            raise checks.refusal("network", f"weights {got}", f"(width, {self.dimension + 1})")
        bounds = [self._bounds(network, label) for label in (-1.0, 1.0)]
        return self._average([low for low, _ in bounds]), self._average([up for _, up in bounds])

    def _bounds(self, network: TwoLayerReLU, label: float) -> tuple[float, float]:
        """Return both bounds of ln Pr at the points of one label."""
        size = network.output.abs()
        w, b = size[:, None] * network.weights, size * network.biases
        own, other = (torch.nonzero(network.output * sign > 0)[:, 0] for sign in (label, -label))
        if max(len(own), len(other)) > MOST_NEURONS:
            got = f"{max(len(own), len(other))} neurons of a sign"
            raise checks.refusal("network", got, f"at most {MOST_NEURONS}")
        if not len(own):
            return 0.0, 0.0
        noise = w[own][:, 1:]
        low = -math.inf
        if bool((noise @ noise.T >= 0).all()):
            low = sum([self.log_chance(w[j], b[j], label) for j in own], 0.0)
        sets = chain.from_iterable(combinations(other.tolist(), r) for r in range(len(other) + 1))
        above = []
        for chosen in map(list, sets):
            left, shift = w[own].sum(0) - w[chosen].sum(0), b[own].sum() - b[chosen].sum()
            above.append(self.log_chance(left, shift, label))
        return float(low), min(0.0, float(logsumexp(above)))

    @staticmethod
    def _average(logs: list[float]) -> float:
        """Return log10 of the mean over both labels, from natural logarithms."""
        return float((logsumexp(logs) - math.log(2)) / math.log(10))


def signs_decide(sample: Sample) -> bool:
    """Return whether all pairs of one label have <x~_i, x~_j> > 0 and all others < 0.

    Then every KKT point, of every width, is one function: the book's chapter "Data without
    clusters" has the proof (ours).
    """
    points = augmented(sample.x)
    products = sample.y[:, None] * sample.y * (points @ points.T)
    return bool((products > 0).all())

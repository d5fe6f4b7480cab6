"""The named cases A to J (and the small case a) of this book: settings that recur everywhere.

Case A meets every hypothesis of the paper's theorems at d = 1e7; a is the same, small. C and H
meet them too, C nearly degenerate and H with n > d. B and D lie outside of Assumption 2.2. E is A,
wide and with the logistic loss. F starts in the lazy regime. G is A at d = 1e8. Flows of I end at
different KKT points, and J keeps extra patterns for long.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from kktnotes import checks
from kktnotes.data.clusters import Clusters
from kktnotes.data.sample import Sample
from kktnotes.flow import Flow, gradient_flow


@dataclass(frozen=True, kw_only=True)
class Case:
    """One setting: a distribution, a sample size, a width, a loss, a start.

    Attributes
    ----------
    letter : str
        The name by which chapters and benchmarks call it.
    d, k : int
        Dimension and number of clusters.
    sigma : float
        Standard deviation of the noise in every direction.
    n, width : int
        Training points and neurons.
    loss : str
        "exponential" or "logistic".
    init_scale : float
        About the norm of each w~_j at the start.
    tolerance : float
        What every residual of its exact KKT point must stay below.
    means : str
        "orthogonal", "equicorrelated" (inner product -8) or "sphere".
    remark : str
        Why it is here.
    """

    letter: str
    d: int
    k: int
    sigma: float
    n: int
    width: int = 50
    loss: str = "exponential"
    init_scale: float = 1e-3
    tolerance: float = 1e-10
    means: str = "orthogonal"
    remark: str = ""

    @property
    def clusters(self) -> Clusters:
        """The distribution (means on the sphere are those of seed 0)."""
        checks.choice("means", self.means, ("orthogonal", "equicorrelated", "sphere"))
        if self.means == "equicorrelated":
            return Clusters.equicorrelated(k=self.k, d=self.d, inner_product=-8.0, sigma=self.sigma)
        if self.means == "sphere":
            return Clusters.on_sphere(k=self.k, d=self.d, sigma=self.sigma, seed=0)
        return Clusters.orthogonal(k=self.k, d=self.d, sigma=self.sigma)

    def sample(self, seed: int = 0) -> Sample:
        """Draw the training sample of that seed."""
        return self.clusters.sample(n=self.n, seed=seed)

    def flow(self, seed: int = 0, sample: Sample | None = None, **knobs: Any) -> Flow:
        """Follow the gradient flow; data and start both come from `seed` unless data are given."""
        sample = self.sample(seed) if sample is None else sample
        settings: dict[str, Any] = {
            "width": self.width,
            "loss": self.loss,
            "init_scale": self.init_scale,
            "seed": seed,
        }
        return gradient_flow(sample, **(settings | knobs))


def _threshold(k: int, d: int) -> int:
    """Return the sample size of Theorem 3.1, ceil(k ln^2 d)."""
    return math.ceil(k * math.log(d) ** 2)


def _case(letter: str, d: int, k: int, sigma: float | None = None, **more: Any) -> Case:
    sigma = 1 / math.sqrt(d) if sigma is None else sigma
    settings: dict[str, Any] = {"n": _threshold(k, d)} | more
    return Case(letter=letter, d=d, k=k, sigma=sigma, **settings)


_LIST = [
    _case("A", 10**7, 4, 1.0, tolerance=1e-12, remark="every hypothesis holds"),
    _case("a", 1_203, 4, tolerance=1e-12, remark="every hypothesis holds, small"),
    _case("B", 1_000, 10, 1.0, tolerance=1e-12, remark="outside the assumption"),
    _case("C", 10**4, 26, remark="every hypothesis holds, nearly degenerate"),
    _case("D", 100, 10, 1.0, n=500, remark="n > d, outside the assumption"),
    _case(
        "E",
        10**7,
        4,
        1.0,
        width=1_000,
        loss="logistic",
        tolerance=1e-12,
        remark="A, wide, logistic",
    ),
    _case("F", 1_000, 8, init_scale=1.0, tolerance=1e-8, remark="lazy start"),
    _case("G", 10**8, 13, 1.0, remark="every hypothesis holds, largest"),
    _case("H", 3_382, 10, n=4_000, remark="every hypothesis holds, n > d"),
    _case("I", 2_000, 4, width=6, means="equicorrelated", remark="several limits"),
    _case("J", 20_000, 3, means="sphere", remark="extra patterns decay slowly"),
]
CASES: dict[str, Case] = {case.letter: case for case in _LIST}


def case(letter: str) -> Case:
    """Return the case of that letter (capitals A to J, or the small case a).

    Examples
    --------
    >>> import kktnotes as kn
    >>> kn.case("a").clusters
    Clusters(k=4, d=1,203, sigma=0.0288)
    """
    return CASES[checks.choice("letter", letter, list(CASES))]

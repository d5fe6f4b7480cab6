"""The distribution of clusters of section 2: k Gaussian clusters, each with a label.

(x, y) ~ D_clusters: draw q uniformly from the k clusters, x ~ N(mu_q, sigma^2 I_d), y = y_q.
Means are held in q coordinates (q = k unless said otherwise), samples in p; see `coordinates`.

Beyond the paper's setting, where it can be done exactly: N(0, Sigma) noise with tr Sigma = d
(a multiple of the identity plus a low rank), bounded sub-Gaussian noise in plain coordinates,
sigma > 1 and norms other than sqrt(d). What Assumption 2.2 says of them, `assumption()` tells.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import torch

from kktnotes import checks
from kktnotes.data import assumption, coordinates, draws
from kktnotes.data.means import equicorrelated_means, gram_means, sphere_means
from kktnotes.data.sample import Sample, whole_numbers
from kktnotes.data.seeds import Seed, generator
from kktnotes.printing import brief
from kktnotes.terms import Terms

NOISES = ("gaussian", "rademacher", "uniform")
PLAIN_ENTRIES = 10**8  # numbers that plain coordinates may take, 0.8 GB


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class Clusters:
    """Means, labels, noise level and ambient dimension of a distribution of clusters.

    A distribution lies on the CPU; what is drawn from it too, until `Sample.to` moves it.

    Attributes
    ----------
    means : tensor (k, q)
        Coordinates of the means mu_q; q is at most d.
    labels : tensor (k,)
        Labels y_q, float64 -1 and 1, both present (so k >= 2), as section 2 asks.
    sigma : float
        Noise level, at least 0; 0 and values above 1 are allowed and fail Assumption 2.2.
    d : int
        Ambient dimension.
    noise : str
        "gaussian"; or "rademacher" (signs), "uniform" (on [-sqrt(3), sqrt(3)]), independent
        coordinates of variance 1, which need means in plain coordinates (q = d).
    factor : tensor (q, r), or None
        F of the noise covariance sigma^2 Sigma, Sigma = a I + F F^T with a set by tr Sigma = d.

    Examples
    --------
    >>> import kktnotes as kn
    >>> kn.Clusters.orthogonal(k=4, d=10**7, sigma=1.0).assumption().holds
    True
    >>> kn.Clusters.given([[3.0, 0.0], [0.0, 3.0]], [1, -1], sigma=0.1)
    Clusters(k=2, d=2, sigma=0.1)
    """

    means: torch.Tensor
    labels: torch.Tensor
    sigma: float
    d: int
    noise: str = "gaussian"
    factor: torch.Tensor | None = None

    if TYPE_CHECKING:  # arrays of any kind come in, tensors are kept

        def __init__(
            self,
            means: checks.Array,
            labels: checks.Array,
            sigma: float,
            d: int,
            noise: str = "gaussian",
            factor: checks.Array | None = None,
        ) -> None: ...

    def __post_init__(self) -> None:
        """Check every field; arrays of any kind become float64 tensors."""
        means = checks.tensor("means", self.means, dimensions=2, device="cpu")
        if means.ndim != 2 or means.shape[0] < 2:
            raise checks.refusal(
                "means", f"shape {tuple(means.shape)}", "(k, q) with k >= 2, for two labels"
            )
        labels = checks.labels("labels", self.labels, device="cpu")
        if labels.shape != means.shape[:1]:
            raise checks.refusal("labels", f"shape {tuple(labels.shape)}", f"({len(means)},)")
        d = checks.integer("d", self.d)
        if means.shape[1] > d:
            raise checks.refusal("d", d, f"at least {means.shape[1]}, the coordinates of the means")
        noise = checks.choice("noise", self.noise, NOISES)
        if noise != "gaussian" and means.shape[1] != d:
            raise checks.refusal(
                "noise",
                f"{noise!r} with means in {means.shape[1]} of d = {d:,} coordinates",
                "'gaussian' in reduced coordinates (only the Gaussian is rotation-invariant), or "
                "means in all d coordinates (see plain())",
            )
        if self.factor is not None:
            object.__setattr__(self, "factor", self._checked(self.factor, means, d))
        for name, value in {
            "means": means,
            "labels": labels,
            "sigma": checks.positive("sigma", self.sigma, zero=True),
            "d": d,
        }.items():
            object.__setattr__(self, name, value)

    def _checked(self, factor: torch.Tensor, means: torch.Tensor, d: int) -> torch.Tensor:
        """Return F, checked against the means, the noise's law and the trace."""
        factor = checks.tensor("factor", factor, dimensions=2, device="cpu")
        if self.noise != "gaussian":
            raise checks.refusal(
                "factor", f"noise {self.noise!r}", "noise 'gaussian' with a factor"
            )
        if factor.ndim != 2 or factor.shape[0] != means.shape[1]:
            got = f"shape {tuple(factor.shape)}"
            raise checks.refusal(
                "factor", got, f"({means.shape[1]}, r), rows as the means' columns"
            )
        if float(factor.square().sum()) > d * (1 + 1e-12):
            trace = float(factor.square().sum())
            raise checks.refusal("factor", f"trace of F F^T = {trace:.6g}", f"at most d = {d:,}")
        return factor

    # --- constructors ---------------------------------------------------------------------------

    @classmethod
    def orthogonal(
        cls, k: int, d: int, sigma: float, labels: checks.Array | None = None
    ) -> Clusters:
        """Return orthogonal means sqrt(d) e_q (Example 1, item 2); k is at most d."""
        k, d = whole_sizes(k, d)
        if k > d:
            raise checks.refusal("k", k, f"at most d = {d}: more directions are not orthogonal")
        means = np.sqrt(d) * np.eye(k)
        return cls(means=means, labels=alternating(k, labels), sigma=sigma, d=d)

    @classmethod
    def on_sphere(
        cls, k: int, d: int, sigma: float, seed: int, labels: checks.Array | None = None
    ) -> Clusters:
        """Draw means independently and uniformly on the sphere of radius sqrt(d) (item 1)."""
        k, d = whole_sizes(k, d)
        means = sphere_means(generator(seed, "means"), k, d)
        return cls(means=means, labels=alternating(k, labels), sigma=sigma, d=d)

    @classmethod
    def equicorrelated(
        cls,
        k: int,
        d: int,
        inner_product: float,
        sigma: float,
        labels: checks.Array | None = None,
    ) -> Clusters:
        """Return means of norm sqrt(d) with <mu_p, mu_q> = inner_product for all p != q (item 3).

        Possible for inner products from -d/(k - 1), the regular simplex, to d, all means equal.
        """
        k, d = whole_sizes(k, d)
        least = -d / (k - 1)
        value = checks.number("inner_product", inner_product)
        if not least - 1e-12 * d <= value <= d:
            raise checks.refusal("inner_product", value, f"from -d/(k - 1) = {least:g} to d = {d}")
        simplex = abs(value - least) <= 1e-12 * d
        rank = 1 if value == d else k - simplex
        if rank > d:
            raise checks.refusal("k", k, f"at most {d + simplex} for this inner product in d = {d}")
        means = equicorrelated_means(k, d, value)
        return cls(means=means, labels=alternating(k, labels), sigma=sigma, d=d)

    @classmethod
    def given(
        cls, means: checks.Array, labels: checks.Array, sigma: float, d: int | None = None
    ) -> Clusters:
        """Return clusters with any means (k, q): coordinates in R^d, or in a subspace of it.

        d is the ambient dimension, q where it is not given. Norms other than sqrt(d) are allowed.
        """
        means = checks.tensor("means", means, dimensions=2)
        return cls(means=means, labels=labels, sigma=sigma, d=means.shape[-1] if d is None else d)

    @classmethod
    def from_gram(cls, gram: checks.Array, labels: checks.Array, sigma: float, d: int) -> Clusters:
        """Return clusters whose means have that Gram matrix (k, k), positive semidefinite."""
        return cls(
            means=gram_means(gram, checks.integer("d", d)),
            labels=labels,
            sigma=sigma,
            d=d,
        )

    # --- other versions of the same clusters ----------------------------------------------------

    def plain(self) -> Clusters:
        """Return the same clusters with means in all d coordinates (zeros beyond the first q).

        Needed for noise that is not Gaussian; refused where the means alone would not fit.
        """
        if self.k * self.d > PLAIN_ENTRIES:
            raise checks.refusal(
                "d", f"{self.d:,}", f"k * d of at most {PLAIN_ENTRIES:,} in plain coordinates"
            )
        return replace(self, means=self.padded(self.d), factor=self._padded_factor(self.d))

    def reduced(self) -> Clusters:
        """Return the same clusters, rotated: means (and F) in as few coordinates as span them."""
        if self.noise != "gaussian":
            raise checks.refusal("noise", repr(self.noise), "'gaussian': a rotation changes others")
        rows = self.means if self.factor is None else torch.cat([self.means, self.factor.mT])
        rotated = torch.from_numpy(coordinates.reduced(rows.numpy()))
        factor = None if self.factor is None else rotated[self.k :].mT
        return replace(self, means=rotated[: self.k], factor=factor)

    def with_noise(
        self, noise: str = "gaussian", *, factor: checks.Array | None = None
    ) -> Clusters:
        """Return the same means with another noise; a factor of more rows adds coordinates."""
        means = self.means
        if factor is not None:
            factor = checks.tensor("factor", factor, dimensions=2)
            means = self.padded(max(factor.shape[0], self.means.shape[1]))
        return replace(self, means=means, noise=noise, factor=factor)

    # --- what they are --------------------------------------------------------------------------

    @property
    def k(self) -> int:
        """The number of clusters."""
        return self.means.shape[0]

    @property
    def gram(self) -> torch.Tensor:
        """The inner products of the means, (k, k)."""
        return self.means @ self.means.mT

    @property
    def direction(self) -> torch.Tensor:
        """The vector u = sum_q y_q mu_q of Lemma 2.1 and Theorem 4.2, (q,)."""
        return self.labels @ self.means

    @property
    def largest_inner_product(self) -> float:
        """max over p != q of |<mu_p, mu_q>|."""
        return float((self.gram - torch.diag(torch.diag(self.gram))).abs().max())

    @property
    def isotropic(self) -> float:
        """The share a of the identity in the noise covariance Sigma = a I + F F^T."""
        trace = 0.0 if self.factor is None else float(self.factor.square().sum())
        return max(1.0 - trace / self.d, 0.0)

    def assumption(self) -> Terms:
        """Return Assumption 2.2 term by term, and the law of the noise where it departs."""
        norms = self.means.norm(dim=1)
        farthest = float(norms[(norms - np.sqrt(self.d)).abs().argmax()])
        standard = self.noise == "gaussian" and self.factor is None
        return assumption.terms(
            k=self.k,
            d=self.d,
            sigma=self.sigma,
            largest_inner_product=self.largest_inner_product,
            norm=farthest,
            isotropic_gaussian=standard,
        )

    def padded(self, columns: int) -> torch.Tensor:
        """Return the means with zeros up to that many coordinates, (k, columns)."""
        return torch.nn.functional.pad(self.means, (0, columns - self.means.shape[1]))

    def _padded_factor(self, columns: int) -> torch.Tensor | None:
        """Return F with zero rows up to that many coordinates."""
        if self.factor is None:
            return None
        return torch.nn.functional.pad(self.factor, (0, 0, 0, columns - self.factor.shape[0]))

    # --- drawing --------------------------------------------------------------------------------

    def sample(self, n: int, seed: Seed, *, cluster: checks.Array | None = None) -> Sample:
        """Draw n independent training points.

        Parameters
        ----------
        n : int
            Number of points. Fewer than k, or unlucky ones, leave clusters without an example.
        seed : int, or a sequence of ints
            A sequence gives a leading batch dimension; element b is the sample of seed b alone.
        cluster : array (n,), optional
            The cluster of each point, where it should not be drawn (the law given the clusters).

        Returns
        -------
        Sample
            x of shape (..., n, p) with p = q + n coordinates, p = d (plain) where that is fewer.
        """
        n = checks.integer("n", n)
        if self.noise != "gaussian" and n * self.d > PLAIN_ENTRIES:
            raise checks.refusal(
                "noise",
                f"{self.noise!r} with n * d = {n * self.d:,}",
                f"n * d of at most {PLAIN_ENTRIES:,}; only Gaussian noise has reduced coordinates",
            )
        chosen = None
        if cluster is not None:
            chosen = whole_numbers("cluster", cluster).numpy(force=True)
            if chosen.shape != (n,) or chosen.max() >= self.k:
                raise checks.refusal("cluster", chosen, f"{n} numbers from 0 to {self.k - 1}")
        p = min(self.means.shape[1] + n, self.d)
        return draws.draw(self, seed, "training points", n, p, chosen)

    def joint_samples(self, sizes: Sequence[int], seed: int) -> list[Sample]:
        """Draw independent training samples of those sizes in joint coordinates.

        What is computed from one of them (a network, a perturbation) may be tried on the others.
        """
        sizes = checks.sequence("sizes", sizes, "a list of one or more sizes")
        sizes = [checks.integer("sizes", size) for size in sizes]
        if not sizes:
            raise checks.refusal("sizes", "no size", "at least one size")
        joint = self.sample(sum(sizes), seed)
        ends = np.cumsum(sizes)
        return [
            joint.subset(slice(int(end) - size, int(end)))
            for size, end in zip(sizes, ends, strict=True)
        ]

    def fresh(self, count: int, seed: Seed, *, p: int | None = None) -> Sample:
        """Draw `count` points with independent noise, of which p coordinates are kept.

        p is by default that of the means: enough for anything that depends on the means alone.
        """
        count = checks.integer("count", count)
        least = self.means.shape[1]
        p = least if p is None else checks.integer("p", p)
        if not least <= p <= self.d:
            raise checks.refusal("p", p, f"from {least} to d = {self.d:,}")
        return draws.draw(self, seed, "fresh points", count, p)

    def __repr__(self) -> str:
        """Return the sizes in one line."""
        law = [] if self.noise == "gaussian" else [f"{self.noise} noise"]
        law = law if self.factor is None else ["N(0, Sigma) noise"]
        return brief(self, f"k={self.k}", f"d={self.d:,}", f"sigma={self.sigma:.3g}", *law)


def whole_sizes(k: int, d: int) -> tuple[int, int]:
    """Return k and d as ints; section 2 needs both labels, hence two clusters at least."""
    k, d = checks.integer("k", k, least=2), checks.integer("d", d)
    checks.memory("k", f"{k:,} means", 24 * k * min(k, d))
    return k, d


def alternating(k: int, labels: checks.Array | None) -> checks.Array:
    """Return the labels, or +1, -1, +1, ... where none are given."""
    return (-1.0) ** np.arange(k) if labels is None else labels


def as_clusters(argument: str, value: object) -> Clusters:
    """Return `value` if it is a distribution of clusters."""
    return checks.instance(argument, value, Clusters, "Clusters, such as Clusters.orthogonal(...)")

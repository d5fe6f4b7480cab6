"""Samples: points in exact reduced coordinates, with the fresh points that belong to them.

A `Sample` holds p coordinates of every point. Those of a training sample are all there is to it:
its other d - p coordinates are zero. A fresh point has independent noise in all d dimensions; the
p coordinates that the training points, the means and any network trained on them can see are in
`x`, and of the other d - p only the length matters, `unseen`, sigma times a chi variate.
"""

from __future__ import annotations

import operator
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
import torch

from kktnotes import checks
from kktnotes.data import coordinates
from kktnotes.data.seeds import Seed, generator, seeds_of
from kktnotes.printing import brief
from kktnotes.terms import Terms


class Distribution(Protocol):
    """What a sample asks of the distribution it was drawn from; `Clusters` is one, and explains."""

    @property
    def k(self) -> int: ...  # noqa: D102
    @property
    def d(self) -> int: ...  # noqa: D102
    @property
    def sigma(self) -> float: ...  # noqa: D102
    @property
    def noise(self) -> str: ...  # noqa: D102
    @property
    def labels(self) -> torch.Tensor: ...  # noqa: D102
    @property
    def means(self) -> torch.Tensor: ...  # noqa: D102
    @property
    def gram(self) -> torch.Tensor: ...  # noqa: D102
    @property
    def factor(self) -> torch.Tensor | None: ...  # noqa: D102
    @property
    def isotropic(self) -> float: ...  # noqa: D102
    @property
    def direction(self) -> torch.Tensor: ...  # noqa: D102
    def assumption(self) -> Terms: ...  # noqa: D102
    def padded(self, columns: int) -> torch.Tensor: ...  # noqa: D102
    def fresh(self, count: int, seed: Seed, *, p: int | None = None) -> Sample: ...  # noqa: D102


class Labelled(Protocol):
    """Anything with points and labels: a `Sample`, a `KKTPoint`."""

    @property
    def x(self) -> torch.Tensor: ...  # noqa: D102
    @property
    def y(self) -> torch.Tensor: ...  # noqa: D102


Examples = Labelled | tuple[checks.Array, checks.Array]
"""Points with labels: a `Sample`, or the two arrays themselves, x (..., n, p) and y (..., n)."""


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class Sample:
    """Labelled points in coordinates that keep every inner product.

    What is computed of a sample alone lies on its device, see `to`; of a network and a sample, on
    the network's. A flow runs where its sample is.

    Attributes
    ----------
    x : tensor (..., n, p)
        Coordinates of the points.
    y : tensor (..., n)
        Labels, float64 -1 and 1. One label only, or a cluster without an example, may happen.
    cluster : int64 tensor (..., n), or None
        The cluster of each point, 0 to k - 1 (None where the user's own data has none).
    clusters : Clusters, or None
        The distribution; None for the user's own data.
    d : int
        The ambient dimension, at least p.
    unseen : tensor (..., n)
        Length of each point's part outside of the p coordinates: zero for training points.

    Examples
    --------
    >>> import kktnotes as kn
    >>> own = kn.Sample.from_arrays([[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]], [1, -1, 1])
    >>> own
    Sample(3 points, 2 coordinates, in dimension 2)
    >>> own.subset(own.y > 0).n
    2
    """

    x: torch.Tensor
    y: torch.Tensor
    cluster: torch.Tensor | None
    clusters: Distribution | None
    d: int
    unseen: torch.Tensor

    @classmethod
    def from_arrays(
        cls, x: checks.Array, y: checks.Array, cluster: checks.Array | None = None
    ) -> Sample:
        """Wrap the user's own data, x (..., n, p) and y (..., n), in plain coordinates (d = p).

        Raises ValueError for shapes that do not match, labels other than -1 and 1, no point at
        all, and cluster numbers that are not whole numbers of at least 0.
        """
        x = checks.tensor("x", x, dimensions=2).clone()  # the user's arrays may change later
        y = checks.labels("y", y, both=False, device=x.device).clone()
        if y.shape != x.shape[:-1]:
            raise checks.refusal("y", f"shape {tuple(y.shape)}", f"{tuple(x.shape[:-1])}, as x")
        if x.numel() == 0:
            raise checks.refusal(
                "x", f"shape {tuple(x.shape)}", "at least one point and coordinate"
            )
        if cluster is not None:
            cluster = whole_numbers("cluster", cluster).to(x.device)
            if cluster.shape != y.shape:
                got = f"shape {tuple(cluster.shape)}"
                raise checks.refusal("cluster", got, f"{tuple(y.shape)}, as y")
        return cls(
            x=x, y=y, cluster=cluster, clusters=None, d=x.shape[-1], unseen=torch.zeros_like(y)
        )

    @property
    def n(self) -> int:
        """The number of points."""
        return self.x.shape[-2]

    @property
    def p(self) -> int:
        """The number of coordinates."""
        return self.x.shape[-1]

    @property
    def device(self) -> torch.device:
        """Where the points lie."""
        return self.x.device

    @property
    def means(self) -> torch.Tensor:
        """The cluster means in the sample's coordinates, (..., k, p)."""
        means = self.drawn_from("means").padded(self.p).to(self.x.device)
        return means.expand(*self.x.shape[:-2], *means.shape)

    @property
    def norms(self) -> torch.Tensor:
        """The l2 norms in R^d, (..., n), the unseen part included."""
        return (self.x.square().sum(-1) + self.unseen.square()).sqrt()

    @property
    def counts(self) -> torch.Tensor:
        """How many points each cluster has, int64 (..., k)."""
        k = self.drawn_from("counts").k
        return torch.nn.functional.one_hot(self.numbered("counts"), k).sum(-2)

    def __getitem__(self, element: int) -> Sample:
        """Return one sample of a batch; `subset` picks points."""
        if self.x.ndim == 2:
            got = "an index of one sample"
            raise checks.refusal("sample[...]", got, "an index of a batch; see subset for points")
        count = self.x.shape[0]
        if isinstance(element, bool) or not hasattr(element, "__index__"):
            raise checks.refusal("sample[...]", repr(element), "a whole number")
        element = operator.index(element)
        if not -count <= element < count:  # IndexError ends a loop over the batch
            raise IndexError(f"sample: got {element}, allowed is -{count} to {count - 1}")
        cluster = None if self.cluster is None else self.cluster[element]
        x, y, unseen = self.x[element], self.y[element], self.unseen[element]
        return replace(self, x=x, y=y, cluster=cluster, unseen=unseen)

    def subset(self, index: slice | checks.Array) -> Sample:
        """Return the points that `index` picks along the point axis, in the same coordinates.

        Two subsets of one sample share their coordinates: a perturbation or a network made from
        one can be tried on the other.
        """
        if not isinstance(index, slice):
            try:
                index = torch.as_tensor(index, device=self.x.device)
            except (TypeError, ValueError, RuntimeError):
                allowed = "a slice, or one axis of integers or booleans"
                raise checks.refusal("index", type(index).__name__, allowed) from None
            if index.ndim != 1 or index.dtype.is_floating_point or index.dtype.is_complex:
                got = f"{index.dtype} of shape {tuple(index.shape)}"
                raise checks.refusal("index", got, "a slice, or one axis of integers or booleans")
            if index.dtype == torch.bool and len(index) != self.n:
                raise checks.refusal("index", f"{len(index)} booleans", f"{self.n}, one a point")
            if index.dtype != torch.bool:
                index = index.long()  # of int8 the comparison below would overflow
            if index.dtype != torch.bool and not bool(
                ((index >= -self.n) & (index < self.n)).all()
            ):
                raise checks.refusal("index", "a point that is not there", f"points below {self.n}")
        picked = replace(
            self,
            x=self.x[..., index, :],
            y=self.y[..., index],
            cluster=None if self.cluster is None else self.cluster[..., index],
            unseen=self.unseen[..., index],
        )
        if picked.n == 0:
            raise checks.refusal("index", "an empty choice", "at least one point")
        return picked

    def fresh(self, count: int, seed: Seed) -> Sample:
        """Draw `count` new points of the same distribution, independent of this sample.

        They come in the same p coordinates, with the length of the rest in `unseen`. An int seed
        gives one set, (count, p), which broadcasts against a batch; a sequence gives a batch.
        """
        clusters = self.drawn_from("fresh")
        return clusters.fresh(count, seed, p=self.p).to(self.x.device)

    def extended(self, extra: int) -> Sample:
        """Return the sample with min(extra, d - p) more coordinates, zero at its own points.

        They are the room for initial weights, which point out of the span of the data; fresh
        points drawn afterwards fill them with noise. Nothing else about the sample changes.
        """
        extra = min(checks.integer("extra", extra, least=0), self.d - self.p)
        if extra == 0:
            return self
        if bool((self.unseen != 0).any()):
            raise checks.refusal(
                "extended", "a sample of fresh points", "training samples; draw fresh points later"
            )
        zeros = self.x.new_zeros(*self.x.shape[:-1], extra)
        return replace(self, x=torch.cat([self.x, zeros], -1))

    def directions(self, count: int, seed: Seed) -> torch.Tensor:
        """Draw uniform random unit directions of R^d and return their p coordinates, (count, p).

        These are the controls for an attack. Their norms are below 1, about sqrt(p / d): the rest
        of a random direction lies where the network does not look. A sequence of seeds gives
        (len(seed), count, p).
        """
        count = checks.integer("count", count)
        seeds, batched = seeds_of(seed)
        drawn = []
        for one in seeds:
            rng = generator(one, "directions")
            seen = rng.standard_normal((count, self.p))
            rest = coordinates.chi(rng, np.full(count, float(self.d - self.p)))
            drawn.append(seen / np.sqrt((seen**2).sum(-1) + rest**2)[:, None])
        result = torch.from_numpy(np.stack(drawn)).to(self.x.device)
        return result if batched else result[0]

    def to(self, device: torch.device | str) -> Sample:
        """Return the sample on that device."""
        device = checks.device("device", device)
        return replace(
            self,
            x=self.x.to(device),
            y=self.y.to(device),
            cluster=None if self.cluster is None else self.cluster.to(device),
            unseen=self.unseen.to(device),
        )

    def drawn_from(self, what: str = "sample") -> Distribution:
        """Return the clusters; raise ValueError naming `what` where the data is the user's own."""
        if self.clusters is None:
            own = "a sample of your own data (from_arrays)"
            raise checks.refusal(what, own, "a sample drawn from Clusters")
        return self.clusters

    def numbered(self, what: str = "sample") -> torch.Tensor:
        """Return the cluster of each point; raise ValueError naming `what` where there is none."""
        if self.cluster is None:
            own = "a sample without cluster numbers"
            raise checks.refusal(what, own, "one with them (see the argument cluster)")
        return self.cluster

    def __repr__(self) -> str:
        """Return the sizes in one line."""
        batch = "".join(f"{size} x " for size in self.x.shape[:-2])
        sizes = f"{batch}{self.n} points", f"{self.p} coordinates", f"in dimension {self.d:,}"
        return brief(self, *sizes)


def whole_numbers(argument: str, value: checks.Array) -> torch.Tensor:
    """Return cluster numbers as an int64 tensor; refuse negative or fractional ones."""
    numbers = checks.tensor(argument, value, dimensions=1)
    if not bool(((numbers >= 0) & (numbers == numbers.round())).all()):
        raise checks.refusal(argument, "a negative or fractional number", "whole numbers >= 0")
    if bool((numbers > checks.LARGEST).any()):
        raise checks.refusal(argument, f"{float(numbers.max()):.3g}", "numbers up to 10^15")
    return numbers.to(torch.int64)


def as_sample(argument: str, value: object, device: torch.device | None = None) -> Sample:
    """Return `value` if it is a sample, on `device` where that is given (see `checks`)."""
    sample = checks.instance(argument, value, Sample, "a Sample; see Sample.from_arrays")
    if sample.device.type == "meta":
        raise checks.refusal(argument, "a sample on the device meta", "points that hold numbers")
    return sample if device in (None, sample.device) else sample.to(device)


def pair(argument: str, value: Examples) -> tuple[checks.Array, checks.Array]:
    """Return x and y of a `Sample`, or of a pair of arrays."""
    if not isinstance(value, (tuple, list)) and hasattr(value, "x") and hasattr(value, "y"):
        return value.x, value.y
    if not isinstance(value, (tuple, list)) or len(value) != 2:
        raise checks.refusal(argument, type(value).__name__, "a Sample or a pair (x, y)")
    return value[0], value[1]

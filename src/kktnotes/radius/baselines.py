"""Radii of the classifiers that the paper compares with: linear and 1-nearest-neighbour.

The label of the 1-nearest-neighbour rule changes where x' is at least as near to some training
point x_i of the other label as to every one of x's predicted label. For each i that is a
polyhedron {x' : |x' - x_i| <= |x' - x_l| for all such l}; the distance to the union is the
least distance. Each polyhedron is approached by cutting planes: every half-space, and every
non-negative combination of them, certifies a lower bound, and a cell whose bound passes the best
verified point is dropped.
"""

from __future__ import annotations

import time

import numpy as np
import torch

from kktnotes import checks
from kktnotes.data.sample import Sample, as_sample
from kktnotes.geometry.cutting_planes import least_distance
from kktnotes.progress import each
from kktnotes.radius.result import Radius


def linear_radius(weights: checks.Array, x: checks.Array, *, bias: float = 0.0) -> torch.Tensor:
    """Return |w . x + b| / ||w||, the distance to the boundary of a linear classifier, (..., n).

    Parameters
    ----------
    weights : tensor (p,)
        w, for instance u of Lemma 2.1.
    x : tensor (..., n, p)
        Points.
    bias : float
        b.

    Examples
    --------
    >>> import kktnotes as kn
    >>> kn.linear_radius([3.0, 4.0], [[1.0, 1.0], [0.0, 0.0]], bias=-2.0)
    tensor([1.0000, 0.4000], dtype=torch.float64)
    """
    x = checks.tensor("x", x, dimensions=2)
    weights = checks.tensor("weights", weights, dimensions=1, device=x.device)
    offset = checks.tensor("bias", bias, device=x.device)
    largest = weights.abs().max() if weights.numel() else weights.sum()
    if largest > 0:  # so that squares neither overflow nor vanish
        weights, offset = weights / largest, offset / largest
    size = torch.linalg.vector_norm(weights)
    if weights.shape != x.shape[-1:] or size == 0:
        raise checks.refusal(
            "weights", f"shape {tuple(weights.shape)}", f"({x.shape[-1]},) and not zero"
        )
    return (x @ weights + offset).abs() / size


def nearest_neighbour_radius(
    train: Sample,
    x: torch.Tensor,
    *,
    tolerance: float = 1e-9,
    time_budget: float | None = None,
    progress: bool | None = None,
) -> Radius:
    """Return the distance at which the label of the nearest training point changes.

    Parameters
    ----------
    train : Sample
        Training points (n, p), both labels present.
    x : tensor (count, p)
        Points, in the same coordinates.
    tolerance : float
        Relative gap at which a point is finished.
    time_budget : float, optional
        Seconds; points that were not finished keep valid bounds.
    progress : bool, optional
        Whether a long run shows a bar; default: where somebody watches, see `kktnotes.progress`.

    Returns
    -------
    Radius
        Ties count as changed. Points not reached in time have upper = infinity.

    Examples
    --------
    >>> import kktnotes as kn
    >>> train = kn.Sample.from_arrays([[0.0, 0.0], [2.0, 0.0]], [1, -1])
    >>> kn.nearest_neighbour_radius(train, [[0.5, 3.0]]).upper.round(decimals=6)
    tensor([0.5000], dtype=torch.float64)
    """
    train = as_sample("train", train)
    x = checks.tensor("x", x, dimensions=2)
    if x.ndim != 2 or train.x.ndim != 2 or x.shape[-1] != train.p:
        raise checks.refusal("x", f"shape {tuple(x.shape)}", f"(count, {train.p})")
    checks.labels("train.y", train.y)
    checks.memory("train", f"{train.n:,} points", 32 * train.n**2)  # inner products and distances
    tolerance = checks.positive("tolerance", tolerance)
    deadline = np.inf
    if time_budget is not None:
        deadline = time.monotonic() + checks.positive("time_budget", time_budget)
    points, y = train.x.numpy(force=True), train.y.numpy(force=True)
    cells = _Cells(points, y)
    lower, upper = np.zeros(len(x)), np.full(len(x), np.inf)
    nearest = np.full(tuple(x.shape), np.nan)
    for row in each(range(len(x)), "1-nn radius", progress=progress):
        lower[row], upper[row], place = cells.distance(
            x[row].numpy(force=True), tolerance, deadline
        )
        if place is not None:
            nearest[row] = place
    finished = (upper - lower <= tolerance * upper) & np.isfinite(upper)
    found = {"lower": lower, "upper": upper, "nearest": nearest, "finished": finished}
    return Radius(**{name: torch.from_numpy(one).to(x.device) for name, one in found.items()})


class _Cells:
    """The cells of the training points of one label among those of the other."""

    def __init__(self, points: np.ndarray, labels: np.ndarray) -> None:
        self.points, self.labels = points, labels
        self.gram = points @ points.T
        square = np.diag(self.gram)
        apart = square[:, None] + square - 2 * self.gram
        self.apart = np.sqrt(np.maximum(apart, 0.0))

    def distance(
        self, x: np.ndarray, tolerance: float, deadline: float
    ) -> tuple[float, float, np.ndarray | None]:
        """Return certified lower bound, verified upper bound and its point."""
        squares = ((self.points - x) ** 2).sum(-1)
        own = np.flatnonzero(self.labels == self.labels[squares.argmin()])
        other = np.setdiff1d(np.arange(len(squares)), own)
        # Distance to each half-space {|x' - x_i| <= |x' - x_l|}: a lower bound for cell i.
        with np.errstate(divide="ignore", invalid="ignore"):
            bisectors = (squares[other, None] - squares[own]) / (2 * self.apart[np.ix_(other, own)])
        bounds = np.nan_to_num(bisectors, nan=0.0).max(1).clip(min=0.0)
        best, place, least = np.inf, None, np.inf
        for position in np.argsort(bounds):
            if bounds[position] >= best * (1 - 0.1 * tolerance):
                least = min(least, bounds[position])
                break
            if time.monotonic() > deadline:
                least = min(least, bounds[position])
                break
            first = int(bisectors[position].argmax())
            bound, step = self._cell(x, squares, other[position], own, first, best, tolerance)
            least = min(least, bound)
            if step is not None:
                found = self._verified(x, x + step, other[position], own, other)
                if found is not None and (length := float(np.linalg.norm(found - x))) < best:
                    best, place = length, found
        return min(least, best), best, place

    def _cell(
        self,
        x: np.ndarray,
        squares: np.ndarray,
        center: int,
        own: np.ndarray,
        first: int,
        best: float,
        tolerance: float,
    ) -> tuple[float, np.ndarray | None]:
        """Return a certified bound for one cell and the step to it, None once it cannot win."""
        excess = squares[center] - squares[own]
        scale = squares[center] + squares[own].max()
        cuts, bound = [first], 0.0
        for _ in range(400):
            normals = 2 * (self.points[own[cuts]] - self.points[center])
            multipliers, empty = least_distance(normals, excess[cuts])
            if empty:
                return np.inf, None
            normal = multipliers @ normals
            length = np.linalg.norm(normal)
            noise = 1e-14 * scale * multipliers.sum()
            if length > 0:
                bound = max(bound, (multipliers @ excess[cuts] - noise) / length)
            if bound >= best * (1 - 0.1 * tolerance):
                return bound, None
            # N_l . step for every l, from the Gram matrix of the training points.
            mix = 2 * multipliers
            columns = own[cuts]
            inner = self.gram[np.ix_(own, columns)] - self.gram[center, columns]
            inner = inner - self.gram[own, center][:, None] + self.gram[center, center]
            there = excess - 2 * inner @ mix
            worst = int((there / np.maximum(self.apart[center, own], 1e-300)).argmax())
            if there[worst] <= 1e-13 * scale or worst in cuts:
                return bound, -normal
            cuts.append(worst)
        return bound, -normal

    def _verified(
        self, x: np.ndarray, place: np.ndarray, center: int, own: np.ndarray, other: np.ndarray
    ) -> np.ndarray | None:
        """Return a point at or just behind `place` whose nearest training point has changed."""
        for share in (0.0, *(1e-13 * 4.0**power for power in range(16))):
            trial = place + share * (self.points[center] - place)
            squares = ((self.points - trial) ** 2).sum(-1)
            if squares[other].min() <= squares[own].min():
                return trial
        return None

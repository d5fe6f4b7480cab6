"""Training with finite steps: gradient descent, minibatches and Adam, by torch's own optimizers.

The book's flow is the limit of steps of size zero. Here the same networks are trained as anybody
trains them, in float64, many starts at once: the objective is the sum over the starts, so that no
start knows of another (every optimizer used here works entry by entry).

On the paper's loss the gradients die with the loss, so that fixed steps come to a halt early: the
margins grow like the logarithm of the number of steps. On ln L they do not: one such step of
gradient descent is one on L with its length divided by L, the same path in another clock.

Adam is not rotation-invariant: train it in plain coordinates only.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import nn

from kktnotes import checks
from kktnotes.data.sample import Sample
from kktnotes.networks.two_layer import TwoLayerReLU
from kktnotes.printing import Brief

OPTIMIZERS = {"gd": torch.optim.SGD, "adam": torch.optim.Adam}
LOSSES = ("exponential", "logistic")


@dataclass(frozen=True, kw_only=True)
class Method:
    """How to train.

    Attributes
    ----------
    optimizer : str
        "gd" (torch.optim.SGD without momentum) or "adam" (torch.optim.Adam's defaults).
    rate : float
        Learning rate.
    batch : int, optional
        Points of a minibatch, drawn with replacement at each step; all points by default.
    log : bool
        Whether the objective is ln L instead of L.
    loss : str
        "exponential" or "logistic" (base-2 logarithm).
    falling : bool
        Whether each network's step is divided by max(1, ||theta||^2). On ln L the curvature grows
        like ||theta||^2, so that a rate which is small enough at first stays so.
    """

    optimizer: str
    rate: float
    batch: int | None = None
    log: bool = False
    loss: str = "exponential"
    falling: bool = False

    def __post_init__(self) -> None:
        """Check every field."""
        checks.choice("optimizer", self.optimizer, list(OPTIMIZERS))
        checks.choice("loss", self.loss, LOSSES)
        checks.positive("rate", self.rate)
        if self.batch is not None:
            checks.integer("batch", self.batch)


@dataclass(frozen=True, eq=False, repr=False)
class Moment(Brief):
    """All networks after some steps."""

    step: int
    networks: TwoLayerReLU  # a batch, one a start


class _Networks(nn.Module):
    """A batch of two-layer networks as a module."""

    def __init__(self, start: TwoLayerReLU) -> None:
        super().__init__()
        self.weights = nn.Parameter(start.weights.clone())
        self.biases = nn.Parameter(start.biases.clone())
        self.output = nn.Parameter(start.output.clone())

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        h = torch.baddbmm(self.biases[:, None, :], x, self.weights.mT)
        return (h.clamp(min=0) @ self.output[..., None])[..., 0]

    def now(self) -> TwoLayerReLU:
        parts = (self.weights, self.biases, self.output)
        return TwoLayerReLU(*(part.detach().clone() for part in parts))

    def squared_norm(self) -> torch.Tensor:
        """Return ||theta||^2 of each network, no part of any gradient."""
        parts = (self.weights, self.biases, self.output)
        squares = [part.detach().square().flatten(1).sum(1) for part in parts]
        return torch.stack(squares).sum(0)

    @property
    def finite(self) -> bool:
        return all(bool(part.isfinite().all()) for part in self.parameters())


def log_loss(margins: torch.Tensor, loss: str) -> torch.Tensor:
    """Return ln L over the last axis, Eq. (1), without underflow."""
    n = margins.shape[-1]
    if loss == "exponential":
        return (-margins).logsumexp(-1) - math.log(n)
    each = torch.where(
        margins > 30, -margins, nn.functional.softplus(-margins).clamp(min=1e-300).log()
    )
    return each.logsumexp(-1) - math.log(n * math.log(2.0))


def train(
    start: TwoLayerReLU,
    samples: Sequence[Sample],
    method: Method,
    marks: Sequence[int],
    *,
    seed: int = 0,
) -> list[Moment]:
    """Train a batch of networks and return them at some steps.

    Parameters
    ----------
    start : TwoLayerReLU
        A batch, one network a sample, in the samples' coordinates.
    samples : sequence of Sample
        The training sets, all of one size.
    method : Method
        How to train.
    marks : sequence of int
        The steps after which networks are returned, increasing; 0 is the start.
    seed : int
        Of the minibatches.

    Returns
    -------
    list of Moment
        One a mark, up to the last one at which every parameter of every network was finite.

    Raises
    ------
    ValueError
        For shapes that do not fit and marks that do not increase.
    """
    marks = [checks.integer("marks", mark, least=0) for mark in marks]
    if not marks or sorted(set(marks)) != marks:
        raise checks.refusal("marks", marks, "one or more steps, increasing")
    x = torch.stack([sample.x.to(start.device) for sample in samples])
    y = torch.stack([sample.y.to(start.device) for sample in samples])
    if start.output.ndim != 2 or start.weights.shape[0] != len(x):
        shape = tuple(start.weights.shape)
        raise checks.refusal("start", f"shape {shape}", f"a batch of {len(x)} networks")
    if start.weights.shape[-1] != x.shape[-1]:
        got = f"{start.weights.shape[-1]} coordinates"
        raise checks.refusal("start", got, f"{x.shape[-1]}, as the samples")
    networks = _Networks(start)
    optimizer = OPTIMIZERS[method.optimizer](networks.parameters(), lr=method.rate)
    generator = torch.Generator("cpu").manual_seed(checks.integer("seed", seed, least=0))
    moments = [Moment(0, networks.now())] if marks[0] == 0 else []
    for step in range(1, marks[-1] + 1):
        if method.batch is None:
            margins = y * networks(x)
        else:
            size = (method.batch,)
            chosen = torch.randint(x.shape[1], size, generator=generator, device="cpu").to(x.device)
            margins = y[:, chosen] * networks(x[:, chosen])
        objective = log_loss(margins, method.loss)
        optimizer.zero_grad()
        objective = objective if method.log else objective.exp()
        if method.falling:
            objective = objective / networks.squared_norm().clamp(min=1.0)
        objective.sum().backward()
        with torch.device("cpu"):  # Adam counts its steps in a tensor of torch's default device
            optimizer.step()
        if step in marks:
            if not networks.finite:
                break
            moments.append(Moment(step, networks.now()))
    return moments

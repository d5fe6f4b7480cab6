"""What the flow returns: its path in both clocks, snapshots of the network, and how it ended."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum

import torch

from kktnotes.data.sample import Sample
from kktnotes.flow.neurons import Neurons
from kktnotes.networks.two_layer import TwoLayerReLU
from kktnotes.printing import brief


class Status(str, Enum):
    """How a flow ended. Separated means that L < 1/n was met, as Theorem 2.1 asks."""

    STABLE = "stable pattern"  # separated, same-label pattern unchanged for long
    BUDGET = "separated, budget spent"
    INTERRUPTED = "interrupted"  # Ctrl-C: everything up to the last snapshot is kept
    DEAD = "all neurons dead"  # a stationary point with L >= 1/n
    NOT_SEPARATED = "not separated"  # within the budget, or stuck with L >= 1/n

    def __str__(self) -> str:
        """Return the words alone."""
        return self.value


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class Snapshot:
    """The flow at one moment.

    Attributes
    ----------
    tau, log_time : float
        The flow's own clock, and ln t of the paper's.
    log_loss : float
        ln L, Eq. (1).
    norm : float
        ||theta||, of all m neurons.
    margins : tensor (n,)
        q_i = y_i N(x_i).
    smoothed_margin : float
        Lyu and Li's smoothed normalised margin: -ln(n L) / ||theta||^2 for the exponential loss,
        -ln(2^(n L) - 1) / ||theta||^2 for the logistic one.
    neurons, change, output, points
        How the stepped neurons are held; use `network` and `distinct`.
    """

    tau: float
    log_time: float
    log_loss: float
    norm: float
    margins: torch.Tensor = field(repr=False)
    smoothed_margin: float
    neurons: Neurons = field(repr=False)
    change: torch.Tensor = field(repr=False)  # c (P, n)
    output: torch.Tensor = field(repr=False)  # v (P,)
    points: torch.Tensor = field(repr=False)  # x~ (n, q)

    def __repr__(self) -> str:
        """Return the moment, the loss and how many neurons are stepped in one line."""
        neurons = f"{len(self.output):,} of {len(self.neurons.group):,} neurons stepped"
        moment = f"ln t = {self.log_time:.3g}, ln L = {self.log_loss:.3g}"
        return brief(self, moment, f"normalized margin {self.normalized_margin:.3g}", neurons)

    @property
    def normalized_margin(self) -> float:
        """min_i q_i / ||theta||^2."""
        return self.margins.min().item() / self.norm**2

    @property
    def stepped(self) -> torch.Tensor:
        """The vectors w~ (P, q) of the stepped neurons, in the span of the data."""
        return self.neurons.base + self.change @ self.points

    @property
    def distinct(self) -> TwoLayerReLU:
        """The live neurons, those that have become one as one (P neurons).

        u_p = |v_p| w~_p is the sum of |v_j| w~_j over the neurons it stands for.
        """
        weights = self.neurons.narrow(self.stepped)
        return TwoLayerReLU(weights[:, :-1], weights[:, -1], self.output)

    @property
    def network(self) -> TwoLayerReLU:
        """The network of full width m, merged and dead neurons in their places."""
        weights, output = self.neurons.widen(self.stepped, self.output)
        return TwoLayerReLU(weights[:, :-1], weights[:, -1], output)


@dataclass(frozen=True, kw_only=True)
class Health:
    """The integrator's own errors, measured along the way.

    Attributes
    ----------
    balance_drift : float
        Largest change of ||w~_j||^2 - v_j^2, which the flow conserves, relative to the last
        largest ||w~_j||^2 + v_j^2.
    preactivation_drift : float
        Largest change when h is recomputed from the coefficients, relative to the largest |h|.
    margin_decrease : float
        Largest fall of the smoothed margin below its highest value so far, after L < 1/n, where
        the flow never lets it fall; relative to its highest value of all. 0 if it never fell.
    steps, rejected, products : int
        Accepted and rejected steps, and products with K.
    """

    balance_drift: float
    preactivation_drift: float
    margin_decrease: float
    steps: int
    rejected: int
    products: int


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class Flow:
    """A gradient flow of section 2, followed to its last snapshot.

    Attributes
    ----------
    sample : Sample
        The training sample in the coordinates of the networks.
    seen : int
        How many of these coordinates the training sample came with; the rest, zero at its points,
        hold what the initial weights have outside of the span of the data.
    loss : str
        "exponential" or "logistic".
    status : Status
        How it ended. A stable pattern is not yet the support of the limit: neurons may still fade.
    snapshots : list of Snapshot
        The start, moments in between, and the last.
    separated_tau, separated_log_time : float or None
        When L < 1/n was first met (the t_0 of Theorem 2.1), in both clocks.
    history : dict of tensors
        `tau`, `log_time`, `log_loss`, `norm`, `normalized_margin`, `smoothed_margin` after each
        step.
    health : Health
        The integrator's errors.
    """

    sample: Sample
    seen: int
    loss: str
    status: Status
    snapshots: list[Snapshot] = field(repr=False)
    separated_tau: float | None
    separated_log_time: float | None
    history: dict[str, torch.Tensor] = field(repr=False)
    health: Health

    def __repr__(self) -> str:
        """Return how it ended, its sizes and its last moment in one line."""
        end = f"ln L = {self.last.log_loss:.3g} at ln t = {self.last.log_time:.3g}"
        width, steps = len(self.last.neurons.group), self.health.steps
        sizes = f"{width:,} neurons, {self.sample.n:,} points, {self.loss} loss, {steps:,} steps"
        return brief(self, str(self.status), sizes, end)

    @property
    def last(self) -> Snapshot:
        """The last snapshot."""
        return self.snapshots[-1]

    @property
    def network(self) -> TwoLayerReLU:
        """The last network, full width m."""
        return self.last.network

    @property
    def distinct(self) -> TwoLayerReLU:
        """The live neurons of the last network, equal ones as one."""
        return self.last.distinct

    @property
    def separated(self) -> bool:
        """Whether L < 1/n was met: the hypothesis of Theorem 2.1."""
        return self.separated_tau is not None

    def require_separated(self) -> None:
        """Raise ValueError unless L < 1/n was met, saying how the flow ended instead."""
        if not self.separated:
            raise ValueError(
                f"flow: got one that ended with '{self.status}' at ln L = {self.last.log_loss:.3g},"
                " allowed is a flow that met L < 1/n (Theorem 2.1); try another seed, more width"
                " or a larger budget"
            )

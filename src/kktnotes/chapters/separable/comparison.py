"""KKT networks beside the maximum-margin linear classifier, on the same samples (ours)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch

from kktnotes import checks
from kktnotes.chapters.separable.families import family
from kktnotes.chapters.separable.linear import maximum_margin
from kktnotes.data.sample import Sample
from kktnotes.flow import gradient_flow
from kktnotes.kkt import LimitPoint
from kktnotes.kkt.endings import limit_or_reason
from kktnotes.networks.two_layer import TwoLayerReLU
from kktnotes.printing import Brief

REGIMES = {
    "small": (20, 1e-3),
    "large": (50, 1.0),
    "poisoned": (50, 0.5),
}
"""Width and scale of each start. "Poisoned" is bad on purpose: the network is first trained on the
sample together with as many fresh points that carry the wrong label, then on the sample alone."""


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class Compared(Brief):
    """One sample and one start.

    Attributes
    ----------
    name, start, seed
        The family, the start, and the seed of all draws.
    linear, linear_bias, network, begin : float
        Shares of wrong fresh points, y f(x) <= 0: of the linear classifier through the origin and
        with a free bias, of the exact KKT point (nan without one), and of the network at the start.
    point : LimitPoint or None
    ending : str
        "certified", or why there is no point.
    """

    name: str
    start: str
    seed: int
    linear: float
    linear_bias: float
    network: float
    begin: float
    point: LimitPoint | None
    ending: str

    @property
    def difference(self) -> float:
        """The network's error minus that of the linear classifier through the origin."""
        return self.network - self.linear


def compare(
    name: str,
    start: str,
    seeds: Sequence[int],
    *,
    n: int,
    d: int,
    fresh: int = 20_000,
    max_log_time: float = 200.0,
    max_steps: int = 1500,
    tolerance: float = 1e-3,
) -> list[Compared]:
    """Draw samples of a family, train from a start, solve, and count errors on fresh points.

    Parameters
    ----------
    name, start : str
        Of `FAMILIES` and `REGIMES`.
    seeds : sequence of int
        One sample, one start and one set of fresh points each; the flows run as one batch.
    n, d : int
        Training points and dimension.
    fresh : int
        Fresh points to count on.
    max_log_time, max_steps, tolerance
        Of the flow; as the point is solved for, 1e-2 is enough from most starts.
    """
    width, scale = REGIMES[checks.choice("start", start, tuple(REGIMES))]
    samples = [family(name, n, d, seed) for seed in seeds]
    tests = [family(name, fresh, d, 10_000 + seed) for seed in seeds]
    sample = _batch(samples)
    knobs: dict[str, Any] = {"max_steps": max_steps, "tolerance": tolerance}
    if start == "poisoned":
        poison = [family(name, n, d, 20_000 + seed) for seed in seeds]
        mixed = [
            (torch.cat([x, more]), torch.cat([y, -other]))
            for (x, y), (more, other) in zip(samples, poison, strict=True)
        ]
        begun = gradient_flow(
            _batch(mixed),
            width=width,
            init_scale=scale,
            seed=list(seeds),
            max_log_time=20.0,
            **knobs,
        )
        network = TwoLayerReLU.stack([flow.network for flow in begun])
        starts: dict[str, Any] = {"seed": list(seeds), "network": network}
        flows = gradient_flow(sample, **starts, max_log_time=max_log_time, **knobs)
    else:
        flows = gradient_flow(
            sample,
            width=width,
            init_scale=scale,
            seed=list(seeds),
            max_log_time=max_log_time,
            **knobs,
        )
    rows = []
    for flow, seed, (x, y), test in zip(flows, seeds, samples, tests, strict=True):
        point, ending = limit_or_reason(flow)
        rows.append(
            Compared(
                name=name,
                start=start,
                seed=seed,
                linear=error(maximum_margin(x, y), *test),
                linear_bias=error(maximum_margin(x, y, bias=True), *test),
                network=float("nan") if point is None else error(point.network, *test),
                begin=error(flow.snapshots[0].network, *test),
                point=point,
                ending=ending,
            )
        )
    return rows


def error(
    classifier: Callable[[torch.Tensor], torch.Tensor], x: torch.Tensor, y: torch.Tensor
) -> float:
    """Return the share of points with y f(x) <= 0."""
    return float((y * classifier(x) <= 0).double().mean())


def _batch(samples: Sequence[tuple[torch.Tensor, torch.Tensor]]) -> Sample:
    """Return samples of one size as one batch."""
    return Sample.from_arrays(
        torch.stack([x for x, _ in samples]), torch.stack([y for _, y in samples])
    )

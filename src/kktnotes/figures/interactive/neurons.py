"""The directions of the neurons along ln t, to be scrubbed, from one start or several."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import torch
from matplotlib.figure import Figure

from kktnotes import checks
from kktnotes.figures import style
from kktnotes.figures.interactive.bundle import Interactive, rounded
from kktnotes.flow import Flow, Snapshot
from kktnotes.networks.two_layer import TwoLayerReLU

NEURONS = 50
MOMENTS = 60
"""At most so many of each are shown, evenly spread."""


def directions(flows: Mapping[str, Flow], limit: TwoLayerReLU) -> Interactive:
    """Return the figure of flows on their way, in the plane of two neurons of one limit.

    Parameters
    ----------
    flows : name -> Flow
        Flows on one training sample that met L < 1/n.
    limit : TwoLayerReLU
        An exact point's network, in the coordinates of the training sample or more: the heaviest
        neuron of either sign spans the plane.

    Raises
    ------
    ValueError
        If a flow did not meet L < 1/n, or the limit has no neuron of one of the signs.
    """
    value = limit.output
    if not (bool((value > 0).any()) and bool((value < 0).any())):
        raise checks.refusal("limit", "neurons of one sign", "a neuron of either sign")
    pair = limit.augmented[[int(value.argmax()), int(value.argmin())]]
    pair = pair / pair.norm(dim=1, keepdim=True)
    first = next(iter(flows.values())).sample
    margin = float(limit.normalized_margin(_columns(first.x, limit.weights.shape[-1]), first.y))
    runs = [Path(flow, pair, margin) for flow in flows.values()]
    data = {
        "runs": [{"name": name, **run.numbers()} for name, run in zip(flows, runs, strict=True)]
    }
    label = "Directions of the neurons with a slider for the time of the flow"
    return Interactive("directions", label, data, filmstrip(dict(zip(flows, runs, strict=True))))


class Path:
    """One flow, seen in the plane of two unit vectors: moments (s), cosines (s, m, 2), shares."""

    def __init__(self, flow: Flow, pair: torch.Tensor, margin: float) -> None:
        flow.require_separated()
        self.flow, self.margin = flow, margin
        chosen = _evenly(len(flow.snapshots), MOMENTS)
        self.moments: list[Snapshot] = [flow.snapshots[i] for i in chosen]
        networks = [one.network for one in self.moments]
        self.shown = _evenly(flow.network.width, NEURONS)
        self.cosines = np.stack([_cosines(one, pair)[self.shown] for one in networks])
        self.shares = np.stack([_shares(one)[self.shown] for one in networks])
        self.signs = flow.network.output.sign()[self.shown].int().tolist()

    @property
    def own(self) -> np.ndarray:
        """The cosines (s, m) of each neuron with the axis of its own sign."""
        return np.where(np.array(self.signs) > 0, self.cosines[..., 0], self.cosines[..., 1])

    @property
    def separated(self) -> int:
        """The first shown moment at which L < 1/n."""
        threshold = -np.log(self.flow.sample.n)
        return next(i for i, one in enumerate(self.moments) if one.log_loss < threshold)

    def numbers(self) -> dict[str, object]:
        """Return what the script draws."""
        return {
            "logTimes": rounded([one.log_time for one in self.moments]),
            "logLoss": rounded([one.log_loss for one in self.moments]),
            "norm": rounded([one.norm for one in self.moments]),
            "margin": rounded([one.normalized_margin / self.margin for one in self.moments]),
            "separated": self.separated,
            "width": self.flow.network.width,
            "signs": self.signs,
            "cosines": rounded(np.round(self.cosines, 4), 4),
            "shares": rounded(self.shares, 3),
        }


def _evenly(available: int, most: int) -> np.ndarray:
    """Return at most that many indices, evenly spread, first and last included."""
    return np.unique(np.linspace(0, available - 1, min(available, most)).round().astype(int))


def _columns(x: torch.Tensor, columns: int) -> torch.Tensor:
    """Return points in that many coordinates; those that are added or left out are zero."""
    return torch.nn.functional.pad(x, (0, columns - x.shape[-1]))


def _cosines(network: TwoLayerReLU, pair: torch.Tensor) -> np.ndarray:
    """Return the cosines (m, 2) of w~_j with both unit vectors."""
    weights = torch.cat([_columns(network.weights, pair.shape[1] - 1), network.biases[:, None]], 1)
    return (weights @ pair.mT / network.augmented.norm(dim=1, keepdim=True)).numpy()


def _shares(network: TwoLayerReLU) -> np.ndarray:
    """Return the share of each neuron in ||theta||^2."""
    squares = network.augmented.square().sum(1) + network.output.square()
    return (squares / squares.sum()).numpy()


def filmstrip(runs: Mapping[str, Path]) -> Figure:
    """Draw three moments of each run: the start, when L < 1/n is first met, and the end."""
    circle = np.linspace(0, np.pi / 2, 91)
    height = 0.3 + 2.35 * len(runs)
    with style.drawing(len(runs), 3, height=height, sharex=True, sharey=True) as (figure, grid):
        for row, (name, run) in zip(grid, runs.items(), strict=True):
            moments = {"start": 0, "first $L < 1/n$": run.separated, "end": len(run.moments) - 1}
            for axes, (words, at) in zip(row, moments.items(), strict=True):
                dashed = {"color": style.BOUND, "linewidth": 1, "label": "unit circle"}
                axes.plot(np.cos(circle), np.sin(circle), "--", **dashed)
                star = {"color": style.FLOW, "markersize": 10, "clip_on": False}
                axes.plot([1, 0], [0, 1], "*", **star, label="limit neurons")
                for spot, sign in zip(run.cosines[at], run.signs, strict=True):
                    look = {"color": style.label_color(sign), "markersize": 5, "alpha": 0.6}
                    look["label"] = f"neurons, $v {'>' if sign > 0 else '<'} 0$"
                    axes.plot(*spot, "o", **look)
                time = run.moments[at].log_time
                if np.isfinite(time):
                    words += rf", $\ln t =$ {float(f'{time:.1g}'):,g}"
                axes.set_title(words.replace("-", "\N{MINUS SIGN}"), fontsize=10)
                axes.set(aspect="equal", xlim=(-0.15, 1.1), ylim=(-0.15, 1.1))
                axes.set(xticks=(0, 0.5, 1), yticks=(0, 0.5, 1))
            row[0].set_ylabel(f"{name}\ncosine with $v < 0$", fontsize=10)
        for axes in grid[-1]:
            axes.set_xlabel("cosine with $v > 0$")
    return figure

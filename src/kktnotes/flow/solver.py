"""`gradient_flow`: from a training sample to a path, in one call."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, TypedDict, overload

import torch

from kktnotes import checks
from kktnotes.data.coordinates import augmented
from kktnotes.data.sample import Sample, as_sample
from kktnotes.data.seeds import seeds_of
from kktnotes.flow.field import Field
from kktnotes.flow.losses import NAMES, Loss
from kktnotes.flow.neurons import Neurons
from kktnotes.flow.record import Track
from kktnotes.flow.result import Flow, Status
from kktnotes.flow.run import Run
from kktnotes.flow.start import balanced_start, check_training_set
from kktnotes.flow.step_length import Knobs
from kktnotes.networks.two_layer import TwoLayerReLU, as_network

if TYPE_CHECKING:  # the standard library has it from Python 3.11 on
    from typing_extensions import Unpack


class FlowOptions(TypedDict, total=False):
    """What `gradient_flow` takes by name besides the seed, which makes one flow or a list."""

    width: int
    loss: str
    init_scale: float
    network: TwoLayerReLU | None
    tolerance: float
    max_change: float
    max_steps: int
    max_log_time: float
    max_seconds: float | None
    give_up_log_time: float
    give_up_products: int
    stable_growth: float
    stable_from: float
    merge: float
    spacing: float
    device: torch.device | str | None
    progress: bool | None


@overload
def gradient_flow(sample: Sample, *, seed: int = ..., **options: Unpack[FlowOptions]) -> Flow: ...
@overload
def gradient_flow(
    sample: Sample, *, seed: Sequence[int], **options: Unpack[FlowOptions]
) -> list[Flow]: ...
def gradient_flow(
    sample: Sample,
    *,
    width: int = 50,
    loss: str = "exponential",
    init_scale: float = 1e-3,
    seed: int | Sequence[int] = 0,
    network: TwoLayerReLU | None = None,
    tolerance: float = 1e-3,
    max_change: float = 0.1,
    max_steps: int = 20_000,
    max_log_time: float = 2e4,
    max_seconds: float | None = None,
    give_up_log_time: float = 30.0,
    give_up_products: int = 20_000,
    stable_growth: float = 4.0,
    stable_from: float = 250.0,
    merge: float = 1e-4,
    spacing: float = 0.1,
    device: torch.device | str | None = None,
    progress: bool | None = None,
) -> Flow | list[Flow]:
    """Follow d theta/dt = -grad L(theta), Eq. (1), until its pattern is stable (section 2).

    Parameters
    ----------
    sample : Sample
        Training points x (n, p) or (B, n, p), labels of both signs.
    width : int
        Number of neurons m.
    loss : str
        "exponential" or "logistic" (base-2 logarithm).
    init_scale : float
        s of the balanced start w~_j ~ N(0, (s^2 / d) I), v_j = +-||w~_j||, so ||w~_j|| is about s.
    seed : int or sequence of int
        Seed of the start. A sequence gives a batch of flows, on one sample or on one sample each.
    network : TwoLayerReLU, optional
        A start of any scale, balanced or not, instead of a drawn one; `width`, `init_scale` and
        `seed` are then not used. In the sample's coordinates, or in those of its `extended`.
    tolerance : float
        Error of one step, relative to ||theta||; the margins' error is held below 100 of it.
        The path's error is a few of these. 1e-3 is enough to find the limit's pattern.
    max_change : float
        Largest relative change of theta in one step.
    max_steps : int
        Budget of accepted steps.
    max_log_time : float
        Budget of ln t after L < 1/n; ln t is about the least margin.
    max_seconds : float, optional
        Budget of wall time. The only knob that makes a result depend on the machine.
    give_up_log_time : float
        Where L < 1/n has not been met by this ln t, the flow is called not separated; so it is
        when points at which no neuron is active, which have no gradient, carry 99 % of the weight.
    give_up_products : int
        The same for the products with K: a flow that takes as many without meeting L < 1/n has,
        as far as this budget can tell, data that a network of this width does not separate.
    stable_growth, stable_from : float
        The pattern is stable once L < 1/n has been met and neither a live neuron's activity on a
        point of its own label, nor which neurons are live, has changed while ln t grew by a factor
        `stable_growth`, counted from ln t = `stable_from` at the earliest. Stable is not final:
        neurons of the limit's zero set fade slowly, like a power of 1 / ln t.
    merge : float
        Neurons are stepped as one when 1 - cos between their (w~, v), without what is orthogonal
        to the data, is below this and their patterns agree (see `flow.neurons`); 0 merges nothing.
    spacing : float
        Relative path length of theta between snapshots; late in the flow they are log-spaced
        in ln t.
    device : optional
        Where to compute; default: where the sample is. A given network is moved there. Devices
        round differently, as processors do, and CUDA repeats a run bit by bit only with torch's
        deterministic algorithms. A GPU pays where m n is 10^6 or so; small flows are faster on
        the CPU.
    progress : bool, optional
        Whether a long run shows a bar; default: where somebody watches, see `kktnotes.progress`.

    Returns
    -------
    Flow, or list of Flow
        A list where the samples, the seeds or the networks are a batch; each element is its own
        run up to rounding. Ctrl-C ends a flow at its last snapshot, with its status saying so.

    Raises
    ------
    ValueError
        For one class only, a point that occurs with both labels, NaN, shapes that do not match and
        knobs out of range. Data that this width does not separate is a status, not an error: see
        `Flow.require_separated`.

    Examples
    --------
    >>> import kktnotes as kn
    >>> train = kn.Clusters.orthogonal(k=2, d=200, sigma=0.1).sample(n=20, seed=0)
    >>> flow = kn.gradient_flow(train, width=10, seed=0)
    >>> str(flow.status), flow.separated
    ('stable pattern', True)
    """
    kind = Loss(checks.choice("loss", loss, NAMES))
    knobs = Knobs(
        tolerance=checks.positive("tolerance", tolerance),
        max_change=checks.positive("max_change", max_change),
        max_steps=checks.integer("max_steps", max_steps),
        max_log_time=checks.positive("max_log_time", max_log_time),
        max_seconds=None if max_seconds is None else checks.positive("max_seconds", max_seconds),
        give_up_log_time=checks.positive("give_up_log_time", give_up_log_time),
        give_up_products=checks.integer("give_up_products", give_up_products),
        stable_growth=checks.positive("stable_growth", stable_growth),
        stable_from=checks.positive("stable_from", stable_from),
        merge=checks.positive("merge", merge, zero=True),
        spacing=checks.positive("spacing", spacing),
    )
    sample = as_sample("sample", sample)
    check_training_set(sample.x, sample.y)
    if device is not None:
        sample = sample.to(device)  # which refuses what is none
    samples, starts, batched = _prepared(sample, network, width, init_scale, seed)
    x = torch.stack([one.x for one in samples]) if samples[0] is not samples[-1] else None
    x = samples[0].x.expand(len(starts), -1, -1) if x is None else x
    points = augmented(x)
    field = Field(points, torch.stack([one.y for one in samples]), kind)
    grams = [None] * len(starts) if field.gram is None else field.gram
    neurons = [
        Neurons.at_start(start.augmented, points[b], grams[b]) for b, start in enumerate(starts)
    ]
    first = torch.stack([start.augmented for start in starts]) @ points.mT
    output = torch.stack([start.output for start in starts])
    run = Run(field, first, output, neurons, knobs, progress)
    flows = [
        _flow(track, one, kind, sample.p) for track, one in zip(run.follow(), samples, strict=True)
    ]
    return flows if batched else flows[0]


def _prepared(
    sample: Sample,
    network: TwoLayerReLU | None,
    width: int,
    init_scale: float,
    seed: int | Sequence[int],
) -> tuple[list[Sample], list[TwoLayerReLU], bool]:
    """Return the sample and the starting network of each flow, and whether it is a batch."""
    if network is None:
        width = checks.integer("width", width)
        init_scale = checks.positive("init_scale", init_scale)
        seeds, many = seeds_of(seed)
    else:
        network = as_network("network", network).to(sample.x.device)
        many = network.output.ndim > 1
        if network.weights.ndim > 3:
            raise checks.refusal("network", f"{network.weights.ndim - 2} batch axes", "at most one")
        seeds = list(range(len(network.output))) if many else [0]
    if sample.x.ndim > 3:
        raise checks.refusal("sample", f"{sample.x.ndim - 2} batch axes", "at most one")
    batch = sample.x.shape[0] if sample.x.ndim == 3 else None
    if batch is not None and many and len(seeds) != batch:
        raise checks.refusal(
            "seed", f"{len(seeds)} seeds", f"one, or one for each of {batch} samples"
        )
    seeds = seeds if many else seeds * (batch or 1)
    if network is None:
        flows = len(seeds)
        many_of = f"{width:,}" + (
            f" neurons in each of {flows:,} flows" if flows > 1 else " neurons"
        )
        entries = flows * width * (10 * sample.n + 3 * (sample.p + width)) + sample.n**2
        checks.memory("width", many_of, 8 * entries)
        wide = sample.extended(width)
        starts = [balanced_start(sample, width, init_scale, one) for one in seeds]
    else:
        wide = sample
        if network.weights.shape[-1] > sample.p:
            wide = sample.extended(network.weights.shape[-1] - sample.p)
        if network.weights.shape[-1] != wide.p:
            raise checks.refusal(
                "network", f"{network.weights.shape[-1]} coordinates", f"{sample.p}, as the sample"
            )
        starts = [network[b] if many else network for b in range(len(seeds))]
    device = sample.x.device
    starts = [start.to(device) for start in starts]
    samples = [wide if batch is None else wide[b] for b in range(len(seeds))]
    return samples, starts, many or batch is not None


def _flow(track: Track, sample: Sample, loss: Loss, seen: int) -> Flow:
    names = ("tau", "log_time", "log_loss", "norm", "normalized_margin", "smoothed_margin")
    table = torch.tensor(track.history, dtype=torch.float64, device=sample.device)
    table = table.reshape(-1, len(names))
    tau, log_time = track.separated or (None, None)
    return Flow(
        sample=sample,
        seen=seen,
        loss=loss.name,
        status=track.status or Status.BUDGET,
        snapshots=track.snapshots,
        separated_tau=tau,
        separated_log_time=log_time,
        history=dict(zip(names, table.T, strict=True)),
        health=track.health(),
    )

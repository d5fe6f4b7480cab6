"""`gradient_flow`: from a training sample to a path, in one call."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import torch

from kktnotes import checks
from kktnotes.flow.field import Field
from kktnotes.flow.losses import NAMES, Loss
from kktnotes.flow.neurons import Neurons
from kktnotes.flow.record import Knobs, Track
from kktnotes.flow.result import Flow
from kktnotes.flow.run import Run
from kktnotes.flow.start import balanced_start, check_training_set
from kktnotes.network import TwoLayerReLU
from kktnotes.sample import Sample, seeds_of


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
    give_up_log_time: float = 60.0,
    stable_growth: float = 4.0,
    stable_from: float = 250.0,
    merge: float = 1e-4,
    spacing: float = 0.1,
    device: torch.device | str | None = None,
    progress: bool | None = None,
) -> Flow | list[Flow]:
    """Follow d theta/dt = -grad L(theta), Eq. (1), until its pattern is stable (section 2)."""
    loss = Loss(checks.choice("loss", loss, NAMES))
    knobs = Knobs(
        checks.positive("tolerance", tolerance),
        checks.positive("max_change", max_change),
        checks.integer("max_steps", max_steps),
        max_log_time,
        max_seconds,
        give_up_log_time,
        checks.positive("stable_growth", stable_growth),
        checks.positive("stable_from", stable_from),
        merge,
        checks.positive("spacing", spacing),
    )
    check_training_set(sample.x, sample.y)
    if device is not None:
        sample = sample.to(device)
    samples, starts, batched = _prepared(sample, network, width, init_scale, seed)
    x = torch.stack([one.x for one in samples]) if samples[0] is not samples[-1] else None
    x = samples[0].x.expand(len(starts), -1, -1) if x is None else x
    points = torch.cat([x, torch.ones_like(x[..., :1])], -1)
    field = Field(points, torch.stack([one.y for one in samples]), loss)
    grams = [None] * len(starts) if field.gram is None else field.gram
    neurons = [
        Neurons.at_start(start.augmented, points[b], grams[b]) for b, start in enumerate(starts)
    ]
    first = torch.stack([start.augmented for start in starts]) @ points.mT
    output = torch.stack([start.output for start in starts])
    run = Run(field, first, output, neurons, points, knobs, progress)
    for track, one in zip(run.tracks, samples, strict=True):
        track.labels = one.y
    flows = [
        _flow(track, one, loss, sample.p) for track, one in zip(run.follow(), samples, strict=True)
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
        network = network.to(sample.x.device)
        many = network.output.ndim > 1
        if network.weights.ndim > 3:
            raise checks.refuse("network", f"{network.weights.ndim - 2} batch axes", "at most one")
        seeds = range(len(network.output)) if many else [0]
    if sample.x.ndim > 3:
        raise checks.refuse("sample", f"{sample.x.ndim - 2} batch axes", "at most one")
    batch = sample.x.shape[0] if sample.x.ndim == 3 else None
    if batch is not None and many and len(seeds) != batch:
        raise checks.refuse(
            "seed", f"{len(seeds)} seeds", f"one, or one for each of {batch} samples"
        )
    seeds = list(seeds) if many else list(seeds) * (batch or 1)
    if network is None:
        wide = sample.extended(width)
        starts = [balanced_start(sample, width, init_scale, one) for one in seeds]
    else:
        wide = sample
        if network.weights.shape[-1] > sample.p:
            wide = sample.extended(network.weights.shape[-1] - sample.p)
        if network.weights.shape[-1] != wide.p:
            raise checks.refuse(
                "network", f"{network.weights.shape[-1]} coordinates", f"{sample.p}, as the sample"
            )
        starts = [network[b] if many else network for b in range(len(seeds))]
    device = sample.x.device
    starts = [start.to(device) for start in starts]
    samples = [wide if batch is None else _element(wide, b) for b in range(len(seeds))]
    return samples, starts, many or batch is not None


def _element(sample: Sample, b: int) -> Sample:
    """Return one sample of a batch."""
    cluster = None if sample.cluster is None else sample.cluster[b]
    return replace(sample, x=sample.x[b], y=sample.y[b], cluster=cluster, unseen=sample.unseen[b])


def _flow(track: Track, sample: Sample, loss: Loss, seen: int) -> Flow:
    names = ("tau", "log_time", "log_loss", "norm", "normalized_margin", "smoothed_margin")
    table = torch.tensor(track.history, dtype=torch.float64).reshape(-1, len(names))
    tau, log_time = track.separated or (None, None)
    return Flow(
        sample,
        seen,
        loss.name,
        track.status,
        track.snapshots,
        tau,
        log_time,
        dict(zip(names, table.T, strict=True)),
        track.health(),
    )

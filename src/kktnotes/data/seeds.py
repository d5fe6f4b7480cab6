"""Seeds: one, or a sequence of them, which asks for a batch; independent streams of one seed."""

from __future__ import annotations

from collections.abc import Sequence
from numbers import Integral

import numpy as np

from kktnotes import checks

Seed = int | Sequence[int]
STREAMS = (
    "means",
    "training points",
    "fresh points",
    "directions",
    "initial weights",
    "perturbation",
    "label noise",
)
"""What is drawn from streams of its own."""


def seeds_of(seed: Seed) -> tuple[list[int], bool]:
    """Return the seeds as a list, and whether they came as a sequence (a batch)."""
    if isinstance(seed, Integral):
        return [checks.integer("seed", seed, least=0)], False
    several = hasattr(seed, "__len__") and not isinstance(seed, (str, bytes))
    if isinstance(seed, int) or not several or len(seed) == 0:
        raise checks.refusal("seed", repr(seed), "an integer >= 0, or a non-empty sequence of them")
    return [checks.integer("seed", one, least=0) for one in seed], True


def generator(seed: object, stream: str) -> np.random.Generator:
    """Return numpy's generator of that seed (a whole number >= 0) for one of the STREAMS.

    Streams of one seed are independent: a training sample and fresh points that happen to be drawn
    with the same seed do not share their randomness.
    """
    key = STREAMS.index(checks.choice("stream", stream, STREAMS))
    whole = checks.integer("seed", seed, least=0)
    return np.random.default_rng(np.random.SeedSequence(whole, spawn_key=(key,)))

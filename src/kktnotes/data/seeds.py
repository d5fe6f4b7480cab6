"""Seeds: one, or a sequence of them, which asks for a batch."""

from __future__ import annotations

from collections.abc import Sequence
from numbers import Integral

from kktnotes import checks

Seed = int | Sequence[int]


def seeds_of(seed: Seed) -> tuple[list[int], bool]:
    """Return the seeds as a list, and whether they came as a sequence (a batch)."""
    if isinstance(seed, Integral):
        return [checks.integer("seed", seed, least=0)], False
    several = hasattr(seed, "__len__") and not isinstance(seed, (str, bytes))
    if isinstance(seed, int) or not several or len(seed) == 0:
        raise checks.refusal("seed", repr(seed), "an integer >= 0, or a non-empty sequence of them")
    return [checks.integer("seed", one, least=0) for one in seed], True

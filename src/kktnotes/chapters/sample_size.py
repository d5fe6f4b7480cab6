"""Means over seeds, of which some may have no number: a run without a point is NaN, not 0."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np


def mean(values: np.ndarray) -> np.ndarray:
    """Return the mean over the last axis of the numbers that there are, NaN where none is."""
    return _each(values, lambda there: there.mean() if len(there) else np.nan)


def deviation(values: np.ndarray, *, ddof: int = 0) -> np.ndarray:
    """Return the standard deviation over the last axis of the numbers that there are.

    0 where there is a single one and `ddof` is 1, NaN where there is none.
    """

    def one(there: np.ndarray) -> float:
        if not len(there):
            return np.nan
        return there.std(ddof=ddof) if len(there) > ddof else 0.0

    return _each(values, one)


def least(values: np.ndarray) -> np.ndarray:
    """Return the least over the last axis of the numbers that there are, NaN where none is."""
    return _each(values, lambda there: there.min() if len(there) else np.nan)


def most(values: np.ndarray) -> np.ndarray:
    """Return the largest over the last axis of the numbers that there are, NaN where none is."""
    return _each(values, lambda there: there.max() if len(there) else np.nan)


def _each(values: np.ndarray, one: Callable[[np.ndarray], float]) -> np.ndarray:
    """Apply a function to the finite entries of every row."""
    values = np.asarray(values, dtype=float)
    rows = values.reshape(-1, values.shape[-1])
    found = np.array([one(row[np.isfinite(row)]) for row in rows])
    return found.reshape(values.shape[:-1])

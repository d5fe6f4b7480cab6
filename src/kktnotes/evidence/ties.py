"""Numbers that are equal but for rounding, made equal before they are ranked or sorted.

Two values that a theorem calls equal differ in their last bits, and in which direction depends on
the processor. A rank, a sort or a largest one among them must not.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


def tied(values: Sequence[float] | np.ndarray, *, tolerance: float = 1e-9) -> np.ndarray:
    """Return the values with those that are equal to rounding made equal.

    Going up, a value that exceeds the one before by at most `tolerance` of the largest size is
    given the least value of its run. Unlike decimals cut off, this has no border on which two
    equal values could fall apart; values must be farther apart than that to count as different.

    Parameters
    ----------
    values : sequence of float
        Finite numbers.
    tolerance : float
        Relative to the largest of their sizes.
    """
    values = np.asarray(values, dtype=float)
    if not values.size:
        return values
    order = np.argsort(values, kind="stable")
    ordered = values[order]
    new = np.diff(ordered, prepend=-np.inf) > tolerance * np.abs(values).max()
    result = np.empty_like(values)
    result[order] = ordered[np.maximum.accumulate(np.where(new, np.arange(len(values)), 0))]
    return result

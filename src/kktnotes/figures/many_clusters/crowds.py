"""What the figures of "More clusters" draw: a number a row, its middle and spread over draws."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from kktnotes.chapters.many_clusters import Crowded


def along(
    rows: Sequence[Crowded], ratio: float, name: str, *, least_draws: int = 1
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the dimensions at one k/d, and there the mean over draws and its standard error.

    Of lengths along u, the median and its error. Rows without a certified point are left out, and
    so are infinite medians and dimensions with fewer than `least_draws`; one draw has no error to
    show.
    """
    known = [row for row in rows if row.point is not None and row.k == ratio * row.d]
    found = []
    for d in sorted({row.d for row in known}):
        own = values([row for row in known if row.d == d], name)
        middle, spread = typical(own, name)
        if np.isfinite(middle) and len(own) >= least_draws:
            found.append((d, middle, spread / np.sqrt(len(own))))
    return tuple(np.array(found, dtype=float).reshape(-1, 3).T)


def values(rows: Sequence[Crowded], name: str) -> np.ndarray:
    """Return one number a row.

    "error" and "mean_error" are shares of the counted points, "share" is the network's radius over
    the nearest mean's; other names are those of `Crowded`.
    """
    if name == "error":
        return np.array([row.errors / row.counted for row in rows])
    if name == "mean_error":
        return np.array([row.mean_errors / row.counted for row in rows])
    if name == "share":
        return np.array([row.radius / row.nearest for row in rows])
    return np.array([getattr(row, name) for row in rows])


def typical(found: np.ndarray, name: str) -> tuple[float, float]:
    """Return mean and standard deviation over draws, of lengths along u the robust kind.

    That is the median and 1.48 times the median deviation from it, as now and then a draw needs a
    huge length, or has none.
    """
    if name == "length":
        middle = float(np.median(found))
        finite = found[np.isfinite(found)]
        return middle, 1.48 * float(np.median(np.abs(finite - middle))) if len(finite) else 0.0
    return float(found.mean()), float(found.std(ddof=1)) if len(found) > 1 else 0.0

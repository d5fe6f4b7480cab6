"""Linear classifiers and KKT points on the same wide Gaussians, as the sample grows (ours).

Both have a threshold. The shortest w with y_i <w, x_i> >= 1 is e_1 / s, without any error, where
some a >= 0, not zero, has sum_i a_i y_i g_i = 0; so are the two neurons of a KKT point, each with
its bias, where this holds of the points of each label by themselves. For Gaussian noise the first
has the probability 1 - C(n, m) / 2^n of Wendel (`separable_share`), one half at n = 2 m; the
second needs it twice, of half as many points each.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import comb

import torch

from kktnotes import checks
from kktnotes.chapters.separable.linear import maximum_margin
from kktnotes.chapters.separable.wide import WideGaussians
from kktnotes.data.linear_separation import separable_share, separation
from kktnotes.data.sample import Sample
from kktnotes.kkt import LimitPoint
from kktnotes.kkt.endings import follow
from kktnotes.printing import Brief


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class Halved(Brief):
    """One sample of wide Gaussians.

    Attributes
    ----------
    n, seed : int
    linear : float
        log10 of the error of the maximum-margin classifier through the origin, exactly.
    lower, upper : float
        Bounds of log10 of the KKT point's error; nan without one.
    linear_surrounded, halves_surrounded : bool
        Whether the signed noise of all points, and that of each label's, surrounds the origin.
    sample : Sample
    point : LimitPoint or None
    ending : str
        "certified", or why there is no point.
    """

    n: int
    seed: int
    linear: float
    lower: float
    upper: float
    linear_surrounded: bool
    halves_surrounded: bool
    sample: Sample
    point: LimitPoint | None
    ending: str


def surrounded(sample: Sample) -> tuple[bool, bool]:
    """Return whether the origin is a combination of all y_i g_i, and of each label's g_i.

    Decided by linear programs with a proof of either answer; g are all coordinates but the first.
    """
    x, y = sample.x[:, 1:], sample.y
    ones = torch.ones_like
    halves = [not separation(x[y == one], ones(y[y == one])).separable for one in (-1.0, 1.0)]
    return not separation(x, y).separable, all(halves)


def halved(distribution: WideGaussians, n: int, seeds: Sequence[int], **knobs: object) -> list:
    """Draw samples, train from small starts, solve, and compute both errors exactly.

    Parameters
    ----------
    distribution : WideGaussians
    n : int
        Training points, at least 2.
    seeds : sequence of int
        One sample and one start each.
    **knobs
        For `gradient_flow`, such as `width` and `max_log_time`.

    Returns
    -------
    list of Halved
    """
    rows = []
    for seed in seeds:
        sample = distribution.draw(n, seed)
        _, point, ending = follow(sample, seed=seed, **knobs)
        bounds = (float("nan"),) * 2 if point is None else distribution.log10_error(point.network)
        around = surrounded(sample)
        rows.append(
            Halved(
                n=n,
                seed=seed,
                linear=distribution.linear_log10_error(maximum_margin(sample.x, sample.y)),
                lower=bounds[0],
                upper=bounds[1],
                linear_surrounded=around[0],
                halves_surrounded=around[1],
                sample=sample,
                point=point,
                ending=ending,
            )
        )
    return rows


def surrounded_chance(n: int, dimension: int) -> tuple[float, float]:
    """Return the probabilities of both parts of `surrounded`, of n points with both labels.

    Labels are fair coins, and a sample without both is drawn again (Wendel 1962).
    """
    n, m = checks.integer("n", n, least=2), checks.integer("dimension", dimension)

    def chance(points: int) -> float:
        return 1 - separable_share(points, m) if points > 1 else 0.0

    both = sum(comb(n, plus) * chance(plus) * chance(n - plus) for plus in range(1, n))
    return chance(n), both / (2**n - 2)

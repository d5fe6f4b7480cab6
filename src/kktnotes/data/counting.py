"""What a count of errors says of their probability."""

from __future__ import annotations

from scipy import stats

from kktnotes import checks


def clopper_pearson(errors: int, count: int, *, confidence: float = 0.95) -> tuple[float, float]:
    """Return the exact confidence interval of a probability from `errors` in `count` trials.

    Its upper end at no error, about 3.7 / count at 95 %, is the resolution of counting.

    Examples
    --------
    >>> import kktnotes as kn
    >>> low, high = kn.clopper_pearson(0, 1000)
    >>> low, round(high, 5)
    (0.0, 0.00368)
    """
    count = checks.integer("count", count)
    errors = checks.integer("errors", errors, least=0)
    if errors > count:
        raise checks.refusal("errors", errors, f"at most count = {count}")
    if not 0.0 < checks.positive("confidence", confidence) < 1.0:
        raise checks.refusal("confidence", confidence, "a number between 0 and 1")
    tail = (1.0 - confidence) / 2.0
    low = float(stats.beta.ppf(tail, errors, count - errors + 1)) if errors else 0.0
    high = float(stats.beta.isf(tail, errors + 1, count - errors)) if errors < count else 1.0
    return low, high

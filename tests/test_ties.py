"""Values equal to rounding rank alike, whichever way the rounding went."""

from fractions import Fraction

import numpy as np
import pytest
from scipy import stats

from kktnotes.evidence.ties import tied


@pytest.mark.parametrize("seed", range(5))
def test_ranks_are_those_of_the_exact_values(seed):
    rng = np.random.default_rng(seed)
    exact = [Fraction(int(p), int(q)) for p, q in rng.integers(1, 9, (40, 2))]
    place = {value: i for i, value in enumerate(sorted(set(exact)))}
    noisy = np.array([float(value) for value in exact])
    noisy *= 1 + rng.choice([-4, 0, 4], 40) * np.finfo(float).eps
    levels = [place[value] for value in exact]
    np.testing.assert_array_equal(stats.rankdata(tied(noisy)), stats.rankdata(levels))
    assert not np.array_equal(stats.rankdata(noisy), stats.rankdata(levels))
    np.testing.assert_allclose(tied(noisy), noisy, rtol=1e-14)


def test_values_apart_stay_as_they_are():
    values = np.array([0.3, -1.0, 0.3 + 1e-6, 2.0])
    np.testing.assert_array_equal(tied(values), values)


def test_no_border_separates_equal_values():
    """Rounding to digits would: the two lie on either side of ...5 at every precision."""
    left, right = 0.123456785 - 1e-16, 0.123456785 + 1e-16
    assert round(left, 8) != round(right, 8)
    assert len(set(tied([right, 1.0, left]))) == 2


def test_no_values():
    assert tied([]).shape == (0,)

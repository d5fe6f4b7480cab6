"""Means over the seeds that have a number."""

import numpy as np
import pytest

from kktnotes.chapters import sample_size as averages

VALUES = np.array([[1.0, 3.0, np.nan], [4.0, np.nan, np.nan], [np.nan] * 3])


@pytest.mark.parametrize(
    ("function", "expected"),
    [
        (averages.mean, [2, 4, np.nan]),
        (averages.deviation, [1, 0, np.nan]),
        (averages.least, [1, 4, np.nan]),
        (averages.most, [3, 4, np.nan]),
    ],
)
def test_runs_without_a_number_are_left_out(function, expected):
    assert np.array_equal(function(VALUES), expected, equal_nan=True)


def test_it_is_numpys_where_every_run_has_a_number():
    values = np.random.default_rng(0).standard_normal((2, 3, 4))
    assert np.array_equal(averages.mean(values), values.mean(-1))
    assert np.array_equal(averages.deviation(values, ddof=1), values.std(-1, ddof=1))
    assert averages.deviation(np.array([2.0, np.nan]), ddof=1) == 0

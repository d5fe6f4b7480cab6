"""Arrays of every kind: what is taken keeps its numbers, what would lose some is refused."""

import numpy as np
import pandas as pd
import pytest
import torch

from kktnotes import checks

NUMBERS = [[1.5, -2.0], [3.0, 4.25]]
EXPECTED = torch.tensor(NUMBERS, dtype=torch.float64)


@pytest.mark.parametrize(
    "value",
    [
        NUMBERS,
        tuple(map(tuple, NUMBERS)),
        np.array(NUMBERS, dtype=np.float32),
        np.array(NUMBERS, order="F"),
        np.array(NUMBERS)[::-1][::-1],
        np.array(NUMBERS).astype(">f8"),
        np.ma.array(NUMBERS),
        torch.tensor(NUMBERS, dtype=torch.float16),
        torch.tensor(NUMBERS, requires_grad=True),
        torch.nn.Parameter(torch.tensor(NUMBERS)),
        pd.DataFrame(NUMBERS),
        [torch.tensor(row) for row in NUMBERS],
    ],
)
def test_arrays_of_many_kinds_are_taken(value):
    found = checks.tensor("x", value, dimensions=2)
    assert found.dtype == torch.float64 and not found.requires_grad
    torch.testing.assert_close(found, EXPECTED, rtol=0, atol=0)


@pytest.mark.parametrize(
    ("value", "got"),
    [
        (np.array(NUMBERS) + 0j, "complex numbers"),
        (torch.tensor(NUMBERS) * 1j, "complex numbers"),
        ([[1, 2j]], "complex numbers"),
        (np.ma.array(NUMBERS, mask=[[0, 1], [0, 0]]), "an array with masked entries"),
        (np.array([["1.5", "2"]]), "ndarray"),
        (np.array([["2020-01-01"]], dtype="datetime64[D]"), "ndarray"),
        (np.array([[object(), 1]]), "ndarray"),
        ([[1.0], [1.0, 2.0]], "list"),
        ("words", "str"),
        (None, "NoneType"),
        (torch.nn.Linear(2, 2), "Linear"),
        ({1: 2}, "dict"),
        ([1.0, 2.0], r"shape \(2,\)"),
        ([[1.0, float("nan")]], "1 entries that are NaN or infinite"),
        ([[float("inf"), -float("inf")]], "2 entries"),
    ],
)
def test_what_would_lose_something_is_refused(value, got):
    with pytest.raises(ValueError, match=f"^x: got {got}.*, allowed is "):
        checks.tensor("x", value, dimensions=2)

"""Row mixes against the matrix that they stand for."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from kktnotes.flow.row_mix import RowMix


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_a_mix_is_its_matrix(data):
    old, new = data.draw(st.integers(1, 9)), data.draw(st.integers(1, 5))
    target = torch.tensor(data.draw(st.lists(st.integers(-1, new - 1), min_size=old, max_size=old)))
    draws = torch.Generator().manual_seed(data.draw(st.integers(0, 999)))
    weight = torch.rand(old, generator=draws, dtype=torch.float64)
    matrix = torch.zeros(new, old, dtype=torch.float64)
    for i, q in enumerate(target.tolist()):
        if q >= 0:
            matrix[q, i] = weight[i]
    mix = RowMix(target, weight, new)
    rows = torch.randn(old, 3, generator=draws, dtype=torch.float64)
    torch.testing.assert_close(mix(rows), matrix @ rows, rtol=1e-14, atol=1e-14)
    torch.testing.assert_close(mix(rows[:, 0]), matrix @ rows[:, 0], rtol=1e-14, atol=1e-14)
    torch.testing.assert_close(mix.sums(rows), (matrix != 0).double() @ rows)
    assert mix.dropped.tolist() == (matrix == 0).all(0).tolist()


def test_a_row_that_stays_alone_keeps_its_bits():
    mix = RowMix(torch.tensor([1, -1, 0]), torch.ones(3, dtype=torch.float64), 2)
    rows = torch.tensor([[0.1, 1e-300], [5.0, 5.0], [1 / 3, -0.7]], dtype=torch.float64)
    assert torch.equal(mix(rows), rows[[2, 0]])
    with pytest.raises(IndexError):
        mix(rows[:2])

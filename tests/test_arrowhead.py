"""Block arrowhead factors against numpy's solution of the whole matrix."""

from itertools import pairwise

import numpy as np
import pytest
import scipy.linalg
from hypothesis import given, settings
from hypothesis import strategies as st

from kktnotes.kkt.solver.arrowhead import Arrowhead


def pieces(sizes: list[int], corner: int, seed: int) -> tuple[np.ndarray, list, list, np.ndarray]:
    """Draw C, the B_g, the D_g, and the whole positive definite matrix that they make."""
    rng = np.random.default_rng(seed)
    ends = np.cumsum([corner, *sizes])
    whole = np.zeros((ends[-1], ends[-1]))
    for start, stop in pairwise(ends.tolist()):
        index = np.r_[:corner, start:stop]
        root = rng.standard_normal((len(index), len(index) + 3))
        whole[np.ix_(index, index)] += root @ root.T
    whole[:corner, :corner] += np.eye(corner)
    parts = [slice(*pair) for pair in pairwise(ends.tolist())]
    borders = [whole[:corner, part] for part in parts]
    return whole[:corner, :corner].copy(), borders, [whole[p, p] for p in parts], whole


@settings(max_examples=30, deadline=None)
@given(
    sizes=st.lists(st.integers(0, 7), max_size=5),
    corner=st.integers(1, 8),
    columns=st.integers(0, 3),
    seed=st.integers(0, 2**32 - 1),
)
def test_solution_is_that_of_the_whole_matrix(
    sizes: list[int], corner: int, columns: int, seed: int
) -> None:
    c, borders, blocks, whole = pieces(sizes, corner, seed)
    shape = (len(whole), columns) if columns else len(whole)
    right = np.random.default_rng(seed + 1).standard_normal(shape)
    expected = np.linalg.solve(whole, right)
    found = Arrowhead(c, borders, blocks).solve(right)
    assert found.shape == expected.shape
    size = np.abs(expected).max(initial=1.0) * np.linalg.cond(whole)
    assert np.abs(found - expected).max(initial=0.0) < 1e-13 * size


@settings(max_examples=30, deadline=None)
@given(
    sizes=st.lists(st.integers(0, 7), min_size=1, max_size=5),
    corner=st.integers(1, 8),
    seed=st.integers(0, 2**32 - 1),
)
def test_quadratic_form_of_a_border_with_a_column_a_block(
    sizes: list[int], corner: int, seed: int
) -> None:
    c, borders, blocks, whole = pieces(sizes, corner, seed)
    rng = np.random.default_rng(seed + 1)
    first, own = rng.standard_normal((corner, len(sizes))), [rng.standard_normal(m) for m in sizes]
    border = np.vstack([first, scipy.linalg.block_diag(*(one[:, None] for one in own))])
    expected = border.T @ np.linalg.solve(whole, border)
    found = Arrowhead(c, borders, blocks).quadratic(first, own)
    assert np.allclose(found, expected, rtol=1e-10, atol=1e-10 * np.abs(expected).max())


def test_indefinite_matrix_is_refused_without_a_ridge() -> None:
    with pytest.raises(scipy.linalg.LinAlgError):
        Arrowhead(np.eye(2), [np.zeros((2, 1))], [np.array([[-1.0]])])


def test_ridge_lets_a_singular_block_pass() -> None:
    c, borders, blocks, whole = pieces([3, 4], 2, seed=5)
    root = np.random.default_rng(1).standard_normal((4, 2))
    blocks[1], borders[1] = root @ root.T, np.zeros((2, 4))
    whole[5:, 5:], whole[:2, 5:], whole[5:, :2] = blocks[1], 0.0, 0.0
    right = whole @ np.arange(1.0, 10.0)  # in the matrix's range
    found = Arrowhead(c, borders, blocks, ridge=True).solve(right)
    assert np.abs(whole @ found - right).max() < 1e-9 * np.abs(right).max()

"""Reduced coordinates: the factors against what they must multiply to, and against direct draws."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from kktnotes.data import coordinates
from kktnotes.data.means import equicorrelated_means, gram_means, sphere_means
from kktnotes.data.seeds import STREAMS, generator


def test_streams_of_one_seed_are_independent_and_reproducible():
    draws = {name: generator(3, name).standard_normal(4000) for name in STREAMS}
    again = generator(3, "fresh points").standard_normal(4000)
    assert np.array_equal(again, draws["fresh points"])
    correlation = np.corrcoef(np.stack(list(draws.values())))
    assert np.abs(correlation - np.eye(len(draws))).max() < 5 / np.sqrt(4000)
    with pytest.raises(ValueError, match="seed: got -1"):
        generator(-1, "means")
    with pytest.raises(ValueError, match="stream: got 'weights'"):
        generator(0, "weights")


def test_chi_against_its_law_and_zero_degrees():
    rng = generator(0, "directions")
    drawn = coordinates.chi(rng, np.full(5000, 7.0))
    assert stats.kstest(drawn, stats.chi(7).cdf).pvalue > 1e-4
    assert coordinates.chi(rng, np.zeros(3)).tolist() == [0.0, 0.0, 0.0]
    # far out it is sqrt(D - 1/2) with standard deviation 1/sqrt(2)
    far = coordinates.chi(rng, np.full(5000, 1e12))
    assert stats.kstest((far - np.sqrt(1e12 - 0.5)) * np.sqrt(2), "norm").pvalue > 1e-4


@pytest.mark.parametrize(("rows", "dimension"), [(5, 9), (5, 5), (7, 4)])
def test_bartlett_has_the_law_of_a_gaussian_gram_matrix(rows, dimension):
    rng = generator(rows, "training points")
    reduced = [coordinates.bartlett(rng, rows, dimension) for _ in range(3000)]
    assert reduced[0].shape == (rows, min(rows, dimension))
    assert all(np.array_equal(factor, np.tril(factor)) for factor in reduced[:10])
    direct = rng.standard_normal((3000, rows, dimension))
    grams = [factor @ factor.T for factor in reduced], direct @ direct.transpose(0, 2, 1)
    statistics = [
        lambda gram: gram[0, 0],
        lambda gram: gram[-1, -1],
        lambda gram: gram[0, -1],
        lambda gram: gram[-1, -2],
        lambda gram: np.linalg.eigvalsh(gram)[-1],
        lambda gram: np.linalg.eigvalsh(gram)[rows - min(rows, dimension)],
    ]
    for statistic in statistics:
        one, two = ([statistic(gram) for gram in side] for side in grams)
        assert stats.ks_2samp(one, two).pvalue > 1e-3 / (3 * len(statistics))


@pytest.mark.parametrize(("k", "d"), [(4, 9), (6, 3)])
def test_sphere_means_are_uniform(k, d):
    rng = generator(1, "means")
    draws = [sphere_means(rng, k, d) for _ in range(3000)]
    assert all(np.allclose(np.linalg.norm(means, axis=1), np.sqrt(d)) for means in draws)
    for one, two in [(0, 1), (k - 2, k - 1), (0, k - 1)]:
        squares = [(means[one] @ means[two] / d) ** 2 for means in draws]
        assert stats.kstest(squares, stats.beta(0.5, (d - 1) / 2).cdf).pvalue > 1e-4


@settings(deadline=None, derandomize=True)
@given(st.integers(2, 12), st.integers(2, 40), st.floats(0, 1))
def test_equicorrelated_means_multiply_to_their_gram(k, d, share):
    least = -d / (k - 1)
    inner_product = least + share * (d - least) if k <= d else float(d)
    means = equicorrelated_means(k, d, inner_product)
    expected = np.full((k, k), inner_product) + (d - inner_product) * np.eye(k)
    assert means.shape == (k, min(k, d))
    assert np.allclose(means @ means.T, expected, atol=1e-9 * d)


def test_the_regular_simplex_fits_one_dimension_less():
    means = equicorrelated_means(4, 3, -1.0)
    assert means.shape == (4, 3)
    assert np.allclose(means @ means.T, 4 * np.eye(4) - 1, atol=1e-12)


def test_a_simplex_past_its_end_by_rounding():
    inner_product = float(np.nextafter(-10 / 3, -99))
    means = equicorrelated_means(4, 10, inner_product)
    assert 10 + 3 * inner_product < 0  # no Gram matrix to the letter, the simplex to rounding
    assert np.allclose(means @ means.T, np.full((4, 4), -10 / 3) + 40 / 3 * np.eye(4))
    assert abs(means[3, 3]) < 1e-12


@settings(deadline=None, derandomize=True)
@given(st.integers(1, 6), st.integers(1, 8), st.integers(0, 1000))
def test_gram_and_rotation_keep_inner_products(k, q, seed):
    vectors = np.random.default_rng(seed).standard_normal((k, q))
    gram = vectors @ vectors.T
    from_gram = gram_means(gram, q)
    assert from_gram.shape == (k, min(k, q))
    assert np.allclose(from_gram @ from_gram.T, gram, atol=1e-9)
    rotated = coordinates.reduced(vectors)
    assert rotated.shape == (k, min(k, q))
    assert np.allclose(rotated @ rotated.T, gram, atol=1e-9)
    assert np.allclose(rotated, np.tril(rotated))


@pytest.mark.parametrize(
    ("gram", "d", "message"),
    [
        (np.ones((2, 3)), 5, r"gram: got shape \(2, 3\), allowed is a square matrix"),
        ([[1.0, 0.5], [0.2, 1.0]], 5, "gram: got a matrix that is not symmetric"),
        ([[1.0, 2.0], [2.0, 1.0]], 5, "gram: got an eigenvalue -1, allowed is eigenvalues of at"),
        (np.eye(3), 2, "gram: got rank 3, allowed is a rank of at most d = 2"),
    ],
)
def test_refused_gram_matrices(gram, d, message):
    with pytest.raises(ValueError, match=message):
        gram_means(gram, d)

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import kktnotes as kn


@pytest.mark.parametrize(("k", "d"), [(2, 1), (4, 3), (5, 4), (6, 50), (10, 10**7)])
def test_points_have_the_inner_products(k, d):
    x, y = kn.equicorrelated_points(k, d)
    expected = (d + 1) * np.eye(k) - 1
    assert np.abs((x @ x.T).numpy() - expected).max() < 1e-14 * (d + 1)
    assert y.tolist() == [1.0, -1.0] * (k // 2) + [1.0] * (k % 2)


@pytest.mark.parametrize(("k", "d"), [(4, 3), (4, 1203), (10, 1000), (26, 10**7)])
def test_averaged_and_decoupled(k, d):
    """Residuals, norms and multipliers; the certificate must find the multipliers by itself."""
    averaged, decoupled = kn.averaged_point(k, d), kn.decoupled_point(k, d)
    assert averaged.network.norm().square().item() == pytest.approx(2 * (2 * k / (d + 1)) ** 0.5)
    assert decoupled.network.norm().square().item() == pytest.approx(2 * k / (d + 1) ** 0.5)
    for point in (averaged, decoupled):
        assert point.certificate.within(1e-14), point.certificate
        found = kn.certificate(point.network, (point.x, point.y))
        assert found.within(1e-14), found
        scale = point.multipliers.max()
        assert (found.multipliers - point.multipliers).abs().max() < 1e-13 * scale
        assert (found.subgradients - point.subgradients).abs().max() < 1e-13 * scale


@settings(deadline=None, derandomize=True, max_examples=25)
@given(data=st.data(), k=st.integers(2, 9), extra=st.integers(0, 60))
def test_any_partition(data, k, extra):
    """Random labels, random partition into same-label sets: still an exact KKT point."""
    x, _ = kn.equicorrelated_points(k, k - 1 + extra)
    flips = data.draw(st.lists(st.sampled_from([1.0, -1.0]), min_size=k - 2, max_size=k - 2))
    y = [1.0, -1.0, *flips]
    chosen = data.draw(st.lists(st.integers(0, 2), min_size=k, max_size=k))
    keys = sorted({(label, part) for label, part in zip(y, chosen, strict=True)})
    sets = [[q for q in range(k) if (y[q], chosen[q]) == key] for key in keys]
    point = kn.partition_point(x, y, sets)
    assert point.certificate.within(1e-14), point.certificate
    squares = 2 * sum((len(members) / (k + extra)) ** 0.5 for members in sets)
    assert point.network.norm().square().item() == pytest.approx(squares)
    margins = point.network.margins(point.x, point.y)
    assert torch.allclose(margins, torch.ones_like(margins), rtol=0, atol=1e-14)


def test_decoupled_is_a_kkt_point_but_not_the_optimum():
    """Feasible, certified, and longer than the averaged point by sqrt(k / 2) in its square."""
    averaged, decoupled = kn.averaged_point(8, 100), kn.decoupled_point(8, 100)
    ratio = (decoupled.network.norm() / averaged.network.norm()).item() ** 2
    assert ratio == pytest.approx(2.0)
    assert decoupled.certificate.within(1e-14)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: kn.equicorrelated_points(5, 3), r"k: got 5, allowed is at most d \+ 1 = 4"),
        (lambda: kn.averaged_point(1, 3), "k: got 1"),
        (lambda: kn.partition_point(np.ones((2, 2)), [1, -1], [[0], [1]]), "orthogonal x~_q"),
        (lambda: points_with([[0], [1], [2]]), r"sets: got \[\[0\], \[1\], \[2\]\]"),
        (lambda: points_with([[0, 2], [1, 3], []]), "none empty"),
        (lambda: points_with([[0, 1], [2], [3]]), r"\[0, 1\] with both labels"),
        (lambda: kn.partition_point(np.ones((2, 2)), [1, -1, 1], [[0]]), "shapes"),
    ],
)
def test_refusals(call, words):
    with pytest.raises(ValueError, match=words):
        call()


def points_with(sets):
    x, y = kn.equicorrelated_points(4, 10)
    return kn.partition_point(x, y, sets)

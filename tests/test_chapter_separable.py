"""Data without clusters: families, the linear classifier, and the simplex, checked separately."""

import cvxpy
import numpy as np
import pytest
import torch

import kktnotes as kn
from kktnotes.chapters.separable import (
    FAMILIES,
    GAP,
    Simplex,
    compare,
    error,
    family,
    maximum_margin,
)


@pytest.mark.parametrize("name", FAMILIES)
def test_families_are_separable_with_the_gap(name):
    x, y = family(name, 200, 5, seed=1)
    assert x.shape == (200, 5) and set(y.tolist()) == {-1.0, 1.0}
    assert bool((y * x[:, 0] > GAP).all())
    again, _ = family(name, 200, 5, seed=1)
    other, _ = family(name, 200, 5, seed=2)
    assert torch.equal(x, again) and not torch.equal(x, other)


@pytest.mark.parametrize("bias", [False, True])
def test_maximum_margin_is_the_solution_of_the_program(bias):
    x, y = family("Gaussian", 25, 5, seed=3)
    found = maximum_margin(x, y, bias=bias)
    w, b = cvxpy.Variable(5), cvxpy.Variable()
    limits = [cvxpy.multiply(y.numpy(), x.numpy() @ w + b) >= 1] + ([] if bias else [b == 0])
    cvxpy.Problem(cvxpy.Minimize(cvxpy.sum_squares(w)), limits).solve(solver="CLARABEL")
    np.testing.assert_allclose(found.weights.numpy(), w.value, atol=1e-5)
    assert found.bias == pytest.approx(float(b.value), abs=1e-5)
    distance = (y * found(x) / found.weights.norm()).min()
    assert found.margin == pytest.approx(float(distance), rel=1e-6)


def test_maximum_margin_refuses_what_is_not_separable():
    x = torch.tensor([[1.0], [2.0], [3.0]], dtype=torch.float64)
    with pytest.raises(ValueError, match="separable"):
        maximum_margin(x, [1.0, -1.0, 1.0], bias=True)


def test_compare_counts_on_the_same_points():
    first, second = compare("Gaussian", "small", [0, 1], n=12, d=4, fresh=500, max_log_time=60.0)
    x, y = family("Gaussian", 12, 4, seed=1)
    test = family("Gaussian", 500, 4, seed=10_001)
    w = maximum_margin(x, y).weights
    assert second.linear == float((test[1] * (test[0] @ w) <= 0).double().mean())
    assert second.ending == "certified"
    assert torch.equal(second.point.x, x)
    assert second.network == error(second.point.network, *test)
    assert second.difference == second.network - second.linear
    assert (first.seed, second.seed) == (0, 1)


def test_a_poisoned_start_begins_wrong():
    (row,) = compare("Gaussian", "poisoned", [0], n=10, d=4, fresh=500, max_log_time=60.0)
    assert row.begin > 0.25


def test_inner_products_of_the_simplex():
    simplex = Simplex(8, signal=1.5, delta=0.2)
    x, y = simplex.x, simplex.y
    gram = x @ x.T + 1
    expected = 1.5**2 * (torch.outer(y, y) - 1) - 0.2
    apart = ~torch.eye(8, dtype=torch.bool)
    torch.testing.assert_close(gram[apart], expected[apart])
    assert bool((y * x[:, 0] == 1.5).all())


def test_the_isolated_point_is_a_kkt_point_that_misses_what_it_has_not_seen():
    simplex = Simplex(12)
    chosen = torch.tensor([0, 0, 3, 7, 9, 9, 9])
    point = simplex.isolated_point(chosen)
    assert point.certificate.within(1e-12)
    output = point.network(simplex.x)
    seen = torch.zeros(12, dtype=torch.bool).scatter(0, chosen, True)
    torch.testing.assert_close(output[seen], simplex.y[seen])
    assert bool((output[~seen] == 0).all())


def test_flows_end_where_the_proof_says_and_the_linear_classifier_does_not():
    simplex = Simplex(20)
    chosen = torch.tensor([0, 1, 2, 10, 11, 12])
    x, y = simplex.x[chosen], simplex.y[chosen]
    for scale in (1e-3, 0.5):
        flow = kn.gradient_flow(
            kn.Sample.from_arrays(x, y), width=12, init_scale=scale, seed=1, max_log_time=60.0
        )
        network = kn.kkt_point(flow).network
        assert error(network, simplex.x, simplex.y) == pytest.approx(14 / 20)
    assert error(maximum_margin(x, y), simplex.x, simplex.y) == 0


def test_refusals():
    with pytest.raises(ValueError, match="corners"):
        Simplex(5)
    with pytest.raises(ValueError, match="name"):
        family("clusters", 3, 4, 0)

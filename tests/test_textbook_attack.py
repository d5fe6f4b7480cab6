"""Textbook projected gradient descent against the same loop written with autograd in R^d."""

import math

import pytest
import torch

import kktnotes as kn
from kktnotes.attacks import projected_gradient, textbook_descent
from kktnotes.networks.biased import biased_network


def by_autograd(network, x, y, *, radius, steps, start):
    """Run the plain loop with torch's own loss and gradient, in all coordinates."""
    moved = start.clone()
    for _ in range(steps):
        at = (x + moved).requires_grad_()
        loss = torch.nn.functional.softplus(-y * network(at)).sum()
        gradient = torch.autograd.grad(loss, at)[0]
        size = gradient.norm(dim=-1, keepdim=True)
        moved = moved + 2.5 * radius / steps * gradient / (size + 1e-10)
        length = moved.norm(dim=-1, keepdim=True)
        moved = torch.where(length > radius, moved * radius / length, moved)
    after = torch.where(network(x + moved) > 0, 1.0, -1.0)
    return (after == y) & (torch.where(network(x) > 0, 1.0, -1.0) == y)


@pytest.fixture(scope="module")
def problem():
    """A random network of many neurons with points on both sides."""
    rng = torch.Generator().manual_seed(0)
    draw = lambda *shape: torch.randn(*shape, generator=rng, dtype=torch.float64)  # noqa: E731
    network = kn.TwoLayerReLU(draw(8, 6), 0.3 * draw(8), draw(8))
    x = draw(60, 6)
    return network, x, torch.where(network(x) > 0, 1.0, -1.0)


@pytest.mark.parametrize("radius", [0.05, 0.3, 1.0])
def test_agrees_with_autograd(problem, radius):
    network, x, y = problem
    ours = textbook_descent(network, (x, y), radius=radius, steps=20)
    theirs = by_autograd(network, x, y, radius=radius, steps=20, start=torch.zeros_like(x))
    assert torch.equal(ours, theirs)
    assert radius < 0.1 or 0 < ours.double().mean() < 1


def test_hidden_part_of_a_random_start_is_kept():
    d, radius = 400, 6.0
    case = kn.Clusters.orthogonal(4, d, 0.1)
    fresh = case.fresh(50, seed=0)
    network = kn.TwoLayerReLU.robust(fresh)
    reduced = textbook_descent(network, fresh, radius=radius, random_start=True, d=d, seed=1)
    # The same law in all d coordinates: shares, not points, can agree.
    plain = case.plain().fresh(50, seed=0)
    start = torch.randn(50, d, generator=torch.Generator().manual_seed(3), dtype=torch.float64)
    start = radius * start / start.norm(dim=1, keepdim=True)
    full = by_autograd(
        kn.TwoLayerReLU.robust(plain), plain.x, plain.y, radius=radius, steps=40, start=start
    )
    assert abs(float(reduced.double().mean() - full.double().mean())) < 0.25


def test_no_more_points_fall_than_the_careful_attack_and_the_exact_radius_allow():
    case = kn.Clusters.orthogonal(4, 900, 0.5)
    fresh = case.fresh(80, seed=0)
    network = biased_network(fresh, -0.6)
    exact = kn.exact_radius(network, fresh.x).flip
    for radius in (10.0, 16.0, 20.0):
        stands = textbook_descent(network, fresh, radius=radius)
        assert bool(stands[exact.lower > radius * (1 + 1e-9)].all())
    careful = projected_gradient(network, fresh, d=900).norms
    assert bool((careful >= exact.lower * (1 - 1e-9)).all())


def test_large_margins_stop_it():
    case = kn.Clusters.orthogonal(4, 900, 0.1)
    fresh = case.fresh(20, seed=0)
    network, radius = kn.TwoLayerReLU.robust(fresh), 0.9 * math.sqrt(900)
    positive = fresh.y > 0
    assert not textbook_descent(network, fresh, radius=radius)[positive].any()
    assert textbook_descent(network.scaled(10.0), fresh, radius=radius).all()


def test_refusals(problem):
    network, x, y = problem
    with pytest.raises(ValueError, match="radius"):
        textbook_descent(network, (x, y), radius=-1.0)
    with pytest.raises(ValueError, match="step"):
        textbook_descent(network, (x, y), radius=1.0, step=0.0)

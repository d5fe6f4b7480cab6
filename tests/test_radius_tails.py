"""Tails, 1-nearest-neighbour and linear radii against sampling, closed forms and a QP solver."""

import math

import cvxpy as cp
import numpy as np
import pytest
import torch
from scipy.special import log_ndtr
from scipy.stats import norm

import kktnotes as kn
from kktnotes.geometry import project, project_exactly
from kktnotes.radius import log_error, log_error_by_cluster, log_no_flip, log_tail


def network(seed, m, p):
    rng = np.random.default_rng(seed)
    return kn.TwoLayerReLU(
        rng.standard_normal((m, p)), 0.5 * rng.standard_normal(m), rng.standard_normal(m)
    )


# --- projections -----------------------------------------------------------------------------


@pytest.mark.parametrize("polyhedron", [False, True])
def test_projections_agree_with_cvxpy(polyhedron):
    rng = np.random.default_rng(0)
    count, rank, batch = 5, 4, 12
    own = rng.standard_normal((count, rank))
    values = rng.standard_normal((batch, count)) + 1
    gradient = rng.standard_normal((batch, rank)) * (not polyhedron)
    level = (rng.standard_normal(batch) - 1) * (not polyhedron)
    found = project(
        *(torch.from_numpy(part) for part in (own, values, gradient, level)),
        polyhedron=torch.full((batch,), polyhedron),
    )
    for row in range(batch):
        step = cp.Variable(rank)
        total = cp.sum(cp.pos(values[row] + own @ step))
        problem = cp.Problem(
            cp.Minimize(cp.norm(step)), [total <= level[row] + gradient[row] @ step]
        )
        problem.solve(solver=cp.CLARABEL)
        if problem.status in ("infeasible", "infeasible_inaccurate"):
            assert math.isinf(float(found.lower[row]))
            continue
        assert abs(float(found.lower[row]) - problem.value) < 1e-6
        assert abs(float(found.step[row].norm()) - problem.value) < 1e-6
        alone = project_exactly(
            own, values[row], gradient[row], float(level[row]), polyhedron=polyhedron
        )
        torch.testing.assert_close(torch.from_numpy(alone[0]), found.step[row])


# --- tails -----------------------------------------------------------------------------------


def test_tail_of_a_half_space_is_exact():
    # N = relu(x + 3) - relu(-x - 3) = x_1 + 3 has one half-space to err in.
    net = kn.TwoLayerReLU([[1.0, 0.0], [-1.0, 0.0]], [3.0, -3.0], [1.0, -1.0])
    for sigma in (1.0, 0.05):
        bound = log_tail(net, torch.zeros(1, 2), sigma, torch.ones(1))
        sets = [log_ndtr(-3 / sigma)] * 2  # S empty and S = {the other neuron}: the same set
        assert abs(float(bound) - np.logaddexp(*sets)) < 1e-9
    assert float(log_tail(net, torch.zeros(1, 2), 0.0, torch.ones(1))) == -math.inf
    assert float(log_tail(net, torch.tensor([[-4.0, 0.0]]), 1.0, torch.ones(1))) == 0.0


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_tails_bound_what_sampling_sees(seed):
    net = network(seed, 7, 3)
    centers = 2 * torch.from_numpy(np.random.default_rng(seed).standard_normal((6, 3)))
    sign = torch.where(net(centers) > 0, 1.0, -1.0).double()
    sigma = 0.7
    bound = log_tail(net, centers, sigma, sign).exp()
    noise = torch.from_numpy(np.random.default_rng(9).standard_normal((200_000, 3)))
    for center, s, most in zip(centers, sign, bound, strict=True):
        share = float((s * net(center + sigma * noise) <= 0).double().mean())
        assert share <= float(most) + 4 * math.sqrt(share / len(noise)) + 1e-6


def test_error_and_missed_flips_of_the_averaged_network():
    # One neuron a sign along orthogonal directions: all three sets are known in closed form.
    clusters = kn.Clusters.orthogonal(2, 100, 2.0)
    sample = clusters.sample(10, 0)
    net = kn.TwoLayerReLU(sample.means, [0.0, 0.0], [1.0, -1.0])
    # From 10 e_1: {x_1 <= 0} at 10, {x_2 >= 0, x_1 <= x_2} at 10 / sqrt(2).
    expected = np.logaddexp(norm.logcdf(-5.0), norm.logcdf(-5 / math.sqrt(2)))
    np.testing.assert_allclose(log_error_by_cluster(net, sample).numpy(), expected, rtol=1e-9)
    assert abs(log_error(net, sample) - expected) < 1e-9
    # z = u moves 10 e_1 to 10 e_2, where -N > 0; it fails where y N >= 0: the same distances.
    moved = log_no_flip(net, sample, kn.universal_direction(sample))
    assert abs(moved - expected) < 1e-9
    assert log_no_flip(net, sample, 0 * kn.universal_direction(sample)) == 0.0


def test_many_neurons_get_a_coarser_tail_that_still_bounds():
    clusters = kn.Clusters.orthogonal(26, 10**4, 0.3)
    sample = clusters.fresh(10, 0, p=40)
    net = kn.TwoLayerReLU.robust(sample)
    coarse = log_error(net, sample)
    # The exact sum over the sets of one or no neuron is a part of any bound of this kind.
    nearest = kn.exact_radius(net, sample.means).zero.lower
    least = log_ndtr(-nearest.numpy() / 0.3)
    assert np.logaddexp.reduce(least) - math.log(26) <= coarse < least.max() + 5


@pytest.mark.parametrize("change", [{"noise": "rademacher"}, {"factor": np.ones((100, 1)) / 10}])
def test_tails_of_other_noise_are_refused(change):
    sample = kn.Clusters.orthogonal(2, 100, 0.1).plain().with_noise(**change).sample(5, 0)
    net = kn.TwoLayerReLU(sample.means, [0.0, 0.0], [1.0, -1.0])
    with pytest.raises(ValueError, match="noise"):
        log_error(net, sample)


def test_tails_of_ones_own_data_are_refused():
    own = kn.Sample.from_arrays(torch.eye(2), [1, -1])
    with pytest.raises(ValueError, match="your own data"):
        log_error(network(0, 2, 2), own)


# --- classifiers to compare with -------------------------------------------------------------


def test_linear_radius():
    x = torch.tensor([[3.0, 4.0], [0.0, 0.0]], dtype=torch.float64)
    radius = kn.linear_radius(torch.tensor([3.0, 4.0]), x, bias=5.0)
    torch.testing.assert_close(radius, torch.tensor([6.0, 1.0], dtype=torch.float64))
    with pytest.raises(ValueError, match="weights"):
        kn.linear_radius(torch.zeros(2), x)


@pytest.mark.parametrize(("n", "p"), [(12, 2), (20, 5), (15, 30)])
def test_nearest_neighbour_radius_agrees_with_cvxpy(n, p):
    rng = np.random.default_rng(n)
    points, y = rng.standard_normal((n, p)), np.where(np.arange(n) % 3, 1.0, -1.0)
    train = kn.Sample.from_arrays(points, y)
    x = rng.standard_normal((5, p))
    radius = kn.nearest_neighbour_radius(train, torch.from_numpy(x))
    assert bool(radius.finished.all())
    for row, one in enumerate(x):
        label = y[((points - one) ** 2).sum(-1).argmin()]
        best = math.inf
        for center in points[y != label]:
            place = cp.Variable(p)
            rivals = points[y == label]
            sides = [
                2 * (rival - center) @ place <= rival @ rival - center @ center for rival in rivals
            ]
            problem = cp.Problem(cp.Minimize(cp.norm(place - one)), sides)
            problem.solve(solver=cp.CLARABEL)
            best = min(best, problem.value)
        assert abs(float(radius.upper[row]) - best) < 1e-6
        assert abs(float(radius.lower[row]) - best) < 1e-6
        near = ((points - radius.nearest[row].numpy()) ** 2).sum(-1)
        assert near[y != label].min() <= near[y == label].min()


def test_nearest_neighbour_radius_of_two_points_is_the_bisector():
    train = kn.Sample.from_arrays([[0.0, 0.0], [4.0, 0.0]], [1, -1])
    radius = kn.nearest_neighbour_radius(train, torch.tensor([[0.5, 7.0]], dtype=torch.float64))
    torch.testing.assert_close(radius.upper, torch.tensor([1.5], dtype=torch.float64))


def test_nearest_neighbour_out_of_time_keeps_bounds():
    clusters = kn.Clusters.orthogonal(6, 200, 0.3)
    train = clusters.sample(120, 0)
    fresh = train.fresh(6, 1)
    done = kn.nearest_neighbour_radius(train, fresh.x)
    late = kn.nearest_neighbour_radius(train, fresh.x, time_budget=1e-9)
    assert bool(done.finished.all()) and not bool(late.finished.any())
    assert bool((late.lower <= done.upper * (1 + 1e-12)).all())
    assert bool((done.lower <= late.upper).all())
    with pytest.raises(ValueError, match="x: got shape"):
        kn.nearest_neighbour_radius(train, torch.zeros(3, 2))

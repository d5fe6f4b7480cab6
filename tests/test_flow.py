import math
from dataclasses import replace

import numpy as np
import pytest
import torch
from scipy.integrate import solve_ivp
from scipy.stats import ks_2samp

import kktnotes as kn
from kktnotes.flow.losses import Loss
from kktnotes.flow.run import Run
from kktnotes.flow.start import balanced_start

LOSSES = ("exponential", "logistic")


def small_problem(seed=0, n=12, p=5, m=4):
    """Separable data with a few kink crossings on the way, and an unbalanced start."""
    rng = np.random.default_rng(seed)
    y = np.where(np.arange(n) % 2, 1.0, -1.0)
    x = rng.standard_normal((n, p))
    x[:, 0] += 2 * y
    w, v = 0.4 * rng.standard_normal((m, p + 1)), 0.4 * rng.standard_normal(m)
    v = np.abs(v) * np.where(np.arange(m) < m // 2, 1, -1)
    return kn.Sample.from_arrays(x, y), kn.TwoLayerReLU(w[:, :-1], w[:, -1], v)


def theta_of(network):
    return np.concatenate([network.augmented.numpy().ravel(), network.output.numpy()])


def coordinate_field(sample, loss, width):
    """d(theta, t)/dtau written out in the coordinates of w~, independently of the package."""
    y = sample.y.numpy()
    points = np.c_[sample.x.numpy(), np.ones(len(y))]

    def field(_, state):
        w, v = state[: width * points.shape[1]].reshape(width, -1), state[-width - 1 : -1]
        h = points @ w.T
        q = y * (np.maximum(h, 0) @ v)
        log = -q if loss == "exponential" else -np.logaddexp(0, q) - np.log(np.log(2))
        slope = np.exp(log - log.max())
        weights = slope / slope.sum() * y
        dw = (((h > 0) * weights[:, None]) * v).T @ points
        dt = math.exp(-log.max()) / slope.mean()
        return np.concatenate([dw.ravel(), np.maximum(h, 0).T @ weights, [dt]])

    return field


@pytest.mark.parametrize("loss", LOSSES)
def test_path_and_both_clocks_against_scipy(loss):
    sample, network = small_problem()
    flow = kn.gradient_flow(
        sample, network=network, loss=loss, tolerance=1e-7, max_log_time=5.0, merge=0.0
    )
    moments = [*[snap for snap in flow.snapshots if 0 < snap.tau < flow.last.tau][::3], flow.last]
    reference = solve_ivp(
        coordinate_field(sample, loss, 4),
        (0, flow.last.tau),
        np.append(theta_of(network), 0.0),
        t_eval=[snap.tau for snap in moments],
        method="DOP853",
        rtol=1e-10,
        atol=1e-12,
    )
    assert flow.separated and len(moments) > 3
    for snap, state in zip(moments, reference.y.T, strict=True):
        theta = theta_of(snap.network)
        assert np.linalg.norm(theta - state[:-1]) < 1e-5 * np.linalg.norm(theta)
        assert snap.log_time == pytest.approx(math.log(state[-1]), abs=5e-4)
        y = sample.y.numpy()
        q = y * snap.network(flow.sample.x).numpy()
        direct = np.exp(-q) if loss == "exponential" else np.log2(1 + np.exp(-q))
        assert snap.log_loss == pytest.approx(math.log(direct.mean()), rel=1e-9)
        total = direct.sum()
        soft = -math.log(total) if loss == "exponential" else -math.log(2**total - 1)
        assert snap.smoothed_margin == pytest.approx(soft / snap.norm**2, rel=1e-9, abs=1e-12)


def test_paper_time_by_integrating_in_t():
    sample, network = small_problem(2)
    flow = kn.gradient_flow(sample, network=network, tolerance=1e-7, max_log_time=3.0, merge=0.0)
    in_tau = coordinate_field(sample, "exponential", 4)

    def in_t(_, theta):
        speed = in_tau(0, np.append(theta, 0.0))
        return speed[:-1] / speed[-1]

    end = solve_ivp(
        in_t, (0, math.exp(flow.last.log_time)), theta_of(network), rtol=1e-10, atol=1e-12
    ).y[:, -1]
    np.testing.assert_allclose(theta_of(flow.network), end, rtol=1e-3, atol=1e-4)


def test_error_follows_the_tolerance():
    sample, network = small_problem(2)
    errors = []
    for tolerance in (1e-3, 1e-5, 1e-7):
        flow = kn.gradient_flow(
            sample, network=network, tolerance=tolerance, max_log_time=3.0, merge=0.0
        )
        end = solve_ivp(
            coordinate_field(sample, "exponential", 4),
            (0, flow.last.tau),
            np.append(theta_of(network), 0.0),
            method="DOP853",
            rtol=1e-10,
            atol=1e-12,
        ).y[:-1, -1]
        errors.append(np.linalg.norm(theta_of(flow.network) - end) / np.linalg.norm(end))
    assert errors[0] < 2e-2 and errors[1] < 5e-4 and errors[2] < 1e-5


def sliding_problem():
    """One neuron of each sign; the +1 neuron is pushed onto the kink of the point labelled -1."""
    x = np.array([[2.0, 0.3], [1.0, -1.0], [0.5, 1.5]])
    sample = kn.Sample.from_arrays(x, [1.0, -1.0, 1.0])
    w = np.array([[0.5, 0.1, 0.1], [-0.1, -0.5, 0.1]])
    return sample, kn.TwoLayerReLU(w[:, :2], w[:, 2], np.linalg.norm(w, axis=1) * [1, -1])


def test_sliding_on_a_kink_against_tiny_euler_steps():
    sample, network = sliding_problem()
    flow = kn.gradient_flow(sample, network=network, tolerance=1e-5, max_log_time=2.0, merge=0.0)
    h = flow.network.preactivations(sample.x)
    assert h[1, 0].abs() < 1e-7 * h.abs().max()  # held, not merely near
    field, state = (
        coordinate_field(sample, "exponential", 2),
        np.append(theta_of(network), 0.0),
    )
    steps = 40_000
    for _ in range(steps):
        state = state + flow.last.tau / steps * field(0, state)
    np.testing.assert_allclose(theta_of(flow.network), state[:-1], atol=2e-3)
    phi = held_fractions(flow, sample)
    assert 0.05 < phi < 0.95


def held_fractions(flow, sample):
    """phi' of neuron 0 at point 1 from the path itself: its coefficient's growth between steps."""
    one, two = flow.snapshots[-2], flow.snapshots[-1]
    grown = (two.change - one.change)[0]  # all of c: v_0 p_i y_i phi'_i dtau
    h = two.network.preactivations(sample.x)[:, 0]
    assert h[0] > 0 and h[2] > 0
    weights = [torch.softmax(-snap.margins, 0) for snap in (one, two)]
    ratio = sum(weights)[1] / sum(weights)[0]  # p_1 / p_0 in between, roughly
    return (-grown[1] / grown[0] / ratio).item()


def test_gram_form_and_thin_form_agree():
    sample, network = small_problem(3, n=40)  # 2 (p + 1) < n: two thin products
    wide = kn.Sample.from_arrays(
        torch.cat([sample.x, torch.zeros(40, 30, dtype=torch.float64)], 1), sample.y
    )
    padded = kn.TwoLayerReLU(
        torch.cat([network.weights, torch.zeros(4, 30, dtype=torch.float64)], 1),
        network.biases,
        network.output,
    )
    thin = kn.gradient_flow(sample, network=network, max_log_time=3.0)
    gram = kn.gradient_flow(wide, network=padded, max_log_time=3.0)
    np.testing.assert_allclose(
        gram.network.weights[:, :5], thin.network.weights, rtol=1e-6, atol=1e-8
    )
    assert gram.last.tau == pytest.approx(thin.last.tau, rel=1e-6)


@pytest.fixture(scope="module")
def clusters():
    return kn.Clusters.orthogonal(k=4, d=1203, sigma=1203**-0.5)


@pytest.fixture(scope="module")
def train(clusters):
    return clusters.sample(n=60, seed=0)


@pytest.fixture(scope="module", params=LOSSES)
def flow(request, train):
    return kn.gradient_flow(train, width=12, loss=request.param, seed=1)


def test_flow_of_clusters_separates_and_settles(flow):
    assert flow.status is kn.Status.STABLE and flow.separated
    flow.require_separated()
    assert flow.separated_log_time < flow.last.log_time
    level = -math.log(flow.sample.n)
    before = flow.history["log_loss"][flow.history["tau"] < flow.separated_tau]
    after = flow.history["log_loss"][flow.history["tau"] > flow.separated_tau]
    assert (before >= level).all() and (after < level).all()


def test_invariants_along_the_path(flow):
    smoothed = flow.history["smoothed_margin"][flow.history["tau"] > flow.separated_tau]
    assert flow.health.margin_decrease == pytest.approx(
        max(0.0, (smoothed.cummax(0).values - smoothed).max().item()) / smoothed.max().item(),
        abs=1e-15,
    )
    assert flow.health.margin_decrease < 1e-4
    start, end = flow.snapshots[0].network, flow.network
    drift = (end.balance() - start.balance()).abs().max()
    assert drift < 5e-3 * end.output.square().max()
    assert flow.health.balance_drift < 5e-3 and flow.health.preactivation_drift < 1e-10


def test_snapshots_describe_their_networks(flow):
    for snap in flow.snapshots:
        q = snap.network.margins(flow.sample.x, flow.sample.y)
        np.testing.assert_allclose(snap.margins, q, rtol=1e-8, atol=1e-9 * q.abs().max())
        if snap.distinct.width:
            other = snap.distinct.margins(flow.sample.x, flow.sample.y)
            dead = snap.neurons.group < 0
            assert snap.distinct.width <= snap.network.width - int(dead.sum())
            np.testing.assert_allclose(other, q, rtol=1e-6, atol=1e-8 * q.abs().max())
        assert snap.network.norm().item() == pytest.approx(snap.norm, rel=2e-3)
    taus = [snap.tau for snap in flow.snapshots]
    assert taus == sorted(taus) and taus[0] == 0


def test_dead_and_merged_neurons_keep_their_places(flow):
    last = flow.last
    assert last.neurons.group.shape == (12,) and flow.network.width == 12
    dead = last.neurons.group < 0
    h = flow.network.preactivations(flow.sample.x)
    assert not bool((h[:, dead] > 0).any())
    for group in range(flow.distinct.width):
        members = last.neurons.group == group
        share = last.neurons.share[members]
        assert share.sum().item() == pytest.approx(1.0)
        total = (flow.network.output[members] * share.sqrt()).sum()
        assert total.item() == pytest.approx(flow.distinct.output[group].item())


def test_merging_does_not_change_the_path(train):
    flows = [
        kn.gradient_flow(train, width=8, seed=1, merge=merge, max_log_time=300.0)
        for merge in (0.0, 1e-4)
    ]
    assert flows[1].distinct.width < flows[0].distinct.width
    for name in ("normalized_margin", "smoothed_margin", "norm"):
        values = [
            np.interp([3.0, 30.0, 200.0], flow.history["log_time"], flow.history[name])
            for flow in flows
        ]
        np.testing.assert_allclose(values[0], values[1], rtol=5e-3)


def test_unbalanced_parallel_neurons_are_not_merged():
    sample, _ = small_problem(4)
    w = np.array([[1.0, 0.1, 0, 0, 0, 0.2]] * 2 + [[-1.0, 0.1, 0, 0, 0, 0.2]])
    start = kn.TwoLayerReLU(w[:, :-1], w[:, -1], [0.3, 1.5, -1.0])
    flow = kn.gradient_flow(sample, network=start, max_log_time=0.5, tolerance=1e-5)
    assert flow.distinct.width == 3
    a, b = flow.network.augmented[:2]
    assert 1 - (a @ b / a.norm() / b.norm()).item() > 1e-6  # and they part indeed
    equal = kn.TwoLayerReLU(w[:, :-1], w[:, -1], [1.5, 1.5, -1.0])
    assert kn.gradient_flow(sample, network=equal, max_log_time=3.0).distinct.width == 2


def test_batch_of_seeds_equals_single_runs(clusters):
    seeds = [0, 1, 2]
    train = clusters.sample(n=30, seed=seeds)
    flows = kn.gradient_flow(train, width=6, seed=seeds, max_log_time=50.0)
    for seed, flow in zip(seeds, flows, strict=True):
        alone = kn.gradient_flow(
            clusters.sample(n=30, seed=seed), width=6, seed=seed, max_log_time=50.0
        )
        assert flow.status is alone.status and flow.distinct.width == alone.distinct.width
        assert flow.health.steps == alone.health.steps
        np.testing.assert_allclose(flow.network.weights, alone.network.weights, atol=1e-6)
        assert flow.last.log_time == pytest.approx(alone.last.log_time, rel=1e-6)


def test_many_starts_on_one_sample(clusters):
    train = clusters.sample(n=30, seed=0)
    flows = kn.gradient_flow(train, width=6, seed=[3, 4], max_log_time=20.0)
    alone = kn.gradient_flow(train, width=6, seed=4, max_log_time=20.0)
    np.testing.assert_allclose(flows[1].network.output, alone.network.output, atol=1e-6)
    assert not torch.equal(flows[0].network.output, flows[1].network.output)


def end_of(sample, network, **knobs):
    return kn.gradient_flow(sample, network=network, max_log_time=3.0, **knobs).network


def test_order_of_neurons_and_points_does_not_matter():
    sample, network = small_problem(5)
    rng = np.random.default_rng(0)
    rows, neurons = torch.from_numpy(rng.permutation(12)), torch.from_numpy(rng.permutation(4))
    shuffled = kn.TwoLayerReLU(
        network.weights[neurons], network.biases[neurons], network.output[neurons]
    )
    one, two = end_of(sample, network), end_of(sample.subset(rows), shuffled)
    np.testing.assert_allclose(one.weights[neurons], two.weights, rtol=1e-6, atol=1e-8)


def test_flipping_labels_flips_the_output_weights():
    sample, network = small_problem(6)
    flipped = kn.TwoLayerReLU(network.weights, network.biases, -network.output)
    one, two = end_of(sample, network), end_of(replace(sample, y=-sample.y), flipped)
    np.testing.assert_allclose(one.weights, two.weights, rtol=1e-6, atol=1e-8)
    np.testing.assert_allclose(one.output, -two.output, rtol=1e-6, atol=1e-8)


def test_rotating_the_data_rotates_the_weights():
    sample, network = small_problem(7)
    turn = torch.from_numpy(np.linalg.qr(np.random.default_rng(1).standard_normal((5, 5)))[0])
    turned = kn.TwoLayerReLU(network.weights @ turn, network.biases, network.output)
    one = end_of(sample, network)
    two = end_of(replace(sample, x=sample.x @ turn), turned)
    np.testing.assert_allclose(one.weights @ turn, two.weights, rtol=1e-6, atol=1e-8)


def test_cost_does_not_grow_with_the_dimension():
    shapes = set()
    for d in (10**5, 10**12):
        train = kn.Clusters.orthogonal(k=2, d=d, sigma=d**-0.5).sample(n=20, seed=0)
        flow = kn.gradient_flow(train, width=8, max_log_time=5.0)
        shapes.add((tuple(flow.network.weights.shape), flow.separated))
    assert shapes == {((8, 2 + 20 + 8), True)}


def test_start_has_the_law_of_plain_gaussian_weights():
    clusters = kn.Clusters.orthogonal(k=2, d=40, sigma=1.0)
    sample, rng = clusters.sample(n=5, seed=0), np.random.default_rng(0)
    reduced, plain = [], []
    for seed in range(1500):
        start = balanced_start(sample, 3, 0.5, seed)
        assert start.is_balanced(tolerance=1e-12)
        w = start.augmented.numpy()
        reduced.append([w[0] @ w[1], w[2] @ w[2], w[1, 0], w[2, -1]])
        w = rng.standard_normal((3, 41)) * 0.5 / math.sqrt(40)
        plain.append([w[0] @ w[1], w[2] @ w[2], w[1, 0], w[2, -1]])
    for one, two in zip(np.transpose(reduced), np.transpose(plain), strict=True):
        assert ks_2samp(one, two).pvalue > 1e-3


def test_all_neurons_dead_is_a_status_of_its_own():
    sample, _ = small_problem()
    start = kn.TwoLayerReLU(np.zeros((2, 5)), [-1.0, -1.0], [1.0, -1.0])
    flow = kn.gradient_flow(sample, network=start)
    assert flow.status is kn.Status.DEAD and not flow.separated
    assert flow.last.log_loss == pytest.approx(0.0)
    np.testing.assert_array_equal(flow.network.biases, [-1.0, -1.0])
    with pytest.raises(ValueError, match="all neurons dead"):
        flow.require_separated()
    # dying on the way: both labels sit on one side of a neuron that works against all of them
    x = np.array([[1.0], [1.1], [-1.0]])
    one_sided = kn.TwoLayerReLU([[0.05], [0.02]], [0.0, 0.01], [-0.05, -0.02236])
    flow = kn.gradient_flow(kn.Sample.from_arrays(x, [1.0, 1.0, -1.0]), network=one_sided)
    assert flow.status in (kn.Status.DEAD, kn.Status.NOT_SEPARATED)
    assert flow.last.log_loss >= -math.log(3)


def test_data_beyond_the_width_is_called_not_separated():
    x = np.array([[0.0], [1.0], [2.0], [3.0]])
    sample = kn.Sample.from_arrays(x, [1.0, -1.0, 1.0, -1.0])
    flow = kn.gradient_flow(sample, width=1, init_scale=0.5, max_steps=3000)
    assert flow.status in (kn.Status.NOT_SEPARATED, kn.Status.DEAD)
    with pytest.raises(ValueError, match=r"Theorem 2\.1"):
        flow.require_separated()


def test_budgets_end_a_flow(train):
    steps = kn.gradient_flow(train, width=6, max_steps=7)
    assert steps.status is kn.Status.NOT_SEPARATED and steps.health.steps == 7
    late = kn.gradient_flow(train, width=6, max_log_time=20.0)
    assert late.status is kn.Status.BUDGET and 20 <= late.last.log_time < 40
    assert kn.gradient_flow(train, width=6, max_seconds=1e-9).health.steps <= 1


def test_interrupt_keeps_the_last_snapshot(train, monkeypatch):
    plain, count = Run.step, iter(range(10**6))

    def step(self):
        plain(self)
        if next(count) == 60:
            raise KeyboardInterrupt

    monkeypatch.setattr(Run, "step", step)
    flow = kn.gradient_flow(train, width=6)
    assert flow.status is kn.Status.INTERRUPTED and len(flow.snapshots) > 3
    q = flow.network.margins(flow.sample.x, flow.sample.y)
    np.testing.assert_allclose(flow.last.margins, q, rtol=1e-8, atol=1e-12)


def test_equicorrelated_clusters_end_in_different_ways():
    clusters = kn.Clusters.equicorrelated(k=4, d=2000, inner_product=-8.0, sigma=2000**-0.5)
    train = clusters.sample(n=60, seed=0)
    flows = kn.gradient_flow(train, width=6, seed=list(range(10)))
    ends = {flow.status for flow in flows}
    assert kn.Status.STABLE in ends and len(ends) > 1
    margins = [flow.last.normalized_margin for flow in flows if flow.separated]
    assert max(margins) > 1.1 * min(margins)  # KKT points of different margins
    for flow in flows:
        assert flow.separated == (flow.status is kn.Status.STABLE)
        assert (flow.last.log_loss < -math.log(60)) == flow.separated


@pytest.mark.parametrize("name", LOSSES)
def test_losses_in_logs(name):
    loss, q = Loss(name), torch.tensor([[0.3, -1.2, 2.0, 30.0], [5.0, 20.0, 6.0, 25.0]]).double()
    value = torch.exp(-q) if name == "exponential" else torch.log2(1 + torch.exp(-q))
    torch.testing.assert_close(loss.log_mean(q), value.mean(-1).log())
    leaf = q.clone().requires_grad_()
    plain = torch.exp(-leaf) if name == "exponential" else torch.log2(1 + torch.exp(-leaf))
    (slope,) = torch.autograd.grad(plain.sum(), leaf, create_graph=True)
    torch.testing.assert_close(loss.log_slope(q), (-slope).log().detach())
    (bend,) = torch.autograd.grad((-slope).log().sum(), leaf)
    torch.testing.assert_close(loss.bend(q), -bend)
    total = value.sum(-1)
    soft = -total.log() if name == "exponential" else -(2**total - 1).log()
    torch.testing.assert_close(loss.soft_margin(q), soft, rtol=1e-9, atol=1e-9)
    far = torch.tensor([4e4, 5e4]).double()  # L = exp(-40000)
    shift = 0.0 if name == "exponential" else math.log(math.log(2))
    assert loss.log_mean(far).item() == pytest.approx(-4e4 - math.log(2) - shift, rel=1e-14)
    assert loss.soft_margin(far).item() == pytest.approx(4e4, rel=1e-14)
    wrong = torch.tensor([-3e3, 1.0]).double()
    assert loss.soft_margin(wrong).item() == pytest.approx(-3e3, rel=1e-3)


def refusals():
    sample, network = small_problem()
    twice = kn.Sample.from_arrays([[1.0, 2.0], [1.0, 2.0]], [1.0, -1.0])
    yield "label", {"sample": twice}
    yield "sample.y", {"sample": replace(sample, y=torch.ones(12, dtype=torch.float64))}
    yield "sample.y", {"sample": replace(sample, y=2 * sample.y)}
    yield "sample.x", {"sample": replace(sample, x=sample.x * torch.nan)}
    yield "loss", {"sample": sample, "loss": "hinge"}
    yield "width", {"sample": sample, "width": 0}
    yield "init_scale", {"sample": sample, "init_scale": 0.0}
    yield "tolerance", {"sample": sample, "tolerance": -1.0}
    yield "max_steps", {"sample": sample, "max_steps": 0}
    yield "merge", {"sample": sample, "merge": -1.0}
    yield "max_seconds", {"sample": sample, "max_seconds": math.nan}
    yield "seed", {"sample": sample, "seed": -1}
    yield "seed", {"sample": kn.Sample.from_arrays(sample.x[None], sample.y[None]), "seed": [1, 2]}
    yield "sample", {"sample": kn.Sample.from_arrays(sample.x[None, None], sample.y[None, None])}
    narrow = kn.TwoLayerReLU(network.weights[:, :3], network.biases, network.output)
    yield "network", {"sample": sample, "network": narrow}
    yield "sample", {"sample": sample.x}


@pytest.mark.parametrize(("name", "arguments"), list(refusals()))
def test_bad_input_is_refused(name, arguments):
    sample = arguments.pop("sample")
    with pytest.raises(ValueError, match=name):
        kn.gradient_flow(sample, **arguments)


def test_data_that_the_width_cannot_separate_are_given_up():
    """Random labels on a line change sign more often than two neurons can follow."""
    rng = np.random.default_rng(0)
    x = rng.standard_normal((60, 1))
    y = np.where(rng.random(60) < 0.5, 1.0, -1.0)
    assert (np.diff(y[np.argsort(x[:, 0])]) != 0).sum() > 4  # two kinks allow three at most
    flow = kn.gradient_flow(kn.Sample.from_arrays(x, y), width=2, seed=0, give_up_products=2000)
    assert flow.status is kn.Status.NOT_SEPARATED
    assert 2000 <= flow.health.products < 2000 + 500  # the last step may overshoot
    with pytest.raises(ValueError, match="L < 1/n"):
        flow.require_separated()

"""Figures of the networks and the flow: what is drawn against the data that it should show."""

import numpy as np
import pytest
import torch
from matplotlib.colors import to_hex

import kktnotes as kn
from kktnotes.figures import networks as network_figures
from kktnotes.figures import style
from kktnotes.figures.gradient_flow import flow as flow_figures
from kktnotes.figures.gradient_flow import points as kkt_figures

pytestmark = pytest.mark.usefixtures("clean_pyplot")

TRAIN = kn.Clusters.orthogonal(4, 1203, kn.inverse_root(1203)).sample(24, seed=0)


@pytest.fixture(scope="module")
def flow():
    """A short flow that met L < 1/n."""
    return kn.gradient_flow(TRAIN, width=8, seed=0, max_log_time=400.0)


@pytest.fixture(scope="module")
def point(flow):
    """Its exact point."""
    return kn.kkt_point(flow)


def points_of(axes):
    """Return all plotted points of an axes, one array a line that is not a bound."""
    return [line.get_xydata() for line in axes.lines]


def labelled(figure):
    """Tell whether every axes has a label or shares it with the one beside it."""
    axes = [one for one in figure.axes if one.get_label() != "<colorbar>"]
    first = {one.get_subplotspec().get_geometry()[2]: one for one in axes}
    columns = {one.get_subplotspec().colspan.start for one in axes}
    xlabels = {one.get_subplotspec().colspan.start for one in axes if one.get_xlabel()}
    return xlabels == columns and bool(first[0].get_ylabel() or first[0].get_title())


def test_plane_shows_outputs_boundary_and_kinks():
    network = kn.TwoLayerReLU([[1.0, 0.5], [-1.0, 2.0]], [0.2, -0.3], [1.0, -2.0])
    x = torch.tensor([[0.5, 0.5], [-1.0, 0.0]], dtype=torch.float64)
    y = torch.tensor([1.0, -1.0], dtype=torch.float64)
    panels = [("one", network), ("two", network.scaled(2.0))]
    figure = network_figures.plane(panels, points=(x, y), resolution=21)
    line = np.linspace(-2, 2, 21)
    for axes, (title, one) in zip(figure.axes[:2], panels, strict=True):
        assert axes.get_title(loc="left") == title
        drawn = np.asarray(axes.collections[0].get_array()).reshape(21, 21)
        for row, column in ((0, 0), (5, 17), (20, 3)):
            at = torch.tensor([[line[column], line[row]]], dtype=torch.float64)
            assert np.isclose(drawn[row, column], one(at).item())
        kinks = [part for part in axes.lines if part.get_linestyle() == ":"]
        for w, b, kink in zip(network.weights, network.biases, kinks, strict=True):
            for spot in (kink.get_xy1(), kink.get_xy2()):
                assert abs(np.dot(w.numpy(), spot) + b.item()) < 1e-12
        markers = [part for part in axes.lines if part.get_marker() in "os"]
        assert np.allclose(np.concatenate([m.get_xydata() for m in markers]), x.numpy())
        colors = [to_hex(m.get_color()).upper() for m in markers]
        assert colors == [style.POSITIVE, style.NEGATIVE]
    assert labelled(figure)


def test_plane_refuses_other_inputs():
    with pytest.raises(ValueError, match="networks: got 3 inputs"):
        network_figures.plane([("", kn.TwoLayerReLU(np.ones((2, 3)), [0.0, 0.0], [1.0, 1.0]))])


def test_losses_are_the_papers():
    left, right = network_figures.losses().axes
    formulas = (lambda q: np.exp(-q), lambda q: np.log2(1 + np.exp(-q)))
    for axes in (left, right):
        for formula, xy in zip(formulas, points_of(axes)[:2], strict=True):
            near = xy[xy[:, 0] < 30]  # further out the direct formula loses its digits
            assert np.allclose(near[:, 1], formula(near[:, 0]), rtol=1e-5)
    assert labelled(left.figure)


def test_scale_figure_draws_both_computations_and_the_level():
    scales = np.linspace(0.1, 40, 60)
    logs = -(scales**2)
    figure = network_figures.loss_against_scale(scales, logs, np.exp(logs), 50)
    left, right = figure.axes
    assert np.allclose(points_of(left)[0], np.stack([scales, np.exp(logs)], 1))
    assert np.allclose(points_of(left)[1][:, 1], 1 / 50)
    assert np.allclose(points_of(right)[0][:, 1], logs / np.log(10))
    seen = points_of(right)[1]
    assert len(seen) == (np.exp(logs) > 0).sum() < len(scales)
    assert left.get_xlim()[1] > np.sqrt(np.log(50)), "the crossing is in view"
    assert labelled(figure)


def test_clarke_draws_the_relu_and_every_subgradient_at_zero():
    figure = network_figures.clarke()
    left, right = figure.axes
    relu = points_of(left)[-1]
    assert np.allclose(relu[:, 1], np.maximum(relu[:, 0], 0))
    for below in points_of(left)[:-1]:
        assert (below[:, 1] <= np.maximum(below[:, 0], 0)).all()
    segment = points_of(right)[2]
    assert segment.tolist() == [[0.0, 0.0], [0.0, 1.0]]


def test_growth_draws_the_history_and_the_predicted_lines(flow):
    figure = flow_figures.growth(flow, 5.0)
    log_time = flow.history["log_time"].numpy()
    kept = log_time >= max(1.0, flow.separated_log_time)
    expected = (-flow.history["log_loss"].numpy(), flow.history["norm"].numpy() ** 2)
    for axes, values, slope in zip(figure.axes, expected, (1.0, 0.2), strict=True):
        path, line = points_of(axes)
        assert np.allclose(path, np.stack([log_time[kept], values[kept]], 1))
        assert np.allclose(line[:, 1], slope * log_time[kept])
    assert labelled(figure)


def test_margins_are_relative_to_the_limits(flow):
    figure = flow_figures.margins(flow, 2.0)
    left, right = figure.axes
    last = [flow.last.smoothed_margin / 2, flow.last.normalized_margin / 2]
    for axes, end in ((left, flow.last.tau), (right, flow.last.log_time)):
        ends = [xy[-1] for xy in points_of(axes)[:2]]
        assert np.allclose(ends, [[end, last[0]], [end, last[1]]])
    assert labelled(figure)


def test_flow_figures_refuse_a_flow_that_was_not_separated():
    short = kn.gradient_flow(TRAIN, width=8, seed=0, max_steps=2)
    with pytest.raises(ValueError, match="L < 1/n"):
        flow_figures.growth(short, 1.0)


def test_angles_draws_curves_and_fits():
    at = np.geomspace(1, 1e4, 9)
    curves = {"a": at**-0.5, "b": 0.9 * at**-0.5, "c": 0.1 / at}
    fits = {"c": (at[-3:], 0.1 / at[-3:], "slope")}
    axes = flow_figures.angles(at, curves, fits).axes[0]
    for xy, values in zip(points_of(axes), [*curves.values(), 0.1 / at[-3:]], strict=True):
        assert np.allclose(xy[:, 1], values)
    assert [text.get_text() for text in axes.texts] == ["a", "b", "c", "slope"]
    assert axes.get_xlabel() and axes.get_ylabel()


def test_neuron_paths_draws_every_neuron_in_the_colour_of_its_sign():
    rng = np.random.default_rng(0)
    cosines, labels = rng.uniform(0, 1, (5, 3, 2)), np.array([1.0, -1.0, 1.0])
    moments = np.array([-np.inf, -3.0, -2.0, 0.0, 5.0])
    figure = flow_figures.neuron_paths(moments, cosines, labels, -2.5)
    left, right = figure.axes
    for j, label in enumerate(labels):
        assert np.allclose(points_of(left)[1 + j], cosines[:, j])
        own = cosines[1:, j, 0 if label > 0 else 1]
        assert np.allclose(points_of(right)[j], np.stack([moments[1:], own], 1))
        assert to_hex(right.lines[j].get_color()).upper() == style.label_color(label)
    assert labelled(figure)


def test_shares_against_shares():
    exact, other = np.array([0.1, 0.3, 0.6]), np.array([0.2, 0.2, 0.6])
    figure = flow_figures.softmax_weights(exact, [("then", other), ("now", exact)])
    for axes, weights in zip(figure.axes, (other, exact), strict=True):
        assert np.allclose(points_of(axes)[1], 3 * np.stack([exact, weights], 1))
    assert labelled(figure)


def test_residuals_draws_one_row_a_condition(flow, point):
    trained = kn.certificate(flow.network, flow.sample)
    found = {"trained": trained, "exact": point.certificate}
    axes = kkt_figures.residuals(found).axes[0]
    for xy, one in zip(points_of(axes), found.values(), strict=False):
        values = [max(one.residuals[name], kkt_figures.ROUNDING) for name in kkt_figures.NAMES]
        assert np.allclose(xy[:, 0], values)
    assert set(kkt_figures.NAMES) == set(trained.residuals)
    assert len(axes.get_yticklabels()) == len(kkt_figures.NAMES)
    assert axes.get_xlabel()


def test_multipliers_by_cluster_with_their_sums(flow, point):
    axes = kkt_figures.multipliers(point, flow.sample).axes[0]
    drawn = [np.array([bar[1, 1] for bar in part.get_segments()]) for part in axes.collections]
    for q, heights in enumerate(drawn):
        own = point.multipliers[flow.sample.cluster == q].numpy() * 1203
        assert np.allclose(np.sort(heights), np.sort(own))
        assert (np.diff(heights) <= 0).all()
        assert axes.texts[q].get_text() == f"sum {own.sum():,.0f}"
    assert axes.get_xlabel() and axes.get_ylabel()


def test_kink_map_shows_every_pair_once(flow, point):
    figure = kkt_figures.kinks(point, flow.sample)
    grid = np.array(figure.axes).reshape(2, point.network.width)
    order = np.argsort(flow.sample.cluster.numpy(), kind="stable")
    lam, a = point.multipliers.numpy()[order], point.subgradients.numpy()[order]
    x1 = torch.cat([point.x, torch.ones(24, 1)], 1).numpy()[order]
    w1 = point.network.augmented.numpy()
    for j in range(point.network.width):
        above = np.concatenate([line.get_xydata() for line in grid[0, j].lines[:2]])
        above = above[above[:, 0].argsort()]
        kept = np.flatnonzero(lam > 0)
        assert np.array_equal(above[:, 0], kept)
        assert np.allclose(above[:, 1], a[kept, j] / lam[kept])
        below = np.concatenate([line.get_xydata() for line in grid[1, j].lines[:2]])
        below = below[below[:, 0].argsort()]
        cosine = x1 @ w1[j] / np.linalg.norm(x1, axis=1) / np.linalg.norm(w1[j])
        assert np.allclose(below, np.stack([np.arange(24), cosine], 1), atol=1e-12)
        free = grid[0, j].lines[1].get_xydata()
        assert ((free[:, 1] > 0) & (free[:, 1] < 1)).all()
    assert labelled(figure)

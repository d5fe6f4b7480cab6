"""Figures of section 2: what is drawn against what it should show, and the shared style."""

import numpy as np
import pytest
from matplotlib.colors import to_hex, to_rgb

from kktnotes.data import separability, sizes
from kktnotes.data.clusters import Clusters
from kktnotes.figures import clusters as figures
from kktnotes.figures import style

pytestmark = pytest.mark.usefixtures("clean_pyplot")

CLUSTERS = Clusters.equicorrelated(3, 400, -20.0, 0.5)
TRAIN = CLUSTERS.sample(60, seed=0)


def test_heatmap_is_the_gram_matrix_in_the_order_of_clusters():
    axes = figures.gram_heatmap(TRAIN, per_cluster=8).axes[0]
    drawn = np.asarray(axes.images[0].get_array())
    order = np.concatenate([np.flatnonzero(TRAIN.cluster.numpy() == q)[:8] for q in range(3)])
    x = TRAIN.x.numpy()
    assert np.allclose(drawn, [[x[i] @ x[j] / 400 for j in order] for i in order])
    labels = [text.get_text() for text in axes.get_yticklabels()]
    assert labels == ["0 (+1)", "1 (\N{MINUS SIGN}1)", "2 (+1)"]


def test_heatmap_leaves_out_clusters_without_points():
    sample = CLUSTERS.sample(6, seed=0, cluster=[0, 2, 0, 2, 2, 2])
    axes = figures.gram_heatmap(sample).axes[0]
    assert np.asarray(axes.images[0].get_array()).shape == (6, 6)
    assert [text.get_text() for text in axes.get_xticklabels()] == ["0", "2"]


def test_histograms_hold_every_pair_and_the_bounds():
    across, within = figures.inner_products(TRAIN).axes
    counts = TRAIN.counts.numpy()
    same = int((counts * (counts - 1) / 2).sum())
    heights = [sum(bar.get_height() for bar in axes.patches) for axes in (across, within)]
    assert heights == [60 * 59 / 2 - same, same]
    room = 4 * 0.5 * np.sqrt(400) * np.log(400)
    lines = [sorted(line.get_xdata()[0] for line in axes.lines) for axes in (across, within)]
    assert np.allclose(lines[0], [-(20 + room) / 400, (20 + room) / 400])
    assert np.allclose(lines[1], [(400 - room) / 400])


def test_projection_shows_every_point_in_the_plane_of_two_means():
    left, right = figures.projection(TRAIN, 1, 2).axes
    drawn = np.concatenate([line.get_xydata() for line in left.lines])
    order = np.concatenate([np.flatnonzero(TRAIN.cluster.numpy() == q) for q in range(3)])
    means = TRAIN.means.numpy()
    expected = TRAIN.x.numpy()[order] @ means[[1, 2]].T / 400
    assert np.allclose(drawn, expected)
    assert len(right.lines[0].get_xydata()) == int(TRAIN.counts[1])
    noise = TRAIN.x.numpy()[TRAIN.cluster.numpy() == 1] - means[1]
    along = noise @ means[1] / np.linalg.norm(means[1]) / 0.5
    assert np.allclose(np.abs(right.lines[0].get_xdata()), np.abs(along))
    colors = [to_hex(line.get_color()).upper() for line in left.lines]
    assert colors == [style.POSITIVE, style.NEGATIVE, style.POSITIVE]


@pytest.mark.parametrize(("first", "second", "name"), [(3, 0, "first"), (0, -1, "second")])
def test_projection_refuses_clusters_that_are_not_there(first, second, name):
    with pytest.raises(ValueError, match=f"{name}: got"):
        figures.projection(TRAIN, first, second)


def test_map_draws_the_border_of_the_assumption():
    settings = [("plain", 0.1, 0.0, (1e6, 5)), ("with c", 0.1, lambda k, d: d / 100, None)]
    settings.append(("nowhere", 1.0, lambda k, d: d, None))
    figure = figures.assumption_map(settings, resolution=200)
    shown = [axes for axes in figure.axes if axes.axison]
    assert [axes.get_title(loc="left") for axes in shown] == ["plain", "with c", "nowhere"]
    assert shown[0].lines[0].get_xydata().tolist() == [[1e6, 5.0]]
    for axes, inner_product in zip(shown[:2], (lambda d: 0.0, lambda d: d / 100), strict=True):
        border = axes.collections[1].get_paths()[0].vertices
        inside = border[(border[:, 1] > 3) & (border[:, 1] < 5000)]
        assert len(inside) > 5
        for d, k in inside:
            room = 4 * 0.1 * np.sqrt(d) * np.log(d)
            exact = (d - room + 1) / (10 * (inner_product(d) + room + 1))
            assert k == pytest.approx(exact, rel=0.06)
    words = [{text.get_text() for text in axes.texts} for axes in shown]
    assert "holds" in words[0] and "this run" in words[0] and "holds" not in words[2]


def test_error_curves_leave_out_what_does_not_meet_the_assumption():
    dimensions = [10**3, 10**4, 10**5, 10**6]

    def family(d):
        return Clusters.orthogonal(2, d, 0.1)

    families = [("one", family), ("never", lambda d: Clusters.orthogonal(2, d, 1.0))]
    curve, bound = figures.error_against_bound(families, dimensions).axes[0].lines
    least = sizes.least_dimension(2, 0.1)
    assert curve.get_xdata().tolist() == [d for d in dimensions if d >= least]
    exact = [
        -separability.log_direction_error(family(int(d))) / np.log(10) for d in curve.get_xdata()
    ]
    assert np.allclose(curve.get_ydata(), exact)
    expected = [-np.log10(2.0) - np.log10(d) * (1 - np.log(d) / 2) for d in dimensions]
    assert np.allclose(bound.get_ydata(), expected)


def test_the_palette_keeps_its_distance_in_grey_too():
    """Blue and vermillion differ in lightness or hue for every common colour vision."""
    named = [style.POSITIVE, style.NEGATIVE, style.ROBUST, style.FLOW, style.BOUND]
    assert len(set(named)) == 5
    blue_channel = [to_rgb(color)[2] for color in (style.POSITIVE, style.NEGATIVE)]
    assert abs(blue_channel[0] - blue_channel[1]) > 0.5  # not told apart by red and green alone
    assert style.label_color(1.0) == style.POSITIVE and style.label_color(-1.0) == style.NEGATIVE


def test_a_failing_figure_is_closed():
    with pytest.raises(RuntimeError), style.drawing(2, 3) as (_, axes):
        assert axes.shape == (2, 3)
        raise RuntimeError


def test_a_label_is_seen_beside_the_axes_and_in_dark_colors():
    with style.drawing() as (figure, ((axes,),)):
        axes.set(xlabel="x", ylabel="y", xlim=(0, 1), ylim=(0, 1))
        style.write(axes, 1.1, 0.5, "outside", color=style.EXTRA[2], offset=(4, 0))
    (text,) = axes.texts
    figure.draw_without_rendering()
    assert text.get_window_extent().x0 > axes.bbox.x1 and not text.get_annotation_clip()
    assert text.get_color() == style.SKY


def test_only_exact_zeros_are_shaded():
    line = np.linspace(0, 1, 5)
    field = np.zeros((5, 5))
    field[:, 2:] = 1.0
    for values, areas in ((field, 1), (np.ones((5, 5)), 0)):
        with style.drawing() as (_, ((axes,),)):
            axes.set(xlabel="x", ylabel="y")
            style.shade_zero(axes, line, line, values)
        assert len(axes.collections) == areas
        for area in axes.collections:
            inside = np.concatenate([path.vertices for path in area.get_paths()])
            assert inside[:, 0].max() == pytest.approx(0.375)


def test_clusters_that_meet_with_both_labels_are_gray():
    sample = Clusters.orthogonal(4, 400, 0.5).sample(60, seed=0)
    left, _ = figures.projection(sample).axes
    colors = [to_hex(line.get_color()).upper() for line in left.lines]
    assert colors == [style.POSITIVE, style.NEGATIVE, style.BOUND, style.BOUND]

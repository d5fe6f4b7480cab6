"""Figures of the chapter on attacks: what is drawn against what it should show."""

import numpy as np
import pytest
from matplotlib.colors import to_hex

import kktnotes as kn
from kktnotes.figures import attacks as figures
from kktnotes.figures import style
from kktnotes.networks.biased import biased_network

pytestmark = pytest.mark.usefixtures("clean_pyplot")

EXACT = np.array([0.2, 0.3, 0.4, 0.4])
NORMS = {
    "PGD": np.array([0.2, 0.3, 0.5, np.inf]),
    "DDN": np.array([0.25, 0.3, 0.5, np.inf]),
    "DeepFool": np.array([0.4, 0.6, 0.8, np.inf]),
    "universal": np.array([0.6, 0.6, 0.6, 0.6]),
}
RADII = np.linspace(0, 1, 5)


@pytest.fixture
def panel():
    """One panel with known numbers."""
    curves = {"textbook PGD": np.array([1, 1, 0.5, 0.25, 0.25]), "random": np.ones(5)}
    return figures.Panel("one", EXACT, NORMS, np.array([1.0, -1, 1, -1]), curves, RADII)


def test_standing_counts_points_that_need_more():
    assert figures.standing(EXACT, np.array([0.0, 0.2, 0.35, 0.5])).tolist() == [1, 0.75, 0.5, 0]


def test_robust_accuracy_draws_every_curve_and_shades_what_is_overstated(panel):
    figure = figures.robust_accuracy([panel, panel])
    axes = figure.axes[0]
    lines = {line.get_label(): line for line in axes.lines}
    assert set(lines) == set(figures.LINES)
    for name, norms in {"exact": EXACT, **NORMS}.items():
        x, y = lines[name].get_data()
        assert np.array_equal(y, figures.standing(norms, x))
        assert (y >= lines["exact"].get_ydata()).all()
    assert np.array_equal(lines["textbook PGD"].get_ydata(), panel.curves["textbook PGD"])
    assert lines["textbook PGD"].get_drawstyle() == "steps-post"
    corners = axes.collections[0].get_paths()[0].vertices
    assert corners[:, 0].max() <= 1 and set(np.unique(corners[:, 1])) <= {0, 0.25, 0.5, 0.75, 1}
    words = [text.get_text() for text in figure.legends[0].get_texts()]
    assert words == list(figures.LINES)
    assert [text.get_text() for text in axes.texts] == ["exact", "best gradient\nattack"]
    assert len({axes.get_xlim() for axes in figure.axes}) == 1
    assert len(figures.robust_accuracy([panel] * 3).axes) == 3


def test_ratios_put_failures_into_a_column_of_their_own(panel):
    figure = figures.ratios([panel, panel], list(NORMS))
    axes = figure.axes[0]
    dots = [line for line in axes.lines if line.get_marker() in "os"]
    assert len(dots) == 2 * len(NORMS)
    expected = []
    for norms in NORMS.values():
        for label in (1.0, -1.0):
            expected.append((norms / EXACT)[panel.labels == label])
    colors = [to_hex(line.get_color()).upper() for line in dots[:2]]
    assert colors == [style.POSITIVE, style.NEGATIVE]
    edge = axes.get_xticks()[-1]
    for line, values in zip(dots, expected, strict=True):
        assert np.allclose(line.get_xdata(), np.where(np.isfinite(values), values, edge))
    assert axes.get_xticklabels()[-1].get_text() == "never"
    assert edge > 3.0


def test_found_draws_means_and_ranges_over_seeds():
    shares = {
        "one": {"PGD": [0.2, 0.4], "opposite neurons": [1.0, 1.0]},
        "two": {"PGD": [0.9], "opposite neurons": [0.5]},
    }
    figure = figures.found(shares)
    axes = figure.axes[0]
    assert [one.get_text() for one in axes.get_yticklabels()] == ["one", "two"]
    centers, ends = [], []
    for container in axes.containers:
        line, _, (bar,) = container
        centers.append(float(line.get_xdata()[0]))
        ends.append(bar.get_segments()[0][:, 0].tolist())
    assert np.allclose(centers, [0.3, 1.0, 0.9, 0.5])
    assert np.allclose(ends, [[0.2, 0.4], [1.0, 1.0], [0.9, 0.9], [0.5, 0.5]])
    rows = [container[0].get_ydata()[0] for container in axes.containers]
    assert np.array_equal(np.round(rows), [0, 0, 1, 1])
    words = [text.get_text() for text in figure.legends[0].get_texts()]
    assert words == ["PGD", "opposite neurons"]


def test_two_ways_out_ends_on_the_boundary():
    case = kn.Clusters.orthogonal(10, 400, 0.05)
    network, x = biased_network(case, -0.2), case.means[:1]
    near = kn.exact_radius(network, x).flip.nearest[0]
    far = kn.attacks.deepfool(network, (x, case.labels[:1])).points[0]
    figure = figures.two_ways_out(network, x[0], {"far": far, "near": near}, 400, resolution=41)
    axes = figure.axes[0]
    ends = [text.xy for text in axes.texts if getattr(text, "arrow_patch", None)]
    lengths = [float((end - x[0]).norm()) / 20 for end in (far, near)]
    assert np.allclose([np.linalg.norm(end) for end in ends], lengths)
    assert abs(ends[0][1]) < 1e-9
    words = [text.get_text() for text in axes.texts]
    for name, length in zip(("far", "near"), lengths, strict=True):
        assert rf"{name}: {length:.2f}$\sqrt{{d}}$" in words
    mesh = axes.collections[0]
    corners = mesh.get_coordinates()
    centers = (corners[:-1, :-1] + corners[1:, 1:]) / 2
    field, across = np.asarray(mesh.get_array()).reshape(41, 41), far - x[0]
    across = across / across.norm()
    upward = near - x[0] - ((near - x[0]) @ across) * across
    upward = upward / upward.norm()
    for place in ((0, 0), (20, 30), (40, 5)):
        right, up = (20 * float(one) for one in centers[place])
        value = network((x[0] + right * across + up * upward)[None]).item()
        assert np.isclose(field[place], value, atol=1e-9)

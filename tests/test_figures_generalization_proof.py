"""Figures of section 3.1: what is drawn against the chain and the sums themselves."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from matplotlib.colors import to_hex

import kktnotes as kn
from kktnotes import theory
from kktnotes.figures import generalization_proof as figures
from kktnotes.figures import style

pytestmark = pytest.mark.usefixtures("clean_pyplot")

SAMPLE = kn.Clusters.orthogonal(3, 400, 0.5).sample(9, seed=0, cluster=[0, 1, 2] * 3)


def some_chain(fresh):
    """Return the chain of a random network with random subgradients: every part is there."""
    rng = np.random.default_rng(0)
    network = kn.TwoLayerReLU(rng.standard_normal((6, SAMPLE.p)), np.zeros(6), [1, -1, 2, -2, 1, 1])
    return theory.chain(network, SAMPLE, torch.tensor(rng.random((9, 6))), fresh)


def test_waterfall_adds_up():
    fresh = SAMPLE.fresh(20, seed=1)
    chain = some_chain(fresh)
    chain = replace(chain, opposite=20 * chain.opposite)  # so that every part has a bar to see
    points = [int(chain.opposite.argmax()), 7]
    figure = figures.waterfall(chain, fresh, points)
    for axes in figure.axes:
        bars = np.array([[bar.get_y(), bar.get_height()] for bar in axes.patches]).reshape(2, 5, 2)
        for point, part in zip(points, bars, strict=True):
            assert part[0].tolist() == [0.0, float(chain.own[point])]
            assert np.allclose(part[1:3, 1], chain.terms[point][~chain.is_own[point]])
            assert np.isclose(part[3, 1], -float(chain.opposite[point]))
            tops = part.sum(1)
            assert np.allclose(part[1:4, 0], tops[:3]), "every bar begins where the last one ended"
            final = float(chain.own[point] + chain.others[point] - chain.opposite[point])
            assert np.isclose(part[4, 1], final) and np.isclose(tops[3], final)
        dots = [line for line in axes.lines if line.get_marker() == "o"]
        assert [dot.get_ydata()[0] for dot in dots] == [float(chain.margin[p]) for p in points]
        bounds = [line for line in axes.lines if line.get_linestyle() == "--"]
        assert [line.get_ydata()[0] for line in bounds] == [float(chain.bound[p]) for p in points]
        first = [to_hex(axes.patches[5 * number].get_facecolor()).upper() for number in (0, 1)]
        assert first == [style.label_color(float(fresh.y[p])) for p in points]
    (axes,) = figure.axes
    low, high = axes.get_ylim()
    assert low < min(float(chain.margin[p]) for p in points), "every dot is in the picture"
    assert high > max(float(chain.own[p]) for p in points)
    words = [text.get_text() for text in axes.texts]
    assert words == ["own\ncluster", "other\nclusters", "opposite\nneurons", "Eq. (5)"]
    names = [text.get_text() for text in axes.get_xticklabels()]
    assert [int(name.split()[1]) for name in names] == fresh.cluster[points].tolist()
    assert axes.get_ylabel() and axes.get_xlabel()


def test_cluster_sums_between_their_bounds():
    measured = theory.inner_products(
        kn.Clusters.orthogonal(3, 10**6, 0.1).sample(9, seed=0, cluster=[0, 1, 2] * 3)
    )
    own = torch.tensor([1.0, 1.1, 0.9], dtype=torch.float64) / SAMPLE.d
    wrong = torch.tensor([1e-3, 0.0, 2e-3], dtype=torch.float64) / SAMPLE.d
    sums = theory.ClusterSums(own, wrong)
    left, right = figures.cluster_sums(sums, SAMPLE, measured).axes
    dots = [line for line in left.lines if line.get_marker() == "o"]
    assert np.allclose([dot.get_ydata()[0] for dot in dots], [1.0, 1.1, 0.9])
    colors = [to_hex(dot.get_color()).upper() for dot in dots]
    assert colors == [style.label_color(y) for y in SAMPLE.clusters.labels.tolist()]
    drawn = [line.get_ydata()[0] for line in right.lines if line.get_marker() == "o"]
    assert np.allclose(sorted(drawn), [1e-3, 2e-3, 0.9, 1.0, 1.1]), "zero is left out"
    dashed = [
        [line.get_ydata()[0] for line in axes.lines if line.get_linestyle() == "--"]
        for axes in (left, right)
    ]
    lower, upper = (
        f(measured).value * SAMPLE.d for f in (theory.own_sum_lower, theory.cluster_sum_upper)
    )
    most = theory.wrong_sum_upper(measured, total=sums.total).value * SAMPLE.d
    assert np.allclose(dashed[0], [lower, upper]) and np.allclose(dashed[1], [most])
    assert right.get_yscale() == "log" and left.get_ylim()[0] == 0.0
    assert left.get_xlabel() and right.get_xlabel() and left.get_ylabel()

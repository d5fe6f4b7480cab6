"""Starts that are aimed at sets of clusters: where their neurons lie, and where flows end."""

import pytest
import torch

import kktnotes as kn
from kktnotes.flow.start import aimed_start

CLUSTERS = kn.Clusters.equicorrelated(k=4, d=2000, inner_product=-8.0, sigma=2000**-0.5)
SAMPLE = CLUSTERS.sample(232, seed=0)


def test_neurons_lie_on_the_means_of_their_points():
    start = aimed_start(SAMPLE, [[0, 2], [1], [3]], scale=0.3)
    for j, part in enumerate(([0, 2], [1], [3])):
        own = sum(SAMPLE.cluster == q for q in part).bool()
        mean = SAMPLE.x[own].sum(0)
        assert torch.allclose(start.weights[j] / 0.3, mean / mean.norm(), rtol=1e-12, atol=1e-15)
    assert start.output.tolist() == [0.3, -0.3, -0.3] and start.biases.tolist() == [0, 0, 0]


@pytest.mark.parametrize("parts", [[[0, 2], [1, 3]], [[0], [2], [1, 3]], [[0], [1], [2], [3]]])
def test_flow_keeps_the_pattern(parts):
    flow = kn.gradient_flow(SAMPLE, network=aimed_start(SAMPLE, parts), tolerance=1e-2)
    network = kn.kkt_point(flow).network
    assert network.width == len(parts)
    on = network.preactivations(SAMPLE.means) > 0.01
    own = {tuple(torch.nonzero(column)[:, 0].tolist()) for column in on.T}
    assert own == {tuple(part) for part in parts}


@pytest.mark.parametrize("parts", [[], [[0, 1]], [[0], [7]]])
def test_refuses_parts_without_one_label(parts):
    with pytest.raises(ValueError, match="parts: got"):
        aimed_start(SAMPLE, parts)


def test_refuses_data_without_clusters():
    plain = kn.Sample.from_arrays(torch.eye(2).double(), [1.0, -1.0])
    with pytest.raises(ValueError, match="sample: got"):
        aimed_start(plain, [[0]])

"""Shapes of the core's arrays, stated once: every letter is one size wherever it occurs."""

import pytest
import torch
from jaxtyping import Bool, Float64, Int64, jaxtyped

import kktnotes as kn

SINGLE = {
    # n training points, p coordinates, m neurons of a flow, g neurons of its limit, c fresh points
    "sample.x": "n p",
    "sample.y": "n",
    "sample.cluster": "n",
    "fresh.x": "c p",
    "fresh.y": "c",
    "universal_direction": "p",
    "flow.sample.x": "n own",  # in coordinates that hold the start's part across the data too
    "flow.network.weights": "m own",
    "flow.network.output": "m",
    "flow.last.margins": "n",
    "flow.network.margins": "n",
    "point.network.weights": "g p",
    "point.network.biases": "g",
    "point.network.output": "g",
    "point.neurons": "m",
    "point.multipliers": "n",
    "point.subgradients": "n g",
    "certificate.multipliers": "n",
    "certificate.subgradients": "n g",
    "network.preactivations": "c g",
    "network(x)": "c",
    "radii.output": "c",
    "radii.flip.lower": "c",
    "radii.flip.upper": "c",
    "radii.flip.nearest": "c p",
    "radii.zero.finished": "c",
    "robust.lower": "c",
    "attack.points": "c p",
    "attack.norms": "c",
    "attack.success": "c",
    "least_eta": "c",
}
BATCHED = {
    "sample.x": "seeds n p",
    "sample.y": "seeds n",
    "sample.cluster": "seeds n",
    "fresh.x": "seeds c p",
    "fresh.y": "seeds c",
    "universal_direction": "seeds p",
    "network.weights": "seeds m p",
    "network.biases": "seeds m",
    "network.output": "seeds m",
    "network.preactivations": "seeds c m",
    "network(x)": "seeds c",
    "network.margins": "seeds n",
    "network.norm": "seeds",
    "radii.output": "seeds c",
    "radii.flip.lower": "seeds c",
    "radii.flip.upper": "seeds c",
    "radii.flip.nearest": "seeds c p",
    "radii.zero.finished": "seeds c",
    "robust.lower": "seeds c",
    "attack.points": "seeds c p",
    "attack.norms": "seeds c",
    "attack.success": "seeds c",
    "least_eta": "seeds c",
}
TRUE_OR_FALSE = ("finished", "success")
WHOLE = ("cluster", "neurons")
CLUSTERS = kn.Clusters.orthogonal(k=4, d=1203, sigma=kn.inverse_root(1203))


def of_data(sample, fresh, network):
    """What every network and its data have, single or a batch."""
    u = kn.universal_direction(sample)
    radii = kn.exact_radius(network, fresh.x)
    attack = kn.attacks.deepfool(network, fresh)
    return {
        "sample.x": sample.x,
        "sample.y": sample.y,
        "sample.cluster": sample.cluster,
        "fresh.x": fresh.x,
        "fresh.y": fresh.y,
        "universal_direction": u,
        "network.preactivations": network.preactivations(fresh.x),
        "network(x)": network(fresh.x),
        "radii.output": radii.output,
        "radii.flip.lower": radii.flip.lower,
        "radii.flip.upper": radii.flip.upper,
        "radii.flip.nearest": radii.flip.nearest,
        "radii.zero.finished": radii.zero.finished,
        "robust.lower": radii.robust(fresh.x, fresh.y).lower,
        "attack.points": attack.points,
        "attack.norms": attack.norms,
        "attack.success": attack.success,
        "least_eta": kn.least_eta(network, fresh, direction=u),
    }


@pytest.fixture(scope="module")
def single():
    """One sample, its flow, limit and certificate, in sizes that all differ."""
    sample = CLUSTERS.sample(60, seed=0)
    flow = kn.gradient_flow(sample, width=9, seed=0)
    point = kn.kkt_point(flow)
    fitted = kn.certificate(point.network, sample)
    found = of_data(sample, sample.fresh(7, seed=1), point.network)
    return found | {
        "flow.sample.x": flow.sample.x,
        "flow.network.weights": flow.network.weights,
        "flow.network.output": flow.network.output,
        "flow.last.margins": flow.last.margins,
        "flow.network.margins": flow.network.margins(flow.sample.x, flow.sample.y),
        "point.network.weights": point.network.weights,
        "point.network.biases": point.network.biases,
        "point.network.output": point.network.output,
        "point.neurons": torch.from_numpy(point.neurons),
        "point.multipliers": point.multipliers,
        "point.subgradients": point.subgradients,
        "certificate.multipliers": fitted.multipliers,
        "certificate.subgradients": fitted.subgradients,
    }


@pytest.fixture(scope="module")
def batched():
    """Three samples and a drawn network for each."""
    sample = CLUSTERS.sample(20, seed=[0, 1, 2])
    rng = torch.Generator().manual_seed(0)
    drawn = [torch.randn(3, 5, *rest, generator=rng).double() for rest in ((sample.p,), (), ())]
    network = kn.TwoLayerReLU(*drawn)
    return of_data(sample, sample.fresh(7, seed=[3, 4, 5]), network) | {
        "network.weights": network.weights,
        "network.biases": network.biases,
        "network.output": network.output,
        "network.margins": network.margins(sample.x, sample.y),
        "network.norm": network.norm(),
    }


def unfit(found, shapes):
    """The names whose arrays have another shape than stated, or another type of numbers."""
    wrong = []
    with jaxtyped("context"):  # in which a letter keeps the size that it has first
        for name, shape in shapes.items():
            last = name.rpartition(".")[2]
            kind = Bool if last in TRUE_OR_FALSE else Int64 if last in WHOLE else Float64
            if not isinstance(found[name], kind[torch.Tensor, shape]):
                wrong.append(f"{name}: {tuple(found[name].shape)}, not {shape}")
    return wrong


def test_one_of_each_has_the_shapes_that_are_stated(single):
    assert set(single) == set(SINGLE)
    assert unfit(single, SINGLE) == []


def test_a_batch_has_the_same_shapes_behind_its_seeds(batched):
    assert set(batched) == set(BATCHED)
    assert unfit(batched, BATCHED) == []


@pytest.mark.parametrize("name", ["sample.y", "point.subgradients", "radii.flip.nearest"])
def test_another_size_or_order_is_found(single, name):
    turned = {**single, name: single[name].mT[:3] if single[name].ndim > 1 else single[name][:3]}
    assert unfit(turned, SINGLE) != []

"""The order of arguments: a network first, then a sample or x and y, then all the rest."""

import importlib
import inspect
import pkgutil

import pytest
import torch

import kktnotes as kn
from kktnotes import theory

RANK = {"network": 0, "networks": 0, "point": 0, "start": 0}  # a point and a start are networks
RANK |= {"weights": 0, "classifier": 0}  # so are linear classifiers
RANK |= {"first": 0, "second": 0, "span": 0}  # two networks, a network's span
RANK |= {"sample": 1, "samples": 1, "train": 1, "x": 1}
RANK |= {"y": 2}
REST = 3
OTHERWISE = {
    "kktnotes.cases.Case.flow": "the sample is an option, drawn from the seed where none is given",
    "kktnotes.chapters.independence.trial": "the start is a way to draw one, no network",
    "kktnotes.chapters.independence.reaches": "the start is a way to draw one, no network",
    "kktnotes.chapters.playground.verdicts.radii": "the outcome has the sample",
}


def calls():
    """Every public function and method that takes positional arguments, by its full name."""
    for module in pkgutil.walk_packages(kn.__path__, "kktnotes."):
        if module.name.startswith("kktnotes.figures"):
            continue
        found = vars(importlib.import_module(module.name))
        for owner in [None, *found.values()]:
            if owner is not None and not inspect.isclass(owner):
                continue
            for name, item in (found if owner is None else vars(owner)).items():
                item = getattr(item, "__func__", item)  # of a class method
                own = getattr(item, "__module__", "") == module.name
                if own and inspect.isfunction(item) and not name.startswith("_"):
                    yield f"{module.name}.{item.__qualname__}", item


def by_position(function):
    """The names of the arguments that may come by position."""
    kinds = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    found = inspect.signature(function).parameters.values()
    return [one.name for one in found if one.kind in kinds and one.name not in ("self", "cls")]


CALLS = {
    name: by_position(function)
    for name, function in calls()
    if {"network", "networks", "sample", "samples", "x"} & set(by_position(function))
}


def in_order(names):
    """Whether no network comes after data, no y before x, and nothing else before them."""
    ranks = [RANK.get(name, REST) for name in names]
    return ranks == sorted(ranks)


def test_many_were_found():
    assert len(CALLS) > 60
    assert set(OTHERWISE) <= set(CALLS)


@pytest.mark.parametrize("name", [name for name in CALLS if name not in OTHERWISE])
def test_the_network_comes_first_then_the_sample(name):
    assert in_order(CALLS[name]), CALLS[name]


def test_the_exceptions_are_exceptions():
    assert not any(in_order(CALLS[name]) for name in OTHERWISE)


POINT = kn.averaged_point(4, 100)
SAMPLE = kn.Sample.from_arrays(POINT.x, POINT.y, range(4))
A = POINT.subgradients


@pytest.mark.parametrize(
    "call",
    [
        lambda: theory.chain(SAMPLE, POINT.network, A, SAMPLE),
        lambda: theory.cluster_sums(SAMPLE, POINT.network, A),
        lambda: theory.check_cluster_sums(SAMPLE, POINT.network, A, residual=0.0),
        lambda: theory.check_margins(SAMPLE, POINT.network, SAMPLE),
    ],
    ids=["chain", "cluster_sums", "check_cluster_sums", "check_margins"],
)
def test_the_other_order_is_refused(call):
    with pytest.raises(ValueError, match=r"^network: got Sample, allowed is a TwoLayerReLU"):
        call()


def test_points_for_labels_are_refused():
    radii = kn.exact_radius(POINT.network, POINT.x)
    assert torch.equal(radii.robust(POINT.x, POINT.y).lower, radii.zero.lower)
    with pytest.raises(ValueError, match=r"^y: got .*, allowed is"):
        radii.robust(POINT.y, POINT.x)

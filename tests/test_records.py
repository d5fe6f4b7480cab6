"""Records, the package's dataclasses: wide ones are built by name, and all print briefly."""

import dataclasses
import importlib
import inspect
import pkgutil
import re

import numpy as np
import pytest
import torch

import kktnotes as kn
from kktnotes.flow.record import FlowState
from kktnotes.printing import Brief

MOST_BY_POSITION = 3
BY_POSITION = {"Term": 4}
"""More than that, and why: a Term is written as the comparison reads, "radius", 1, "<=", 2."""


def records():
    """Every dataclass of the package by its name, but for those of figures."""
    for module in pkgutil.walk_packages(kn.__path__, "kktnotes."):
        if not module.name.startswith("kktnotes.figures"):
            for item in vars(importlib.import_module(module.name)).values():
                own = getattr(item, "__module__", None) == module.name
                if own and inspect.isclass(item) and dataclasses.is_dataclass(item):
                    yield f"{module.name}.{item.__name__}", item


RECORDS = dict(records())


def test_all_records_were_found():
    assert len(RECORDS) > 60
    assert {kn.KKTPoint, kn.LimitPoint, kn.Sample, kn.Flow, kn.Order} <= set(RECORDS.values())


@pytest.mark.parametrize("name", RECORDS)
def test_a_wide_record_is_built_by_name(name):
    kind = RECORDS[name]
    asked = list(inspect.signature(kind).parameters.values())
    by_position = [one.name for one in asked if one.kind is not inspect.Parameter.KEYWORD_ONLY]
    allowed = BY_POSITION.get(kind.__name__, 0 if len(asked) > MOST_BY_POSITION else len(asked))
    assert len(by_position) <= allowed, by_position


TABLES = {"Certificate", "Terms"}
"""These are tables, one line a condition, as chapters show them."""
LONGEST, MOST_LINES = 300, 5


def stand_in(annotation):
    """A large value for a field of that type."""
    known = {"int": 10**9, "float": 1e-5 / 3, "bool": True, "str": "equicorrelated"}
    if "Tensor" in annotation:
        return torch.rand(40, 30)
    if "ndarray" in annotation:
        return np.random.default_rng(0).random((40, 30))
    known |= {"tuple[float,": (1e-5 / 3,) * 50, "tuple[int,": (10**9,) * 3, "tuple[str": ("n",) * 3}
    return known.get(annotation.partition(" ")[0], [torch.rand(40, 30)] * 50)


def filled(kind):
    """A record whose fields hold something large, made without its own checks."""
    record = object.__new__(kind)
    for one in dataclasses.fields(kind):
        object.__setattr__(record, one.name, stand_in(one.type))
    return record


def writes_itself(kind):
    """Whether a record prints what its own class says, so that it needs to be a real one."""
    generated = hasattr(kind.__repr__, "__wrapped__")  # by dataclass
    return not generated and kind.__repr__ is not Brief.__repr__


@pytest.fixture(scope="module")
def real():
    """Records that print what their class says, by the name of the class."""
    case = kn.case("a")
    train = case.sample(0)
    followed = kn.endings.follow(train, width=8, seed=0)
    flow, point, _ = followed
    fresh, network = train.fresh(8, seed=1), point.network
    term = kn.Term("products", 1.0, "<=", 2.0)
    radii = kn.exact_radius(network, fresh.x)
    found = [
        *(train, case.clusters, network, flow, flow.last, point, point.certificate, radii),
        *(
            radii.flip,
            term,
            kn.Terms([term]),
            followed,
            kn.endings.Tried(flow, point, {0: "certified"}),
        ),
        kn.averaged_point(4, 100),
        kn.attacks.deepfool(network, fresh),
        kn.attacks.transfer([network], fresh, kn.universal_direction(train)),
        kn.theory.cluster_sums(sample=train, network=network, subgradients=point.subgradients),
        *(FlowState(*[torch.rand(40, 30)] * 5), kn.theory.inner_products(train), case),
    ]
    return {type(one).__name__: one for one in found}


def short(text):
    """Whether a record's text is short and dumps no array."""
    arrays = "tensor(" in text or "array(" in text
    return not arrays and len(text) <= LONGEST and text.count("\n") < MOST_LINES


@pytest.mark.parametrize("name", [name for name in RECORDS if not writes_itself(RECORDS[name])])
def test_a_record_prints_briefly(name):
    record = filled(RECORDS[name])
    for text in (repr(record), str(record)):
        assert short(text), text
    assert RECORDS[name].__name__ in repr(record)


def test_what_prints_in_words_of_its_own_is_short_too(real):
    own = {kind.__name__ for kind in RECORDS.values() if writes_itself(kind)}
    assert own <= set(real)
    for name, record in real.items():
        for text in (repr(record), str(record)):
            assert short(text) or name in TABLES, text
    for name in TABLES:
        assert "tensor" not in repr(real[name]) and repr(real[name]).count("\n") < 16


def test_what_is_printed_is_what_one_wants_to_see(real):
    point, flow = real["LimitPoint"], real["Flow"]
    assert repr(real["Sample"]) == "Sample(202 points, 206 coordinates, in dimension 1,203)"
    assert re.fullmatch(
        r"LimitPoint\(2 neurons, 202 points, 206 coordinates, worst residual < 10⁻¹.,"
        r" angle to the flow [\d.]+ to [\d.e-]+\)",
        repr(point),
    )
    assert repr(flow).startswith(f"Flow({flow.status}, 8 neurons, 202 points, exponential loss")
    assert f"ln L = {flow.last.log_loss:.3g}" in repr(flow.last)


def test_a_device_that_is_not_the_cpu_is_named():
    elsewhere = kn.Sample.from_arrays(np.eye(3), [1, -1, 1])
    object.__setattr__(elsewhere, "x", elsewhere.x.to("meta"))
    assert repr(elsewhere) == "Sample(3 points, 3 coordinates, in dimension 3, on meta)"

"""Records, the package's dataclasses: what is wide is built by name, never by position."""

import dataclasses
import importlib
import inspect
import pkgutil

import pytest

import kktnotes as kn

MOST_BY_POSITION = 3
BY_POSITION = {"Term": 4}
"""More than that, with a reason: a Term is written as the comparison reads, "radius", 1, "<=", 2."""


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

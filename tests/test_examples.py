"""The examples of the docstrings: every function and class of the API page has one, and all run."""

import doctest
import importlib
import inspect
import pkgutil
import re

import pytest

import kktnotes as kn
from tools.chapters import ROOT

PAGE = (ROOT / "book" / "api.md").read_text("utf-8")
LISTED = re.findall(r"auto(?:class|function):: kktnotes\.([\w.]+)", PAGE)
MODULES = [
    one.name
    for one in pkgutil.walk_packages(kn.__path__, "kktnotes.")
    if not one.name.startswith("kktnotes.figures")
]
WITHOUT = {"Case", "Certificate", "Flow", "LimitPoint", "Radii", "Radius", "Snapshot", "Status"}
"""Classes that only functions make, where the examples stand."""
WITHOUT |= {"attacks.AttackResult", "attacks.Diagnosis", "attacks.Transfer"}
WITHOUT |= {"theory.Bound", "theory.Chain", "theory.ClusterSums", "theory.InnerProducts"}
WITHOUT |= {"evidence.Card", "evidence.Measurement", "evidence.Verdict"}
WITHOUT |= {"endings.Followed", "endings.Tried"}


def item(name):
    """What a name of the page stands for."""
    found = kn
    for part in name.split("."):
        found = getattr(found, part)
    return found


def test_the_page_lists_functions_and_classes_one_by_one():
    assert len(LISTED) > 80
    assert len(LISTED) == len(set(LISTED))
    assert set(LISTED) >= WITHOUT


@pytest.mark.parametrize("name", [name for name in LISTED if name not in WITHOUT])
def test_it_has_an_example(name):
    assert ">>> " in inspect.getdoc(item(name))


@pytest.mark.parametrize("name", MODULES)
def test_the_examples_run(name):
    ended = doctest.testmod(importlib.import_module(name), optionflags=doctest.NORMALIZE_WHITESPACE)
    assert ended.failed == 0


def test_there_are_many():
    finder = doctest.DocTestFinder()
    found = [one for name in MODULES for one in finder.find(importlib.import_module(name))]
    assert sum(bool(one.examples) for one in found) >= 75

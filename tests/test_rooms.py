"""The package's rooms: imports go one way, no two files import each other, no module is hidden."""

import ast
import importlib
from graphlib import CycleError, TopologicalSorter
from types import ModuleType

import pytest

from tools.chapters import ROOT

SOURCE = ROOT / "src"
LAYERS = [  # each imports from those above it only; rooms in one row know nothing of each other
    ["machine"],
    ["checks", "printing"],
    ["progress", "terms"],
    ["data"],
    ["networks"],
    ["flow", "geometry"],
    ["cases", "kkt"],
    ["attacks", "radius"],
    ["theory"],
    ["evidence"],
    ["chapters"],
    ["figures"],
]
FOR_NOTEBOOKS = ("chapters", "figures")


def modules():
    """Every module of the package by its dotted name, packages included."""
    found = {}
    for path in sorted((SOURCE / "kktnotes").rglob("*.py")):
        parts = path.relative_to(SOURCE).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


def imported(path, known):
    """The modules of the package that a file imports, for types as well."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path.name}: a relative import"
            full = [f"{node.module}.{alias.name}" for alias in node.names]
            names.update(one if one in known else node.module for one in full)
        elif isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
    return {name for name in names if name in known}


MODULES = modules()
IMPORTS = {name: imported(path, MODULES) for name, path in MODULES.items()}


def room(module):
    """The room of a module, "" for the package itself."""
    return [*module.split("."), ""][1]


def test_every_room_has_its_place():
    rooms = {room(name) for name in MODULES} - {""}
    assert rooms == {name for layer in LAYERS for name in layer}


def test_imports_go_one_way():
    height = {name: row for row, layer in enumerate(LAYERS) for name in layer}
    up = [
        f"{name} imports {one}"
        for name, found in IMPORTS.items()
        for one in found
        if room(name) and room(name) != room(one)
        if not room(one) or height[room(one)] >= height[room(name)]
    ]
    assert up == []


def test_no_files_import_each_other():
    """Packages' own lists of names aside, which import what stands in them."""
    files = {name for name, path in MODULES.items() if path.name != "__init__.py"}
    try:
        list(TopologicalSorter({name: IMPORTS[name] & files for name in files}).static_order())
    except CycleError as error:
        pytest.fail(" imports ".join(error.args[1]))


def test_the_rooms_for_notebooks_are_imported_by_notebooks_only():
    """By the package's own name `import kktnotes` too, which brings neither."""
    others = [name for name in MODULES if room(name) not in FOR_NOTEBOOKS]
    assert {room(one) for name in others for one in IMPORTS[name]}.isdisjoint(FOR_NOTEBOOKS)


@pytest.mark.parametrize("name", [name for name in MODULES if "." in name])
def test_no_module_is_hidden_by_a_name_of_its_package(name):
    module = importlib.import_module(name)
    parent, _, last = name.rpartition(".")
    found = getattr(importlib.import_module(parent), last)
    assert isinstance(found, ModuleType)
    assert found is module

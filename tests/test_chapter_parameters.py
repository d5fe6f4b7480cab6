"""Every parameter of every chapter is refused by its name before anything is computed from it."""

import ast
import functools
import math

import pytest

from tools import chapters

NEVER = ["ten", math.inf, -math.inf, math.nan, [], {}, [[]], True, -7.5j]


@functools.cache
def opening(name):
    """The parameters of a chapter, its imports run, and the cell that checks them."""
    cells = chapters.code_cells(chapters.read_text(chapters.ROOT / "book" / f"{name}.md"))
    places = [i for i, cell in enumerate(cells) if "parameters" in cell.metadata.get("tags", [])]
    if not places:
        return {}, "", {}
    [first] = places
    check = next((i for i, cell in enumerate(cells) if "parameters." in cell.source), None)
    assert check is not None, f"{name}.md has parameters and no cell that checks them"
    given, space = {}, {}
    exec(cells[first].source, given)
    space.update(given)
    for cell in cells[first + 1 : check]:
        nodes = ast.parse(cell.source).body
        assert all(isinstance(node, (ast.Import, ast.ImportFrom)) for node in nodes), cell.source
        exec(cell.source, space)
    given = {key: value for key, value in given.items() if not key.startswith("__")}
    return given, cells[check].source, space


NAMES = [path.stem for path in chapters.chapters()]


@pytest.mark.parametrize("name", NAMES)
def test_what_no_parameter_may_be_is_refused_by_its_name(name):
    given, check, space = opening(name)
    for parameter in given:
        for value in NEVER:
            with pytest.raises(ValueError, match=rf"^{parameter}: got .*, allowed is "):
                exec(check, {**space, parameter: value})


@pytest.mark.parametrize("name", NAMES)
def test_the_defaults_pass(name):
    _, check, space = opening(name)
    exec(check, dict(space))

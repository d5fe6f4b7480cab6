"""The page on the package: every public name is on it, and docstrings survive Sphinx."""

import re
import sys

import pytest

import kktnotes as kn
from tools import chapters

sys.path.append(str(chapters.ROOT / "book" / "_ext"))
import docstrings


def test_every_public_name_is_on_the_page():
    page = (chapters.ROOT / "book" / "api.md").read_text("utf-8")
    named = set(re.findall(r"auto(?:class|function|exception):: kktnotes\.(\w+)", page))
    whole = set(re.findall(r"automodule:: kktnotes\.(\w+)", page))
    missing = []
    for name in dir(kn):
        item = getattr(kn, name)
        if name.startswith("_") or name in whole or not callable(item):
            continue
        if name not in named and item.__module__.split(".")[1] not in whole:
            missing.append(name)
    assert missing == []


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("the norm |x| of `x`", r"the norm \|x\| of ``x``"),
        ("``a | b`` stays", "``a | b`` stays"),
        ("sums *values", r"sums \*values"),
    ],
)
def test_prose_keeps_its_characters(line, expected):
    assert docstrings.prepared([line]) == [expected]


def test_an_indented_formula_is_kept_as_it_is():
    lines = [
        "Solve |x| in:",
        "",
        "    |a| * `b`",
        "",
        "        c",
        "",
        "and |y|.",
        "",
        "Note:",
        "x",
    ]
    assert docstrings.prepared(lines) == [
        r"Solve \|x\| in::",
        "",
        "    |a| * `b`",
        "",
        "        c",
        "",
        r"and \|y\|.",
        "",
        "Note:",
        "x",
    ]

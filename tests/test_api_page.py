"""The page on the package: every public name is on it, and docstrings survive Sphinx."""

import re
import sys

import pytest

import kktnotes as kn
from tools import chapters

sys.path.append(str(chapters.ROOT / "book" / "_ext"))
import docstrings


def public(module):
    """The names of functions, classes and exceptions that a module gives its users."""
    names = getattr(module, "__all__", dir(module))
    items = {name: getattr(module, name) for name in names if not name.startswith("_")}
    return {
        name
        for name, item in items.items()
        if callable(item) and getattr(item, "__module__", "").startswith("kktnotes")
    }


def test_every_public_name_is_on_the_page():
    page = (chapters.ROOT / "book" / "api.md").read_text("utf-8")
    named = set(re.findall(r"auto(?:class|function|exception):: kktnotes\.([\w.]+)", page))
    last = {name.rpartition(".")[2] for name in named}
    last.add("load_ipython_extension")  # which IPython calls for `%load_ext kktnotes`
    for module in (kn, kn.attacks, kn.radius, kn.theory, kn.evidence, kn.progress):
        assert public(module) <= last, module.__name__


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


def test_an_example_is_kept_as_it_is():
    lines = ["Take |x|:", "", ">>> a = 2**3 * `b`", ">>> a", "|8|", "", "Then |y|."]
    kept = docstrings.prepared(lines)
    assert kept[2:5] == lines[2:5]
    assert kept[-1] == r"Then \|y\|."

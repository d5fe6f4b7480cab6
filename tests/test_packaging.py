"""What the package declares: compared with what its files import, need and say."""

import ast
import json
import re
import sys
from importlib.metadata import distributions, packages_distributions

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

import kktnotes as kn
from kktnotes.evidence.card import title
from tools import chapters, statement_names

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

ROOT = chapters.ROOT
PACKAGE = ROOT / "src" / "kktnotes"
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
PROJECT = PYPROJECT["project"]
OWN = {
    "kktnotes",
    "tools",
    "tests",
    *(p.stem for f in ("tests", "book/_ext") for p in ROOT.glob(f"{f}/*")),
}


def requirements(lines):
    """Requirements by canonical name, of lines that may have comments."""
    found = [Requirement(text) for line in lines if (text := line.split("#")[0].strip())]
    return {canonicalize_name(one.name): one for one in found}


def declared(*extras):
    """What the package needs with these extras, less itself."""
    lines = list(PROJECT["dependencies"])
    for extra in extras:
        lines += PROJECT["optional-dependencies"][extra]
    return {name: one for name, one in requirements(lines).items() if name != "kktnotes"}


FUNCTION = (ast.FunctionDef, ast.AsyncFunctionDef)
STANDARD = sys.stdlib_module_names | {"tomllib"}  # of Python 3.11 on; tools ask for the version


def providers():
    """The distributions that each module is from (importlib's own list is short in Python 3.10)."""
    found = {name: list(own) for name, own in packages_distributions().items()}
    for one in distributions():
        for file in one.files or ():
            module = file.parts[0].split(".")[0]
            if file.suffix in (".py", ".so") and module not in found and module.isidentifier():
                found[module] = [one.metadata["Name"]]
    return found


PROVIDERS = providers()
EVERYTHING = declared("figures", "book", "test")
WANTED = requirements((ROOT / "requirements.txt").read_text("utf-8").splitlines())


def imports(paths, inside=True):
    """The distributions that files import, at their top or also inside functions, and which do."""
    found = {}
    for path in paths:
        tree = ast.parse(path.read_text("utf-8"))
        hidden = {n for f in ast.walk(tree) if isinstance(f, FUNCTION) for n in ast.walk(f)}
        for node in ast.walk(tree) if inside else set(ast.walk(tree)) - hidden:
            names = []
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom) and node.level == 0:
                names = [node.module]
            for module in {name.split(".")[0] for name in names}:
                if module not in STANDARD and module not in OWN:
                    for name in PROVIDERS.get(module, [module]):
                        found.setdefault(canonicalize_name(name), set()).add(path)
    return found


def test_the_package_declares_what_it_imports_and_nothing_else():
    files, figures = set(PACKAGE.rglob("*.py")), set((PACKAGE / "figures").rglob("*.py"))
    of_notebooks = ("evidence/sentences.py", "figures/export/carrying.py", "progress.py")
    notebooks = {PACKAGE / name for name in of_notebooks}
    needed, drawn = declared().keys(), declared("figures").keys()
    core = files - figures
    asked = imports(core - notebooks) | imports(core & notebooks, inside=False)
    assert asked.keys() == needed
    assert imports(figures - notebooks).keys() | needed == drawn
    assert imports(notebooks, inside=False).keys() <= drawn
    assert imports(notebooks).keys() <= declared("figures", "book").keys()


def test_the_package_does_without_its_figures():
    for path in set(PACKAGE.rglob("*.py")) - set((PACKAGE / "figures").rglob("*.py")):
        assert not re.search(
            r"(?m)^\s*(from|import) kktnotes\.figures|^from kktnotes import.*figures",
            path.read_text("utf-8"),
        ), path


def test_tools_extension_and_tests_import_what_is_declared():
    paths = [p for folder in ("tools", "book/_ext") for p in ROOT.glob(f"{folder}/*.py")]
    assert imports(paths).keys() - declared("figures", "book").keys() == set()
    own = {path.stem for path in ROOT.glob("benchmarks/*.py")}
    assert imports(ROOT.glob("tests/*.py")).keys() - EVERYTHING.keys() - own == set()


def test_the_chapters_import_what_the_book_declares():
    found = set()
    for path in chapters.chapters():
        for cell in chapters.code_cells(chapters.read_notebook(path)):
            found |= set(re.findall(r"(?m)^\s*(?:from|import) (\w+)", cell.source))
    modules = found - STANDARD - OWN
    names = {canonicalize_name(PROVIDERS[module][0]) for module in modules}
    assert names <= declared("figures", "book").keys()


def test_requirements_are_the_extras_all_of_them():
    builder = requirements(PYPROJECT["build-system"]["requires"])
    assert WANTED.keys() == EVERYTHING.keys() | builder.keys()
    for name, one in {**EVERYTHING, **builder}.items():
        if name == "torch":  # one version for everyone here, a range for who uses the package alone
            (pin,) = WANTED[name].specifier
            assert pin.operator == "=="
            assert pin.version in one.specifier
        else:
            assert WANTED[name].specifier == one.specifier, name
        assert str(WANTED[name].marker) == str(one.marker)


def test_constraints_hold_a_version_for_every_requirement():
    lines = (ROOT / "constraints.txt").read_text("utf-8").splitlines()
    pins = [Requirement(text) for line in lines if (text := line.split("#")[0].strip())]
    for python in ("3.10", "3.11", "3.12", "3.13"):
        where = {"python_version": python, "python_full_version": f"{python}.1"}
        held = {
            canonicalize_name(p.name): p for p in pins if not p.marker or p.marker.evaluate(where)
        }
        for name, one in WANTED.items():
            if one.marker is None or one.marker.evaluate(where):
                (pin,) = held[name].specifier
                assert one.specifier.contains(pin.version), (name, python)


def test_the_build_is_bounded_on_both_sides_and_knows_the_licences_form():
    (builder,) = requirements(PYPROJECT["build-system"]["requires"]).values()
    assert builder.name == "setuptools"
    assert sorted(one.operator for one in builder.specifier) == ["<", ">="]
    assert not builder.specifier.contains("76.1.0"), "77 is the first that knows SPDX"
    assert PROJECT["license"] == "MIT"
    assert (ROOT / "LICENSE").read_text("utf-8").startswith("MIT License")
    assert PROJECT["license-files"] == ["LICENSE"]


def test_the_version_stands_in_one_place_and_is_told_in_two():
    assert PROJECT["dynamic"] == ["version"]
    assert PYPROJECT["tool"]["setuptools"]["dynamic"]["version"] == {"attr": "kktnotes.__version__"}
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text("utf-8"))
    assert str(citation["version"]) == kn.__version__
    assert citation["license"] == PROJECT["license"]
    changes = (ROOT / "CHANGELOG.md").read_text("utf-8")
    told = [Version(one) for one in re.findall(r"(?m)^## (\d+\.\d+\.\d+)", changes)]
    assert told[0] == Version(kn.__version__)
    assert told == sorted(told, reverse=True)


def test_the_package_has_the_books_names_of_statements():
    kept = statement_names.NAMES.read_text("utf-8")
    assert kept == statement_names.names(), "python -m tools.statement_names"
    listed = tomllib.loads((ROOT / "book" / "statements.toml").read_text("utf-8"))["statement"]
    assert [title(one["id"]) for one in listed] == [one["name"] for one in listed]
    assert len(json.loads(kept)) == len(listed)


def test_what_is_no_python_is_shipped():
    data = [p.relative_to(PACKAGE).as_posix() for p in PACKAGE.rglob("*") if p.is_file()]
    data = {name for name in data if not name.endswith((".py", ".pyc"))}
    assert data == set(PYPROJECT["tool"]["setuptools"]["package-data"]["kktnotes"])
    assert "py.typed" in data


def test_what_an_extra_brings_is_named_where_it_is_missing(monkeypatch):
    for name in [name for name in sys.modules if name.startswith("kktnotes.figures")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(ModuleNotFoundError, match=r"matplotlib.*kktnotes\[figures\]"):
        __import__("kktnotes.figures")


def test_numbers_are_said_without_a_notebook_too(monkeypatch):
    monkeypatch.setitem(sys.modules, "IPython", None)
    kn.say(one=1)

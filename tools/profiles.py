"""Profiles: which parameters a run of the book gives to which chapter (`profiles/NAME.toml`)."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

import papermill
from nbformat import NotebookNode

from tools import chapters
from tools.parameters import defaults, unlike
from tools.refusal import Refused

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib


def named(name: str, root: Path = chapters.ROOT) -> Path:
    """Return the file of a profile: the one check that every tool's PROFILE goes through.

    Raises
    ------
    Refused
        If `profiles/` has no file of exactly this name.
    """
    folder = root / "profiles"
    known = sorted(file.stem for file in folder.glob("*.toml"))
    if name not in known:
        raise Refused(f"PROFILE: got {name!r}, allowed is one of {', '.join(known)}")
    return folder / f"{name}.toml"


@dataclass(frozen=True)
class Profile:
    """A named set of parameters.

    Attributes
    ----------
    name : str
        `quick`, `full`, or any other file of `profiles/`.
    budget : float or None
        The most seconds that a notebook should take, if the profile names one.
    parameters : dict
        Chapter name -> {parameter: value}; a chapter that is not here runs with its defaults.
    """

    name: str
    budget: float | None
    parameters: dict[str, dict[str, object]]

    @classmethod
    def load(cls, name: str, root: Path = chapters.ROOT) -> Profile:
        """Read `profiles/NAME.toml`; raise Refused if it does not hold what a profile holds."""
        path = named(name, root)
        try:
            values = tomllib.loads(path.read_text("utf-8-sig"))
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise Refused(f"{path.name}: {error}") from error
        budget = values.pop("budget", None)
        if budget is not None and (type(budget) not in (int, float) or not 0 < budget < 1e9):
            raise Refused(f"{path.name}: budget: got {budget!r}, allowed is a number of seconds")
        known = [chapter.stem for chapter in chapters.chapters(root)]
        for chapter, table in values.items():
            if chapter not in known or not isinstance(table, dict):
                allowed = ", ".join(known)
                raise Refused(f"{path.name}: [{chapter}] is none of the chapters {allowed}")
        return cls(name, budget, values)

    def prepared(self, path: Path) -> NotebookNode:
        """Return the notebook at `path` as this profile runs it, the values in a cell of their own.

        Raises
        ------
        Refused
            If the notebook differs from its text twin, has not exactly one cell tagged
            `parameters`, or has no parameter of a name that the profile gives.
        """
        if chapters.drifted(path):
            raise Refused(
                f"{path.name} does not say what its text {path.stem}.md says: "
                "`make notebooks` brings it up to date with the text"
            )
        notebook = papermill.iorw.load_notebook_node(chapters.read_notebook(path))
        tagged = [cell for cell in notebook.cells if "parameters" in cell.metadata.get("tags", [])]
        if len(tagged) != 1:
            raise Refused(f"{path.name}: {len(tagged)} cells are tagged `parameters`, not one")
        chosen = self.parameters.get(path.stem, {})
        allowed = papermill.inspect_notebook(notebook)
        default = defaults(tagged[0].source)
        for parameter, value in chosen.items():
            where = f"{self.name}.toml, [{path.stem}]: "
            if parameter not in allowed:
                some = ", ".join(allowed) or "none"
                raise Refused(f"{where}unknown parameter {parameter!r}; the notebook has {some}")
            wrong = unlike(value, default[parameter])
            if wrong:
                raise Refused(f"{where}{parameter} = {value!r}: {wrong}")
        if chosen:
            notebook = papermill.parameterize.parameterize_notebook(
                notebook, chosen, comment=f"The {self.name} profile's values"
            )
        for cell in notebook.cells:
            if cell.cell_type == "code":
                cell.outputs, cell.execution_count = [], None
        return notebook

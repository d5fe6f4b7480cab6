"""Profiles: which parameters a run of the book gives to which chapter (`profiles/NAME.toml`)."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

import papermill
from nbformat import NotebookNode

from tools import chapters

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib


class Refused(Exception):
    """What was asked for cannot be run; the message says why and what can."""


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
        """Read `profiles/NAME.toml`; raise Refused if there is none or it names no chapter."""
        path = root / "profiles" / f"{name}.toml"
        known = sorted(file.stem for file in path.parent.glob("*.toml"))
        if name not in known:
            raise Refused(f"PROFILE: got {name!r}, allowed is one of {', '.join(known)}")
        try:
            values = tomllib.loads(path.read_text("utf-8"))
        except tomllib.TOMLDecodeError as error:
            raise Refused(f"{path.name}: {error}") from error
        budget = values.pop("budget", None)
        names = [chapter.stem for chapter in chapters.chapters(root)]
        allowed = ", ".join(names)
        for chapter, table in values.items():
            if chapter not in names or not isinstance(table, dict):
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
        notebook = papermill.iorw.load_notebook_node(str(path))
        tagged = [cell for cell in notebook.cells if "parameters" in cell.metadata.get("tags", [])]
        if len(tagged) != 1:
            raise Refused(f"{path.name}: {len(tagged)} cells are tagged `parameters`, not one")
        chosen = self.parameters.get(path.stem, {})
        allowed = papermill.inspect_notebook(str(path))
        for parameter in chosen:
            if parameter not in allowed:
                raise Refused(
                    f"{self.name}.toml, [{path.stem}]: unknown parameter {parameter!r}; "
                    f"the notebook has {', '.join(allowed) or 'none'}"
                )
        if chosen:
            notebook = papermill.parameterize.parameterize_notebook(
                notebook, chosen, comment=f"The {self.name} profile's values"
            )
        for cell in notebook.cells:
            if cell.cell_type == "code":
                cell.outputs, cell.execution_count = [], None
        return notebook

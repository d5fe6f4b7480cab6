"""The book's chapters: which notebooks there are, and their text twins.

A chapter is a notebook `book/NAME.ipynb` that `_toc.yml` names. Its source is the text twin
`book/NAME.md` (MyST, read by jupytext); the notebook beside it adds the outputs of one run.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import jupytext
import nbformat
import yaml
from nbformat import NotebookNode

from tools.refusal import Refused

ROOT = Path(__file__).resolve().parent.parent
COMPARED = ("tags", "mystnb")
"""The cell metadata that the two twins share; a run may leave other metadata in a notebook."""
FOLDED = {
    "remove-cell": {"source_hidden": True},
    "remove-input": {"source_hidden": True},
    "hide-cell": {"source_hidden": True, "outputs_hidden": True},
}
"""What a page leaves out or folds, JupyterLab folds."""


def chapters(root: Path = ROOT) -> list[Path]:
    """Return the notebooks that `_toc.yml` names, in reading order."""
    found: list[Path] = []

    def walk(entry: object) -> None:
        if isinstance(entry, dict):
            name = entry.get("file") or entry.get("root")
            if isinstance(name, str) and name.endswith(".ipynb"):
                found.append(root / name)
            for value in entry.values():
                walk(value)
        elif isinstance(entry, list):
            for value in entry:
                walk(value)

    walk(yaml.safe_load((root / "_toc.yml").read_text("utf-8-sig")))
    return found


def named(names: list[str], root: Path | None = None) -> list[Path]:
    """Return the chapters of these names, all if there are none, in reading order.

    Raises
    ------
    Refused
        If no chapter has one of the names.
    """
    paths = chapters() if root is None else chapters(root)
    known = [path.stem for path in paths]
    for name in names:
        if name not in known:
            raise Refused(f"chapter: got {name!r}, allowed is one of {', '.join(known)}")
    return [path for path in paths if not names or path.stem in names]


def text_twin(notebook: Path) -> Path:
    """Return the path of the text that `notebook` is made from."""
    return notebook.with_suffix(".md")


def ours(metadata: Mapping[str, Any]) -> dict[str, Any]:
    """Return of a cell's metadata what the twins share, and how JupyterLab folds the cell."""
    kept = {key: value for key, value in metadata.items() if key in COMPARED}
    for tag in FOLDED.keys() & set(kept.get("tags", ())):
        kept["jupyter"] = dict(FOLDED[tag])
    return kept


def read_text(path: Path) -> NotebookNode:
    """Read a text twin as a notebook without outputs, its cell ids made from what the cells say."""
    notebook = jupytext.reads(path.read_text("utf-8-sig"), fmt="md:myst")
    if "kernelspec" not in notebook.metadata:
        raise ValueError(f"{path}: no kernelspec in its header, so a plain page and no chapter")
    notebook.nbformat, notebook.nbformat_minor = 4, 5
    seen: Counter[str] = Counter()
    for cell in notebook.cells:
        key = hashlib.sha1(f"{cell.cell_type}\n{cell.source}".encode()).hexdigest()[:10]
        seen[key] += 1
        cell.id = key if seen[key] == 1 else f"{key}-{seen[key]}"
        cell.metadata = nbformat.from_dict(ours(cell.metadata))
    notebook.metadata = NotebookNode(
        {key: notebook.metadata[key] for key in ("jupytext", "kernelspec")}
    )
    # That is the text's own; JupyterLab leaves it out of the notebook too.
    notebook.metadata.jupytext.pop("text_representation", None)
    return notebook


def written(notebook: NotebookNode) -> str:
    """Return a notebook as its text twin, as JupyterLab writes it when a reader saves."""
    return jupytext.writes(notebook, fmt="md:myst")


def read_notebook(path: Path) -> NotebookNode:
    """Read a notebook as it is stored.

    Raises
    ------
    Refused
        If the file is no whole notebook.
    """
    try:
        return nbformat.reads(path.read_text("utf-8-sig"), as_version=4)
    except (ValueError, AttributeError, KeyError, TypeError, nbformat.ValidationError) as error:
        reason = str(error).splitlines()[0]
        raise Refused(f"{path}: no whole notebook ({reason}); `make notebooks` makes it") from error


def content(notebook: NotebookNode) -> list[tuple]:
    """Return what the twins must agree on: type, source, tags and mystnb of every cell."""
    return [
        (cell.cell_type, cell.source, *(cell.metadata.get(key) for key in COMPARED))
        for cell in notebook.cells
    ]


def described(notebook: NotebookNode) -> list[object]:
    """Return what the notebook and its cells have beside their content: metadata and ids."""
    cells = [(cell.metadata, cell.get("id")) for cell in notebook.cells]
    return [notebook.metadata, *cells]


def code_cells(notebook: NotebookNode) -> list[NotebookNode]:
    """Return the notebook's code cells."""
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def executed(notebook: NotebookNode) -> bool:
    """Tell whether the code cells were run once, in order: their counts are 1, 2, ..., n."""
    counts = [cell.execution_count for cell in code_cells(notebook)]
    return counts == list(range(1, len(counts) + 1))


def drifted(notebook: Path) -> bool:
    """Tell whether a notebook is missing or no longer says what its text twin says."""
    if not notebook.exists():
        return True
    return content(read_notebook(notebook)) != content(read_text(text_twin(notebook)))

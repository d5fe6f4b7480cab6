"""Bring the committed notebooks up to date with their text twins: `make notebooks`.

Only chapters whose code changed are run again (`--all`: every one). Where only prose changed, the
outputs stay, and where nothing changed, the files are not touched. A run leaves no time, path or
version of the machine in a notebook, so that running the same text again writes the same bytes.
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError
from nbformat import NotebookNode

from tools import chapters


def run(notebook: NotebookNode, folder: Path) -> NotebookNode:
    """Run a notebook in `folder` and return it with its outputs and nothing of the machine.

    Raises
    ------
    nbclient.exceptions.CellExecutionError
        If a cell fails; its message holds the cell and the traceback.
    """
    NotebookClient(
        notebook,
        timeout=None,
        kernel_name="python3",
        extra_arguments=chapters.KERNEL_ARGUMENTS,
        record_timing=False,
        coalesce_streams=True,
        resources={"metadata": {"path": str(folder)}},
    ).execute()
    notebook.metadata.pop("language_info", None)
    for cell in notebook.cells:
        cell.metadata.pop("execution", None)
    return notebook


def carried(text: NotebookNode, stored: NotebookNode) -> bool:
    """Put the stored outputs into `text` if its code is what made them; tell if it is."""
    pairs = list(zip(chapters.code_cells(text), chapters.code_cells(stored), strict=False))
    same = len(pairs) == len(chapters.code_cells(text)) == len(chapters.code_cells(stored))
    if not same or not chapters.executed(stored) or any(a.source != b.source for a, b in pairs):
        return False
    for cell, old in pairs:
        cell.outputs, cell.execution_count = old.outputs, old.execution_count
    return True


def update(path: Path, *, always: bool = False) -> str:
    """Bring the notebook at `path` up to date with its text; return what was done."""
    text = chapters.read_text(chapters.text_twin(path))
    stored = chapters.read_notebook(path) if path.exists() else None
    if stored is not None and not always:
        if not chapters.drifted(path) and chapters.executed(stored):
            return "unchanged"
        if carried(text, stored):
            write(text, path)
            return "new prose, outputs kept"
    write(run(text, path.parent), path)
    return "run again"


def write(notebook: NotebookNode, path: Path) -> None:
    """Replace the notebook at `path`, whole or not at all."""
    fresh = path.with_name(f".{path.name}.new")
    nbformat.write(notebook, fresh)
    os.replace(fresh, path)


def main(arguments: list[str] | None = None) -> int:
    """Update every chapter of the book; return 1 if a cell failed."""
    parser = argparse.ArgumentParser(prog="python -m tools.notebooks", description=__doc__)
    parser.add_argument("--all", action="store_true", help="run unchanged chapters again too")
    parser.add_argument("name", nargs="*", help="chapters to look at, such as clusters; else all")
    options = parser.parse_args(arguments)
    try:
        chosen = chapters.named(options.name)
    except ValueError as error:
        print(error, file=sys.stderr)
        return 2
    for path in chosen:
        print(f"{path.relative_to(chapters.ROOT)}: ", end="", flush=True)
        try:
            print(update(path, always=options.all))
        except CellExecutionError as error:
            print(f"a cell failed, the notebook is left as it was\n{error}")
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""Bring the committed notebooks up to date with their text twins: `make notebooks`.

Only chapters whose text changed are run again (`--all`: every one); where nothing changed, the
files are not touched. A run leaves no time, path or version of the machine in a notebook, so that
running the same text again writes the same bytes.
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


def update(path: Path, *, always: bool = False) -> bool:
    """Run the text of `path` and write the notebook if it drifted or `always`; tell if it did."""
    if not (always or chapters.drifted(path)) and chapters.executed(chapters.read_notebook(path)):
        return False
    notebook = run(chapters.read_text(chapters.text_twin(path)), path.parent)
    fresh = path.with_name(f".{path.name}.new")
    nbformat.write(notebook, fresh)
    os.replace(fresh, path)
    return True


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
            print("run again" if update(path, always=options.all) else "unchanged")
        except CellExecutionError as error:
            print(f"a cell failed, the notebook is left as it was\n{error}")
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())

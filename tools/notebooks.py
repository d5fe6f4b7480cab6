"""Bring the committed notebooks up to date with their text twins: `make notebooks`.

Only chapters whose code changed are run again (`--all`: every one), two at a time. Where only
prose changed, the outputs stay, and where nothing changed, the files are not touched. A chapter
that fails is left as it was and does not stop the others.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path

import nbformat
from nbformat import NotebookNode
from tqdm import tqdm

from tools import chapters, files, kernel, pool, surroundings
from tools.refusal import Refused
from tools.start import started


def carried(text: NotebookNode, stored: NotebookNode) -> bool:
    """Put the stored outputs into `text` if its code is what made them; tell if it is."""
    pairs = list(zip(chapters.code_cells(text), chapters.code_cells(stored), strict=False))
    same = len(pairs) == len(chapters.code_cells(text)) == len(chapters.code_cells(stored))
    if not same or not chapters.executed(stored) or any(a.source != b.source for a, b in pairs):
        return False
    for cell, old in pairs:
        cell.outputs, cell.execution_count = old.outputs, old.execution_count
    return True


def tidied(path: Path) -> NotebookNode:
    """Return a text twin, written as JupyterLab would write it when a reader saves."""
    text = chapters.read_text(path)
    written = chapters.written(text)
    if written != path.read_text("utf-8"):
        files.replace(path, written)
    return text


def update(path: Path, *, always: bool = False, step: Callable[[], None] = lambda: None) -> str:
    """Bring the notebook at `path` up to date with its text; return what was done.

    Raises
    ------
    kernel.Failure
        If a cell fails; the notebook stays as it was.
    """
    text = tidied(chapters.text_twin(path))
    try:
        stored = chapters.read_notebook(path) if path.exists() else None
    except Refused:  # cut off or no notebook: it is made anew
        stored = None
    if stored is not None and not always:
        same = chapters.described(stored) == chapters.described(text)
        if same and not chapters.drifted(path) and chapters.executed(stored):
            return "unchanged"
        if carried(text, stored):
            write(text, path)
            return "new prose, outputs kept"
    write(kernel.run(text, path.parent, step), path)
    if chapters.drifted(path):
        return "run again, but its text was changed meanwhile: once more, please"
    return "run again"


def write(notebook: NotebookNode, path: Path) -> None:
    """Replace the notebook at `path`, whole or not at all."""
    files.replace(path, nbformat.writes(notebook) + "\n")


def main(arguments: list[str] | None = None) -> int:
    """Update every chapter of the book; return 1 if one failed."""
    parser = argparse.ArgumentParser(prog="python -m tools.notebooks", description=__doc__)
    parser.add_argument("--all", action="store_true", help="run unchanged chapters again too")
    parser.add_argument("name", nargs="*", help="chapters to look at, such as clusters; else all")
    parser.add_argument("--workers", type=int, default=2, help="notebooks at a time, 1 to 64")
    options = parser.parse_args(arguments)
    if not 1 <= options.workers <= 64:
        raise Refused(f"--workers: got {options.workers}, allowed is 1 to 64")
    surroundings.adopt()
    chosen = chapters.named(options.name)
    total = sum(len(chapters.read_text(chapters.text_twin(path)).cells) for path in chosen)

    def work(path: Path, step: Callable[[], None]) -> str:
        with files.alone(chapters.ROOT / "_build" / "notebooks" / path.name, tqdm.write):
            return update(path, always=options.all, step=step)

    failed = []
    for path, result in pool.results(work, chosen, options.workers, total=total):
        if isinstance(result, BaseException):
            failed.append(path.stem)
            result = f"left as it was, {kernel.reason(result)}"
        tqdm.write(f"{path.relative_to(chapters.ROOT)}: {result}")
    if failed:
        print(f"failed: {', '.join(failed)}", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(started(main))

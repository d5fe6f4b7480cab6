"""The cells of a notebook file that anybody may have written, as far as the ledger asks for them.

What is not as Jupyter writes it becomes a fault, a line of text, and is otherwise as if it were not
there: no file makes the ledger fail.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from kktnotes.printing import Brief

FORMAT = 4
"""Jupyter's format of notebooks; earlier ones have their cells in other places."""


@dataclass(frozen=True, repr=False, kw_only=True)
class Cell(Brief):
    """A cell: its place, whether it has code, its count, its tags, its outputs' metadata."""

    number: int
    code: bool
    count: object
    tags: frozenset[str]
    outputs: tuple[dict, ...]


def cells(path: Path, faults: list[str]) -> list[Cell]:
    """Return a notebook's cells; what is wrong with the file is appended to the faults.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    """
    try:  # a byte order mark may come first
        content = json.loads(path.read_text("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        faults.append(f"{path.name}: is no notebook, {cut(error)}")
        return []
    listed = content.get("cells") if isinstance(content, dict) else None
    if not isinstance(listed, list):
        faults.append(f"{path.name}: has no list of cells (a notebook of format {FORMAT})")
        return []
    found = []
    for number, cell in enumerate(listed):
        if not isinstance(cell, dict) or not isinstance(cell.get("cell_type"), str):
            faults.append(f"{path.name}, cell {number}: is no cell of format {FORMAT}")
            continue
        tags = table(cell, "metadata").get("tags", [])
        outputs = cell.get("outputs", [])
        if not isinstance(tags, list) or not isinstance(outputs, list):
            faults.append(f"{path.name}, cell {number}: its tags or outputs are no list")
            continue
        found.append(
            Cell(
                number=number,
                code=cell["cell_type"] == "code",
                count=cell.get("execution_count"),
                tags=frozenset(tag for tag in tags if isinstance(tag, str)),
                outputs=tuple(table(one, "metadata") for one in outputs if isinstance(one, dict)),
            )
        )
    return found


def table(values: dict, name: str) -> dict:
    """Return a table in a table; an empty one where something else, or nothing, stands there."""
    found = values.get(name)
    return found if isinstance(found, dict) else {}


def cut(words: object, most: int = 300) -> str:
    """Return what is said in one line that is not too long."""
    line = " ".join(f"{words}".split())
    return line if len(line) <= most else f"{line[:most]} ..."

"""Bars of long computations, on a terminal or in a notebook that somebody watches.

A stored notebook keeps no bar, so a kernel shows none unless it was told that somebody looks on:
`make lab` sets the variable `KKTNOTES_PROGRESS`. There all bars of a cell share one output, which
is empty at their end.
"""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Iterable, Iterator, Sized
from typing import Any, TypeVar

from tqdm import tqdm

from kktnotes import checks

VARIABLE = "KKTNOTES_PROGRESS"
"""The variable that asks for bars in notebooks."""
DELAY = 2.0
"""Seconds before a bar is shown."""
MARK = {"kktnotes": "progress"}
"""Metadata of the output that holds a cell's bars."""
Item = TypeVar("Item")


class _Output:
    """The one output of the cell that runs, with a line a bar."""

    def __init__(self) -> None:
        self.cell = -1
        self.lines: dict[int, str] = {}
        self.handle: Any = None

    def write(self, position: int, line: str) -> None:
        """Put a bar's line into the output of the cell that runs."""
        from IPython.core.getipython import get_ipython
        from IPython.display import display

        cell = getattr(get_ipython(), "execution_count", 0)
        if cell != self.cell:
            self.cell, self.lines, self.handle = cell, {}, None
        self.lines[position] = line
        text = "\n".join(self.lines[at] for at in sorted(self.lines) if self.lines[at])
        data = {"text/plain": text}
        if self.handle is not None:
            self.handle.update(data, raw=True, metadata=MARK)
        elif text:
            self.handle = display(data, raw=True, metadata=MARK, display_id=True)


_output = _Output()


class _Shown(tqdm):
    """A bar in a cell's output."""

    def display(self, msg: str | None = None, pos: int | None = None) -> bool:
        """Show the bar, or `msg` in its place."""
        at = abs(self.pos) if pos is None else abs(pos)
        _output.write(at, str(self) if msg is None else msg)
        return True


def _watched() -> bool:
    """Return whether this is a notebook's kernel that was told to show bars."""
    ipython = sys.modules.get("IPython")  # which every kernel has imported
    if ipython is None or not os.environ.get(VARIABLE):
        return False
    return getattr(ipython.get_ipython(), "kernel", None) is not None


def bar(label: str, total: int | None = None, *, unit: str, progress: bool | None = None) -> tqdm:
    """Return a bar that says how far a computation is.

    Parameters
    ----------
    label : str
        What is computed.
    total : int, optional
        How many units there are.
    unit : str
        What is counted.
    progress : bool, optional
        Whether to show it; default: on a terminal, and in JupyterLab as `make lab` starts it.

    Returns
    -------
    tqdm
        Call `update` for every unit and `close` at the end, or use it in a `with` statement.

    Examples
    --------
    >>> from kktnotes.progress import bar
    >>> with bar("steps", 3, unit="step") as shown:
    ...     print(shown.total, [shown.update() for _ in range(3)])
    3 [None, None, None]
    """
    checks.instance("label", label, str, "words for the reader")
    checks.instance("unit", unit, str, "what is counted, in a word")
    if total is not None:
        total = checks.integer("total", total, least=0)
    if progress is not None:
        checks.instance("progress", progress, bool, "True, False or None")
    settings: dict[str, Any] = {"desc": label, "total": total, "unit": unit, "leave": False}
    if progress is not False and _watched():
        return _Shown(**settings, delay=DELAY, file=io.StringIO(), ncols=80)
    disable = None if progress is None else not progress
    return tqdm(**settings, delay=DELAY, disable=disable)


def each(items: Iterable[Item], label: str, *, progress: bool | None = None) -> Iterator[Item]:
    """Yield the items of a long loop and show how many are done.

    Parameters
    ----------
    items : iterable
        What the loop runs over.
    label : str
        What is computed of each.
    progress : bool, optional
        As in `bar`.

    Examples
    --------
    >>> from kktnotes.progress import each
    >>> [seed**2 for seed in each(range(3), "squares")]
    [0, 1, 4]
    """
    if not isinstance(items, Iterable):
        raise checks.refusal("items", type(items).__name__, "what a loop can run over")
    total = len(items) if isinstance(items, Sized) else None
    with bar(label, total, unit="done", progress=progress) as shown:
        for item in items:
            yield item
            shown.update()

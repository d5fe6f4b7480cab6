"""Run one notebook from top to bottom: what `tools.execute` and `tools.notebooks` share.

A run leaves no time, path or version of the machine in the notebook, so that the same text gives
the same bytes. It ends with a `Failure` that says in which cell and why: an exception, a kernel
that died, more output than a page can hold, a figure's cell that drew no picture.
"""

from __future__ import annotations

import asyncio
import atexit
import re
import signal
from collections.abc import Callable
from pathlib import Path

from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, DeadKernelError
from nbformat import NotebookNode

from kktnotes.evidence.sentences import MISSING, STALE
from kktnotes.figures.export.captions import captions
from tools.chapters import code_cells
from tools.refusal import Refused

MOST_OUTPUT = 20_000_000
"""Characters that the outputs of one notebook may have; the largest chapter has some 2 million."""
ARGUMENTS = ["--log-level=ERROR"]
"""Kernels run on this machine only: their warning about unencrypted TCP is noise here."""
COLORS = re.compile(r"\x1b\[[0-9;]*m")


class Failure(Exception):
    """A notebook that did not run to its end; the message holds the cell and the reason."""

    def __init__(self, cell: int, source: str, reason: str) -> None:
        """Take the cell's number among the code cells, from 1, its source and what happened."""
        super().__init__(f"In [{cell}]:\n{source}\n\n{COLORS.sub('', reason)}")
        self.cell = cell


class _Client(NotebookClient):
    """nbclient's client, which ends the kernel of a notebook that prints without end."""

    written = 0
    killing: asyncio.Future | None = None

    def output(
        self, outs: list, msg: dict, display_id: str | None, cell_index: int
    ) -> NotebookNode | None:
        """Take an output, or end the kernel."""
        content = msg["content"]
        parts = [content.get("text", ""), *content.get("data", {}).values()]
        self.written += sum(len(str(part)) for part in parts)
        if self.written <= MOST_OUTPUT:
            return super().output(outs, msg, display_id, cell_index)
        if self.killing is None:  # killed, and no more: nbclient's own clean-up shuts it down
            self.killing = asyncio.ensure_future(self.km.signal_kernel(signal.SIGKILL))
        return None


def run(
    notebook: NotebookNode, folder: Path, cell_begun: Callable[[], None] = lambda: None
) -> NotebookNode:
    """Run a notebook in `folder` and return it with its outputs and nothing of the machine.

    Parameters
    ----------
    notebook : NotebookNode
        Its outputs are replaced.
    folder : Path
        Where the kernel starts.
    cell_begun : callable
        Called at each cell, of whatever kind.

    Raises
    ------
    Failure
    """
    at = [0, ""]

    def begun(cell: NotebookNode, cell_index: int) -> None:
        cell_begun()
        if cell.cell_type == "code":
            at[:] = at[0] + 1, cell.source

    client = _Client(
        notebook,
        timeout=None,
        kernel_name="python3",
        extra_arguments=ARGUMENTS,
        record_timing=False,
        shutdown_kernel="immediate",
        resources={"metadata": {"path": str(folder)}},
        on_cell_start=begun,
    )
    try:
        asyncio.run(client.async_execute())
    except Exception as error:  # whatever a killed kernel leads to, why it was killed is the reason
        if client.killing is None:
            raise _failure(at, error) from error
    finally:
        atexit.unregister(client._cleanup_kernel)  # left behind where the kernel did not start
    if client.killing is not None:
        raise Failure(*at, f"the notebook's outputs have more than {MOST_OUTPUT:,} characters")
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs = joined(cell.outputs)
    for part in (notebook, *notebook.cells):
        for noise in ("language_info", "execution", "papermill"):
            part.metadata.pop(noise, None)
    missing = without_picture(notebook)
    if missing:
        raise Failure(*missing, "a figure's cell that drew no picture")
    for number, cell in enumerate(code_cells(notebook), 1):
        for text in (one.get("data", {}).get("text/markdown", "") for one in cell.outputs):
            if MISSING.search(text) or STALE in text:
                raise Failure(number, cell.source, f"a sentence without a number of it: {text}")
    return notebook


def _failure(at: list, error: Exception) -> Failure:
    """Return the failure of the cell `at` that nbclient's error tells of."""
    if isinstance(error, CellExecutionError):
        return Failure(*at, error.traceback)
    if isinstance(error, DeadKernelError):
        return Failure(*at, "the kernel died: out of memory, killed, or a crash below Python")
    if not at[0]:
        return Failure(*at, f"the kernel did not start: {error}")
    return Failure(*at, f"{type(error).__name__}: {error}")


def joined(outputs: list[NotebookNode]) -> list[NotebookNode]:
    """Return outputs with one stream of each name, stdout before stderr, as a terminal shows it.

    How a kernel's prints are cut into messages is chance. (nbclient's own way takes the square of
    the length of a line.)
    """
    streams: dict[str, NotebookNode] = {}
    found = []
    for output in outputs:
        if output.output_type != "stream":
            found.append(output)
        elif output.name in streams:
            streams[output.name].text += output.text
        else:
            streams[output.name] = output
            found.append(output)
    for stream in streams.values():
        stream.text = "\n".join(map(_overwritten, stream.text.split("\n")))
    places = [place for place, one in enumerate(found) if one.output_type == "stream"]
    ordered = [streams[name] for name in sorted(streams, reverse=True)]
    for place, stream in zip(places, ordered, strict=True):
        found[place] = stream
    return found


def _overwritten(line: str) -> str:
    """Return what is left of a line after its carriage returns."""
    kept = line.rstrip("\r")
    return kept.rpartition("\r")[2] + line[len(kept) :]


def reason(error: BaseException) -> str:
    """Return why a notebook has no outputs."""
    if isinstance(error, (Failure, Refused)):
        return str(error)
    if isinstance(error, OSError) and error.filename:
        return f"{error.filename}: {error.strerror}"
    return f"{type(error).__name__}: {error}"


def without_picture(notebook: NotebookNode) -> tuple[int, str] | None:
    """Return number and source of the first figure's cell without a picture, None if there is none.

    A figure's cell is one that a caption follows (`kktnotes.figures.export.captions`).
    """
    code = code_cells(notebook)
    for number in captions(notebook.cells):
        cell = notebook.cells[number]
        kinds = [kind for output in cell.outputs for kind in output.get("data", {})]
        if not any(kind.startswith("image/") for kind in kinds):
            return code.index(cell) + 1, cell.source
    return None

"""Sentences with the numbers of this run, each the output of a cell of its own: `%%say`.

A chapter's text cannot hold what a run measures. So a sentence that tells a number is the output
of a cell that begins with `%%say` and is Markdown otherwise; `{{name}}` in it becomes what
`kktnotes.say(name=...)` was given, or else the notebook's variable of that name. As an output it
reads the same on a page, in JupyterLab, on a forge and in a copy made by papermill, and it is never
older than the run that printed it::

    %%say
    At the end both are within {{off}} of the dashed lines.

A sentence follows its numbers: where one is said later, or said again, the sentence that stands
already is brought up to date. Where a chapter's parameters were run again and a number was not,
the sentence says so. `%load_ext kktnotes` makes the magic known.
"""

from __future__ import annotations

import hashlib
import re
from typing import Any

from kktnotes import checks
from kktnotes.evidence.prose import shown

PLACE = re.compile(r"\{\{(\w+)\}\}")
MISSING = re.compile(r"⟨\w+⟩")
"""What stands in a sentence for a number that was not said yet."""
STALE = "*Not run again since the parameters changed:* "


class Sentences:
    """What was said in this kernel, and the sentences that show it."""

    def __init__(self) -> None:
        """Begin with nothing said."""
        self.values: dict[str, str] = {}
        self.runs: dict[str, int] = {}  # name -> run in which it was said
        self.texts: dict[str, str] = {}  # display id -> Markdown with places
        self.shown: dict[str, str] = {}  # display id -> Markdown as it stands
        self.checked: dict[str, str] = {}  # parameter -> cell that checked it last
        self.run = 0

    def written(self, text: str) -> str:
        """Return a text with its numbers.

        Parameters
        ----------
        text : str
            Markdown in which ``{{name}}`` stands for what was said by that name.

        Returns
        -------
        str
            The Markdown that is shown: ``⟨name⟩`` where nothing was said yet, and a line before it
            where a number is that of an earlier run of the parameters.
        """
        names = PLACE.findall(text)
        filled = PLACE.sub(
            lambda f: self.values[f[1]] if f[1] in self.values else variable(f[1]), text
        )
        old = any(self.runs.get(name, self.run) != self.run for name in names)
        return f"{STALE}\n\n{filled}" if old else filled

    def say(self, values: dict[str, str]) -> None:
        """Take words by name and bring the sentences that show them up to date."""
        self.values.update(values)
        self.runs.update(dict.fromkeys(values, self.run))
        self._refresh()

    def show(self, text: str) -> None:
        """Display a sentence; it follows its numbers from now on."""
        from IPython.display import Markdown, display

        name = f"say-{hashlib.sha1(text.encode()).hexdigest()[:16]}"
        self.texts[name], self.shown[name] = text, self.written(text)
        display(Markdown(self.shown[name]), display_id=name)

    def check(self, names: list[str], cell: str) -> None:
        """Take it that a cell checks parameters: by another cell than before, a new run begins."""
        if any(self.checked.get(name, cell) != cell for name in names):
            self.run += 1
            self.checked.clear()
            self._refresh()
        self.checked.update(dict.fromkeys(names, cell))

    def _refresh(self) -> None:
        for name, text in self.texts.items():
            new = self.written(text)
            if new != self.shown[name]:
                from IPython.display import Markdown, update_display

                self.shown[name] = new
                update_display(Markdown(new), display_id=name)


SENTENCES = Sentences()
"""Those of this kernel."""


def variable(name: str) -> str:
    """Return the number or word that a notebook's variable holds, as prose shows it."""
    shell = _shell()
    value = shell.user_ns.get(name) if shell else None
    known = isinstance(value, (int, float, str)) and not isinstance(value, bool)
    return shown(value) if known else f"⟨{name}⟩"


def say(*, digits: int = 3, **values: object) -> None:
    """Hand numbers or words of this run to the sentences of a notebook, `%%say`.

    Parameters
    ----------
    digits : int
        Significant digits of numbers that are not whole.
    **values : str, int, float
        What a sentence shows where it has ``{{name}}``; see `kktnotes.evidence.shown`.

    Examples
    --------
    >>> import kktnotes as kn
    >>> kn.say(points=1040)
    """
    SENTENCES.say({name: shown(value, digits=digits) for name, value in values.items()})


def _shell() -> Any:  # noqa: ANN401 (IPython may be missing)
    try:
        from IPython import get_ipython
    except ModuleNotFoundError:
        return None
    return get_ipython()


def cell() -> str:
    """Return what tells this execution of a cell from every other; empty outside of kernels."""
    shell = _shell()
    parent: dict = getattr(shell, "get_parent", dict)() if shell else {}
    return str(parent.get("header", {}).get("msg_id", ""))


def _magic(line: str, text: str) -> None:
    """`%%say`: show the cell, Markdown, with the numbers of this run."""
    if line.strip():
        raise checks.refusal("%%say", repr(line), "nothing on its line")
    SENTENCES.show(text.strip())


def load_ipython_extension(shell: Any) -> None:  # noqa: ANN401 (IPython may be missing)
    """Make `%%say` known to a shell: ``%load_ext kktnotes``.

    Parameters
    ----------
    shell : InteractiveShell
        IPython's, which calls this.
    """
    shell.register_magic_function(_magic, magic_kind="cell", magic_name="say")

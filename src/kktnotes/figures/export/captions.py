"""A figure's caption is the paragraph after its cell, so that every reader of notebooks has it.

    <a id="figure-flow-growth"></a> **Figure.** Minus the logarithm of the loss ...

The anchor is the figure's name; the page moves the paragraph below the picture.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import NamedTuple

CAPTION = re.compile(r'<a id="(figure-[\w-]+)"></a> \*\*Figure\.\*\* (.*?)(?:\n\s*\n|\Z)\s*', re.S)


class Caption(NamedTuple):
    """A figure's name, what is said below it, and the text that follows in the same cell."""

    name: str
    words: str
    rest: str


def captions(cells: Sequence[Mapping]) -> dict[int, Caption]:
    """Return the captions of a notebook's figures, by the number of the figure's cell.

    Parameters
    ----------
    cells : sequence of mappings
        A notebook's cells in format 4, as dicts or as nbformat has them.

    Returns
    -------
    dict
        Number of the code cell, from 0 among all cells -> its caption.
    """
    found = {}
    for number, (cell, after) in enumerate(pairwise(cells)):
        if cell.get("cell_type") != "code" or after.get("cell_type") != "markdown":
            continue
        source = after.get("source", "")
        match = CAPTION.match(source if isinstance(source, str) else "".join(source))
        if match:
            words = " ".join(match[2].split())
            found[number] = Caption(match[1], words, match.string[match.end() :])
    return found

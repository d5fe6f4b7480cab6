"""What a benchmark printed, for a page: `{benchmark} _benchmarks/kkt.txt`.

The two lines at the top, the command and the machine, become a line of text. Rows of the kinds that
are wider than a page become a table; then everything as it was printed stands in a fold.
"""

from __future__ import annotations

import re
from html import escape
from pathlib import Path

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

POINT = re.compile(
    r"(\w+) +(\d+) +(\d+) +([\d.]+) +([\d.]+) +([\d.]+) +(\d+) +(\S+) +(\S+) +(\S+) +"
    r"([\d.]+) +([\d.]+)(?: +((?:> *)?[\d.]+) +((?:> *)?[\d.]+)(?: +\(best ([^)]*)\))?)?$"
)
ATTACK = re.compile(
    r"(\w[\w.]*) +(\S.*?) +(\d+) +(\d+) +(\S+) +(\S+) +(\S+) +\S+ s +(\S+) ms a point$"
)
KINDS = (
    (
        POINT,
        "case, points, width, sample (s), flow (s), point (s), neurons, residual, asked, , "
        "angle first, angle last, training (s), time over ours, ended at",
    ),
    (
        ATTACK,
        "case, attack, points, fell, median, largest, share within 1 %, ms a point",
    ),
)
"""A row as it is printed, and the heads of its columns."""
NONE = re.compile(r"(?m)^(\w+) +\d+ +\d+ +not separated\b")


def table(lines: list[str]) -> str:
    """Return the rows among some lines as a table, empty where there are none that need one."""
    for pattern, heads in KINDS:
        rows = [found.groups("") for line in lines if (found := pattern.match(line))]
        if rows:
            names = [name.strip() for name in heads.split(",")]
            kept = [i for i, name in enumerate(names) if name and any(row[i] for row in rows)]
            head = "".join(f'<th scope="col">{names[i]}</th>' for i in kept)
            body = "".join(
                f"<tr>{''.join(f'<td>{escape(row[i])}</td>' for i in kept)}</tr>" for row in rows
            )
            return (
                '<div class="benchmark-table" tabindex="0" role="region" aria-label="results">'
                f'<table class="benchmark"><thead><tr>{head}</tr></thead>'
                f"<tbody>{body}</tbody></table></div>"
            )
    return ""


def page(text: str) -> str:
    """Return what stands on the page for a file of a benchmark."""
    command, machine, *lines = [*text.rstrip().splitlines(), "", ""]
    printed = "\n".join(lines).strip("\n")
    listing = f'<div class="highlight"><pre tabindex="0">{escape(printed)}</pre></div>'
    shown = table(lines)
    if shown:
        without = ", ".join(NONE.findall(printed))
        shown += f"<p>Not separated, so without a point: {without}.</p>" if without else ""
        listing = (
            f'{shown}<details class="benchmark-printed"><summary>Everything as it was printed'
            f"</summary>{listing}</details>"
        )
    run = escape(command.removeprefix("$ "))
    return f'<p class="benchmark-run"><code>{run}</code><br>{escape(machine)}</p>{listing}'


class Benchmark(SphinxDirective):
    """`{benchmark} FILE`: what a benchmark printed; the file as seen from the page."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        """Return it as HTML."""
        _, path = self.env.relfn2path(self.arguments[0])
        self.env.note_dependency(path)
        return [nodes.raw("", page(Path(path).read_text("utf-8-sig")), format="html")]


def setup(app: Sphinx) -> dict[str, object]:
    """Add the directive."""
    app.add_directive("benchmark", Benchmark)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}

"""What a benchmark printed, for a page: `{benchmark} _benchmarks/kkt.txt`.

The two lines at the top, the command and the machine, become a line of text. Where the data beside
the text name the columns of a table, it is shown; then everything as it was printed stands in a
fold. `benchmarks/records.py` says what the data are.
"""

from __future__ import annotations

import json
from html import escape
from pathlib import Path

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

MAKE = "`make benchmarks` writes both files"


def shown(value: object, form: str) -> str:
    """Return a value as its column shows it: a number in a format, a bound, a text as it is."""
    if isinstance(value, dict):
        return f"> {shown(value['above'], form)}"
    return value if isinstance(value, str) else format(value, form)


def table(data: dict) -> str:
    """Return the rows of the table that pages show, empty where there is none."""
    rows = [row for row in data["rows"] if row["table"] == data["shown"]]
    measured = [row for row in rows if "reason" not in row]
    columns = [one for one in data["columns"] if any(one["name"] in row for row in measured)]
    if not columns:
        return ""
    head = "".join(f'<th scope="col">{escape(one["heading"])}</th>' for one in columns)
    body = ""
    for row in measured:
        cells = (
            shown(row[one["name"]], one["format"]) if one["name"] in row else "" for one in columns
        )
        body += f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in cells)}</tr>"
    return (
        '<div class="benchmark-table" tabindex="0" role="region" aria-label="results">'
        f'<table class="benchmark"><thead><tr>{head}</tr></thead>'
        f"<tbody>{body}</tbody></table></div>{missing(rows)}"
    )


def missing(rows: list[dict]) -> str:
    """Return for each reason why rows have no values a line that names them."""
    named: dict[str, list[str]] = {}
    for row in rows:
        if "reason" in row:
            named.setdefault(row["reason"], []).append(row["case"])
    return "".join(
        f"<p>{escape(reason[:1].upper() + reason[1:])}: {escape(', '.join(names))}.</p>"
        for reason, names in named.items()
    )


def page(text: str, data: dict) -> str:
    """Return what stands on the page for the text and the data of a benchmark.

    Raises
    ------
    ValueError
        If the data are of another run than the text, or lack what every benchmark writes.
    """
    lacking = {"command", "machine", "shown", "columns", "rows"}.difference(data)
    if lacking:
        raise ValueError(f"got no {min(lacking)!r} in it; {MAKE}")
    command, machine, *lines = [*text.rstrip().splitlines(), "", ""]
    run = command.removeprefix("$ ")
    for name, here in (("command", run), ("machine", machine)):
        if data[name] != here:
            raise ValueError(
                f"{name}: got data of {data[name]!r}, allowed is that of the text, {here!r}; {MAKE}"
            )
    printed = "\n".join(lines).strip("\n")
    listing = f'<div class="highlight"><pre tabindex="0">{escape(printed)}</pre></div>'
    results = table(data)
    if results:
        listing = (
            f'{results}<details class="benchmark-printed"><summary>Everything as it was printed'
            f"</summary>{listing}</details>"
        )
    return f'<p class="benchmark-run"><code>{escape(run)}</code><br>{escape(machine)}</p>{listing}'


class Benchmark(SphinxDirective):
    """`{benchmark} FILE.txt`: what a benchmark printed; the file as seen from the page.

    What it measured stands beside it, in FILE.json.
    """

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        """Return it as HTML."""
        _, name = self.env.relfn2path(self.arguments[0])
        text, data = Path(name), Path(name).with_suffix(".json")
        for path in (text, data):
            self.env.note_dependency(str(path))
            if not path.exists():
                raise self.error(f"benchmark: {path.name} is not there; {MAKE}")
        try:
            html = page(text.read_text("utf-8-sig"), json.loads(data.read_text("utf-8-sig")))
        except (ValueError, TypeError) as error:
            raise self.error(f"benchmark: {data.name}: {error}") from error
        return [nodes.raw("", html, format="html")]


def setup(app: Sphinx) -> dict[str, object]:
    """Add the directive."""
    app.add_directive("benchmark", Benchmark)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}

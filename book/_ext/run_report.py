"""`{run-report}`: where, with what and for how long the notebooks of these pages ran.

The facts are those of `book/run.json`, which `make book` writes beside the sources that it renders;
a build from the stored outputs has none and says so.
"""

from __future__ import annotations

import json
from html import escape
from pathlib import Path

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

STORED = (
    "These pages show the outputs that are stored with the notebooks (quick profile); nothing ran "
    "while they were built, so there are no times to report. `make book` runs every notebook and "
    "reports here."
)


def table(caption: str, head: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    """Return a table whose first column names its rows, as HTML."""
    top = "".join(f'<th scope="col">{escape(name)}</th>' for name in head)
    body = "".join(
        f'<tr><th scope="row">{escape(row[0])}</th>'
        + "".join(f"<td>{escape(value)}</td>" for value in row[1:])
        + "</tr>"
        for row in rows
    )
    return (
        f'<table class="table run-report"><caption>{escape(caption)}</caption>'
        f"<thead><tr>{top}</tr></thead><tbody>{body}</tbody></table>"
    )


def report(facts: dict) -> str:
    """Return the report of one run as HTML."""
    machine = facts["machine"]
    where = [
        ("profile", facts["profile"]),
        ("processor", machine["processor"]),
        ("cores", f"{machine['cores']}; two notebooks at a time, one thread each"),
        ("memory", f"{machine['memory']} GiB"),
        ("system", machine["system"]),
    ]
    total = sum(one["seconds"] for one in facts["chapters"])
    rows = [
        (
            one["name"],
            f"{one['seconds']:.1f}",
            ", ".join(f"{name} = {value}" for name, value in one["parameters"].items()),
        )
        for one in facts["chapters"]
    ]
    rows.append(("all chapters, one after the other", f"{total:.1f}", ""))
    return (
        table("Seconds and parameters by chapter", ("Chapter", "Seconds", "Parameters"), rows)
        + table("Machine", ("What", "Value"), where)
        + table("Versions", ("Package", "Version"), list(facts["versions"].items()))
    )


class RunReport(SphinxDirective):
    """`{run-report}`: the report of the run that made these pages."""

    def run(self) -> list[nodes.Node]:
        """Return the tables, or a sentence where nothing ran."""
        path = Path(self.env.app.srcdir) / "book" / "run.json"
        self.env.note_dependency(str(path))
        if not path.exists():
            return [nodes.paragraph("", STORED.replace("`", ""))]
        facts = json.loads(path.read_text("utf-8"))
        return [nodes.raw("", report(facts), format="html")]


def setup(app: Sphinx) -> dict[str, object]:
    """Add the directive."""
    app.add_directive("run-report", RunReport)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}

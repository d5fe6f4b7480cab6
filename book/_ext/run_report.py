"""`{run-report}`: where, with what and for how long the notebooks of these pages ran.

`` {run-time}`chapter` `` is one sentence of it, for the chapter's own page.

The facts are those of `book/run.json`, which `make book` writes beside the sources that it renders;
a build from the stored outputs has none and says so.
"""

from __future__ import annotations

import json
from html import escape
from pathlib import Path

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.util.docutils import SphinxDirective, SphinxRole

STORED = (
    "These pages show the outputs that are stored with the notebooks (quick profile); nothing ran "
    "while they were built, so there are no times to report. `make book` runs every notebook and "
    "reports here."
)


def table(caption: str, head: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    """Return a table whose first column names its rows, as HTML."""
    rows = [tuple(map(str, row)) for row in rows]
    top = "".join(f'<th scope="col">{escape(name)}</th>' for name in head)
    body = "".join(
        f'<tr><th scope="row">{escape(row[0]).replace("_", "_<wbr>")}</th>'
        + "".join(f"<td>{escape(value)}</td>" for value in row[1:])
        + "</tr>"
        for row in rows
    )
    return (
        f'<table class="table run-report"><caption>{escape(caption)}</caption>'
        f"<thead><tr>{top}</tr></thead><tbody>{body}</tbody></table>"
    )


def shown(value: object) -> str:
    """Return a parameter's value for the table."""
    return "(empty)" if value == "" else f"{value}"


def took(facts: dict | None, chapter: str) -> str:
    """Return a sentence on how long a chapter ran; `facts` is None where nothing ran."""
    if facts is None:
        return "How long it runs stands here, and in the run report, where `make book` ran it."
    [seconds] = [one["seconds"] for one in facts["chapters"] if one["name"] == chapter]
    time = f"{seconds:.0f} seconds" if seconds < 120 else f"{seconds / 60:.0f} minutes"
    return f"The code of this page ran {time}, on one core, in the {facts['profile']} profile."


def run_of(env: BuildEnvironment) -> dict | None:
    """Return the facts of the run that made these pages, None where none did."""
    path = Path(env.app.srcdir) / "book" / "run.json"
    env.note_dependency(str(path))
    return json.loads(path.read_text("utf-8-sig")) if path.exists() else None


def kept(env: BuildEnvironment, profile: str) -> dict:
    """Return the facts of the last whole run of a profile, which `tools.report` has kept."""
    path = Path(env.app.srcdir) / "book" / "_runs" / f"{profile}.json"
    env.note_dependency(str(path))
    return json.loads(path.read_text("utf-8-sig"))


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
            ", ".join(f"{name} = {shown(value)}" for name, value in one["parameters"].items()),
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
    """`{run-report}`: the report of the run that made these pages.

    `{run-report} full` is that of the last whole run of another profile, as it was kept.
    """

    optional_arguments = 1

    def run(self) -> list[nodes.Node]:
        """Return the tables, or a sentence where nothing ran."""
        facts = kept(self.env, self.arguments[0]) if self.arguments else run_of(self.env)
        if facts is None:
            return [nodes.paragraph("", STORED.replace("`", ""))]
        return [nodes.raw("", report(facts), format="html")]


class RunTime(SphinxRole):
    """`` {run-time}`chapter` ``: how long the chapter's notebook ran for these pages."""

    def run(self) -> tuple[list[nodes.Node], list[nodes.system_message]]:
        """Return the sentence."""
        return [nodes.Text(took(run_of(self.env), self.text).replace("`", ""))], []


def setup(app: Sphinx) -> dict[str, object]:
    """Add the directive and the role."""
    app.add_directive("run-report", RunReport)
    app.add_role("run-time", RunTime())
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}

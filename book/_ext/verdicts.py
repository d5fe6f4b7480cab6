"""Verdicts in the pages: a badge at each statement of the paper, the table and graph of all.

The ledger is read from the notebooks that this build renders, so that every profile shows its own
measurements. Its faults are warnings, which `-W` turns into a failed build.

A statement stands where its directive is: `paper-lemma-2-1` as the label of a `{prf:lemma}`,
`paper-equation-3` as that of a `{math}`, or, for what the paper does not number,

    ```{measured} both-labels
    ```

which prints its name and gist from `book/statements.toml`. The badge follows by itself.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

import glance
import graph
import statements_table
from docutils import nodes
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective

from kktnotes.evidence.card import SYMBOLS, shown_slack
from kktnotes.evidence.ledger import Entry, Found, Ledger, Part

logger = logging.getLogger(__name__)
SHAPES = {"table": statements_table.table, "graph": graph.graph, "glance": glance.glance}
Place = tuple[str, str]
"""A page and an anchor on it."""


class Placeholder(nodes.General, nodes.Element):
    """Where the table or the graph of all statements goes."""


class Measured(SphinxDirective):
    """`{measured} id`: a statement that the paper does not number, with its badge."""

    required_arguments = 1
    has_content = True

    def run(self) -> list[nodes.Node]:
        """Return name and gist in a box; the badge is added when pages are written."""
        name = self.arguments[0].removeprefix("paper-")
        ledger: Ledger | None = self.env.app.ledger
        if ledger is None or name not in ledger.entries:
            return [self.state.document.reporter.warning(f"measured: no statement {name!r}")]
        statement = ledger.entries[name].statement
        box = nodes.container(classes=["statement"], ids=[statement.label], label=statement.label)
        heading = nodes.strong("", statement.name)
        several = ", " in statement.section
        where = f"section{'s' * several} {statement.section.replace(', ', ' and ')}"
        text = nodes.paragraph("", "", heading, nodes.Text(f" ({where}). "))
        text += nodes.Text(statement.gist)
        box += text
        said, meant = " ".join(self.content).replace("**", ""), text.astext()
        if said and " ".join(said.split()) != meant:
            warning = f"{name}: the text says {said!r}, statements.toml {meant!r}"
            return [box, self.state.document.reporter.warning(warning)]
        places(self.env).setdefault(name, (self.env.docname, statement.label))
        return [box]


class All(SphinxDirective):
    """`{statements} table`, `graph` or `glance`: all statements of the paper."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        """Return a placeholder: links are known when pages are written."""
        if self.arguments[0] not in SHAPES:
            raise self.error(f"statements: one of {', '.join(SHAPES)}, not {self.arguments[0]!r}")
        if self.arguments[0] == "table":
            self.env.statements_page = self.env.docname
        return [Placeholder(shape=self.arguments[0])]


def places(env: BuildEnvironment) -> dict[str, Place]:
    """Return where each statement that the `measured` directive printed stands."""
    if not hasattr(env, "measured_places"):
        env.measured_places = {}
    return env.measured_places


def forget(app: Sphinx, env: BuildEnvironment, docname: str) -> None:
    """Drop what a page that is read again said before."""
    for name, place in list(places(env).items()):
        if place[0] == docname:
            del places(env)[name]


def read(app: Sphinx, env: BuildEnvironment, docnames: list[str]) -> None:
    """Read the ledger from the notebooks of this build and warn of its faults."""
    app.ledger = None
    path = Path(app.srcdir) / "book" / "statements.toml"
    if not path.exists():
        return
    notebooks = [Path(env.doc2path(name)) for name in sorted(env.found_docs)]
    notebooks = [notebook for notebook in notebooks if notebook.suffix == ".ipynb"]
    try:
        app.ledger = Ledger.read(path, notebooks)
    except ValueError as error:
        logger.warning("statements.toml: %s", error)
        return
    for fault in app.ledger.faults:
        logger.warning("the ledger: %s", fault)
    digest = hashlib.sha256(path.read_bytes())
    for notebook in notebooks:
        digest.update(notebook.read_bytes())
    if getattr(env, "ledger_digest", "") != digest.hexdigest():
        env.ledger_digest = digest.hexdigest()
        docnames[:] = sorted(env.found_docs)  # every page may show a verdict


def standing(app: Sphinx, env: BuildEnvironment) -> list[str]:
    """Find where each statement stands; warn of one that its chapter does not show."""
    app.statement_places = {}
    if app.ledger is None:
        return []
    proofs = getattr(env, "proof_list", {})
    equations = env.get_domain("math").equations
    for name, entry in app.ledger.entries.items():
        label = entry.statement.label
        if label in proofs:
            app.statement_places[name] = (proofs[label]["docname"], label)
        elif label in equations:
            app.statement_places[name] = (equations[label][0], f"equation-{label}")
        elif name in places(env):
            app.statement_places[name] = places(env)[name]
        chapter = entry.statement.chapter
        if chapter and app.statement_places.get(name, ("",))[0] != f"book/{chapter}":
            logger.warning("the ledger: %s is not shown in its chapter %s", name, chapter)
    return []


class Links:
    """Addresses as seen from one page."""

    def __init__(self, app: Sphinx, docname: str) -> None:
        self.app, self.docname = app, docname

    def to(self, docname: str, anchor: str) -> str:
        """Return the relative address of an anchor."""
        if docname == self.docname:
            return f"#{anchor}"
        return f"{self.app.builder.get_relative_uri(self.docname, docname)}#{anchor}"

    def statement(self, name: str) -> str:
        """Return where a statement stands: in its chapter, else in the table of all."""
        place = self.app.statement_places.get(name)
        return self.to(*place) if place else self.row(name)

    def row(self, name: str) -> str:
        """Return a statement's row in the table of all; empty if the book has no such page."""
        page = getattr(self.app.env, "statements_page", "")
        return self.to(page, f"statement-{name}") if page else ""

    def cell(self, found: Found) -> str:
        """Return the cell that made a measurement."""
        return self.to(f"book/{found.notebook}", found.anchor)

    def title(self, found: Found) -> str:
        """Return the title of the chapter that made a measurement."""
        return self.app.env.titles[f"book/{found.notebook}"].astext()


def badge(entry: Entry, links: Links) -> nodes.container:
    """Return the badge of one statement: a line for each conclusion, and a way to all others."""
    word = entry.verdict.word.replace(" ", "-")
    box = nodes.container(classes=["verdict", f"verdict-{word}"])
    if entry.parts and entry.found:
        for part in entry.parts:
            box += conclusion(entry, part, links)
    else:
        line = nodes.paragraph("", "", chip(entry.word, entry.verdict.word))
        line += nodes.Text(f" {entry.verdict.reason}")
        measured(line, entry.found, links)
        box += line
    row = links.row(entry.statement.id)
    if row:
        text = "what this does not show, and all statements"
        box += nodes.paragraph("", "", nodes.reference("", text, refuri=row, internal=True))
    return box


def chip(text: str, word: str) -> nodes.inline:
    """Return a verdict's symbol and word."""
    classes = ["verdict-word", f"word-{word.replace(' ', '-')}"]
    return nodes.inline("", f"{SYMBOLS[word]} {text}", classes=classes)


def conclusion(entry: Entry, part: Part, links: Links) -> nodes.paragraph:
    """Return the line of one conclusion."""
    line = nodes.paragraph("", "", chip(part.verdict.word, part.verdict.word))
    text = f" {part.conclusion.says}"
    if not part.found:
        line += nodes.Text(f"{text}: {part.verdict.reason}")
        return line
    facts = [shown_slack(part.verdict.slack), part.verdict.reason]
    if entry.statement.hypotheses:
        facts.append(f"hypotheses {entry.hypotheses_word}")
    line += nodes.Text(f"{text} ({'; '.join(fact for fact in facts if fact)})")
    measured(line, part.found, links)
    return line


def measured(line: nodes.paragraph, found: tuple[Found, ...], links: Links) -> None:
    """Add the links to the cells that measured it."""
    for number, one in enumerate(found, 1):
        line += nodes.Text(" · ")
        text = "measured here" if len(found) == 1 else f"measurement {number}"
        line += nodes.reference("", text, refuri=links.cell(one), internal=True)


def show(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """Put badges at the statements of a page, anchors at its measuring cells, table and graph."""
    ledger: Ledger | None = app.ledger
    if ledger is None:
        return
    links = Links(app, docname)
    labels = {entry.statement.label: entry for entry in ledger.entries.values()}
    for node in list(doctree.findall(nodes.Element)):
        entry = labels.get(node.get("label", ""))
        if entry is not None and isinstance(node, nodes.math_block):
            node.parent.insert(node.parent.index(node) + 1, badge(entry, links))
        elif entry is not None and not isinstance(node, nodes.Inline):
            node += badge(entry, links)
    chapter = docname.removeprefix("book/")
    cells = {
        one.cell: one.anchor
        for entry in ledger.entries.values()
        for one in entry.found
        if one.notebook == chapter
    }
    for node in doctree.findall(nodes.container):
        if node.get("nb_element") == "cell_code" and node.get("cell_index") in cells:
            node["ids"].append(cells[node["cell_index"]])
    for node in list(doctree.findall(Placeholder)):
        node.replace_self(nodes.raw("", SHAPES[node["shape"]](ledger, links), format="html"))


def setup(app: Sphinx) -> dict[str, object]:
    """Connect all of it."""
    app.add_node(Placeholder)
    app.add_directive("measured", Measured)
    app.add_directive("statements", All)
    app.connect("env-before-read-docs", read)
    app.connect("env-purge-doc", forget)
    app.connect("env-check-consistency", lambda app, env: standing(app, env))
    app.connect("doctree-resolved", show)
    return {"version": "1", "parallel_read_safe": False, "parallel_write_safe": True}

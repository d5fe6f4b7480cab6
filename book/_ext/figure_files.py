"""Every figure of a chapter as files: its vector drawing (SVG) and its data (CSV), in the caption.

The figures bring both along in their notebook output (`kktnotes.figures.export.carrying`), so that
the files are those of the very run that the page shows. They are written to `_static/figures/`.

A page without code shows a chapter's figure, as it came out of the run, by

    ```{figure-from} perturbation figure-perturbation-radius
    Its caption here.
    ```
"""

from __future__ import annotations

import json
import re
from html import escape
from pathlib import Path

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective
from sphinx.util.osutil import relative_uri

from kktnotes.figures.export.captions import captions
from kktnotes.figures.export.carrying import MIME, unpack

FOLDER = "_static/figures"
KINDS = {"svg": "SVG", "csv": "data (CSV)"}
NAME = re.compile(r"[A-Za-z0-9_-]+", re.ASCII)
"""What a figure's name may be, since files are called by it."""


def carried(notebook: Path) -> dict[str, dict[str, str]]:
    """Return the texts that a notebook's figures carry: name of the figure -> svg, csv."""
    found = {}
    cells = json.loads(notebook.read_text("utf-8-sig"))["cells"]
    for number, (name, *_) in captions(cells).items():
        cell = cells[number]
        for output in cell.get("outputs", []):
            packed = output.get("metadata", {}).get(MIME)
            if packed and NAME.fullmatch(name):
                found[name] = {kind: unpack(packed[kind]) for kind in KINDS}
                alt = cell["metadata"].get("mystnb", {}).get("image", {}).get("alt", "")
                found[name]["alt"] = f"{alt}"
    return found


class FigureFrom(SphinxDirective):
    """`{figure-from} CHAPTER NAME`: a chapter's figure with a caption of its own."""

    required_arguments = 2
    has_content = True

    def run(self) -> list[nodes.Node]:
        """Return the figure; its drawing is the SVG that the chapter's figure carries."""
        chapter, name = self.arguments
        notebook = Path(self.env.srcdir) / "book" / f"{chapter}.ipynb"
        self.env.note_dependency(str(notebook))
        files = carried(notebook) if notebook.exists() else {}
        if name not in files:
            raise self.error(f"figure-from: {notebook.name} has no figure {name!r}")
        self.env.app.figure_files[name] = files[name]
        page = self.env.app.builder.get_target_uri(self.env.docname)
        source = relative_uri(page, f"{FOLDER}/{name}.svg")
        alt = escape(files[name]["alt"])
        picture = f'<img class="figure-from" src="{escape(source)}" alt="{alt}">'
        figure = nodes.figure("", nodes.raw("", picture, format="html"), align="default")
        caption = nodes.caption()
        texts, _ = self.state.inline_text(" ".join(self.content), self.lineno)
        caption.extend(texts)
        figure += caption
        return [figure]


def link(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """Add the links to the captions of a chapter and remember what to write."""
    path = Path(app.env.doc2path(docname))
    if app.builder.format != "html" or path.suffix != ".ipynb":
        return
    files = carried(path)
    for figure in doctree.findall(nodes.figure):
        names = [name for name in figure["ids"] if name in files]
        captions = [child for child in figure.children if isinstance(child, nodes.caption)]
        if not names or not captions:
            continue
        app.figure_files[names[0]] = files[names[0]]
        if panels(files[names[0]]["csv"]) > 1:  # on a phone it scrolls, instead of shrinking
            figure["classes"].append("wide")
        page = app.builder.get_target_uri(docname)
        links = " ".join(
            f'<a class="figure-file" download '
            f'href="{escape(relative_uri(page, f"{FOLDER}/{names[0]}.{kind}"))}" '
            f'aria-label="{escape(f"this figure as {word}")}">{escape(word)}</a>'
            for kind, word in KINDS.items()
        )
        links = f' <span class="figure-files">{links}</span>'
        captions[0] += nodes.raw("", links, format="html")


def panels(table: str) -> int:
    """Return how many panels a figure's data describes, one a line of comment."""
    return sum(line.startswith("# panel ") for line in table.splitlines())


def write(app: Sphinx, error: Exception | None) -> None:
    """Write the files once all pages are there."""
    if error is not None or not app.figure_files:
        return
    folder = Path(app.outdir) / FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    for name, texts in app.figure_files.items():
        for kind in KINDS:
            (folder / f"{name}.{kind}").write_text(texts[kind], "utf-8")


def setup(app: Sphinx) -> dict[str, object]:
    """Connect both."""
    app.figure_files = {}
    app.add_directive("figure-from", FigureFrom)
    app.connect("doctree-resolved", link)
    app.connect("build-finished", write)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": False}

"""Interactive figures in the pages: the data of the run beside the static picture, and scripts.

A cell whose value is an `Interactive` (`kktnotes.figures.interactive`) shows a static picture in
its notebook, and the output's metadata hold what the scripts of `book/_interactive` need to draw
the interactive one. Here that data goes into the page, as JSON that runs nothing by itself, and
the scripts are loaded on the pages that have such a figure.
"""

from __future__ import annotations

import html
import json
import re
from pathlib import Path

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.config import Config
from sphinx.util import logging

from kktnotes.figures.interactive import MIME

logger = logging.getLogger(__name__)
PARTS = {"plane": ("pieces",)}
"""Scripts that a kind needs beside its own and the core."""
KIND = re.compile(r"[a-z]+(-[a-z]+)*", re.ASCII)
FOLDER = Path(__file__).resolve().parent.parent / "_interactive"


def stored(notebook: Path) -> dict[int, dict]:
    """Return what the interactive figures of a notebook hold, by the number of their cell."""
    found = {}
    for number, cell in enumerate(json.loads(notebook.read_text("utf-8-sig"))["cells"]):
        for output in cell.get("outputs", ()):
            if MIME in output.get("metadata", {}):
                found[number] = output["metadata"][MIME]
    return found


def strange(figure: object) -> str:
    """Return what no page can be made of in what a figure holds; empty where it is all right."""
    if not isinstance(figure, dict) or not {"kind", "label", "data"} <= set(figure):
        return "without kind, label and data"
    if not isinstance(figure["kind"], str) or not KIND.fullmatch(figure["kind"]):
        return f"of kind {figure['kind']!r:.80}, allowed is the name of a script"
    if not isinstance(figure["label"], str):
        return f"with the label {figure['label']!r:.80}, allowed is a text"
    return ""


def script(figure: dict) -> nodes.raw:
    """Return the data of one figure as an element of the page."""
    data = json.dumps(figure["data"], separators=(",", ":")).replace("<", "\\u003c")
    opening = '<script type="application/json" class="kktnotes-data"'
    for name in ("kind", "label"):
        opening += f' data-{name}="{html.escape(figure[name], quote=True)}"'
    return nodes.raw("", f"{opening}>{data}</script>", format="html", kktnotes=figure["kind"])


def insert(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """Put the data into the containers of their cells."""
    notebook = Path(app.env.doc2path(docname))
    if notebook.suffix != ".ipynb":
        return
    figures = stored(notebook)
    for number, figure in list(figures.items()):
        if wrong := strange(figure):
            logger.warning("cell %d: an interactive figure %s", number, wrong, location=docname)
            del figures[number]
    for node in list(doctree.findall(nodes.container)):
        if node.get("nb_element") == "cell_code" and node.get("cell_index") in figures:
            node += script(figures[node["cell_index"]])


def load(
    app: Sphinx, pagename: str, templatename: str, context: dict, doctree: nodes.document | None
) -> None:
    """Load the scripts of the kinds of figures that the page has, and the style."""
    kinds = (
        {node["kktnotes"] for node in doctree.findall(nodes.raw) if "kktnotes" in node}
        if doctree
        else set()
    )
    if kinds:
        app.add_css_file("interactive.css")
        needed = {part for kind in kinds for part in PARTS.get(kind, ())}
        for name in ("core", *sorted(needed), *sorted(kinds)):
            app.add_js_file(f"{name.replace('-', '_')}.js", loading_method="defer")


def serve(app: Sphinx, config: Config) -> None:
    """Copy the scripts and the style beside the pages."""
    config.html_static_path.append(str(FOLDER))


def setup(app: Sphinx) -> dict[str, object]:
    """Connect all of it."""
    app.connect("config-inited", serve)
    app.connect("doctree-resolved", insert)
    app.connect("html-page-context", load)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}

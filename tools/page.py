"""Turn one executed notebook into a page of its own: `python -m tools.page out.ipynb`.

`out.html` holds the text, the formulas, the figures and the numbers of that run in one file, which
needs no network: to send a run to a colleague. A chapter's hidden cells are left out.
"""

from __future__ import annotations

import argparse
import sys
from html import escape
from pathlib import Path

from jinja2 import DictLoader
from nbconvert import HTMLExporter

from tools import chapters, files
from tools.refusal import Refused
from tools.start import started

MATHJAX = chapters.ROOT / "book" / "_mathjax" / "tex-svg-full.js"
FORMULAS = """
MathJax = {tex: {inlineMath: [["$", "$"]], displayMath: [["$$", "$$"]], processEscapes: true},
           options: {ignoreHtmlClass: "jp-InputArea-editor|jp-RenderedText"}};
"""
TEMPLATE = """
{%- extends 'lab/index.html.j2' -%}
{%- block html_head_js -%}
<style>
main { max-width: 60rem; margin: 0 auto; }
.jp-OutputArea-output.jp-RenderedMarkdown { padding-left: 16px; }  /* as text beside it */
</style>
<script>{{ resources.formulas }}</script><script>{{ resources.mathjax }}</script>
{%- endblock html_head_js -%}
{%- block html_head_js_mathjax -%}{%- endblock html_head_js_mathjax -%}
{%- block html_head_js_mermaidjs -%}{%- endblock html_head_js_mermaidjs -%}
"""


def page(notebook: Path) -> str:
    """Return the page of an executed notebook.

    Raises
    ------
    Refused
        If the file is no notebook, or has a code cell that was not run.
    """
    found = chapters.read_notebook(notebook)
    code = [cell for cell in chapters.code_cells(found) if cell.source.strip()]
    if not code or any(cell.execution_count is None for cell in code):
        raise Refused(f"notebook: got {notebook}, a code cell of it was not run; run it first")
    exporter = HTMLExporter(
        extra_loaders=[DictLoader({"page.html.j2": TEMPLATE})], template_file="page.html.j2"
    )
    exporter.register_preprocessor("nbconvert.preprocessors.TagRemovePreprocessor", enabled=True)
    remover = next(one for one in exporter._preprocessors if hasattr(one, "remove_cell_tags"))
    remover.remove_cell_tags = {"remove-cell"}
    remover.remove_input_tags = {"remove-input"}
    scripts = {"formulas": FORMULAS, "mathjax": MATHJAX.read_text("utf-8")}
    resources = {**scripts, "metadata": {"name": escape(notebook.stem)}}
    return exporter.from_notebook_node(found, resources=resources)[0]


def main(arguments: list[str] | None = None) -> int:
    """Write the page beside its notebook, or where one is asked to."""
    parser = argparse.ArgumentParser(prog="python -m tools.page", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("notebook", type=Path, help="an executed notebook, such as out.ipynb")
    parser.add_argument("page", type=Path, nargs="?", help="the page; else out.html beside it")
    options = parser.parse_args(arguments)
    target = options.page or options.notebook.with_suffix(".html")
    files.replace(target, page(options.notebook))
    print(f"open {target.resolve()}")
    return 0


if __name__ == "__main__":
    sys.exit(started(main))

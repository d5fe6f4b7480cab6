"""Links to statements, equations and cited works that are words with a target, wherever they stand.

    [Theorem 3.1](generalization.ipynb#paper-theorem-3-1), Problem [(2)](#paper-equation-2),
    [[LL20]](bibliography.md#LL20)

read as what they are in every viewer of notebooks. On the page they become what the roles
`prf:ref`, `eq` and `cite` would make. Words and page have to be right: a number that the target
does not have, or a page where it does not stand, is a warning, which fails the build.
"""

from __future__ import annotations

from typing import NamedTuple

from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx.util import logging
from sphinx.util.nodes import make_refnode

BIBLIOGRAPHY = "book/bibliography"
logger = logging.getLogger(__name__)


class Target(NamedTuple):
    """Where a label stands, and the words that a link to it has to have."""

    docname: str
    anchor: str
    words: str


def number(env: BuildEnvironment, docname: str, counter: str, anchor: str) -> str:
    """Return the number that the page shows, empty where it shows none."""
    found = env.toc_fignumbers.get(docname, {}).get(counter, {}).get(anchor, ())
    return ".".join(map(str, found))


def target(env: BuildEnvironment, label: str) -> Target | None:
    """Return what a label names, None where it is no statement, equation or cited work."""
    proof = getattr(env, "proof_list", {}).get(label)
    if proof:
        kind, docname = proof["realtype"], proof["docname"]
        words = f"{kind.title()} {number(env, docname, proof['countertype'], label)}"
        return Target(docname, label, words)
    equation = env.get_domain("math").equations.get(label)
    if equation:
        anchor = f"equation-{label}"
        return Target(equation[0], anchor, f"({number(env, equation[0], 'displaymath', anchor)})")
    for one in env.get_domain("cite").citations:
        if one.key == label:
            return Target(one.bibliography_key.docname, one.citation_id, f"[{label}]")
    return None


class Labelled(SphinxPostTransform):
    """Resolve such links, before myst looks for headings of these names."""

    default_priority = 8

    def run(self, **options: object) -> None:
        """Replace every link whose target is known."""
        for node in list(self.document.findall(addnodes.pending_xref)):
            if node["reftype"] != "myst":
                continue
            away = node.get("refdomain") == "doc"
            found = target(self.env, node.get("reftargetid" if away else "reftarget") or "")
            if found is None:
                continue
            page = node["reftarget"] if away else self.env.docname
            said = node.astext()
            if page != found.docname or found.words not in said:
                wrong = f"a link {said!r} to {page}: it is {found.words} of {found.docname}"
                logger.warning("%s", wrong, location=node)
            inner = nodes.inline("", "", *node[0].children)
            node.replace_self(
                make_refnode(self.app.builder, self.env.docname, found.docname, found.anchor, inner)
            )


def listed(app: Sphinx, docname: str, source: list[str]) -> None:
    """Let Sphinx make the list of works, of which the text holds a copy for other readers."""
    if docname == BIBLIOGRAPHY:
        head, mark, _ = source[0].partition("- <a id=")
        source[0] = f"{head}```{{bibliography}}\n:all:\n```\n" if mark else source[0]


def setup(app: Sphinx) -> dict[str, object]:
    """Add the transform."""
    app.add_post_transform(Labelled)
    app.connect("source-read", listed)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}

"""What every page has beside its text: links to statements, previews, plain names.

The pages are mended after they are written, since theme and extensions give no other hold on
these parts: a statement gets a link to itself and a second, short anchor (`theorem-3-1`); a link
to a statement, an equation or a cited work brings a copy of it, hidden in a `<template>`, which
`page.js` shows on hover and focus without asking for another file; controls are named by the words
they show, and roles that are wrong where they stand are taken out; a formula in a line of text is
held together with the bracket before it and the comma behind it; cells of many words are marked.

A page is parsed once (`elements.Page`); each part below returns what is to be edited, and where.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from html import escape
from pathlib import Path

from elements import Edit, Element, Page, without
from sphinx.application import Sphinx

OPENING = "([“"
CLOSING = re.compile(r"(?:[.,;:?!)\]”’]|'s\b|-(?:th\b)?)*")
"""What a formula is held together with: a bracket before it, these letters behind it."""
WORDS, PHRASE = 26, 16
"""Characters from which on a cell of results may be broken everywhere, a row's head on a phone."""
NOT_IN_PREVIEWS = ("id", "name", "role", "tabindex")
LINK = "Link to this statement"


def target(one: Element) -> bool:
    """Tell whether links to an element bring a copy: a statement, an equation or a cited work."""
    kind = one.get("class")
    return (
        one.name == "div"
        and bool(one.get("id"))
        and (
            kind.startswith(("proof ", "math notranslate"))
            or kind == "citation"
            or "statement" in kind.split()
        )
    )


def previewed(page: Page, block: Element, edits: list[Edit]) -> str:
    """Return a block as a preview shows it: no ids, no links, no verdicts, nothing to press."""
    if not block.closed:
        raise ValueError(f"a block that does not end: {page.text[block.start :][:80]!r}")
    taken: list[Edit] = []
    for one in page.within(block):
        kind = one.get("class")
        if one.name == "button" or kind.startswith(("verdict ", "headerlink")):
            taken.append((one.start, one.end, ""))
        elif one.name == "a":
            taken += [(one.start, one.inner, ""), (one.outer, one.end, "")]
        else:
            taken += without(page, one, NOT_IN_PREVIEWS)
    # A number of its own would be counted a second time by MathJax.
    return re.sub(r"\\label\{[^}]*\}", "", page.edited([*taken, *edits], block))


def anchored(page: Page) -> Iterator[Edit]:
    """Let statements link to themselves and have their short anchors too."""
    ids = {one.get("id") for one in page.elements}
    for one in page.elements:
        name = one.get("id")
        statement = one.name == "div" and one.get("class").startswith(("proof", "statement"))
        if not (statement and name and one.children and one.children[0].name == "p"):
            continue
        title = one.children[0]
        short = name.removeprefix("paper-")
        if short not in ids:
            yield title.start, title.start, f'<span id="{escape(short)}"></span>'
        link = f'<a class="headerlink" href="#{escape(name)}" title="{LINK}">#</a>'
        yield title.outer, title.outer, link


def held(page: Page) -> Iterator[Edit]:
    """Let formulas in lines of text not part from their punctuation."""
    for one in page.elements:
        if one.name != "span" or one.get("class") != "math notranslate nohighlight":
            continue
        start = one.start - page.text.startswith(tuple(OPENING), max(one.start - 1, 0), one.start)
        end = CLOSING.match(page.text, one.end).end()
        if (start, end) != (one.start, one.end):
            yield start, start, '<span class="held">'
            yield end, end, "</span>"


def marked(page: Page) -> Iterator[Edit]:
    """Give classes to the cells that hold many words, in the bodies of tables of results."""
    for table in page.elements:
        if table.name != "table" or table.get("class") != "dataframe":
            continue
        bodies = [one for one in table.children if one.name == "tbody"]
        for cell in (one for body in bodies for one in page.within(body)):
            if cell.name not in ("th", "td") or cell.get("class"):
                continue
            length = len(page.words(cell).strip())
            if length > PHRASE:
                name = "words" if length > WORDS else "phrase"
                yield cell.inner - 1, cell.inner - 1, f' class="{name}"'


def plain(page: Page) -> Iterator[Edit]:
    """Take out names that differ from the words inside, and roles that are wrong."""
    for one in page.elements:
        kind, name = one.get("class"), one.name
        wrong = [
            # Such a name hides these words from who speaks to the page.
            ("aria-label", name == "summary"),
            ("aria-label", name == "button" and kind.startswith("btn search-button-field")),
            ("title", name == "i" and kind.startswith("theme-switch ")),
            # Lists that hold other things than list items, and a role that no longer exists.
            ("role", name == "div" and kind == "citation-list"),
            ("role", name == "div" and one.get("role") == "doc-biblioentry"),
            # One id for the content of every statement of a page.
            ("id", name == "section" and one.get("id") == "proof-content"),
        ]
        yield from without(page, one, [attribute for attribute, here in wrong if here])
        # Themes of Python 3.10 write their buttons by a script.
        if name == "script" and "document.write(`" in (code := page.text[one.inner : one.outer]):
            for start, end, new in plain(Page(code)):
                yield one.inner + start, one.inner + end, new


def mended(page: Page) -> bool:
    """Tell whether a page was mended before, so that this build left it as it was."""
    return any(
        "data-preview" in one.attributes
        or one.get("title") == LINK
        or one.get("class") in ("held", "words")
        for one in page.elements
    )


def references(page: Page, name: str) -> dict[str, tuple[str, str]]:
    """Return the page and the anchor that each link in running text leads to, by its address."""
    found = {}
    for one in page.elements:
        address, mark, anchor = one.get("href").rpartition("#")
        if one.name == "a" and one.get("class") == "reference internal" and mark and anchor:
            here = posixpath.normpath(posixpath.join(posixpath.dirname(name), address))
            found[one.get("href")] = (here if address else name, anchor)
    return found


def mend(app: Sphinx, error: Exception | None) -> None:
    """Mend all pages once they are written."""
    if error is not None or app.builder.format != "html":
        return
    root = Path(app.outdir)
    files = {path.relative_to(root).as_posix(): path for path in root.rglob("*.html")}
    pages = {name: Page(path.read_text("utf-8")) for name, path in files.items()}
    old = {name for name, page in pages.items() if mended(page)}
    edits = {
        name: [] if name in old else [*held(page), *marked(page)] for name, page in pages.items()
    }
    targets = {
        (name, one.get("id")): previewed(page, one, edits[name])
        for name, page in pages.items()
        for one in page.elements
        if target(one)
    }
    for name, page in pages.items():
        if name in old:
            continue
        templates = "".join(
            f'<template data-preview="{escape(link)}">{targets[to]}</template>'
            for link, to in references(page, name).items()
            if to in targets
        )
        bodies = [one.outer for one in page.elements if one.name == "body" and one.closed]
        added = [(end, end, templates) for end in bodies]
        new = page.edited([*edits[name], *anchored(page), *plain(page), *added])
        if new != page.text:
            files[name].write_text(new, "utf-8")


def setup(app: Sphinx) -> dict[str, object]:
    """Connect all of it."""
    app.add_js_file("page.js", loading_method="defer")
    app.connect("build-finished", mend)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}

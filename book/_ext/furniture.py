"""What every page has beside its text: how to cite, links to statements, previews, plain names.

The pages are mended after they are written, since theme and extensions give no other hold on
these parts: a statement gets a link to itself and a second, short anchor (`theorem-3-1`); a link
to a statement, an equation or a cited work brings a copy of it, hidden in a `<template>`, which
`page.js` shows on hover and focus without asking for another file; controls are named by the words
they show, and roles that are wrong where they stand are taken out; a formula in a line of text is
held together with the bracket before it and the comma behind it; cells of many words are marked.
"""

from __future__ import annotations

import posixpath
import re
from html import escape, unescape
from pathlib import Path

import yaml
from sphinx.application import Sphinx
from sphinx.config import Config

CITATION = Path(__file__).resolve().parents[2] / "CITATION.cff"
TARGET = re.compile(
    r'<div class="(?:proof [^"]*|[^"]*\bstatement\b[^"]*|math notranslate[^"]*|citation)"'
    r' id="([^"]+)"[^>]*>'
)
REFERENCE = re.compile(r'<a class="reference internal"[^>]*? href="([^"]*)#([^"]+)"')
HELD = re.compile(
    r"([(\[“]?)"
    r'(<span class="math notranslate nohighlight">\\\((?:(?!</span>).)*\\\)</span>)'
    r"((?:[.,;:?!)\]”’]|'s\b|-(?:th\b)?)*)",
    re.S,
)
WORDS, PHRASE = 26, 16
"""Characters from which on a cell of results may be broken everywhere, a row's head on a phone."""
MENDED = (
    # A name that differs from the words inside hides these words from who speaks to the page.
    (re.compile(r'<summary aria-label="[^"]*"'), "<summary"),
    (re.compile(r'(<button class="btn search-button-field[^>]*?) aria-label="Search"'), r"\1"),
    (re.compile(r'(<i class="theme-switch [^>]*?) title="[^"]*"'), r"\1"),
    # Lists that hold other things than list items, and a role that no longer exists.
    (re.compile(r'<div role="list" class="citation-list">'), '<div class="citation-list">'),
    (re.compile(r'(<div class="citation"[^>]*?) role="doc-biblioentry"'), r"\1"),
    # One id for the content of every statement of a page.
    (re.compile(r'(<section class="[a-z]+-content") id="proof-content"'), r"\1"),
)


SPECIAL = str.maketrans(
    {
        "\\": r"\textbackslash{}",
        "~": r"\textasciitilde{}",
        "^": r"\textasciicircum{}",
        "{": r"\textbraceleft{}",  # BibTeX counts braces, those behind a backslash too
        "}": r"\textbraceright{}",
        "<": r"\textless{}",
        ">": r"\textgreater{}",
        **{letter: f"\\{letter}" for letter in "&%$#_"},
    }
)
"""What LaTeX takes for commands, as text."""


def latex(words: object) -> str:
    """Return words as a field of BibTeX shows them: on one line, nothing in them a command."""
    return " ".join(f"{words}".split()).translate(SPECIAL)


def person(one: dict) -> str:
    """Return an author as BibTeX takes names apart: a name as a whole, or family and given names.

    Each is one group of letters where a word or comma in it would be taken for what parts names.
    """

    def held(name: object) -> str:
        shown = latex(name)
        return f"{{{shown}}}" if re.search(r",|\band\b", shown, re.I) else shown

    if "name" in one:
        return f"{{{latex(one['name'])}}}"
    return f"{held(one['family-names'])}, {held(one['given-names'])}"


def bibtex(citation: dict) -> str:
    """Return BibTeX of the paper and of this book from the fields of CITATION.cff."""
    paper = citation["preferred-citation"]
    first = re.sub(r"[^a-z]", "", f"{paper['authors'][0]['family-names']}".lower())
    number = next(one["value"] for one in paper["identifiers"] if one["value"].startswith("arXiv"))
    entries = (
        (
            "inproceedings",
            f"{first}{re.sub(r'[^0-9]', '', str(paper['year']))}doubleedged",
            {
                "title": f"{{{latex(paper['title'])}}}",
                "author": " and ".join(map(person, paper["authors"])),
                "booktitle": latex(paper["collection-title"]),
                "year": latex(paper["year"]),
                "note": latex(number),
            },
        ),
        (
            "misc",
            "kktnotes",
            {
                "title": f"{{{latex(citation['title'])}}}",
                "author": " and ".join(map(person, citation["authors"])),
                "note": latex(f"Version {citation['version']}"),
            },
        ),
    )
    return "\n\n".join(
        f"@{kind}{{{key},\n"
        + ",\n".join(f"  {name} = {{{value}}}" for name, value in fields.items())
        + "\n}"
        for kind, key, fields in entries
    )


def cite(app: Sphinx, config: Config) -> None:
    """Put "cite this" under every page."""
    if not CITATION.exists():
        return
    citation = yaml.safe_load(CITATION.read_text("utf-8-sig"))
    config.html_theme_options["extra_footer"] = (
        '<details class="cite-this"><summary>Cite the paper and this book</summary>'
        f'<div class="highlight"><pre tabindex="0">{escape(bibtex(citation))}</pre></div></details>'
    )


def block(text: str, start: int) -> str:
    """Return the `<div>` that begins at `start`, to its own end."""
    depth = 0
    for tag in re.finditer(r"<(/?)div\b", text[start:]):
        depth += -1 if tag[1] else 1
        if depth == 0:
            return text[start : text.index(">", start + tag.start()) + 1]
    raise ValueError(f"a block that does not end: {text[start : start + 80]!r}")


def previewed(html: str) -> str:
    """Return a block as a preview shows it: no ids, no links, no verdicts, nothing to press."""
    verdict = html.find('<div class="verdict ')
    if verdict >= 0:
        html = html.replace(block(html, verdict), "")
    html = re.sub(r'<a class="headerlink".*?</a>', "", html, flags=re.S)
    html = re.sub(r"<button.*?</button>", "", html, flags=re.S)
    html = re.sub(r"</?a\b[^>]*>", "", html)
    html = re.sub(r' (?:id|name|role|tabindex)="[^"]*"', "", html)
    # A number of its own would be counted a second time by MathJax.
    return re.sub(r"\\label\{[^}]*\}", "", html)


def anchored(text: str) -> str:
    """Return a page whose statements link to themselves and have their short anchors too."""

    def heading(found: re.Match) -> str:
        name = found[2]
        short = name.removeprefix("paper-")
        second = (
            f'<span id="{short}"></span>' if short != name and f'id="{short}"' not in text else ""
        )
        link = f'<a class="headerlink" href="#{name}" title="Link to this statement">#</a>'
        return f"{found[1]}{second}{found[3]}{link}</p>"

    pattern = (
        r'(<div class="(?:proof|statement)[^"]*" id="([^"]+)">\s*)(<p\b[^>]*>(?:(?!</p>).)*)</p>'
    )
    return re.sub(pattern, heading, text, flags=re.S)


def held(text: str) -> str:
    """Return a page whose formulas in lines of text do not part from their punctuation."""

    def hold(found: re.Match) -> str:
        return f'<span class="held">{found[0]}</span>' if found[1] or found[3] else found[0]

    return HELD.sub(hold, text)


def marked(text: str) -> str:
    """Return a page whose tables of results have classes at the cells that hold many words."""

    def cell(found: re.Match) -> str:
        length = len(unescape(re.sub(r"<[^>]*>", "", found[3])).strip())
        name = "words" if length > WORDS else "phrase" if length > PHRASE else ""
        if not name or 'class="' in found[2]:
            return found[0]
        return f'<{found[1]}{found[2]} class="{name}">{found[3]}</{found[1]}>'

    def body(found: re.Match) -> str:
        return re.sub(r"<(t[hd])\b([^>]*)>(.*?)</\1>", cell, found[0], flags=re.S)

    pattern = r'(?<= class="dataframe">)(?:(?!</table>).)*'
    return re.sub(
        pattern,
        lambda table: re.sub(r"<tbody>.*</tbody>", body, table[0], flags=re.S),
        text,
        flags=re.S,
    )


def mended(text: str) -> bool:
    """Tell whether a page was mended before, so that this build left it as it was."""
    signs = ("data-preview", 'title="Link to this statement"', 'class="held"', 'class="words"')
    return any(sign in text for sign in signs)


def mend(app: Sphinx, error: Exception | None) -> None:
    """Mend all pages once they are written."""
    if error is not None or app.builder.format != "html":
        return
    root = Path(app.outdir)
    pages = {path.relative_to(root).as_posix(): path for path in root.rglob("*.html")}
    written = {name: path.read_text("utf-8") for name, path in pages.items()}
    texts = {name: text if mended(text) else marked(held(text)) for name, text in written.items()}
    targets = {
        (name, found[1]): previewed(block(text, found.start()))
        for name, text in texts.items()
        for found in TARGET.finditer(text)
    }
    for name, text in texts.items():
        if mended(written[name]):
            continue
        new = anchored(text)
        for pattern, instead in MENDED:
            new = pattern.sub(instead, new)
        folder, copies = posixpath.dirname(name), {}
        for address, anchor in REFERENCE.findall(new):
            file = unescape(address)
            page = posixpath.normpath(posixpath.join(folder, file)) if file else name
            if (page, anchor) in targets:
                copies[f"{address}#{anchor}"] = targets[page, anchor]
        templates = "".join(
            f'<template data-preview="{escape(unescape(to))}">{html}</template>'
            for to, html in copies.items()
        )
        new = new.replace("</body>", f"{templates}</body>", 1)
        if new != written[name]:
            pages[name].write_text(new, "utf-8")


def setup(app: Sphinx) -> dict[str, object]:
    """Connect all of it."""
    app.add_js_file("page.js", loading_method="defer")
    app.connect("config-inited", cite)
    app.connect("build-finished", mend)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}

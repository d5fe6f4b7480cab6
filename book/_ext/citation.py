"""How to cite the paper and this book: `CITATION.cff` as BibTeX at the foot of every page."""

from __future__ import annotations

import re
from html import escape
from pathlib import Path

import yaml
from sphinx.application import Sphinx
from sphinx.config import Config

CITATION = Path(__file__).resolve().parents[2] / "CITATION.cff"
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


def setup(app: Sphinx) -> dict[str, object]:
    """Connect it."""
    app.connect("config-inited", cite)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}

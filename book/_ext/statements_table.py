"""The table of all statements, as HTML: one row each, readable without colour and on a phone."""

from __future__ import annotations

from html import escape
from typing import Protocol

from kktnotes.evidence.card import SYMBOLS, shown_slack
from kktnotes.evidence.ledger import Entry, Found, Ledger, Part

COLUMNS = ("Statement", "Hypotheses", "Verdict", "What the verdict does not show")
HYPOTHESES = {"met": "✓ met", "not met": "○ not met", "not tested": "– not tested", "none": "none"}


class Addresses(Protocol):
    """Where things stand, as seen from the page of the table."""

    def statement(self, name: str) -> str:
        """Return where a statement stands."""

    def cell(self, found: Found) -> str:
        """Return the cell that made a measurement."""

    def title(self, found: Found) -> str:
        """Return the title of the chapter that made a measurement."""


def table(ledger: Ledger, links: Addresses) -> str:
    """Return the table of all entries, in the order of the paper, grouped by section."""
    head = "".join(f'<th scope="col">{column}</th>' for column in COLUMNS)
    body, section = [], None
    for entry in ledger.entries.values():
        if entry.statement.section[0] != section:
            section = entry.statement.section[0]
            body.append(
                f'<tr class="statements-section"><th scope="rowgroup" colspan="{len(COLUMNS)}">'
                f"Section {escape(section)}</th></tr>"
            )
        body.append(row(entry, ledger, links))
    caption = (
        f"{len(ledger.entries)} statements of the paper, and what the notebooks of this build "
        "measured of them"
    )
    return (
        f'<table class="statements"><caption>{caption}</caption>'
        f"<thead><tr>{head}</tr></thead><tbody>{''.join(body)}</tbody></table>"
    )


def row(entry: Entry, ledger: Ledger, links: Addresses) -> str:
    """Return the row of one statement; its id is `statement-` and the statement's own."""
    statement = entry.statement
    name, title = escape(statement.id), f"<strong>{escape(statement.name)}</strong>"
    address = links.statement(statement.id)
    if not address.endswith(f"#statement-{statement.id}"):
        title = f'<a href="{escape(address)}">{title}</a>'
    rests = ", ".join(
        f'<a href="#statement-{escape(other)}">{escape(ledger.entries[other].statement.name)}</a>'
        for other in statement.rests_on
    )
    rests = f'<p class="statements-rests">rests on {rests}</p>' if rests else ""
    cells = (hypotheses(entry, ledger), verdict(entry, links), escape(statement.shows_not))
    data = "".join(
        f'<td data-label="{column}">{cell}</td>'
        for column, cell in zip(COLUMNS[1:], cells, strict=True)
    )
    return (
        f'<tr id="statement-{name}"><th scope="row"><span id="{name}"></span>{title}'
        f"<p>{escape(statement.gist)}</p>{rests}</th>{data}</tr>"
    )


def hypotheses(entry: Entry, ledger: Ledger) -> str:
    """Return whether they are met on these runs, and in a fold what they say."""
    word = HYPOTHESES[entry.hypotheses_word]
    if not entry.statement.hypotheses:
        return word
    items = "".join(
        f"<li>{escape(ledger.statements.hypotheses[name])}</li>"
        for name in entry.statement.required
    )
    return f"{word}<details><summary>which</summary><ul>{items}</ul></details>"


def verdict(entry: Entry, links: Addresses) -> str:
    """Return the verdict, conclusion by conclusion where any was measured."""
    if not entry.found or not entry.parts:
        word = chip(entry.verdict.word)
        return f"<p>{word} {escape(entry.verdict.reason)}{cells(entry.found, links)}</p>"
    return "".join(conclusion(part, links) for part in entry.parts)


def conclusion(part: Part, links: Addresses) -> str:
    """Return one conclusion: word, what it says, slack, where it was measured."""
    facts = "; ".join(
        fact for fact in (shown_slack(part.verdict.slack), part.verdict.reason) if fact
    )
    return (
        f"<p>{chip(part.verdict.word)} {escape(part.conclusion.says)} "
        f"({escape(facts)}){cells(part.found, links)}</p>"
    )


def chip(word: str) -> str:
    """Return a verdict's symbol and word, in its colour."""
    return f'<span class="verdict-word word-{word.replace(" ", "-")}">{SYMBOLS[word]} {word}</span>'


def cells(found: tuple[Found, ...], links: Addresses) -> str:
    """Return links to the measuring cells: a chapter's title, then the number of a further one."""
    text, seen = "", []
    for one in found:
        seen.append(one.notebook)
        count = seen.count(one.notebook)
        words = f"measured in {links.title(one)}" if count == 1 else f"measurement {count} there"
        text += f' · <a href="{escape(links.cell(one))}">{escape(words)}</a>'
    return text

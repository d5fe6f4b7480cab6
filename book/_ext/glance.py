"""The verdicts at a glance: how many statements have which, and the main ones in a short table."""

from __future__ import annotations

from html import escape
from typing import Protocol

from statements_table import HYPOTHESES, chip

from kktnotes.evidence.card import SYMBOLS, shown_slack
from kktnotes.evidence.ledger import Entry, Ledger

MAIN = ("lemma-2-1", "theorem-2-1", "theorem-3-1", "theorem-4-1", "theorem-4-2")
"""The paper's numbered results."""


class Addresses(Protocol):
    """Where statements stand, as seen from the page of the table."""

    def statement(self, name: str) -> str:
        """Return where a statement stands."""


def counts(ledger: Ledger) -> dict[str, int]:
    """Return how many statements with a conclusion have each verdict, strongest word first.

    Assumptions that these clusters meet are no results: `assumptions` counts them.
    """
    words = [entry.verdict.word for entry in results(ledger)]
    return {word: words.count(word) for word in SYMBOLS if word in words}


def results(ledger: Ledger) -> list[Entry]:
    """Return what states more than hypotheses, and what nothing was measured of."""
    return [one for one in ledger.entries.values() if one.parts or one.verdict.word != "holds"]


def assumptions(ledger: Ledger) -> int:
    """Return how many statements are hypotheses alone, and met."""
    return len(ledger.entries) - len(results(ledger))


def glance(ledger: Ledger, links: Addresses) -> str:
    """Return the counts and the table."""
    chips = " ".join(
        f'<li>{chip(word)} <span class="glance-count">{count}</span>'
        f"{named(ledger, links, word)}</li>"
        for word, count in counts(ledger).items()
    )
    if met := assumptions(ledger):
        chips += f' <li>assumptions that hold: <span class="glance-count">{met}</span></li>'
    rows = "".join(row(ledger.entries[name], links) for name in MAIN if name in ledger.entries)
    return (
        f'<div class="glance"><ul class="glance-counts" '
        f'aria-label="{len(ledger.entries)} statements by their verdict">{chips}</ul>'
        '<table class="glance-main"><thead><tr><th scope="col">Result</th>'
        '<th scope="col">says</th><th scope="col">hypotheses</th><th scope="col">measured</th>'
        f"</tr></thead><tbody>{rows}</tbody></table></div>"
    )


def named(ledger: Ledger, links: Addresses, word: str) -> str:
    """Return links to what a run spoke against; empty for the other words, which are many."""
    if word != "contradicted":
        return ""
    return ": " + ", ".join(
        f'<a href="{escape(links.statement(name))}">{escape(entry.statement.name)}</a>'
        for name, entry in ledger.entries.items()
        if entry.verdict.word == word
    )


def row(entry: Entry, links: Addresses) -> str:
    """Return the row of one result: its gist, hypotheses, and one line a conclusion."""
    statement = entry.statement
    parts = [
        f"{chip(part.verdict.word)} {escape(part.conclusion.name)}"
        + (f", {escape(slack)}" if (slack := shown_slack(part.verdict.slack)) else "")
        for part in entry.parts
    ]
    verdicts = "".join(f"<p>{part}</p>" for part in parts if entry.found)
    return (
        f'<tr><th scope="row"><a href="{escape(links.statement(statement.id))}">'
        f"{escape(statement.name)}</a></th><td>{escape(statement.gist)}</td>"
        f'<td data-label="hypotheses">{HYPOTHESES[entry.hypotheses_word]}</td>'
        f"<td>{verdicts or chip(entry.verdict.word)}</td></tr>"
    )

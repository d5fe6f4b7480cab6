"""The graph of what rests on what, as SVG that needs no script.

Every statement is a box with its name and two fields below it: on the left whether its hypotheses
are met on these runs, on the right the verdict on its conclusions, each with its own colours and
always with its word. A box is a link to the statement. The table beside it says the same in text.
"""

from __future__ import annotations

import textwrap
from html import escape
from typing import Protocol

import layers

from kktnotes.evidence.card import SYMBOLS
from kktnotes.evidence.ledger import Entry, Ledger

WIDTH, HEIGHT, FIELD, LEFT = 142, 62, 20, 48
"""A box, the height of its two fields, the width of the left one."""
GAP, ROW, BEND, MARGIN = 36, 74, 14, 4
"""Between columns, of a row with a box, of a row with a bend, around everything."""
LINE = 18
"""Characters on a line of a name."""
ARROW = (
    '<defs><marker id="graph-arrow" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="7" '
    'markerHeight="7" markerUnits="userSpaceOnUse" orient="auto">'
    '<path class="graph-arrow" d="M0 0.5L8 4L0 7.5z"/></marker></defs>'
)
HYPOTHESES = {"met": "✓ met", "not met": "○ not", "not tested": "–", "none": "none"}


class Addresses(Protocol):
    """Where statements stand, as seen from the page of the graph."""

    def statement(self, name: str) -> str:
        """Return where a statement stands."""


def graph(ledger: Ledger, links: Addresses) -> str:
    """Return the SVG in a frame of its own that scrolls where the page is narrow."""
    rests_on = {name: entry.statement.rests_on for name, entry in ledger.entries.items()}
    joined = {name for name, others in rests_on.items() if others}
    joined |= {other for others in rests_on.values() for other in others}
    rests_on = {name: others for name, others in rests_on.items() if name in joined}
    drawn = layers.layout(layers.reduced(rests_on), ledger.statements.order())
    at = positions(drawn)
    width = max(x for x, _ in at.values()) + WIDTH + MARGIN
    height = max(y for _, y in at.values()) + HEIGHT / 2 + MARGIN
    edges = "".join(
        f'<path data-from="{escape(ends[0])}" data-to="{escape(ends[1])}" '
        f'd="{curve(path, at)}" marker-end="url(#graph-arrow)"/>'
        for ends, path in drawn.paths.items()
    )
    boxes = "".join(box(ledger.entries[name], links, *at[name]) for name in rests_on)
    green = sum(entry.verdict.green for entry in ledger.entries.values())
    described = (
        f"{len(rests_on)} statements in columns. A line leads from a statement to one on its right "
        f"that rests on it. Below each name: its hypotheses on these runs, and the verdict. "
        f"{green} have a verdict that bears them out. The table on this page says the same in text."
    )
    return (
        '<div class="statements-graph" role="region" tabindex="0" '
        'aria-label="graph of the statements, scrolls sideways">'
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:.0f}" height="{height:.0f}" '
        f'viewBox="0 0 {width:.0f} {height:.0f}" role="group" '
        'aria-labelledby="graph-title graph-desc">'
        '<title id="graph-title">What rests on what, and what was measured of it</title>'
        f'<desc id="graph-desc">{described}</desc>'
        f'{ARROW}<g class="graph-edges" aria-hidden="true">{edges}</g>{boxes}</svg></div>'
    )


def positions(drawn: layers.Layout) -> dict[str | layers.Bend, tuple[float, float]]:
    """Return the left edge and the middle of every box and bend, columns centred on each other."""
    sizes = [
        sum(ROW if isinstance(place, str) else BEND for place in column) for column in drawn.columns
    ]
    found = {}
    for number, column in enumerate(drawn.columns):
        y = MARGIN + (max(sizes) - sizes[number]) / 2
        for place in column:
            step = ROW if isinstance(place, str) else BEND
            found[place] = (MARGIN + number * (WIDTH + GAP), y + step / 2)
            y += step
    return found


def curve(path: list, at: dict) -> str:
    """Return an edge: level across the columns that it passes, a wave in the gaps between."""
    (x, y), parts = at[path[0]], []
    x += WIDTH
    parts.append(f"M{x:.0f} {y:.0f}")
    for place in path[1:]:
        to_x, to_y = at[place]
        middle = (x + to_x) / 2
        parts.append(f"C{middle:.0f} {y:.0f} {middle:.0f} {to_y:.0f} {to_x:.0f} {to_y:.0f}")
        x, y = to_x, to_y
        if not isinstance(place, str):
            x += WIDTH
            parts.append(f"H{x:.0f}")
    return "".join(parts)


def box(entry: Entry, links: Addresses, x: float, middle: float) -> str:
    """Return the box of one statement, a link to where it stands."""
    statement, word = entry.statement, entry.verdict.word
    y, half, rest = middle - HEIGHT / 2, WIDTH / 2, WIDTH - LEFT
    lines = textwrap.wrap(statement.name, LINE)[:3]
    step = 15 if len(lines) < 3 else 13
    first = y + (HEIGHT - FIELD - step * (len(lines) - 1)) / 2 + 4
    name = "".join(
        f'<tspan x="{x + half:.0f}" y="{first + step * number:.0f}">{escape(line)}</tspan>'
        for number, line in enumerate(lines)
    )
    met = HYPOTHESES[entry.hypotheses_word]
    label = f"{statement.name}: hypotheses {entry.hypotheses_word}; conclusion {entry.word}"
    field = y + HEIGHT - FIELD
    left = f"hypotheses-{entry.hypotheses_word.replace(' ', '-')}"
    right = f"word-{word.replace(' ', '-')}"
    part = " in part" if entry.partial else ""
    return (
        f'<a href="{escape(links.statement(statement.id))}" data-name="{escape(statement.id)}">'
        f'<rect class="graph-box" x="{x:.0f}" y="{y:.0f}" width="{WIDTH}" height="{HEIGHT}">'
        f"<title>{escape(label)}</title></rect>"
        f'<text class="graph-name">{name}</text>'
        f'<rect class="graph-field {left}" x="{x:.0f}" y="{field:.0f}" '
        f'width="{LEFT}" height="{FIELD}"/>'
        f'<text class="graph-word {left}" x="{x + LEFT / 2:.0f}" y="{field + 14:.0f}">{met}</text>'
        f'<rect class="graph-field {right}" x="{x + LEFT:.0f}" y="{field:.0f}" '
        f'width="{rest}" height="{FIELD}"/>'
        f'<text class="graph-word {right}" '
        f'x="{x + LEFT + rest / 2:.0f}" y="{field + 14:.0f}">'
        f"{SYMBOLS[word]} {word}{part}</text></a>"
    )

"""The card that a measurement shows in its notebook, on the page and as plain text.

What it prints has three significant digits and names numbers of rounding size by a bound only, so
that it is the same on every processor. The numbers themselves travel in the output's metadata,
which `pytest --nbval` does not compare.
"""

from __future__ import annotations

import html
import json
import math
import re
from functools import cache
from importlib import resources

from kktnotes.evidence.measurement import MIME, Measurement
from kktnotes.evidence.order import Order
from kktnotes.evidence.verdict import Verdict, judge, met
from kktnotes.kkt.endings import said
from kktnotes.printing import TINY, number, power_of_ten, readable
from kktnotes.terms import SHOWN, Term

SYMBOLS = {
    "identity": "≡",
    "holds": "✓",
    "consistent": "≈",
    "shown": "·",
    "proved here": "⊢",
    "outside": "○",
    "not tested": "–",
    "contradicted": "✗",
}
"""Beside the word, so that neither it nor its colour stands alone."""
BASES = {"log10": 1.0, "ln": math.log(10.0)}
"""How a name or note of a term says that its sides are logarithms, and what log10 takes of them."""
NAMES = "names.json"
"""The names of the book's statements, beside this file; tools/statement_names.py writes them."""


@cache
def names() -> dict[str, str]:
    """Return the statements' own names by id."""
    return json.loads(resources.files(__package__).joinpath(NAMES).read_text("utf-8"))


def title(statement: str) -> str:
    """Return the printed name of a statement's id: "Lemma 2.1" of "lemma-2-1"."""
    if statement in names():
        return names()[statement]
    kind, *rest = statement.split("-")
    if rest and all(part.isdigit() for part in rest):
        return f"{kind.capitalize()} {'.'.join(rest)}"
    words = statement.replace("-", " ").replace("kkt", "KKT")
    return words[:1].upper() + words[1:]


def shown(value: float, digits: int = 3) -> str:
    """Return some significant digits; of a number of rounding size only that it is one."""
    return f"< {number(TINY)}" if 0 < abs(value) < TINY else number(value, digits)


def shown_seed(seed: int | list[int]) -> str:
    """Return the words for one seed or several: "seed 0", "seeds 0 and 1", "seeds 0 to 7"."""
    seeds = [seed] if isinstance(seed, int) else list(seed)
    if len(seeds) < 2:
        return "".join(f"seed {one}" for one in seeds)
    if len(seeds) > 2 and seeds == list(range(seeds[0], seeds[-1] + 1)):
        return f"seeds {seeds[0]} to {seeds[-1]}"
    return f"seeds {', '.join(map(str, seeds[:-1]))} and {seeds[-1]}"


def shown_slack(slack: float | None, digits: int = 3) -> str:
    """Return the words for a slack; empty where there is none."""
    return "" if slack is None else f"slack {shown(slack, digits)}"


class Card:
    """A measurement and its verdict, as `record` returns them.

    Attributes
    ----------
    measurement : Measurement
        The numbers.
    verdict : Verdict
        What they say.
    """

    def __init__(self, measurement: Measurement) -> None:
        self.measurement = measurement
        self.verdict: Verdict = judge(measurement)

    @property
    def heading(self) -> str:
        """The statement's name and the conclusion's."""
        part = self.measurement.conclusion or "hypotheses"
        return f"{title(self.measurement.statement)}, {part}"

    @property
    def lines(self) -> list[str]:
        """What was measured, one line a fact."""
        measurement = self.measurement
        lines = [self._sides(term) for term in measurement.terms]
        if measurement.order is not None:
            lines += self._order(measurement.order)
        if self.verdict.reason:
            lines.append(self.verdict.reason)
        lines.append(self._hypotheses())
        lines.append(self._run())
        return [line for line in lines if line]

    def _shown(self, value: float) -> str:
        return shown(value, self.measurement.digits)

    def _order(self, order: Order) -> list[str]:
        """Return range, ratios, enclosure and local powers of an order, one line each."""
        ends = " to ".join(map(self._shown, (min(order.at), max(order.at))))
        reach = f", {order.reach}" if order.reach else ""
        lines = [f"{len(order.at)} values of {order.parameter}, {ends}{reach}"]
        ratio = f"over its order: {self._span(*order.constants)}"
        if order.enclosure is not None:
            ratio += f"; enclosed beforehand in {self._span(*order.enclosure)}, {order.because}"
        lines.append(ratio)
        powers = self._span(min(order.powers), max(order.powers)).replace("-", "−")
        predicted = f"{order.exponent:.3f}".rstrip("0").rstrip(".").replace("-", "−")
        lines.append(f"power between neighbours {powers}, predicted {predicted}")
        return lines

    def _span(self, *ends: float) -> str:
        """Return two numbers as a range, one where both print the same."""
        return " to ".join(dict.fromkeys(map(self._shown, ends)))

    def _sides(self, term: Term) -> str:
        if self.measurement.kind == "identity":
            return f"{readable(term.name)}: both sides compared"
        name, left, right = self._compared(term)
        return f"{name}: {left} {SHOWN[term.relation]} {right}"

    def _compared(self, term: Term) -> tuple[str, str, str]:
        """Return name and sides; logarithms of probabilities as powers of ten."""
        digits, base = self.measurement.digits, self._base(term)
        if base is None:
            return readable(term.name), *term.sides(digits)
        name = re.sub(r"^(log10|ln)( of)?\b[\s,:]*", "", term.name) or str(
            self.measurement.conclusion
        )
        left, right = (power_of_ten(side / base, digits) for side in (term.left, term.right))
        return readable(name), left, right

    def _base(self, term: Term) -> float | None:
        """Return what log10 takes of a term's sides, where these are logarithms of probabilities.

        Its name says so ("log10 of the error", "ln Pr[...]") or its note; where the conclusion is
        a probability, "log10" or "ln" in front is enough.
        """
        words = [text.partition(" ")[0].strip(",:") for text in (term.name, term.note)]
        base = next((BASES[word] for word in words if word in BASES), None)
        shares = term in self.measurement.terms and self.measurement.kind == "probability"
        named = re.search(r"\berror\b|\bPr\[", f"{term.name} {term.note}")
        return base if shares or named else None

    def _hypotheses(self) -> str:
        hypotheses = self.measurement.hypotheses
        if not hypotheses:
            quiet = self.measurement.nothing or self.measurement.conclusion is None
            return "" if quiet else "no hypotheses"
        held = sum(met(term) for term in hypotheses)
        text = f"hypotheses: {held} of {len(hypotheses)} met"
        bounds = [term for term in hypotheses if term.relation != "=="]
        if held == len(hypotheses) and bounds:
            tightest = min(bounds, key=lambda term: term.slack)
            text += f", least slack {self._shown(tightest.slack)} ({readable(tightest.name)})"
        return text

    def _run(self) -> str:
        parts = []
        if self.measurement.instances > 1:
            word = "trials" if self.measurement.resolution == "counted" else "instances"
            parts.append(f"{self.measurement.instances:,} {word}")
        if self.measurement.seed is not None:
            parts.append(shown_seed(self.measurement.seed))
        if self.measurement.left_out and not self.measurement.nothing:
            others = self.measurement.left_out
            good = self.measurement.tried - sum(others.values())
            parts.append(
                f"{good:,} of {self.measurement.tried:,} runs; of the others {said(others)}"
            )
        return ", ".join(parts)

    def __repr__(self) -> str:
        """Return the card as plain text."""
        slack = shown_slack(self.verdict.slack, self.measurement.digits)
        head = f"[{SYMBOLS[self.verdict.word]} {self.verdict.word}] {self.heading}"
        head += f", {slack}" if slack else ""
        return "\n".join([head, *(f"  {line}" for line in self.lines)])

    def _repr_html_(self) -> str:
        """Return the card as HTML: word and symbol first, the hypotheses in a fold."""
        word = self.verdict.word
        slack = shown_slack(self.verdict.slack, self.measurement.digits)
        lines = "".join(f"<li>{html.escape(line)}</li>" for line in self.lines)
        fold = ""
        if self.measurement.hypotheses:
            rows = "".join(map(self._row, self.measurement.hypotheses))
            fold = (
                f"<details><summary>the hypotheses</summary>"
                f'<table class="evidence-terms"><tbody>{rows}</tbody></table></details>'
            )
        return (
            f'<div class="evidence evidence-{word.replace(" ", "-")}" role="group" '
            f'aria-label="{html.escape(f"measured: {self.heading}", quote=True)}">'
            f'<p class="evidence-head"><span class="evidence-word word-{word.replace(" ", "-")}">'
            f'<span aria-hidden="true">{SYMBOLS[word]}</span> {word}</span> '
            f"<strong>{html.escape(self.heading)}</strong>"
            f"{f' · {html.escape(slack)}' if slack else ''}</p>"
            f'<ul class="evidence-lines">{lines}</ul>{fold}</div>'
        )

    def _row(self, term: Term) -> str:
        """Return a hypothesis as a row of the fold."""
        name, left, right = self._compared(term)
        cells = (left, SHOWN[term.relation], right, "met" if met(term) else "not met")
        return f'<tr><th scope="row">{html.escape(name)}</th>' + "".join(
            [*(f"<td>{html.escape(cell)}</td>" for cell in cells), "</tr>"]
        )

    def _repr_mimebundle_(
        self, include: object = None, exclude: object = None
    ) -> tuple[dict[str, str], dict[str, object]]:
        """Return text and HTML, and the numbers as metadata of the output."""
        data = {"text/plain": repr(self), "text/html": self._repr_html_()}
        stored = {"word": self.verdict.word, "measurement": self.measurement.to_json()}
        return data, {MIME: stored}

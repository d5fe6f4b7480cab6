"""The card that a measurement shows in its notebook, on the page and as plain text.

What it prints has three significant digits and names numbers of rounding size by a bound only, so
that it is the same on every processor. The numbers themselves travel in the output's metadata,
which `pytest --nbval` does not compare.
"""

from __future__ import annotations

import html

import numpy as np

from kktnotes.evidence.measurement import MIME, Measurement
from kktnotes.evidence.verdict import Verdict, judge, met
from kktnotes.terms import SHOWN, Term

SYMBOLS = {
    "identity": "≡",
    "holds": "✓",
    "consistent": "≈",
    "outside": "○",
    "not tested": "–",
    "contradicted": "✗",
}
"""Beside the word, so that neither it nor its colour stands alone."""
TINY = 1e-9


def title(statement: str) -> str:
    """Return the printed name of a statement's id: "Lemma 2.1" of "lemma-2-1"."""
    kind, *rest = statement.split("-")
    if rest and all(part.isdigit() for part in rest):
        return f"{kind.capitalize()} {'.'.join(rest)}"
    words = statement.replace("-", " ").replace("kkt", "KKT")
    return words[:1].upper() + words[1:]


def shown(value: float, digits: int = 3) -> str:
    """Return some significant digits; of a number of rounding size only that it is one."""
    return "<1e-09" if 0 < abs(value) < TINY else f"{value:.{digits}g}"


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
            order = measurement.order
            low, high = order.constants
            lines.append(
                f"{len(order.at)} values of {order.parameter} over a factor "
                f"{self._shown(order.range)}; constant {self._shown(order.constant)}, "
                f"between {self._shown(low)} and {self._shown(high)}"
            )
            if np.any(order.allowance):
                ends = (100 * np.min(order.allowance), 100 * np.max(order.allowance))
                each = " to ".join(dict.fromkeys(f"{one:.2g}" for one in ends))
                low, high = order.bare_interval
                without = f"without that, {low:.4f} to {high:.4f}"
                lines.append(f"each value may be off by {each} %; {without}")
        if self.verdict.reason:
            lines.append(self.verdict.reason)
        lines.append(self._hypotheses())
        lines.append(self._run())
        return [line for line in lines if line]

    def _shown(self, value: float) -> str:
        return shown(value, self.measurement.digits)

    def _sides(self, term: Term) -> str:
        if self.measurement.kind == "identity":
            return f"{term.name}: both sides compared"
        relation = SHOWN[term.relation]
        return f"{term.name}: {self._shown(term.left)} {relation} {self._shown(term.right)}"

    def _hypotheses(self) -> str:
        hypotheses = self.measurement.hypotheses
        if not hypotheses:
            return "" if self.measurement.conclusion is None else "no hypotheses"
        held = sum(met(term) for term in hypotheses)
        text = f"hypotheses: {held} of {len(hypotheses)} met"
        bounds = [term for term in hypotheses if term.relation != "=="]
        if held == len(hypotheses) and bounds:
            tightest = min(bounds, key=lambda term: term.slack)
            text += f", least slack {self._shown(tightest.slack)} ({tightest.name})"
        return text

    def _run(self) -> str:
        parts = []
        if self.measurement.instances > 1:
            word = "trials" if self.measurement.resolution == "counted" else "instances"
            parts.append(f"{self.measurement.instances:,} {word}")
        if self.measurement.seed is not None:
            parts.append(f"seed {self.measurement.seed}")
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
            rows = "".join(
                f'<tr><th scope="row">{html.escape(term.name)}</th>'
                f"<td>{self._shown(term.left)}</td><td>{html.escape(SHOWN[term.relation])}</td><td>{self._shown(term.right)}</td>"
                f"<td>{'met' if met(term) else 'not met'}</td></tr>"
                for term in self.measurement.hypotheses
            )
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
            f"{f' · {slack}' if slack else ''}</p>"
            f'<ul class="evidence-lines">{lines}</ul>{fold}</div>'
        )

    def _repr_mimebundle_(
        self, include: object = None, exclude: object = None
    ) -> tuple[dict[str, str], dict[str, object]]:
        """Return text and HTML, and the numbers as metadata of the output."""
        data = {"text/plain": repr(self), "text/html": self._repr_html_()}
        stored = {"word": self.verdict.word, "measurement": self.measurement.to_json()}
        return data, {MIME: stored}

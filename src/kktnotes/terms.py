"""Inequalities with their slack: what a hypothesis asks, what a run gives, what is left between.

A `Term` is one comparison of two numbers, a `Terms` an ordered set of them. Assumption 2.2, the
hypotheses of the theorems and the measured bounds of this book all come in this form, so that
"the assumption holds" can always be opened up into how much room each of its lines leaves.
"""

from __future__ import annotations

import html
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from kktnotes import checks

RELATIONS = ("<=", "<", ">=", ">", "==")
SHOWN = {"<=": "≤", "<": "<", ">=": "≥", ">": ">", "==": "="}
EQUALITY = 1e-9


def number(value: float) -> str:
    """Return `value` with three significant digits, the same on every machine."""
    return f"{value:.3g}"


@dataclass(frozen=True)
class Term:
    """One comparison `left relation right` between two measured or given numbers.

    Parameters
    ----------
    name : str
        A short name, unique within its `Terms`.
    left, right : float
        The two sides; either may be infinite, neither NaN.
    relation : str
        One of "<=", "<", ">=", ">", "==". Equality is meant up to a relative 1e-9.
    note : str
        What the two sides are, for the reader.
    """

    name: str
    left: float
    relation: str
    right: float
    note: str = ""

    def __post_init__(self) -> None:
        """Check the relation and both sides."""
        checks.choice("relation", self.relation, RELATIONS)
        for side in ("left", "right"):
            value = float(getattr(self, side))
            if math.isnan(value):
                raise checks.refuse(side, "NaN", "a number")
            object.__setattr__(self, side, value)

    @property
    def slack(self) -> float:
        """The room left, relative to the larger side: (right - left) / max(|left|, |right|).

        For "<=" between positive numbers that is 1 - left/right where the term holds and
        right/left - 1 where it fails: 0.25 reads "a quarter below what is allowed". It is 0 where
        the sides are equal, at least 0 exactly where "<=" (or ">=", sides exchanged) holds, and at
        most 0 for "==", where deviations up to 1e-9 count as none.
        """
        if self.left == self.right:
            return 0.0
        if math.isinf(self.left) or math.isinf(self.right):
            relative = math.copysign(1.0, self.right - self.left)
        else:
            relative = (self.right - self.left) / max(abs(self.left), abs(self.right))
        if self.relation == "==":
            return 0.0 if abs(relative) <= EQUALITY else -abs(relative)
        return relative if self.relation in ("<=", "<") else -relative

    @property
    def holds(self) -> bool:
        """Whether the comparison is true; a strict one needs a slack above 0."""
        return self.slack > 0 if self.relation in ("<", ">") else self.slack >= 0

    def __repr__(self) -> str:
        """Return one line: name, both sides, verdict and slack."""
        verdict = "holds" if self.holds else "FAILS"
        return (
            f"{self.name}: {number(self.left)} {self.relation} {number(self.right)} "
            f"{verdict}, slack {number(self.slack)}"
        )


@dataclass(frozen=True, repr=False)
class Terms:
    """An ordered collection of terms with different names, all of which have to hold.

    `terms["name"]` and `terms[0]` give one, `terms.holds` is the conjunction, `a + b` joins two
    collections (the title of the first stays). In a notebook it shows itself as a table.
    """

    items: Sequence[Term] = field(default_factory=tuple)
    title: str = ""

    def __post_init__(self) -> None:
        """Freeze the collection and refuse two terms of one name."""
        object.__setattr__(self, "items", tuple(self.items))
        names = self.names
        for name in names:
            if names.count(name) > 1:
                raise checks.refuse("items", f"two terms named {name!r}", "different names")

    @property
    def names(self) -> tuple[str, ...]:
        """The names, in order."""
        return tuple(term.name for term in self.items)

    @property
    def holds(self) -> bool:
        """Whether every term holds; an empty collection does."""
        return all(term.holds for term in self.items)

    @property
    def verdict(self) -> str:
        """The word for it: "met" where every term holds, else "not met"."""
        return "met" if self.holds else "not met"

    @property
    def failing(self) -> tuple[Term, ...]:
        """The terms that do not hold, in order."""
        return tuple(term for term in self.items if not term.holds)

    @property
    def tightest(self) -> Term:
        """The inequality of least slack (equalities leave no slack and are passed over)."""
        inequalities = [term for term in self.items if term.relation != "=="]
        if not inequalities:
            raise checks.refuse("items", "no inequality", "at least one inequality")
        return min(inequalities, key=lambda term: term.slack)

    def __getitem__(self, key: str | int) -> Term:
        """Return the term of that name or position."""
        if isinstance(key, str):
            if key not in self.names:
                raise checks.refuse("name", repr(key), "one of " + ", ".join(map(repr, self.names)))
            return self.items[self.names.index(key)]
        return self.items[key]

    def __iter__(self) -> Iterator[Term]:
        """Iterate over the terms in order."""
        return iter(self.items)

    def __len__(self) -> int:
        """Return the number of terms."""
        return len(self.items)

    def __add__(self, other: Terms) -> Terms:
        """Return the terms of both, those of `self` first."""
        return Terms((*self.items, *other.items), self.title or other.title)

    def __repr__(self) -> str:
        """Return a plain-text table: one line a term, the verdict on top."""
        verdict = "every term holds" if self.holds else f"{len(self.failing)} of {len(self)} fail"
        lines = [f"{self.title}: {verdict}" if self.title else verdict]
        width = max((len(name) for name in self.names), default=0)
        for term in self.items:
            sides = f"{number(term.left):>9} {term.relation:<2} {number(term.right):<9}"
            state = "holds" if term.holds else "FAILS"
            lines.append(f"  {term.name:<{width}}  {sides} {state}  slack {number(term.slack)}")
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        """Return an HTML table with a caption and scoped headers; the verdict is in words."""
        verdict = "every term holds" if self.holds else f"{len(self.failing)} of {len(self)} fail"
        caption = html.escape(f"{self.title}: {verdict}" if self.title else verdict)
        head = "".join(
            f'<th scope="col">{title}</th>'
            for title in ("term", "left", "", "right", "slack", "verdict", "what is compared")
        )
        rows = "".join(
            f'<tr><th scope="row" style="white-space: nowrap">{html.escape(term.name)}</th>'
            f"<td>{number(term.left)}</td>"
            f"<td>{html.escape(SHOWN[term.relation])}</td><td>{number(term.right)}</td>"
            f"<td>{number(term.slack)}</td><td>{'holds' if term.holds else 'fails'}</td>"
            f"<td>{html.escape(term.note)}</td></tr>"
            for term in self.items
        )
        return (
            '<table class="terms" style="border-collapse: separate; border-spacing: 0.7em 0.1em">'
            f"<caption>{caption}</caption>"
            f"<thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"
        )

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
from kktnotes.printing import TINY, number, readable

RELATIONS = ("<=", "<", ">=", ">", "==")
SHOWN = {"<=": "≤", "<": "<", ">=": "≥", ">": ">", "==": "="}
EQUALITY = 1e-9


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

    Examples
    --------
    >>> import kktnotes as kn
    >>> kn.Term("radius", 2.0, "<=", 4.0)
    radius: 2 ≤ 4 holds, slack 0.5
    """

    name: str
    left: float
    relation: str
    right: float
    note: str = field(default="", kw_only=True)

    def __post_init__(self) -> None:
        """Check the relation and both sides."""
        checks.instance("name", self.name, str, "a text")
        checks.choice("relation", self.relation, RELATIONS)
        for side in ("left", "right"):
            object.__setattr__(self, side, checks.number(side, getattr(self, side)))

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

    def sides(self, digits: int = 3) -> tuple[str, str]:
        """Return both sides as text; what is rounding beside the other side only as a bound."""

        def side(one: float, other: float) -> str:
            tiny = 0 < abs(one) < min(TINY, 1e-3 * abs(other))
            return f"< {number(TINY)}" if tiny else number(one, digits)

        return side(self.left, self.right), side(self.right, self.left)

    @property
    def holds(self) -> bool:
        """Whether the comparison is true; a strict one needs a slack above 0."""
        return self.slack > 0 if self.relation in ("<", ">") else self.slack >= 0

    def __repr__(self) -> str:
        """Return one line: name, both sides, verdict and slack."""
        verdict = "holds" if self.holds else "FAILS"
        left, right = self.sides()
        return (
            f"{readable(self.name)}: {left} {SHOWN[self.relation]} {right} "
            f"{verdict}, slack {number(self.slack)}"
        )


@dataclass(frozen=True, repr=False)
class Terms:
    """An ordered collection of terms with different names, all of which have to hold.

    `terms["name"]` and `terms[0]` give one, `terms.holds` is the conjunction, `a + b` joins two
    collections (the title of the first stays). In a notebook it shows itself as a table.

    Examples
    --------
    >>> import kktnotes as kn
    >>> kn.Terms([kn.Term("width", 8, ">=", 4), kn.Term("sigma", 2.0, "<=", 1.0)])
    1 of 2 fail
      width  8 ≥ 4  holds  slack 0.5
      sigma  2 ≤ 1  FAILS  slack −0.5
    """

    items: Sequence[Term] = field(default_factory=tuple)
    title: str = ""

    def __post_init__(self) -> None:
        """Freeze the collection and refuse two terms of one name."""
        object.__setattr__(self, "items", tuple(self.items))
        names = self.names
        for name in names:
            if names.count(name) > 1:
                raise checks.refusal("items", f"two terms named {name!r}", "different names")

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
            raise checks.refusal("items", "no inequality", "at least one inequality")
        return min(inequalities, key=lambda term: term.slack)

    def __getitem__(self, key: str | int) -> Term:
        """Return the term of that name or position."""
        if isinstance(key, str):
            if key not in self.names:
                raise checks.refusal(
                    "name", repr(key), "one of " + ", ".join(map(repr, self.names))
                )
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
        names, sides = [readable(name) for name in self.names], [term.sides() for term in self]
        width = max(map(len, names), default=0)
        before, after = (max((len(pair[at]) for pair in sides), default=0) for at in (0, 1))
        for term, name, (left, right) in zip(self.items, names, sides, strict=True):
            compared = f"{left:>{before}} {SHOWN[term.relation]} {right:<{after}}"
            state = "holds" if term.holds else "FAILS"
            lines.append(f"  {name:<{width}}  {compared}  {state}  slack {number(term.slack)}")
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        """Return an HTML table with a caption and scoped headers; the verdict is in words."""
        verdict = "every term holds" if self.holds else f"{len(self.failing)} of {len(self)} fail"
        caption = html.escape(f"{self.title}: {verdict}" if self.title else verdict)
        titles = ["term", "left", "", "right", "slack", "verdict"]
        notes = any(term.note for term in self.items)
        titles += ["what is compared"] * notes
        head = "".join(f'<th scope="col">{title}</th>' for title in titles)
        rows = "".join(self._row(term, notes) for term in self.items)
        return (
            '<table class="terms" style="border-collapse: separate; border-spacing: 0.7em 0.1em">'
            f"<caption>{caption}</caption>"
            f"<thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"
        )

    @staticmethod
    def _row(term: Term, notes: bool) -> str:
        """Return one row; the last column only where some term has a note."""
        left, right = map(html.escape, term.sides())
        cells = [left, html.escape(SHOWN[term.relation]), right, number(term.slack)]
        name = html.escape(readable(term.name))
        row = f'<tr><th scope="row" style="white-space: nowrap">{name}</th>'
        row += "".join(f"<td>{cell}</td>" for cell in cells)
        state = "holds" if term.holds else "fails"
        if notes:
            return f"{row}<td>{state}</td><td>{html.escape(readable(term.note))}</td></tr>"
        # The page's style makes room for sentences in the last column.
        return f'{row}<td style="min-width: 0">{state}</td></tr>'

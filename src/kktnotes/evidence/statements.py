"""The statements of the paper, as `book/statements.toml` lists them.

[hypotheses] gives every hypothesis's name, the one that the terms of `theory.hypotheses` carry,
and what it says. Each [[statement]] has

    id, name, gist      "lemma-2-1", "Lemma 2.1", what it says in our words
    section             where the paper has it
    hypotheses          names from [hypotheses]; with a question mark, such as "noise law?", one
                        that a run may bring up
    conclusions         {name, says, kind}, kind one of identity, bound, probability, order;
                        {not_tested} where one alone is not; none for an assumption
    rests_on            ids of the statements that it or its proof uses
    chapter             the notebook in whose pages it stands
    not_tested          the reason, where nothing measures it
    shows_not           what the verdict does not show
    counterexample      true where an experiment looks for a contradiction on purpose

Every field is checked when the file is read (`fields`): a word where `true` belongs would
silence a contradiction.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kktnotes.evidence import fields
from kktnotes.evidence.fields import StatementsError
from kktnotes.printing import Brief

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib


@dataclass(frozen=True, kw_only=True)
class Conclusion:
    """One thing that a statement concludes, and how it can be measured."""

    name: str
    says: str
    kind: str
    not_tested: str = ""


@dataclass(frozen=True, repr=False, kw_only=True)
class Statement(Brief):
    """One statement of the paper; the fields are those of the file."""

    id: str
    name: str
    gist: str
    section: str
    conclusions: tuple[Conclusion, ...] = ()
    hypotheses: tuple[str, ...] = ()
    rests_on: tuple[str, ...] = ()
    chapter: str = ""
    not_tested: str = ""
    shows_not: str = ""
    counterexample: bool = False

    @property
    def required(self) -> tuple[str, ...]:
        """The hypotheses that every measurement of a conclusion has to bring."""
        return tuple(name for name in self.hypotheses if not name.endswith("?"))

    @property
    def allowed(self) -> tuple[str, ...]:
        """All hypotheses that a measurement may bring."""
        return tuple(name.removesuffix("?") for name in self.hypotheses)

    @property
    def label(self) -> str:
        """The label of its directive in the book: "paper-lemma-2-1"."""
        return f"paper-{self.id}"

    def conclusion(self, name: str) -> Conclusion | None:
        """Return the conclusion of that name, or None."""
        return next((one for one in self.conclusions if one.name == name), None)


@dataclass(frozen=True, repr=False)
class Statements(Brief):
    """All statements in the order of the paper, and what the hypotheses' names mean."""

    items: dict[str, Statement]
    hypotheses: dict[str, str]

    @classmethod
    def load(cls, path: Path) -> Statements:
        """Read the file; raises StatementsError where it does not hang together."""
        try:  # an editor may have put a byte order mark in front
            values = tomllib.loads(path.read_text("utf-8-sig"))
        except ValueError as error:
            raise StatementsError(f"{path.name}: not readable as TOML, {error}") from error
        return cls.of(values)

    @classmethod
    def of(cls, values: dict) -> Statements:
        """Build from the file's values, checking names, kinds and what rests on what."""
        items: dict[str, Statement] = {}
        hypotheses = fields.top(values)
        for number, entry in enumerate(values["statement"], 1):
            statement = _statement(fields.statement(entry, number))
            if statement.id in items:
                raise StatementsError(f"{statement.id}: listed twice")
            items[statement.id] = statement
        found = cls(items, hypotheses)
        for statement in items.values():
            found._check(statement)
        found.order()
        return found

    def _check(self, statement: Statement) -> None:
        for name in statement.allowed:
            if name not in self.hypotheses:
                raise StatementsError(f"{statement.id}: no hypothesis is called {name!r}")
        for other in statement.rests_on:
            if other not in self.items:
                raise StatementsError(f"{statement.id}: rests on {other!r}, which is not listed")
        if not (statement.conclusions or statement.hypotheses or statement.not_tested):
            raise StatementsError(f"{statement.id}: no conclusion, no hypothesis and no reason")
        names = [one.name for one in statement.conclusions]
        if len(set(names)) < len(names):
            raise StatementsError(f"{statement.id}: two conclusions of one name")

    def order(self) -> dict[str, int]:
        """Return the depth of every statement: 0 where it rests on none, else one above them."""
        depth: dict[str, int] = {}
        waiting: list[str] = []

        def visit(name: str) -> int:
            if name in waiting:
                chain = " -> ".join([*waiting[waiting.index(name) :], name])
                raise StatementsError(f"rests on itself: {chain}")
            if name not in depth:
                waiting.append(name)
                below = [visit(other) for other in self.items[name].rests_on]
                waiting.pop()
                depth[name] = 1 + max(below, default=-1)
            return depth[name]

        for name in self.items:
            visit(name)
        return depth


def _statement(entry: Mapping[str, Any]) -> Statement:
    """Return one statement of the file's values, which are checked."""
    values: dict[str, Any] = {
        key: tuple(one) if isinstance(one, list) else one for key, one in entry.items()
    }
    conclusions = tuple(Conclusion(**one) for one in values.pop("conclusions", ()))
    return Statement(conclusions=conclusions, **values)

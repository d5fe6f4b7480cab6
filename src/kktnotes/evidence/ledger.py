"""The ledger: what the notebooks of one build measured of every statement.

Executed notebooks are the only store. The ledger reads the measurements from their outputs, judges
each again from its numbers, puts those of one conclusion together (the weakest word wins, so that
no notebook can make up for another), and lists what does not hang together: such a fault fails the
tests and the build of the book.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from kktnotes.evidence import notebook, stored
from kktnotes.evidence.measurement import MIME, Measurement
from kktnotes.evidence.statements import Conclusion, Statement, Statements
from kktnotes.evidence.verdict import Verdict, judge, weakest
from kktnotes.printing import Brief

HIDDEN = {"remove-cell", "remove-output", "remove_cell", "remove_output"}
"""Tags of cells whose outputs no page shows."""


@dataclass(frozen=True, repr=False, kw_only=True)
class Found(Brief):
    """A measurement and where it was made: the notebook's name and the cell's position."""

    notebook: str
    cell: int
    measurement: Measurement
    verdict: Verdict

    @property
    def anchor(self) -> str:
        """The id of the cell on its page."""
        return f"evidence-cell-{self.cell}"


@dataclass(frozen=True, repr=False)
class Part(Brief):
    """A conclusion of a statement with all that was found for it."""

    conclusion: Conclusion
    found: tuple[Found, ...]
    verdict: Verdict


@dataclass(frozen=True, repr=False, kw_only=True)
class Entry(Brief):
    """A statement with its parts and what the runs say of its hypotheses."""

    statement: Statement
    parts: tuple[Part, ...]
    hypotheses: Verdict
    found: tuple[Found, ...]

    @property
    def tested(self) -> tuple[Part, ...]:
        """The conclusions that were measured."""
        return tuple(part for part in self.parts if part.found)

    @property
    def partial(self) -> bool:
        """Whether some conclusions were measured and others not."""
        return 0 < len(self.tested) < len(self.parts)

    @property
    def verdict(self) -> Verdict:
        """The weakest verdict of the measured conclusions; of an assumption, whether it is met."""
        if not self.parts and self.found:
            return self.hypotheses
        if not self.tested:
            return Verdict("not tested", None, self.statement.not_tested)
        return weakest(part.verdict for part in self.tested)

    @property
    def word(self) -> str:
        """The verdict in words: "holds", or "holds in part" where conclusions are missing."""
        return f"{self.verdict.word} in part" if self.partial else self.verdict.word

    @property
    def hypotheses_word(self) -> str:
        """Whether the hypotheses are met on these runs: "met", "not met", "none", "not tested"."""
        if not self.statement.hypotheses:
            return "none"
        words = {"holds": "met", "outside": "not met"}
        return words.get(self.hypotheses.word, "not tested")


@dataclass(frozen=True, repr=False)
class Ledger(Brief):
    """Entries in the order of the paper, and the faults; both from one set of notebooks."""

    statements: Statements
    entries: dict[str, Entry]
    faults: tuple[str, ...] = field(default=())

    @classmethod
    def read(cls, statements: Path | Statements, notebooks: Iterable[Path]) -> Ledger:
        """Read the notebooks and put together what they measured."""
        if not isinstance(statements, Statements):
            statements = Statements.load(statements)
        found: list[Found] = []
        faults: list[str] = []
        names = []
        for path in notebooks:
            names.append(path.stem)
            for one in outputs(path, faults):
                fault = unfit(one, statements)
                if fault:
                    faults.append(f"{path.name}, cell {one.cell}: {notebook.cut(fault)}")
                else:
                    found.append(one)
        entries = {name: entry(one, found) for name, one in statements.items.items()}
        for each in entries.values():
            faults += lacking(each, names)
        return cls(statements, entries, tuple(faults))


def _of_hypotheses(measurement: Measurement) -> Measurement:
    """Return the measurement of the hypotheses alone."""
    return Measurement(
        statement=measurement.statement,
        conclusion=None,
        kind="hypotheses",
        terms=(),
        hypotheses=measurement.hypotheses,
    )


def entry(statement: Statement, found: list[Found]) -> Entry:
    """Return what was found for one statement."""
    own = tuple(one for one in found if one.measurement.statement == statement.id)
    parts = []
    for conclusion in statement.conclusions:
        its = tuple(one for one in own if one.measurement.conclusion == conclusion.name)
        reason = conclusion.not_tested or statement.not_tested
        word = weakest(one.verdict for one in its) if its else Verdict("not tested", None, reason)
        parts.append(Part(conclusion, its, word))
    asked = [_of_hypotheses(one.measurement) for one in own if one.measurement.hypotheses]
    return Entry(
        statement=statement,
        parts=tuple(parts),
        hypotheses=weakest(judge(one) for one in asked),
        found=own,
    )


def outputs(path: Path, faults: list[str]) -> Iterator[Found]:
    """Yield the measurements in a notebook's outputs; faults of the notebook are appended."""
    cells = notebook.cells(path, faults)
    counts = [cell.count for cell in cells if cell.code]
    if counts != list(range(1, len(counts) + 1)):
        faults.append(f"{path.name}: was not run from its first cell to its last, once")
    for cell in cells:
        where = f"{path.name}, cell {cell.number}"
        for metadata in cell.outputs:
            if MIME not in metadata:
                continue
            if HIDDEN & cell.tags:
                faults.append(f"{where}: its output is on no page, so that nobody can look it up")
            held = notebook.table(metadata, MIME)
            try:
                measurement = stored.measurement(held.get("measurement"))
                verdict = judge(measurement)
            except (ArithmeticError, TypeError, ValueError) as error:
                faults.append(f"{where}: unreadable measurement, {notebook.cut(error)}")
                continue
            word = held.get("word")
            if word != verdict.word:
                said = notebook.cut(repr(word), 40)
                faults.append(f"{where}: the card says {said}, its numbers {verdict.word!r}")
            yield Found(
                notebook=path.stem, cell=cell.number, measurement=measurement, verdict=verdict
            )


def unfit(found: Found, statements: Statements) -> str:
    """Return why a measurement fits no statement of the file; empty if it fits."""
    measurement = found.measurement
    statement = statements.items.get(measurement.statement)
    if statement is None:
        return f"no statement {measurement.statement!r} in statements.toml"
    name = f"{statement.id}, {measurement.conclusion or 'hypotheses'}"
    brought = [term.name for term in measurement.hypotheses]
    strange = [one for one in brought if one not in statement.allowed]
    if strange:
        return f"{name}: it has no hypothesis {', '.join(map(repr, strange))}"
    missing = [one for one in statement.required if one not in brought]
    if missing and not measurement.nothing:
        return f"{name}: without its hypotheses {', '.join(map(repr, missing))}"
    if measurement.conclusion is None:
        return ""
    conclusion = statement.conclusion(measurement.conclusion)
    if conclusion is None:
        known = ", ".join(repr(one.name) for one in statement.conclusions) or "none"
        return f"{name}: its conclusions are {known}"
    if conclusion.kind != measurement.kind:
        return f"{name}: measured as {measurement.kind!r}, it takes {conclusion.kind!r}"
    return ""


def lacking(entry: Entry, notebooks: list[str]) -> Iterator[str]:
    """Yield what is missing or wrong in one entry."""
    statement = entry.statement
    for part in entry.parts:
        reason = part.conclusion.not_tested or statement.not_tested
        if not part.found and not reason:
            yield f"{statement.id}, {part.conclusion.name}: no measurement and no reason for it"
        if part.found and part.conclusion.not_tested:
            yield f"{statement.id}, {part.conclusion.name}: measured, yet called not tested"
        if part.verdict.word == "contradicted" and not statement.counterexample:
            where = ", ".join(f"{one.notebook}, cell {one.cell}" for one in part.found)
            why = part.verdict.reason
            yield f"{statement.id}, {part.conclusion.name}: contradicted ({why}) in {where}"
    if not entry.parts and not entry.found and not statement.not_tested:
        yield f"{statement.id}: no measurement and no reason for it"
    if entry.found and statement.not_tested:
        yield f"{statement.id}: measured, yet called not tested"
    if not statement.shows_not:
        yield f"{statement.id}: nothing says what its verdict does not show"
    if statement.chapter and statement.chapter not in notebooks:
        yield f"{statement.id}: its chapter {statement.chapter!r} is none of the notebooks"
    if not statement.chapter and not statement.not_tested:
        yield f"{statement.id}: neither a chapter nor a reason why it is not tested"

"""Print what was measured of each statement: `python -m tools.ledger` or `... quick`.

Without a profile it reads the committed notebooks, with one those that it executed. It ends with
status 1 where the ledger has faults: the same that fail the tests and the build of the pages.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from kktnotes.evidence.card import shown_slack
from kktnotes.evidence.ledger import Entry, Ledger
from tools import chapters, profiles
from tools.refusal import Refused
from tools.start import started


def read(profile: str | None, root: Path = chapters.ROOT) -> Ledger:
    """Return the ledger of the committed notebooks, or of those that a profile executed."""
    notebooks = chapters.chapters(root)
    if profile is not None:
        notebooks = [root / "_build" / profile / "executed" / path.name for path in notebooks]
    return Ledger.read(root / "book" / "statements.toml", notebooks)


def lines(entry: Entry) -> list[str]:
    """Return the lines of one statement: its word and hypotheses, then its conclusions."""
    found = [f"{entry.statement.name}: {entry.word}, hypotheses {entry.hypotheses_word}"]
    for part in entry.tested:
        facts = [part.verdict.word, shown_slack(part.verdict.slack), part.verdict.reason]
        where = ", ".join(sorted({one.notebook for one in part.found}))
        facts = [fact for fact in facts if fact]
        found.append(f"  {part.conclusion.name}: {'; '.join(facts)} ({where})")
    return found


def main(arguments: list[str] | None = None) -> int:
    """Print the ledger; return 1 if it has faults."""
    parser = argparse.ArgumentParser(prog="python -m tools.ledger", description=__doc__)
    parser.add_argument("profile", nargs="?", help="a profile that was run with tools.execute")
    profile = parser.parse_args(arguments).profile
    if profile is not None:
        profiles.named(profile)
    try:
        ledger = read(profile)
    except FileNotFoundError as error:
        raise Refused(f"{error.filename}: run `make book PROFILE={profile}` first") from error
    for entry in ledger.entries.values():
        print("\n".join(lines(entry)))
    for fault in ledger.faults:
        print(f"fault: {fault}", file=sys.stderr)
    return 1 if ledger.faults else 0


if __name__ == "__main__":
    sys.exit(started(main))

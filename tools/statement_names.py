"""Keep the package's copy of the statements' names: `python -m tools.statement_names`.

Cards print them, in a wheel as well, where there is no `book/statements.toml`. `make notebooks`
calls this before it runs anything, and a test compares the two files.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

ROOT = Path(__file__).resolve().parent.parent
STATEMENTS = ROOT / "book" / "statements.toml"
NAMES = ROOT / "src" / "kktnotes" / "evidence" / "names.json"


def names(statements: Path = STATEMENTS) -> str:
    """Return the statements' names by id as the package keeps them, one a line."""
    listed = tomllib.loads(statements.read_text("utf-8"))["statement"]
    found = {one["id"]: one["name"] for one in listed}
    return json.dumps(found, indent=1, ensure_ascii=False) + "\n"


def main() -> int:
    """Write the package's copy where it differs."""
    wanted = names()
    if not NAMES.exists() or NAMES.read_text("utf-8") != wanted:
        NAMES.write_text(wanted, "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())

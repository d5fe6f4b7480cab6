"""What a benchmark measured, as data: named values in rows, written whole or not at all.

    records = Records("cases", {"case": ("case", ""), "flow_seconds": ("flow (s)", ".2f")})
    records.add("cases", case="a", flow_seconds=0.3)
    records.write(Path("kkt.json"))

A page of the book makes its table of these and shows the columns that are named here, each under
its heading and in its format. Units stand in the names. JSON has no word for infinity: `inf` is a
text there, and a value of which only a lower bound is known is `above(bound)`.
"""

from __future__ import annotations

import argparse
import math
import resource
import sys
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[1]))
from tools import files, rows


def above(bound: float) -> dict[str, float]:
    """Return a value of which is known only that it is larger."""
    return {"above": bound}


class Records:
    """Rows of one run, each of a named table, and the columns of the one table that pages show."""

    def __init__(self, shown: str = "", columns: dict[str, tuple[str, str]] | None = None) -> None:
        """Say which table pages show, and of each of its columns the heading and the format.

        Without them a page shows what was printed and no table.
        """
        self.shown, self.columns, self.rows = shown, columns or {}, []

    def add(self, table: str, **values: object) -> dict[str, object]:
        """Add a row; `reason` stands in place of what a row has no values of. Return its values."""
        plain = {
            name: str(value) if isinstance(value, float) and not math.isfinite(value) else value
            for name, value in values.items()
        }
        self.rows.append({"table": table, **plain})
        return values

    def add_peak_memory(self) -> None:
        """Print and add the most memory that this process took."""
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024**2
        print(f"peak memory of this process: {peak:.2f} GB")
        self.add("process", peak_gigabytes=peak)

    def write(self, path: Path | None) -> None:
        """Write all rows, one a line; nowhere without a path."""
        if path is not None:
            columns = [
                {"name": name, "heading": heading, "format": form}
                for name, (heading, form) in self.columns.items()
            ]
            data = {"shown": self.shown, "columns": columns, "rows": self.rows}
            files.replace(path, rows.text(data))


def option(parser: argparse.ArgumentParser) -> None:
    """Let a benchmark be told where its data go, and refuse at once where they cannot."""

    def file(name: str) -> Path:
        if not Path(name).resolve().parent.is_dir():
            raise argparse.ArgumentTypeError(
                f"got {name!r}, allowed is a file in a folder that exists"
            )
        return Path(name)

    parser.add_argument("--data", type=file, metavar="FILE.json", help="write the rows there too")

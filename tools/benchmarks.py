"""Run the benchmarks and keep what they print for the book: `make benchmarks`.

What each prints goes to `book/_benchmarks/NAME.txt` under a line that says where it ran, and what
it measured to `NAME.json` beside it, with the same two lines; the page `book/benchmarks.md` shows
the text as it is, and tables made of the data.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
from importlib import metadata
from pathlib import Path

import psutil

from tools import chapters, files, report, rows
from tools.start import started

COMMANDS = {
    "coordinates": ["coordinates.py"],
    "flow": ["flow.py"],
    "kkt": ["kkt.py", "--cases", "a", "A", "B", "D", "J", "--longest", "60"],
    "kkt-others": ["kkt.py", "--cases", "C", "E", "F", "H", "I", "--patience", "0"],
    "kkt-largest": ["kkt.py", "--cases", "G", "--patience", "0"],
    "radius": ["radius.py", "--cases", "a", "A", "B", "C", "D", "F", "H", "--peers", "B", "C"],
}


def heading(command: list[str]) -> dict[str, str]:
    """Return the command and the machine, for the top of both files."""
    versions = f"Python {platform.python_version()}, torch {metadata.version('torch')}"
    busy = psutil.cpu_percent(interval=1.0)
    return {
        "command": f"python benchmarks/{' '.join(command)}",
        "machine": f"{report.processor()}, one thread, {versions}; {busy:.0f} % of "
        f"{psutil.cpu_count()} cores busy with other work at the start",
    }


def run(name: str, root: Path = chapters.ROOT) -> int:
    """Run one benchmark; only a complete run replaces its two files. Return its exit status."""
    command = COMMANDS[name]
    folder = root / "book" / "_benchmarks"
    folder.mkdir(parents=True, exist_ok=True)
    threads = {"OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    with tempfile.TemporaryFile() as printed, tempfile.TemporaryDirectory() as aside:
        top, data = heading(command), Path(aside) / f"{name}.json"
        printed.write("$ {command}\n{machine}\n\n".format(**top).encode())
        printed.flush()
        script = [sys.executable, str(root / "benchmarks" / command[0]), *command[1:]]
        script += ["--data", str(data)]
        done = subprocess.run(script, stdout=printed, env=os.environ | threads, check=False)
        if done.returncode == 0:
            printed.seek(0)
            kept = rows.text(top | json.loads(data.read_text("utf-8")))
            files.replace_all(
                {folder / f"{name}.json": kept, folder / f"{name}.txt": printed.read()}
            )
    return done.returncode


def main(arguments: list[str] | None = None) -> int:
    """Run the benchmarks that are named, else all; return 1 if one failed."""
    parser = argparse.ArgumentParser(prog="python -m tools.benchmarks", description=__doc__)
    parser.add_argument("name", nargs="*", help=f"of {', '.join(COMMANDS)}; else all")
    chosen = parser.parse_args(arguments).name or list(COMMANDS)
    unknown = [name for name in chosen if name not in COMMANDS]
    if unknown:
        print(f"benchmark: got {unknown[0]!r}, allowed is one of {', '.join(COMMANDS)}")
        return 2
    failed = []
    for name in chosen:
        print(f"{name}: ", end="", flush=True)
        status = run(name)
        print("kept" if status == 0 else f"ended with {status}, the old figures stay")
        failed += [name] if status else []
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(started(main))

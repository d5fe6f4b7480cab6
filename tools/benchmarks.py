"""Run the benchmarks and keep what they print for the book: `make benchmarks`.

What each prints goes to `book/_benchmarks/NAME.txt` under a line that says where it ran; the page
`book/benchmarks.md` shows these files as they are.
"""

from __future__ import annotations

import argparse
import os
import platform
import subprocess
import sys
import tempfile
from importlib import metadata
from pathlib import Path

import psutil

from tools import chapters, files, report
from tools.start import started

COMMANDS = {
    "coordinates": ["coordinates.py"],
    "flow": ["flow.py"],
    "kkt": ["kkt.py", "--cases", "a", "A", "B", "D", "J", "--longest", "60"],
    "kkt-others": ["kkt.py", "--cases", "C", "E", "F", "H", "I", "--patience", "0"],
    "kkt-largest": ["kkt.py", "--cases", "G", "--patience", "0"],
    "radius": ["radius.py", "--cases", "a", "A", "B", "C", "D", "F", "H", "--peers", "B", "C"],
}


def heading(command: list[str]) -> str:
    """Return the command and the machine, for the top of a file."""
    versions = f"Python {platform.python_version()}, torch {metadata.version('torch')}"
    busy = psutil.cpu_percent(interval=1.0)
    return (
        f"$ python benchmarks/{' '.join(command)}\n"
        f"{report.processor()}, one thread, {versions}; "
        f"{busy:.0f} % of {psutil.cpu_count()} cores busy with other work at the start\n\n"
    )


def run(name: str, root: Path = chapters.ROOT) -> int:
    """Run one benchmark; only a complete run replaces the file. Return its exit status."""
    command = COMMANDS[name]
    folder = root / "book" / "_benchmarks"
    folder.mkdir(parents=True, exist_ok=True)
    threads = {"OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    with tempfile.TemporaryFile() as printed:  # has no name: gone when it is interrupted or killed
        printed.write(heading(command).encode())
        printed.flush()
        script = [sys.executable, str(root / "benchmarks" / command[0]), *command[1:]]
        done = subprocess.run(script, stdout=printed, env=os.environ | threads, check=False)
        if done.returncode == 0:
            printed.seek(0)
            files.replace(folder / f"{name}.txt", printed.read())
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

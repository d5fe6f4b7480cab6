"""Are the stored outputs those of every processor? `make matrix`, or `python -m tools.matrix`.

Runs nbval on all notebooks, and the numerical tests, with the kernels of linear algebra that other
processors have, which can be chosen on this one, with one and two threads, and once with all cores
kept busy by something else. Prints a table and ends red where an output differs or a test fails.

    native       what torch, MKL and OpenBLAS choose here
    AVX2         most processors since 2013
    baseline     any x86-64, and MKL's path for processors of other makers
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from tools.chapters import ROOT
from tools.refusal import Refused
from tools.start import started
from tools.surroundings import THREADS

KERNELS: dict[str, dict[str, str]] = {
    "native": {},
    "AVX2": {
        "ATEN_CPU_CAPABILITY": "avx2",
        "MKL_CBWR": "AVX2",
        "OPENBLAS_CORETYPE": "Haswell",
    },
    "baseline": {
        "ATEN_CPU_CAPABILITY": "default",
        "MKL_CBWR": "COMPATIBLE",
        "OPENBLAS_CORETYPE": "Nehalem",
    },
}
PATIENT = {"OMP_WAIT_POLICY": "PASSIVE", "GOMP_SPINCOUNT": "0", "KMP_BLOCKTIME": "0"}
"""Threads that wait sleep meanwhile: with two for each worker there are more than cores."""
NUMERICAL = (
    *("arrowhead", "attacks", "biased", "chain", "chapter_", "every_point", "finite_steps"),
    *(
        "flip_probability",
        "flow",
        "kkt",
        "linear_separation",
        "network",
        "radius",
        "robust_network",
    ),
    *("row_mix", "sample_size", "separability", "textbook_attack", "theory"),
)
"""How the tests' names begin whose results come out of linear algebra, after "test_"."""
COUNT = re.compile(r"(\d+) (passed|failed|error)")
FAILED = re.compile(r"^(?:FAILED|ERROR) (\S+?::.+?)(?: - |$)", re.MULTILINE)


@dataclass(frozen=True)
class Row:
    """One row of the table: what was chosen, and what differed under it."""

    kernels: str
    threads: int
    busy: bool
    part: str
    passed: int
    failed: tuple[str, ...]
    status: int
    seconds: float

    def __str__(self) -> str:
        """Return the row as printed."""
        load = "busy" if self.busy else "idle"
        word = "ok" if self.status == 0 else f"DIFFERS: {', '.join(self.failed) or 'see above'}"
        return (
            f"{self.kernels:9} {self.threads:7} {load:5} {self.part:9} {self.passed:6}"
            f" {len(self.failed):6} {self.seconds:7.0f}  {word}"
        )


HEAD = "kernels   threads cores part      passed failed seconds"


def _spin() -> None:
    while True:
        pass


@contextmanager
def load(busy: bool) -> Iterator[None]:
    """Keep all cores busy meanwhile, or not."""
    count = os.cpu_count() if busy else 0
    context = multiprocessing.get_context("spawn")
    others = [context.Process(target=_spin, daemon=True) for _ in range(count or 0)]
    for process in others:
        process.start()
    try:
        yield
    finally:
        for process in others:
            process.kill()


def run(kernels: str, threads: int, busy: bool, part: str, chapters: list[str]) -> Row:
    """Run one part, "notebooks" or "tests", under one choice."""
    variables = os.environ | KERNELS[kernels] | dict.fromkeys(THREADS, str(threads)) | PATIENT
    workers = str(os.cpu_count() or 1)
    command = [sys.executable, "-m", "pytest", "-q", "-n", workers, "--dist", "loadfile"]
    command += ["-p", "no:cacheprovider", "--color=no"]
    if part == "notebooks":
        names = [f"book/{name}.ipynb" for name in chapters] or ["book"]
        command += ["--nbval", *names]
    else:
        command += numerical()
    began = time.perf_counter()
    with load(busy):
        ended = subprocess.run(
            command, cwd=ROOT, env=variables, capture_output=True, text=True, check=False
        )
    said = ended.stdout + ended.stderr
    counts = {word: int(number) for number, word in COUNT.findall(said.splitlines()[-1])}
    failed = tuple(FAILED.findall(said))
    if ended.returncode:
        print(said[-6000:], file=sys.stderr)
    passed, seconds = counts.get("passed", 0), time.perf_counter() - began
    return Row(kernels, threads, busy, part, passed, failed, ended.returncode, seconds)


def numerical() -> list[str]:
    """Return the files of the numerical tests."""
    names = sorted(path.name for path in (ROOT / "tests").glob("test_*.py"))
    begins = tuple(f"test_{name}" for name in NUMERICAL)
    return [f"tests/{name}" for name in names if name.startswith(begins)]


def choices(options: argparse.Namespace) -> list[tuple[str, int, bool, str]]:
    """Return what is to be run: kernels, threads, busy, part."""
    parts = [options.part] if options.part else ["notebooks", "tests"]
    chosen = [
        (kernels, threads, False, part)
        for threads in options.threads
        for kernels in options.kernels
        for part in parts
    ]
    if options.busy:
        chosen += [(options.kernels[0], options.threads[0], True, part) for part in parts]
    return chosen


def main(arguments: list[str] | None = None) -> int:
    """Print the table; return 1 if anything differed."""
    parser = argparse.ArgumentParser(prog="python -m tools.matrix", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("--kernels", nargs="+", choices=KERNELS, default=list(KERNELS))
    parser.add_argument("--threads", nargs="+", type=int, default=[1, 2])
    parser.add_argument("--part", choices=("notebooks", "tests"), help="one of the two alone")
    parser.add_argument("--idle", dest="busy", action="store_false", help="no run on busy cores")
    parser.add_argument("--chapter", nargs="+", default=[], help="some notebooks alone")
    options = parser.parse_args(arguments)
    if min(options.threads) < 1:
        raise Refused(f"--threads: got {min(options.threads)}, allowed is 1 or more")
    print(HEAD, flush=True)
    red = False
    for choice in choices(options):
        row = run(*choice, options.chapter)
        print(row, flush=True)
        red |= row.status != 0
    return 1 if red else 0


if __name__ == "__main__":
    sys.exit(started(main))

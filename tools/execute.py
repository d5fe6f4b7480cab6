"""Run every chapter with papermill in one profile: `python -m tools.execute quick`.

Executed copies go to `_build/PROFILE/executed/`, two notebooks at a time. A notebook whose text,
parameters, package and versions are those of its last run there is not run again. A failing cell
ends the run; what was finished before stays finished, also after an interrupt.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import multiprocessing
import os
import platform
import re
import signal
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from queue import Empty

import nbformat
import papermill
from papermill.engines import NBClientEngine, papermill_engines
from papermill.exceptions import PapermillExecutionError
from tqdm import tqdm

from tools import chapters
from tools.profiles import Profile, Refused

THREADS = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMEXPR_NUM_THREADS")


@dataclass(frozen=True)
class Job:
    """One notebook to run: where it comes from, where it goes, what it depends on."""

    source: Path
    target: Path
    notebook: nbformat.NotebookNode
    key: str

    @property
    def name(self) -> str:
        """The chapter's name."""
        return self.source.stem

    @property
    def record(self) -> Path:
        """The file that says what the executed copy was made from, and in how many seconds."""
        return self.target.with_suffix(".json")

    def finished(self) -> float | None:
        """Return the seconds that the last run took if it still stands, else None."""
        try:
            record = json.loads(self.record.read_text("utf-8"))
        except (OSError, ValueError):
            return None
        return record["seconds"] if record["key"] == self.key and self.target.exists() else None


@dataclass(frozen=True)
class Outcome:
    """How one job ended: its seconds, or what failed."""

    name: str
    seconds: float
    failure: str = ""


def surroundings(root: Path = chapters.ROOT) -> str:
    """Return a digest of what every notebook depends on: the package, Python, all versions."""
    digest = hashlib.sha256(platform.python_version().encode())
    files = [path for path in (root / "src" / "kktnotes").rglob("*") if path.is_file()]
    files += root.glob("tools/*.py")
    for path in sorted(path for path in files if path.parent.name != "__pycache__"):
        digest.update(str(path.relative_to(root)).encode() + b"\0" + path.read_bytes() + b"\0")
    for version in sorted(f"{d.metadata['Name']}=={d.version}" for d in metadata.distributions()):
        digest.update(version.encode() + b"\0")
    return digest.hexdigest()


def plan(profile: Profile, root: Path = chapters.ROOT, names: Sequence[str] = ()) -> list[Job]:
    """Return a job for every chapter of the book, or those of these names.

    Raises
    ------
    Refused
        Before anything is run, if one of them cannot be.
    """
    common = surroundings(root)
    jobs = []
    try:
        chosen = chapters.named(list(names), root)
    except ValueError as error:
        raise Refused(str(error)) from error
    for path in chosen:
        notebook = profile.prepared(path)
        text = json.dumps([common, chapters.content(notebook)], sort_keys=True)
        key = hashlib.sha256(text.encode()).hexdigest()
        target = root / "_build" / profile.name / "executed" / path.name
        jobs.append(Job(path, target, notebook, key))
    return jobs


class CountingEngine(NBClientEngine):
    """papermill's usual engine, which also tells when a cell is done."""

    @classmethod
    def execute_managed_notebook(cls, nb_man, kernel_name, *, cell_done, **options):  # noqa: ANN001, ANN003, ANN206
        """Run the notebook, calling `cell_done()` after each cell."""
        complete = nb_man.cell_complete

        def counted(*arguments: object, **named: object) -> None:
            complete(*arguments, **named)
            cell_done()

        nb_man.cell_complete = counted
        return super().execute_managed_notebook(nb_man, kernel_name, **options)


papermill_engines.register("counting", CountingEngine)
done: multiprocessing.Queue | None = None
"""In a worker process: where it tells that a cell is done."""


def start_worker(queue: multiprocessing.Queue) -> None:
    """Set up a worker: one thread for its kernels, interrupts left to the main process."""
    global done
    done = queue
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.environ.update(dict.fromkeys(THREADS, "1"))


def run(job: Job) -> Outcome:
    """Run one notebook; only a complete run replaces the executed copy."""
    started = time.perf_counter()
    partial = job.target.with_name(f"{job.name}.partial.ipynb")
    try:
        notebook = papermill.execute_notebook(
            job.notebook,
            str(partial),
            engine_name="counting",
            cell_done=lambda: done.put(job.name),
            progress_bar=False,
            extra_arguments=chapters.KERNEL_ARGUMENTS,
            cwd=job.source.parent,
        )
    except PapermillExecutionError as error:
        trace = re.sub(r"\x1b\[[0-9;]*m", "", "\n".join(error.traceback))
        failure = f"In [{error.exec_count}]:\n{error.source}\n\n{trace}"
        return Outcome(job.name, time.perf_counter() - started, failure)
    except Exception as error:
        return Outcome(job.name, time.perf_counter() - started, f"{type(error).__name__}: {error}")
    for part in (notebook, *notebook.cells):
        for noise in ("papermill", "execution"):
            part.metadata.pop(noise, None)
    seconds = time.perf_counter() - started
    nbformat.write(notebook, partial)
    os.replace(partial, job.target)
    record = job.record.with_suffix(".json.partial")
    record.write_text(json.dumps({"key": job.key, "seconds": round(seconds, 1)}), "utf-8")
    os.replace(record, job.record)
    return Outcome(job.name, seconds)


def outcomes(jobs: list[Job], workers: int) -> Iterator[Outcome]:
    """Run the jobs, `workers` at a time, with a progress bar over all their cells."""
    context = multiprocessing.get_context("spawn")
    queue = context.Queue()
    total = sum(len(job.notebook.cells) for job in jobs)
    with (
        context.Pool(min(workers, len(jobs)), start_worker, (queue,)) as pool,
        tqdm(total=total, unit="cell", mininterval=0.5 if sys.stderr.isatty() else 20) as bar,
    ):
        results = pool.imap_unordered(run, jobs)
        for _ in jobs:
            outcome = None
            while outcome is None:
                with suppress(multiprocessing.TimeoutError):
                    outcome = results.next(timeout=0.2)
                with suppress(Empty):
                    while True:
                        bar.set_description(queue.get_nowait(), refresh=False)
                        bar.update()
            yield outcome


def main(arguments: list[str] | None = None) -> int:
    """Run the book in one profile; return 0 only if every chapter ran to its end."""
    parser = argparse.ArgumentParser(prog="python -m tools.execute", description=__doc__)
    parser.add_argument("profile", nargs="?", default="quick", help="a file of profiles/")
    parser.add_argument("name", nargs="*", help="chapters to run, such as clusters; else all")
    parser.add_argument("--workers", type=int, default=2, help="notebooks at a time")
    options = parser.parse_args(arguments)
    try:
        profile = Profile.load(options.profile)
        jobs = plan(profile, names=options.name)
    except Refused as error:
        print(error, file=sys.stderr)
        return 2

    waiting = []
    for job in jobs:
        job.target.parent.mkdir(parents=True, exist_ok=True)
        seconds = job.finished()
        if seconds is None:
            waiting.append(job)
        else:
            print(f"{job.name}: unchanged since its last run of {seconds:.1f} s")
    try:
        for outcome in outcomes(waiting, options.workers) if waiting else ():
            if outcome.failure:
                tqdm.write(f"{outcome.name}: a cell failed after {outcome.seconds:.1f} s")
                tqdm.write(outcome.failure)
                return 1
            tqdm.write(f"{outcome.name}: {outcome.seconds:.1f} s{verdict(outcome, profile)}")
    except KeyboardInterrupt:
        print("\ninterrupted; finished notebooks stay finished", file=sys.stderr)
        return 130
    return 0


def verdict(outcome: Outcome, profile: Profile) -> str:
    """Return how the seconds of a run compare with the profile's budget, if it has one."""
    if profile.budget is None:
        return ""
    over = outcome.seconds > profile.budget
    return f", {'OVER' if over else 'within'} the budget of {profile.budget:g} s"


if __name__ == "__main__":
    sys.exit(main())

"""Run every chapter in one profile: `python -m tools.execute quick`.

papermill writes the profile's parameters into copies of the notebooks; the executed copies go to
`_build/PROFILE/executed/`, two at a time. A notebook whose text, parameters, package and versions
are those of its last run there is not run again. A chapter that fails does not stop the others:
the run goes on, ends red, and lists at its end what failed, with cell and traceback. What is
finished stays finished, also after an interrupt.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from pathlib import Path

from tqdm import tqdm

from tools import chapters, files, jobs, kernel, pool, surroundings
from tools.jobs import Job
from tools.profiles import Profile
from tools.refusal import Refused
from tools.start import started


def run(job: Job, root: Path, step: Callable[[], None]) -> float:
    """Run one notebook, if no other run has done so, and keep the copy; return the seconds.

    Raises
    ------
    kernel.Failure
    Refused
        If the package, the tools or the statements were changed meanwhile: of what the outputs
        are cannot be told.
    """
    with files.alone(job.target, tqdm.write):
        done = job.finished()  # by another run, while this one waited
        if done is not None:
            return done
        began, before = time.perf_counter(), jobs.dependencies(root)
        notebook = kernel.run(job.notebook, job.source.parent, step)
        seconds = time.perf_counter() - began
        if jobs.dependencies(root) != before:
            raise Refused("the package was changed while this chapter ran: run it again")
        job.keep(notebook, seconds)
        return seconds


def run_all(
    waiting: list[Job], profile: Profile, workers: int, root: Path = chapters.ROOT
) -> dict[str, str]:
    """Run the jobs, say what each took, and return what failed: name -> reason."""
    failed: dict[str, str] = {}
    total = sum(len(job.notebook.cells) for job in waiting)

    def work(job: Job, step: Callable[[], None]) -> float:
        return run(job, root, step)

    for job, result in pool.results(work, waiting, workers, total=total):
        if isinstance(result, BaseException):
            failed[job.name] = kernel.reason(result)
            tqdm.write(f"{job.name}: FAILED, {failed[job.name].splitlines()[0]}")
        else:
            tqdm.write(f"{job.name}: {result:.1f} s{verdict(result, profile)}")
    return failed


def verdict(seconds: float, profile: Profile) -> str:
    """Return how the seconds of a run compare with the profile's budget, if it has one."""
    if profile.budget is None:
        return ""
    over = seconds > profile.budget
    return f", {'OVER' if over else 'within'} the budget of {profile.budget:g} s"


def main(arguments: list[str] | None = None) -> int:
    """Run the book in one profile; return 0 only if every chapter ran to its end."""
    parser = argparse.ArgumentParser(prog="python -m tools.execute", description=__doc__)
    parser.add_argument("profile", nargs="?", default="quick", help="a file of profiles/")
    parser.add_argument("name", nargs="*", help="chapters to run, such as clusters; else all")
    parser.add_argument("--workers", type=int, default=2, help="notebooks at a time, 1 to 64")
    options = parser.parse_args(arguments)
    if not 1 <= options.workers <= 64:
        raise Refused(f"--workers: got {options.workers}, allowed is 1 to 64")
    surroundings.adopt()
    profile = Profile.load(options.profile)
    planned = jobs.plan(profile, names=options.name)
    waiting = []
    for job in planned:
        seconds = job.finished()
        if seconds is None:
            waiting.append(job)
        else:
            print(f"{job.name}: unchanged since its last run of {seconds:.1f} s")
    began = time.perf_counter()
    failed = run_all(waiting, profile, options.workers) if waiting else {}
    print(f"{len(waiting)} chapters were run in {(time.perf_counter() - began) / 60:.1f} minutes")
    for name, why in failed.items():
        print(f"\n{name} failed.\n{why}", file=sys.stderr)
    if failed:
        count = f"{len(failed)} of {len(waiting)} chapters that were run"
        print(f"\nfailed: {', '.join(failed)} ({count})", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(started(main))

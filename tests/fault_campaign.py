"""Kill runs at random moments, as often as one wishes: `python -m tests.fault_campaign --kills 50`.

The tools run in a small project of this one's shape and are killed with SIGKILL, which nothing can
catch, at moments drawn uniformly over the time that a whole run takes. After each kill: is a
notebook or an executed copy half-written, is one taken for finished that is not the right one, is
a finished one lost, does a kernel still run? Prints the counts; ends red if any is not zero.
(Saved points: tests/test_kkt_writing.py. Signals that can be caught: tests/test_faults.py.)
"""

import argparse
import random
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psutil

from tests.small_book import command, laid_out
from tools import chapters, jobs, surroundings
from tools.profiles import Profile
from tools.refusal import Refused

FAULTS = ("half-written", "wrongly finished", "lost", "kernels left")
FACTS = ("kills with kernels at work", "ended before")


def kernels(root):
    """Processes that run in the project's book folder."""
    found = []
    for process in psutil.process_iter(["cwd", "cmdline"]):
        line = " ".join(process.info["cmdline"] or ())
        if process.info["cwd"] == str(root / "book") and "ipykernel" in line:
            found.append(process)
    return found


def killed(root, arguments, moment):
    """Start a tool, kill it after `moment` seconds; return what it was doing then."""
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    running = subprocess.Popen(**command(root, *arguments), **quiet)
    try:
        running.wait(moment)
    except subprocess.TimeoutExpired:
        at_work = bool(kernels(root))
        running.kill()
        running.wait()
        return FACTS[0] if at_work else ""
    return FACTS[1]


def whole(path):
    """Tell whether a file is a whole notebook with outputs."""
    try:
        return chapters.executed(chapters.read_notebook(path))
    except Refused:
        return False


def left(root, seconds=10):
    """Wait for the kernels to end; return how many have not."""
    deadline = time.monotonic() + seconds
    while kernels(root) and time.monotonic() < deadline:
        time.sleep(0.2)
    alive = kernels(root)
    for process in alive:
        process.kill()
    return len(alive)


def after_book(root, before, right):
    """Count the faults of an interrupted `tools.execute`."""
    planned = {job.name: job for job in jobs.plan(Profile.load("quick", root), root)}
    finished = {name for name, job in planned.items() if job.finished() is not None}
    copies = [job.target for job in planned.values() if job.target.exists()]
    return {
        "half-written": sum(not whole(path) for path in copies),
        "wrongly finished": sum(planned[n].target.read_bytes() != right[n] for n in finished),
        "lost": len(before - finished),
    }


def after_notebooks(root, before, right):
    """Count the faults of an interrupted `tools.notebooks --all`."""
    paths = {path.stem: path for path in chapters.chapters(root)}
    return {
        "half-written": sum(not whole(path) for path in paths.values()),
        "wrongly finished": sum(path.read_bytes() != right[n] for n, path in paths.items()),
        "lost": sum(not path.exists() for path in paths.values()),
    }


def campaign(root, arguments, look, kills, draw):
    """Kill one tool `kills` times; return the counts of its faults."""
    executed = root / "_build" / "quick" / "executed"
    shutil.rmtree(executed, ignore_errors=True)
    began = time.monotonic()
    subprocess.run(**command(root, *arguments), check=True, capture_output=True)
    duration = time.monotonic() - began
    folder = executed if look is after_book else root / "book"
    right = {path.stem: path.read_bytes() for path in folder.glob("*.ipynb")}
    counts = dict.fromkeys((*FAULTS, *FACTS), 0)
    before = set(right)
    for number in range(kills):
        if look is after_book and number % 2 == 0:  # every other time from nothing
            shutil.rmtree(executed, ignore_errors=True)
            before = set()
        elif look is after_book:
            (executed / "second.json").unlink(missing_ok=True)
            before -= {"second"}
        fact = killed(root, arguments, draw.uniform(0, duration))
        found = look(root, before, right) | ({fact: 1} if fact else {})
        for fault, count in found.items():
            counts[fault] += count
        counts["kernels left"] += left(root)
        before = {path.stem for path in executed.glob("*.json")}
    return counts


def main():
    """Print the counts of both tools."""
    parser = argparse.ArgumentParser(prog="python -m tests.fault_campaign", description=__doc__)
    parser.add_argument("--kills", type=int, default=50, help="of each tool")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    surroundings.adopt()
    draw, red = random.Random(options.seed), False
    columns = (*FAULTS, *FACTS)
    print(f"{'tool':25} kills  {'  '.join(columns)}")
    with tempfile.TemporaryDirectory() as folder:
        root = laid_out(Path(folder).resolve())
        subprocess.run(**command(root, "tools.notebooks", "--all"), check=True, capture_output=True)
        for arguments, look in (
            (("tools.execute",), after_book),
            (("tools.notebooks", "--all"), after_notebooks),
        ):
            counts = campaign(root, arguments, look, options.kills, draw)
            shown = "  ".join(f"{counts[name]:{len(name)}}" for name in columns)
            print(f"{' '.join(arguments):25} {options.kills:5}  {shown}", flush=True)
            red |= any(counts[fault] for fault in FAULTS)
    return 1 if red else 0


if __name__ == "__main__":
    sys.exit(main())

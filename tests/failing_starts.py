"""Does a chapter read to its end when some of its runs fail? `python -m tests.failing_starts`.

Runs the code cells of chapters in the quick profile while every second, third, ... run fails: its
flow counts as not separated, or its point as not certified. A run that fails has to be a row of a
table, or a start before the one that is taken; no cell may raise. Prints a line for each chapter
and kind of failure, with the cell that raised, and ends red if one did.
"""

import argparse
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from itertools import count, product

import jupytext

from tools.chapters import ROOT, named
from tools.surroundings import THREADS

KINDS = ("certified", "separated")


def forced(kind, every):
    """Let every so manieth point be refused, or flow not be separated, from the first one on."""
    import kktnotes as kn
    from kktnotes.flow import Flow
    from kktnotes.kkt import endings

    numbers, solve, separated = count(), endings.kkt_point, Flow.separated.fget
    seen = {}  # the flow itself is kept: a number of its own as long as the process lives

    def refused(flow, **knobs):
        if next(numbers) % every == 0:
            raise kn.NotCertified("refused on purpose")
        return solve(flow, **knobs)

    def unseparated(flow):
        number, _ = seen.setdefault(id(flow), (len(seen), flow))
        return separated(flow) and number % every != 0

    if kind == "certified":
        endings.kkt_point = refused
    else:
        Flow.separated = property(unseparated)


def read(name, kind, every):
    """Run one chapter's cells in this process; return the cell that raised, in words, or None."""
    from IPython.core.interactiveshell import InteractiveShell

    forced(kind, every)
    os.chdir(ROOT / "book")
    shell = InteractiveShell.instance()
    cells = [cell for cell in jupytext.read(f"{name}.md").cells if cell.cell_type == "code"]
    for number, cell in enumerate(cells):
        ended = shell.run_cell(cell.source, silent=True)
        error = ended.error_before_exec or ended.error_in_exec
        if error:
            return f"cell {number}: {type(error).__name__}: {error}"
    return None


def tried(task):
    """Run one chapter in a process of its own and print its line; return whether it was whole."""
    name, kind, every = task
    command = [sys.executable, "-m", "tests.failing_starts", "--one", name, kind, str(every)]
    variables = os.environ | dict.fromkeys(THREADS, "1") | {"MPLBACKEND": "agg"}
    ended = subprocess.run(
        command, cwd=ROOT, env=variables, capture_output=True, text=True, check=False
    )
    last = (ended.stdout.strip().splitlines() or ["no output"])[-1]
    print(f"{name:22} {kind:10} {every:5}  {'whole' if not ended.returncode else last}", flush=True)
    return not ended.returncode


def main():
    """Print the table."""
    parser = argparse.ArgumentParser(prog="python -m tests.failing_starts", description=__doc__)
    parser.add_argument("chapters", nargs="*", help="all if there are none")
    parser.add_argument("--every", type=int, nargs="+", default=[2, 3], help="how many fail")
    parser.add_argument("--one", nargs=3, metavar=("CHAPTER", "KIND", "EVERY"), help="in here")
    options = parser.parse_args()
    if options.one:
        name, kind, every = options.one
        raised = read(name, kind, int(every))
        print(f"\n{raised}" if raised else "")
        return int(raised is not None)
    print("chapter                fails      every")
    tasks = list(product([path.stem for path in named(options.chapters)], KINDS, options.every))
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        whole = list(pool.map(tried, tasks))
    print(f"{sum(whole)} of {len(whole)} read to their end")
    return int(not all(whole))


if __name__ == "__main__":
    sys.exit(main())

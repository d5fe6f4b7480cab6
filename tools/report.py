"""What ran where: the facts of one profile's run, for the page that reports it.

`gather` puts together what `tools.execute` recorded of each chapter with the machine and the
versions; `tools.render` hands it to the book as `book/run.json`. `python -m tools.report full`
keeps the facts of a whole run of the full profile in `book/_runs/`, for the pages of all profiles.
"""

from __future__ import annotations

import argparse
import ast
import json
import platform
import sys
from importlib import metadata
from pathlib import Path

import psutil

from tools import chapters, files, jobs
from tools.parameters import assigned
from tools.profiles import Profile
from tools.refusal import Refused
from tools.start import started
from tools.surroundings import adopt

PACKAGES = (
    "kktnotes",
    "numpy",
    "scipy",
    "torch",
    "clarabel",
    "matplotlib",
    "papermill",
    "jupyter-book",
    "Sphinx",
    "myst-nb",
)


def processor() -> str:
    """Return the processor's name, as the system tells it."""
    try:
        lines = Path("/proc/cpuinfo").read_text("utf-8").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()


def parameters(notebook: Path) -> dict[str, object]:
    """Return the parameters that an executed notebook ran with, in their order.

    The values of its `parameters` cell, replaced by those that papermill injected; a value that
    is no constant is given as its source.
    """
    found: dict[str, object] = {}
    for cell in chapters.code_cells(chapters.read_notebook(notebook)):
        if not {"parameters", "injected-parameters"} & set(cell.metadata.get("tags", [])):
            continue
        for node in ast.parse(cell.source).body:
            found.update(assigned(node, found))
    return found


def gather(profile: str, root: Path = chapters.ROOT) -> dict[str, object]:
    """Return the facts of one profile's run.

    Parameters
    ----------
    profile : str
        The profile whose executed notebooks are meant.
    root : Path
        The project.

    Returns
    -------
    dict
        `profile`, `machine`, `versions`, and `chapters`: name, seconds, parameters of each.
    """
    folder = root / "_build" / profile / "executed"
    run = []
    for chapter in chapters.chapters(root):
        executed = folder / chapter.name
        record = json.loads(executed.with_suffix(".json").read_text("utf-8"))
        run.append(
            {
                "name": chapter.stem,
                "seconds": record["seconds"],
                "parameters": parameters(executed),
            }
        )
    return {
        "profile": profile,
        "machine": {
            "processor": processor(),
            "cores": psutil.cpu_count(logical=True),
            "memory": round(psutil.virtual_memory().total / 2**30),
            "system": f"{platform.system()} {platform.machine()}",
        },
        "versions": {"Python": platform.python_version()}
        | {name: metadata.version(name) for name in PACKAGES},
        "chapters": run,
    }


def main(arguments: list[str] | None = None) -> int:
    """Keep the facts of one profile's run, if the run was whole and of the present code."""
    parser = argparse.ArgumentParser(prog="python -m tools.report", description=__doc__)
    parser.add_argument("profile", nargs="?", default="full", help="the profile that was run")
    name = parser.parse_args(arguments).profile
    adopt()
    planned = jobs.plan(Profile.load(name))
    missing = [job.name for job in planned if job.finished() is None]
    if missing:
        raise Refused(f"{name}: not run, or not as it is now: {', '.join(missing)}")
    kept = chapters.ROOT / "book" / "_runs" / f"{name}.json"
    kept.parent.mkdir(exist_ok=True)
    files.replace(kept, json.dumps(gather(name), indent=1) + "\n")
    print(f"{kept.relative_to(chapters.ROOT)}: written")
    return 0


if __name__ == "__main__":
    sys.exit(started(main))

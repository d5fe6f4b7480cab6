"""Build the pages of one profile from its executed notebooks: `python -m tools.render quick`.

The book's sources are copied to `_build/PROFILE/source/` with the executed copies in place of the
committed notebooks, and Jupyter Book builds there; the pages end up in `_build/PROFILE/html/`.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
from pathlib import Path

from tools import chapters, report

STRICT = ("--all", "-W", "-n", "--keep-going")
"""Every page anew, warnings and dangling references are errors, all of them shown."""


def stage(profile: str, root: Path = chapters.ROOT) -> Path:
    """Lay out the sources of one profile's book and return their folder.

    Raises
    ------
    FileNotFoundError
        If a chapter has not been run in this profile.
    """
    folder = root / "_build" / profile
    source = folder / "source"
    shutil.rmtree(source, ignore_errors=True)
    hidden = shutil.ignore_patterns(".*", "__pycache__")
    shutil.copytree(root / "book", source / "book", ignore=hidden)
    for name in ("_config.yml", "_toc.yml", "CITATION.cff"):
        shutil.copy(root / name, source / name)
    for chapter in chapters.chapters(root):
        executed = folder / "executed" / chapter.name
        if not executed.exists():
            raise FileNotFoundError(f"{executed}: run `python -m tools.execute {profile}` first")
        shutil.copy(executed, source / chapter.relative_to(root))
    facts = json.dumps(report.gather(profile, root), indent=1)
    (source / "book" / "run.json").write_text(facts, "utf-8")
    return source


def build(source: Path, html: Path) -> int:
    """Let Jupyter Book build `source` and move the pages to `html`; return its exit status."""
    jupyter_book = "from jupyter_book.cli.main import main; main()"
    command = [sys.executable, "-c", jupyter_book, "build", str(source), *STRICT]
    status = subprocess.run(command, check=False).returncode
    if status == 0:
        shutil.rmtree(html, ignore_errors=True)
        (source / "_build" / "html").replace(html)
    return status


def main(arguments: list[str] | None = None) -> int:
    """Build one profile's pages and say where they are."""
    parser = argparse.ArgumentParser(prog="python -m tools.render", description=__doc__)
    parser.add_argument("profile", nargs="?", default="quick", help="the profile that was run")
    profile = parser.parse_args(arguments).profile
    html = chapters.ROOT / "_build" / profile / "html"
    try:
        status = build(stage(profile), html)
    except FileNotFoundError as error:
        print(error, file=sys.stderr)
        return 2
    if status == 0:
        print(f"\nThe book is built: open {html / 'index.html'}")
    return status


if __name__ == "__main__":
    sys.exit(main())

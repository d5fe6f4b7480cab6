"""Build pages: `python -m tools.render quick` from one profile's executed notebooks, `--stored`
from the committed ones with the outputs that they hold.

The sources are laid out in a folder of their own, with the executed copies in place of the
committed notebooks, and Jupyter Book builds there; the pages end up in `_build/PROFILE/html/`
(`_build/html/` for the stored ones), all of them or, if the build fails, those of the last time.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tools import chapters, files, profiles, report, surroundings
from tools.refusal import Refused
from tools.start import started

STRICT = ("--all", "-W", "-n", "--keep-going")
"""Every page anew, warnings and dangling references are errors, all of them shown."""
PATTERN = frozenset("[]*?!{}")
"""Sphinx takes a folder's name for a pattern: with one of these, twins of a page are not told
apart, so such a project is built in a temporary folder."""


@contextmanager
def workshop(folder: Path) -> Iterator[Path]:
    """Yield an empty folder to build in: `folder/source`, or a temporary one."""
    if PATTERN & set(str(folder)):
        with tempfile.TemporaryDirectory(prefix="kktnotes-") as name:
            yield Path(name).resolve() / "source"
    else:
        shutil.rmtree(folder / "source", ignore_errors=True)
        yield folder / "source"


def stage(source: Path, profile: str | None, root: Path = chapters.ROOT) -> None:
    """Lay out in `source` the sources of one profile's book, or those with the stored outputs.

    Raises
    ------
    Refused
        If a chapter has not been run in this profile.
    """
    hidden = shutil.ignore_patterns(".*", "__pycache__")
    shutil.copytree(root / "book", source / "book", ignore=hidden)
    for name in ("_config.yml", "_toc.yml", "CITATION.cff"):
        shutil.copy(root / name, source / name)
    if profile is None:
        return
    for chapter in chapters.chapters(root):
        executed = root / "_build" / profile / "executed" / chapter.name
        if not executed.exists():
            raise Refused(f"{executed}: run `python -m tools.execute {profile}` first")
        shutil.copy(executed, source / chapter.relative_to(root))
    facts = json.dumps(report.gather(profile, root), indent=1)
    (source / "book" / "run.json").write_text(facts, "utf-8")


def build(source: Path, html: Path) -> int:
    """Let Jupyter Book build `source` and move the pages to `html`; return its exit status."""
    jupyter_book = "from jupyter_book.cli.main import main; main()"
    command = [sys.executable, "-c", jupyter_book, "build", str(source), *STRICT]
    status = subprocess.run(command, check=False).returncode
    if status == 0:
        fresh = html.with_name(f".{html.name}.new")
        shutil.rmtree(fresh, ignore_errors=True)
        shutil.move(source / "_build" / "html", fresh)
        shutil.rmtree(html, ignore_errors=True)
        fresh.replace(html)
    return status


def render(profile: str | None, root: Path = chapters.ROOT) -> tuple[int, Path]:
    """Build the pages of one profile, or those with the stored outputs; return status and place."""
    folder = root / "_build" / profile if profile else root / "_build"
    html = folder / "html"
    with files.alone(html), workshop(folder) as source:
        stage(source, profile, root)
        return build(source, html), html


def main(arguments: list[str] | None = None) -> int:
    """Build one profile's pages and say where they are."""
    parser = argparse.ArgumentParser(prog="python -m tools.render", description=__doc__)
    parser.add_argument("profile", nargs="?", default="quick", help="the profile that was run")
    parser.add_argument("--stored", action="store_true", help="the notebooks' stored outputs")
    options = parser.parse_args(arguments)
    surroundings.adopt()
    if not options.stored:
        profiles.named(options.profile)
    status, html = render(None if options.stored else options.profile)
    if status == 0:
        print(f"\nThe book is built: open {html / 'index.html'}")
    return status


if __name__ == "__main__":
    sys.exit(started(main))

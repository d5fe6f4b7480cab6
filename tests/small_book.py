"""A small project of this one's shape, in which the tools can be run in seconds."""

import os
import shutil
import sys
import textwrap

import nbformat

from tools import chapters, execute, jobs
from tools.profiles import Profile

HEADER = """\
---
jupytext:
  text_representation:
    extension: .md
    format_name: myst
    format_version: 0.13
kernelspec:
  display_name: Python 3 (ipykernel)
  language: python
  name: python3
---

# A chapter

"""
CELL = "```{{code-cell}} ipython3\n{}\n```\n"


def chapter(root, name, *sources, tag=":tags: [parameters]\n\n"):
    """Write a chapter with one parameters cell and `sources`; its notebook has no outputs yet."""
    cells = [CELL.format(f"{tag}k = 2"), *(CELL.format(source) for source in sources)]
    (root / "book" / f"{name}.md").write_text(HEADER + "\n".join(cells), "utf-8")
    path = root / "book" / f"{name}.ipynb"
    nbformat.write(chapters.read_text(path.with_suffix(".md")), path)
    return path


def laid_out(root):
    """Lay out a small project: two chapters, two profiles, a package of one line; return it."""
    for folder in ("book", "profiles", "src/kktnotes", "tools"):
        (root / folder).mkdir(parents=True)
    (root / "_toc.yml").write_text(
        textwrap.dedent("""\
            format: jb-book
            root: book/intro
            parts:
              - caption: One
                chapters:
                  - file: book/first.ipynb
                  - file: book/plain
              - caption: Two
                chapters:
                  - file: book/second.ipynb
            """),
        "utf-8",
    )
    (root / "profiles" / "quick.toml").write_text("budget = 45\n", "utf-8")
    (root / "profiles" / "full.toml").write_text("[first]\nk = 10\n", "utf-8")
    (root / "src" / "kktnotes" / "__init__.py").write_text("one = 1\n", "utf-8")
    for part in (chapters.ROOT / "src" / "kktnotes").iterdir():  # what the tools ask for is there
        if not part.name.startswith("__"):
            (root / "src" / "kktnotes" / part.name).symlink_to(part)
    (root / "book" / "statements.toml").write_text("", "utf-8")
    chapter(root, "first", "k * k")
    chapter(root, "second", "k + 1")
    return root


def run_all(book, profile="quick"):
    """Run the chapters that wait, as the command does; return their names and what failed."""
    profile = Profile.load(profile, book)
    waiting = [job for job in jobs.plan(profile, book) if job.finished() is None]
    failed = execute.run_all(waiting, profile, 2, book) if waiting else {}
    return {job.name: failed.get(job.name, "") for job in waiting}


def command(book, *arguments):
    """Return how a tool is started in the small project, and with which variables."""
    shutil.copytree(chapters.ROOT / "tools", book / "tools", dirs_exist_ok=True)
    variables = os.environ | {"PYTHONPATH": str(book / "src")}
    return {"args": [sys.executable, "-m", *arguments], "cwd": book, "env": variables}

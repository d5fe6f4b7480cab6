"""Check a built book: `python -m tools.check _build/quick/html`.

index.html and the page of every chapter exist, and each page holds as many figures as its
notebook drew.
"""

from __future__ import annotations

import argparse
import re
import sys
from pathlib import Path

from tools import chapters
from tools.start import started


def drawn(notebook: Path) -> int:
    """Return how many figures the outputs of a notebook hold."""
    cells = chapters.code_cells(chapters.read_notebook(notebook))
    outputs = [output.get("data", {}) for cell in cells for output in cell.outputs]
    return sum(any(kind.startswith("image/") for kind in data) for data in outputs)


def shown(page: Path) -> int:
    """Return how many figures a page shows whose picture is there."""
    pictures = re.findall(r'<img[^>]*src="([^"]*_images/[^"]*)"', page.read_text("utf-8"))
    files = [page.parent / picture for picture in pictures]
    return sum(file.exists() and file.stat().st_size > 0 for file in files)


def faults(html: Path, root: Path = chapters.ROOT) -> list[str]:
    """Return what is wrong with the pages in `html`, one line a fault; empty if nothing is."""
    pages = [html / "index.html"]
    found = []
    for notebook in chapters.chapters(root):
        page = html / notebook.relative_to(root).with_suffix(".html")
        pages.append(page)
        if not page.exists():
            continue
        expected, there = drawn(notebook), shown(page)
        if there < max(expected, 1):
            found.append(f"{page.name}: {there} figures, its notebook drew {expected}")
    return [f"{page}: missing" for page in pages if not page.exists()] + found


def main(arguments: list[str] | None = None) -> int:
    """Print the faults of a built book; return 1 if there are any."""
    parser = argparse.ArgumentParser(prog="python -m tools.check", description=__doc__)
    parser.add_argument("html", type=Path, help="the folder of the built pages")
    html = parser.parse_args(arguments).html
    found = faults(html)
    print("\n".join(found) or f"{html}: index.html and every chapter are there, with their figures")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(started(main))

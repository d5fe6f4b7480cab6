"""The README's figure, out of the chapter that computes it: `python -m tools.picture`.

`make notebooks` calls this too, so that the picture is that of the committed notebook.
"""

from __future__ import annotations

import sys
from pathlib import Path

from kktnotes.figures.export.captions import captions
from kktnotes.figures.export.carrying import MIME, unpack
from tools import chapters, files
from tools.start import started

CHAPTER, NAME = "perturbation", "figure-perturbation-radius"
PICTURE = chapters.ROOT / "book" / "_figures" / "radius.svg"


def drawing(notebook: Path, name: str) -> str:
    """Return the SVG that a figure of a notebook carries.

    Raises
    ------
    ValueError
        If the notebook has no such figure.
    """
    cells = chapters.read_notebook(notebook).cells
    for number, caption in captions(cells).items():
        if caption.name != name:
            continue
        for output in cells[number].outputs:
            if MIME in output.get("metadata", {}):
                return unpack(output["metadata"][MIME]["svg"])
    raise ValueError(f"name: got {name!r}, {notebook.name} has no such figure")


def update() -> bool:
    """Write the picture if it is not that of the committed notebook; tell if it was not."""
    fresh = drawing(chapters.ROOT / "book" / f"{CHAPTER}.ipynb", NAME)
    if PICTURE.exists() and PICTURE.read_text("utf-8") == fresh:
        return False
    PICTURE.parent.mkdir(exist_ok=True)
    files.replace(PICTURE, fresh)
    return True


def main() -> int:
    """Bring the README's figure up to date."""
    print(f"{PICTURE.relative_to(chapters.ROOT)}: {'drawn again' if update() else 'unchanged'}")
    return 0


if __name__ == "__main__":
    sys.exit(started(main))

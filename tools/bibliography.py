"""Write the list of works in `book/bibliography.md`, made from `book/references.bib`.

So that a reader of the notebooks, whose citations lead there, finds the works in JupyterLab and on
a forge too. On the page the list that Sphinx makes takes its place (`book/_ext/links.py`).
"""

from __future__ import annotations

import sys

from pybtex.backends.markdown import Backend
from pybtex.database import parse_file

from tools import chapters, files
from tools.start import started

PAGE = chapters.ROOT / "book" / "bibliography.md"
WORKS = chapters.ROOT / "book" / "references.bib"
sys.path.append(str(chapters.ROOT / "book" / "_ext"))


def works() -> str:
    """Return the works as Markdown, one a line, each behind the anchor that citations lead to."""
    from paper import PaperStyle

    listed = PaperStyle().format_bibliography(parse_file(str(WORKS), bib_format="bibtex"))
    return "".join(
        f'- <a id="{one.key}"></a> [{one.label}] {" ".join(one.text.render(Backend()).split())}\n'
        for one in listed
    )


def written(page: str) -> str:
    """Return the page's text with the list as it is now."""
    return page[: page.index("- <a id=")] + works()


def main() -> int:
    """Bring the list up to date."""
    page = PAGE.read_text("utf-8")
    new = written(page)
    if new != page:
        files.replace(PAGE, new)
    print(f"{PAGE.relative_to(chapters.ROOT)}: {'unchanged' if new == page else 'written again'}")
    return 0


if __name__ == "__main__":
    sys.exit(started(main))

"""One PDF of the built book: `python -m tools.pdf quick` (headless Chromium does the printing).

The articles of all pages, in the order of the table of contents, become one page with a title
page and a table of contents. Anchors get their page's name as a prefix, so that every link inside
the book stays a link; folded solutions are open, since paper does not unfold. It is printed
twice: the first time tells on which page every chapter begins.
"""

from __future__ import annotations

import argparse
import base64
import html
import io
import json
import posixpath
import re
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import yaml
from bs4 import BeautifulSoup, Tag
from pypdf import PdfReader

from tools import browser, chapters, files, profiles
from tools.refusal import Refused
from tools.start import started

SHEET = "book.print.html"
"""The page that is printed, beside index.html while it is needed."""
STYLE = chapters.ROOT / "tools" / "pdf.css"
NOT_ON_PAPER = (
    "a.headerlink, button, script, .figure-files, .toctree-wrapper, .sd-card a.sd-stretched-link"
)
FOOTER = (
    '<div style="width: 100%; font: 8px sans-serif; text-align: center">'
    '<span class="pageNumber"></span></div>'
)


KEPT = ("http", "https", "mailto")
"""Where links out of the book may lead."""
NUMBERED = (
    "document.querySelectorAll('.contents a').forEach("
    "a => a.lastChild.textContent = NUMBERS[a.getAttribute('href').slice(1)])"
)
"""Writes the pages' numbers into the table of contents; every one is as wide as the next."""


@dataclass(frozen=True)
class Chapter:
    """A page of the book: the part that it opens, its name, and its article."""

    part: str
    name: str
    article: Tag

    @property
    def title(self) -> str:
        """The chapter's heading."""
        return self.article.h1.get_text().strip()


def contents(toc: Path) -> list[tuple[str, str]]:
    """Return (part, page) for every page of the table of contents; the root has no part."""
    tree = yaml.safe_load(toc.read_text("utf-8-sig"))
    found = [("", tree["root"])]
    parts = tree.get("parts") or [{"chapters": tree.get("chapters", [])}]
    for part in parts:
        for one in part["chapters"]:
            found.append((part.get("caption", ""), one["file"].removesuffix(".ipynb")))
    return found


def chapter(root: Path, part: str, page: str, pages: list[str]) -> Chapter:
    """Return one page's article, its anchors and links those of the whole book."""
    soup = BeautifulSoup((root / f"{page}.html").read_text("utf-8"), "html.parser")
    article = soup.find("article", class_="bd-article")
    for tag in article.select(NOT_ON_PAPER):
        tag.decompose()
    for tag in article.select("details"):
        tag["open"] = ""
    for tag in article.select("[id]"):
        tag["id"] = anchor(page, tag["id"])
    for name in ("aria-labelledby", "aria-describedby"):
        for tag in article.select(f"[{name}]"):
            tag[name] = " ".join(anchor(page, one) for one in tag[name].split())
    for tag in article.select("a[href]"):
        tag["href"] = address(page, tag["href"], pages)
        if not tag["href"]:
            del tag["href"]
    for tag in article.select("[src]"):
        tag["src"] = posixpath.normpath(posixpath.join(posixpath.dirname(page), tag["src"]))
    article.name, article["id"], article["class"] = "div", anchor(page), "chapter"
    return Chapter(part, anchor(page), article)


def anchor(page: str, name: str = "") -> str:
    """Return the anchor in the whole book of an anchor on a page, or of the page."""
    return f"{posixpath.basename(page)}--{name}" if name else posixpath.basename(page)


def address(page: str, link: str, pages: list[str]) -> str:
    """Return where a link leads in the whole book; empty if to a file beside it, or to a script."""
    scheme = re.match(r"\s*([a-z][a-z0-9+.-]*):", link, re.I)
    if scheme:
        return link if scheme[1].lower() in KEPT else ""
    path, _, name = link.partition("#")
    folder = posixpath.dirname(page)
    target = posixpath.normpath(posixpath.join(folder, path)) if path else f"{page}.html"
    target = target.removesuffix(".html")
    return f"#{anchor(target, name)}" if target in pages else ""


def sheet(root: Path, book: list[Chapter], citation: dict) -> str:
    """Return the one page that is printed; the numbers of its pages are not known yet."""
    # The head of a page with formulas, for its styles and its settings of MathJax.
    texts = (path.read_text("utf-8") for path in sorted((root / "book").glob("*.html")))
    head = BeautifulSoup(next(text for text in texts if "window.MathJax" in text), "html.parser")
    styles = (tag["href"] for tag in head.select('link[rel~="stylesheet"][href^="../"]'))
    links = "".join(
        f'<link rel="stylesheet" href="{html.escape(style.removeprefix("../"))}">'
        for style in styles
    )
    scripts = head.select("script")
    math = next(tag for tag in scripts if tag.get_text().startswith("window.MathJax"))
    source = next(tag["src"] for tag in scripts if "/tex-svg" in tag.get("src", ""))
    script = html.escape(source.removeprefix("../"))
    lines, part = [], None
    for one in book:
        if one.part != part and one.part:
            lines.append(f'<li class="part">{html.escape(one.part)}</li>')
        part = one.part
        lines.append(
            f'<li><a href="#{html.escape(one.name)}"><span>{html.escape(one.title)}</span>'
            "<span>000</span></a></li>"
        )
    paper = citation["preferred-citation"]
    people = ", ".join(f"{one['given-names']} {one['family-names']}" for one in paper["authors"])
    where = html.escape(f"{paper['collection-title']}, {paper['year']}")
    makers = html.escape(f"{citation['authors'][0]['name']}, version {citation['version']}")
    name = html.escape(book[0].title)
    title = (
        f'<section class="title-page"><h1 class="title">{name}</h1>'
        f"<p>An executable companion to <em>{html.escape(paper['title'])}</em><br>"
        f"by {html.escape(people)} ({where})</p>"
        f"<p>{makers}</p>"
        "<p>Every number and every figure was computed by the run that made this book.</p>"
        "</section>"
    )
    body = "".join(str(one.article) for one in book)
    return (
        '<!doctype html><html lang="en" data-theme="light" data-mode="light"><head>'
        f'<meta charset="utf-8"><title>{name}</title>{links}'
        f"<style>{STYLE.read_text('utf-8')}</style>{math}"
        f'<script src="{script}" defer></script></head><body>{title}'
        f'<nav class="contents"><h1>Contents</h1><ol>{"".join(lines)}</ol></nav>'
        f'<main class="bd-content">{body}</main></body></html>'
    )


def printed(page: browser.Page) -> bytes:
    """Return the PDF of a page."""
    answer = page.send(
        "Page.printToPDF",
        preferCSSPageSize=True,
        printBackground=True,
        displayHeaderFooter=True,
        headerTemplate="<span></span>",
        footerTemplate=FOOTER,
        generateTaggedPDF=True,
        generateDocumentOutline=True,
        transferMode="ReturnAsStream",
    )
    parts = []
    while True:
        part = page.send("IO.read", handle=answer["stream"], size=1 << 20)
        encoded = part.get("base64Encoded")
        parts.append(base64.b64decode(part["data"]) if encoded else part["data"].encode())
        if part["eof"]:
            break
    page.send("IO.close", handle=answer["stream"])
    return b"".join(parts)


def beginnings(pdf: bytes, names: list[str]) -> dict[str, int]:
    """Return the page, from 1, on which each of these anchors stands."""
    reader = PdfReader(io.BytesIO(pdf))
    targets = reader.named_destinations
    known = {name: targets.get(name) or targets.get(f"/{name}") for name in names}
    return {
        name: reader.get_destination_page_number(target) + 1
        for name, target in known.items()
        if target is not None
    }


def make(root: Path, pdf: Path, source: Path = chapters.ROOT) -> int:
    """Write the PDF of the pages in `root` and return its number of pages."""
    path = browser.executable()
    if path is None:
        raise FileNotFoundError("no Chromium on the PATH, which prints the book")
    citation = yaml.safe_load((source / "CITATION.cff").read_text("utf-8-sig"))
    listed = contents(source / "_toc.yml")
    pages = [page for _, page in listed]
    book = [chapter(root, part, page, pages) for part, page in listed]
    file = (root / SHEET).resolve()
    try:
        file.write_text(sheet(root, book, citation), "utf-8")
        with (
            tempfile.TemporaryDirectory() as folder,
            browser.Browser(path, Path(folder), timeout=900) as running,
        ):
            page = running.open(file.as_uri())
            wrong = page.run("document.querySelectorAll('[data-mml-node=merror]').length")
            if wrong:
                raise ValueError(f"{wrong} formulas that MathJax cannot set")
            numbers = beginnings(printed(page), [one.name for one in book])
            page.run(NUMBERED.replace("NUMBERS", json.dumps(numbers)))
            content = printed(page)
    finally:
        file.unlink(missing_ok=True)
    files.replace(pdf, content)
    return len(PdfReader(io.BytesIO(content)).pages)


def main(arguments: list[str] | None = None) -> int:
    """Print one profile's book and say where the file is."""
    parser = argparse.ArgumentParser(prog="python -m tools.pdf", description=__doc__)
    parser.add_argument("profile", nargs="?", default="quick", help="the profile that was built")
    profile = parser.parse_args(arguments).profile
    profiles.named(profile)
    folder = chapters.ROOT / "_build" / profile
    if not (folder / "html" / "index.html").exists():
        raise Refused(f"{folder / 'html'}: run `make book PROFILE={profile}` first")
    pdf = folder / "kktnotes.pdf"
    try:
        with files.alone(pdf):  # the sheet that is printed has one name
            pages = make(folder / "html", pdf)
    except (OSError, ValueError) as error:  # no browser, or one that ended or hangs
        print(error, file=sys.stderr)
        return 1
    print(f"The book of {pages} pages is printed: open {pdf}")
    return 0


if __name__ == "__main__":
    sys.exit(started(main))

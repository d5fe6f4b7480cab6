"""The look at a built book that closes a CI run: it must see what is missing."""

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook, new_output

from tools import check

FIGURE = new_output("display_data", {"image/png": "iVBORw0KGgo="})


@pytest.fixture
def book(tmp_path):
    """A book of one chapter with two figures, built."""
    (tmp_path / "book").mkdir()
    (tmp_path / "_toc.yml").write_text("root: book/one.ipynb\n", "utf-8")
    cells = [new_code_cell("1"), *(new_code_cell("f", outputs=[FIGURE]) for _ in range(2))]
    nbformat.write(new_notebook(cells=cells), tmp_path / "book" / "one.ipynb")
    html = tmp_path / "html"
    (html / "book").mkdir(parents=True)
    (html / "_images").mkdir()
    (html / "index.html").write_text("", "utf-8")
    for name in "ab":
        (html / "_images" / f"{name}.png").write_bytes(b"picture")
    images = "".join(f'<img alt="A" src="../_images/{name}.png" />' for name in "ab")
    (html / "book" / "one.html").write_text(images, "utf-8")
    return tmp_path


def test_a_whole_book_passes(book):
    assert check.faults(book / "html", book) == []


@pytest.mark.parametrize("page", ["index.html", "book/one.html"])
def test_a_missing_page_is_seen(book, page):
    (book / "html" / page).unlink()
    (fault,) = check.faults(book / "html", book)
    assert fault.endswith(f"{page}: missing")


def test_a_missing_figure_is_seen(book):
    page = book / "html" / "book" / "one.html"
    page.write_text(page.read_text("utf-8").replace("<img", "<span", 1), "utf-8")
    assert check.faults(book / "html", book) == ["one.html: 1 figures, its notebook drew 2"]


def test_an_empty_picture_is_seen(book):
    (book / "html" / "_images" / "a.png").write_bytes(b"")
    assert len(check.faults(book / "html", book)) == 1

"""The book's Sphinx extension: the paper's numbers and labels, and none of them taken by ours."""

import json
import re
import subprocess
import sys

import pytest

from tools import chapters

sys.path.append(str(chapters.ROOT / "book" / "_ext"))
import paper

PAGES = {
    "intro": """\
        # A book

        See {prf:ref}`paper-theorem-3-1`, {prf:ref}`paper-assumption-2-2`, {prf:ref}`ours-b`,
        {eq}`paper-equation-3`, {eq}`ours-second` and {cite}`Fre+23a`.
        """,
    "first": """\
        # First

        ```{prf:theorem} Ours
        :label: ours-a
        It holds.
        ```
        ```{prf:assumption}
        :label: paper-assumption-2-2
        It is assumed.
        ```
        ```{prf:example}
        An example without a label.
        ```
        ```{math}
        :label: ours-first
        a = b
        ```
        ```{math}
        :label: paper-equation-3
        c = d
        ```
        """,
    "second": """\
        # Second

        ```{prf:theorem} Theirs
        :label: paper-theorem-3-1
        It holds too.
        ```
        ```{prf:theorem}
        :label: ours-b
        And so does this.
        ```
        ```{math}
        :label: ours-second
        e = f
        ```
        ```{bibliography}
        ```
        """,
}


def build(folder, pages):
    """Build a small book with this book's configuration; return the build and its pages' texts."""
    (folder / "book").mkdir()
    for name in ("_ext", "_mathjax", "_style", "references.bib"):
        (folder / "book" / name).symlink_to(chapters.ROOT / "book" / name)
    config = (chapters.ROOT / "_config.yml").read_text("utf-8")
    (folder / "_config.yml").write_text(config, "utf-8")
    others = "".join(f"\n  - file: book/{name}" for name in pages if name != "intro")
    (folder / "_toc.yml").write_text(
        f"format: jb-book\nroot: book/intro\nchapters:{others}\n", "utf-8"
    )
    for name, text in pages.items():
        file = folder / "book" / (f"{name}.md" if isinstance(text, str) else f"{name}.ipynb")
        written = re.sub("(?m)^ {8}", "", text) if isinstance(text, str) else json.dumps(text)
        file.write_text(written, "utf-8")
    command = "from jupyter_book.cli.main import main; main()"
    built = subprocess.run(
        [sys.executable, "-c", command, "build", str(folder), "-W", "-n", "--keep-going"],
        capture_output=True,
        text=True,
        check=False,
    )
    html = folder / "_build" / "html" / "book"
    return built, {path.stem: path.read_text("utf-8") for path in html.glob("*.html")}


@pytest.fixture(scope="module")
def book(tmp_path_factory):
    """The small book above, built with warnings as errors."""
    built, texts = build(tmp_path_factory.mktemp("book"), PAGES)
    assert built.returncode == 0, built.stderr
    return texts


def statements(text):
    """Return the printed names of the statements of a page, in order."""
    return [name.strip() for name in re.findall(r'caption-number">([^<]*)<', text)]


def test_statements_carry_the_papers_numbers_and_ours_their_own(book):
    assert statements(book["first"]) == ["Theorem N1", "Assumption 2.2", "Example N1"]
    assert statements(book["second"]) == ["Theorem 3.1", "Theorem N2"]


def test_equations_carry_the_papers_numbers_and_ours_their_own(book):
    assert re.findall(r'eqno">(\([^)]*\))', book["first"]) == ["(N1)", "(3)"]
    assert re.findall(r'eqno">(\([^)]*\))', book["second"]) == ["(N2)"]


def test_references_show_the_same_numbers_and_lead_there(book):
    links = re.findall(r'href="([^"]*\.html#[^"]*)"[^>]*>(?:<[^>]*>)*([^<]+)<', book["intro"])
    shown = {text: link for link, text in links}
    assert shown["Theorem 3.1"] == "second.html#paper-theorem-3-1"
    assert shown["Assumption 2.2"] == "first.html#paper-assumption-2-2"
    assert shown["Theorem N2"] == "second.html#ours-b"
    assert shown["(3)"] == "first.html#equation-paper-equation-3"
    assert shown["(N2)"] == "second.html#equation-ours-second"


def test_citations_show_the_papers_labels(book):
    assert re.search(r"\[<a [^>]*>(<[^>]*>)*Fre\+23a", book["intro"])


def test_one_search_field_and_no_other_host(book):
    for text in book.values():
        assert text.count("search-button__wrapper") <= 1
        assert text.count('class="btn search-button-field') <= 1
        assert "unpkg.com" not in text
        assert "cdn.jsdelivr.net" not in text


def test_a_number_that_the_paper_does_not_have_fails_the_build(tmp_path):
    labels = ["paper-theorem-3-2", "paper-lemma-3-1", "paper-theorem-31", "paper-theorem"]
    texts = [f"```{{prf:theorem}}\n:label: {label}\nIt holds.\n```\n" for label in labels]
    built, _ = build(tmp_path, {"intro": "# A book\n", "page": "# A page\n\n" + "\n".join(texts)})
    assert built.returncode != 0
    for label in labels:
        assert f"label '{label}': the paper's numbers of kind 'theorem'" in built.stderr


@pytest.mark.parametrize(
    ("label", "kind", "number"),
    [
        ("paper-theorem-3-1", "theorem", "3.1"),
        ("paper-example-1", "example", "1"),
        ("paper-equation-5", "equation", "5"),
        ("theorem-3-1", "theorem", None),
        ("paperless", "theorem", None),
    ],
)
def test_numbers_are_read_from_labels(label, kind, number):
    assert paper.paper_number(label, kind) == number


def test_every_work_has_a_complete_entry():
    from pybtex.database import parse_file

    entries = parse_file(str(chapters.ROOT / "book" / "references.bib")).entries
    assert len(entries) >= 24
    for key, entry in entries.items():
        assert entry.persons["author"], key
        assert {"title", "year"} <= set(entry.fields), key
        assert re.fullmatch(r"[A-Z][A-Za-z]*\+?\d{2}[a-z]?", key), key
        assert key.rstrip("abc")[-2:] == entry.fields["year"][-2:], key
        place = {"article": "journal", "inproceedings": "booktitle", "book": "publisher"}
        assert place.get(entry.type, "note") in entry.fields, key

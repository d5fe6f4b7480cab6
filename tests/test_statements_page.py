"""Badges, table and graph in a small book: the same facts in each, and a build that faults stop."""

import html
import json
import re
import subprocess
import sys
from itertools import pairwise
from xml.etree import ElementTree

import pytest

import kktnotes as kn
from kktnotes.evidence.ledger import Found, Ledger
from kktnotes.evidence.statements import Statements
from tools import chapters

sys.path.append(str(chapters.ROOT / "book" / "_ext"))
import glance
import graph
import layers
import statements_table

MET = kn.Terms([kn.Term("small", 1.0, "<=", 2.0)])

STATEMENTS = """\
[hypotheses]
small = "something is small"

[[statement]]
id = "lemma-2-1"
name = "Lemma 2.1"
section = "2"
gist = "It is small & so."
hypotheses = ["small"]
conclusions = [
  { name = "bound", says = "it is bounded", kind = "bound" },
  { name = "tail", says = "it is rare", kind = "probability", not_tested = "Too rare." },
]
rests_on = ["both"]
chapter = "first"
shows_not = "All other cases."

[[statement]]
id = "both"
name = "Both of them"
section = "2"
gist = "There are two."
hypotheses = ["small"]
chapter = "first"
shows_not = "A third one."

[[statement]]
id = "equation-3"
name = "Equation (3)"
section = "3"
gist = "Both sides agree."
conclusions = [{ name = "sides", says = "they are equal", kind = "identity" }]
chapter = "first"
shows_not = "Why."

[[statement]]
id = "theorem-3-1"
name = "Theorem 3.1"
section = "3"
gist = "More follows."
rests_on = ["lemma-2-1", "both"]
not_tested = "Its chapter is not there."
shows_not = "Anything."
"""

TEXT = """\
# A chapter

```{prf:lemma}
:label: paper-lemma-2-1
It is small.
```

```{measured} both
```

```{math}
:label: paper-equation-3
a = b
```
"""

PAGE = """\
# Statements

```{statements} graph
```

```{statements} table
```
"""

CARDS = [
    kn.record("lemma-2-1", "bound", 1.5, "<=", 2.0, hypotheses=MET),
    kn.record("both", hypotheses=MET),
    kn.record("equation-3", "sides", 1.0, "==", 1.0, tolerance=1e-9),
]


def write(folder, cards=CARDS, text=TEXT, statements=STATEMENTS):
    """Write a small book with one executed chapter and a page of statements."""
    book = folder / "book"
    if not book.exists():
        book.mkdir()
        for name in ("_ext", "_mathjax", "_style", "references.bib"):
            (book / name).symlink_to(chapters.ROOT / "book" / name)
        config = (chapters.ROOT / "_config.yml").read_text("utf-8")
        (folder / "_config.yml").write_text(config, "utf-8")
        contents = "\n  - file: book/first.ipynb\n  - file: book/statements"
        (folder / "_toc.yml").write_text(
            f"format: jb-book\nroot: book/intro\nchapters:{contents}\n", "utf-8"
        )
        (book / "intro.md").write_text("# A book\n", "utf-8")
        (book / "statements.md").write_text(PAGE, "utf-8")
    (book / "statements.toml").write_text(statements, "utf-8")
    cells = [{"cell_type": "markdown", "metadata": {}, "source": text, "id": "text"}]
    for number, card in enumerate(cards, 1):
        data, metadata = card._repr_mimebundle_()
        output = {"output_type": "execute_result", "data": data, "metadata": metadata}
        cells.append(
            {
                "cell_type": "code",
                "id": f"cell-{number}",
                "execution_count": number,
                "metadata": {},
                "source": "kn.record(...)",
                "outputs": [{**output, "execution_count": number}],
            }
        )
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    content = {
        "cells": cells,
        "metadata": {"kernelspec": kernel},
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    (book / "first.ipynb").write_text(json.dumps(content), "utf-8")


def build(folder):
    """Build the book as it stands, without `--all`; return exit status, messages and pages."""
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
def folder(tmp_path_factory):
    """A small book, built."""
    folder = tmp_path_factory.mktemp("ledger")
    write(folder)
    return folder


@pytest.fixture(scope="module")
def pages(folder):
    """Its pages."""
    built, pages = build(folder)
    assert built.returncode == 0, built.stderr
    return pages


def badges(page):
    """Return the badges of a page as text, tags taken out."""
    found = re.findall(r'<div class="verdict .*?</div>', page, re.S)
    return [re.sub(r"\s+", " ", re.sub(r"<[^>]*>", "", one)).strip() for one in found]


def test_a_badge_stands_at_each_statement_with_word_slack_and_hypotheses(pages):
    lemma, both, equation = badges(pages["first"])
    assert "✓ holds it is bounded (slack 0.25; the bound held; hypotheses met)" in lemma
    assert "– not tested it is rare: Too rare." in lemma
    assert "✓ holds every hypothesis is met" in both
    assert "≡ identity they are equal (equal within 10⁻⁹)" in equation


def test_a_badge_stands_inside_of_its_statement(pages):
    box = re.search(r'<div class="proof lemma[^>]*id="paper-lemma-2-1".*', pages["first"], re.S)[0]
    assert box.index('class="verdict ') < box.index("There are two.")


def test_a_badge_leads_to_the_cell_that_measured_it(pages):
    first = pages["first"]
    links = re.findall(r'href="#(evidence-cell-\d)"[^>]*>measured here', first)
    assert links == ["evidence-cell-1", "evidence-cell-2", "evidence-cell-3"]
    for link, card in zip(links, CARDS, strict=True):
        cell = first.split(f'id="{link}"')[1]
        assert card.heading in cell.split("evidence-cell")[0]


def test_a_statement_without_a_number_prints_its_name_and_gist(pages):
    box = pages["first"].split('id="paper-both"')[1]
    assert "<strong>Both of them</strong> (section 2). There are two." in box


def test_the_table_has_a_row_for_every_statement(pages):
    rows = re.findall(r'<tr id="statement-([^"]*)">(.*?)</tr>', pages["statements"], re.S)
    found = dict(rows)
    assert list(found) == ["lemma-2-1", "both", "equation-3", "theorem-3-1"]
    lemma = found["lemma-2-1"]
    assert 'href="first.html#paper-lemma-2-1"' in lemma
    assert 'href="first.html#evidence-cell-1">measured in A chapter<' in lemma
    assert "It is small &amp; so." in lemma
    assert "✓ met" in lemma
    assert "something is small" in lemma
    assert "✓ holds</span> it is bounded (slack 0.25; the bound held)" in lemma
    assert "– not tested</span> it is rare (Too rare.)" in lemma
    assert "All other cases." in lemma
    assert 'href="#statement-both"' in lemma
    assert "first.html#equation-paper-equation-3" in found["equation-3"]
    assert "Its chapter is not there." in found["theorem-3-1"]
    assert 'scope="col"' in pages["statements"]
    assert found["lemma-2-1"].count('scope="row"') == 1


SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture(scope="module")
def drawing(pages):
    """The graph of the small book, parsed."""
    part = pages["statements"].split('class="statements-graph"')[1]
    return ElementTree.fromstring(part[part.index("<svg") : part.index("</svg>") + len("</svg>")])


def test_the_graph_says_in_words_what_its_colours_say(drawing):
    boxes = {link.find(f"{SVG}rect/{SVG}title").text: link for link in drawing.findall(f"{SVG}a")}
    assert set(boxes) == {
        "Lemma 2.1: hypotheses met; conclusion holds in part",
        "Both of them: hypotheses met; conclusion holds",
        "Theorem 3.1: hypotheses none; conclusion not tested",
    }
    lemma = boxes["Lemma 2.1: hypotheses met; conclusion holds in part"]
    words = [text.text for text in lemma.findall(f"{SVG}text") if text.text]
    assert words == ["✓ met", "✓ holds in part"]
    fields = [rect.get("class") for rect in lemma.findall(f"{SVG}rect")]
    assert fields == ["graph-box", "graph-field hypotheses-met", "graph-field word-holds"]


def test_the_graph_has_a_title_a_description_links_and_no_script(drawing):
    assert drawing.get("aria-labelledby") == "graph-title graph-desc"
    assert drawing.find(f"{SVG}title").text
    assert "table" in drawing.find(f"{SVG}desc").text
    links = [link.get("href") for link in drawing.findall(f"{SVG}a")]
    assert links == [
        "first.html#paper-lemma-2-1",
        "first.html#paper-both",
        "#statement-theorem-3-1",
    ]
    assert not list(drawing.iter(f"{SVG}script"))


def test_the_graph_leaves_out_a_line_that_longer_ways_imply(drawing):
    # theorem -> lemma -> both implies theorem -> both.
    assert len(drawing.findall(f"{SVG}g/{SVG}path")) == 2


def test_a_second_measurement_of_a_chapter_is_a_number():
    class Here:
        def cell(self, found):
            return f"{found.notebook}.html#{found.anchor}"

        def title(self, found):
            return found.notebook.upper()

    found = [
        Found(notebook=name, cell=cell, measurement=None, verdict=None)
        for name, cell in (("a", 1), ("b", 1), ("a", 4))
    ]
    text = re.sub(
        r' · <a href="([^"]*)">([^<]*)</a>', r"[\1: \2]", statements_table.cells(found, Here())
    )
    assert text == (
        "[a.html#evidence-cell-1: measured in A][b.html#evidence-cell-1: measured in B]"
        "[a.html#evidence-cell-4: measurement 2 there]"
    )


def test_every_page_follows_a_notebook_that_changed(folder, pages):
    outside = kn.Terms([kn.Term("small", 3.0, "<=", 2.0)])
    write(folder, [kn.record("lemma-2-1", "bound", 1.5, "<=", 2.0, hypotheses=outside), *CARDS[1:]])
    built, changed = build(folder)
    assert built.returncode == 0, built.stderr
    assert "○ outside it is bounded" in badges(changed["first"])[0]
    assert "○ not met" in changed["statements"]
    assert "○ not met" not in pages["statements"]


def test_faults_of_the_ledger_stop_the_build(tmp_path):
    write(
        tmp_path,
        [kn.record("lemma-2-1", "bound", 2.5, "<=", 2.0, hypotheses=MET), CARDS[2]],
        text=TEXT.replace("{measured} both", "{measured} neither"),
    )
    built, _ = build(tmp_path)
    assert built.returncode != 0
    assert (
        "the ledger: lemma-2-1, bound: contradicted (bound fails) in first, cell 1" in built.stderr
    )
    assert "the ledger: both: no measurement and no reason for it" in built.stderr
    assert "measured: no statement 'neither'" in built.stderr
    assert "the ledger: both is not shown in its chapter first" in built.stderr


# The graph's layers.

RESTS = {"a": [], "b": ["a"], "c": ["a", "b"], "d": ["c"], "e": ["a", "d"], "f": ["b"]}


def test_edges_that_are_implied_and_no_others_are_left_out():
    assert layers.reduced(RESTS) == {
        "a": [], "b": ["a"], "c": ["b"], "d": ["c"], "e": ["d"], "f": ["b"],
    }  # fmt: skip


def test_long_edges_bend_in_every_column_they_pass():
    depth = {"a": 0, "b": 1, "c": 2, "d": 3, "e": 4, "f": 2}
    drawn = layers.layout(RESTS, depth)
    row = {place: number for number, column in enumerate(drawn.columns) for place in column}
    for (low, high), path in drawn.paths.items():
        assert (path[0], path[-1]) == (low, high)
        assert [row[place] for place in path] == list(range(depth[low], depth[high] + 1))


def test_sweeps_take_out_crossings():
    rests = {"a": [], "b": [], "c": [], "x": ["c"], "y": ["b"], "z": ["a"]}
    depth = {"a": 0, "b": 0, "c": 0, "x": 1, "y": 1, "z": 1}
    drawn = layers.layout(rests, depth)
    steps = [tuple(path) for path in drawn.paths.values()]
    assert layers.crossings([["a", "b", "c"], ["x", "y", "z"]], steps) == 3
    assert layers.crossings(drawn.columns, steps) == 0


def test_boxes_do_not_overlap_and_hold_their_names():
    statements = Statements.load(chapters.ROOT / "book" / "statements.toml")
    rests_on = {name: one.rests_on for name, one in statements.items.items()}
    at = graph.positions(layers.layout(layers.reduced(rests_on), statements.order()))
    boxes = sorted(at[name] for name in rests_on)
    for (x, y), (other_x, other_y) in pairwise(boxes):
        assert other_x - x >= graph.WIDTH or other_y - y >= graph.HEIGHT
    for one in statements.items.values():
        assert len(graph.textwrap.wrap(one.name, graph.LINE)) <= 2, one.name


# Colours.


def luminance(colour):
    """Relative luminance of WCAG 2 for #rrggbb."""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def test_words_have_contrast_and_a_field_of_their_own():
    style = (chapters.ROOT / "book" / "_style" / "book.css").read_text("utf-8")
    fields = re.findall(r"--field: (#[0-9a-f]{6}); --edge: (#[0-9a-f]{6})", style)
    assert len(fields) >= 7
    text = luminance("#16181a")
    for field, edge in fields:
        assert (luminance(field) + 0.05) / (text + 0.05) >= 7, field
        assert (luminance(field) + 0.05) / (luminance(edge) + 0.05) >= 3, edge


def test_the_glance_counts_every_statement_once_and_names_what_was_contradicted():
    ledger = Ledger.read(chapters.ROOT / "book" / "statements.toml", chapters.chapters())
    counted = sum(glance.counts(ledger).values()) + glance.assumptions(ledger)
    assert counted == len(ledger.entries)
    met = [one.statement for one in ledger.entries.values() if one not in glance.results(ledger)]
    assert met and all(one.hypotheses and not one.conclusions for one in met)

    class Here:
        def statement(self, name):
            return f"#{name}"

    text = glance.glance(ledger, Here())
    for name in glance.MAIN:
        assert f'<th scope="row"><a href="#{name}">' in text
        gist = ledger.entries[name].statement.gist
        assert html.escape(gist) in text
    against = [n for n, e in ledger.entries.items() if e.verdict.word == "contradicted"]
    assert all(f'<a href="#{name}">' in text for name in against)

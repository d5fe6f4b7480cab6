"""Whatever text says, it comes out as text: on pages, in the graph, in BibTeX, on paper."""

import json
import sys
from dataclasses import replace
from types import SimpleNamespace
from xml.etree import ElementTree

import pytest
import yaml
from bs4 import BeautifulSoup
from docutils import nodes
from pybtex.database import parse_string
from test_statements_page import CARDS, STATEMENTS, TEXT, build, write

import kktnotes as kn
from kktnotes.evidence.ledger import Entry, Found, Ledger, Part
from kktnotes.evidence.statements import Conclusion, Statement, Statements
from kktnotes.evidence.verdict import Verdict
from kktnotes.figures.export import carrying
from tools import chapters, pdf

sys.path.append(str(chapters.ROOT / "book" / "_ext"))
import benchmark
import citation
import figure_files
import furniture
import glance
import graph
import interactive
import run_report
import statements_table

EVIL = """</p><script>alert(1)</script>"'& </title></pre>"""


def harmless(text, *places):
    """The parsed HTML, in which EVIL is text only; `places` select where it has to be read."""
    soup = BeautifulSoup(text, "html.parser")
    assert not soup.select("script:not([type='application/json'])"), text
    for tag in soup.find_all(True):
        for name, value in tag.attrs.items():
            assert not name.startswith("on") and '"' not in name and "'" not in name
            words = " ".join(value) if isinstance(value, list) else value
            assert "alert" not in words or EVIL in words, (tag.name, name, words)
    for place in places:
        read = [tag.get_text() for tag in soup.select(place)]
        assert any(EVIL in one for one in read), (place, read)
    return soup


class Evil:
    """Addresses of a book whose pages and titles are called so."""

    def statement(self, name):
        return f"{EVIL}.html#{name}"

    def cell(self, found):
        return f"{EVIL}.html#{found.anchor}"

    def title(self, found):
        return EVIL


@pytest.fixture(scope="module")
def ledger():
    """A ledger made by hand, past all checks, of two statements whose every text is EVIL."""
    conclusion = Conclusion(name=EVIL, says=EVIL, kind="bound")
    entries = {}
    for name, rests in ((EVIL, ()), (f"{EVIL} again", (EVIL,))):
        statement = Statement(
            id=name,
            name=EVIL,
            gist=EVIL,
            section=EVIL,
            conclusions=(conclusion,),
            hypotheses=(EVIL,),
            rests_on=rests,
            chapter=EVIL,
            not_tested="",
            shows_not=EVIL,
            counterexample=True,
        )
        found = Found(
            notebook=EVIL, cell=1, measurement=None, verdict=Verdict("contradicted", -0.5, EVIL)
        )
        tiny = Verdict("contradicted", 1e-15, EVIL)
        part = Part(conclusion, (found,), tiny)
        entries[name] = Entry(
            statement=statement,
            parts=(part,),
            hypotheses=Verdict("holds", 0.5, EVIL),
            found=(found,),
        )
    statements = Statements({name: one.statement for name, one in entries.items()}, {EVIL: EVIL})
    return Ledger(statements, entries)


def test_the_table_of_statements(ledger):
    text = statements_table.table(ledger, Evil())
    soup = harmless(
        text, "th strong", "th > p", ".statements-rests", "li",
        'td[data-label="Verdict"] p', 'td[data-label="What the verdict does not show"]',
        'td[data-label="Verdict"] a',
    )  # fmt: skip
    assert 'colspan="4">Section &lt;</th>' in text
    statement = replace(ledger.entries[EVIL].statement, not_tested=EVIL)
    nothing = Entry(statement=statement, parts=(), hypotheses=Verdict("not tested"), found=())
    harmless(statements_table.verdict(nothing, Evil()), "p")
    assert [row["id"] for row in soup.select("tr[id]")] == [
        f"statement-{name}" for name in ledger.entries
    ]
    assert soup.select_one("th a")["href"].startswith(EVIL)


def test_the_verdicts_at_a_glance(ledger, monkeypatch):
    monkeypatch.setattr(glance, "MAIN", tuple(ledger.entries))
    text = glance.glance(ledger, Evil())
    soup = harmless(text, "th a", "td", ".glance-counts a")
    assert "< 10" in soup.select(".glance-main td")[-1].get_text() and "< 10" not in text


def test_the_graph_is_well_formed(ledger):
    text = graph.graph(ledger, Evil())
    soup = harmless(text, "rect title")
    svg = ElementTree.fromstring(text[text.index("<svg") : text.index("</svg>") + 6])
    space = "{http://www.w3.org/2000/svg}"
    assert [link.get("data-name") for link in svg.findall(f"{space}a")] == [*ledger.entries]
    path = svg.find(f"{space}g/{space}path")
    assert (path.get("data-from"), path.get("data-to")) == tuple(ledger.entries)
    assert "alert(1)" in "".join(tag.get_text() for tag in soup.select(".graph-name"))


def test_a_benchmarks_print_and_its_data():
    printed = f"$ python {EVIL}\n{EVIL}\n\ncase {EVIL}\n{EVIL}\n"
    columns = [{"name": EVIL, "heading": EVIL, "format": ""}, {"name": "n", "heading": "n"}]
    columns[1]["format"] = ".1f"
    data = {
        "command": f"python {EVIL}",
        "machine": EVIL,
        "shown": EVIL,
        "columns": columns,
        "rows": [
            {"table": EVIL, EVIL: EVIL},
            {"table": EVIL, "n": {"above": EVIL}},
            {"table": EVIL, "case": EVIL, "reason": EVIL},
        ],
    }
    places = (".benchmark-run code", ".benchmark-run", "pre", "th", "td", "tr:last-child td")
    soup = harmless(benchmark.page(printed, data), *places)
    assert soup.select_one(".benchmark-table + p").get_text() == f"{EVIL}: {EVIL}."
    nothing = {"shown": "", "columns": [], "rows": []}
    for short in ("", "one line", "two\nlines"):
        command, machine, *_ = [*short.splitlines(), "", ""]
        harmless(benchmark.page(short, nothing | {"command": command, "machine": machine}))


def test_the_run_report():
    facts = {
        "profile": EVIL,
        "machine": dict.fromkeys(("processor", "memory", "system", "cores", "python"), EVIL),
        "chapters": [{"name": EVIL, "seconds": 1.0, "parameters": {EVIL: EVIL}}],
        "versions": {EVIL: EVIL, "none": None},
    }
    harmless(run_report.report(facts), "th", "td")
    harmless(run_report.table(EVIL, (EVIL,), [("a", None)]), "caption", "thead th")
    assert EVIL in run_report.took(facts, EVIL)


def test_the_data_of_an_interactive_figure():
    figure = {"kind": "plane", "label": EVIL, "data": {EVIL: [EVIL]}}
    soup = harmless(interactive.script(figure).astext())
    [script] = soup.select("script")
    assert script["data-label"] == EVIL
    assert json.loads(script.string) == {EVIL: [EVIL]}
    assert interactive.strange(figure) == ""


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"kind": EVIL}, "of kind"),
        ({"kind": "../plane"}, "of kind '../plane', allowed is the name of a script"),
        ({"kind": 5}, "of kind 5"),
        ({"label": None}, "with the label None, allowed is a text"),
        (None, "without kind, label and data"),
    ],
)
def test_an_interactive_figure_of_another_make_is_named_and_left_out(changes, words):
    figure = {"kind": "plane", "label": "a", "data": {}}
    assert words in interactive.strange(changes and figure | changes)


def captioned(name, packed):
    """The cell of a figure and that of its caption."""
    figure = {
        "cell_type": "code",
        "metadata": {"mystnb": {"image": {"alt": EVIL}}},
        "outputs": [{"metadata": {carrying.MIME: packed}}],
    }
    return figure, {"cell_type": "markdown", "source": f'<a id="{name}"></a> **Figure.** Words.'}


def test_files_of_figures_are_called_by_plain_names(tmp_path):
    packed = {"svg": carrying.pack("<svg/>"), "csv": carrying.pack("a")}
    cells = [
        one
        for name in ("figure-a", EVIL, "../../up", "figure-../up", "figure-", "")
        for one in captioned(name, packed)
    ]
    path = tmp_path / "a.ipynb"
    path.write_bytes(b"\xef\xbb\xbf" + json.dumps({"cells": cells}).encode())
    found = figure_files.carried(path)
    assert [*found] == ["figure-a"] and found["figure-a"]["alt"] == EVIL


class Page:
    """What the extension asks of Sphinx for one page, that of a notebook with a figure."""

    def __init__(self, folder):
        self.srcdir, self.figure_files, self.builder, self.env = folder, {}, self, self
        self.app, self.docname, self.format = self, "book/a", "html"
        self.note_dependency = self.inline_text = lambda *_: ([], [])

    def doc2path(self, docname):
        return f"{self.srcdir}/{docname}.ipynb"

    def get_target_uri(self, docname):
        return f"{docname}.html"


def test_a_figures_picture_its_description_and_its_links(tmp_path, monkeypatch):
    monkeypatch.setattr(figure_files, "FOLDER", EVIL)
    monkeypatch.setattr(figure_files, "KINDS", {"svg": EVIL, "csv": EVIL})
    packed = {"svg": carrying.pack("<svg/>"), "csv": carrying.pack("a")}
    (tmp_path / "book").mkdir()
    (tmp_path / "book" / "a.ipynb").write_text(
        json.dumps({"cells": captioned("figure-a", packed)}), "utf-8"
    )
    page = Page(tmp_path)
    directive = object.__new__(figure_files.FigureFrom)
    directive.arguments, directive.content, directive.lineno = ["a", "figure-a"], [EVIL], 1
    directive.state, directive.state.document = (
        page,
        SimpleNamespace(settings=SimpleNamespace(env=page)),
    )
    [figure] = directive.run()
    picture = harmless(figure[0].astext()).img
    assert picture["alt"] == EVIL and picture["src"] == f"../{EVIL}/figure-a.svg"
    assert ">" not in figure[0].astext().removesuffix(">")
    figure = nodes.figure("", nodes.caption("", "What it shows."), ids=["figure-a"])
    figure_files.link(page, figure, "book/a")
    text = figure[0][-1].astext()
    soup = harmless(text, "a")
    assert soup.a["href"] == f"../{EVIL}/figure-a.svg" and EVIL in soup.a["aria-label"]
    assert "</pre>" not in text


CITATION = {
    "title": EVIL,
    "version": EVIL,
    "authors": [{"name": f"{EVIL} and {{others}}"}],
    "preferred-citation": {
        "title": f"{EVIL} 100 % of $x_1$ \\input{{secret}} {{ # ~ ^",
        "authors": [
            {"family-names": f"{EVIL} and Bois", "given-names": "A, B and C"},
            {"family-names": "O'Neill", "given-names": "D. }"},
        ],
        "collection-title": f"{EVIL}}}\n@misc{{more,",
        "year": f"2023{EVIL}",
        "identifiers": [{"value": f"arXiv:{EVIL}"}],
    },
}


def test_the_citation_on_pages_and_as_bibtex(tmp_path, monkeypatch):
    text = citation.bibtex(CITATION)
    entries = parse_string(text, "bibtex").entries
    assert len(entries) == 2 and len(entries["kktnotes"].persons["author"]) == 1
    [paper] = [one for key, one in entries.items() if key != "kktnotes"]
    assert len(paper.persons["author"]) == 2
    plain = text.replace("\\&", "").replace("\\%", "").replace("\\$", "").replace("\\#", "")
    assert not set("&%$#~^<>") & set(plain) and "\\input" not in plain and "_1" in plain
    assert "\\_1" in plain and "\\textbackslash{}input\\textbraceleft{}secret" in plain
    path = tmp_path / "CITATION.cff"
    path.write_bytes(b"\xef\xbb\xbf" + yaml.safe_dump(CITATION).encode())
    monkeypatch.setattr(citation, "CITATION", path)

    class Config:
        html_theme_options = {}  # noqa: RUF012

    citation.cite(None, Config)
    footer = Config.html_theme_options["extra_footer"]
    soup = harmless(footer)
    assert "\\&amp; " in footer
    assert soup.pre.get_text() == text


def test_ordinary_fields_stay_as_they_are_in_bibtex():
    assert citation.latex("Bartlett, Peter L. (NeurIPS): O'Neill-Über") == (
        "Bartlett, Peter L. (NeurIPS): O'Neill-Über"
    )
    assert citation.person({"family-names": "Anders", "given-names": "Rand"}) == "Anders, Rand"


def test_a_preview_is_found_by_the_address_that_its_link_has(tmp_path):
    page = (
        '<html><body><div class="math notranslate" id="equation-1"><p>E</p></div>'
        '<a class="reference internal" href="a&amp;b.html#equation-1">x</a></body></html>'
    )
    for name in ("a&b.html", "c.html"):
        (tmp_path / name).write_text(page, "utf-8")

    class App:
        outdir = tmp_path

        class builder:
            format = "html"

    furniture.mend(App, None)
    text = (tmp_path / "c.html").read_text("utf-8")
    assert 'data-preview="a&amp;b.html#equation-1"' in text
    soup = BeautifulSoup(text, "html.parser")
    assert soup.template["data-preview"] == soup.a["href"] == "a&b.html#equation-1"


def test_the_sheet_that_is_printed(tmp_path):
    (tmp_path / "book").mkdir()
    head = (
        '<link rel="stylesheet" href="../_static/a.css"><script>window.MathJax = {}</script>'
        '<script src="../_static/tex-svg.js"></script>'
    )
    page = f'<article class="bd-article"><h1>{html(EVIL)}</h1><p>{html(EVIL)}</p></article>'
    (tmp_path / "book" / "a.html").write_text(head + page, "utf-8")
    book = [pdf.chapter(tmp_path, EVIL, "book/a", ["book/a"])]
    book.append(pdf.Chapter(f"{EVIL} 2", f'a"><b>{EVIL}', book[0].article))
    soup = BeautifulSoup(pdf.sheet(tmp_path, book, CITATION), "html.parser")
    assert len(soup.select("script")) == 2
    for place in (
        "title",
        "h1.title",
        ".title-page em",
        ".contents .part",
        ".contents a",
        "main p",
    ):
        assert EVIL in soup.select_one(place).get_text(), place
    shown = soup.select_one(".title-page").get_text()
    assert f"2023{EVIL}" in shown and f"version {EVIL}" in shown
    assert soup.select(".contents a")[1]["href"] == f'#a"><b>{EVIL}'


@pytest.mark.parametrize(
    ("link", "kept"),
    [
        ("https://arxiv.org/", True), ("http://a/", True), ("mailto:a@b", True), ("data:a", False),
        ("javascript:alert(1)", False), (" JavaScript:alert(1)", False),
        ("file:///etc/passwd", False), ("vbscript:a", False),
    ],
)  # fmt: skip
def test_links_of_the_printed_book_lead_to_pages_alone(link, kept):
    assert pdf.address("book/a", link, ["book/a"]) == (link if kept else "")


def html(text):
    """EVIL as the finished pages hold it."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace('"', "&quot;")


def test_a_whole_book_whose_texts_are_hostile(tmp_path):
    """Built with warnings as errors; everything that was hostile can be read on its pages."""
    toml = json.dumps(EVIL)
    statements = STATEMENTS
    for old in ("It is small & so.", "it is bounded", "Both of them", "All other cases.",
                "something is small", "There are two.", "Too rare.", "Theorem 3.1"):  # fmt: skip
        assert f'"{old}"' in statements
        statements = statements.replace(f'"{old}"', toml)
    met = kn.Terms([kn.Term("small", 1.0, "<=", 2.0, note=EVIL)])
    first = kn.record("lemma-2-1", "bound", 1.5, "<=", 2.0, hypotheses=met)
    write(tmp_path, [first, *CARDS[1:]], text=TEXT, statements=statements)
    fields = citation.CITATION.read_text("utf-8")
    built, pages = build(tmp_path)
    assert built.returncode == 0, built.stderr
    assert fields == citation.CITATION.read_text("utf-8")
    own = {name: BeautifulSoup(page, "html.parser").article for name, page in pages.items()}
    for name, article in own.items():
        assert not [tag for tag in article.select("script") if "alert" in tag.get_text()], name
    first, table = own["first"], own["statements"]
    straight = str.maketrans("”’", "\"'")  # Sphinx sets quotation marks
    read = first.select_one("#paper-both").get_text().translate(straight)
    assert read.count(EVIL) == 2
    assert EVIL in " ".join(t.get_text().translate(straight) for t in first.select(".verdict"))
    row = table.select_one("#statement-lemma-2-1").get_text()
    assert row.count(EVIL) >= 4
    assert any(EVIL in tag.get_text() for tag in table.select("svg title"))


def test_nodes_that_hold_finished_html_are_those_of_this_file():
    """Every place of the extension that makes raw HTML is one that these tests look at."""
    folder = chapters.ROOT / "book" / "_ext"
    found = {path.name: path.read_text("utf-8").count("nodes.raw(") for path in folder.glob("*.py")}
    assert {name: count for name, count in found.items() if count} == {
        "benchmark.py": 1, "figure_files.py": 2, "interactive.py": 1, "run_report.py": 1,
        "verdicts.py": 1,
    }  # fmt: skip
    assert nodes.raw

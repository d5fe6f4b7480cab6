"""The built pages as a reader opens them from the disk: no network, no error, described figures."""

import html
import re
import subprocess
import sys
import unicodedata
import xml.etree.ElementTree as ElementTree
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
from pypdf import PdfReader

from kktnotes.evidence.ledger import Ledger
from tools import chapters, pdf

HTML = chapters.ROOT / "_build" / "html"
HASHED = re.compile(r"^[0-9a-f]{16,}|_images/|\.(png|svg|jpe?g)$")


class Outline(HTMLParser):
    """The links, ids, images and loaded files of one page."""

    def __init__(self, path: Path):
        super().__init__()
        self.path = path
        self.links, self.ids, self.images, self.loads = [], set(), [], []
        self.feed(path.read_text("utf-8"))

    def handle_starttag(self, tag, attributes):
        values = dict(attributes)
        self.ids.update(values[key] for key in ("id", "name") if values.get(key))
        if tag == "a" and values.get("href"):
            self.links.append(values["href"])
        if tag == "img":
            self.images.append(values)
        if tag in ("script", "img", "iframe", "source") and values.get("src"):
            self.loads.append(values["src"])
        if tag == "link" and values.get("rel") not in ("index", "search", "next", "prev"):
            self.loads.append(values["href"])


@pytest.fixture(scope="session")
def pages():
    """Build the book from the committed notebooks, warnings as errors, and outline every page."""
    command = [sys.executable, "-m", "tools.render", "--stored"]
    built = subprocess.run(command, cwd=chapters.ROOT, capture_output=True, text=True, check=False)
    assert built.returncode == 0, built.stdout[-2000:] + built.stderr[-4000:]
    return {path.relative_to(HTML).as_posix(): Outline(path) for path in HTML.rglob("*.html")}


def book_pages(pages):
    """The pages a reader reads: those of the table of contents, and the search page."""
    return [name for name in pages if name.startswith("book/") or name == "search.html"]


def test_there_is_a_page_for_every_chapter(pages):
    expected = {f"book/{path.stem}.html" for path in chapters.chapters()}
    assert expected <= set(pages)
    assert {"index.html", "book/intro.html", "book/notation.html", "book/bibliography.html"} <= set(
        pages
    )


def test_every_link_inside_the_book_leads_somewhere(pages):
    broken = []
    for name, page in pages.items():
        for link in page.links:
            parts = urlsplit(link)
            if parts.scheme or parts.netloc:
                continue
            target = (HTML / name).parent / unquote(parts.path) if parts.path else HTML / name
            relative = target.resolve().relative_to(HTML).as_posix()
            if not target.exists() or (
                parts.fragment
                and relative in pages
                and unquote(parts.fragment) not in pages[relative].ids
            ):
                broken.append(f"{name}: {link}")
    assert broken == []


def test_no_page_names_a_file_of_another_host(pages):
    outside = {
        f"{name}: {address}"
        for name, page in pages.items()
        for address in page.loads
        if urlsplit(address).scheme in ("http", "https") or address.startswith("//")
    }
    assert outside == set()
    for name in book_pages(pages):
        assert "unpkg.com" not in pages[name].path.read_text("utf-8")


def test_every_figure_is_described(pages):
    undescribed = [
        f"{name}: {image.get('src')}: {image.get('alt')!r}"
        for name, page in pages.items()
        for image in page.images
        if not (image.get("alt") or "").strip() or HASHED.search(image["alt"])
    ]
    assert undescribed == []


def test_every_figure_of_a_chapter_has_a_caption(pages):
    for path in chapters.chapters():
        text = pages[f"book/{path.stem}.html"].path.read_text("utf-8")
        figures = re.findall(r"<figure.*?</figure>", text, re.S)
        outputs = re.findall(r'<img[^>]*src="\.\./_images/', text)
        captioned = [f for f in figures if re.search(r"<figcaption>.*?caption-text", f, re.S)]
        assert len(captioned) == len(outputs), path.name


def test_every_figure_of_a_chapter_is_offered_as_svg_with_its_data(pages):
    for path in chapters.chapters():
        text = pages[f"book/{path.stem}.html"].path.read_text("utf-8")
        for figure in re.findall(r"<figure.*?</figure>", text, re.S):
            if "../_images/" not in figure:
                continue
            name = re.search(r'id="([^"]*)"', figure)[1]
            svg, data = (HTML / "_static" / "figures" / f"{name}.{kind}" for kind in ("svg", "csv"))
            assert f'href="../_static/figures/{svg.name}"' in figure, f"run {path.name} again"
            assert f'href="../_static/figures/{data.name}"' in figure
            assert ElementTree.parse(svg).getroot().tag.endswith("svg")
            assert svg.stat().st_size < 300_000, svg.name
            assert len(data.read_text("utf-8").splitlines()) > 3, data.name


def test_every_statement_has_a_row_and_its_verdict_stands_beside_it(pages):
    ledger = Ledger.read(chapters.ROOT / "book" / "statements.toml", chapters.chapters())
    table = pages["book/statements.html"].path.read_text("utf-8")
    assert re.findall(r'<tr id="statement-([^"]*)"', table) == list(ledger.entries)
    for entry in ledger.entries.values():
        statement = entry.statement
        if not statement.chapter:
            continue
        text = pages[f"book/{statement.chapter}.html"].path.read_text("utf-8")
        badges = re.findall(
            r'class="verdict .*?</div>', text.split(f'{statement.label}"', 1)[1], re.S
        )
        assert f"{entry.verdict.word}</span>" in badges[0], statement.id
        assert f'statements.html#statement-{statement.id}"' in badges[0], statement.id
    for found in (one for entry in ledger.entries.values() for one in entry.found):
        assert found.anchor in pages[f"book/{found.notebook}.html"].ids


def test_the_graph_of_statements_can_be_scrolled_to_its_end(pages, chromium):
    page = chromium.open((HTML / "book" / "statements.html").as_uri(), width=390)
    frame = "document.querySelector('.statements-graph')"
    assert page.run(f"{frame}.scrollWidth > {frame}.clientWidth")
    assert page.run(f"getComputedStyle({frame}).overflowX") == "auto"
    assert page.run(f"{frame}.tabIndex") == 0


def test_figures_of_several_panels_scroll_on_a_phone_instead_of_shrinking(pages, chromium):
    page = chromium.open((HTML / "book" / "robustness.html").as_uri(), width=360)
    wide = "document.querySelector('#figure-robustness-dimension')"
    assert page.run(f"{wide}.scrollWidth > 1.3 * {wide}.clientWidth")
    single = "document.querySelector('#figure-robustness-distances')"
    assert page.run(f"{single}.scrollWidth <= {single}.clientWidth")


def test_the_search_works_from_the_disk(pages, chromium):
    page = chromium.open((HTML / "search.html").as_uri() + "?q=robust")
    finished = "document.querySelector('#search-results').innerText.includes('Search finished')"
    page.wait(finished)
    assert page.run("document.querySelectorAll('#search-results li a').length") > 0
    assert [error for error in page.errors if "/webfonts/" not in error] == []


def test_there_is_one_search_field(pages, chromium):
    page = chromium.open((HTML / "book" / "intro.html").as_uri())
    fields = "[...document.querySelectorAll('.search-button-field')].filter(b => b.offsetParent)"
    assert page.run(f"{fields}.length") == 1


AXE = (chapters.ROOT / "tests" / "axe" / "axe.min.js").read_text("utf-8")


def findings(page):
    """What axe-core calls serious or critical in a page, a line each."""
    page.run(AXE + ";0")
    return page.run(
        "axe.run(document, {preload: false, resultTypes: ['violations']}).then(found => "
        "found.violations.filter(one => ['serious', 'critical'].includes(one.impact))"
        ".map(one => `${one.impact} ${one.id}: ${one.nodes[0].html.slice(0, 200)}`))"
    )


def first_text(chromium, url):
    """Milliseconds until the first text is painted, the least of up to three loads."""
    best = float("inf")
    for _ in range(3):
        page = chromium.open(url)
        page.wait("performance.getEntriesByName('first-contentful-paint').length > 0")
        entry = "performance.getEntriesByName('first-contentful-paint')[0].startTime"
        best = min(best, page.run(entry))
        page.send("Page.close")
        if best < 1000:
            break
    return best


def test_the_first_text_of_every_page_is_there_within_a_second(pages, chromium, tmp_path):
    blank = tmp_path / "blank.html"
    blank.write_text("<!doctype html><title>blank</title><p>text</p>", "utf-8")
    least = first_text(chromium, blank.as_uri())
    for name in book_pages(pages):
        # A machine that is slow with a blank page is so with ours: then only the rest counts.
        assert first_text(chromium, (HTML / name).as_uri()) < 1000 + 2 * least, name


def test_every_page_with_its_pictures_is_light(pages):
    for name in book_pages(pages):
        files = {name}
        for address in pages[name].loads:
            path = ((HTML / name).parent / urlsplit(address).path).resolve()
            relative = path.relative_to(HTML).as_posix()
            if not relative.startswith("_static/") or "/figures/" in relative:
                files.add(relative)
        weight = sum((HTML / file).stat().st_size for file in files if file != "searchindex.js")
        assert weight <= 1.5e6, f"{name}: {weight / 1e6:.2f} MB"


def test_every_page_leads_on_and_back_and_tells_how_to_cite(pages):
    names = [name for name in pages if name.startswith("book/")]
    texts = {name: pages[name].path.read_text("utf-8") for name in names}
    assert [name for name in names if "left-prev" not in texts[name]] == ["book/intro.html"]
    assert sum("right-next" not in text for text in texts.values()) == 1
    for name in names:
        assert "@inproceedings{frei2023doubleedged" in texts[name], name
    for path in chapters.chapters():
        page = pages[f"book/{path.stem}.html"]
        assert f"../_sources/book/{path.name}" in page.links, "the notebook to take along"
        assert "copybutton.js" in " ".join(page.loads)


def test_every_statement_has_a_short_anchor_in_the_table_and_where_it_stands(pages):
    ledger = Ledger.read(chapters.ROOT / "book" / "statements.toml", chapters.chapters())
    for name, entry in ledger.entries.items():
        assert name in pages["book/statements.html"].ids
        chapter, label = entry.statement.chapter, entry.statement.label
        if chapter and "equation" not in label:
            page = pages[f"book/{chapter}.html"]
            assert label in page.ids and f"#{label}" in page.links, name


def test_a_link_to_a_statement_shows_it_on_hover_and_focus(pages, chromium):
    page = chromium.open((HTML / "book" / "gradient_flow.html").as_uri())
    link = "document.querySelector('a[href=\"#equation-paper-equation-2\"].reference')"
    page.run(f"{link}.scrollIntoView({{block: 'center', behavior: 'instant'}})")
    at = page.run(f"(r => [r.left + 3, r.top + 3])({link}.getBoundingClientRect())")
    page.send("Input.dispatchMouseEvent", type="mouseMoved", x=at[0], y=at[1])
    page.wait("!document.getElementById('preview').hidden")
    assert page.run("document.querySelectorAll('#preview mjx-container').length") > 0
    assert (
        page.run("document.querySelectorAll('#preview [id]:not([id^=MJX]), #preview a').length")
        == 0
    )
    escape = {"key": "Escape", "code": "Escape", "windowsVirtualKeyCode": 27}
    page.send("Input.dispatchKeyEvent", type="keyDown", **escape)
    assert page.run("document.getElementById('preview').hidden")


def test_the_graph_shows_what_a_box_is_joined_to(pages, chromium):
    page = chromium.open((HTML / "book" / "statements.html").as_uri())
    page.run("document.querySelector('a[data-name=theorem-2-1]').focus()")
    chosen = "[...document.querySelectorAll('.graph-edges .chosen')]"
    assert page.run(f"{chosen}.length") > 0
    ends = f"{chosen}.every(e => [e.dataset.from, e.dataset.to].includes('theorem-2-1'))"
    assert page.run(ends)
    page.run("document.activeElement.blur()")
    assert page.run(f"{chosen}.length") == 0


@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (1280, "dark"), (360, "dark")])
def test_pages_load_with_the_network_off(pages, chromium, width, scheme):
    for name in book_pages(pages):
        page = chromium.open((HTML / name).as_uri(), width=width, scheme=scheme)
        assert [url for url in page.requests if not url.startswith(("file:", "data:"))] == [], name
        # The theme for Python 3.10 asks for fonts ahead of time, which a file: page may not do;
        # the icons come with the style sheet all the same.
        assert [error for error in page.errors if "/webfonts/" not in error] == [], name
        formulas = page.run("document.querySelectorAll('.math').length")
        drawn = page.run("document.querySelectorAll('.math mjx-container').length")
        assert drawn >= formulas, name
        wrong = "[data-mml-node=merror], mjx-merror, [fill=red], [stroke=red]"
        assert page.run(f"document.querySelectorAll('{wrong}').length") == 0, name
        broken = "[...document.images].filter(i => !i.naturalWidth).map(i => i.src)"
        assert page.run(broken) == [], name
        assert page.run("document.documentElement.scrollWidth") <= width, name
        assert findings(page) == [], name
        page.send("Page.close")


@pytest.fixture(scope="session")
def book(pages, chromium, tmp_path_factory):
    """The printed book: its file, and a reader of it."""
    path = tmp_path_factory.mktemp("pdf") / "book.pdf"
    pdf.make(HTML, path)
    return path, PdfReader(path)


def plain(text):
    """A text without ligatures, marks of the typesetter and breaks."""
    text = unicodedata.normalize("NFKC", text).replace("\u2019", "'")
    return "".join(text.split())


def test_the_printed_book_has_every_chapter_where_its_contents_say(pages, book):
    path, reader = book
    listed = [page for _, page in pdf.contents(chapters.ROOT / "_toc.yml")]
    starts = pdf.beginnings(path.read_bytes(), [pdf.anchor(page) for page in listed])
    assert list(starts) == [pdf.anchor(page) for page in listed]
    assert sorted(set(starts.values())) == list(starts.values())
    listing = plain(reader.pages[1].extract_text())
    for page in listed:
        heading = re.search(
            r"<h1>(.*?)<a class=.headerlink", pages[f"{page}.html"].path.read_text()
        )
        title = plain(html.unescape(re.sub(r"<[^>]*>", "", heading[1])))
        start = starts[pdf.anchor(page)]
        assert title in plain(reader.pages[start - 1].extract_text()), page
        assert f"{title}{start}" in listing, page


def test_the_printed_book_leads_nowhere_wrong_and_is_outlined(book):
    _, book = book
    inside = outside = 0
    for page in book.pages:
        for one in page.get("/Annots") or ():
            action = one.get_object()
            uri = (action.get("/A") or {}).get("/URI")
            if uri:
                outside += 1
                assert urlsplit(uri).scheme in ("http", "https"), uri
            else:
                inside += 1
                assert action.get("/Dest") in book.named_destinations, action
    assert inside > 100
    assert outside > 0
    assert len(book.outline) > 3
    words = "".join(page.extract_text() for page in book.pages[:6])
    for control in ("Ctrl", "Contents Expand", "data (CSV)"):
        assert control not in words

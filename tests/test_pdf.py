"""The sheet that is printed: anchors and links of single pages become those of one book."""

import pytest

from tools import pdf
from tools.refusal import Refused

PAGES = ["book/a", "book/b"]
PAGE = """<html><body><div class="bd-article-container"><article class="bd-article">
<section id="top"><h1>A &amp; b<a class="headerlink" href="#top">#</a></h1>
<p id="here">See <a href="b.html#there">b</a>, <a href="#here">here</a>, <a href="b.html">all</a>,
<a href="../_sources/book/a.ipynb">notebook</a> and <a href="https://arxiv.org/">arXiv</a>.</p>
<details><summary>fold</summary>solution</details><button>copy</button>
<img src="../_images/x.png" alt="x"></section></article></div></body></html>"""


@pytest.fixture
def chapter(tmp_path):
    """One page, as it goes into the book."""
    (tmp_path / "book").mkdir()
    (tmp_path / "book" / "a.html").write_text(PAGE, "utf-8")
    return pdf.chapter(tmp_path, "Part", "book/a", PAGES)


def test_the_contents_are_those_of_the_toc(tmp_path):
    toc = tmp_path / "_toc.yml"
    toc.write_text(
        "root: book/a\nparts:\n  - caption: Part\n    chapters:\n      - file: book/b.ipynb\n"
    )
    assert pdf.contents(toc) == [("", "book/a"), ("Part", "book/b")]


def test_anchors_and_links_lead_to_the_same_places_in_one_book(chapter):
    links = [tag.get("href") for tag in chapter.article.select("a")]
    assert links == ["#b--there", "#a--here", "#b", None, "https://arxiv.org/"]
    assert [tag["id"] for tag in chapter.article.select("[id]")] == ["a--top", "a--here"]
    assert chapter.name == chapter.article["id"] == "a"
    assert chapter.title == "A & b"


def test_folds_are_open_controls_gone_and_pictures_found(chapter):
    assert chapter.article.details.has_attr("open")
    assert chapter.article.button is None
    assert chapter.article.img["src"] == "_images/x.png"


def test_without_built_pages_it_says_what_to_do(monkeypatch, tmp_path):
    monkeypatch.setattr(pdf.chapters, "ROOT", tmp_path)
    with pytest.raises(Refused, match="make book PROFILE=quick"):
        pdf.main(["quick"])

"""What every page has beside its text: citation, anchors, previews; from small pieces of pages."""

import re
import sys

import pytest
import yaml
from bs4 import BeautifulSoup

from tools import chapters

sys.path.append(str(chapters.ROOT / "book" / "_ext"))
import citation
import elements
import furniture

PROOF = (
    '<div class="proof theorem admonition" id="paper-theorem-3-1">\n'
    '<p class="admonition-title"><span class="caption-number">Theorem 3.1 </span></p>\n'
    '<section class="theorem-content" id="proof-content">\n'
    '<p>See <a class="reference internal" href="#x">there</a> <div class="math">a</div></p>\n'
    '</section><div class="verdict verdict-holds docutils container"><p>holds</p></div></div>'
)


def test_bibtex_has_the_fields_of_the_citation_file():
    text = citation.bibtex(yaml.safe_load(citation.CITATION.read_text("utf-8")))
    paper, book = text.split("\n\n")
    assert paper.startswith("@inproceedings{frei2023doubleedged,")
    assert "author = {Frei, Spencer and Vardi, Gal and Bartlett, Peter L. and Srebro" in paper
    assert "arXiv:2303.01456" in paper
    assert book.startswith("@misc{kktnotes,")
    from pybtex.database import parse_string

    entries = parse_string(text, "bibtex").entries
    assert len(entries["frei2023doubleedged"].persons["author"]) == 4
    assert entries["kktnotes"].fields["note"] == "Version 0.1.0"


def done(part, text):
    """A piece of a page after one part of the mending."""
    page = elements.Page(text)
    return page.edited(part(page))


def copied(text, at=0):
    """The preview of the first element, or another."""
    page = elements.Page(text)
    return furniture.previewed(page, page.elements[at], list(furniture.held(page)))


def test_a_preview_is_its_own_block_which_has_to_end():
    text = "<p><div><div>x</div><div>y</div></div><div>z</div>"
    assert copied(text, 1) == "<div><div>x</div><div>y</div></div>"
    with pytest.raises(ValueError, match="does not end: '<div><div></div>'"):
        copied("<div><div></div>")


def test_a_preview_has_no_ids_links_or_verdicts():
    copy = copied(done(furniture.anchored, PROOF))
    assert "Theorem 3.1" in copy and "See there" in copy
    for word in ("id=", "<a", "verdict", "holds"):
        assert word not in copy


def test_a_preview_keeps_words_that_look_like_tags_and_holds_formulas():
    formula = '<span class="math notranslate nohighlight">\\(d\\)</span>'
    text = (
        '<div id="a" class="x&amp;&quot;" tabindex="0">'
        f'<p title=">">&lt;a id="b"&gt; {formula},</p>'
        '<button>copy</button><svg viewBox="0 0 1 1"><path d="M0"/></svg>\\label{one}</div>'
    )
    assert copied(text) == (
        f'<div class="x&amp;&quot;"><p title=">">&lt;a id="b"&gt; <span class="held">{formula},'
        '</span></p><svg viewBox="0 0 1 1"><path d="M0"/></svg></div>'
    )


def test_a_statement_links_to_itself_and_has_a_short_anchor():
    page = done(furniture.anchored, PROOF)
    assert '<span id="theorem-3-1"></span><p class="admonition-title">' in page
    assert '<a class="headerlink" href="#paper-theorem-3-1"' in page
    taken = done(furniture.anchored, '<h2 id="theorem-3-1"></h2>' + PROOF)
    assert taken.count('id="theorem-3-1"') == 1


def test_references_in_running_text_are_found_whatever_else_they_carry():
    page = elements.Page(
        '<a class="reference internal" href="#paper-theorem-3-1"><em>T</em></a>'
        '<a href="../book/b.html#id3" class="reference internal" title="t">[B]</a>'
        '<a class="reference internal" href="b.html">page</a><a href="#x">x</a>'
    )
    assert furniture.references(page, "book/a.html") == {
        "#paper-theorem-3-1": ("book/a.html", "paper-theorem-3-1"),
        "../book/b.html#id3": ("book/b.html", "id3"),
    }


def test_a_formula_is_held_together_with_what_stands_beside_it():
    formula = '<span class="math notranslate nohighlight">\\(d\\)</span>'
    text = f"<p>by ({formula}), of {formula} and\n{formula}'s <b>{formula}</b>.</p>"
    page = done(furniture.held, text)
    assert page == (
        f'<p>by <span class="held">({formula}),</span> of {formula} and\n'
        f'<span class="held">{formula}\'s</span> <b>{formula}</b>.</p>'
    )
    assert furniture.mended(elements.Page(page))
    assert not furniture.mended(elements.Page(text + '<p>data-preview class="held"</p>'))


def test_cells_of_many_words_are_marked_and_numbers_and_heads_are_not():
    row = "<tr><th>{}</th><td>{}</td></tr>"
    table = f'<table border="1" class="dataframe"><thead>{row}</thead><tbody>{row}</tbody></table>'
    long, phrase = "the number of clusters is far above its limit", "KKT point, &lt; 2"
    page = done(furniture.marked, table.format(long, long, phrase, long) + row.format(long, long))
    assert page.count("class=") == 2
    assert f'<td class="words">{long}</td></tr></tbody></table>' in page
    phrase = "of the KKT point, &lt; 2"
    page = done(furniture.marked, table.format(long, long, phrase, "0.12"))
    assert f'<tbody><tr><th class="phrase">{phrase}</th><td>0.12</td></tr>' in page


def test_wrong_names_and_roles_are_taken_out_and_others_stay():
    text = (
        '<summary class="a" aria-label="Toggle">Show</summary><p aria-label="b">b</p>'
        '<button class="btn search-button-field x" aria-label="Search" title="Search">s</button>'
        '<i class="theme-switch fa" title="dark" data-mode="dark" hidden></i>'
        '<div role="list" class="citation-list"><div class="citation" role="doc-biblioentry"></div>'
        '</div><section class="lemma-content" id="proof-content"></section><div role="list"></div>'
    )
    assert done(furniture.plain, text) == (
        '<summary class="a">Show</summary><p aria-label="b">b</p>'
        '<button class="btn search-button-field x" title="Search">s</button>'
        '<i class="theme-switch fa" data-mode="dark" hidden></i>'
        '<div class="citation-list"><div class="citation"></div>'
        '</div><section class="lemma-content"></section><div role="list"></div>'
    )


def test_what_a_script_writes_is_mended_as_what_stands_in_the_page():
    button = '<button class="btn search-button-field x"{} title="Search">s</button>'
    text = "<p>π</p><script>\n document.write(`\n {}\n`);\n</script><script>if (a < b) c()</script>"
    named, plain = button.format(' aria-label="Search"'), button.format("")
    assert done(furniture.plain, text.format(named)) == text.format(plain)
    unwritten = text.replace("document.write", "a.title =").format(named)
    assert done(furniture.plain, unwritten) == unwritten


class App:
    """What the mending asks of Sphinx."""

    class builder:
        format = "html"

    def __init__(self, folder):
        self.outdir = folder


PAGE = f"""<!DOCTYPE html>
<html lang="en" ><head><script>if (a < b && "</div>") {{}}</script></head>
<body >{PROOF}<pre>
 two  blanks &#8212; <span>x</span></pre><svg viewBox="0 0 1 1"><path d="M0" /></svg><br />
<p>By <a class="reference internal" href="#paper-theorem-3-1">it</a>, &amp; &quot;so&quot;.</p>
<script type="text/x"><p id="no"></p></script></body></html>
"""


def test_a_page_is_mended_once_and_stays_as_it_was_elsewhere(tmp_path):
    file = tmp_path / "a.html"
    file.write_text(PAGE, "utf-8")
    furniture.mend(App(tmp_path), None)
    first = file.read_text("utf-8")
    new = BeautifulSoup(first, "html.parser")
    assert new.body.contents[-1]["data-preview"] == "#paper-theorem-3-1"
    assert "verdict" not in str(new.template) and "Theorem 3.1" in new.template.get_text()
    kept = PAGE[PAGE.index("<pre>") : PAGE.index("</body>")]
    assert kept in first and first.startswith(
        PAGE[: PAGE.index('<p class="admonition-title"')][:90]
    )
    furniture.mend(App(tmp_path), None)
    assert file.read_text("utf-8") == first
    (tmp_path / "b.html").write_text(PAGE.replace("#paper", "a.html#paper"), "utf-8")
    furniture.mend(App(tmp_path), None)
    assert file.read_text("utf-8") == first
    second = BeautifulSoup((tmp_path / "b.html").read_text("utf-8"), "html.parser")
    assert second.template["data-preview"] == "a.html#paper-theorem-3-1"


def test_words_on_a_dark_field_have_contrast():
    style = (chapters.ROOT / "book" / "_style" / "book.css").read_text("utf-8")
    found = re.search(r"--field: (#\w{6});\s+--edge: (#\w{6});\s+--ink: (#\w{6});", style)

    def luminance(color):
        parts = [int(color[at : at + 2], 16) / 255 for at in (1, 3, 5)]
        linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    field, edge, ink = map(luminance, found.groups())
    assert (ink + 0.05) / (field + 0.05) >= 7
    assert (edge + 0.05) / (field + 0.05) >= 3

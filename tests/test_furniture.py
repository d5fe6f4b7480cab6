"""What every page has beside its text: citation, anchors, previews; from small pieces of pages."""

import re
import sys

import pytest
import yaml

from tools import chapters

sys.path.append(str(chapters.ROOT / "book" / "_ext"))
import furniture

PROOF = (
    '<div class="proof theorem admonition" id="paper-theorem-3-1">\n'
    '<p class="admonition-title"><span class="caption-number">Theorem 3.1 </span></p>\n'
    '<section class="theorem-content" id="proof-content">\n'
    '<p>See <a class="reference internal" href="#x">there</a> <div class="math">a</div></p>\n'
    '</section><div class="verdict verdict-holds docutils container"><p>holds</p></div></div>'
)


def test_bibtex_has_the_fields_of_the_citation_file():
    text = furniture.bibtex(yaml.safe_load(furniture.CITATION.read_text("utf-8")))
    paper, book = text.split("\n\n")
    assert paper.startswith("@inproceedings{frei2023doubleedged,")
    assert "author = {Frei, Spencer and Vardi, Gal and Bartlett, Peter L. and Srebro" in paper
    assert "arXiv:2303.01456" in paper
    assert book.startswith("@misc{kktnotes,")
    from pybtex.database import parse_string

    entries = parse_string(text, "bibtex").entries
    assert len(entries["frei2023doubleedged"].persons["author"]) == 4
    assert entries["kktnotes"].fields["note"] == "Version 0.1.0"


def test_a_block_ends_where_its_own_div_ends():
    text = "<p><div a><div>x</div><div>y</div></div><div>z</div>"
    assert furniture.block(text, 3) == "<div a><div>x</div><div>y</div></div>"
    with pytest.raises(ValueError, match="does not end"):
        furniture.block("<div><div></div>", 0)


def test_a_preview_has_no_ids_links_or_verdicts():
    copy = furniture.previewed(furniture.anchored(PROOF))
    assert "Theorem 3.1" in copy and "See there" in copy
    for word in ("id=", "<a", "verdict", "holds"):
        assert word not in copy


def test_a_statement_links_to_itself_and_has_a_short_anchor():
    page = furniture.anchored(PROOF)
    assert '<span id="theorem-3-1"></span><p class="admonition-title">' in page
    assert '<a class="headerlink" href="#paper-theorem-3-1"' in page
    taken = furniture.anchored('<h2 id="theorem-3-1"></h2>' + PROOF)
    assert taken.count('id="theorem-3-1"') == 1


def test_references_in_running_text_are_found_whatever_else_they_carry():
    text = (
        '<a class="reference internal" href="#paper-theorem-3-1"><em>T</em></a>'
        '<a class="reference internal" title="t" href="../book/b.html#id3">[B]</a>'
    )
    assert furniture.REFERENCE.findall(text) == [
        ("", "paper-theorem-3-1"),
        ("../book/b.html", "id3"),
    ]


def test_a_formula_is_held_together_with_what_stands_beside_it():
    formula = '<span class="math notranslate nohighlight">\\(d\\)</span>'
    page = furniture.held(f"<p>by ({formula}), of {formula} and\n{formula}'s <b>{formula}</b>.</p>")
    assert page == (
        f'<p>by <span class="held">({formula}),</span> of {formula} and\n'
        f'<span class="held">{formula}\'s</span> <b>{formula}</b>.</p>'
    )
    assert furniture.mended(page) and not furniture.mended(f"<p>{formula}</p>")


def test_cells_of_many_words_are_marked_and_numbers_and_heads_are_not():
    row = "<tr><th>{}</th><td>{}</td></tr>"
    table = f'<table border="1" class="dataframe"><thead>{row}</thead><tbody>{row}</tbody></table>'
    long, phrase = "the number of clusters is far above its limit", "KKT point, &lt; 2"
    page = furniture.marked(table.format(long, long, phrase, long) + row.format(long, long))
    assert page.count("class=") == 2
    assert f'<td class="words">{long}</td></tr></tbody></table>' in page
    phrase = "of the KKT point, &lt; 2"
    page = furniture.marked(table.format(long, long, phrase, "0.12"))
    assert f'<tbody><tr><th class="phrase">{phrase}</th><td>0.12</td></tr>' in page


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

"""What a notebook says in plain Markdown is a statement, an equation, a caption on its page."""

import re
import sys

import pytest
import yaml
from bs4 import BeautifulSoup
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output
from pybtex.database import parse_file
from test_extension import build

from kktnotes.figures.export.captions import captions
from tools import bibliography, chapters

sys.path.append(str(chapters.ROOT / "book" / "_ext"))
import quoted

PICTURE = (
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk"
    "+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
TEXT = r"""# A notebook

> **Theorem 2.1** (After Lyu (2020), as it is used). Let $x > 0$.
>
> $$
> a = b . \tag{3}
> $$
>
> - It holds.

> <a id="ours"></a> **Lemma N1** (ours). It holds too.

> **Exercise 1**. Show it.
>
> ```{dropdown} Solution
> By hand.
> ```

> A quotation stays one.

$$
c = d \tag{4}
$$

<a id="ours-equation"></a>

$$
e = f \tag{N1}
$$

> **Proof.**
> By [(N1)](#ours-equation).

[Theorem 2.1](#paper-theorem-2-1), [Equation (4)](#paper-equation-4), [Lemma N1](a.ipynb#ours),
[[LL20]](bibliography.md#LL20).
"""
TEXT_OF_PAGE = """# A page

> <a id="ours-other"></a> **Lemma N2** (Of a page).
> As [Lemma N1](a.ipynb#ours).
"""
CAPTION = '<a id="figure-one"></a> **Figure.** It falls,\nas it has to.\n\nAfter it.'


def notebook(text, caption=CAPTION):
    """A notebook with a text and a figure."""
    shown = new_output("display_data", {"image/png": PICTURE, "text/plain": "a"})
    figure = new_code_cell("draw()", outputs=[shown], execution_count=1)
    figure.metadata["mystnb"] = {"image": {"alt": "A line."}}
    found = new_notebook(cells=[new_markdown_cell(text), figure, new_markdown_cell(caption)])
    found.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3"}
    found.metadata["language_info"] = {"name": "python", "pygments_lexer": "ipython3"}
    return found


def pages(text):
    return {
        "intro": "# A book\n",
        "a": notebook(text),
        "plain": f"{TEXT_OF_PAGE}\n",
        "bibliography": '# Works\n\n- <a id="LL20"></a> [LL20] For other readers.\n',
    }


@pytest.fixture(scope="module")
def article(tmp_path_factory):
    """The page of the notebook above."""
    built, texts = build(tmp_path_factory.mktemp("quoted"), pages(TEXT))
    assert built.returncode == 0, built.stderr
    assert "Lemma N2  (Of a page)" in BeautifulSoup(texts["plain"], "html.parser").get_text()
    return BeautifulSoup(texts["a"], "html.parser").article


def test_statements_have_number_title_label_and_content(article):
    theorem, lemma, proof = article.find_all("div", class_="proof")
    assert theorem["id"] == "paper-theorem-2-1" and lemma["id"] == "ours"
    assert "Theorem 2.1  (After Lyu (2020), as it is used)" in theorem.p.get_text()
    assert theorem.li.get_text(strip=True) == "It holds."
    assert "Lemma N1  (ours)" in lemma.p.get_text() and "It holds too." in lemma.get_text()
    assert "proof" in proof["class"] and proof.find("a", href="#equation-ours-equation")
    assert article.blockquote.get_text(strip=True) == "A quotation stays one."
    exercise = article.find("div", class_="tip")
    assert exercise.p.get_text() == "Exercise 1" and exercise.details.summary


def test_equations_have_their_numbers_and_links_lead_there(article):
    numbers = [one.get_text().rstrip("#") for one in article.find_all(class_="eqno")]
    assert numbers == ["(3)", "(4)", "(N1)"]
    links = {a.get_text(): a["href"] for a in article.find_all("a", class_="reference internal")}
    assert links["Theorem 2.1"] == "#paper-theorem-2-1"
    assert links["Equation (4)"] == "#equation-paper-equation-4"
    assert links["Lemma N1"] == "#ours"
    assert links["[LL20]"].startswith("bibliography.html#")


def test_numbers_of_ours_count_up_in_the_order_of_the_pages():
    toc = yaml.safe_load((chapters.ROOT / "_toc.yml").read_text("utf-8"))
    files = [
        one["file"].removesuffix(".ipynb") for part in toc["parts"] for one in part["chapters"]
    ]
    texts = [(chapters.ROOT / f"{file}.md").read_text("utf-8") for file in files]
    found = re.findall(r"(?m)^> .*\*\*([A-Z]\w+) N(\d+)\*\*|\\tag\{N(\d+)\}", "\n".join(texts))
    kinds = {kind for kind, *_ in found}
    assert {"Lemma", "Proposition", ""} <= kinds
    for kind in kinds:
        seen = [int(number or tag) for other, number, tag in found if other == kind]
        assert seen == list(range(1, len(seen) + 1)), kind or "equation"


def test_a_caption_stands_below_its_figure_and_not_in_the_text(article):
    figure = article.figure
    assert figure["id"] == "figure-one" and figure.img["alt"] == "A line."
    assert "It falls, as it has to." in figure.figcaption.get_text()
    assert "Figure." not in article.get_text() and "After it." in article.get_text()


@pytest.mark.parametrize(
    ("link", "words"),
    [
        ("[Theorem 3.1](#paper-theorem-2-1)", "it is Theorem 2.1 of book/a"),
        ("[Theorem 2.1](intro.md#paper-theorem-2-1)", "to book/intro: it is Theorem 2.1"),
        ("[Equation (3)](#paper-equation-4)", r"it is \(4\) of book/a"),
        ("[LL21](bibliography.md#LL20)", r"it is \[LL20\]"),
    ],
)
def test_a_link_with_a_wrong_number_or_page_fails_the_build(link, words, tmp_path):
    built, _ = build(tmp_path, pages(TEXT + link))
    assert built.returncode != 0
    assert re.search(words, built.stderr), built.stderr


def test_the_text_of_the_bibliography_lists_what_its_page_lists():
    page = bibliography.PAGE.read_text("utf-8")
    assert page == bibliography.written(page), "make notebooks"
    entries = parse_file(str(bibliography.WORKS), bib_format="bibtex").entries
    assert set(re.findall('<a id="([^"]+)"', page)) == set(entries)
    plain = re.sub(r"[\\*{}]", "", page)
    for entry in entries.values():
        assert re.sub(r"[\\{}]", "", entry.fields["title"]).split()[0] in plain


def test_code_blocks_are_left_alone():
    fenced = "```\n> **Theorem 2.1**. No.\n```\n\n~~~~text\n> **Proof**. No.\n~~~~"
    assert quoted.translated(fenced) == fenced


def test_a_fence_is_longer_than_those_in_it():
    text = quoted.translated("> **Proof**. As follows.\n>\n> ````\n> code\n> ````")
    assert text.startswith("`````{prf:proof}") and text.endswith("\n`````")


def test_captions_are_those_right_after_code():
    cells = notebook("").cells
    [(number, found)] = captions(cells).items()
    assert (number, found.name, found.words) == (1, "figure-one", "It falls, as it has to.")
    assert found.rest == "After it."
    assert captions([cells[1], cells[0], cells[2]]) == {}
    assert captions([cells[2], cells[1]]) == {}

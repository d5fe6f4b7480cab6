"""A page of its own for one run: whole, set, and without a request to anywhere."""

import papermill
import pytest

from tools import chapters, page
from tools.refusal import Refused

TEXT = """\
> **Theorem 1** (ours). It is $x^2$.

$$
a = b \\tag{7}
$$
"""


@pytest.fixture
def run(tmp_path):
    """A run of a small notebook by plain papermill, in a folder away from the book."""
    from nbformat import write
    from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

    load = new_code_cell("%load_ext kktnotes", metadata={"tags": ["remove-cell"]})
    first = new_code_cell("k = 2", metadata={"tags": ["parameters"]})
    said = new_code_cell("%%say\nThere are {{k}} of $k^2$.", metadata={"tags": ["remove-input"]})
    cells = [load, new_markdown_cell(TEXT), first, said]
    spec = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    write(new_notebook(cells=cells, metadata=spec), tmp_path / "in.ipynb")
    papermill.execute_notebook(
        tmp_path / "in.ipynb", tmp_path / "out.ipynb", {"k": 40}, progress_bar=False
    )
    return tmp_path / "out.ipynb"


def test_a_papermill_copy_becomes_one_page(run, chromium):
    assert page.main([str(run)]) == 0
    seen = chromium.open(run.with_suffix(".html").as_uri())
    text = seen.run("document.querySelector('main').innerText")
    assert "There are 40 of" in text and "k = 40" in text
    assert "load_ext" not in text and "%%say" not in text and "$" not in text
    assert seen.run("document.querySelectorAll('mjx-container').length") == 3
    assert seen.run("document.querySelectorAll('mjx-merror').length") == 0
    assert seen.errors == []
    assert not [one for one in seen.requests if not one.startswith(("file:", "data:"))]


@pytest.mark.parametrize("name", ["networks", "separable"])
def test_the_page_of_a_chapter_is_whole(name, tmp_path, chromium):
    target = tmp_path / "a.html"
    assert page.main([str(chapters.ROOT / "book" / f"{name}.ipynb"), str(target)]) == 0
    seen = chromium.open(target.as_uri())
    assert seen.run("document.querySelectorAll('mjx-merror').length") == 0
    figures = "[...document.querySelectorAll('img')].filter(one => one.naturalWidth > 300).length"
    assert seen.run(figures) >= 3
    assert not [one for one in seen.requests if not one.startswith(("file:", "data:", "blob:"))]


def test_what_was_not_run_is_refused(run, tmp_path):
    with pytest.raises(Refused, match=r"notebook: got .*in.ipynb, a code cell of it was not run"):
        page.main([str(run.with_name("in.ipynb"))])
    assert not run.with_name("in.html").exists()

"""The committed notebooks: equal to their text twins, run in order, free of machine traces.

That their outputs are right is what `pytest --nbval` tests; here is also the test of that test.
"""

import os
import re
import shutil
import subprocess
import sys

import jupytext
import nbformat
import papermill
import pytest

from kktnotes.figures.export.captions import captions
from tools import chapters, kernel, notebooks

CHAPTERS = chapters.chapters()
each_chapter = pytest.mark.parametrize("path", CHAPTERS, ids=lambda path: path.stem)
LOCAL_PATH = re.compile(
    r"(?<![\w:/.])/(home|root|Users|tmp|work|mnt|opt|var|usr)/|[A-Z]:\\|/site-packages/"
)


def outputs(notebook):
    """Yield (cell, output) for every output of a notebook."""
    for cell in chapters.code_cells(notebook):
        for output in cell.outputs:
            yield cell, output


def test_every_notebook_of_the_book_is_a_chapter():
    committed = {
        path for path in (chapters.ROOT / "book").rglob("*.ipynb") if "/." not in str(path)
    }
    assert committed == set(CHAPTERS)


@each_chapter
def test_the_notebook_says_what_its_text_twin_says(path):
    text = chapters.read_text(chapters.text_twin(path))
    assert chapters.content(chapters.read_notebook(path)) == chapters.content(text)


@each_chapter
def test_the_notebook_has_the_ids_and_metadata_that_a_run_writes(path):
    text, notebook = chapters.read_text(chapters.text_twin(path)), chapters.read_notebook(path)
    assert notebook.metadata == text.metadata
    assert [cell.id for cell in notebook.cells] == [cell.id for cell in text.cells]
    assert notebook.metadata.kernelspec.name == "python3"
    assert notebook.metadata.kernelspec.language == "python", "papermill asks for it"


@each_chapter
def test_the_cells_were_run_once_and_in_order(path):
    assert chapters.executed(chapters.read_notebook(path))


@each_chapter
def test_papermill_finds_parameters(path):
    tags = [cell.metadata.get("tags", []) for cell in chapters.read_notebook(path).cells]
    assert sum("parameters" in tag for tag in tags) == 1
    assert papermill.inspect_notebook(str(path))


@each_chapter
def test_code_cells_are_short(path):
    long = [
        c.source
        for c in chapters.code_cells(chapters.read_notebook(path))
        if len(c.source.splitlines()) > 15 and not c.source.startswith("%%say")  # which is text
    ]
    assert long == []


@each_chapter
def test_every_figure_has_alt_text_a_caption_and_a_name(path):
    notebook = chapters.read_notebook(path)
    figures = [
        cell
        for cell, output in outputs(notebook)
        if any(kind.startswith("image/") for kind in output.get("data", {}))
    ]
    assert figures, "a chapter without a figure"
    captioned = [notebook.cells[number].source for number in captions(notebook.cells)]
    for cell in figures:
        described = cell.metadata.get("mystnb", {})
        assert described.get("image", {}).get("alt", "").strip(), cell.source
        assert cell.source in captioned
    assert len(captioned) == len({one.name for one in captions(notebook.cells).values()})


@each_chapter
def test_a_text_is_written_as_jupyterlab_writes_it(path):
    text = chapters.text_twin(path)
    assert text.read_text("utf-8") == chapters.written(chapters.read_text(text))


@each_chapter
def test_outputs_hold_no_error_no_warning_and_no_local_path(path):
    for cell, output in outputs(chapters.read_notebook(path)):
        assert output.output_type != "error", cell.source
        assert output.get("name") != "stderr", f"{cell.source}\n{output.get('text')}"
        texts = [
            output.get("text", ""),
            *(v for k, v in output.get("data", {}).items() if "image/" not in k),
        ]
        assert not LOCAL_PATH.search("\n".join(map(str, texts))), cell.source


# The test of the test: what would nbval say of a wrong output?

TEXT = """\
---
jupytext:
  text_representation:
    extension: .md
    format_name: myst
    format_version: 0.13
kernelspec:
  display_name: Python 3 (ipykernel)
  language: python
  name: python3
---

# A tiny chapter

```{code-cell} ipython3
:tags: [parameters]

k = 2
```

```{code-cell} ipython3
_ = print("at", hex(id(k)))
k + k
```
"""


@pytest.fixture
def tiny(tmp_path):
    """A tiny chapter, run, in a folder that pytest takes for a project like this one."""
    shutil.copy(chapters.ROOT / "pyproject.toml", tmp_path)
    (tmp_path / "tests").mkdir()
    shutil.copy(chapters.ROOT / "tests" / "nbval_sanitize.cfg", tmp_path / "tests")
    (tmp_path / "book").mkdir()
    (tmp_path / "book" / "tiny.md").write_text(TEXT, "utf-8")
    path = tmp_path / "book" / "tiny.ipynb"
    assert notebooks.update(path)
    return path


def nbval(path):
    """Return what `pytest --nbval` says of one notebook: its exit status and its output."""
    command = [sys.executable, "-m", "pytest", "--nbval", "-p", "no:cacheprovider", str(path)]
    plain = {k: v for k, v in os.environ.items() if not k.startswith("PYTEST")}
    finished = subprocess.run(
        command, cwd=path.parent.parent, env=plain, capture_output=True, text=True, check=False
    )
    return finished.returncode, finished.stdout


def test_nbval_passes_a_right_output(tiny):
    status, said = nbval(tiny)
    assert status == 0, said
    assert "2 passed" in said


def test_nbval_fails_a_wrong_output(tiny):
    notebook = chapters.read_notebook(tiny)
    assert notebook.cells[-1].outputs[-1].data["text/plain"] == "4"
    notebook.cells[-1].outputs[-1].data["text/plain"] = "5"
    nbformat.write(notebook, tiny)
    status, said = nbval(tiny)
    assert status == 1, said
    assert "1 failed, 1 passed" in said


def test_a_notebook_is_run_only_when_its_text_changed_and_gives_the_same_bytes(tiny):
    text = tiny.with_suffix(".md")
    text.write_text(text.read_text("utf-8").replace("hex(id(k))", "k"), "utf-8")
    assert notebooks.update(tiny) == "run again"
    first = tiny.read_bytes()
    assert notebooks.update(tiny) == "unchanged"
    assert notebooks.update(tiny, always=True) == "run again"
    assert tiny.read_bytes() == first
    text.write_text(text.read_text("utf-8").replace("k = 2", "k = 3"), "utf-8")
    assert chapters.drifted(tiny)
    assert notebooks.update(tiny) == "run again"
    assert chapters.read_notebook(tiny).cells[-1].outputs[-1].data["text/plain"] == "6"


def test_a_notebook_without_outputs_is_not_taken_for_executed(tiny):
    notebook = jupytext.read(tiny)
    for cell in chapters.code_cells(notebook):
        cell.outputs, cell.execution_count = [], None
    assert not chapters.executed(notebook)


def test_a_failing_cell_leaves_the_notebook_as_it_was(tiny):
    before = tiny.read_bytes()
    text = tiny.with_suffix(".md")
    text.write_text(text.read_text("utf-8").replace("k + k", "k + nothing"), "utf-8")
    with pytest.raises(kernel.Failure, match="nothing"):
        notebooks.update(tiny)
    assert tiny.read_bytes() == before
    assert [path.name for path in tiny.parent.iterdir() if path.name.startswith(".")] == []


def test_a_plain_page_is_never_taken_for_a_chapter(tmp_path):
    page = tmp_path / "page.md"
    page.write_text("# A page\n", "utf-8")
    with pytest.raises(ValueError, match="plain page"):
        chapters.read_text(page)

"""JupyterLab as `make lab` starts it, in a real browser: every chapter reads, runs and is saved."""

import json
import os
import re
import shutil
import subprocess
import time
from collections import Counter

import pytest

from tools import chapters, lab, surroundings

CHAPTERS = chapters.chapters()
PAGES = sorted({*(chapters.ROOT / "book").glob("*.md")} - {*map(chapters.text_twin, CHAPTERS)})
RAW = re.compile(
    r"\{(?:glue|cite|eq|prf|ref|doc|numref)\b|:label:|Unknown Directive|^:::|\{\{\w|⟨\w+⟩"
    r"|```|\\(?:begin|frac|mathbf)\b|\$[^$\n]*\\",
    re.M,
)
"""What a reader sees of text that is not set."""
READY = "[...document.querySelectorAll('.jp-Notebook .jp-Cell')].length >= {}"
SET = "!document.querySelector('.jp-MarkdownOutput:empty, .jp-RenderedMarkdown:empty')"
NOTEBOOK = "jupyterapp.shell.currentWidget"


@pytest.fixture(scope="module")
def book(tmp_path_factory):
    """A copy of the chapters, to be written to."""
    folder = tmp_path_factory.mktemp("lab")
    (folder / "book").mkdir()
    shutil.copy(chapters.ROOT / "pyproject.toml", folder)
    for path in (*CHAPTERS, *map(chapters.text_twin, CHAPTERS), *PAGES):
        shutil.copy(path, folder / "book")
    return folder


@pytest.fixture(scope="module")
def server(book):
    """JupyterLab on that copy; its address and token."""
    command = [*lab.prepare(book / "settings"), f"--ServerApp.root_dir={book}", "--no-browser"]
    command += ["--expose-app-in-browser", "--ServerApp.port=0", "--IdentityProvider.token=word"]
    environment = os.environ | surroundings.prepare(book / "surroundings")
    with (
        (book / "log").open("w") as log,
        subprocess.Popen(command, cwd=chapters.ROOT, env=environment, stderr=log) as process,
    ):
        try:
            deadline = time.monotonic() + 120
            while not list((book / "surroundings" / "runtime").glob("jpserver-*.json")):
                assert process.poll() is None and time.monotonic() < deadline, (
                    book / "log"
                ).read_text()
                time.sleep(0.2)
            [known] = (book / "surroundings" / "runtime").glob("jpserver-*.json")
            yield json.loads(known.read_text())["url"]
        finally:
            process.terminate()


@pytest.fixture
def opened(server, chromium):
    """Open one file of the book in JupyterLab, and close its page at the end."""
    pages = []

    def open_(name, cells=None):
        page = chromium.open(f"{server}lab/tree/book/{name}?token=word&reset", height=1400)
        pages.append(page)
        if cells is None:
            page.wait("!!document.querySelector('.jp-MarkdownViewer h1')")
            return page
        page.wait(READY.format(cells))
        page.wait(f"{NOTEBOOK}?.context?.isReady && {SET}")
        return page

    yield open_
    for page in pages:
        page.send("Page.close")


def shown(page):
    """What the notebook shows beside its code."""
    page.run(
        "document.querySelectorAll('.jp-InputArea-editor, .jp-OutputPrompt, .jp-RenderedText')"
        ".forEach(one => one.setAttribute('hidden', ''))"
    )
    return page.run("document.querySelector('.jp-Notebook').innerText")


@pytest.mark.parametrize("path", CHAPTERS, ids=lambda path: path.stem)
def test_every_chapter_reads_in_jupyterlab(path, opened):
    notebook = chapters.read_notebook(path)
    page = opened(path.name, len(notebook.cells))
    page.wait("[...document.querySelectorAll('.jp-RenderedImage img')].every(one => one.complete)")
    text = shown(page)
    assert not RAW.findall(text)
    assert page.run("document.querySelectorAll('mjx-merror, .MathJax_Error').length") == 0
    sentences = [
        output.data["text/markdown"]
        for cell in chapters.code_cells(notebook)
        for output in cell.outputs
        if "text/markdown" in output.get("data", {})
    ]
    said = "\n".join(re.sub(r"\$[^$]*\$|\]\([^)]*\)", "", one) for one in sentences)
    numbers = Counter(re.findall(r"\d[\d,.]*\d", said))
    assert numbers - Counter(re.findall(r"\d[\d,.]*\d", text)) == Counter()


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)
def test_a_page_without_code_reads_in_jupyterlab(path, opened):
    page = opened(path.name)
    page.run("document.querySelectorAll('pre').forEach(one => one.remove())")  # what a build makes
    text = page.run("document.querySelector('.jp-MarkdownViewer').innerText")
    assert len(text.split()) > 0.5 * len(re.sub("(?ms)^```.*?^```", "", path.read_text()).split())
    assert not RAW.findall(text)
    assert page.run("document.querySelectorAll('mjx-merror, .MathJax_Error').length") == 0


@pytest.mark.parametrize(
    "text",
    [
        "At {glue:text}`k`",
        "see {cite}`LL20`",
        "{prf:ref}`a`",
        ":label: a",
        "::: tip",
        "Unknown Directive",
        "it is {{off}}",
        "it is ⟨off⟩",
        "```{prf:theorem}",
        r"$\mathbf{x}$",
    ],
)
def test_raw_text_is_found(text):
    assert RAW.findall(f"A line.\n{text}\n")


def test_a_chapter_run_with_other_parameters_says_other_numbers_and_is_saved_in_both(book, opened):
    path = book / "book" / "networks.ipynb"
    before, twin = chapters.read_notebook(path), path.with_suffix(".md").read_text("utf-8")
    page = opened(path.name, len(before.cells))
    text = shown(page)
    at = [cell.metadata.get("tags") for cell in before.cells].index(["parameters"])
    changed = before.cells[at].source.replace("n = 200 ", "n = 120 ")
    assert changed != before.cells[at].source
    cell = f"{NOTEBOOK}.content.widgets[{at}].model.sharedModel"
    page.run(f"{cell}.setSource({json.dumps(changed)})")
    page.run(f"{NOTEBOOK}.sessionContext.ready.then(() => 0)")
    page.run("jupyterapp.commands.execute('notebook:run-all-cells').then(() => 0)")
    assert shown(page) != text
    page.run("jupyterapp.commands.execute('docmanager:save').then(() => 0)")
    new = path.with_suffix(".md").read_text("utf-8")
    assert new == twin.replace("n = 200 ", "n = 120 ")
    after = chapters.read_notebook(path)
    assert chapters.executed(after) and not chapters.drifted(path)
    assert after.metadata == before.metadata
    assert [c.metadata for c in after.cells] == [c.metadata for c in before.cells]


def test_a_save_without_a_change_changes_neither_twin(book, opened):
    path = book / "book" / "transfer.ipynb"
    before, twin = path.read_bytes(), path.with_suffix(".md").read_bytes()
    page = opened(path.name, len(chapters.read_notebook(path).cells))
    page.run(f"{NOTEBOOK}.sessionContext.ready.then(() => 0)")
    page.run("jupyterapp.commands.execute('docmanager:save').then(() => 0)")
    assert path.with_suffix(".md").read_bytes() == twin
    assert json.loads(path.read_bytes()) == json.loads(before)


def test_a_text_opens_as_a_notebook(book, opened):
    path = book / "book" / "playground.md"
    cells = len(chapters.read_text(path).cells)
    page = opened("playground.ipynb", cells)
    where = json.dumps({"path": "book/playground.md", "factory": "Jupytext Notebook"})
    page.run(f"jupyterapp.commands.execute('docmanager:open', {where}).then(() => 0)")
    page.wait(f"{NOTEBOOK}.context.path.endsWith('.md') && {NOTEBOOK}.context.isReady")
    assert page.run(f"{NOTEBOOK}.content.widgets.length") == cells

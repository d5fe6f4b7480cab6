"""The tools behind `make book`: what is run, what is not run again, what is refused."""

import json
import re
import shutil
import signal
import subprocess
import sys
import textwrap
import time
from dataclasses import replace

import nbformat
import psutil
import pytest

from tools import chapters, execute, notebooks, render
from tools.profiles import Profile, Refused

HEADER = """\
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

# A chapter

"""
CELL = "```{{code-cell}} ipython3\n{}\n```\n"


def chapter(root, name, *sources, tag=":tags: [parameters]\n\n"):
    """Write a chapter with one parameters cell and `sources`; its notebook has no outputs yet."""
    cells = [CELL.format(f"{tag}k = 2"), *(CELL.format(source) for source in sources)]
    (root / "book" / f"{name}.md").write_text(HEADER + "\n".join(cells), "utf-8")
    path = root / "book" / f"{name}.ipynb"
    nbformat.write(chapters.read_text(path.with_suffix(".md")), path)
    return path


@pytest.fixture
def book(tmp_path):
    """A small project of this one's shape: two chapters, two profiles, a package of one line."""
    for folder in ("book", "profiles", "src/kktnotes", "tools"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "_toc.yml").write_text(
        textwrap.dedent("""\
            format: jb-book
            root: book/intro
            parts:
              - caption: One
                chapters:
                  - file: book/first.ipynb
                  - file: book/plain
              - caption: Two
                chapters:
                  - file: book/second.ipynb
            """),
        "utf-8",
    )
    (tmp_path / "profiles" / "quick.toml").write_text("budget = 45\n", "utf-8")
    (tmp_path / "profiles" / "full.toml").write_text("[first]\nk = 10\n", "utf-8")
    (tmp_path / "src" / "kktnotes" / "__init__.py").write_text("one = 1\n", "utf-8")
    chapter(tmp_path, "first", "k * k")
    chapter(tmp_path, "second", "k + 1")
    return tmp_path


def keys(book, profile="quick"):
    """Return the keys that decide whether a chapter is run again."""
    return {job.name: job.key for job in execute.plan(Profile.load(profile, book), book)}


def run_all(book, profile="quick"):
    """Run the chapters that wait, as the command does, and return the outcomes by name."""
    jobs = execute.plan(Profile.load(profile, book), book)
    waiting = [job for job in jobs if job.finished() is None]
    for job in waiting:
        job.target.parent.mkdir(parents=True, exist_ok=True)
    return {o.name: o for o in execute.outcomes(waiting, 2)} if waiting else {}


def last_value(path):
    """Return the text of the last output of an executed copy."""
    return chapters.read_notebook(path).cells[-1].outputs[-1].data["text/plain"]


def test_the_chapters_are_the_notebooks_of_the_contents_in_order(book):
    assert [path.name for path in chapters.chapters(book)] == ["first.ipynb", "second.ipynb"]


def test_a_book_runs_once_and_only_what_changed_runs_again(book):
    assert set(run_all(book)) == {"first", "second"}
    executed = book / "_build" / "quick" / "executed"
    assert last_value(executed / "first.ipynb") == "4"
    assert "papermill" not in (executed / "first.ipynb").read_text("utf-8")
    assert run_all(book) == {}
    chapter(book, "second", "k + 2")
    assert set(run_all(book)) == {"second"}
    assert last_value(executed / "second.ipynb") == "4"
    (executed / "first.ipynb").unlink()
    assert set(run_all(book)) == {"first"}
    committed = chapters.read_notebook(book / "book" / "first.ipynb")
    assert all(cell.outputs == [] for cell in chapters.code_cells(committed))


def test_a_profile_gives_its_values_in_a_cell_of_their_own(book):
    run_all(book, "full")
    notebook = chapters.read_notebook(book / "_build" / "full" / "executed" / "first.ipynb")
    injected = [c for c in notebook.cells if "injected-parameters" in c.metadata.get("tags", [])]
    assert [cell.source for cell in injected] == ["# The full profile's values\nk = 10\n"]
    assert notebook.cells[-1].outputs[-1].data["text/plain"] == "100"


def test_the_key_follows_text_parameters_package_and_versions(book, monkeypatch):
    before = keys(book)
    assert keys(book) == before
    assert keys(book, "full")["first"] != before["first"]
    assert keys(book, "full")["second"] == before["second"]
    (book / "src" / "kktnotes" / "__init__.py").write_text("one = 2\n", "utf-8")
    changed = keys(book)
    assert all(changed[name] != before[name] for name in before)
    monkeypatch.setattr(execute.platform, "python_version", lambda: "3.99.0")
    assert keys(book)["first"] != changed["first"]
    monkeypatch.setattr(execute.metadata, "distributions", lambda: ())
    assert len({before["first"], changed["first"], keys(book)["first"]}) == 3


def test_a_failing_cell_is_told_with_its_source_and_traceback(book):
    chapter(book, "second", "ratio = k / 0")
    failed = run_all(book)["second"]
    assert "ratio = k / 0" in failed.failure
    assert "ZeroDivisionError" in failed.failure
    assert not (book / "_build" / "quick" / "executed" / "second.ipynb").exists()
    assert set(run_all(book)) == {"second"}, "a failed notebook must be run again"


def test_a_kernel_that_dies_is_told(book):
    chapter(book, "first", "import os\nos._exit(1)")
    assert "Dead" in run_all(book)["first"].failure


def test_the_command_ends_with_the_failing_cell(book):
    shutil.copytree(chapters.ROOT / "tools", book / "tools", dirs_exist_ok=True)
    chapter(book, "second", "raise RuntimeError('no such thing')")
    command = [sys.executable, "-m", "tools.execute"]
    ended = subprocess.run(command, cwd=book, capture_output=True, text=True, check=False)
    said = ended.stdout + ended.stderr
    assert ended.returncode == 1
    assert "second: a cell failed" in said
    assert "raise RuntimeError('no such thing')" in said
    chapter(book, "second", "k")
    ended = subprocess.run(command, cwd=book, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr
    assert re.search(r"second: \d+\.\d s, within the budget of 45 s", ended.stdout)


def test_an_interrupt_loses_nothing_finished_and_leaves_nothing_running(book):
    shutil.copytree(chapters.ROOT / "tools", book / "tools", dirs_exist_ok=True)
    chapter(book, "second", "import time\ntime.sleep(600)")
    # A shell starts background jobs deaf to interrupts, and tests may run in one: begin afresh.
    begin = (
        "import os, signal, sys; signal.signal(signal.SIGINT, signal.SIG_DFL);"
        "os.execv(sys.executable, [sys.executable, '-m', 'tools.execute'])"
    )
    command = [sys.executable, "-c", begin]
    running = subprocess.Popen(command, cwd=book, stderr=subprocess.PIPE, text=True)
    executed = book / "_build" / "quick" / "executed"
    try:
        deadline = time.monotonic() + 300
        while not (executed / "first.json").exists():
            assert running.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.1)
        started = psutil.Process(running.pid).children(recursive=True)
        running.send_signal(signal.SIGINT)
        _, said = running.communicate(timeout=120)
    finally:
        running.kill()
    assert running.returncode == 130
    assert "finished notebooks stay finished" in said
    _, alive = psutil.wait_procs(started, timeout=120)
    assert alive == []
    assert not (executed / "second.ipynb").exists()
    jobs = execute.plan(Profile.load("quick", book), book)
    assert [job.name for job in jobs if job.finished() is None] == ["second"]


def test_a_broken_record_means_run_again(book):
    run_all(book)
    record = book / "_build" / "quick" / "executed" / "first.json"
    assert set(json.loads(record.read_text("utf-8"))) == {"key", "seconds"}
    record.write_text("{", "utf-8")
    assert set(run_all(book)) == {"first"}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            "[first]\nclusters = 10\n",
            r"\[first\]: unknown parameter 'clusters'; the notebook has k",
        ),
        ("[third]\nk = 10\n", r"\[third\] is none of the chapters first, second"),
        ("third = 10\n", r"\[third\] is none of the chapters"),
        ("[first]\nk = 2\n[first]\nk = 3\n", r"full\.toml: Cannot declare"),
    ],
)
def test_a_profile_that_names_what_is_not_there_is_refused(book, text, said):
    (book / "profiles" / "full.toml").write_text(text, "utf-8")
    with pytest.raises(Refused, match=said):
        execute.plan(Profile.load("full", book), book)


def test_an_unknown_profile_is_refused(book):
    with pytest.raises(Refused, match="'half', allowed is one of full, quick"):
        Profile.load("half", book)


@pytest.mark.parametrize("tag", ["", ":tags: [parameter]\n\n"])
def test_a_notebook_without_a_parameters_cell_is_refused(book, tag):
    chapter(book, "first", "k * k", tag=tag)
    with pytest.raises(Refused, match="0 cells are tagged `parameters`"):
        execute.plan(Profile.load("quick", book), book)


def test_a_notebook_that_drifted_from_its_text_is_refused(book):
    text = book / "book" / "first.md"
    text.write_text(text.read_text("utf-8").replace("k * k", "k + k"), "utf-8")
    with pytest.raises(Refused, match="does not say what its text"):
        execute.plan(Profile.load("quick", book), book)


def test_some_chapters_alone_can_be_planned(book):
    profile = Profile.load("quick", book)
    assert [job.name for job in execute.plan(profile, book, ["second"])] == ["second"]
    assert [job.name for job in execute.plan(profile, book)] == ["first", "second"]
    with pytest.raises(Refused, match="'third', allowed is one of first, second"):
        execute.plan(profile, book, ["third"])


def test_pages_are_staged_from_the_executed_copies(book):
    for name in ("_config.yml", "CITATION.cff"):
        (book / name).write_text("title: A book\n", "utf-8")
    with pytest.raises(FileNotFoundError, match=r"tools\.execute quick"):
        render.stage("quick", book)
    run_all(book)
    source = render.stage("quick", book)
    assert last_value(source / "book" / "second.ipynb") == "3"
    assert (source / "_toc.yml").exists()


@pytest.mark.parametrize(("seconds", "word"), [(44.0, "within"), (46.0, "OVER")])
def test_the_budget_is_compared(seconds, word):
    profile = Profile("quick", 45, {})
    assert word in execute.verdict(execute.Outcome("first", seconds), profile)
    assert execute.verdict(execute.Outcome("first", seconds), replace(profile, budget=None)) == ""


def test_notebooks_are_brought_up_to_date(book, monkeypatch, capsys):
    monkeypatch.setattr(chapters, "ROOT", book)
    monkeypatch.setattr(chapters.chapters, "__defaults__", (book,))
    assert notebooks.main([]) == 0
    assert capsys.readouterr().out.count("run again") == 2
    assert notebooks.main([]) == 0
    assert capsys.readouterr().out.count("unchanged") == 2
    assert notebooks.main(["--all", "second"]) == 0
    assert capsys.readouterr().out == "book/second.ipynb: run again\n"
    assert notebooks.main(["third"]) == 2
    assert "got 'third', allowed is one of first, second" in capsys.readouterr().err
    twin = book / "book" / "second.md"
    before = nbformat.read(book / "book" / "second.ipynb", 4)
    twin.write_text(twin.read_text("utf-8").replace("# A chapter", "# Another title"), "utf-8")
    assert notebooks.main(["second"]) == 0
    assert "new prose, outputs kept" in capsys.readouterr().out
    after = nbformat.read(book / "book" / "second.ipynb", 4)
    assert "# Another title" in after.cells[0].source
    assert [c.get("outputs") for c in after.cells] == [c.get("outputs") for c in before.cells]
    twin.write_text(twin.read_text("utf-8").replace("k = 2", "k = 5"), "utf-8")
    assert notebooks.main(["second"]) == 0
    assert "run again" in capsys.readouterr().out
    chapter(book, "first", "k / 0")
    assert notebooks.main(["second"]) == 0
    assert capsys.readouterr().out == "book/second.ipynb: unchanged\n"
    assert notebooks.main([]) == 1
    assert "ZeroDivisionError" in capsys.readouterr().out

"""The tools behind `make book`: what is run, what is not run again, what is refused."""

import json
import re
import shutil
import subprocess
import sys
from dataclasses import replace

import nbformat
import pytest
from small_book import chapter, command, laid_out, run_all

from tools import chapters, execute, files, jobs, notebooks, render
from tools.profiles import Profile
from tools.refusal import Refused


@pytest.fixture
def book(tmp_path):
    """The small project."""
    return laid_out(tmp_path)


def keys(book, profile="quick"):
    """Return the keys that decide whether a chapter is run again."""
    return {job.name: job.key for job in jobs.plan(Profile.load(profile, book), book)}


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
    (book / "book" / "statements.toml").write_text("# cards read it\n", "utf-8")
    assert keys(book) != before
    before = keys(book)
    monkeypatch.setenv("ATEN_CPU_CAPABILITY", "default")
    assert keys(book) != before
    monkeypatch.delenv("ATEN_CPU_CAPABILITY")
    assert keys(book) == before
    assert keys(book, "full")["first"] != before["first"]
    assert keys(book, "full")["second"] == before["second"]
    (book / "src" / "kktnotes" / "__init__.py").write_text("one = 2\n", "utf-8")
    changed = keys(book)
    assert all(changed[name] != before[name] for name in before)
    monkeypatch.setattr(jobs.platform, "python_version", lambda: "3.99.0")
    assert keys(book)["first"] != changed["first"]
    monkeypatch.setattr(jobs.metadata, "distributions", lambda: ())
    assert len({before["first"], changed["first"], keys(book)["first"]}) == 3


def test_a_failing_cell_is_told_with_its_source_and_traceback(book):
    chapter(book, "second", "ratio = k / 0")
    failed = run_all(book)["second"]
    assert failed.startswith("In [2]:\nratio = k / 0\n")
    assert "ZeroDivisionError" in failed
    assert not (book / "_build" / "quick" / "executed" / "second.ipynb").exists()
    assert set(run_all(book)) == {"second"}, "a failed notebook must be run again"


def test_a_kernel_that_dies_is_told(book):
    chapter(book, "first", "import os\nos._exit(1)")
    ended = run_all(book)
    assert ended["first"].startswith("In [2]:\nimport os\n")
    assert "the kernel died" in ended["first"]
    assert ended["second"] == "", "the others go on"


def test_the_command_goes_on_and_ends_with_all_that_failed(book):
    chapter(book, "first", "raise RuntimeError('no such thing')")
    chapter(book, "third", "k")
    chapter(book, "second", "k / 0")
    contents = book / "_toc.yml"
    text = contents.read_text("utf-8")
    contents.write_text(text + "      - file: book/third.ipynb\n", "utf-8")
    ended = subprocess.run(
        **command(book, "tools.execute"), capture_output=True, text=True, check=False
    )
    assert ended.returncode == 1
    assert re.search(r"third: \d+\.\d s, within the budget of 45 s", ended.stdout)
    assert "raise RuntimeError('no such thing')" in ended.stderr
    assert "ZeroDivisionError" in ended.stderr
    last = ended.stderr.splitlines()[-1]
    assert re.fullmatch(r"failed: (first, second|second, first) \(2 of 3 chapters .*\)", last)
    chapter(book, "first", "k")
    chapter(book, "second", "k")
    ended = subprocess.run(
        **command(book, "tools.execute"), capture_output=True, text=True, check=False
    )
    assert ended.returncode == 0, ended.stderr
    assert "third: unchanged" in ended.stdout


def test_a_broken_record_means_run_again(book):
    run_all(book)
    record = book / "_build" / "quick" / "executed" / "first.json"
    whole = json.loads(record.read_text("utf-8"))
    assert set(whole) == {"key", "copy", "seconds"}
    for broken in ("", "{", "[]", "3", json.dumps(whole | {"seconds": "x"}), '{"key": 1}'):
        record.write_text(broken, "utf-8")
        assert set(run_all(book)) == {"first"}, broken


def test_a_copy_that_is_not_the_one_of_the_record_is_not_taken_for_finished(book):
    run_all(book)
    copy = book / "_build" / "quick" / "executed" / "first.ipynb"
    whole = copy.read_bytes()
    copy.write_bytes(whole[: len(whole) // 2])
    assert set(run_all(book)) == {"first"}
    assert copy.read_bytes() == whole


def test_a_death_between_copy_and_record_is_no_finished_chapter(book, monkeypatch):
    """Text A becomes B, B's copy is there but not its record, and the text is A again."""
    run_all(book)
    chapter(book, "first", "k * 3")
    replace_file = files.replace

    def dies(path, content):
        if path.suffix == ".json":
            raise KeyboardInterrupt
        replace_file(path, content)

    [job] = jobs.plan(Profile.load("quick", book), book, ["first"])
    monkeypatch.setattr(files, "replace", dies)
    with pytest.raises(KeyboardInterrupt):
        job.keep(job.notebook, 1.0)
    monkeypatch.undo()
    chapter(book, "first", "k * k")
    assert set(run_all(book)) == {"first"}
    assert last_value(job.target) == "4"


def test_a_package_that_changes_during_a_run_is_noticed(book):
    module = book / "src" / "kktnotes" / "__init__.py"
    chapter(book, "first", f"_ = open({str(module)!r}, 'w').write('one = 3')")
    assert "the package was changed while" in run_all(book)["first"]
    assert not (book / "_build" / "quick" / "executed" / "first.json").exists()


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
        ("[first]\nk = 2.5\n", "k = 2.5: a number, where the default is a whole number"),
        ("[first]\nk = true\n", "k = True: true or false, where the default is a whole"),
        ("[first]\nk = '10'\n", "k = '10': text, where the default is a whole number"),
        ("[first]\nk = [10]\n", r"k = \[10\]: a list, where the default is a whole number"),
        ("budget = '45'\n", "budget: got '45', allowed is a number of seconds"),
        ("budget = true\n", "budget: got True, allowed is a number of seconds"),
        ("budget = -1\n", "budget: got -1, allowed is a number of seconds"),
        ("budget = nan\n", "budget: got nan, allowed is a number of seconds"),
    ],
)
def test_a_profile_that_names_what_is_not_there_is_refused(book, text, said):
    (book / "profiles" / "full.toml").write_text(text, "utf-8")
    with pytest.raises(Refused, match=said):
        jobs.plan(Profile.load("full", book), book)


def test_an_unknown_profile_is_refused(book):
    with pytest.raises(Refused, match="'half', allowed is one of full, quick"):
        Profile.load("half", book)


@pytest.mark.parametrize("tag", ["", ":tags: [parameter]\n\n"])
def test_a_notebook_without_a_parameters_cell_is_refused(book, tag):
    chapter(book, "first", "k * k", tag=tag)
    with pytest.raises(Refused, match="0 cells are tagged `parameters`"):
        jobs.plan(Profile.load("quick", book), book)


def test_a_notebook_that_drifted_from_its_text_is_refused(book):
    text = book / "book" / "first.md"
    text.write_text(text.read_text("utf-8").replace("k * k", "k + k"), "utf-8")
    with pytest.raises(Refused, match="does not say what its text"):
        jobs.plan(Profile.load("quick", book), book)


def test_some_chapters_alone_can_be_planned(book):
    profile = Profile.load("quick", book)
    assert [job.name for job in jobs.plan(profile, book, ["second"])] == ["second"]
    assert [job.name for job in jobs.plan(profile, book)] == ["first", "second"]
    with pytest.raises(Refused, match="'third', allowed is one of first, second"):
        jobs.plan(profile, book, ["third"])


def test_pages_are_staged_from_the_executed_copies(book):
    for name in ("_config.yml", "CITATION.cff"):
        (book / name).write_text("title: A book\n", "utf-8")
    source = book / "_build" / "quick" / "source"
    with pytest.raises(Refused, match=r"tools\.execute quick"):
        render.stage(source, "quick", book)
    shutil.rmtree(source)
    run_all(book)
    render.stage(source, "quick", book)
    assert last_value(source / "book" / "second.ipynb") == "3"
    assert (source / "_toc.yml").exists()


@pytest.mark.parametrize(("seconds", "word"), [(44.0, "within"), (46.0, "OVER")])
def test_the_budget_is_compared(seconds, word):
    profile = Profile("quick", 45, {})
    assert word in execute.verdict(seconds, profile)
    assert execute.verdict(seconds, replace(profile, budget=None)) == ""


def test_notebooks_are_brought_up_to_date(book, monkeypatch, capsys):
    monkeypatch.setattr(chapters, "ROOT", book)
    monkeypatch.setattr(chapters.chapters, "__defaults__", (book,))
    assert notebooks.main([]) == 0
    assert capsys.readouterr().out.count("run again") == 2
    assert notebooks.main([]) == 0
    assert capsys.readouterr().out.count("unchanged") == 2
    assert notebooks.main(["--all", "second"]) == 0
    assert capsys.readouterr().out == "book/second.ipynb: run again\n"
    with pytest.raises(Refused, match="got 'third', allowed is one of first, second"):
        notebooks.main(["third"])
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
    said = capsys.readouterr()
    assert "ZeroDivisionError" in said.out
    assert "second.ipynb: unchanged" in said.out, "the others go on"
    assert said.err.endswith("failed: first\n")


def test_a_folder_whose_name_is_a_pattern_builds_its_pages(tmp_path):
    """Twins of one name under `[1]` or `*` were "multiple files" to Sphinx, an error under -W."""
    root = tmp_path / "a [1] {b}*"
    root.mkdir()
    laid_out(root)
    contents = (root / "_toc.yml").read_text("utf-8")
    (root / "_toc.yml").write_text(contents.replace("      - file: book/plain\n", ""), "utf-8")
    (root / "book" / "intro.md").write_text("# A book\n", "utf-8")
    lines = ["only_build_toc_files: true", "exclude_patterns: ['.*']", "execute:"]
    lines += ["  execute_notebooks: 'off'"]
    (root / "_config.yml").write_text("\n".join(["title: A book", *lines]), "utf-8")
    (root / "CITATION.cff").write_text("", "utf-8")
    run_all(root)
    status, html = render.render(None, root)
    assert status == 0
    assert "k * k" in re.sub("<[^>]*>", "", (html / "book" / "first.html").read_text("utf-8"))
    assert html == root / "_build" / "html"


@pytest.mark.parametrize("tool", ["execute", "render", "pdf", "ledger"])
@pytest.mark.parametrize("profile", ["../..", ".", "", "quick/../quick"])
def test_a_profile_is_a_name_and_no_path(tool, profile):
    """`tools.render ../..` deleted a folder `source` beside the repository."""
    ended = subprocess.run(
        [sys.executable, "-m", f"tools.{tool}", profile],
        cwd=chapters.ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (ended.returncode, ended.stdout) == (2, "")
    assert ended.stderr == f"PROFILE: got {profile!r}, allowed is one of full, quick\n"


PROFILES = sorted(path.stem for path in (chapters.ROOT / "profiles").glob("*.toml"))


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("path", chapters.chapters(), ids=lambda path: path.stem)
def test_every_parameter_of_a_profile_is_one_of_its_notebook(profile, path):
    """Nothing is run: names are those that papermill finds, values of the defaults' types."""
    Profile.load(profile).prepared(path)

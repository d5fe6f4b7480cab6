"""Keeping what benchmarks print: only complete runs replace a file."""

import pytest

from tools import benchmarks, chapters


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A project with a benchmark that prints and one that fails after printing."""
    (tmp_path / "benchmarks").mkdir()
    (tmp_path / "benchmarks" / "good.py").write_text("import sys; print('ratio', sys.argv[1:])")
    (tmp_path / "benchmarks" / "bad.py").write_text("print('half'); raise SystemExit(3)")
    commands = {"good": ["good.py", "--cases", "G"], "bad": ["bad.py"]}
    monkeypatch.setattr(benchmarks, "COMMANDS", commands)
    return tmp_path


def test_what_is_printed_is_kept(project):
    assert benchmarks.run("good", project) == 0
    text = (project / "book" / "_benchmarks" / "good.txt").read_text("utf-8")
    assert text.startswith("$ python benchmarks/good.py --cases G\n")
    assert text.endswith("\n\nratio ['--cases', 'G']\n")


def test_a_failed_run_leaves_the_old_figures(project):
    kept = project / "book" / "_benchmarks" / "bad.txt"
    kept.parent.mkdir(parents=True)
    kept.write_text("old", "utf-8")
    assert benchmarks.run("bad", project) == 3
    assert kept.read_text("utf-8") == "old"
    assert [path.name for path in kept.parent.iterdir()] == ["bad.txt"]


def test_an_interrupted_run_leaves_no_half_written_file(project, monkeypatch):
    def interrupt(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(benchmarks.subprocess, "run", interrupt)
    with pytest.raises(KeyboardInterrupt):
        benchmarks.run("good", project)
    assert list((project / "book" / "_benchmarks").iterdir()) == []


def test_unknown_names_are_refused(capsys):
    assert benchmarks.main(["nothing"]) == 2
    assert "'nothing'" in capsys.readouterr().out


def test_the_page_shows_every_benchmark():
    page = (chapters.ROOT / "book" / "benchmarks.md").read_text("utf-8")
    for name in benchmarks.COMMANDS:
        assert f"_benchmarks/{name}.txt" in page

"""Keeping what benchmarks print and measure: only complete runs replace a pair of files."""

import json
import os

import pytest

from tools import benchmarks, chapters, files

GOOD = """
import json, sys
at = sys.argv.index("--data")
data = {"shown": "a", "columns": [], "rows": [{"table": "a", "cases": sys.argv[1:at]}]}
open(sys.argv[at + 1], "w").write(json.dumps(data))
print("ratio", sys.argv[1:at])
"""


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A project with a benchmark that ends well and two that do not."""
    (tmp_path / "benchmarks").mkdir()
    (tmp_path / "benchmarks" / "good.py").write_text(GOOD)
    (tmp_path / "benchmarks" / "bad.py").write_text(GOOD + "raise SystemExit(3)")
    (tmp_path / "benchmarks" / "half.py").write_text(GOOD.replace("json.dumps(data)", "'{'"))
    commands = {"good": ["good.py", "--cases", "G"], "bad": ["bad.py"], "half": ["half.py"]}
    monkeypatch.setattr(benchmarks, "COMMANDS", commands)
    return tmp_path


def kept(project, name):
    """What is kept of a benchmark: its text and its data."""
    folder = project / "book" / "_benchmarks"
    return [(folder / f"{name}.{kind}").read_text("utf-8") for kind in ("txt", "json")]


def old_pair(project, name):
    """Lay out what an earlier run has left."""
    folder = project / "book" / "_benchmarks"
    folder.mkdir(parents=True)
    for kind in ("txt", "json"):
        (folder / f"{name}.{kind}").write_text(f"old {kind}", "utf-8")


def test_what_is_printed_and_measured_is_kept_under_the_same_heading(project):
    assert benchmarks.run("good", project) == 0
    text, data = kept(project, "good")
    assert text.startswith("$ python benchmarks/good.py --cases G\n")
    assert text.endswith("\n\nratio ['--cases', 'G']\n")
    found = json.loads(data)
    assert found["rows"] == [{"table": "a", "cases": ["--cases", "G"]}]
    assert text.splitlines()[:2] == [f"$ {found['command']}", found["machine"]]
    assert '\n{"table": "a", "cases": ["--cases", "G"]}\n' in data


def test_a_failed_run_leaves_the_old_figures(project):
    old_pair(project, "bad")
    assert benchmarks.run("bad", project) == 3
    assert kept(project, "bad") == ["old txt", "old json"]
    names = {path.name for path in (project / "book" / "_benchmarks").iterdir()}
    assert names == {"bad.txt", "bad.json"}


def test_data_that_cannot_be_read_leave_the_old_figures(project):
    old_pair(project, "half")
    with pytest.raises(ValueError, match="Expecting"):
        benchmarks.run("half", project)
    assert kept(project, "half") == ["old txt", "old json"]


@pytest.mark.parametrize("error", [KeyboardInterrupt, OSError])
@pytest.mark.parametrize("before", [True, False])
def test_an_interruption_between_the_two_files_leaves_the_old_pair(
    project, monkeypatch, error, before
):
    if before:
        old_pair(project, "good")
    move, moves = os.replace, []

    def second(source, target):
        moves.append(target)
        if len(moves) == 2:
            raise error
        move(source, target)

    monkeypatch.setattr(files.os, "replace", second)
    with pytest.raises(error):
        benchmarks.run("good", project)
    assert len(moves) == (3 if before else 2)
    found = sorted(path.name for path in (project / "book" / "_benchmarks").iterdir())
    assert found == (["good.json", "good.txt"] if before else [])
    assert not before or kept(project, "good") == ["old txt", "old json"]


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

"""The run report: parameters as they ran, the facts gathered, and the page made of them."""

import json
import re
import subprocess
import sys
from html import unescape

import nbformat
import pytest
from nbformat import v4
from small_book import chapter, command, laid_out, run_all

from tools import chapters, report

sys.path.append(str(chapters.ROOT / "book" / "_ext"))
import run_report


def notebook(path, *cells):
    """Write an executed notebook whose cells have the given tag and source."""
    built = v4.new_notebook(
        cells=[v4.new_code_cell(source, metadata={"tags": [tag]}) for tag, source in cells]
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    nbformat.write(built, path)


@pytest.fixture
def project(tmp_path):
    """A project of one chapter, run in 3.5 seconds."""
    (tmp_path / "_toc.yml").write_text("root: intro\nchapters:\n  - file: book/first.ipynb\n")
    executed = tmp_path / "_build" / "quick" / "executed" / "first.ipynb"
    notebook(
        executed,
        (
            "parameters",
            "k = 4  # clusters\nsizes = [1, 2]\nn = 2 * k\nseed = 0\n"
            "sizes += [5]\nn *= 3\ndelta, epsilon = 0.1, 0.2\nalso = ''",
        ),
        ("injected-parameters", "# The full profile's values\nk = 10\n"),
        ("other", "k = 3"),
    )
    executed.with_suffix(".json").write_text(json.dumps({"key": "x", "seconds": 3.5}))
    return tmp_path


def test_facts_of_a_run(project):
    facts = report.gather("quick", project)
    assert facts["chapters"] == [
        {
            "name": "first",
            "seconds": 3.5,
            "parameters": {
                "k": 10,
                "sizes": [1, 2, 5],
                "n": "2 * k * 3",
                "seed": 0,
                "delta": 0.1,
                "epsilon": 0.2,
                "also": "",
            },
        }
    ]
    assert facts["versions"]["Python"] == ".".join(map(str, sys.version_info[:3]))
    assert facts["machine"]["cores"] >= 1
    assert facts["machine"]["processor"]


def test_a_chapter_that_was_not_run_is_noticed(project):
    with pytest.raises(FileNotFoundError):
        report.gather("full", project)


def test_the_page_shows_every_fact(project):
    facts = report.gather("quick", project)
    page = unescape(re.sub(r"<[^>]+>", "|", run_report.report(facts)))
    ran = "k = 10, sizes = [1, 2, 5], n = 2 * k * 3, seed = 0"
    for fact in ("first", "3.5", f"{ran}, delta = 0.1, epsilon = 0.2, also = (empty)", "quick"):
        assert f"|{fact}|" in page
    for name, version in facts["versions"].items():
        assert f"|{name}||{version}|" in page


def test_what_a_run_says_is_escaped(project):
    facts = report.gather("quick", project)
    facts["machine"]["processor"] = "<b>fast & cheap"
    assert "&lt;b&gt;fast &amp; cheap" in run_report.report(facts)


def test_how_long_a_chapter_ran(project):
    facts = report.gather("quick", project)
    assert run_report.took(facts, "first") == (
        "The code of this page ran 4 seconds, on one core, in the quick profile."
    )
    facts["chapters"][0]["seconds"] = 150.0
    assert "2 minutes" in run_report.took(facts, "first")
    assert "run report" in run_report.took(None, "first")
    with pytest.raises(ValueError, match="unpack"):
        run_report.took(facts, "second")


def test_a_run_is_kept_only_if_it_is_whole_and_of_the_present_code(tmp_path):
    book = laid_out(tmp_path)
    how = command(book, "tools.report", "full") | {"capture_output": True, "text": True}
    run_all(book, "full")
    assert subprocess.run(**how, check=True).stdout == "book/_runs/full.json: written\n"
    kept = json.loads((book / "book" / "_runs" / "full.json").read_text("utf-8"))
    assert kept["chapters"][0]["parameters"] == {"k": 10}
    chapter(book, "second", "k + 2")
    ended = subprocess.run(**how, check=False)
    assert ended.returncode == 2
    assert ended.stderr == "full: not run, or not as it is now: second\n"


SAID = re.compile(
    r"Running it takes about (\d+) (seconds|minutes) on one core"
    r"(?:, and about (\d+) (seconds|minutes) with the parameters of the full profile)?\."
)


@pytest.mark.parametrize("profile", ["quick", "full"])
def test_chapters_say_before_they_are_run_how_long_the_record_says(profile):
    record = json.loads((chapters.ROOT / "book" / "_runs" / f"{profile}.json").read_text("utf-8"))
    seconds = {one["name"]: one["seconds"] for one in record["chapters"]}
    assert list(seconds) == [path.stem for path in chapters.chapters()]
    for path in chapters.chapters():
        [(short, unit, long, other)] = SAID.findall(chapters.text_twin(path).read_text("utf-8"))
        number, word = (long, other) if profile == "full" and long else (short, unit)
        said = int(number) * {"seconds": 1, "minutes": 60}[word]
        assert seconds[path.stem] / 1.4 < said < 1.4 * seconds[path.stem] + 5, path.stem

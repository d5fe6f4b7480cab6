"""What benchmarks measured, as data: written by the scripts, shown on the page as a table."""

import json
import os
import re
import subprocess
import sys

import pytest
from bs4 import BeautifulSoup
from docutils.parsers.rst import DirectiveError

from tools import chapters, rows

sys.path.append(str(chapters.ROOT / "book" / "_ext"))
sys.path.append(str(chapters.ROOT / "benchmarks"))
import benchmark
import records

STORED = sorted((chapters.ROOT / "book" / "_benchmarks").glob("*.txt"))
TEXT = "$ python benchmarks/kkt.py\nA processor; 3 % busy\n\ncase  flow\na     0.43\n"


def measured(tmp_path):
    """Rows as a benchmark of KKT points writes them, under the heading of TEXT."""
    columns = {
        "case": ("case", ""),
        "points": ("points", "d"),
        "flow_seconds": ("flow (s)", ".2f"),
        "residual": ("residual", ".1e"),
        "training_seconds": ("training (s)", ".1f"),
        "largest": ("largest", ".3f"),
        "nowhere": ("nowhere", ".1f"),
    }
    kept = records.Records("cases", columns)
    kept.add("cases", case="a", points=202, flow_seconds=0.4309, training_seconds=1.25)
    kept.add("cases", case="I1", points=232, reason="not separated, so without a point")
    late = records.above(8.62)
    kept.add("cases", case="B", residual=2.71e-15, training_seconds=late, largest=float("inf"))
    kept.add("process", case="of no table", peak_gigabytes=0.5)
    kept.write(tmp_path / "data.json")
    top = {"command": "python benchmarks/kkt.py", "machine": "A processor; 3 % busy"}
    return top | json.loads((tmp_path / "data.json").read_text("utf-8"))


def cells(page):
    """The table of a page, row by row, its head first."""
    found = BeautifulSoup(page, "html.parser").select("tr")
    return [[cell.get_text() for cell in row.select("th, td")] for row in found]


def test_rows_become_a_table_and_the_print_stands_whole_in_a_fold(tmp_path):
    page = benchmark.page(TEXT, measured(tmp_path))
    assert page.startswith(
        '<p class="benchmark-run"><code>python benchmarks/kkt.py</code><br>A pro'
    )
    assert cells(page) == [
        ["case", "points", "flow (s)", "residual", "training (s)", "largest"],
        ["a", "202", "0.43", "", "1.2", ""],
        ["B", "", "", "2.7e-15", "> 8.6", "inf"],
    ]
    assert "<p>Not separated, so without a point: I1.</p>" in page
    assert "<details" in page and "a     0.43</pre>" in page


def test_without_columns_or_without_rows_of_values_the_print_stands_alone(tmp_path):
    data = measured(tmp_path)
    reasons = [row for row in data["rows"] if "reason" in row]
    for other in ({"columns": []}, {"rows": []}, {"rows": reasons}, {"shown": ""}):
        page = benchmark.page(TEXT, data | other)
        assert "<details" not in page and "<table" not in page and "a     0.43</pre>" in page


@pytest.mark.parametrize("name", ["command", "machine"])
def test_data_of_another_run_are_refused(tmp_path, name):
    data = measured(tmp_path) | {name: "python benchmarks/flow.py"}
    words = f"{name}: got data of 'python benchmarks/flow.py', allowed is that of the text, '"
    with pytest.raises(ValueError, match=re.escape(words)):
        benchmark.page(TEXT, data)


@pytest.mark.parametrize("name", ["command", "machine", "shown", "columns", "rows"])
def test_data_that_no_benchmark_wrote_are_refused(tmp_path, name):
    data = measured(tmp_path)
    del data[name]
    with pytest.raises(ValueError, match=f"got no '{name}' in it; `make benchmarks` writes both"):
        benchmark.page(TEXT, data)


class Page:
    """What the directive asks of Sphinx for a page beside the files."""

    def __init__(self, folder):
        self.folder, self.seen, self.env = folder, [], self
        self.arguments = ["kkt.txt"]
        self.note_dependency = self.seen.append

    def relfn2path(self, name):
        return name, str(self.folder / name)

    def error(self, message):
        return DirectiveError(3, message)


def test_the_directive_reads_both_files_and_says_what_is_wrong(tmp_path):
    page = Page(tmp_path)

    def refused(words):
        with pytest.raises(DirectiveError) as caught:
            benchmark.Benchmark.run(page)
        assert re.search(words, caught.value.msg), caught.value.msg

    refused("kkt.txt is not there; `make benchmarks`")
    (tmp_path / "kkt.txt").write_text(TEXT, "utf-8")
    refused("kkt.json is not there")
    (tmp_path / "kkt.json").write_text("{", "utf-8")
    refused("benchmark: kkt.json: Expecting")
    data = measured(tmp_path)
    (tmp_path / "kkt.json").write_text(json.dumps(data | {"command": "x"}), "utf-8")
    refused("kkt.json: command: got data of 'x'")
    (tmp_path / "kkt.json").write_text(json.dumps(data), "utf-8")
    [node] = benchmark.Benchmark.run(page)
    assert node.astext() == benchmark.page(TEXT, data)
    assert {str(tmp_path / "kkt.txt"), str(tmp_path / "kkt.json")} <= set(page.seen)


@pytest.mark.parametrize("path", STORED, ids=lambda path: path.stem)
def test_what_is_kept_says_in_both_files_the_same(path):
    """Each row of the table, as its columns show it, is a line of the print, in the same order."""
    text, data = path.read_text("utf-8"), json.loads(path.with_suffix(".json").read_text("utf-8"))
    assert path.with_suffix(".json").read_text("utf-8") == rows.text(data)
    page = benchmark.page(text, data)
    kinds = ("ms a point",) if path.stem == "radius" else (" ok ",)
    lines = [line for line in text.splitlines() if any(kind in line for kind in kinds)]
    table = cells(page)[1:]
    assert len(table) == len(lines)
    for row, line in zip(table, lines, strict=True):
        words = iter(re.sub(r"[()]", " ", line).split())
        expected = re.sub(r"[()]", " ", " ".join(row)).split()
        assert all(word in words for word in expected), (row, line)
    for line in text.splitlines():
        if "not separated" in line:
            assert re.search(rf"without a point: [^<]*\b{line.split()[0]}\b", page)


def script(name, *options):
    """Run a benchmark's script as make does; return how it ended."""
    command = [sys.executable, str(chapters.ROOT / "benchmarks" / name), *map(str, options)]
    source = {"PYTHONPATH": str(chapters.ROOT / "src")}
    return subprocess.run(
        command, env=os.environ | source, capture_output=True, text=True, check=False
    )


def test_a_script_writes_what_it_prints(tmp_path):
    file = tmp_path / "data.json"
    small = ("--points", 20, "--clusters", 2, "--repeats", 1)
    ended = script("coordinates.py", *small, "--data", file)
    assert ended.returncode == 0, ended.stderr
    found = json.loads(file.read_text("utf-8"))["rows"]
    ours = [row for row in found if row["table"] == "dimensions"]
    printed = [line.split() for line in ended.stdout.splitlines()[2:]]
    assert [float(words[0]) for words in printed] == [row["d"] for row in ours]
    assert [words[1] for words in printed] == [f"{row['seconds']:.4f}" for row in ours]
    assert [words[3] for words in printed] == [f"{row['peak_megabytes']:.1f}" for row in ours]
    assert [path.name for path in tmp_path.iterdir()] == ["data.json"]


def test_a_place_that_is_not_there_is_refused_before_anything_runs(tmp_path):
    ended = script("coordinates.py", "--data", tmp_path / "none" / "data.json")
    assert ended.returncode == 2 and ended.stdout == ""
    assert "allowed is a file in a folder that exists" in ended.stderr


def test_numbers_that_json_does_not_know_are_texts_or_refused(tmp_path):
    kept = records.Records()
    assert kept.add("a", b=float("inf"), c=float("nan")) != kept.rows[0]
    assert kept.rows == [{"table": "a", "b": "inf", "c": "nan"}]
    kept.add("a", b=records.above(float("inf")))
    with pytest.raises(ValueError, match="not JSON compliant"):
        kept.write(tmp_path / "data.json")
    assert list(tmp_path.iterdir()) == []

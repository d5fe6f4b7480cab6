"""Bars: on a terminal, in a notebook that is watched, nowhere else; none is left in an output."""

import io
import json
import sys

import nbclient
import nbformat
import pytest

import kktnotes as kn
from kktnotes import progress
from tools import lab

LONG = """
import time
from kktnotes import progress
progress.DELAY = 0.0
for outer in progress.each("ab", "outer"):
    for inner in progress.each(range(3), "inner"):
        time.sleep(0.12)
    assert outer != "b" or {fail}
print("done")
"""


class Terminal(io.StringIO):
    """A file that says it is a terminal."""

    def isatty(self):
        return True


@pytest.mark.parametrize("wanted", [None, True, False])
@pytest.mark.parametrize("kind", [Terminal, io.StringIO])
def test_a_bar_stands_on_a_terminal_or_where_it_is_asked_for(monkeypatch, wanted, kind):
    there = kind()
    monkeypatch.setattr(sys, "stderr", there)
    monkeypatch.setattr(progress, "DELAY", 0.0)
    assert list(progress.each([4, 5], "numbers", progress=wanted)) == [4, 5]
    expected = kind is Terminal if wanted is None else wanted
    assert ("numbers" in there.getvalue()) == expected


@pytest.mark.parametrize("wanted", ["no", 1, 0, object()])
def test_what_is_no_choice_is_refused(wanted):
    with pytest.raises(ValueError, match="progress"):
        list(progress.each([1], "numbers", progress=wanted))


@pytest.mark.parametrize(
    ("call", "name"),
    [
        (lambda: list(progress.each(None, "numbers")), "items"),
        (lambda: list(progress.each([1], None)), "label"),
        (lambda: progress.bar("steps", -1, unit="step"), "total"),
        (lambda: progress.bar("steps", 3, unit=None), "unit"),
    ],
)
def test_what_no_bar_can_show_is_refused(call, name):
    with pytest.raises(ValueError, match=f"{name}: got"):
        call()


def test_a_flow_and_the_radii_show_theirs(monkeypatch):
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    monkeypatch.setattr(progress, "DELAY", 0.0)
    train = kn.Clusters.orthogonal(k=2, d=50, sigma=0.3).sample(20, seed=0)
    flow = kn.gradient_flow(train, width=4, seed=0)
    kn.exact_radius(flow.network, flow.sample.x)
    kn.nearest_neighbour_radius(train, train.x[:3])
    for label in ("gradient flow", "1-nn radius"):
        assert label in terminal.getvalue()
    assert "radius" in terminal.getvalue().replace("1-nn radius", "")


def run(monkeypatch, tell, fail="True"):
    """The outputs of a long cell in a kernel that is told to show bars, or is not, with its log."""
    if tell:
        monkeypatch.setenv(progress.VARIABLE, "1")
    else:
        monkeypatch.delenv(progress.VARIABLE, raising=False)
    notebook = nbformat.v4.new_notebook()
    notebook.cells = [nbformat.v4.new_code_cell(LONG.replace("{fail}", fail)) for _ in "ab"]
    client = nbclient.NotebookClient(notebook, allow_errors=True)
    seen = []
    handle = client.process_message

    def watch(message, cell, index):
        seen.append(message["content"].get("data", {}).get("text/plain", ""))
        return handle(message, cell, index)

    client.process_message = watch
    client.execute()
    return notebook, seen


def test_a_kernel_shows_none_unless_it_is_told(monkeypatch):
    notebook, seen = run(monkeypatch, tell=False)
    kinds = [[one.output_type for one in cell.outputs] for cell in notebook.cells]
    assert kinds == [["stream"]] * 2
    assert not any("outer" in one for one in seen)


@pytest.mark.parametrize("fail", ["True", "False"])
def test_a_watched_cell_shows_its_bars_in_one_place_and_a_save_keeps_none(monkeypatch, fail):
    notebook, seen = run(monkeypatch, tell=True, fail=fail)
    assert any("outer:  50%" in one for one in seen)
    assert any("outer" in one and "inner" in one for one in seen)
    for cell in notebook.cells:
        [bars, _] = cell.outputs
        assert bars.data == {"text/plain": ""} and bars.metadata == progress.MARK
    model = {"type": "notebook", "content": json.loads(nbformat.writes(notebook))}
    lab.plain(model)
    left = [[one["output_type"] for one in cell["outputs"]] for cell in model["content"]["cells"]]
    assert left == [["error" if fail == "False" else "stream"]] * 2

"""What goes wrong around a run: killed, closed, interrupted, two at once, too much, no room.

`python -m tests.fault_campaign` repeats the kills at as many random moments as one wishes; here are
a few of them. Nothing half-written is taken for finished, nothing finished is lost, no kernel is
left behind, and whoever is told to end says so in a line.
"""

import errno
import os
import signal
import subprocess
import sys
import time

import nbformat
import psutil
import pytest
from small_book import chapter, command, laid_out, run_all

from tools import chapters, files, jobs, kernel, notebooks, start
from tools.profiles import Profile
from tools.refusal import Refused

SLEEP = "import time\ntime.sleep(600)"


@pytest.fixture
def book(tmp_path):
    """The small project."""
    return laid_out(tmp_path)


def begun(book, *arguments, **how):
    """Start a tool in the small book, deaf to no signal, and wait until its first chapter is done.

    Returns the process and the kernels that it has started.
    """
    begin = (
        "import os, signal, sys;"
        "[signal.signal(s, signal.SIG_DFL) for s in (signal.SIGINT, signal.SIGHUP)];"
        f"os.execv(sys.executable, [sys.executable, '-m', *{arguments!r}])"
    )
    how = command(book) | {"args": [sys.executable, "-c", begin]} | how
    running = subprocess.Popen(**how, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    deadline = time.monotonic() + 300
    while not (book / "_build" / "quick" / "executed" / "first.json").exists():
        assert running.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.05)
    deadline = time.monotonic() + 60
    while not (children := psutil.Process(running.pid).children(recursive=True)):
        assert time.monotonic() < deadline
    return running, children


@pytest.mark.parametrize(
    ("signals", "status"),
    [
        ([signal.SIGINT], 130),
        ([signal.SIGINT, signal.SIGINT], 130),
        ([signal.SIGTERM], 143),
        ([signal.SIGHUP], 129),
        ([signal.SIGKILL], -9),
    ],
    ids=["Ctrl-C", "Ctrl-C twice", "SIGTERM", "terminal closed", "kill -9"],
)
def test_whoever_ends_the_run_ends_its_kernels(book, signals, status):
    """The signal goes to the main process alone."""
    chapter(book, "second", SLEEP)
    running, kernels = begun(book, "tools.execute")
    for one in signals:
        running.send_signal(one)
    _, said = running.communicate(timeout=60)
    assert running.returncode == status
    assert status == -9 or f"ended by {signals[0].name}" in said
    assert "Traceback" not in said
    _, alive = psutil.wait_procs(kernels, timeout=60)
    assert alive == []
    chapter(book, "second", "k")
    assert set(run_all(book)) == {"second"}


def test_a_kernel_killed_for_memory_is_told_with_chapter_and_cell(book):
    chapter(book, "second", "k", SLEEP)
    running, kernels = begun(book, "tools.execute")
    time.sleep(3)
    for one in kernels:
        if one.is_running():
            one.kill()
    _, said = running.communicate(timeout=60)
    assert running.returncode == 1
    assert "second failed.\nIn [3]:\nimport time" in said
    assert "the kernel died: out of memory" in said


def test_two_runs_at_once_share_the_work(book):
    count = book / "count"
    for name in ("first", "second"):
        chapter(book, name, f"with open({str(count)!r}, 'a') as f: _ = f.write('{name} ')")
    how = command(book, "tools.execute")
    pair = [
        subprocess.Popen(**how, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        for _ in range(2)
    ]
    said = [one.communicate(timeout=300)[0] for one in pair]
    assert [one.returncode for one in pair] == [0, 0], said
    assert sorted(count.read_text("utf-8").split()) == ["first", "second"], said
    assert run_all(book) == {}


@pytest.mark.parametrize(
    "source",
    ["for _ in range(2_000):\n    print('x' * 100_000)", "while True:\n    print('x' * 1000)"],
    ids=["200 MB", "without end"],
)
def test_a_notebook_that_prints_too_much_is_stopped(book, source):
    chapter(book, "second", source)
    failed = run_all(book)
    assert failed["first"] == ""
    assert failed["second"].startswith("In [2]:\n")
    assert f"more than {kernel.MOST_OUTPUT:,} characters" in failed["second"]


def test_a_text_edited_while_its_notebook_runs_is_noticed(book):
    path = book / "book" / "first.ipynb"
    twin = path.with_suffix(".md")
    edit = f"with open({str(twin)!r}, 'a') as text:\n    _ = text.write('More.')"
    chapter(book, "first", edit)
    path.unlink()
    assert "its text was changed meanwhile" in notebooks.update(path)
    assert chapters.drifted(path)
    with pytest.raises(Refused, match="does not say what its text"):
        jobs.plan(Profile.load("quick", book), book)


def full(*arguments):
    """A disk without room, which names no file."""
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_a_full_disk_is_said_in_a_line_and_leaves_the_old_file(tmp_path, monkeypatch, capsys):
    path = tmp_path / "file"
    files.replace(path, "old")
    monkeypatch.setattr(os, "fsync", full)
    monkeypatch.setattr(signal, "signal", lambda *_: None)
    assert start.started(lambda: files.replace(path, "new")) == 2
    assert capsys.readouterr().err == f"{path}: No space left on device\n"
    assert path.read_text("utf-8") == "old"
    assert [one.name for one in tmp_path.iterdir()] == ["file"]


def test_a_build_folder_that_is_none_is_said_in_a_line(book):
    (book / "_build").write_text("a file", "utf-8")
    how = command(book, "tools.execute")
    ended = subprocess.run(**how, capture_output=True, text=True, check=False)
    assert ended.returncode in (1, 2)
    assert "Traceback" not in ended.stderr
    assert "_build" in ended.stderr


def test_letters_that_a_terminal_cannot_show_are_no_error(book):
    how = command(book)
    shown = "".join(rf"\u{ord(letter):04x}" for letter in "σ ≤ √d")
    program = f"from tools import start; start.started(lambda: print('{shown}') or 0)"
    how["args"] = [sys.executable, "-c", program]
    how["env"] = how["env"] | {"PYTHONIOENCODING": "ascii", "LC_ALL": "C", "PYTHONUTF8": "0"}
    ended = subprocess.run(**how, capture_output=True, text=True, check=False)
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "? ? ?d\n", "")


def test_a_byte_order_mark_is_no_part_of_a_text(book):
    for path in [*(book / "profiles").iterdir(), book / "_toc.yml"]:
        path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())
    for path in (book / "book").glob("*.md"):
        path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())
    assert run_all(book) == {"first": "", "second": ""}


def test_a_notebook_that_is_cut_off_is_refused_and_made_anew(book):
    path = book / "book" / "first.ipynb"
    whole = path.read_bytes()
    for broken in (b"", b"{", whole[: len(whole) // 2], b"[]", b"\xff\xfe"):
        path.write_bytes(broken)
        with pytest.raises(Refused, match=r"first\.ipynb"):
            jobs.plan(Profile.load("quick", book), book)
        assert notebooks.update(path) == "run again"


def stream(name, text):
    """A printed output."""
    return nbformat.v4.new_output("stream", name=name, text=text)


def test_prints_are_joined_as_a_terminal_shows_them():
    value = nbformat.v4.new_output("display_data", {"text/plain": "1"})
    parts = [stream("stderr", "no"), stream("stdout", "a\n1 %\r"), value, stream("stdout", "2 %")]
    found = kernel.joined([*parts, stream("stdout", "\r\n"), stream("stderr", "ise")])
    assert [one.get("text") for one in found] == ["a\n2 %\r\n", "noise", None]


def test_a_line_without_end_is_joined_in_no_time_to_speak_of():
    """A fifth of the largest output allowed; a way that takes its square would not come back."""
    [found] = kernel.joined([stream("stdout", "x" * 1000) for _ in range(4000)])
    assert len(found.text) == 4_000_000

"""The trial of the package: that it sees what is missing, different, or left over."""

import subprocess
import sys
import zipfile

import pytest

from tools import chapters, try_package
from tools.refusal import Refused


def wheel(path, **files):
    """Write a wheel of these files, dots for slashes' sake spelled as double underscores."""
    with zipfile.ZipFile(path, "w") as archive:
        for name, text in files.items():
            archive.writestr(name.replace("__", "/").replace("_", "."), text)
    return path


def test_wheels_differ_by_content_and_by_name_but_not_by_their_own_lists(tmp_path):
    one = wheel(tmp_path / "1.whl", kktnotes__a_py="1", kktnotes__b_py="2")
    assert try_package.differing(one, wheel(tmp_path / "2.whl", kktnotes__b_py="2")) == {
        "kktnotes/a.py"
    }
    changed = wheel(tmp_path / "3.whl", kktnotes__a_py="1", kktnotes__b_py="3")
    assert try_package.differing(one, changed) == {"kktnotes/b.py"}
    with zipfile.ZipFile(changed, "w") as archive:
        for name, text in (("kktnotes/b.py", "2"), ("kktnotes/a.py", "1")):
            archive.writestr(name, text)
        archive.writestr("kktnotes-1.dist-info/RECORD", "in another order")
    assert try_package.differing(one, changed) == set()


def test_a_file_that_no_wheel_brings_is_missed(tmp_path):
    source = tmp_path / "src" / "kktnotes"
    (source / "__pycache__").mkdir(parents=True)
    for name in ("a.py", "names.json", "__pycache__/a.pyc"):
        (source / name).touch()
    assert try_package.lacking(wheel(tmp_path / "1.whl", kktnotes__a_py=""), tmp_path) == {
        "kktnotes/names.json"
    }


def test_what_earlier_builds_left_is_not_built_again(tmp_path):
    copied = try_package.copy_sources(tmp_path / "copy")
    names = {path.relative_to(copied).as_posix() for path in copied.rglob("*")}
    assert {"pyproject.toml", "LICENSE", "src/kktnotes/py.typed"} <= names
    assert not any("egg-info" in name or "__pycache__" in name for name in names)


def test_a_command_that_fails_is_told_with_what_it_said(tmp_path):
    with pytest.raises(Refused, match=r"(?s)no such thing.*failed: "):
        try_package.run(
            sys.executable, "-c", "raise SystemExit('no such thing')", cwd=chapters.ROOT
        )


@pytest.mark.parametrize("program", ["EXAMPLE", "NAMES"])
def test_what_the_wheel_is_tried_with_runs_here(program, tmp_path):
    text = getattr(try_package, program)
    command = [sys.executable, "-W", "error", "-c", text, '["theorem-3-1"]']
    ended = subprocess.run(command, cwd=tmp_path, capture_output=True, encoding="utf-8", check=True)
    assert ended.stderr == ""
    assert {"EXAMPLE": "the worst", "NAMES": "Theorem 3.1"}[program] in ended.stdout


def test_nothing_that_the_wheel_is_tried_for_is_met_without_its_extras():
    """Here both extras are installed: the lines that ask for their absence have to fail."""
    command = [sys.executable, "-c", try_package.EXTRAS]
    ended = subprocess.run(command, capture_output=True, encoding="utf-8", check=False)
    assert "needs nothing of [figures]" in ended.stderr

"""Tools run the package of their own clone or refuse, whatever the environment says."""

import subprocess
import sys

import pytest

from tools import chapters, origin
from tools.refusal import Refused

ASK = """\
import sys
from tools import origin
print(origin.foreign())
print("kktnotes" in sys.modules)
"""


def asked(folder, **variables):
    """What a tool of `folder` finds, and whether it has imported the package to find out."""
    ended = subprocess.run(
        [sys.executable, "-c", ASK],
        cwd=folder,
        env=variables,
        capture_output=True,
        encoding="utf-8",
        check=True,
    )
    return ended.stdout.splitlines()


def clone(folder):
    """A clone in which there is nothing but the package's first file and these two tools."""
    (folder / "tools").mkdir(parents=True)
    (folder / "src" / "kktnotes").mkdir(parents=True)
    for name in ("src/kktnotes/__init__.py", "tools/origin.py", "tools/refusal.py"):
        (folder / name).write_bytes((chapters.ROOT / name).read_bytes())
    return folder


def test_this_clone_runs_its_own_package():
    origin.require_own_package()
    assert asked(chapters.ROOT) == ["", "False"]


def test_a_clone_refuses_anothers_package(tmp_path):
    one, other = clone(tmp_path / "one"), clone(tmp_path / "other [1] ä")
    own = {"PYTHONPATH": str(one / "src"), "PYTHONUTF8": "1"}
    assert asked(one, **own) == ["", "False"]
    said, imported = asked(other, **own)
    assert str(one / "src" / "kktnotes") in said
    assert str(other / "src" / "kktnotes") in said
    assert imported == "False"


def test_a_clone_reached_through_a_link_is_the_same_clone(tmp_path):
    one = clone(tmp_path / "one")
    (tmp_path / "link").symlink_to(one)
    assert asked(tmp_path / "link", PYTHONPATH=str(one / "src"))[0] == ""
    assert asked(one, PYTHONPATH=str(tmp_path / "link" / "src"))[0] == ""
    (tmp_path / "this").symlink_to(chapters.ROOT)
    assert origin.foreign(tmp_path / "this") == ""


def test_a_refusal_is_one_line(tmp_path, monkeypatch):
    with pytest.raises(Refused, match=r"kktnotes would come from .*make environment") as refused:
        origin.require_own_package(tmp_path)
    assert "\n" not in str(refused.value)
    monkeypatch.setattr(origin, "imported", lambda: None)
    with pytest.raises(Refused, match="not installed"):
        origin.require_own_package()

"""The environment: made for one folder, made again for another; and what make says on the way."""

import os
import re
import shutil
import subprocess
import sys

import pytest

from tools import chapters, environment

MAKEFILE = chapters.ROOT / "Makefile"
FILES = ("Makefile", "tools/environment.py", "tools/cpu_torch.py", *environment.FILES)


@pytest.fixture
def clone(tmp_path):
    """A clone with nothing but what makes its environment, its path as awkward as paths get."""
    folder = tmp_path / "a clone [1] ä"
    (folder / "tools").mkdir(parents=True)
    for name in FILES:
        shutil.copy(chapters.ROOT / name, folder / name)
    return folder.resolve()


@pytest.fixture
def installs(monkeypatch):
    """The folders for which pip would have been called: environments here stay empty."""
    found = []

    def create(root):
        command = [sys.executable, "-I", "-m", "venv", "--without-pip", str(root / ".venv")]
        subprocess.run(command, check=True)
        environment.write_stamp(root, "")

    monkeypatch.setattr(environment, "create", create)
    monkeypatch.setattr(environment, "install", found.append)
    return found


def made_for(root):
    """The folder that the environment's own scripts name."""
    text = (root / ".venv" / "bin" / "activate").read_text("utf-8")
    return re.search(r"""(?m)^\s*(?:export )?VIRTUAL_ENV=['"]?(.*?)/\.venv['"]?$""", text)[1]


def test_an_environment_is_made_once_and_brought_up_to_date_where_its_files_change(clone, installs):
    environment.bring_up_to_date(clone)
    assert installs == [clone]
    assert made_for(clone) == str(clone)
    assert environment.current(clone)
    environment.bring_up_to_date(clone)
    assert installs == [clone]
    for count, name in enumerate(environment.FILES, start=2):
        with (clone / name).open("a", encoding="utf-8") as file:
            file.write("# another line\n")
        assert not environment.current(clone)
        environment.bring_up_to_date(clone)
        assert len(installs) == count


def test_a_copy_and_a_renamed_clone_make_their_own(clone, installs, capsys):
    environment.bring_up_to_date(clone)
    copy, renamed = clone.with_name("copy"), clone.with_name("renamed")
    shutil.copytree(clone, copy, symlinks=True)
    assert not environment.current(copy)
    environment.bring_up_to_date(copy)
    assert made_for(copy) == str(copy)
    assert f"made again: it was made for {clone}" in capsys.readouterr().out
    assert environment.current(clone), "the original is as it was"
    clone.rename(renamed)
    environment.bring_up_to_date(renamed)
    assert made_for(renamed) == str(renamed)
    assert installs == [clone, copy, renamed]


def test_an_older_stamp_without_a_folder_is_not_believed(clone, installs, capsys):
    environment.bring_up_to_date(clone)
    (clone / ".venv" / ".installed").write_text("", "utf-8")
    (clone / ".venv" / "left over").touch()
    environment.bring_up_to_date(clone)
    assert "a folder that it does not name" in capsys.readouterr().out
    assert not (clone / ".venv" / "left over").exists()


def test_an_interrupted_installation_goes_on_where_it_was(clone, installs, monkeypatch):
    def interrupted(root):
        (root / ".venv" / "half of it").touch()
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(environment, "install", interrupted)
        with pytest.raises(KeyboardInterrupt):
            environment.bring_up_to_date(clone)
    assert not environment.current(clone)
    environment.bring_up_to_date(clone)
    assert installs == [clone]
    assert (clone / ".venv" / "half of it").exists()


def test_an_environment_whose_python_has_gone_is_made_again(clone, installs):
    environment.bring_up_to_date(clone)
    for python in (clone / ".venv" / "bin").glob("python*"):
        python.unlink()
    environment.bring_up_to_date(clone)
    assert installs == [clone, clone]
    assert environment.starts(clone / ".venv" / "bin" / "python")


def test_of_a_linked_environment_only_the_link_is_removed(clone, installs):
    environment.bring_up_to_date(clone)
    other = clone.with_name("other")
    shutil.copytree(clone, other, ignore=shutil.ignore_patterns(".venv"))
    (other / ".venv").symlink_to(clone / ".venv")
    environment.bring_up_to_date(other)
    assert made_for(other) == str(other)
    assert environment.current(clone)


def test_a_failed_start_leaves_nothing_behind(clone, tmp_path, monkeypatch):
    broken = script(tmp_path / "python", 'for last; do :; done; mkdir "$last"; exit 1')
    monkeypatch.setattr(environment.sys, "executable", str(broken))
    with pytest.raises(subprocess.CalledProcessError):
        environment.bring_up_to_date(clone)
    assert not (clone / ".venv").exists()


def test_an_empty_environment_already_names_its_folder(clone):
    environment.create(clone)
    assert environment.stamp(clone) == {"folder": str(clone), "installed": ""}
    assert environment.unfit(clone) == ""


def test_two_at_once_make_it_one_after_the_other(clone):
    wait = (
        "import sys; from pathlib import Path; from tools import environment\n"
        "with environment.alone(Path(sys.argv[1])): pass"
    )
    command = [sys.executable, "-c", wait, str(clone)]
    with environment.alone(clone):
        other = subprocess.Popen(command, cwd=chapters.ROOT)
        with pytest.raises(subprocess.TimeoutExpired):
            other.wait(2)
    assert other.wait(60) == 0


def make(folder, *arguments, **variables):
    """Call make in a folder and return its status and what it says."""
    inherited = {k: v for k, v in os.environ.items() if not k.startswith(("MAKE", "MFLAGS"))}
    ended = subprocess.run(
        ["make", "--no-print-directory", *arguments],
        cwd=folder,
        env={**inherited, **variables},
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    return ended.returncode, ended.stdout + ended.stderr


def script(path, text):
    """Write a program of a few lines in sh."""
    path.write_text(f"#!/bin/sh\n{text}\n", "utf-8")
    path.chmod(0o755)
    return path


SHIM = "echo 'pyenv: python3: command not found' >&2; exit 127"
TOO_NEW = (
    f'''[ -z "$2" ] || exec "{sys.executable}" -c "import sys; sys.version_info = (3, 14); $2"'''
)


@pytest.mark.parametrize(("text", "says"), [(SHIM, "does not start"), (TOO_NEW, "3.14")])
def test_a_python_that_will_not_do_is_named_in_one_line(clone, text, says):
    python = script(clone / "a python", text)
    status, said = make(clone, "environment", f"PYTHON={python}")
    assert status == 2
    first, last = said.splitlines()
    assert str(python) in first
    assert says in first
    assert "make PYTHON=python3.12" in first
    assert "environment] Error 1" in last
    assert not (clone / ".venv").exists()


def test_make_asks_for_no_python_where_the_environment_is_current(clone, installs):
    environment.bring_up_to_date(clone)
    assert make(clone, "environment", "PYTHON=/bin/false") == (0, "")
    moved = clone.rename(clone.with_name("moved"))
    assert "/bin/false does not start" in make(moved, "environment", "PYTHON=/bin/false")[1]


def test_make_runs_no_console_script_and_each_command_in_the_environment():
    text = MAKEFILE.read_text("utf-8")
    assert set(re.findall(r"\$\(BIN\)/([\w-]+)", text)) == {"python"}
    targets = dict(re.findall(r"(?m)^([a-z]+):(.*?)##", text))
    own = {"help", "environment", "clean", "distclean"}
    for name in targets.keys() - own:
        before = targets[name].split()
        while before and before != ["environment"]:
            before = targets[before[0]].split()
        assert before == ["environment"], name


def test_make_keeps_the_users_python_settings_out(clone):
    names = ("PYTHONPATH", "PYTHONHOME", "PYTHONSAFEPATH", "PYTHONOPTIMIZE")
    settings = dict.fromkeys(names, "1")
    status, said = make(clone, "-s", "--eval=show:;@env", "show", **settings, KKTNOTES="1")
    assert status == 0
    assert "KKTNOTES=1" in said.splitlines()
    assert not any(line.startswith(names) for line in said.splitlines())


def test_ruff_leaves_what_is_not_ours_alone(tmp_path):
    shutil.copy(chapters.ROOT / "pyproject.toml", tmp_path)
    folders = ("venv", ".venv", "node_modules", "_build", "env/lib/python3.11/site-packages")
    for folder in (*folders, "src"):
        (tmp_path / folder).mkdir(parents=True)
        (tmp_path / folder / "file.py").write_text("import os,sys\n", "utf-8")
    for command in (["check", "--fix", "--quiet"], ["format", "--quiet"]):
        ruff = [sys.executable, "-m", "ruff", *command, "--no-cache", "."]
        subprocess.run(ruff, cwd=tmp_path, check=False, capture_output=True)
    changed = {p for p in tmp_path.rglob("*.py") if p.read_text("utf-8") != "import os,sys\n"}
    assert changed == {tmp_path / "src" / "file.py"}

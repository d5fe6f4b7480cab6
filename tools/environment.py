"""Make .venv, or bring it up to date: `python3 -I tools/environment.py`, which make calls.

A virtual environment holds absolute paths: one that was copied along with its clone runs the
original's package, one that was renamed finds nothing. So `.venv/.installed` holds the folder for
which the environment was made, and a digest of the files that say what belongs in it; the
environment is made again where the folder is another one, and pip is asked again where the files
are. Standard library only: this runs before anything is installed.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FILES = ("requirements.txt", "constraints.txt", "pyproject.toml")
SUPPORTED = "import sys; sys.exit(not (3, 10) <= sys.version_info[:2] <= (3, 13))"


def digest(root: Path) -> str:
    """Return a digest of the files that say what belongs in the environment."""
    found = hashlib.sha256()
    for name in FILES:
        found.update((root / name).read_bytes() + b"\0")
    return found.hexdigest()


def stamp(root: Path) -> dict | None:
    """Return what the stamp says: None where there is none, {} where it says nothing of use."""
    try:
        said = json.loads((root / ".venv" / ".installed").read_text("utf-8"))
    except FileNotFoundError:
        return None
    except (OSError, ValueError):
        return {}
    return said if isinstance(said, dict) else {}


def write_stamp(root: Path, installed: str) -> None:
    """Write for which folder the environment was made, and what was installed in it."""
    said = json.dumps({"folder": str(root), "installed": installed})
    (root / ".venv" / ".installed").write_text(said + "\n", "utf-8")


def starts(python: Path) -> bool:
    """Tell whether this interpreter starts and is one of the supported versions."""
    try:
        command = [str(python), "-I", "-c", SUPPORTED]
        return subprocess.run(command, capture_output=True, check=False).returncode == 0
    except OSError:
        return False


def current(root: Path) -> bool:
    """Tell whether the environment is this folder's and holds what belongs in it."""
    return stamp(root) == {"folder": str(root), "installed": digest(root)}


def unfit(root: Path) -> str:
    """Return why the environment has to be made again; empty where it can be used."""
    said = stamp(root)
    if said is not None and said.get("folder") != str(root):
        return f"it was made for {said.get('folder', 'a folder that it does not name')}"
    if not starts(root / ".venv" / "bin" / "python"):
        return "its Python does not start, or is none of 3.10 to 3.13"
    return ""


def remove(venv: Path) -> None:
    """Remove an environment; of a link only the link."""
    if venv.is_symlink() or venv.is_file():
        venv.unlink()
    else:
        shutil.rmtree(venv)


def create(root: Path) -> None:
    """Make an empty environment, with the interpreter that runs this."""
    venv = root / ".venv"
    try:
        subprocess.run([sys.executable, "-I", "-m", "venv", str(venv)], check=True)
    except BaseException:
        shutil.rmtree(venv, ignore_errors=True)
        raise
    write_stamp(root, "")


def install(root: Path) -> None:
    """Let pip install what belongs in the environment, and the package of this folder.

    The package is built with the setuptools that constraints.txt names, so nothing is fetched
    for that. -I: packages on PYTHONPATH are no part of the environment; --no-user: nor are the
    user's own, even where pip's configuration puts everything there.
    """
    python = [str(root / ".venv" / "bin" / "python"), "-I"]
    pip = [*python, "-m", "pip", "install", "--disable-pip-version-check", "--no-user"]
    subprocess.run([*python, str(root / "tools" / "cpu_torch.py")], cwd=root, check=True)
    wanted = ["-r", "requirements.txt", "-c", "constraints.txt"]
    subprocess.run([*pip, *wanted], cwd=root, check=True)
    subprocess.run([*pip, "--no-deps", "--no-build-isolation", "-e", "."], cwd=root, check=True)


@contextmanager
def alone(root: Path) -> Iterator[None]:
    """Wait until no other process makes this folder's environment."""
    with (root / FILES[0]).open("rb") as file:
        with suppress(ImportError, OSError):  # no locks on this system, or on this disk
            import fcntl

            fcntl.flock(file, fcntl.LOCK_EX)
        yield


def bring_up_to_date(root: Path) -> None:
    """Make the environment where it has to be made, and install what belongs in it."""
    venv = root / ".venv"
    with alone(root):
        if current(root) and starts(venv / "bin" / "python"):
            return
        reason = unfit(root) if os.path.lexists(venv) else ""
        if reason:
            print(f".venv is made again: {reason}", flush=True)
            remove(venv)
        if not venv.exists():
            create(root)
        wanted = digest(root)  # before pip reads the files: a later edit is not yet installed
        install(root)
        write_stamp(root, wanted)


def main(arguments: list[str]) -> int:
    """Bring the environment up to date; with --current, only tell by the status whether it is."""
    if arguments == ["--current"]:
        return 0 if current(ROOT) else 1
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(errors="backslashreplace")
    try:
        bring_up_to_date(ROOT)
    except subprocess.CalledProcessError as error:
        print(f".venv is not ready: {Path(error.cmd[0]).name} failed, see above", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

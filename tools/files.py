"""Files that are there whole or not at all, and one writer at a time."""

from __future__ import annotations

import glob
import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

PARTIAL = ".partial"


def replace(path: Path, content: str | bytes) -> None:
    """Write a file through one of a random name beside it, which takes its place when whole."""
    replace_all({path: content})


def replace_all(contents: dict[Path, str | bytes]) -> None:
    """Write files that belong together: all of them, or what was there before comes back.

    The first takes its place when all are whole. Only a process that is killed between two of
    these moves, which follow at once, leaves one file new and one old.
    """
    *first, at = contents
    old: dict[Path, bytes | None] = {}  # of the last nothing has to come back
    whole: dict[Path, str] = {}
    try:
        for at in first:
            old[at] = at.read_bytes() if at.exists() else None
        for at, content in contents.items():
            whole[at] = _beside(at, content.encode() if isinstance(content, str) else content)
        for at, name in whole.items():
            os.replace(name, at)
    except BaseException as error:
        for path, name in whole.items():
            if Path(name).exists() or path not in old:
                Path(name).unlink(missing_ok=True)
            elif old[path] is None:
                path.unlink(missing_ok=True)
            else:
                os.replace(_beside(path, old[path]), path)
        if isinstance(error, OSError) and error.filename is None:  # a full disk names no file
            error.filename = str(at)
        raise


def _beside(path: Path, data: bytes) -> str:
    """Write a whole file of a random name beside this one and return its name."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-", suffix=PARTIAL)
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
        os.chmod(name, 0o666 & ~_umask())
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    return name


def _umask() -> int:
    """Return the mask that new files get; mkstemp makes private ones."""
    mask = os.umask(0)
    os.umask(mask)
    return mask


@contextmanager
def alone(path: Path, say: Callable[[str], None] = print) -> Iterator[None]:
    """Hold the lock of a file or folder that is about to be made, waiting for who else has it.

    The system lets go of it however a process ends. What writers of this file have left that were
    killed is removed.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    lock = FileLock(path.with_name(f".{path.name}.lock"))
    try:
        lock.acquire(timeout=0)
    except Timeout:
        say(f"{path.name}: another run is at work on it, waiting")
        lock.acquire()
    try:
        for left in path.parent.glob(f".{glob.escape(path.name)}-*{PARTIAL}"):
            left.unlink(missing_ok=True)
        yield
    finally:
        lock.release()

"""Writing a file whole or not at all, whoever else writes to the same path, killed or not.

The bytes go to a file without a name in the same folder (Linux), which is gone with its writer;
only the finished one gets a name, a random one, and then takes the place of the old file in one
step. Where the system has no such files, the random name is there from the beginning.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO


def write(path: Path, fill: Callable[[BinaryIO], object]) -> None:
    """Write what `fill` writes to `path`; an error leaves the old file and nothing else.

    Parameters
    ----------
    path : Path
        The file that is written or replaced.
    fill : callable
        Is given a binary file and writes the contents.
    """
    path = path.absolute()
    temporary = path.with_name(f".{secrets.token_hex(12)}.part")
    try:
        descriptor = nameless(path.parent)
        with open(temporary, "xb") if descriptor is None else open(descriptor, "w+b") as file:
            fill(file)
            file.flush()
            os.fsync(file.fileno())
            if descriptor is not None:
                named(descriptor, temporary)
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)
    if os.name == "posix":  # the new name, too, outlasts a failure of the machine
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def nameless(folder: Path) -> int | None:
    """Return the descriptor of a new file without a name; None where there are none of these."""
    if not hasattr(os, "O_TMPFILE") or not os.path.isdir("/proc/self/fd"):
        return None
    try:
        return os.open(folder, os.O_TMPFILE | os.O_RDWR | os.O_CLOEXEC, 0o666)
    except OSError:  # a file system that has none; if it is something worse, it shows again
        return None


def named(descriptor: int, path: Path) -> None:
    """Give a file without a name one."""
    folder = os.open("/proc/self/fd", os.O_RDONLY)
    try:  # with a folder given, Python follows the link (AT_SYMLINK_FOLLOW)
        os.link(f"{descriptor}", path, src_dir_fd=folder, follow_symlinks=True)
    finally:
        os.close(folder)

"""How much memory this process may take: the machine's, or its container's where that is less.

A container that is allowed 4 GB of a machine's 64 sees all 64 of them, and is killed at 4. What it
is allowed stands in the files of its control groups, in version 1 and 2 under different names.
"""

from __future__ import annotations

import math
import os
from pathlib import Path

ROOT = Path("/")
UNKNOWN = 16e9
"""Bytes that are taken as installed where the system does not say."""


def installed() -> float:
    """Return the bytes of memory that the machine has."""
    try:
        return float(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"))
    except (AttributeError, ValueError, OSError):  # not on Windows
        return UNKNOWN


def container_limit(root: Path = ROOT) -> float:
    """Return the least limit among the control groups of this process; infinite where none is.

    Parameters
    ----------
    root : Path
        The folder that holds proc/ and sys/.
    """
    tree, least = root / "sys/fs/cgroup", math.inf
    for line in _text(root / "proc/self/cgroup").splitlines():
        number, controllers, group = [*line.split(":", 2), "", ""][:3]
        if number == "0" and not controllers:
            places, name = (tree, tree / "unified"), "memory.max"
        elif "memory" in controllers.split(","):
            places, name = (tree / "memory", tree), "memory.limit_in_bytes"
        else:
            continue
        own = Path(group.lstrip("/"))
        # A limit of any group above holds too. In a container the path may be the machine's, which
        # is not there, and the container's own files lie at the top.
        for place in places:
            for folder in (own, *own.parents):
                least = min(least, _number(_text(place / folder / name)))
    return least


def available(root: Path = ROOT) -> float:
    """Return the bytes that could be taken now; infinite where the system does not say."""
    for line in _text(root / "proc/meminfo").splitlines():
        if line.startswith("MemAvailable:"):
            return 1024 * _number(line.split()[1])
    return math.inf


def _text(path: Path) -> str:
    try:
        return path.read_text("ascii")
    except (OSError, ValueError):
        return ""


def _number(text: str) -> float:
    """Return the number of a file; infinite for "max", an empty file and any other text."""
    return float(text) if text.strip().isdigit() else math.inf

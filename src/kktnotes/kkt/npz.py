"""Reading arrays from a .npz file that anybody may have written: all of it is checked, then read.

Nothing in such a file is trusted. What its entries are is read from the list of the archive and
from the first hundred bytes of each; only where names, types and shapes are those asked for, fit
together, fit into the file and into the memory that is allowed, is one number read. The headers
are matched letter by letter, never evaluated, so that no Python object is ever made from them.
"""

from __future__ import annotations

import errno
import io
import math
import os
import re
import stat
import struct
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import numpy as np

from kktnotes import checks

MEMORY = 8e9
"""Bytes of arrays that are read unless more are allowed."""
STEP = 1 << 20
"""Bytes that are asked of a file at once, the list of its contents among them."""
WHOLE = "a whole .npz file as KKTPoint.save writes it"
MAGIC = b"\x93NUMPY\x01\x00"
HEADER = re.compile(
    r"\{'descr': '([^']{1,9})', 'fortran_order': (False|True), "
    r"'shape': \(((?:\d{1,18}, )*\d{1,18},?)?\), \} *\n",
    re.ASCII,
)


@dataclass(frozen=True)
class Kind:
    """What one array has to be: its type, in numpy's notation, and a name or number an axis.

    Axes of one name are equally long in all arrays of the file. For strings the type is "<U".
    """

    descr: str
    axes: tuple[str | int, ...]

    def __str__(self) -> str:
        """Return it as a refusal names it: "<f8 of shape (n, p)"."""
        return f"{self.descr} of shape {shown(self.axes)}"


@dataclass(frozen=True, kw_only=True)
class Header:
    """What an entry says it holds, and where in it the numbers begin."""

    descr: str
    fortran: bool
    shape: tuple[int, ...]
    begin: int

    @property
    def bytes(self) -> int:
        """How many bytes of numbers follow the header."""
        width = 4 * int(self.descr[2:]) if self.descr[1] == "U" else int(self.descr[2:])
        return width * math.prod(self.shape)


class Unfit(Exception):
    """What came and what is allowed; `read` adds the file's name."""


class Handle(io.FileIO):
    """A file of which nobody gets more than a step at once, whatever its contents claim."""

    def read(self, size: int | None = -1, /) -> bytes:
        """Return `size` bytes; the archive's reader asks for as many as the archive says."""
        if size is not None and size > STEP:
            raise Unfit(f"a list of contents of {size:,} bytes", WHOLE)
        return super().read(size)


def read(
    path: Path, kinds: Mapping[str, Kind], more: Mapping[str, Kind], *, memory: float = MEMORY
) -> dict[str, np.ndarray]:
    """Return the arrays of an .npz file.

    Parameters
    ----------
    path : Path
        The file.
    kinds : mapping of str to Kind
        The arrays that it has to hold.
    more : mapping of str to Kind
        Arrays that it may hold beside them, all or none.
    memory : float
        The most bytes of arrays that are read.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If it holds anything else, or less, or is damaged: names file, what came, what is allowed.
    """
    try:
        if not stat.S_ISREG(os.stat(path).st_mode):
            raise Unfit("which is no file", WHOLE)
        with Handle(path, "r") as handle, zipfile.ZipFile(handle) as archive:
            entries = listed(archive, kinds, more)
            headers = {name: header(archive, entry) for name, entry in entries.items()}
            every = {**kinds, **more}
            fit(headers, {name: every[name] for name in headers}, memory)
            return {name: numbers(archive, entries[name], headers[name]) for name in entries}
    except Unfit as unfit:
        got, allowed = unfit.args
        raise checks.refusal("path", f"{path}, {got}", allowed) from None
    except OSError as error:  # of the system, but for a place before the file's beginning
        if error.errno != errno.EINVAL:
            raise
        raise checks.refusal("path", f"{path}, not readable", WHOLE) from error
    except (
        zipfile.BadZipFile, zlib.error, struct.error, EOFError, NotImplementedError,
        RuntimeError, OverflowError, ValueError,
    ) as error:  # fmt: skip
        why = f"{error}"[:120]
        raise checks.refusal("path", f"{path}, not readable ({why})", WHOLE) from error


def listed(
    archive: zipfile.ZipFile, kinds: Mapping[str, Kind], more: Mapping[str, Kind]
) -> dict[str, zipfile.ZipInfo]:
    """Return the archive's entries by the names of their arrays, each as numpy stores it."""
    entries: dict[str, zipfile.ZipInfo] = {}
    for entry in archive.infolist():
        name = entry.filename.removesuffix(".npy")
        if name not in {**kinds, **more} or name == entry.filename:
            raise Unfit(f"with an entry {entry.filename[:60]!r}", f"{', '.join(kinds)} (.npy)")
        if name in entries:
            raise Unfit(f"with {name} twice", "every array once")
        if entry.flag_bits & 1:
            raise Unfit(f"whose {name} is encrypted", WHOLE)
        if entry.compress_type != zipfile.ZIP_STORED or entry.compress_size != entry.file_size:
            raise Unfit(f"whose {name} is compressed", "arrays stored as they are (numpy.savez)")
        entries[name] = entry
    asked = [*kinds, *more] if set(more) & set(entries) else [*kinds]
    missing = [name for name in asked if name not in entries]
    if missing:
        raise Unfit(f"without {', '.join(missing)}", "all arrays")
    return {name: entries[name] for name in asked}


def header(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> Header:
    """Return what an entry says it holds."""
    name = entry.filename.removesuffix(".npy")
    with archive.open(entry) as file:
        start = file.read(len(MAGIC) + 2)
        if start[: len(MAGIC)] != MAGIC or len(start) < len(MAGIC) + 2:
            raise Unfit(f"whose {name} begins with {start[:8]!r}", "an array of numpy, version 1.0")
        (length,) = struct.unpack("<H", start[len(MAGIC) :])
        text = file.read(length).decode("latin-1")
    found = HEADER.fullmatch(text)
    if not found:
        raise Unfit(f"whose {name} has the header {text[:100]!r}", "one as numpy.save writes it")
    shape = tuple(int(part) for part in (found[3] or "").split(",") if part.strip())
    return Header(
        descr=found[1], fortran=found[2] == "True", shape=shape, begin=len(start) + length
    )


def fit(headers: Mapping[str, Header], kinds: Mapping[str, Kind], memory: float) -> None:
    """Refuse types and shapes that are not those asked for, and more than the memory allowed."""
    lengths: dict[str, int] = {}
    for name, kind in kinds.items():
        one = headers[name]
        got = f"whose {name} is {one.descr} of shape {one.shape}"
        pattern = r"<U[1-9]\d?" if kind.descr == "<U" else re.escape(kind.descr)
        if not re.fullmatch(pattern, one.descr) or len(one.shape) != len(kind.axes):
            raise Unfit(got, f"{kind}")
        for axis, length in zip(kind.axes, one.shape, strict=True):
            if length != lengths.setdefault(f"{axis}", axis if isinstance(axis, int) else length):
                here = {axis: number for axis, number in lengths.items() if axis in kind.axes}
                raise Unfit(got, f"{kind} with {here}" if here else f"{kind}")
    total = sum(one.bytes for one in headers.values())
    if total > memory:
        axes = {axis: length for axis, length in lengths.items() if not axis.isdigit()}
        sizes = ", ".join(f"{axis} = {length:,}" for axis, length in axes.items())
        raise Unfit(f"of {total:.3g} bytes ({sizes})", f"{memory:.3g} bytes (memory=...)")


def numbers(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, one: Header) -> np.ndarray:
    """Return the array of an entry; it holds as many bytes as its header says, and in the file."""
    name = entry.filename.removesuffix(".npy")
    held = archive.fp
    size = os.fstat(held.fileno()).st_size if held is not None else 0
    if entry.file_size != one.begin + one.bytes or entry.file_size > size:
        got = f"whose {name} of {one.bytes:,} bytes lies in {entry.file_size - one.begin:,}"
        raise Unfit(f"{got}, in a file of {size:,}", "as many bytes as its shape asks")
    flat = np.empty(one.bytes, np.uint8)
    with archive.open(entry) as file:
        file.read(one.begin)
        for begin in range(0, one.bytes, STEP):
            part = flat[begin : begin + STEP]
            if cast("io.BufferedIOBase", file).readinto(part.data) != len(part):
                raise Unfit(f"whose {name} ends early", WHOLE)
        file.read(1)  # nothing is left: the reader compares the checksum
    if one.descr[1] == "U":
        flat.tobytes().decode("utf-32-le")  # raises where numpy would fail later
    return flat.view(one.descr).reshape(one.shape, order="F" if one.fortran else "C")


def shown(axes: tuple[str | int, ...]) -> str:
    """Return a shape in words: "(n, p)", "(n,)"."""
    return f"({', '.join(map(str, axes))}{',' if len(axes) == 1 else ''})"

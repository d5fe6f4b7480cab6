"""Files that claim to be points: each one is refused at once, by name, whatever it holds."""

import io
import os
import pickle
import struct
import tracemalloc
import warnings
import zipfile
import zlib

import numpy as np
import pytest
from exact_points import two_point

import kktnotes as kn
from kktnotes.kkt import npz

HEAD = b"\x93NUMPY\x01\x00"


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """The bytes of a point's file."""
    x, y, network, lam, a = two_point(40.0, 7.0)
    point = kn.KKTPoint.measured(kn.TwoLayerReLU(*network), x, y, lam, a)
    return point.save(tmp_path_factory.mktemp("point") / "point.npz").read_bytes()


def entries(content):
    """The entries of an archive: name -> bytes."""
    with zipfile.ZipFile(io.BytesIO(content)) as file:
        return {name: file.read(name) for name in file.namelist()}


def packed(parts, compression=zipfile.ZIP_STORED):
    """An archive of these (name, bytes)."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", compression) as file, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of names that come twice
        for name, content in parts:
            file.writestr(name, content)
    return target.getvalue()


def stored(array, version=(1, 0), **options):
    """The bytes of an array's file."""
    target = io.BytesIO()
    np.lib.format.write_array(target, array, version, **options)
    return target.getvalue()


def head(text, data=b"\0" * 32, magic=HEAD):
    """The bytes of an array's file with a header of our own."""
    text = text.encode() + b"\n"
    return magic + struct.pack("<H", len(text)) + text + data


def shaped(shape, descr="<f8", data=b"\0" * 32):
    return head(f"{{'descr': '{descr}', 'fortran_order': False, 'shape': {shape}, }}", data)


def instead(name, content):
    """A change of a whole file: another content of one entry."""
    return lambda whole: packed([*(entries(whole) | {f"{name}.npy": content}).items()])


def array(name, change):
    """A change of a whole file: one array changed."""

    def changed(whole):
        old = np.load(io.BytesIO(entries(whole)[f"{name}.npy"]))
        return instead(name, stored(change(old), allow_pickle=True))(whole)

    return changed


def patched(signature, offset, form, *values):
    """A change of a whole file: a field of every header of this kind in the archive."""

    def changed(whole):
        content, place = bytearray(whole), whole.find(signature)
        while place >= 0:
            struct.pack_into(form, content, place + offset, *values)
            place = whole.find(signature, place + 1)
        return bytes(content)

    return changed


def flipped(whole):
    content = bytearray(whole)
    content[whole.index(b"weights.npy") + 180] ^= 0xFF
    return bytes(content)


def squeezed(whole):
    """Compressed entries whose bytes are no compressed data."""
    content = packed(entries(whole).items(), zipfile.ZIP_DEFLATED)
    place = content.index(b"x.npy") + 5
    return content[:place] + b"\xff" * 40 + content[place + 40 :]


def claimed(whole):
    """Two arrays of 1 GiB, say their headers and the archive's list; the file is small."""
    start = shaped(f"(2, {2**26})")
    parts = entries(whole) | {"x.npy": start, "weights.npy": start}
    content, size = bytearray(packed(parts.items())), len(start) - 32 + 2**30
    for name in (b"x.npy", b"weights.npy"):
        struct.pack_into("<LL", content, content.rindex(name) - 46 + 20, size, size)
    return bytes(content)


class Evil:
    def __reduce__(self):
        return os.mkdir, ("made-by-a-pickle",)


LIST, END = b"PK\x01\x02", b"PK\x05\x06"
HUGE = 10**12
OVERLAP = "not readable .Overlapped entries"  # what Python 3.13 sees first
HOSTILE = {
    "empty": (lambda whole: b"", "not readable"),
    "one byte": (lambda whole: b"P", "not readable"),
    "text": (lambda whole: b"no archive at all\n" * 99, "not readable"),
    "an array alone": (lambda whole: stored(np.ones(3)), "not readable"),
    "a pickle alone": (lambda whole: pickle.dumps(Evil()), "not readable"),
    "half": (lambda whole: whole[: len(whole) // 2], "not readable"),
    "no beginning": (lambda whole: whole[len(whole) // 2 :], "not readable|begins with"),
    "no end": (lambda whole: whole[:-1], "not readable"),
    "the end alone": (lambda whole: whole[-22:], "not readable|without x"),
    "a list of contents of 2 MB": (
        lambda whole: packed(
            [*entries(whole).items(), *((f"{n:060}.npy", b"") for n in range(20_000))]
        ),
        r"a list of contents of 2,\d{3},\d{3} bytes",
    ),
    "an empty archive": (lambda whole: packed([]), "without x, y"),
    "one bit turned": (flipped, r"not readable \(Bad CRC-32"),
    "a name damaged": (
        lambda whole: whole.replace(b"x.npy", b"z.npy", 1),
        r"not readable \(File name in directory",
    ),
    "encrypted": (patched(LIST, 8, "<H", 1), "x is encrypted"),
    "compressed": (
        lambda whole: packed(entries(whole).items(), zipfile.ZIP_DEFLATED), "x is compressed",
    ),
    "compressed by bzip2": (
        lambda whole: packed(entries(whole).items(), zipfile.ZIP_BZIP2), "x is compressed",
    ),
    "an error of zlib": (squeezed, "x is compressed"),
    "an unknown compression": (patched(LIST, 10, "<H", 77), "x is compressed"),
    "called stored, and is not": (
        lambda whole: patched(LIST, 10, "<H", 0)(
            packed(entries(whole).items(), zipfile.ZIP_DEFLATED)
        ),
        "x is compressed",
    ),
    "a bomb": (
        lambda whole: packed(
            (entries(whole) | {"x.npy": b"\0" * 30_000_000}).items(), zipfile.ZIP_DEFLATED
        ),
        "x is compressed",
    ),
    "sizes of the archive's list too large": (
        patched(LIST, 20, "<LL", 0xFFFFFFF0, 0xFFFFFFF0), f"in a file of|{OVERLAP}",
    ),
    "sizes of the archive's list too small": (patched(LIST, 20, "<LL", 4, 4), "whose x|readable"),
    "1 GiB, say headers and list": (
        claimed, f"x of 1,073,741,824 bytes lies in .* in a file of|{OVERLAP}",
    ),
    "entries beyond the end": (patched(LIST, 42, "<L", 0x7FFFFFFF), "not readable|begins with"),
    "a list of contents of 4 GB": (patched(END, 12, "<L", 0xFFFFFFF0), "readable|list of contents"),
    "a list that begins behind the end": (patched(END, 16, "<L", 0xFFFFFFF0), "not readable"),
    "a later version of zip": (patched(LIST, 6, "<B", 255), "not readable"),
    "an entry twice": (
        lambda whole: packed([*entries(whole).items(), *entries(whole).items()]), "x twice",
    ),
    "an entry more": (
        lambda whole: packed([*entries(whole).items(), ("z.npy", stored(np.ones(2)))]),
        "an entry 'z.npy'",
    ),
    "an entry with a path": (
        lambda whole: packed([*entries(whole).items(), ("../../x.npy", b"")]),
        r"an entry '../../x.npy'",
    ),
    "an entry that is no array": (
        lambda whole: packed([*entries(whole).items(), ("x", b"")]), "an entry 'x'",
    ),
    "a name of 60,000 characters": (
        lambda whole: packed([*entries(whole).items(), ("z" * 60_000, b"")]), "an entry 'zzz",
    ),
    "an entry less": (
        lambda whole: packed([*entries(whole).items()][1:]), "without x, allowed is all arrays",
    ),
    "half of a flow's path": (
        lambda whole: packed([*entries(whole).items(), ("angles.npy", stored(np.ones(2)))]),
        "without log_times, neurons",
    ),
    "a pickled object": (
        array("x", lambda old: np.array([[Evil(), 1], [2, 3]], dtype=object)), r"x is \|O",
    ),
    "a pickle in the place of an array": (instead("x", pickle.dumps(Evil())), "x begins with"),
    "an empty array's file": (instead("x", b""), "x begins with b''"),
    "only the first letters": (instead("x", HEAD), "x begins with"),
    "a header without an end": (instead("x", HEAD + b"\xff\xff{'descr'"), "x has the header"),
    "a terabyte, says the header": (instead("x", shaped(f"({HUGE}, 2)")), "y is .* with .*n"),
    "overflowing sizes": (instead("x", shaped("(4294967296, 4294967296)")), "is <f8 of shape"),
    "sizes of 30 digits": (instead("x", shaped(f"({10**30}, 2)")), "x has the header"),
    "a negative size": (instead("x", shaped("(-2, 2)")), "x has the header"),
    "a size that is a sum": (instead("x", shaped("(1 + 1, 2)")), "x has the header"),
    "a header that calls": (
        instead("x", head("__import__('os').mkdir('made-by-a-header')")), "x has the header",
    ),
    "a header of 10,000 brackets": (instead("x", head("(" * 10_000)), "x has the header"),
    "a header that is no text": (instead("x", HEAD + b"\x04\0\xff\xfe\0\n"), "x has the header"),
    "a header of other keys": (
        instead("x", head("{'descr': '<f8', 'shape': (2, 2), }")), "x has the header",
    ),
    "version 2": (
        instead("x", stored(np.eye(2), (2, 0))), "version 1.0",
    ),
    "version 3": (instead("x", stored(np.eye(2), (3, 0))), "version 1.0"),
    "version 9": (instead("x", head("", magic=b"\x93NUMPY\x09\x00")), "version 1.0"),
    "fewer numbers than the shape": (instead("x", shaped("(2, 2)", data=b"\0" * 24)), "lies in 24"),
    "more numbers than the shape": (instead("x", shaped("(2, 2)", data=b"\0" * 40)), "lies in 40"),
    "big-endian": (array("x", lambda old: old.astype(">f8")), "x is >f8"),
    "single precision": (array("x", lambda old: old.astype("<f4")), "x is <f4"),
    "complex": (array("x", lambda old: old.astype("<c16")), "x is <c16"),
    "bytes for labels": (array("y", lambda old: old.astype("i1")), r"y is \|i1"),
    "whole numbers": (array("multipliers", lambda old: old.astype("<i8")), "multipliers is <i8"),
    "truth values": (array("y", lambda old: old > 0), r"y is \|b1"),
    "strings for numbers": (array("x", lambda old: old.astype("<U5")), "x is <U5"),
    "dates": (array("x", lambda old: old.astype("<M8[s]")), "x has the header|x is <M8"),
    "records": (instead("x", stored(np.zeros((2, 2), "<f4,<f4"))), "x has the header"),
    "numbers for names": (array("residual_names", lambda old: np.arange(9.0)), "residual_names is"),
    "bytes for names": (array("residual_names", lambda old: old.astype("S")), "residual_names is"),
    "names without letters": (instead("residual_names", shaped("(9,)", "<U0")), "is <U0"),
    "names of 10 MB": (instead("residual_names", shaped("(9,)", "<U999999")), "is <U999999"),
    "letters that are none": (
        instead("residual_names", shaped("(9,)", "<U1", b"\xff" * 36)), "not readable",
    ),
    "other names": (array("residual_names", lambda old: old[::-1]), "residual_names: got others"),
    "too few residuals": (array("residuals", lambda old: old[:8]), r"shape \(8,\)"),
    "a number alone": (array("x", lambda old: old.sum()), r"x is <f8 of shape \(\)"),
    "one axis too few": (array("x", lambda old: old[0]), r"x is <f8 of shape \(2,\)"),
    "one axis too many": (array("x", lambda old: old[None]), r"x is <f8 of shape \(1, 2, 2\)"),
    "33 axes": (instead("x", shaped(f"({'1, ' * 33})")), "x is <f8|x has the header"),
    "one point too few": (array("x", lambda old: old[:1]), r"y is <f8 of shape \(2,\)"),
    "one neuron too many": (
        array("biases", lambda old: np.append(old, 1.0)), r"biases is <f8 of shape \(3,\)",
    ),
    "one coordinate too many": (
        array("x", lambda old: np.pad(old, ((0, 0), (0, 1)))), r"weights is <f8 of shape \(2, 2\)",
    ),
    "no points": (
        lambda whole: packed(
            (
                entries(whole)
                | {f"{name}.npy": shaped("(0,)", data=b"") for name in ("y", "multipliers")}
                | {f"{name}.npy": shaped("(0, 2)", data=b"") for name in ("x", "subgradients")}
            ).items()
        ),
        "y: got one class",
    ),
    "NaN": (array("x", lambda old: old * np.nan), "x: got 4 entries that are NaN"),
    "infinite": (array("weights", lambda old: old + np.inf), "weights: got 4 entries"),
    "NaN for a residual": (array("residuals", lambda old: old * np.nan), "got nan written"),
    "labels 0 and 1": (array("y", lambda old: (old + 1) / 2), "y: got the value 0"),
    "numbers at the end of the range": (
        array("multipliers", lambda old: old * 1e300), "written, .* measured",
    ),
    "multipliers below 0": (array("multipliers", lambda old: -old), "multipliers: got the value -"),
}  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_file_is_refused_by_name_and_nothing_runs(whole, name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    change, words = HOSTILE[name]
    path = tmp_path / "a point.npz"
    path.write_bytes(change(whole))
    tracemalloc.start()
    try:
        with pytest.raises(ValueError, match=words) as refused:
            kn.KKTPoint.load(path)
        assert tracemalloc.get_traced_memory()[1] < 5_000_000 + os.path.getsize(path)
    finally:
        tracemalloc.stop()
    message = str(refused.value)
    assert f"got {path}" in message and "allowed is" in message and len(message) < 900
    assert [file.name for file in tmp_path.iterdir()] == ["a point.npz"]


def test_the_whole_file_that_all_of_these_change_is_read(whole, tmp_path):
    """Written again by `packed`, and in Fortran's order, as some points lie in memory."""
    path = tmp_path / "point.npz"
    again = packed(entries(whole).items())
    for content in (whole, again, array("x", np.asfortranarray)(whole)):
        path.write_bytes(content)
        assert kn.KKTPoint.load(path).certificate.within(1e-13)
    assert b"'fortran_order': True" in path.read_bytes()


def test_what_is_no_file_is_refused_and_what_is_not_there_is_not_found(tmp_path):
    (tmp_path / "folder.npz").mkdir()
    os.mkfifo(tmp_path / "pipe.npz")
    for name in ("folder.npz", "pipe.npz"):
        with pytest.raises(ValueError, match="which is no file, allowed is a whole"):
            kn.KKTPoint.load(tmp_path / name)
    with pytest.raises(FileNotFoundError):
        kn.KKTPoint.load(tmp_path / "none.npz")


def test_more_than_the_memory_allowed_is_refused_before_it_is_read(whole, tmp_path, monkeypatch):
    path = tmp_path / "point.npz"
    path.write_bytes(whole)
    monkeypatch.setattr(npz, "numbers", lambda *_: pytest.fail("read"))
    with pytest.raises(ValueError, match=r"bytes \(n = 2, p = 2, m = 2\), allowed is 100 bytes"):
        kn.KKTPoint.load(path, memory=100)
    with pytest.raises(ValueError, match="memory: got 0"):
        kn.KKTPoint.load(path, memory=0)


def test_a_terabyte_that_is_really_there_is_not_read(tmp_path):
    """A file with a hole: headers, archive and size of the file agree."""
    n, path = 10**8, tmp_path / "point.npz"
    shapes = {
        "x": (n, 1000), "y": (n,), "weights": (2, 1000), "biases": (2,), "output": (2,),
        "multipliers": (n,), "subgradients": (n, 2), "residual_names": (9,), "residuals": (9,),
    }  # fmt: skip
    listing = b""
    try:
        with open(path, "wb") as file:
            for name, shape in shapes.items():
                descr = "<U23" if name == "residual_names" else "<f8"
                start, title = shaped(shape, descr, b""), f"{name}.npy".encode()
                size = len(start) + int(np.prod(shape)) * (92 if descr == "<U23" else 8)
                extra = struct.pack("<HHQQ", 1, 16, size, size)
                at = file.tell()
                crc = zlib.crc32(start + bytes(size - len(start))) if size < 10**6 else 0
                sizes = (crc, 0xFFFFFFFF, 0xFFFFFFFF, len(title))
                fixed = struct.pack("<HHHHH", 45, 0, 0, 0, 33)
                file.write(b"PK\3\4" + fixed + struct.pack("<LLLHH", *sizes, len(extra)))
                file.write(title + extra + start)
                file.seek(size - len(start), os.SEEK_CUR)
                extra = struct.pack("<HHQQQ", 1, 24, size, size, at)
                ends = struct.pack("<HHHLL", 0, 0, 0, 0, 0xFFFFFFFF)
                listing += LIST + b"\x2d\0" + fixed + struct.pack("<LLLHH", *sizes, len(extra))
                listing += ends + title + extra
            begin = file.tell()
            file.write(listing)
            count = len(shapes)
            last = (44, 45, 45, 0, 0, count, count, len(listing), begin)
            file.write(b"PK\6\6" + struct.pack("<QHHLLQQQQ", *last))
            file.write(b"PK\6\7" + struct.pack("<LQL", 0, begin + len(listing), 1))
            file.write(
                END + struct.pack("<HHHHLLH", 0, 0, count, count, len(listing), 2**32 - 1, 0)
            )
    except OSError:
        pytest.skip("this file system has no files with holes of this size")
    with pytest.raises(ValueError, match=r"of 8.03e\+11 bytes \(n = 100,000,000, p = 1,000"):
        kn.KKTPoint.load(path)

import subprocess
import sys
import textwrap

import numpy as np
import pytest
import torch
from exact_points import two_point

import kktnotes as kn
from kktnotes.kkt import storage, writing

NAMES = [*storage.ARRAYS, "residual_names", "residuals"]


def example():
    x, y, network, lam, a = two_point(40.0, 7.0)
    return kn.KKTPoint.measured(kn.TwoLayerReLU(*network).scaled(3.0), x, y, lam, a)


def changed(path, **changes):
    """Rewrite the file with some arrays changed; None leaves one out."""
    with np.load(path) as file:
        arrays = {name: file[name] for name in file.files} | changes
    np.savez(path, **{name: value for name, value in arrays.items() if value is not None})


def test_round_trip(tmp_path):
    point = example()
    path = point.save(tmp_path / "point.npz")
    assert [file.name for file in tmp_path.iterdir()] == ["point.npz"]
    again = kn.KKTPoint.load(path)
    for name in ("x", "y", "multipliers", "subgradients"):
        assert torch.equal(getattr(again, name), getattr(point, name))
    for name in ("weights", "biases", "output"):
        saved, read = getattr(point.network, name), getattr(again.network, name)
        assert torch.allclose(saved, read, rtol=1e-15, atol=0)
    assert again.certificate.within(1e-14)
    assert "worst residual" in repr(again)


def test_the_file_by_hand(tmp_path):
    """The numpy lines of the documentation, run where the package is not imported."""
    documented = storage.__doc__.split("without this package::")[1]
    script = textwrap.dedent(documented).strip()
    assert "kktnotes" not in script and len(script.splitlines()) <= 16
    example().save(tmp_path / "point.npz")
    script += "\nimport sys\nassert not any('kktnotes' in name for name in sys.modules)\n"
    script += "assert sorted(f.files) == sorted(" + repr(NAMES) + ")\n"
    script += "assert all(f[n].dtype == np.float64 for n in f.files if n != 'residual_names')\n"
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    printed = dict(line.rsplit(" ", 1) for line in done.stdout.splitlines() if "least" not in line)
    assert len(printed) == 5 and all(float(value) < 1e-14 for value in printed.values()), printed
    first = done.stdout.splitlines()[0].split()
    assert float(first[2]) == pytest.approx(1, abs=1e-15) and float(first[-1]) > 0


def test_the_file_by_hand_sees_errors(tmp_path):
    """The same lines on wrong arrays agree with the residuals of this package."""
    x, y, (w, b, v), lam, a = two_point(40.0, 7.0, freedom=0.2)
    point = kn.KKTPoint.measured(kn.TwoLayerReLU(w * 1.01, b * 1.02, v), x, y, lam, a)
    point.save(tmp_path / "point.npz")
    script = textwrap.dedent(storage.__doc__.split("without this package::")[1])
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    values = [float(line.rsplit(" ", 1)[1]) for line in done.stdout.splitlines()[1:]]
    expected = [value for name, value in point.certificate.residuals.items() if "euler" not in name]
    assert values == pytest.approx(expected, rel=1e-9, abs=1e-15)
    assert min(values[:3]) > 1e-3 and values[4] > 1e-3


def test_a_failed_write_leaves_the_old_file(tmp_path, monkeypatch):
    path = example().save(tmp_path / "point.npz")
    before = path.read_bytes()

    def broken(file, **arrays):
        file.write(b"half")
        raise OSError("no space left")

    def killed(source, target):
        raise KeyboardInterrupt

    for module, name, double in ((storage.np, "savez", broken), (writing.os, "replace", killed)):
        with monkeypatch.context() as patch:
            patch.setattr(module, name, double)
            with pytest.raises((OSError, KeyboardInterrupt)):
                kn.averaged_point(4, 10).save(path)
        assert path.read_bytes() == before
        assert [file.name for file in tmp_path.iterdir()] == ["point.npz"]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"multipliers": None}, "without multipliers"),
        ({"x": None, "residuals": None}, "without x, residuals"),
        (
            {"weights": np.ones((2, 3))},
            r"weights is <f8 of shape \(2, 3\), allowed is .* \(m, p\) with",
        ),
        ({"biases": np.ones(3)}, r"biases is <f8 of shape \(3,\)"),
        ({"output": np.array([2.0, -2.0])}, "network: got the least margin"),
        ({"y": np.array([1.0, 1.0])}, "y: got one class"),
        ({"multipliers": np.full(2, 1e-3)}, "subgradients: got entries outside"),
        ({"multipliers": np.full(2, 0.5)}, "written, .* measured"),
        ({"residuals": np.full(9, 1e-3)}, "stationarity_weights: got 0.001 written, .* measured"),
        ({"residuals": np.zeros(8)}, r"residuals is <f8 of shape \(8,\)"),
        ({"x": np.full((2, 2), np.nan)}, "x: got 4 entries that are NaN"),
    ],
)
def test_inconsistent_files(tmp_path, changes, words):
    path = example().save(tmp_path / "point.npz")
    changed(path, **changes)
    with pytest.raises(ValueError, match=words):
        kn.KKTPoint.load(path)


def test_no_such_files(tmp_path):
    with pytest.raises(FileNotFoundError):
        kn.KKTPoint.load(tmp_path / "none.npz")
    path = tmp_path / "text.npz"
    path.write_text("not an archive")
    with pytest.raises(ValueError, match="not readable"):
        kn.KKTPoint.load(path)
    whole = example().save(tmp_path / "whole.npz").read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(ValueError, match="not readable"):
        kn.KKTPoint.load(path)
    damaged = bytearray(whole)
    place = whole.index(b"x.npy") + 140  # inside the first array
    damaged[place] ^= 0xFF
    path.write_bytes(damaged)
    with pytest.raises(ValueError, match="not readable"):
        kn.KKTPoint.load(path)
    np.save(tmp_path / "one.npy", np.ones(3))
    with pytest.raises(ValueError, match="not readable"):
        kn.KKTPoint.load(tmp_path / "one.npy")

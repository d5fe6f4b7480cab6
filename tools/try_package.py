"""Build wheel and sdist and try them where nothing else is: `python -m tools.try_package`.

Everything happens in a temporary folder: a copy of what the package is made from, an environment
that builds (pip's and build's isolation honour the bound on setuptools in pyproject.toml), and a
clean one that gets the wheel with the versions of constraints.txt. There the lines of the README
run on a small case, from a folder outside the clone, warnings as errors; the statements have to
print the names that they have here; what needs an extra has to say which.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
import sys
import tarfile
import tempfile
import time
import zipfile
from pathlib import Path

from tools.refusal import Refused
from tools.start import started

ROOT = Path(__file__).resolve().parent.parent
SOURCES = ("pyproject.toml", "README.md", "LICENSE", "CHANGELOG.md", "src")
NAMES = """
import json, sys
from kktnotes.evidence.card import title
print(json.dumps([title(one) for one in json.loads(sys.argv[1])]))
"""
EXAMPLE = """
import kktnotes as kn

clusters = kn.Clusters.orthogonal(k=4, d=1203, sigma=1.0)
train = clusters.sample(n=40, seed=0)
flow = kn.gradient_flow(train, width=50, loss="exponential", init_scale=1e-3, seed=0)
point = kn.kkt_point(flow)
print(point.certificate)
point.save("point.npz")
assert kn.KKTPoint.load("point.npz").certificate.within(1e-8)
radii = kn.exact_radius(point.network, train.fresh(20, seed=1).x)
print("median of the radii:", float(radii.flip.upper.median()))
"""
EXTRAS = """
import kktnotes as kn

kn.say(one=1)
try:
    import kktnotes.figures
except ModuleNotFoundError as error:
    assert "kktnotes[figures]" in str(error), error
else:
    raise AssertionError("kktnotes.figures needs nothing of [figures]")
"""


def run(*command: str | Path, cwd: Path) -> str:
    """Run a command and return what it prints; raises Refused with its last lines if it fails."""
    ended = subprocess.run(
        list(map(str, command)), cwd=cwd, capture_output=True, encoding="utf-8", check=False
    )
    if ended.returncode:
        said = "\n".join((ended.stdout + ended.stderr).splitlines()[-25:])
        raise Refused(f"{said}\nfailed: {' '.join(map(str, command))[:200]}")
    return ended.stdout


def environment(folder: Path) -> list[str]:
    """Make an empty environment and return the command that runs its Python, alone."""
    run(sys.executable, "-I", "-m", "venv", folder, cwd=folder.parent)
    return [str(folder / "bin" / "python"), "-I"]


def copy_sources(folder: Path, root: Path = ROOT) -> Path:
    """Copy what the package is made from, without what earlier builds have left in the tree."""
    folder.mkdir()
    left = shutil.ignore_patterns("*.egg-info", "__pycache__")
    for name in SOURCES:
        if (root / name).is_dir():
            shutil.copytree(root / name, folder / name, ignore=left)
        else:
            shutil.copy(root / name, folder / name)
    return folder


def contents(wheel: Path) -> dict[str, str]:
    """Return the digests of a wheel's files, less RECORD, which only lists them."""
    with zipfile.ZipFile(wheel) as archive:
        return {
            name: hashlib.sha256(archive.read(name)).hexdigest()
            for name in archive.namelist()
            if not name.endswith(".dist-info/RECORD")
        }


def lacking(wheel: Path, root: Path = ROOT) -> set[str]:
    """Return what lies in src/kktnotes and is not in the wheel."""
    source = root / "src"
    files = (path for path in (source / "kktnotes").rglob("*") if path.is_file())
    kept = (path for path in files if path.parent.name != "__pycache__")
    return {path.relative_to(source).as_posix() for path in kept} - set(contents(wheel))


def differing(one: Path, other: Path) -> set[str]:
    """Return the names of the files in which two wheels differ."""
    first, second = contents(one), contents(other)
    return {name for name in first.keys() | second.keys() if first.get(name) != second.get(name)}


def build(work: Path) -> tuple[Path, Path]:
    """Build a wheel from a copy of the tree and an sdist; return the wheel and the sdist's."""
    pip = [*environment(work / "builder"), "-m", "pip", "--disable-pip-version-check"]
    run(*pip, "install", "--quiet", "--no-user", "build", "-c", ROOT / "constraints.txt", cwd=work)
    source = copy_sources(work / "source")
    builder = [*pip[:2], "-m", "build", "--outdir"]
    run(*builder, work / "direct", "--wheel", source, cwd=work)
    run(*builder, work / "sdist", "--sdist", source, cwd=work)
    (archive,) = (work / "sdist").iterdir()
    with tarfile.open(archive) as packed:
        packed.extractall(work / "unpacked", filter="data")
    (unpacked,) = (work / "unpacked").iterdir()
    run(*builder, work / "indirect", "--wheel", unpacked, cwd=work)
    (direct,), (indirect,) = (work / "direct").iterdir(), (work / "indirect").iterdir()
    return direct, indirect


def use(wheel: Path, work: Path) -> list[str]:
    """Try the wheel in a clean environment; return the statements' names as it prints them."""
    python = environment(work / "clean")
    pip = [*python, "-m", "pip", "--disable-pip-version-check"]
    print(run(*python, ROOT / "tools" / "cpu_torch.py", cwd=work), end="", flush=True)
    run(*pip, "install", "--quiet", "--no-user", wheel, "-c", ROOT / "constraints.txt", cwd=work)
    run(*pip, "check", cwd=work)
    outside = work / "outside"
    outside.mkdir()
    print(run(*python, "-W", "error", "-c", EXAMPLE, cwd=outside), end="", flush=True)
    run(*python, "-c", EXTRAS, cwd=outside)
    return json.loads(run(*python, "-c", NAMES, json.dumps(statements()), cwd=outside))


def statements() -> list[str]:
    """Return the ids of the book's statements."""
    return list(json.loads((ROOT / "src/kktnotes/evidence/names.json").read_text("utf-8")))


def size(folder: Path) -> float:
    """Return the size of a folder in MB."""
    return sum(path.lstat().st_size for path in folder.rglob("*")) / 1e6


def main() -> int:
    """Build, compare, install, try; the status is 0 if all of it is as it should be."""
    start = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="kktnotes-") as folder:
        work = Path(folder)
        direct, indirect = build(work)
        print(f"built {direct.name}, {direct.stat().st_size / 1e3:.0f} kB", flush=True)
        if lacking(direct):
            raise Refused(f"not in the wheel: {', '.join(sorted(lacking(direct)))}")
        if differing(direct, indirect):
            names = ", ".join(sorted(differing(direct, indirect)))
            raise Refused(f"the wheel from the sdist differs: {names}")
        names = use(direct, work)
        print(f"{len(names)} statements: {', '.join(names)}")
        here = run(sys.executable, "-c", NAMES, json.dumps(statements()), cwd=ROOT)
        if names != json.loads(here):
            raise Refused(f"here the statements are called otherwise: {here}")
        print(f"the package alone: {size(work / 'clean'):.0f} MB,", end=" ")
    print(f"tried in {time.monotonic() - start:.0f} s")
    return 0


if __name__ == "__main__":
    sys.exit(started(main))

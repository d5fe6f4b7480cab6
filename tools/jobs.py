"""What there is to run in a profile, and what of it still stands from the last time."""

from __future__ import annotations

import hashlib
import json
import platform
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

import nbformat

from tools import chapters, files, surroundings
from tools.profiles import Profile


@dataclass(frozen=True)
class Job:
    """One notebook to run: where it comes from, where it goes, what it depends on.

    Attributes
    ----------
    source, target : Path
        The committed notebook, and the executed copy.
    notebook : NotebookNode
        What is run: the source with the profile's parameters, without outputs.
    key : str
        A digest of all that its outputs depend on.
    """

    source: Path
    target: Path
    notebook: nbformat.NotebookNode
    key: str

    @property
    def name(self) -> str:
        """The chapter's name."""
        return self.source.stem

    @property
    def record(self) -> Path:
        """The file that says what the executed copy was made from, and in how many seconds."""
        return self.target.with_suffix(".json")

    def finished(self) -> float | None:
        """Return the seconds that the last run took if it still stands, else None.

        It does where the record has this key and the copy is, byte for byte, the one it is of.
        """
        try:
            record = json.loads(self.record.read_text("utf-8"))
            stands = record["key"] == self.key and record["copy"] == digest(self.target)
            return float(record["seconds"]) if stands else None
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def keep(self, notebook: nbformat.NotebookNode, seconds: float) -> None:
        """Keep the executed copy and its record; a death in between leaves no record that fits."""
        text = nbformat.writes(notebook) + "\n"
        self.record.unlink(missing_ok=True)
        files.replace(self.target, text)
        record = {"key": self.key, "copy": digest(self.target), "seconds": round(seconds, 1)}
        files.replace(self.record, json.dumps(record))


def digest(path: Path) -> str:
    """Return a digest of a file's bytes."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def dependencies(root: Path = chapters.ROOT) -> str:
    """Return a digest of what every notebook depends on beside its own text.

    The package, the tools, the statements that cards read, Python, all versions, and the variables
    that may change the last bits.
    """
    whole = hashlib.sha256(platform.python_version().encode())
    found = [path for path in (root / "src" / "kktnotes").rglob("*") if path.is_file()]
    found += [*root.glob("tools/*.py"), root / "book" / "statements.toml"]
    for path in sorted(path for path in found if path.parent.name != "__pycache__"):
        whole.update(str(path.relative_to(root)).encode() + b"\0" + path.read_bytes() + b"\0")
    for version in sorted(f"{d.metadata['Name']}=={d.version}" for d in metadata.distributions()):
        whole.update(version.encode() + b"\0")
    whole.update(json.dumps(surroundings.arithmetic(), sort_keys=True).encode())
    return whole.hexdigest()


def plan(profile: Profile, root: Path = chapters.ROOT, names: Sequence[str] = ()) -> list[Job]:
    """Return a job for every chapter of the book, or those of these names.

    Raises
    ------
    Refused
        Before anything is run, if one of them cannot be.
    """
    common = dependencies(root)
    jobs = []
    for path in chapters.named(list(names), root):
        notebook = profile.prepared(path)
        text = json.dumps([common, chapters.content(notebook)], sort_keys=True)
        key = hashlib.sha256(text.encode()).hexdigest()
        target = root / "_build" / profile.name / "executed" / path.name
        jobs.append(Job(path, target, notebook, key))
    return jobs

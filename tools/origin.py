"""Refuse to run another folder's package.

An environment that was copied along with its clone imports the original's `kktnotes`, and so does
one whose user has another clone on PYTHONPATH; everything would seem to work.
"""

from __future__ import annotations

import importlib.util
from pathlib import Path

from tools.refusal import Refused

ROOT = Path(__file__).resolve().parent.parent


def imported() -> Path | None:
    """Return the folder of the `kktnotes` that Python would import, without importing it."""
    spec = importlib.util.find_spec("kktnotes")
    folders = list(spec.submodule_search_locations or ()) if spec else []
    return Path(folders[0]).resolve() if folders else None


def foreign(root: Path = ROOT) -> str:
    """Return in one line what is wrong with the `kktnotes` at hand; empty where it is `root`'s."""
    own, found = (root / "src" / "kktnotes").resolve(), imported()
    if found == own:
        return ""
    if found is None:
        return "kktnotes is not installed here: make environment"
    return f"kktnotes would come from {found}, not from {own}: make environment, unset PYTHONPATH"


def require_own_package(root: Path = ROOT) -> None:
    """Go on only where the `kktnotes` that Python would import is that of this clone.

    Raises
    ------
    Refused
        If it is another folder's, or none; the message is one line.
    """
    wrong = foreign(root)
    if wrong:
        raise Refused(wrong)

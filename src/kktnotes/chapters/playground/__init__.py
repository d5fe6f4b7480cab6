"""One setting, every hypothesis, every verdict: what the playground chapter calls (ours).

`setting` runs a setting and says in words what went wrong; `verdicts` judges what came out, by
the rules of the book's evidence and without recording anything.
"""

from kktnotes.chapters.playground.setting import Outcome as Outcome
from kktnotes.chapters.playground.setting import Setting as Setting
from kktnotes.chapters.playground.setting import run as run
from kktnotes.chapters.playground.verdicts import Row as Row
from kktnotes.chapters.playground.verdicts import along_dimension as along_dimension
from kktnotes.chapters.playground.verdicts import conclusions as conclusions
from kktnotes.chapters.playground.verdicts import hypotheses as hypotheses
from kktnotes.chapters.playground.verdicts import radii as radii

__all__ = [
    "Outcome",
    "Row",
    "Setting",
    "along_dimension",
    "conclusions",
    "hypotheses",
    "radii",
    "run",
]

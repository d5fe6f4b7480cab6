"""What an interactive figure is to a notebook: a static picture, and data in the metadata.

The picture is what the notebook, the printed page and a reader without scripts see. The data travel
in the metadata of the output, which `pytest --nbval` does not compare, since their later digits
differ between processors; the page's scripts (`book/_interactive`) draw from them.
"""

from __future__ import annotations

import base64
import io
import json
import math
from dataclasses import dataclass

import numpy as np
from matplotlib.figure import Figure

from kktnotes import checks

MIME = "application/vnd.kktnotes.interactive+json"
LARGEST = 150_000
"""How many bytes of data a figure may bring to its page."""


@dataclass(frozen=True, eq=False, repr=False)
class Interactive:
    """An interactive figure; the value of its cell.

    Attributes
    ----------
    kind : str
        Which script draws it: "assumption-map", "directions", "margins" or "plane".
    label : str
        What a screen reader calls it.
    data : dict
        What the script draws: numbers, strings, lists and dicts of them.
    static : Figure
        The picture that stands in its place in notebooks, in print and without scripts, opened
        with `style.drawing`.
    """

    kind: str
    label: str
    data: dict[str, object]
    static: Figure

    def __post_init__(self) -> None:
        """Refuse more data than a page should carry."""
        size = len(json.dumps(self.data, separators=(",", ":"), allow_nan=False))
        if size > LARGEST:
            got = f"{size:,} bytes"
            raise checks.refusal("data", got, f"at most {LARGEST:,}: fewer points or neurons")

    def __repr__(self) -> str:
        """Return its kind; nothing that differs from run to run."""
        return f"<Interactive figure: {self.kind}>"

    def _repr_mimebundle_(
        self, include: object = None, exclude: object = None
    ) -> tuple[dict[str, str], dict[str, object]]:
        """Return the text and the picture, and as metadata the data and the picture's own files."""
        _, files = self.static._repr_mimebundle_()  # first: it fixes the layout
        file = io.BytesIO()
        self.static.savefig(file, format="png", bbox_inches="tight", metadata={"Software": None})
        picture = base64.b64encode(file.getvalue()).decode("ascii")
        stored = {"kind": self.kind, "label": self.label, "data": self.data}
        return {"text/plain": repr(self), "image/png": picture}, {**files, MIME: stored}


def rounded(values: object, digits: int = 5) -> object:
    """Return an array as nested lists with that many significant digits; infinite as None."""
    if isinstance(values, np.ndarray) or hasattr(values, "tolist"):
        values = values.tolist()
    if isinstance(values, list | tuple):
        return [rounded(value, digits) for value in values]
    if not math.isfinite(values):
        return None
    number = float(f"{values:.{digits}g}")
    return int(number) if number == int(number) and abs(number) < 1e15 else number

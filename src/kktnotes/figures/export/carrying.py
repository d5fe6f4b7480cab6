"""A figure that brings its vector drawing and its data along where a notebook shows it.

The output is the picture that a notebook always shows; an SVG of the same drawing and the drawn
numbers travel, compressed, in the output's metadata, which `pytest --nbval` does not compare.
The build of the book writes them to files and links them from the figure's caption.
"""

from __future__ import annotations

import base64
import io
import warnings
import zlib
from collections.abc import Iterator
from contextlib import contextmanager

import matplotlib as mpl
from matplotlib.artist import Artist
from matplotlib.collections import Collection, PathCollection, QuadMesh
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from kktnotes.figures.export import drawn

MIME = "application/vnd.kktnotes.figure+json"
"""Under this key of the output's metadata."""
HEAVY = (1000, 300, 100, 0.5)
"""Marks, or tenths of a line's points, of one artist from which on it is drawn as pixels in the
SVG; the first that keeps the file small enough."""
SMALL = 200_000
"""Bytes of an SVG."""
SVG = {"svg.hashsalt": "kktnotes", "svg.fonttype": "path", "savefig.dpi": 120}
"""Identifiers that do not change, letters that look the same without the font."""


class CarryingFigure(Figure):
    """A matplotlib figure whose notebook output carries `svg` and `csv`."""

    def __repr__(self) -> str:
        """Return what matplotlib writes, under the name of its own class."""
        return f"<Figure {super().__repr__().split(' ', 1)[1]}"

    def _repr_mimebundle_(
        self, include: object = None, exclude: object = None
    ) -> tuple[dict[str, object], dict[str, object]]:
        """Return the files as metadata of the output; the picture is left to the notebook.

        The layout is fixed by this, since every further drawing would move it by a hair.
        """
        self.draw_without_rendering()
        self.set_layout_engine("none")
        files = {"svg": pack(svg(self)), "csv": pack(drawn.table(self))}
        return {"text/plain": repr(self)}, {MIME: files}

    def _repr_png_(self) -> str | None:
        """Return the picture where no inline backend is at hand, as under MPLBACKEND=Agg."""
        from IPython.core.pylabtools import print_figure  # only notebooks ask

        return print_figure(self, base64=True)


def svg(figure: Figure) -> str:
    """Return the drawing as SVG: no date, no version, the same bytes for the same drawing."""
    metadata = dict.fromkeys(("Date", "Creator", "Format", "Type"))
    text = ""
    for most in HEAVY:
        with mpl.rc_context(SVG), rasterized(figure, most), io.StringIO() as file:
            figure.savefig(file, format="svg", bbox_inches="tight", metadata=metadata)
            text = file.getvalue()
        if len(text) <= SMALL:
            break
    return text


@contextmanager
def rasterized(figure: Figure, most: int) -> Iterator[None]:
    """Draw artists of more than `most` marks as pixels for a while, so that an SVG stays small."""
    shown = [one for axes in figure.axes for one in (*axes.lines, *axes.collections)]
    chosen = [one for one in shown if marks(one) > most and not one.get_rasterized()]
    with warnings.catch_warnings():
        # What cannot be drawn as pixels, such as contours before matplotlib 3.11, stays as it is.
        warnings.filterwarnings("ignore", "Rasterization of .* will be ignored")
        for artist in chosen:
            artist.set_rasterized(True)
    try:
        yield
    finally:
        for artist in chosen:
            artist.set_rasterized(False)


def marks(artist: Artist) -> float:
    """Return how many marks an artist draws; a point of a plain line counts a tenth of one."""
    if isinstance(artist, Line2D):
        plain = artist.get_marker() in ("None", "", " ", None)
        return len(artist.get_xdata(orig=False)) * (0.1 if plain else 1)
    if isinstance(artist, QuadMesh):
        rows, columns, _ = artist.get_coordinates().shape
        return rows * columns
    if isinstance(artist, PathCollection):
        return len(artist.get_offsets())
    if isinstance(artist, Collection):
        return sum(len(path.vertices) for path in artist.get_paths()) / 2
    return 0


def pack(text: str) -> str:
    """Return a text compressed, in characters that JSON holds."""
    return base64.b64encode(zlib.compress(text.encode(), 9)).decode("ascii")


def unpack(packed: str) -> str:
    """Return the text that `pack` was given."""
    return zlib.decompress(base64.b64decode(packed)).decode()

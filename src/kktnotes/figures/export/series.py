"""The series that a panel shows, each with its name: lines, points, bars, areas, images, arrows.

The numbers are read back from the artists, so that a figure's data is what was drawn, and needs no
second list beside the drawing code. The name is the artist's `label=`, which the book's figures
draw nowhere, unless a legend is asked for.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.collections import (
    Collection,
    LineCollection,
    PathCollection,
    PolyCollection,
    QuadMesh,
)
from matplotlib.container import BarContainer, Container, ErrorbarContainer
from matplotlib.contour import ContourSet
from matplotlib.image import AxesImage
from matplotlib.lines import AxLine, Line2D
from matplotlib.patches import Patch, Rectangle
from matplotlib.path import Path

from kktnotes import checks
from kktnotes.figures.export.plain import plain

DECORATION = "_decoration"
"""The label of what is drawn and shows no data, such as the white ground of a ring."""

MOST_PIXELS, MOST_POINTS = 2500, 400
"""Of an image and of one contour line; of more, every second, third, ... is in the table."""

Row = tuple[float | None, float | None, float | None, float | None, float | None]
"""x, y, x_end, y_end and value; None where a series has no such number."""


class Series(NamedTuple):
    """A series of a panel: its name in plain text, its kind and its rows, which are made late."""

    name: str
    kind: str
    rows: Iterable[Row]


def shown(axes: Axes) -> Iterator[Series]:
    """Yield the series of a panel, those without a label with no name; decorations are left out."""
    for artist, kind, rows in artists(axes):
        label = str(artist.get_label() or "")
        if label != DECORATION:
            # Labels with an underscore are matplotlib's own, such as "_child3".
            yield Series("" if label.startswith("_") else plain(label), kind, rows)


def artists(axes: Axes) -> Iterator[tuple[Artist | Container, str, Iterable[Row]]]:
    """Yield everything that shows data: what has its label, its kind and its rows."""
    owner: dict[int, Container] = {}
    parts: set[int] = set()
    for container in axes.containers:
        if isinstance(container, BarContainer):
            yield container, "bar", map(bar, container.patches)
            parts |= {id(one) for one in container.patches}
        bars = container if isinstance(container, ErrorbarContainer) else container.errorbar
        if bars is not None:
            line, caps, ranges = bars.lines
            owner[id(line)] = container
            parts |= {id(one) for one in (*caps, *ranges)}
            for one in ranges:
                yield container, "error bar", map(segment, one.get_segments())
    for line in axes.lines:
        kind = kind_of(line, axes)
        if kind and id(line) not in parts:
            yield owner.get(id(line), line), kind, ROWS[kind](line)
    for patch in axes.patches:
        if id(patch) not in parts:
            yield patch, "band", [band(patch, axes)]
    for collection in axes.collections:
        if id(collection) not in parts:
            yield collection, *collected(collection)
    for image in axes.images:
        yield image, "image", pixels(image)
    for text in axes.texts:
        if getattr(text, "arrow_patch", None) and text.xycoords == text.anncoords == "data":
            yield text, "arrow", [(*text.xyann, *text.xy, None)]


def kind_of(line: Line2D, axes: Axes) -> str:
    """Return what a line is; nothing for a mark that is placed by parts of the panel."""
    if isinstance(line, AxLine):
        return "straight line"
    if line.get_transform() == axes.get_xaxis_transform():
        return "vertical line"
    if line.get_transform() == axes.get_yaxis_transform():
        return "horizontal line"
    if not line.get_transform().contains_branch(axes.transData):
        return ""
    return "line" if line.get_linestyle() != "None" and len(line.get_xdata()) > 1 else "points"


def points(line: Line2D) -> Iterator[Row]:
    """Yield the points of a line."""
    across, up = np.asarray(line.get_xdata(orig=False)), np.asarray(line.get_ydata(orig=False))
    for x, y in zip(across, up, strict=True):
        yield x, y, None, None, None


ROWS = {
    "line": points,
    "points": points,
    "vertical line": lambda line: [(line.get_xdata(orig=False)[0], None, None, None, None)],
    "horizontal line": lambda line: [(None, line.get_ydata(orig=False)[0], None, None, None)],
    "straight line": lambda line: [straight(line)],
}
"""The rows of a line of each kind; a straight line goes on beyond its two points."""


def straight(line: AxLine) -> Row:
    """Return two points of a straight line."""
    x, y = line.get_xy1()
    x_end, y_end = line.get_xy2() or (x + 1, y + line.get_slope())
    return x, y, x_end, y_end, None


def collected(collection: Collection) -> tuple[str, Iterable[Row]]:
    """Return kind and rows of one collection: points, segments, borders of areas or a mesh."""
    if isinstance(collection, PathCollection):
        return "points", scattered(collection)
    if isinstance(collection, QuadMesh):
        return "image", cells(collection)
    if isinstance(collection, ContourSet):
        levels = zip(collection.levels, collection.get_paths(), strict=False)
        rows = (row for level, path in levels for row in pieces(path, level))
        return "area" if collection.filled else "contour", rows
    if isinstance(collection, LineCollection):
        return "segment", map(segment, collection.get_segments())
    if isinstance(collection, PolyCollection):
        return "area", (row for path in collection.get_paths() for row in pieces(path, None, 0))
    raise checks.refusal("collection", type(collection).__name__, "a kind that the table knows")


def scattered(collection: PathCollection) -> Iterator[Row]:
    """Yield the points of a scatter plot."""
    offsets, values = np.ma.getdata(collection.get_offsets()), collection.get_array()
    values = [None] * len(offsets) if values is None else np.ravel(values)
    for (x, y), value in zip(offsets, values, strict=True):
        yield x, y, None, None, value


def cells(mesh: QuadMesh) -> Iterator[Row]:
    """Yield the middle and the value of every cell of a mesh."""
    corners = mesh.get_coordinates()
    middles = (corners[1:, 1:] + corners[:-1, :-1]) / 2
    values = np.ma.getdata(mesh.get_array()).reshape(middles.shape[:2])
    thin = step(values.size)
    flat = middles[::thin, ::thin].reshape(-1, 2)
    for (x, y), value in zip(flat, values[::thin, ::thin].ravel(), strict=True):
        yield x, y, None, None, value


def pieces(path: Path, level: float | None, most: int = MOST_POINTS) -> Iterator[Row]:
    """Yield the corners of a path, at most about `most` if not 0, NaN between separate pieces."""
    every = -(-len(path.vertices) // most) or 1 if most else 1
    starts = [] if path.codes is None else np.flatnonzero(path.codes == Path.MOVETO)[1:]
    for number, piece in enumerate(np.split(path.vertices, starts)):
        if number:
            yield np.nan, np.nan, None, None, level
        for x, y in (*piece[:-1:every], *piece[-1:]):
            yield x, y, None, None, level


def segment(path: np.ndarray) -> Row:
    """Return the two ends of a segment."""
    (x, y), (x_end, y_end) = path[0], path[-1]
    return x, y, x_end, y_end, None


def bar(patch: Rectangle) -> Row:
    """Return a bar's two opposite corners."""
    x, y = patch.get_xy()
    return x, y, x + patch.get_width(), y + patch.get_height(), None


def band(patch: Patch, axes: Axes) -> Row:
    """Return two opposite corners of a band across the panel; None where the panel ends it."""
    upright = patch.get_data_transform() == axes.get_xaxis_transform()
    if not upright and patch.get_data_transform() != axes.get_yaxis_transform():
        raise checks.refusal("patch", type(patch).__name__, "axvspan or axhspan")
    x, y, x_end, y_end, _ = bar(patch)
    return (x, None, x_end, None, None) if upright else (None, y, None, y_end, None)


def pixels(image: AxesImage) -> Iterator[Row]:
    """Yield the middle and the value of every pixel of an image of one channel."""
    values = np.ma.getdata(image.get_array())
    if values.ndim != 2:
        return
    left, right, bottom, top = image.get_extent()
    rows, columns = values.shape
    if image.origin == "upper":
        bottom, top = top, bottom
    thin = step(values.size)
    for i in range(0, rows, thin):
        y = bottom + (i + 0.5) / rows * (top - bottom)
        for j in range(0, columns, thin):
            x = left + (j + 0.5) / columns * (right - left)
            yield x, y, None, None, values[i, j]


def step(size: int) -> int:
    """Return the step over the rows and columns of an image that leaves few enough pixels."""
    return max(1, int(np.ceil(np.sqrt(size / MOST_PIXELS))))

"""What a figure shows, as a table: the numbers of its lines, points, bars, areas and images.

They are read back from the artists, so that a figure's data is what was drawn, and needs no
second list beside the drawing code.
"""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Iterable, Iterator

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
from matplotlib.colors import to_hex
from matplotlib.container import BarContainer, ErrorbarContainer
from matplotlib.contour import ContourSet
from matplotlib.figure import Figure
from matplotlib.image import AxesImage
from matplotlib.lines import Line2D

COLUMNS = ("panel", "series", "kind", "x", "y", "x_end", "y_end", "value")
"""Of a bar or an error bar, (x, y) and (x_end, y_end) are its ends; `value` is a colour's."""

MOST_PIXELS, MOST_POINTS = 2500, 400
"""Of an image and of one contour line; of more, every second, third, ... is in the table."""
NEAR = 60
"""Pixels from a text to the series that it names, at most."""

Row = tuple[float, float, float | None, float | None, float | None]


def table(figure: Figure) -> str:
    """Return the drawn data as CSV: lines of comment (#) on the panels, then one row a number.

    Numbers have five significant digits. A series is named by its artist's label or gid, else by
    the text beside it in its colour, else by its kind and a count. Of large images and long
    contour lines the table has every second, third, ... pixel or point.
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    panels = [axes for axes in figure.axes if axes.get_label() != "<colorbar>"]
    for number, axes in enumerate(panels, 1):
        text.write(f"# panel {number}: {described(axes)}\n")
    writer.writerow(COLUMNS)
    for number, axes in enumerate(panels, 1):
        seen: Counter[str] = Counter()
        for artist, kind, rows in series(axes):
            name = named(artist, axes) or kind
            seen[name] += 1
            if seen[name] > 1 or name == kind:
                name = f"{name} {seen[name]}"
            for row in rows:
                writer.writerow([number, name, kind, *map(shown, row)])
    return text.getvalue()


def described(axes: Axes) -> str:
    """Return a panel's title and what its axes count, on one line."""
    title = " ".join(axes.get_title(loc) for loc in ("left", "center", "right")).strip()
    parts = [title] if title else []
    for name in ("x", "y"):
        label = getattr(axes, f"get_{name}label")()
        scale = getattr(axes, f"get_{name}scale")()
        parts.append(f"{name}: {label or 'no label'}{' (log)' if scale == 'log' else ''}")
        ticks = words(getattr(axes, f"{name}axis"))
        if ticks:
            parts.append(f"{name} ticks: {ticks}")
    return "; ".join(parts).replace("\n", " ")


def words(axis: object) -> str:
    """Return the tick labels of an axis that counts no numbers, as `place = word`."""
    given = ("FixedFormatter", "FuncFormatter", "StrCategoryFormatter")
    if axis.get_major_formatter().__class__.__name__ not in given:
        return ""
    labels = [label.get_text() for label in axis.get_ticklabels()]
    pairs = zip(axis.get_ticklocs(), labels, strict=False)
    return ", ".join(f"{at:g} = {label}" for at, label in pairs if label)


def series(axes: Axes) -> Iterator[tuple[Artist, str, Iterable[Row]]]:
    """Yield every artist that shows data, its kind and its rows."""
    taken: set[int] = set()
    for container in axes.containers:
        if isinstance(container, BarContainer):
            yield container, "bar", [bar(patch) for patch in container.patches]
            taken |= {id(patch) for patch in container.patches}
            bars = container.errorbar
        else:
            bars = container if isinstance(container, ErrorbarContainer) else None
        if bars is not None:
            _, caps, ranges = bars.lines
            taken |= {id(part) for part in (*caps, *ranges)}
            for part in ranges:
                yield bars, "error bar", [segment(path) for path in part.get_segments()]
    for line in axes.lines:
        if id(line) not in taken and line.get_transform().contains_branch(axes.transData):
            yield line, "line" if line.get_linestyle() != "None" else "points", points(line)
    for collection in axes.collections:
        if id(collection) not in taken:
            yield from collected(collection, axes)
    for image in axes.images:
        yield image, "image", pixels(image)


def collected(collection: Collection, axes: Axes) -> Iterator[tuple[Artist, str, Iterable[Row]]]:
    """Yield the rows of one collection: points, segments, borders of areas or a mesh."""
    if isinstance(collection, PathCollection):
        values = collection.get_array()
        values = [None] * len(collection.get_offsets()) if values is None else np.ravel(values)
        offsets = np.ma.getdata(collection.get_offsets())
        rows = [(*xy, None, None, value) for xy, value in zip(offsets, values, strict=True)]
        yield collection, "points", rows
    elif isinstance(collection, QuadMesh):
        corners = collection.get_coordinates()
        middles = (corners[1:, 1:] + corners[:-1, :-1]) / 2
        values = np.ma.getdata(collection.get_array()).reshape(middles.shape[:2])
        thin = step(values.size)
        values = values[::thin, ::thin].ravel()
        flat = middles[::thin, ::thin].reshape(-1, 2)
        rows = [(*xy, None, None, value) for xy, value in zip(flat, values, strict=True)]
        yield collection, "image", rows
    elif isinstance(collection, ContourSet):
        filled = "area" if collection.filled else "contour"
        for level, path in zip(collection.levels, collection.get_paths(), strict=False):
            every = -(-len(path.vertices) // MOST_POINTS) or 1
            rows = [(*xy, None, None, level) for xy in path.vertices[::every]]
            if rows:
                yield collection, filled, rows
    elif isinstance(collection, LineCollection):
        yield collection, "segment", [segment(path) for path in collection.get_segments()]
    elif isinstance(collection, PolyCollection):
        for path in collection.get_paths():
            yield collection, "area", [(*xy, None, None, None) for xy in path.vertices]


def points(line: Line2D) -> list[Row]:
    """Return the points of a line."""
    across, up = np.asarray(line.get_xdata(orig=False)), np.asarray(line.get_ydata(orig=False))
    return [(x, y, None, None, None) for x, y in zip(across, up, strict=True)]


def segment(path: np.ndarray) -> Row:
    """Return the two ends of a segment."""
    (x, y), (x_end, y_end) = path[0], path[-1]
    return x, y, x_end, y_end, None


def bar(patch: object) -> Row:
    """Return a bar's two opposite corners."""
    x, y = patch.get_xy()
    return x, y, x + patch.get_width(), y + patch.get_height(), None


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


def shown(value: float | None) -> str:
    """Return a number with five significant digits; empty for none."""
    return "" if value is None or np.ma.is_masked(value) else f"{float(value):.5g}"


def named(artist: object, axes: Axes) -> str:
    """Return a series' name: its label, its gid, or the nearest text in its colour."""
    label = artist.get_label()
    if label and not str(label).startswith("_"):
        return str(label)
    gid = artist.get_gid() if isinstance(artist, Artist) else None
    if gid:
        return str(gid)
    color, at = look(artist)
    if color is None or not len(at):
        return ""
    at = axes.transData.transform(at)
    near = {}
    for text in axes.texts:
        if text.get_text() and to_hex(text.get_color()) == color:
            # An annotation's own place is what it points at.
            place = axes.transData if hasattr(text, "xy") else text.get_transform()
            place = place.transform(getattr(text, "xy", text.get_position()))
            near[float(np.hypot(*(at - place).T).min())] = text
    if not near or min(near) > NEAR:
        return ""
    return plain(near[min(near)].get_text())


def plain(text: str) -> str:
    """Return a text on one line."""
    return " ".join(text.split())


def look(artist: object) -> tuple[str | None, np.ndarray]:
    """Return the one colour of a series, as hex, and its points; None where it has several."""
    if isinstance(artist, ErrorbarContainer):
        artist = artist.lines[0] or artist.lines[2][0]
    if isinstance(artist, BarContainer):
        colors = {to_hex(patch.get_facecolor()) for patch in artist.patches}
        tops = [(patch.get_x(), patch.get_height()) for patch in artist.patches]
        return (colors.pop() if len(colors) == 1 else None), np.array(tops).reshape(-1, 2)
    if isinstance(artist, Line2D):
        return to_hex(artist.get_color()), artist.get_xydata()
    if isinstance(artist, Collection):
        faces = artist.get_facecolor()
        faces = faces if len(faces) else artist.get_edgecolor()
        colors = {to_hex(face) for face in faces}
        at = np.ma.getdata(artist.get_offsets())
        at = at if isinstance(artist, PathCollection) else np.empty((0, 2))
        return (colors.pop() if len(colors) == 1 else None), at
    return None, np.empty((0, 2))

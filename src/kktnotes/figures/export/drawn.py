"""What a figure shows, as a table (CSV), and the check that a reader can tell its series apart."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter

import numpy as np
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.figure import Figure

from kktnotes import checks
from kktnotes.figures.export.plain import plain
from kktnotes.figures.export.series import shown

COLUMNS = ("panel", "series", "kind", "x", "y", "x_end", "y_end", "value")
"""Of a bar, a band, an error bar or an arrow, (x, y) and (x_end, y_end) are its ends; `value` is a
colour's, or the level of a contour."""
ORDERED = ("line", "contour", "area")
"""Kinds whose rows belong together in their order: two of the same name stay two series."""


def table(figure: Figure) -> str:
    """Return the drawn data as CSV: lines of comment (#) on the panels, then one row a number.

    Numbers have five significant digits, words are plain text. A series is named by its artist's
    label; two lines of the same name in one panel are counted. Of large images and long contour
    lines the table has every second, third, ... pixel or point.

    Raises
    ------
    ValueError
        If a series has no name or an axis does not say what it counts, see `check`.
    """
    check(figure)
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    for number, axes in enumerate(panels(figure), 1):
        text.write(f"# panel {number}: {described(axes)}\n")
    writer.writerow(COLUMNS)
    for number, axes in enumerate(panels(figure), 1):
        seen: Counter[tuple[str, str]] = Counter()
        for name, kind, rows in shown(axes):
            seen[name, kind] += 1
            if seen[name, kind] > 1 and kind in ORDERED:
                name = f"{name} ({seen[name, kind]})"
            for row in rows:
                writer.writerow([number, name, kind, *map(digits, row)])
    return text.getvalue()


def check(figure: Figure) -> None:
    """Refuse a figure with a series without a name or an axis that does not say what it counts.

    An axis does by its label, which may be invisible, by the label of a panel that shares it, or
    by words at its ticks.
    """
    for number, axes in enumerate(panels(figure), 1):
        for one in shown(axes):
            if not one.name:
                got = f"none for {one.kind} in panel {number}"
                raise checks.refusal("label", got, "a name for every series that is drawn")
    for number, axes in enumerate(panels(figure), 1):
        for name in "xy":
            if not (label(axes, name) or words(getattr(axes, f"{name}axis"))):
                allowed = "a label, drawn or with visible=False"
                raise checks.refusal(f"{name}label", f"none in panel {number}", allowed)


def panels(figure: Figure) -> list[Axes]:
    """Return the panels that show data: no colour bars, none that is switched off."""
    return [one for one in figure.axes if one.axison and one.get_label() != "<colorbar>"]


def described(axes: Axes) -> str:
    """Return a panel's title and what its axes count, on one line of plain text."""
    title = " ".join(axes.get_title(loc) for loc in ("left", "center", "right")).strip()
    parts = [plain(title)] if title else []
    for name in "xy":
        log = " (log)" if getattr(axes, f"get_{name}scale")() == "log" else ""
        if own := label(axes, name):
            parts.append(f"{name}: {plain(own)}{log}")
        if ticks := words(getattr(axes, f"{name}axis")):
            parts.append(f"{name} ticks{'' if own else log}: {ticks}")
    return "; ".join(parts)


def label(axes: Axes, name: str) -> str:
    """Return the label of an axis, else that of a panel in its row or column that shares it."""
    group = getattr(axes, f"get_shared_{name}_axes")().get_siblings(axes)
    span = {"x": "colspan", "y": "rowspan"}[name]
    own = getattr(axes.get_subplotspec(), span, None)
    beside = [one for one in group if getattr(one.get_subplotspec(), span, None) == own]
    found = [getattr(one, f"get_{name}label")() for one in (axes, *beside)]
    return next(filter(None, found), "")


def words(axis: Axis) -> str:
    """Return the tick labels of an axis that counts no numbers, as `place = word`."""
    formatter = axis.get_major_formatter()
    if type(formatter).__name__ not in ("FixedFormatter", "FuncFormatter", "StrCategoryFormatter"):
        return ""
    places = axis.get_majorticklocs()
    texts = map(plain, formatter.format_ticks(places))
    pairs = [(place, text) for place, text in zip(places, texts, strict=True) if text]
    return " | ".join(f"{at:g} = {text}" for at, text in pairs if not is_number(text, at))


def is_number(text: str, at: float) -> bool:
    """Tell whether a tick's label is just its place, such as 1,000 or 10^(-3)."""
    power = re.sub(r"^10\^\(?(-?\d+)\)?$", r"1e\1", text.replace(",", ""))
    try:
        return bool(np.isclose(float(power), at, atol=0))
    except ValueError:
        return False


def digits(value: float | None) -> str:
    """Return a number with five significant digits; empty for none."""
    return "" if value is None or np.ma.is_masked(value) else f"{float(value):.5g}"

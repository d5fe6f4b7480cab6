"""Figures of "Why attacks mislead": attacks beside the exact radius (section 4, ours)."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from kktnotes.figures import style

LINES = {
    "exact": ("black", "-", 3.0),
    "PGD": (style.EXTRA[1], "-", 1.8),
    "DDN": (style.EXTRA[2], "-", 1.8),
    "DeepFool": (style.EXTRA[0], "-", 1.8),
    "textbook PGD": (style.AMBER, "--", 1.8),
    "universal": (style.BOUND, "-.", 1.8),
    "random": (style.BOUND, ":", 1.8),
}
"""Colour, line and width of each attack, the same in every figure."""
GRADIENT = ("PGD", "DDN", "DeepFool")
FOUND = {
    "PGD": (style.EXTRA[1], "o"),
    "DDN": (style.EXTRA[2], "s"),
    "DeepFool": (style.EXTRA[0], "^"),
    "universal": (style.BOUND, "D"),
    "opposite neurons": (style.FLOW, "P"),
}
"""Colour and marker of each attack where shares are compared."""


@dataclass(frozen=True)
class Panel:
    """What several attacks do to one network.

    Attributes
    ----------
    title : str
        The network.
    exact : array (n,)
        Exact flip radii over sqrt(d).
    norms : attack -> array (n,)
        Norms reached over sqrt(d), infinite where an attack failed.
    labels : array (n,)
        Labels of the points.
    curves : attack -> array (s,)
        Shares standing at `radii`, for attacks that are run at given radii.
    radii : array (s,)
        Those radii over sqrt(d).
    """

    title: str
    exact: np.ndarray
    norms: Mapping[str, np.ndarray]
    labels: np.ndarray
    curves: Mapping[str, np.ndarray]
    radii: np.ndarray


def standing(norms: np.ndarray, radii: np.ndarray) -> np.ndarray:
    """Return the share of points that need more than each radius."""
    return (norms[None, :] > radii[:, None]).mean(1)


def robust_accuracy(panels: Sequence[Panel]) -> Figure:
    """Draw the share of points standing against the norm allowed, one panel a network.

    All panels have one logarithmic axis, as their radii differ by powers of ten.
    The area between the exact curve and the best gradient attack's is shaded: points that are
    reported as robust and are not.
    """
    rows = math.ceil(len(panels) / 2)
    low = 0.45 * min(panel.exact.min() for panel in panels)
    high = max(panel.radii[-1] for panel in panels)
    ticks = [one for one in (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0) if low <= one <= high]
    with style.drawing(rows, 2, width=7.4, height=2.7 * rows + 0.9, sharey=True) as (figure, grid):
        for axes, panel in zip(grid.flat, panels, strict=False):
            fine = np.geomspace(low, panel.radii[-1], 600)
            truth = standing(panel.exact, fine)
            best = np.min([panel.norms[name] for name in GRADIENT], axis=0)
            axes.fill_between(
                fine,
                truth,
                standing(best, fine),
                color="#F3D9C4",
                linewidth=0,
                label="reported as robust by gradient attacks, and not",
            )
            for name, (color, line, width) in LINES.items():
                if name in panel.curves:
                    where, share = panel.radii, panel.curves[name]
                else:
                    norms = panel.exact if name == "exact" else panel.norms[name]
                    where, share = fine, standing(norms, fine)
                look = {"color": color, "linewidth": width, "label": name}
                # Measured at some radii: held until the next one, so never left of the truth.
                look["drawstyle"] = "steps-post" if name in panel.curves else "default"
                axes.plot(where, share, line, zorder=1 if name == "exact" else 2, **look)
            axes.set(title=panel.title, xscale="log", xlim=(low, high), ylim=(-0.04, 1.06))
            axes.set_xticks(ticks, [f"{one:g}" for one in ticks])
            axes.minorticks_off()
            _name(axes, panel, best)
        for axes in list(grid.flat)[len(panels) :]:
            axes.remove()
        words = r"length of the perturbation $/\sqrt{d}$"
        style.label_panels(grid, x=words, y="share left standing")
        handles = grid.flat[0].get_lines()
        figure.legend(handles=handles, loc="outside lower center", ncols=4, fontsize=10)
    return figure


def _name(axes: Axes, panel: Panel, best: np.ndarray) -> None:
    """Name the exact curve and the best gradient attack's, as one where they coincide."""
    same = np.allclose(panel.exact, best, rtol=0.02)
    words = "exact, and the best\ngradient attack" if same else "exact"
    look = {"va": "center", "fontsize": 9, "bbox": None}
    high, low = (float(np.quantile(panel.exact, one, method="lower")) for one in (0.3, 0.75))
    style.write(axes, high, 0.7, words, ha="right", offset=(-5, 0), **look)
    reached = float(np.quantile(best, 0.75, method="lower"))
    if same or not np.isfinite(reached):
        return
    words = "best gradient\nattack"
    leader = {"arrowstyle": "-", "color": style.AMBER, "linewidth": 0.8}
    room = reached < math.sqrt(math.prod(axes.get_xlim()))  # on the right
    place = (1.1 * panel.radii[-1], 0.25) if room else (low / 1.1, 0.25)
    look = {"xytext": place, "textcoords": "data", "ha": "left" if room else "right", **look}
    look |= {"arrowprops": leader, "color": style.AMBER, "label": style.DECORATION}
    axes.annotate(words, (reached, 0.25), **look)


def ratios(panels: Sequence[Panel], attacks: Sequence[str]) -> Figure:
    """Draw norm over exact radius for every point, one panel a network, one row an attack.

    Points that never changed sign are drawn at the right edge, in a column of their own.
    """
    largest = max(
        float(np.max(np.where(np.isfinite(one), one, 0.0)))
        for panel in panels
        for one in (panel.norms[name] / panel.exact for name in attacks)
    )
    never = max(largest, 1.5) * 1.7
    rows = math.ceil(len(panels) / 2)
    size = {"width": 7.2, "height": 2.5 * rows + 0.4, "sharey": True}
    with style.drawing(rows, 2, **size) as (figure, grid):
        rng = np.random.default_rng(0)
        for axes, panel in zip(grid.flat, panels, strict=False):
            for place, name in enumerate(attacks):
                values = panel.norms[name] / panel.exact
                shown = np.where(np.isfinite(values), values, never)
                height = place + rng.uniform(-0.12, 0.12, len(values))
                for label, marker in ((1.0, "o"), (-1.0, "s")):
                    own = panel.labels == label
                    height[own] -= 0.18 * label  # so that neither label covers the other
                    axes.plot(
                        shown[own],
                        height[own],
                        marker,
                        color=style.label_color(label),
                        markersize=2.6,
                        alpha=0.6,
                        label=f"{name}, label {style.label_name(label)}",
                    )
            style.bound_line(axes, 1.0, "exact radius")
            column = {"color": "#EEEEEE", "zorder": 0, "label": "never"}
            axes.axvspan(never / 1.12, never * 1.12, **column)
            axes.set(xscale="log", xlim=(0.9, never * 1.12))
            axes.set_title(panel.title)
            ticks = [tick for tick in (1, 2, 5, 10, 20) if tick < never / 4]
            axes.set_xticks([*ticks, never], [*map(str, ticks), "never"], fontsize=9)
            axes.minorticks_off()
        for axes in list(grid.flat)[len(panels) :]:
            axes.remove()
        grid[0, 0].set_yticks(range(len(attacks)), attacks)
        grid[0, 0].invert_yaxis()
        style.label_panels(grid, x="norm needed / exact radius")
    return figure


def found(shares: Mapping[str, Mapping[str, Sequence[float]]]) -> Figure:
    """Draw the share of points at which each attack finds the exact radius, one row a KKT point.

    Parameters
    ----------
    shares : KKT point -> attack -> one share for each seed
        The bars reach from the least to the largest over the seeds.
    """
    with style.drawing(width=7.2, height=1.3 + 0.42 * len(shares)) as (figure, ((axes,),)):
        for place, attacks in enumerate(shares.values()):
            for step, (name, values) in enumerate(attacks.items()):
                values, (color, marker) = np.asarray(values), FOUND[name]
                height = place + 0.14 * (step - (len(attacks) - 1) / 2)
                middle = values.mean()
                bars = [[max(middle - values.min(), 0.0)], [max(values.max() - middle, 0.0)]]
                look = {"color": color, "fmt": marker, "markersize": 5.5, "capsize": 2.5}
                axes.errorbar(middle, height, xerr=bars, label=name, **look)
        axes.set_yticks(range(len(shares)), list(shares))
        axes.set(xlim=(-0.03, 1.03), ylim=(len(shares) - 0.5, -0.5), ylabel="KKT point")
        axes.set_xlabel("share of points within 1 % of the exact radius")
        handles, names = axes.get_legend_handles_labels()
        count = len(next(iter(shares.values())))
        where = {"loc": "outside lower center", "ncols": 5, "fontsize": 10}
        figure.legend(handles[:count], names[:count], **where)
    return figure

"""Figures of the independence chapter: what is drawn against the trials themselves."""

from dataclasses import replace

import numpy as np
import pytest
import torch

import kktnotes as kn
from kktnotes.chapters.independence import STARTS, Approach, Last, Trial
from kktnotes.figures import independence as figures

pytestmark = pytest.mark.usefixtures("clean_pyplot")

RNG = np.random.default_rng(0)


def made_up(start, width, met):
    """Return a trial with random measurements; any object will do as its point."""
    known = Trial(
        start=start,
        loss="exponential",
        width=width,
        seed=0,
        status="status",
        log_loss=-1.0,
        separated=met,
    )
    if not met:
        return known
    low, middle, high = (torch.tensor(RNG.uniform(a, a + 1, 5)) for a in (1, 3, 5))
    last = Last(-float(RNG.uniform(1, 100)), low, high / 4)
    return replace(
        known,
        point=object(),
        log10_error=-1.0,
        radius=middle,
        eta=middle,
        unfinished=0.1,
        last=last,
    )


TRIALS = [
    made_up(start, width, met)
    for start in STARTS[:3]
    for width, met in ((4, True), (4, False), (4, True), (50, True))
]


def bars(axes):
    """Return x, y, low and high of every error bar."""
    found = []
    for bar in axes.containers:
        (x, y), *_ = bar.lines[0].get_xydata()
        (_, low), (_, high) = bar.lines[2][0].get_segments()[0]
        found.append((x, y, low, high))
    return np.array(found)


def groups():
    """Return the trials of each start and width, in the order of the figures."""
    return [
        [one for one in TRIALS if one.start is start and one.width == width]
        for start in STARTS[:3]
        for width in (4, 50)
    ]


def test_paths_and_radii_with_their_bounds():
    names = [start.name for start in STARTS[:3]]
    keys = [(name, loss) for name in names for loss in ("exponential", "logistic")]
    times = np.geomspace(0.5, 1e4, 9)
    paths = {key: Approach(times, times, 1 / RNG.uniform(1, 9, 9)) for key in keys}
    with_bounds = {"length": 4.0, "radius_bounds": (0.5, 4.0)}
    figure = figures.approach_and_radius(paths, TRIALS, 2.0, **with_bounds)
    left, right = figure.axes
    for (_, loss), line in zip(keys, left.lines, strict=True):
        assert line.get_linestyle() == ("-" if loss == "exponential" else "--")
    for key, line in zip(keys, left.lines, strict=True):
        assert line.get_xdata().tolist() == times[times >= 1].tolist()
        assert line.get_ydata().tolist() == paths[key].function_angles[times >= 1].tolist()
        assert " ".join(key) == line.get_label().removesuffix(" loss").replace(",", "")
    for ray, group in zip(bars(right), groups(), strict=True):
        reached = [one.last for one in group if one.separated]
        low = min(float(one.radius.min()) for one in reached) / 2.0
        high = max(float(one.eta.max()) for one in reached) * 4.0 / 2.0
        assert np.allclose(ray[2:], [low, high])
        assert 0.7 < ray[0] / group[0].width < 1.4
    dashed = [line.get_ydata()[0] for line in right.lines if line.get_linestyle() == "--"]
    assert dashed == [0.5, 4.0]
    exact = torch.cat([one.radius for one in TRIALS if one.separated]) / 2.0
    band = right.patches[0].get_extents().transformed(right.transData.inverted())
    assert np.allclose([band.y0, band.y1], [exact.min(), exact.max()])
    words = [text.get_text() for text in right.texts]
    assert words[2:] == names
    assert left.get_xscale() == left.get_yscale() == right.get_xscale() == "log"
    with pytest.raises(ValueError, match="trials"):
        figures.approach_and_radius(paths, [TRIALS[1]], 1.0, **with_bounds)


def test_share_with_intervals_and_the_prediction():
    predicted = {4: 0.2, 50: 0.9, 10: 0.5}
    other = [replace(one, loss="logistic", separated=True) for one in TRIALS[:3]]
    axes = figures.reached([*TRIALS, *other], predicted).axes[0]
    every = bars(axes)
    assert len(every) == len(groups()) + 1 and every[-1][1] == 1.0
    assert every[0][0] < every[-1][0] < every[2][0]
    assert axes.containers[-1].lines[0].get_markerfacecolor() == "white"
    for bar, group in zip(every[:-1], groups(), strict=True):
        met = sum(one.separated for one in group)
        low, high = kn.clopper_pearson(met, len(group))
        assert np.allclose(bar[1:], [met / len(group), low, high])
    curve = next(line for line in axes.lines if line.get_linestyle() == "--")
    assert curve.get_xydata().tolist() == [[4, 0.2], [10, 0.5], [50, 0.9]]
    assert axes.get_xlabel() and axes.get_ylabel()

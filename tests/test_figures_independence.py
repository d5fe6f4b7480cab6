"""Figures of the independence chapter: what is drawn against the trials themselves."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
import torch

import kktnotes as kn
from kktnotes.figures import independence as figures
from kktnotes.trials import STARTS, Trial

RNG = np.random.default_rng(0)


@pytest.fixture(autouse=True)
def clean_pyplot():
    """No figure stays open, no setting of matplotlib changes."""
    before = dict(plt.rcParams)
    yield
    assert plt.get_fignums() == []
    assert dict(plt.rcParams) == before


def made_up(start, width, met):
    """Return a trial with random measurements; any object will do as its point."""
    known = (start, "exponential", width, 0, "status", -1.0, met)
    if not met:
        return Trial(*known, None)
    radius = torch.tensor(RNG.uniform(2, 6, 5))
    return Trial(*known, object(), -float(RNG.uniform(10, 1000)), radius, radius)


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


def test_error_and_radius_with_their_bounds():
    figure = figures.error_and_radius(TRIALS, 2.0, error_bound=-3.0, radius_bounds=(0.5, 4.0))
    left, right = figure.axes
    for bar, ray, group in zip(bars(left), bars(right), groups(), strict=True):
        reached = [one for one in group if one.separated]
        zeros = np.array([-one.log10_error for one in reached])
        mean, spread = zeros.mean(), zeros.std()
        assert np.allclose(bar[1:], [mean, mean - spread, mean + spread])
        radii = torch.cat([one.radius for one in reached]).numpy() / 2.0
        middle = np.mean([np.median(one.radius) for one in reached]) / 2.0
        assert np.allclose(ray[1:], [middle, radii.min(), radii.max()])
        assert 0.7 < bar[0] / reached[0].width < 1.4
    dashed = [[x.get_ydata()[0] for x in axes.lines if x.get_linestyle() == "--"]
              for axes in (left, right)]  # fmt: skip
    assert dashed == [[3.0], [0.5, 4.0]]
    assert left.get_yscale() == left.get_xscale() == "log"
    words = [text.get_text() for text in left.texts]
    assert words[1:] == [start.name for start in STARTS[:3]]
    assert left.get_xlabel() and right.get_ylabel()
    with pytest.raises(ValueError, match="trials"):
        figures.error_and_radius([TRIALS[1]], 1.0, error_bound=-3.0, radius_bounds=(0, 1))


def test_share_with_intervals_and_the_prediction():
    predicted = {4: 0.2, 50: 0.9, 10: 0.5}
    axes = figures.reached(TRIALS, predicted).axes[0]
    for bar, group in zip(bars(axes), groups(), strict=True):
        met = sum(one.separated for one in group)
        low, high = kn.clopper_pearson(met, len(group))
        assert np.allclose(bar[1:], [met / len(group), low, high])
    curve = next(line for line in axes.lines if line.get_linestyle() == "--")
    assert curve.get_xydata().tolist() == [[4, 0.2], [10, 0.5], [50, 0.9]]
    assert axes.get_xlabel() and axes.get_ylabel()

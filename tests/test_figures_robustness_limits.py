"""The figure of two rules shows the radii that it is given."""

import numpy as np
import pytest

from kktnotes.figures import robustness_limits


def test_medians_and_extremes_are_drawn():
    rng = np.random.default_rng(0)
    network = [k**-0.5 * rng.uniform(0.9, 1.1, 7) for k in (2, 4, 6)]
    neighbour = [rng.uniform(0.6, 0.7, 7) for _ in range(3)]
    axes = robustness_limits.two_rules((2, 4, 6), network, neighbour).axes[0]
    bars = {one.get_label(): one for one in axes.containers}
    for name, values in (("flow's network", network), ("nearest neighbor", neighbour)):
        points, _, (segments,) = bars[f"{name}: median, least to largest"]
        assert points.get_ydata() == pytest.approx([np.median(one) for one in values])
        ends = np.array([segment[:, 1] for segment in segments.get_segments()])
        assert ends == pytest.approx(np.array([[one.min(), one.max()] for one in values]))
    lines = {line.get_label(): line for line in axes.lines}
    falling = lines["predicted, 1/sqrt(k)"]
    assert falling.get_ydata() ** -2 == pytest.approx(falling.get_xdata())
    assert set(lines["predicted, sqrt(1/2)"].get_ydata()) == {0.5**0.5}


def test_counts_must_match():
    with pytest.raises(ValueError, match="counts"):
        robustness_limits.two_rules((2, 4), [np.ones(3)], [np.ones(3)] * 2)

"""A figure for the tests of what every figure brings along."""

import numpy as np

from kktnotes.figures import style


def sketch():
    """A figure of two panels with most of what the book draws."""
    rng = np.random.default_rng(0)
    with style.drawing(1, 2) as (figure, ((left, right),)):
        left.plot([1, 10, 100], [3.0, 2.0, 1.0], color=style.FLOW, label="flow")
        left.plot([1, 10, 100], [1.0, 2.0, 3.0], color=style.ROBUST, label=r"$\sqrt{d}$, robust")
        style.bound_line(left, 5.0, "our bound")
        bars = {"yerr": [0.5, 0.25], "color": style.POSITIVE, "label": "seeds"}
        left.errorbar([1, 10], [5.0, 6.0], **bars)
        left.set(xscale="log", xlabel="clusters $k$", ylabel="radius", title="left")
        right.scatter(*rng.standard_normal((2, 40)), color=style.NEGATIVE, label="dots")
        right.bar([0, 1], [2.0, 4.0], width=0.5, label="counts")
        right.set_xticks([0, 1], ["one", "two"])
        right.set_ylabel("how many", visible=False)
    return figure

"""The exact KKT point of a nearby sample, from another point's active set (ours).

As the noise of a sample shrinks, the points of a cluster become one, and the interior-point
method can no longer tell which of them hold the margin. It need not: below some noise level the
sets of support vectors and of kinks stay as they are, so that a point that was found at more noise
names them, and Newton's method on them goes on to rounding. What comes out is measured like every
other point.
"""

from __future__ import annotations

import math

import numpy as np

from kktnotes import checks
from kktnotes.data.coordinates import augmented
from kktnotes.data.sample import Sample
from kktnotes.kkt.limit_point import NotCertified, _assembled
from kktnotes.kkt.solver.active_set import KINK, OFF, ON, ActiveSet, active_set_newton
from kktnotes.kkt.solver.pattern_limit import Limit
from kktnotes.kkt.solver.restricted import RestrictedProblem, Saddle
from kktnotes.kkt.storage import KKTPoint


def continued(point: KKTPoint, sample: Sample, *, tolerance: float = 1e-9) -> KKTPoint:
    """Return the KKT point of a sample that has the patterns of another sample's point.

    Parameters
    ----------
    point : KKTPoint
        A certified point of n examples, such as the same draws with more noise.
    sample : Sample
        As many examples, with the same labels in the same order.
    tolerance : float
        The largest residual of the certificate that is accepted.

    Returns
    -------
    KKTPoint
        In the sample's coordinates.

    Raises
    ------
    ValueError
        If the labels are not those of the point.
    NotCertified
        If a residual stays above `tolerance`.
    """
    x, y = sample.x, sample.y
    if len(y) != len(point.y) or not bool((y == point.y.to(y.device)).all()):
        got = f"{len(y)} examples, not labelled as the point's"
        raise checks.refusal("sample", got, f"the {len(point.y)} labels of the point in order")
    points = augmented(x)
    gram = (points @ points.mT).numpy(force=True)
    scale = float(np.diagonal(gram).mean())
    v, h = (
        point.network.output.numpy(force=True),
        point.network.preactivations(point.x).numpy(force=True).T,
    )
    problem = RestrictedProblem(
        gram=gram / scale, labels=y.numpy(force=True), signs=np.sign(v), patterns=h > 0
    )
    multipliers, a = point.multipliers.numpy(force=True), point.subgradients.numpy(force=True).T
    a = np.where(problem.same, 0.0, a)
    states = np.where(a <= 0, OFF, np.where(a >= multipliers, ON, KINK))
    active = ActiveSet(multipliers > 0, np.where(problem.same, OFF, states))
    root = math.sqrt(scale)  # the problem's points have length one or so
    solution = active_set_newton(problem, active, Saddle(multipliers * root, a * root, v**2 * root))
    if not solution.consistent:
        raise NotCertified("no active set near the point's solves the sample")
    limit = Limit(
        problem=problem, newton=solution, group=np.arange(len(v)), history=[], solved=True
    )
    found = _assembled(limit, scale, x, y)
    if not found.certificate.within(tolerance):
        name = found.certificate.worst_name
        value = getattr(found.certificate, name)
        raise NotCertified(f"{name} is {value:.2g}, above {tolerance:.2g}", found.certificate)
    return found

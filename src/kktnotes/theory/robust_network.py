"""What can go wrong with the network of Theorem 4.1 at a fresh point, in proved tail bounds (ours).

Its neuron j is on in the half-space H_j = {<mu_j, x> > d / 2}. A fresh point of cluster q leaves
its own H_q, or enters another H_j, only by noise along one mean, and that is a normal variable. So

    margin < 1       needs  its depth inside of H_q below sqrt(d) / 4, or an opposite H_j entered,
    radius <= r      needs  that depth, or the distance to an opposite H_j, to be at most r,
    not one neuron   needs  H_q left, or any other H_j entered:

events {normal variable > threshold}, whose probabilities are added up in logs.
"""

from __future__ import annotations

import math

import torch
from scipy.special import log_ndtr

from kktnotes import checks
from kktnotes.data.sample import Distribution

EVENTS = ("margin", "radius", "active")


def log_failure(clusters: Distribution, event: str, *, radius: float | None = None) -> float:
    """Return an upper bound of ln Pr of a failure of the robust network at a fresh point.

    Parameters
    ----------
    clusters : Clusters
        The distribution, with noise N(0, sigma^2 I).
    event : str
        "margin": y N(x) < 1. "radius": the zero radius is at most `radius` or the sign is wrong.
        "active": the number of active neurons is not one.
    radius : float, optional
        For "radius", and only there; sqrt(d) / 8 by default.

    Returns
    -------
    float
        Natural logarithm of the sum, over the ways to fail, of their probabilities, averaged over
        the clusters; at most 0.

    Raises
    ------
    ValueError
        For another event or noise, and for a radius that is given elsewhere.

    Examples
    --------
    >>> import kktnotes as kn
    >>> from kktnotes import theory
    >>> theory.log_failure(kn.case("A").clusters, "margin") < -1000
    True
    """
    checks.choice("event", event, EVENTS)
    if clusters.noise != "gaussian" or clusters.factor is not None:
        raise checks.refusal("clusters", "another noise", "noise N(0, sigma^2 I) for tail bounds")
    if radius is not None and event != "radius":
        raise checks.refusal("radius", radius, f"none, for the event {event!r}")
    sigma = checks.positive("sigma", clusters.sigma)
    root = math.sqrt(clusters.d)
    reach = root / 8 if radius is None else checks.positive("radius", radius, zero=True)
    own, other = {"margin": (root / 4, 0.0), "radius": (reach, reach), "active": (0.0, 0.0)}[event]
    # Entry (q, j): how far mean q lies inside of H_q (j = q), or outside of H_j.
    norms = clusters.means.norm(dim=1)
    distance = (clusters.d / 2 - clusters.gram) / norms
    apart = ~torch.eye(clusters.k, dtype=torch.bool, device=distance.device)
    distance = torch.where(apart, distance - other, -distance - own)
    matters = clusters.labels[:, None] != clusters.labels
    matters = (matters | (event == "active")) & apart | ~apart
    logs = torch.from_numpy(log_ndtr(-distance.numpy() / sigma))
    by_cluster = logs.masked_fill(~matters, -torch.inf).logsumexp(1).clamp(max=0.0)
    return float(by_cluster.logsumexp(0)) - math.log(clusters.k)


def log_super_polynomial(d: int) -> float:
    """Return ln d^(-ln d), an explicit rate faster than every power of d (ours).

    The paper's probabilities of failure are d^(-omega(1)), without a rate. Under Assumption 2.2
    every distance in `log_failure` is at least 20 ln(d) standard deviations, for the event
    "radius" at its default sqrt(d) / 8; so these failures are rarer than this.

    Examples
    --------
    >>> import kktnotes as kn
    >>> from kktnotes import theory
    >>> round(theory.log_super_polynomial(1000), 3)
    -47.717
    """
    return -(math.log(checks.integer("d", d)) ** 2)

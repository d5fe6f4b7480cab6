"""Networks on more clusters than the assumption allows (first open question of section 5).

Means on the sphere, k of them for k/d from a tenth to several: was L < 1/n reached, is there an
exact KKT point, how does it classify fresh points, what changes their signs. At fixed k/d, growing
d is the way to ask what the conjecture says of large d.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch

from kktnotes import checks
from kktnotes.attacks import least_eta, universal_direction
from kktnotes.data.clusters import Clusters
from kktnotes.data.linear_separation import separation
from kktnotes.data.sample import Sample
from kktnotes.flow import Flow, gradient_flow
from kktnotes.kkt import LimitPoint
from kktnotes.kkt.endings import limit_or_reason
from kktnotes.networks.two_layer import TwoLayerReLU
from kktnotes.printing import Brief
from kktnotes.radius import exact_radius, nearest_neighbour_radius

SHARE = 0.95
"""The share of fresh points that one perturbation has to change."""


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class Crowded(Brief):
    """One draw of means, sample, start and fresh points, and what was measured.

    Attributes
    ----------
    k, d, seed : int
    means_separable, sample_separable : bool
        By a linear program, with a bias as the networks have.
    means_margin : float
        The least margin that the program reached at the means, 0 where they are not separable.
    loss_reached : bool
        Whether the flow met L < 1/n.
    ending : str
        How the flow ended, or why no exact point was certified; "certified" otherwise.
    point : LimitPoint or None
        The exact KKT point.
    errors, mean_errors, counted : int
        Wrong ones among `counted` fresh points, of the network and of the nearest mean.
    example_errors : int
        Those of the nearest training point, which like the network knows the sample only.
    radius, nearest : float
        Medians over fresh points that are classified correctly, in sqrt(d): the exact flip radius
        of the network (its certified lower bound), and that of the nearest-mean rule.
    gap : float
        Largest relative gap between the radius's certified bounds.
    flip, length : float
        Median length of eta u that changes one correct point's sign, and the least length that
        changes 95 % of them at once, in sqrt(d); infinite where none does.
    random : float
        Share of these points that a random direction of `length` changes, the mean over 20
        directions (nan without a length).
    stopped : TwoLayerReLU or None
        The network at which the flow was stopped.
    likeness : float
        Correlation of its outputs with the exact point's on the fresh points.
    """

    k: int
    d: int
    seed: int
    means_separable: bool
    sample_separable: bool
    means_margin: float
    loss_reached: bool
    ending: str
    point: LimitPoint | None = None
    errors: int = 0
    mean_errors: int = 0
    counted: int = 0
    radius: float = math.nan
    nearest: float = math.nan
    gap: float = math.nan
    flip: float = math.nan
    length: float = math.nan
    random: float = math.nan
    stopped: TwoLayerReLU | None = None
    likeness: float = math.nan
    example_errors: int = 0


def crowded(
    k: int,
    d: int,
    seeds: Sequence[int],
    *,
    sigma: float,
    examples: int = 2,
    width: int = 50,
    init_scale: float = 0.1,
    tolerance: float = 1e-2,
    max_log_time: float = 200.0,
    max_steps: int = 1500,
    fresh: int = 20_000,
    probes: int = 20,
) -> list[Crowded]:
    """Draw, train, solve and measure, once for each seed; the flows run as one batch.

    Parameters
    ----------
    k, d : int
        Clusters and dimension; labels alternate, so that both are equally frequent.
    seeds : sequence of int
        Each gives its own means, sample, start and fresh points.
    sigma : float
        Noise level.
    examples : int
        Training points of each cluster, so that every cluster is represented.
    width, init_scale, tolerance, max_log_time, max_steps
        Of the flow, see `gradient_flow`. Its pattern is all that is used, so a coarse step will do.
    fresh, probes : int
        Fresh points to count errors on, and how many of them get an exact radius.
    """
    if not len(seeds):
        raise checks.refusal("seeds", "none", "one seed or more")
    samples = []
    for seed in seeds:
        clusters = Clusters.on_sphere(k, d, sigma, seed=seed).plain()
        members = torch.arange(k, device="cpu").repeat(checks.integer("examples", examples))
        samples.append(clusters.sample(len(members), seed=seed, cluster=members))
    batch = Sample.from_arrays(
        torch.stack([one.x for one in samples]), torch.stack([one.y for one in samples])
    )
    flows = gradient_flow(
        batch,
        width=width,
        init_scale=init_scale,
        seed=list(seeds),
        tolerance=tolerance,
        max_log_time=max_log_time,
        max_steps=max_steps,
    )
    return [
        _measured(flow, sample, seed, fresh, probes)
        for flow, sample, seed in zip(flows, samples, seeds, strict=True)
    ]


def _measured(flow: Flow, sample: Sample, seed: int, fresh: int, probes: int) -> Crowded:
    """Solve for the exact point and measure it."""
    clusters = sample.drawn_from()
    means = separation(clusters.means, clusters.labels, bias=True)
    own = separation(sample.x, sample.y, bias=True).separable
    point, ending = limit_or_reason(flow)
    drawn = Crowded(
        k=clusters.k,
        d=clusters.d,
        seed=seed,
        means_separable=means.separable,
        sample_separable=own,
        means_margin=means.margin,
        loss_reached=flow.separated,
        ending=ending,
    )
    if point is None:
        return drawn
    network, root = point.network, math.sqrt(clusters.d)
    test = sample.fresh(fresh, seed=seed)
    outputs = torch.stack([network(test.x), flow.network(test.x)])
    right = test.y * outputs[0] > 0
    apart = torch.cdist(test.x, clusters.means.to(test.x))
    other = apart.where(test.y[:, None] != clusters.labels, torch.inf).amin(1)
    mine = apart.where(test.y[:, None] == clusters.labels, torch.inf).amin(1)
    example = sample.y[torch.cdist(test.x, sample.x).argmin(1)]
    near = torch.nonzero(right)[:probes, 0]
    radius = exact_radius(network, test.x[near]).flip
    rule = Sample.from_arrays(clusters.means, clusters.labels)
    nearest = nearest_neighbour_radius(rule, test.x[near]).upper
    few = torch.nonzero(right)[:1000, 0]
    x, y, u = test.x[few], test.y[few], universal_direction(sample)
    eta = least_eta(network, (x, y), direction=u)
    all_at_once = float(least_eta(network, (x, y), direction=u, share=SHARE))
    unit = float(u.norm()) / root
    random = math.nan
    if math.isfinite(all_at_once):
        steps = all_at_once * u.norm() * sample.directions(20, seed=seed)
        moved = torch.stack([y * network(x - y[:, None] * step) for step in steps])
        random = float((moved <= 0).double().mean())
    return replace(
        drawn,
        point=point,
        errors=int((~right).sum()),
        mean_errors=int((other < mine).sum()),
        counted=fresh,
        radius=float(radius.lower.median()) / root,
        nearest=float(nearest.median()) / root,
        gap=float(radius.gap.max()),
        flip=float(eta.median()) * unit,
        length=all_at_once * unit,
        random=random,
        stopped=flow.network,
        likeness=float(torch.corrcoef(outputs)[0, 1]),
        example_errors=int((example != test.y).sum()),
    )

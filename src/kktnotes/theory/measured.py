"""Measured cluster sums, margins, radii and flips against their explicit bounds, as terms."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch

from kktnotes import checks
from kktnotes.data.sample import Sample, as_sample
from kktnotes.networks.two_layer import TwoLayerReLU, as_network
from kktnotes.printing import brief
from kktnotes.terms import Term, Terms
from kktnotes.theory import constants
from kktnotes.theory.hypotheses import RESIDUAL


@dataclass(frozen=True, eq=False, repr=False)
class ClusterSums:
    """S_q^+- of a KKT point, by the sign of the cluster.

    Attributes
    ----------
    own, wrong : tensors (k',)
        A_q and W_q of the clusters with an example, in the order of their numbers.
    """

    own: torch.Tensor
    wrong: torch.Tensor

    def __repr__(self) -> str:
        """Return the number of clusters, the least A_q and the largest W_q in one line."""
        least, most = float(self.own.min()), float(self.wrong.max())
        sides = f"least A_q {least:.3g}", f"largest W_q {most:.3g}"
        return brief(self, f"{len(self.own)} clusters", *sides)

    @property
    def total(self) -> float:
        """T, the sum of all of them."""
        return float(self.own.sum() + self.wrong.sum())


def cluster_sums(network: TwoLayerReLU, sample: Sample, subgradients: torch.Tensor) -> ClusterSums:
    """Return A_q and W_q of a KKT point.

    Parameters
    ----------
    network : TwoLayerReLU
        The KKT point of width m.
    sample : Sample
        The training sample, with clusters.
    subgradients : tensor (n, m)
        a_ij = lambda_i phi'_ij.

    Examples
    --------
    >>> import kktnotes as kn
    >>> from kktnotes import theory
    >>> train = kn.case("a").sample(0)
    >>> point = kn.kkt_point(kn.case("a").flow(0, train))
    >>> theory.cluster_sums(point.network, train, point.subgradients).total > 0
    True
    """
    network = as_network("network", network)
    sample = as_sample("sample", sample, network.device)
    if sample.cluster is None:
        raise checks.refusal("sample", "points without clusters", "a sample with cluster numbers")
    subgradients = checks.tensor("subgradients", subgradients, dimensions=2, device=network.device)
    if subgradients.shape != (sample.n, network.width):
        raise checks.refusal(
            "subgradients", f"shape {tuple(subgradients.shape)}", f"{(sample.n, network.width)}"
        )
    weighted = subgradients * network.output.square()
    plus = (weighted * (network.output > 0)).sum(-1)
    minus = (weighted * (network.output < 0)).sum(-1)
    own = torch.where(sample.y > 0, plus, minus)
    wrong = torch.where(sample.y > 0, minus, plus)
    groups = sample.cluster.unique()
    member = (sample.cluster == groups[:, None]).to(own.dtype)
    return ClusterSums(member @ own, member @ wrong)


def check_cluster_sums(
    network: TwoLayerReLU,
    sample: Sample,
    subgradients: torch.Tensor,
    *,
    residual: float,
    measured: constants.InnerProducts | None = None,
) -> Terms:
    """Compare the cluster sums of a KKT point with the appendix on constants (ours).

    Parameters
    ----------
    network, sample, subgradients
        As in `cluster_sums`; the network scaled to min q_i = 1.
    residual : float
        Largest relative KKT residual. The bounds are for KKT points: the first term says whether
        this is one (1e-8); if not, the others are no test of them.
    measured : InnerProducts, optional
        Of the sample, where known already.

    Examples
    --------
    >>> import kktnotes as kn
    >>> from kktnotes import theory
    >>> train = kn.case("a").sample(0)
    >>> point = kn.kkt_point(kn.case("a").flow(0, train))
    >>> known = {"residual": point.certificate.worst}
    >>> theory.check_cluster_sums(point.network, train, point.subgradients, **known).holds
    True
    """
    sums = cluster_sums(network, sample, subgradients)
    measured = constants.inner_products(sample) if measured is None else measured
    wrong = constants.wrong_sum_upper(measured, total=sums.total).value
    items = (
        Term("KKT point", residual, "<=", RESIDUAL, note="largest relative KKT residual"),
        Term(
            "W_q",
            float(sums.wrong.max()),
            "<=",
            wrong,
            note="largest W_q against wrong-signed sums",
        ),
        Term(
            "A_q + W_q",
            float((sums.own + sums.wrong).max()),
            "<=",
            constants.cluster_sum_upper(measured).value,
            note="largest A_q + W_q against cluster sums from above",
        ),
        Term(
            "T",
            sums.total,
            "<=",
            constants.total_sum_upper(measured).value,
            note="T against cluster sums from above",
        ),
        Term(
            "A_q",
            float(sums.own.min()),
            ">=",
            constants.own_sum_lower(measured).value,
            note="least A_q against own sums from below",
        ),
    )
    return Terms(items, "Cluster sums (ours)")


def check_margins(
    network: TwoLayerReLU,
    sample: Sample,
    fresh: Sample,
    *,
    measured: constants.InnerProducts | None = None,
) -> Terms:
    """Compare y N at fresh points, and the gradients there, with their bounds (ours).

    Each point has its own bound, from its own inner products with the sample.

    Examples
    --------
    >>> import kktnotes as kn
    >>> from kktnotes import theory
    >>> train = kn.case("a").sample(0)
    >>> point = kn.kkt_point(kn.case("a").flow(0, train))
    >>> theory.check_margins(point.network, train, train.fresh(50, seed=1)).holds
    True
    """
    network = as_network("network", network)
    sample = as_sample("sample", sample, network.device)
    fresh = as_sample("fresh", fresh, network.device)
    measured = constants.inner_products(sample) if measured is None else measured
    margins = network.margins(fresh.x, fresh.y)
    bounds = margins.new_tensor(
        [bound.value for bound in _by_point(constants.margin_lower, measured, sample, fresh)]
    )
    active = (network.preactivations(fresh.x) > 0) * network.output
    slope = float(torch.linalg.vector_norm(active @ network.weights, dim=-1).max())
    lipschitz = constants.lipschitz_upper(measured).value
    items = (
        _tightest("y N(x)", margins, ">=", bounds),
        Term(
            "gradient",
            slope,
            "<=",
            lipschitz,
            note="largest at fresh points against its Lipschitz bound",
        ),
    )
    return Terms(items, "Margins of fresh points (ours)")


def check_radii(
    sample: Sample,
    fresh: Sample,
    radii: torch.Tensor,
    *,
    measured: constants.InnerProducts | None = None,
) -> Terms:
    """Compare distances from fresh points to {y N <= 0} with its lower bound (ours).

    Parameters
    ----------
    sample, fresh : Sample
        Training and fresh points.
    radii : tensor (count,)
        Certified lower bounds or exact values, zero where y N(x) <= 0.
    measured : InnerProducts, optional
        Of the sample.

    Examples
    --------
    >>> import kktnotes as kn
    >>> from kktnotes import theory
    >>> train = kn.case("a").sample(0)
    >>> point, fresh = kn.kkt_point(kn.case("a").flow(0, train)), train.fresh(50, seed=1)
    >>> radii = kn.exact_radius(point.network, fresh.x).robust(fresh.x, fresh.y)
    >>> theory.check_radii(train, fresh, radii.lower).holds
    True
    """
    measured = constants.inner_products(sample) if measured is None else measured
    bounds = _by_point(constants.radius_lower, measured, sample, fresh)
    values = radii.new_tensor([bound.value for bound in bounds])
    vacuous = sum(bound.vacuous for bound in bounds)
    item = _tightest("radius", radii, ">=", values, f", vacuous at {vacuous}" if vacuous else "")
    return Terms((item,), "Radii of fresh points (ours)")


def check_flips(
    sample: Sample,
    fresh: Sample,
    eta: torch.Tensor,
    *,
    measured: constants.InnerProducts | None = None,
) -> Terms:
    """Compare the least flipping eta of fresh points along u with its upper bound (ours).

    Parameters
    ----------
    sample, fresh : Sample
        Training and fresh points.
    eta : tensor (count,)
        `attacks.least_eta` of the fresh points with direction u.
    measured : InnerProducts, optional
        Of the sample.

    Examples
    --------
    >>> import kktnotes as kn
    >>> from kktnotes import theory
    >>> train = kn.case("a").sample(0)
    >>> point, fresh = kn.kkt_point(kn.case("a").flow(0, train)), train.fresh(50, seed=1)
    >>> eta = kn.least_eta(point.network, fresh, direction=kn.universal_direction(train))
    >>> theory.check_flips(train, fresh, eta).holds
    True
    """
    measured = constants.inner_products(sample) if measured is None else measured
    _, largest, across = constants.fresh_inner_products(sample, fresh)
    values = eta.new_tensor(
        [
            constants.flip_eta_upper(measured, label=label, largest_own=own, across=other).value
            for label, own, other in zip(
                fresh.y.tolist(), largest.tolist(), across.tolist(), strict=True
            )
        ]
    )
    return Terms((_tightest("eta", eta, "<=", values),), "Universal flips (ours)")


def _tightest(
    name: str, found: torch.Tensor, relation: str, bounds: torch.Tensor, more: str = ""
) -> Term:
    """Return the term of the point at which there is least room between value and bound."""
    room = found - bounds if relation == ">=" else bounds - found
    tightest = int(room.argmin())
    note = f"the tightest of {len(bounds)} fresh points against their bounds{more}"
    return Term(name, float(found[tightest]), relation, float(bounds[tightest]), note=note)


def _by_point(
    bound: Callable[..., constants.Bound],
    measured: constants.InnerProducts,
    sample: Sample,
    fresh: Sample,
) -> list[constants.Bound]:
    """Return a bound for each fresh point, from its own inner products."""
    least, _, across = constants.fresh_inner_products(sample, fresh)
    if not bool((least.isfinite() & (least >= 0)).all()):
        raise checks.refusal(
            "fresh",
            "a point of a cluster without an example, or turned away from its own",
            "points whose inner products with their own cluster's examples are not negative",
        )
    return [
        bound(measured, own=own, across=other)
        for own, other in zip(least.tolist(), across.tolist(), strict=True)
    ]

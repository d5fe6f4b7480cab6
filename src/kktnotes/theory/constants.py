"""Explicit constants for every KKT point, from measured inner products (ours).

The paper's constants are hidden in O( ). Here, on one training sample with x~ = (x, 1),

    a <= x~_i . x~_l <= b   within a cluster (i = l included),    |x~_i . x~_l| <= rho   across,
    kappa = min_l y_l <x_l, u>,    k' = clusters with an example,    tau = k' rho / a,

and for every KKT point of Problem (2) the bounds below hold if tau < 1/2. Above, each function
refuses. Cluster sums: S_q^+- = sum_{i in q} lambda_i sum_{j in J+-} v_j^2 phi'_ij; A_q is that of
the cluster's own sign, W_q the other, T the total of all. Proofs: appendix on constants (ours).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch

from kktnotes import checks
from kktnotes.data.sample import Sample, as_sample


@dataclass(frozen=True, kw_only=True)
class InnerProducts:
    """The numbers that the bounds are made of; see the module.

    Attributes
    ----------
    a, b, rho : float
        Least and largest inner product within a cluster, largest absolute one across.
    kappa : float
        Least y_l <x_l, u>; NaN where no direction u is known.
    seen, clusters : int
        k', the clusters with an example, and k.
    seen_positive, seen_negative : int
        Clusters with an example of each label.
    """

    a: float
    b: float
    rho: float
    kappa: float
    seen: int
    clusters: int
    seen_positive: int
    seen_negative: int

    @property
    def tau(self) -> float:
        """k' rho / a; infinite where a <= 0."""
        return self.seen * self.rho / self.a if self.a > 0 else math.inf


@dataclass(frozen=True)
class Bound:
    """One explicit bound.

    Attributes
    ----------
    value : float
        The bound.
    vacuous : bool
        Whether it says nothing (a lower bound at or below zero, an upper one that is infinite).
    lemma : str
        The title of its lemma in the appendix on constants (ours), where the proof is.
    """

    value: float
    vacuous: bool
    lemma: str


def inner_products(sample: Sample, *, direction: torch.Tensor | None = None) -> InnerProducts:
    """Measure a, b, rho, kappa and k' on a training sample.

    Parameters
    ----------
    sample : Sample
        Training points with their clusters; one sample, no batch.
    direction : tensor (p,), optional
        u, by default sum_q y_q mu_q of the sample's clusters.

    Examples
    --------
    >>> import kktnotes as kn
    >>> from kktnotes import theory
    >>> train = kn.case("a").sample(0)
    >>> theory.inner_products(train).tau < 0.5
    True
    """
    sample = as_sample("sample", sample)
    if sample.x.ndim != 2:
        raise checks.refusal("sample", f"a batch {tuple(sample.x.shape)}", "one sample")
    cluster = _clusters_of(sample)
    gram = sample.x @ sample.x.T + 1
    same = cluster[:, None] == cluster
    seen = cluster.unique()
    within = gram[same]
    across = gram[~same]
    if direction is None and sample.clusters is not None:
        direction = sample.clusters.labels.to(sample.device) @ sample.means
    kappa = math.nan
    if direction is not None:
        direction = checks.tensor("direction", direction, dimensions=1, device=sample.device)
        if direction.shape != sample.x.shape[1:]:
            got = f"shape {tuple(direction.shape)}"
            raise checks.refusal("direction", got, f"({sample.p},), as the points")
        kappa = float((sample.y * (sample.x @ direction)).min())
    labels = {int(q): float(sample.y[cluster == q][0]) for q in seen}
    for q, label in labels.items():
        if bool((sample.y[cluster == q] != label).any()):
            raise checks.refusal("sample", f"cluster {q} with both labels", "one label a cluster")
    return InnerProducts(
        a=float(within.min()),
        b=float(within.max()),
        rho=float(across.abs().max()) if len(across) else 0.0,
        kappa=kappa,
        seen=len(seen),
        clusters=len(seen) if sample.clusters is None else sample.clusters.k,
        seen_positive=sum(label > 0 for label in labels.values()),
        seen_negative=sum(label < 0 for label in labels.values()),
    )


def fresh_inner_products(
    sample: Sample, fresh: Sample
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Return, for each fresh point, its least and largest own and largest other inner product.

    Returns
    -------
    least, largest : tensors (count,)
        Over x~_i . x~ with the examples of its own cluster; infinite (of either sign) where it
        has none.
    across : tensor (count,)
        Largest |x~_i . x~| with the examples of other clusters.

    Examples
    --------
    >>> import kktnotes as kn
    >>> from kktnotes import theory
    >>> train = kn.case("a").sample(0)
    >>> own, largest, across = theory.fresh_inner_products(train, train.fresh(3, seed=1))
    >>> own.shape, bool((own > across).all())
    (torch.Size([3]), True)
    """
    sample = as_sample("sample", sample)
    fresh = as_sample("fresh", fresh, sample.device)
    own, other = _clusters_of(fresh), _clusters_of(sample)
    gram = fresh.x @ sample.x.T + 1
    same = own[:, None] == other
    least = torch.where(same, gram, torch.inf).amin(-1)
    largest = torch.where(same, gram, -torch.inf).amax(-1)
    return least, largest, torch.where(same, 0.0, gram.abs()).amax(-1)


def total_sum_upper(measured: InnerProducts) -> Bound:
    """T <= k' / ((1 - tau) a) ("Cluster sums from above").

    Examples
    --------
    >>> import kktnotes as kn
    >>> from kktnotes import theory
    >>> train = kn.case("a").sample(0)
    >>> theory.total_sum_upper(theory.inner_products(train)).value > 0
    True
    """
    tau = _valid(measured)
    return Bound(measured.seen / ((1 - tau) * measured.a), False, "Cluster sums from above")


def wrong_sum_upper(measured: InnerProducts, *, total: float | None = None) -> Bound:
    """W_q <= rho T / (a + rho) for every cluster; T by its bound where not given.

    Examples
    --------
    >>> import kktnotes as kn
    >>> from kktnotes import theory
    >>> train = kn.case("a").sample(0)
    >>> theory.wrong_sum_upper(theory.inner_products(train)).value > 0
    True
    """
    total = total_sum_upper(measured).value if total is None else checks.positive("total", total)
    _valid(measured)
    return Bound(measured.rho * total / (measured.a + measured.rho), False, "Wrong-signed sums")


def cluster_sum_upper(measured: InnerProducts) -> Bound:
    """A_q + W_q <= 1 / ((1 - tau) a) for every cluster.

    Examples
    --------
    >>> import kktnotes as kn
    >>> from kktnotes import theory
    >>> train = kn.case("a").sample(0)
    >>> theory.cluster_sum_upper(theory.inner_products(train)).value < 1e-2
    True
    """
    return Bound(1 / ((1 - _valid(measured)) * measured.a), False, "Cluster sums from above")


def own_sum_lower(measured: InnerProducts) -> Bound:
    """A_q >= (1 - 2 tau) / ((1 - tau) b) for every cluster with an example.

    Examples
    --------
    >>> import kktnotes as kn
    >>> from kktnotes import theory
    >>> train = kn.case("a").sample(0)
    >>> theory.own_sum_lower(theory.inner_products(train)).value > 0
    True
    """
    tau = _valid(measured)
    return Bound((1 - 2 * tau) / ((1 - tau) * measured.b), False, "Own sums from below")


def margin_lower(
    measured: InnerProducts, *, own: float | None = None, across: float | None = None
) -> Bound:
    """Lower bound of y N(x) at a fresh point of a cluster with an example.

    Parameters
    ----------
    measured : InnerProducts
        Of the training sample.
    own, across : float, optional
        The point's least inner product with its own cluster's examples (not negative) and its
        largest absolute one with others; a and rho by default:
        y N(x) >= ((1 - 2 tau) a / b - tau) / (1 - tau).

    Examples
    --------
    >>> import kktnotes as kn
    >>> from kktnotes import theory
    >>> train = kn.case("a").sample(0)
    >>> theory.margin_lower(theory.inner_products(train)).value > 0
    True
    """
    own = measured.a if own is None else checks.positive("own", own, zero=True)
    across = measured.rho if across is None else checks.positive("across", across, zero=True)
    lowest = own_sum_lower(measured).value
    value = own * lowest - across * total_sum_upper(measured).value
    return Bound(value, value <= 0, "Margins of fresh points")


def lipschitz_upper(measured: InnerProducts) -> Bound:
    """Lip(N) <= sqrt(k' (b + tau a)) / ((1 - tau) a).

    Examples
    --------
    >>> import kktnotes as kn
    >>> from kktnotes import theory
    >>> train = kn.case("a").sample(0)
    >>> point = kn.kkt_point(kn.case("a").flow(0, train))
    >>> bound = theory.lipschitz_upper(theory.inner_products(train)).value
    >>> steepest = (point.network.output.abs() * point.network.weights.norm(dim=1)).max()
    >>> float(steepest) <= bound
    True
    """
    tau = _valid(measured)
    root = math.sqrt(measured.seen * (measured.b + tau * measured.a))
    return Bound(root / ((1 - tau) * measured.a), False, "Lipschitz constant")


def radius_lower(
    measured: InnerProducts, *, own: float | None = None, across: float | None = None
) -> Bound:
    """Lower bound of the distance from a fresh point to {y N <= 0}.

    By default a ((1 - 2 tau) a / b - tau) / sqrt(k' (b + tau a)); the paper has no such side.
    `own`, not negative, and `across` as in `margin_lower`.
    Zero, and vacuous, unless (1 - 2 tau) a / b > tau.

    Examples
    --------
    >>> import kktnotes as kn
    >>> from kktnotes import theory
    >>> train = kn.case("a").sample(0)
    >>> theory.radius_lower(theory.inner_products(train)).value > 0
    True
    """
    margin = margin_lower(measured, own=own, across=across)
    value = max(margin.value, 0.0) / lipschitz_upper(measured).value
    return Bound(value, margin.vacuous, "Radius from below")


def flip_eta_upper(
    measured: InnerProducts,
    *,
    label: float,
    largest_own: float | None = None,
    across: float | None = None,
) -> Bound:
    """eta* such that x - y eta u has another sign than y for every eta > eta*.

    Parameters
    ----------
    measured : InnerProducts
        Of the training sample.
    label : float
        y of the point: clusters of the other label make it flip.
    largest_own, across : float, optional
        The point's largest inner product b' with its own cluster's examples and its largest
        absolute one with others; b and rho by default:
        eta* = (b' / a + tau) b / (kappa k_{-y} (1 - 2 tau)), k_{-y} the clusters of the other
        label with an example. Infinite, and vacuous, unless kappa > 0 and k_{-y} >= 1.

    Examples
    --------
    >>> import kktnotes as kn
    >>> from kktnotes import theory
    >>> train = kn.case("a").sample(0)
    >>> bound = theory.flip_eta_upper(theory.inner_products(train), label=1.0)
    >>> bound.value > 1 / 4  # every eta above it turns the sign, at every KKT point
    True
    """
    tau = _valid(measured)
    largest_own = measured.b if largest_own is None else max(float(largest_own), 0.0)
    across = measured.rho if across is None else checks.positive("across", across, zero=True)
    if label not in (1, -1):
        raise checks.refusal("label", label, "1 or -1")
    opposite = measured.seen_negative if label > 0 else measured.seen_positive
    if not measured.kappa > 0 or not opposite:
        return Bound(math.inf, True, "Universal flips")
    reach = (largest_own + measured.seen * across) / measured.a
    value = reach * measured.b / (measured.kappa * opposite * (1 - 2 * tau))
    return Bound(value, False, "Universal flips")


def flip_norm_upper(
    measured: InnerProducts,
    direction: torch.Tensor,
    *,
    label: float,
    largest_own: float | None = None,
    across: float | None = None,
) -> Bound:
    """||z|| = eta* ||u||, u given as a tensor (p,).

    Examples
    --------
    >>> import kktnotes as kn
    >>> from kktnotes import theory
    >>> train = kn.case("a").sample(0)
    >>> u = kn.universal_direction(train)
    >>> theory.flip_norm_upper(theory.inner_products(train), u, label=1.0).value < train.d
    True
    """
    eta = flip_eta_upper(measured, label=label, largest_own=largest_own, across=across)
    return Bound(eta.value * float(torch.linalg.vector_norm(direction)), eta.vacuous, eta.lemma)


def _valid(measured: InnerProducts) -> float:
    """Return tau, or refuse where the bounds were not proved."""
    if not measured.tau < 0.5:
        raise checks.refusal(
            "tau", f"{measured.tau:.3g}", "below 1/2: the explicit constants hold there only"
        )
    return measured.tau


def _clusters_of(sample: Sample) -> torch.Tensor:
    """Return the cluster numbers, or refuse."""
    if sample.cluster is None:
        raise checks.refusal("sample", "points without clusters", "a sample with cluster numbers")
    return sample.cluster

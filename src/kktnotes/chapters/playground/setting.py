"""A setting that a reader chooses, and what came of it: never an exception, always a sentence.

Every step of a run may fail for a reason that is part of the subject: means that do not exist, a
cluster without an example, data that the width does not separate, a point that is not certified.
Each of these becomes a sentence in `Outcome.remarks`, and the steps after it are left out.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from kktnotes import checks
from kktnotes.data.clusters import Clusters
from kktnotes.data.sample import Sample
from kktnotes.flow import Flow, gradient_flow
from kktnotes.kkt import NotCertified, certificate, kkt_point
from kktnotes.kkt.limit_point import LimitPoint
from kktnotes.networks.two_layer import TwoLayerReLU
from kktnotes.printing import Brief

MEANS = ("orthogonal", "sphere", "equicorrelated")
MOST_POINTS = 4_000
MOST_CLUSTERS = 2_000
MOST_WORK = 1e9  # n^2 times width of the largest flow


@dataclass(frozen=True, kw_only=True)
class Setting:
    """What a reader may set.

    Attributes
    ----------
    d, k : int
        Dimension and number of clusters; their labels alternate.
    sigma : float
        Noise level.
    n : int or None
        Training points; None for ceil(k ln^2 d), what the theorems ask for.
    means : str
        "orthogonal", "sphere" (uniform, drawn from the seed) or "equicorrelated".
    inner_product : float
        Of all pairs of equicorrelated means.
    width, loss, init_scale, seed
        As `gradient_flow` takes them.
    delta, epsilon : float
        Of Theorems 3.1 and 4.2.
    """

    d: int
    k: int
    sigma: float
    n: int | None = None
    means: str = "orthogonal"
    inner_product: float = 0.0
    width: int = 50
    loss: str = "exponential"
    init_scale: float = 1e-3
    delta: float = 0.05
    epsilon: float = 0.01
    seed: int = 0

    @property
    def points(self) -> int:
        """The number of training points."""
        if self.n is not None:
            return checks.integer("n", self.n)
        return math.ceil(self.k * math.log(max(self.d, 2)) ** 2)

    def clusters(self, d: int | None = None) -> Clusters:
        """Return the distribution, in another dimension if one is given.

        Raises
        ------
        ValueError
            If there are no such means, with the reason.
        """
        d = self.d if d is None else d
        checks.choice("means", self.means, MEANS)
        if checks.integer("k", self.k, least=2) > MOST_CLUSTERS:
            raise checks.refusal("k", self.k, f"at most {MOST_CLUSTERS:,} in the playground")
        if self.means == "orthogonal":
            return Clusters.orthogonal(self.k, d, self.sigma)
        if self.means == "sphere":
            return Clusters.on_sphere(self.k, d, self.sigma, seed=self.seed)
        return Clusters.equicorrelated(self.k, d, self.inner_product, self.sigma)


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class Outcome(Brief):
    """What came of a setting; whatever was not reached is None.

    Attributes
    ----------
    setting : Setting
        What was asked.
    remarks : list of str
        What stood in the way, or was noticed, in whole sentences.
    clusters : Clusters or None
        The distribution.
    sample : Sample or None
        The training sample, in the coordinates of `network`.
    flow : Flow or None
        The gradient flow.
    limit : LimitPoint or None
        The certified KKT point that it tends to.
    network : TwoLayerReLU or None
        What is measured: the certified point, else the last network of the flow.
    residual : float
        Its largest relative KKT residual; infinite where some point has the wrong sign.
    """

    setting: Setting
    remarks: list[str] = field(default_factory=list)
    clusters: Clusters | None = None
    sample: Sample | None = None
    flow: Flow | None = None
    limit: LimitPoint | None = None
    network: TwoLayerReLU | None = None
    residual: float = math.inf

    @property
    def trained(self) -> tuple[Clusters, Sample, TwoLayerReLU]:
        """The distribution, the sample and the network that is measured; all were reached."""
        if self.clusters is None or self.sample is None or self.network is None:
            raise checks.refusal("outcome", "one without a network", "one whose flow was followed")
        return self.clusters, self.sample, self.network


def run(setting: Setting) -> Outcome:
    """Run a setting as far as it goes."""
    remarks: list[str] = []
    try:
        clusters = setting.clusters()
    except ValueError as error:
        return Outcome(setting=setting, remarks=[f"There is no such distribution: {error}."])
    try:
        n = setting.points
        if n > MOST_POINTS or n**2 * checks.integer("width", setting.width) > MOST_WORK:
            text = f"n = {n:,} and width {setting.width:,} would take more than a minute"
            return Outcome(
                setting=setting, remarks=[f"No flow was followed: {text}."], clusters=clusters
            )
        sample = clusters.sample(n, seed=setting.seed)
        missed = int((sample.counts == 0).sum())
        if missed:
            remarks.append(f"{missed} of the {clusters.k} clusters have no training point.")
        flow = _flow(setting, sample)
    except ValueError as error:
        return Outcome(
            setting=setting,
            remarks=[*remarks, f"No flow was followed: {error}."],
            clusters=clusters,
        )
    network = flow.distinct
    if not flow.separated:
        text = f"The flow did not meet L < 1/n within its budget; it ended with '{flow.status}'."
        text += " Theorem 2.1 is silent about it, and its last network is measured."
        return Outcome(
            setting=setting,
            remarks=[*remarks, text],
            clusters=clusters,
            sample=flow.sample,
            flow=flow,
            limit=None,
            network=network,
        )
    limit, residual = None, math.inf
    try:
        limit = kkt_point(flow)
        narrow = flow.sample.p - limit.network.weights.shape[-1]
        network, residual = _padded(limit.network, narrow), limit.certificate.worst
    except (NotCertified, ValueError) as error:
        remarks.append(f"No KKT point was certified: {error}. The trained network is measured.")
        if len(flow.sample.y) <= 600 and network.width <= 60:
            residual = certificate(network, flow.sample).worst
    return Outcome(
        setting=setting,
        remarks=remarks,
        clusters=clusters,
        sample=flow.sample,
        flow=flow,
        limit=limit,
        network=network,
        residual=residual,
    )


def _flow(setting: Setting, sample: Sample) -> Flow:
    """Follow the flow within the playground's budget."""
    return gradient_flow(
        sample,
        width=setting.width,
        loss=setting.loss,
        init_scale=setting.init_scale,
        seed=setting.seed,
        max_steps=3_000,
        give_up_products=12_000,
        progress=False,
    )


def _padded(network: TwoLayerReLU, extra: int) -> TwoLayerReLU:
    """Return the network in `extra` more coordinates, where it is zero."""
    zeros = network.weights.new_zeros(network.width, extra)
    weights = zeros.new_zeros(network.width, network.weights.shape[-1] + extra)
    weights[:, : network.weights.shape[-1]] = network.weights
    return TwoLayerReLU(weights, network.biases, network.output)

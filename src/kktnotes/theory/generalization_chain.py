"""The chain of section 3.1, term by term: from Eq. (3) over Eq. (5) to a lower bound of the output.

For a point x of a cluster r with label y = 1, the paper bounds N(x) from below in these steps
(J+ and J- the neurons with v_j > 0 and v_j < 0, x~ = (x, 1)):

    N(x) >= sum_{J+} v_j h_j(x) + sum_{J-} v_j phi(h_j(x))                           Eq. (5)
    sum_{J+} v_j h_j(x) = sum_{J+} v_j [ sum_i lambda_i y_i v_j phi'_ij x~_i.x~ ]    by (3), (4)
                        = sum_q sum_{i in q} y_i c_i x~_i.x~
                       >= sum_{i in r} c_i x~_i.x~ - sum_{q != r} sum_{i in q} c_i |x~_i.x~|

with c_i = sum_{J+} lambda_i v_j^2 phi'_ij, whose sums over clusters are the cluster sums S_q^+.
For label -1 all of it is mirrored: J- takes the place of J+, and -N that of N. Everything here is
multiplied by y, so that large is good for both labels.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch

from kktnotes import checks
from kktnotes.data.sample import Sample, as_sample
from kktnotes.networks.two_layer import TwoLayerReLU, as_network
from kktnotes.printing import Brief


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class Chain(Brief):
    """The terms of the chain at fresh points, each multiplied by the point's label.

    Own neurons are those of the sign of the point's label, opposite ones the others. Each line of
    the chain is computed in its own way: `linear` from the network, `expanded` neuron by neuron
    from multipliers and subgradients, `terms` cluster by cluster.

    Attributes
    ----------
    margin : tensor (count,)
        y N(x).
    linear : tensor (count,)
        Own neurons without their relu: sum over them of |v_j| h_j(x), the left side of the chain.
    expanded : tensor (count,)
        The chain's first right side, with Eqs. (3) and (4) put in for w_j and b_j.
    opposite : tensor (count,)
        What the opposite neurons take off: sum over them of |v_j| phi(h_j(x)), at least 0.
    terms : tensor (count, k')
        The chain's second right side: the sum over the examples of each cluster.
    sizes : tensor (count, k')
        The same with absolute inner products |x~_i.x~| and without labels, as in the last line.
    is_own : bool tensor (count, k')
        Which column is the point's own cluster (none where that has no example).
    groups : int64 tensor (k',)
        The clusters with an example, in the order of the columns.
    """

    margin: torch.Tensor
    linear: torch.Tensor
    expanded: torch.Tensor
    opposite: torch.Tensor
    terms: torch.Tensor
    sizes: torch.Tensor
    is_own: torch.Tensor
    groups: torch.Tensor

    @property
    def equation_5(self) -> torch.Tensor:
        """The right side of Eq. (5), (count,)."""
        return self.linear - self.opposite

    @property
    def lost(self) -> torch.Tensor:
        """What Eq. (5) gives away, (count,): own neurons that are off, counted as negative."""
        return self.margin - self.equation_5

    @property
    def own(self) -> torch.Tensor:
        """The term of the point's own cluster, (count,)."""
        return (self.terms * self.is_own).sum(-1)

    @property
    def others(self) -> torch.Tensor:
        """The terms of all other clusters, with their signs, (count,)."""
        return (self.terms * ~self.is_own).sum(-1)

    @property
    def others_size(self) -> torch.Tensor:
        """The sum over all other clusters in the chain's last line, (count,)."""
        return (self.sizes * ~self.is_own).sum(-1)

    @property
    def last_line(self) -> torch.Tensor:
        """The chain's last line, (count,)."""
        return self.own - self.others_size

    @property
    def bound(self) -> torch.Tensor:
        """The last line put into Eq. (5): a lower bound of y N(x), (count,)."""
        return self.last_line - self.opposite


def chain(
    network: TwoLayerReLU, sample: Sample, subgradients: torch.Tensor, fresh: Sample
) -> Chain:
    """Evaluate every term of the chain of section 3.1.

    Parameters
    ----------
    network : TwoLayerReLU
        The KKT point of width m, in the coordinates of the sample.
    sample : Sample
        The training sample, with clusters.
    subgradients : tensor (n, m)
        a_ij = lambda_i phi'_ij.
    fresh : Sample
        The points, with their clusters.

    Returns
    -------
    Chain
        For networks that are no KKT points `linear` and `expanded` differ: their equality is
        Eqs. (3) and (4).

    Raises
    ------
    ValueError
        If clusters are missing or the subgradients do not fit.

    Examples
    --------
    >>> import kktnotes as kn
    >>> from kktnotes import theory
    >>> point = kn.averaged_point(4, 100)
    >>> train = kn.Sample.from_arrays(point.x, point.y, range(4))
    >>> chain = theory.chain(point.network, train, point.subgradients, train)
    >>> bool((chain.expanded / chain.linear - 1).abs().max() < 1e-12)
    True
    """
    network = as_network("network", network)
    sample = as_sample("sample", sample, network.device)
    fresh = as_sample("fresh", fresh, network.device)
    for name, one in (("sample", sample), ("fresh", fresh)):
        if one.cluster is None:
            raise checks.refusal(name, "points without clusters", "a sample with cluster numbers")
    a = checks.tensor("subgradients", subgradients, dimensions=2, device=network.device)
    if a.shape != (sample.n, network.width):
        expected = f"{(sample.n, network.width)}"
        raise checks.refusal("subgradients", f"shape {tuple(a.shape)}", expected)
    v, y = network.output, fresh.y
    h = network.preactivations(fresh.x)
    is_own_neuron = y[:, None] * v > 0
    gram = fresh.x @ sample.x.mT + 1
    right_side = v * (gram @ (a * sample.y[:, None]))  # h by Eqs. (3) and (4)
    weights = torch.where(
        y[:, None] > 0, (a * v.square()) @ (v > 0).to(a), (a * v.square()) @ (v < 0).to(a)
    )  # c_i, (count, n)
    clusters = sample.numbered()
    groups = clusters.unique()
    member = (clusters[:, None] == groups).to(a)
    return Chain(
        margin=network.margins(fresh.x, y),
        linear=(v.abs() * h * is_own_neuron).sum(-1),
        expanded=(v.abs() * right_side * is_own_neuron).sum(-1),
        opposite=(v.abs() * h.clamp(min=0) * ~is_own_neuron).sum(-1),
        terms=(y[:, None] * sample.y * weights * gram) @ member,
        sizes=(weights * gram.abs()) @ member,
        is_own=fresh.numbered("fresh")[:, None] == groups,
        groups=groups,
    )

"""KKT points of Problem (2) in closed form, one for each partition of the clusters (ours).

Let the points have x~_q . x~_r = c for q = r and 0 otherwise; so it is for sigma = 0, one point a
cluster, ||mu_q||^2 = d and <mu_q, mu_r> = -1, with c = d + 1. Part the points into sets A_j of
equal label, one neuron a set. Then, for any such partition,

    lambda_q = (c |A_j|)^(-1/2) for q in A_j,    v_j = y_q (lambda_q c)^(-1/2),
    w~_j = v_j sum_{q in A_j} lambda_q y_q x~_q,

with phi' = 1 on a neuron's own set and 0 elsewhere, is a KKT point: a point of A_j has
w~_j . x~_q = v_j lambda_q y_q c, hence margin v_j^2 lambda_q c = 1, and lies exactly on the kink
of every other neuron. The norm is ||theta||^2 = 2 sum_j (|A_j| / c)^(1/2): least for one set a
label (averaged), largest for one set a point (decoupled), so most of these KKT points are not
the global optimum. Labels need not be balanced.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch

from kktnotes import checks
from kktnotes.kkt.storage import KKTPoint
from kktnotes.networks.two_layer import TwoLayerReLU


def equicorrelated_points(k: int, d: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Return k points of squared norm d and inner products -1, labels +1 and -1 in turn.

    The coordinates span the points, so x has shape (k, k); x = s I + t 1 1' with s^2 = d + 1.

    Raises
    ------
    ValueError
        If k < 2 or k > d + 1, which no such points allow.

    Examples
    --------
    >>> import kktnotes as kn
    >>> x, y = kn.equicorrelated_points(3, 8)
    >>> (x @ x.T).round()
    tensor([[ 8., -1., -1.],
            [-1.,  8., -1.],
            [-1., -1.,  8.]], dtype=torch.float64)
    >>> y
    tensor([ 1., -1.,  1.], dtype=torch.float64)
    """
    k, d = checks.integer("k", k, 2), checks.integer("d", d)
    if k > d + 1:
        raise checks.refusal("k", k, f"at most d + 1 = {d + 1}, else no inner products are all -1")
    s = (d + 1) ** 0.5
    t = -1 / (s + (s * s - k) ** 0.5)
    x = s * torch.eye(k, dtype=torch.float64, device="cpu") + t
    y = torch.ones_like(x[0])
    y[1::2] = -1
    return x, y


def partition_point(x: checks.Array, y: checks.Array, sets: Sequence[Sequence[int]]) -> KKTPoint:
    """Return the KKT point of a partition of the points into sets of equal label.

    Parameters
    ----------
    x, y : (n, p), (n,)
        Points whose x~_q are orthogonal and of equal norm, and their labels.
    sets : sequence of sequences of int
        The sets A_j; each point in exactly one, all labels of a set equal.

    Raises
    ------
    ValueError
        If the points are not as above or the sets are no such partition.

    Examples
    --------
    >>> import kktnotes as kn
    >>> x, y = kn.equicorrelated_points(4, 100)
    >>> kn.partition_point(x, y, [[0, 2], [1], [3]]).network
    TwoLayerReLU(3 neurons, 4 coordinates)
    """
    x = checks.tensor("x", x, dimensions=2)
    y = checks.labels("y", y, device=x.device)
    if x.ndim != 2 or y.shape != x.shape[:1]:
        raise checks.refusal(
            "x, y", f"shapes {tuple(x.shape)}, {tuple(y.shape)}", "(n, p) and (n,)"
        )
    n = len(x)
    gram = x @ x.T + 1
    c = gram.diagonal().mean()
    off = (gram - c * torch.eye(n, dtype=x.dtype, device=x.device)).abs().max() / c
    if off > 1e-9:
        raise checks.refusal("x", f"x~_q . x~_r off from c I by {off:.2g} c", "orthogonal x~_q")
    allowed = "a list of sets of points"
    sets = [
        [checks.integer("sets", q, 0) for q in checks.sequence("sets", members, allowed)]
        for members in checks.sequence("sets", sets, allowed)
    ]
    if sorted(q for members in sets for q in members) != list(range(n)) or not all(sets):
        raise checks.refusal("sets", sets, f"each of 0..{n - 1} in exactly one set, none empty")
    for members in sets:
        if len(set(y[members].tolist())) > 1:
            raise checks.refusal("sets", f"{members} with both labels", "sets of one label each")

    multipliers, output = x.new_zeros(n), x.new_zeros(len(sets))
    subgradients = x.new_zeros(n, len(sets))
    for j, members in enumerate(sets):
        multipliers[members] = (c * len(members)) ** -0.5
        subgradients[members, j] = multipliers[members]
        output[j] = y[members[0]] * (multipliers[members[0]] * c) ** -0.5
    signed = subgradients * y[:, None]
    network = TwoLayerReLU(output[:, None] * (signed.T @ x), output * signed.sum(0), output)
    return KKTPoint.measured(network, x, y, multipliers, subgradients)


def averaged_point(k: int, d: int) -> KKTPoint:
    """Return the KKT point with one neuron a label: ||theta||^2 = 2 sqrt(2k / (d + 1)), k even.

    Examples
    --------
    >>> import kktnotes as kn
    >>> point = kn.averaged_point(4, 100)
    >>> point.network
    TwoLayerReLU(2 neurons, 4 coordinates)
    >>> [round(float(v), 3) for v in point.network.output]
    [0.375, -0.375]
    """
    x, y = equicorrelated_points(k, d)
    return partition_point(x, y, [range(0, len(y), 2), range(1, len(y), 2)])


def decoupled_point(k: int, d: int) -> KKTPoint:
    """Return the KKT point with one neuron a cluster: ||theta||^2 = 2k / sqrt(d + 1).

    Examples
    --------
    >>> import kktnotes as kn
    >>> point = kn.decoupled_point(4, 100)
    >>> point.network.width, point.certificate.within(1e-12)
    (4, True)
    """
    x, y = equicorrelated_points(k, d)
    return partition_point(x, y, [[q] for q in range(len(y))])

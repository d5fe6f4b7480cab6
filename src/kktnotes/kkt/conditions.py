"""How far a network is from a KKT point of Problem (2), for given multipliers (Eqs. (3), (4)).

Problem (2): minimise ||theta||^2 / 2 subject to y_i N(x_i) >= 1. Scale theta so that the least
margin is 1 (the network is homogeneous of degree 2). With multipliers lambda_i >= 0 and
a_ij = lambda_i phi'_ij, where phi'_ij is a Clarke subgradient of relu at h_ij, theta is a KKT
point if and only if

    w_j = v_j sum_i a_ij y_i x_i            Eq. (3)
    b_j = v_j sum_i a_ij y_i                Eq. (4)
    v_j = sum_i lambda_i y_i relu(h_ij)     the same condition for the output layer
    lambda_i (q_i - 1) = 0                  complementary slackness
    a_ij = 0 if h_ij < 0, lambda_i if h_ij > 0, anything in [0, lambda_i] if h_ij = 0.

Each condition has its own residual, relative to its own left side, so that a small part of
theta (b is 3e-4 of w at d = 1e7) cannot hide behind a large one. Multipliers and subgradients
do not change when theta is scaled. Signs and bounds of the multipliers are not residuals:
arrays that break them are refused.
"""

from __future__ import annotations

import math

import torch

from kktnotes import checks
from kktnotes.kkt.report import Certificate
from kktnotes.networks.two_layer import TwoLayerReLU, as_network


def relative(error: torch.Tensor, left: torch.Tensor, scale: torch.Tensor) -> torch.Tensor:
    """Return error / left; where left is zero error / scale, and 0 where error is zero."""
    reference = torch.where(left > 0, left, scale)
    safe = torch.where(reference > 0, reference, torch.ones_like(reference))
    return torch.where(error > 0, error / safe, torch.zeros_like(error))


def examples(network: TwoLayerReLU, x: checks.Array, y: checks.Array) -> tuple[torch.Tensor, ...]:
    """Return x (n, p) and y (n,) as tensors, checked against one network without batch axes."""
    if network.weights.ndim != 2:
        raise checks.refusal("network", f"{network.weights.ndim - 2} batch axes", "one network")
    x = checks.tensor("x", x, dimensions=2, device=network.device)
    p = network.weights.shape[-1]
    if x.ndim != 2 or x.shape[-1] != p:
        raise checks.refusal("x", f"shape {tuple(x.shape)}", f"(n, {p}), as network.weights")
    y = checks.labels("y", y, device=x.device)
    if y.shape != x.shape[:1]:
        raise checks.refusal("y", f"shape {tuple(y.shape)}", f"({len(x)},), one label a point")
    return x, y


def normalized(network: TwoLayerReLU, x: torch.Tensor, y: torch.Tensor) -> TwoLayerReLU:
    """Return theta scaled to min_i y_i N(x_i) = 1, the scale of Problem (2).

    Raises
    ------
    ValueError
        If a margin is zero or negative: then no scale makes theta feasible.
    """
    margins = network.margins(x, y)
    least = margins.min()
    if not least > 0:
        wrong = int((margins <= 0).sum())
        raise checks.refusal(
            "network",
            f"smallest margin y_i N(x_i) = {least:.3g} ({wrong} of {len(y)} points not separated)",
            "a network that gives every point of the sample its label, all margins > 0",
        )
    return network.scaled(least.rsqrt())


def normalized_preactivations(network: TwoLayerReLU, x: torch.Tensor) -> torch.Tensor:
    """Return h_ij / (||w~_j|| ||x~_i||), shape (n, m): cosines, 0 for a neuron with w~_j = 0."""
    norms = network.augmented.norm(dim=-1)
    points = (x.square().sum(-1) + 1).sqrt()
    scale = points[:, None] * torch.where(norms > 0, norms, torch.ones_like(norms))
    return network.preactivations(x) / scale


def residuals(
    network: TwoLayerReLU,
    x: checks.Array,
    y: checks.Array,
    multipliers: checks.Array,
    subgradients: checks.Array,
    *,
    objective: float = math.nan,
) -> Certificate:
    """Measure every KKT condition of Problem (2) at given multipliers and subgradients.

    Parameters
    ----------
    network : TwoLayerReLU
        Any scale; it is scaled to least margin 1 before anything is measured.
    x, y : (n, p), (n,)
        The training set, labels -1 and 1.
    multipliers : (n,)
        lambda_i >= 0.
    subgradients : (n, m)
        a_ij = lambda_i phi'_ij in [0, lambda_i]. A pair away from a kink must hold 0 or
        lambda_i itself, to the last bit; any other value counts as a kink.
    objective : float
        The value that was minimised to find them, where they were fitted; reported only.

    Returns
    -------
    Certificate
        See there for the definition of each residual.

    Raises
    ------
    ValueError
        For arrays that do not fit together, NaN, labels other than -1 and 1, one class only,
        a network that does not separate the points, multipliers or subgradients out of bounds.

    Examples
    --------
    >>> import kktnotes as kn
    >>> point = kn.averaged_point(4, 100)
    >>> theirs = point.multipliers, point.subgradients
    >>> found = kn.residuals(point.network, point.x, point.y, *theirs)
    >>> found.within(1e-12), found.worst_name in found.residuals
    (True, True)
    """
    network = as_network("network", network)
    x, y = examples(network, x, y)
    n, m = len(x), network.width
    lam = checks.tensor("multipliers", multipliers, device=x.device)
    if lam.shape != (n,):
        raise checks.refusal("multipliers", f"shape {tuple(lam.shape)}", f"({n},)")
    if lam.min() < 0:
        raise checks.refusal("multipliers", f"the value {lam.min():.3g}", "numbers >= 0")
    a = checks.tensor("subgradients", subgradients, device=x.device)
    if a.shape != (n, m):
        raise checks.refusal("subgradients", f"shape {tuple(a.shape)}", f"({n}, {m})")
    if a.min() < 0 or (a > lam[:, None]).any():
        excess = torch.maximum(-a, a - lam[:, None]).max()
        raise checks.refusal(
            "subgradients", f"entries outside by {excess:.3g}", "0 <= a_ij <= multipliers_i"
        )

    theta = normalized(network, x, y)
    preactivations = theta.preactivations(x)
    signed = a * y[:, None]
    errors = {  # left side minus right side, one row a neuron
        "weights": theta.weights - theta.output[:, None] * (signed.T @ x),
        "biases": (theta.biases - theta.output * signed.sum(0))[:, None],
        "output": (theta.output - preactivations.clamp(min=0).T @ (lam * y))[:, None],
    }
    found: dict[str, float] = {}
    for name, error in errors.items():
        left = getattr(theta, name).reshape(m, -1).norm(dim=1)
        error = error.norm(dim=1)
        found[f"stationarity_{name}"] = relative(error.norm(), left.norm(), theta.norm()).item()
        found[f"neuron_{name}"] = relative(error, left, left.max().expand(m)).max().item()

    slack = lam * (theta.margins(x, y) - 1).abs()
    natural = torch.where(preactivations > 0, lam[:, None], 0.0)
    cosines = normalized_preactivations(theta, x).abs()
    half = theta.norm().square() / 2
    return Certificate(
        **found,
        complementary_slackness=relative(slack.max(), lam.max(), lam.max()).item(),
        kink=torch.where(a != natural, cosines, 0.0).max().item(),
        euler_gap=((lam.sum() - half).abs() / half).item(),
        objective=float(objective),
        multipliers=lam,
        subgradients=a,
    )

"""The plane in which a network lives: merged neurons in coordinates of the span of the weights.

N depends on x through its projection on the span of the weights, so every l2 question about N
at a point can be asked in r = rank coordinates (appendix, ours). Neurons with parallel
w~_j = (w_j, b_j) are one neuron: relu is positively homogeneous, so their |v_j| w~_j add up,
with the sign of v_j. With c_j = |v_j| w_j and u_j(x) = |v_j| (w~_j . x~) for the P merged
neurons of sign s_j, N = sum_j s_j relu(u_j).
"""

from __future__ import annotations

from dataclasses import dataclass

import torch

from kktnotes import checks
from kktnotes.networks.two_layer import TwoLayerReLU
from kktnotes.printing import Brief

PARALLEL = 1e-13
"""Unit vectors w~_j closer than this are one: 500 roundings, far below any seen difference."""


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class Span(Brief):
    """One network, merged, in orthonormal coordinates of the span of its weights.

    Attributes
    ----------
    weights : tensor (P, r)
        c_j = |v_j| w_j of the merged neurons, in the coordinates of the span.
    biases : tensor (P,)
        |v_j| b_j of the merged neurons.
    signs : tensor (P,)
        Signs s_j of the merged neurons, +1. or -1.
    basis : tensor (r, p)
        Orthonormal rows; `x @ basis.T` are the coordinates of x.
    """

    weights: torch.Tensor
    biases: torch.Tensor
    signs: torch.Tensor
    basis: torch.Tensor

    @classmethod
    def of(cls, network: TwoLayerReLU) -> Span:
        """Merge the parallel neurons of one network and reduce it to the span of its weights."""
        if network.weights.ndim != 2:
            raise checks.refusal(
                "network", f"a batch of shape {tuple(network.weights.shape[:-2])}", "one network"
            )
        width, p = network.weights.shape
        checks.memory("network", f"{width:,} neurons", 10 * width**2 + 24 * width * p)
        scaled = network.output.abs()[:, None] * network.augmented
        merged, signs = _merge(scaled, network.output.sign())
        weights, biases = merged[:, :-1], merged[:, -1]
        basis = torch.linalg.qr(weights.T).Q.T.contiguous()
        return cls(weights=weights @ basis.T, biases=biases.clone(), signs=signs, basis=basis)

    @property
    def norms(self) -> torch.Tensor:
        """||c_j||, shape (P,)."""
        return torch.linalg.vector_norm(self.weights, dim=-1)

    def coordinates(self, x: torch.Tensor) -> torch.Tensor:
        """Return the coordinates (..., r) of points (..., p)."""
        return x @ self.basis.T

    def lift(self, step: torch.Tensor) -> torch.Tensor:
        """Return a step (..., r) in the span as a step (..., p) in the sample's coordinates."""
        return step @ self.basis

    def parts(self, coordinates: torch.Tensor) -> torch.Tensor:
        """Return u_j at points given by coordinates (..., r), shape (..., P)."""
        return coordinates @ self.weights.T + self.biases

    def network(self) -> TwoLayerReLU:
        """Return the same function as a network on the coordinates of the span."""
        return TwoLayerReLU(self.weights, self.biases, self.signs)

    def scale(self, x: torch.Tensor) -> torch.Tensor:
        """Return a length (...) for points x (..., p): ||x|| and how far kinks are from zero."""
        reach = (self.biases.abs() / self.norms.clamp(min=1e-150))[self.norms > 0]
        size = torch.linalg.vector_norm(x, dim=-1) + (reach.max() if len(reach) else 0.0)
        return torch.where(size > 0, size, torch.ones_like(size))

    def rounding(self, x: torch.Tensor) -> torch.Tensor:
        """Return a bound (..., P) on the rounding error of u_j at points x (..., p).

        The classical bound of an inner product of p + 1 terms, doubled for the reduction.
        """
        unit = 2 * (x.shape[-1] + 2) * torch.finfo(x.dtype).eps + PARALLEL
        sizes = torch.linalg.vector_norm(x, dim=-1)
        return unit * (sizes[..., None] * self.norms + self.biases.abs())


def _merge(scaled: torch.Tensor, signs: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Add up parallel rows |v_j| w~_j with their signs; drop rows that are or become zero."""
    norms = torch.linalg.vector_norm(scaled, dim=-1)
    alive = norms > 0
    scaled, signs, norms = scaled[alive], signs[alive], norms[alive]
    units = scaled / norms[:, None]
    near = units @ units.T > 1 - 1e-10
    left = torch.ones(len(units), dtype=torch.bool, device=units.device)
    rows, row_signs = [], []
    for first in range(len(units)):
        if not left[first]:
            continue
        group = torch.nonzero(near[first] & left)[:, 0]
        apart = torch.linalg.vector_norm(units[group] - units[first], dim=-1)
        group = group[apart <= PARALLEL]
        left[group] = False
        total = (signs[group, None] * scaled[group]).sum(0)
        net = (signs[group] * norms[group]).sum()
        if net.abs() > PARALLEL * norms[group].sum():
            row_signs.append(net.sign())
            rows.append(total * net.sign())
    if not rows:
        return scaled[:0], signs[:0]
    return torch.stack(rows), torch.stack(row_signs)

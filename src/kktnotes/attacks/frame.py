"""What the attacks share: one call, exact coordinates of the span, and how a result is finished.

A gradient attack never leaves x + span of the weights, so it runs in r = rank coordinates: the
iterates are those it would have in R^d, at the cost of r. sign(0) = -1 throughout: a point of
label 1 has fallen where N <= 0, one of label -1 where N > 0.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch

from kktnotes import checks
from kktnotes.data.sample import Examples, Sample, pair
from kktnotes.geometry import Span, first_crossing, step_across
from kktnotes.networks.two_layer import TwoLayerReLU, as_network
from kktnotes.printing import Brief


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class Frame(Brief):
    """An attack's problem in the coordinates of the span of the weights.

    Attributes
    ----------
    network, x, y : TwoLayerReLU, tensor (..., n, p), tensor (..., n)
        The problem as it was given, x and y broadcast over a batch of networks.
    reduced : TwoLayerReLU
        The same function on the coordinates of the span (parallel neurons merged).
    z : tensor (..., n, r)
        The points in those coordinates.
    basis : tensor (..., r, p)
        Orthonormal rows.
    standing : bool tensor (..., n)
        Points that have the sign y and are to be attacked.
    d : int
        The ambient dimension, in which random starts and controls are drawn.
    """

    network: TwoLayerReLU
    x: torch.Tensor
    y: torch.Tensor
    reduced: TwoLayerReLU
    z: torch.Tensor
    basis: torch.Tensor
    standing: torch.Tensor
    d: int

    @classmethod
    def of(cls, network: TwoLayerReLU, sample: Examples, d: float | None = None) -> Frame:
        """Check the input of an attack and reduce it; d is the sample's, or given, or p."""
        network = as_network("network", network)
        x, y = pair("sample", sample)
        x = network.points(x)
        d = dimension(sample, x.shape[-1], d)
        y = checks.labels("y", y, both=False, device=x.device)
        if y.shape[-1] != x.shape[-2]:
            raise checks.refusal("y", f"{y.shape[-1]} labels", f"{x.shape[-2]}, one a point")
        batch = np.broadcast_shapes(network.weights.shape[:-2], x.shape[:-2], y.shape[:-1])
        x, y = x.expand(*batch, *x.shape[-2:]), y.expand(*batch, y.shape[-1])
        if network.weights.ndim == 2:
            span = Span.of(network)
            reduced, basis = span.network(), span.basis
        else:
            basis = torch.linalg.qr(network.weights.mT).Q.mT
            reduced = TwoLayerReLU(network.weights @ basis.mT, network.biases, network.output)
        z = x @ basis.mT
        return cls(
            network=network,
            x=x,
            y=y,
            reduced=reduced,
            z=z,
            basis=basis,
            standing=signs(network(x)) == y,
            d=d,
        )

    def gradient(self, z: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Return y N and its gradient in the span, relu'(0) = 0."""
        heights = self.reduced.preactivations(z)
        output = self.reduced.output[..., None, :]
        value = (heights.clamp(min=0) * output).sum(-1)
        slope = ((heights > 0) * output) @ self.reduced.weights
        return self.y * value, self.y[..., None] * slope

    def first_guess(self) -> torch.Tensor:
        """Return |N| / ||grad N||, a first length (..., n) of a step; a small one if flat."""
        value, slope = self.gradient(self.z)
        size = torch.linalg.vector_norm(slope, dim=-1)
        typical = torch.linalg.vector_norm(self.z, dim=-1)
        return torch.where(size > 0, value.abs() / size, 1e-3 * typical + 1e-12)

    def fallen(self, z: torch.Tensor) -> torch.Tensor:
        """Whether points no longer have the sign y."""
        return signs(self.reduced(z)) != self.y

    def crossing(self, step: torch.Tensor) -> torch.Tensor:
        """Return the norm of the first sign change along steps (..., n, r); infinite if none."""
        length = torch.linalg.vector_norm(step, dim=-1)
        t = first_crossing(self.reduced, self.z, step, self.y)
        return torch.where(length > 0, t * length, torch.full_like(length, torch.inf))

    def best(self, steps: list[torch.Tensor]) -> tuple[torch.Tensor, torch.Tensor]:
        """Cut every step at its first sign change; return the best steps and all norms.

        Returns
        -------
        step : tensor (..., n, r)
            The shortest one for each point, zero where none changes the sign.
        norms : tensor (len(steps), ..., n)
            What each reached.
        """
        norms = torch.stack([self.crossing(step) for step in steps])
        least, which = norms.min(0)
        chosen = torch.stack(steps).gather(
            0, which[None, ..., None].expand(1, *which.shape, self.z.shape[-1])
        )[0]
        length = torch.linalg.vector_norm(chosen, dim=-1)
        factor = torch.where(least.isfinite(), least / length, torch.zeros_like(least))
        return factor[..., None] * chosen.nan_to_num(nan=0.0), norms

    def land(self, step: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Lift steps that end on the boundary, verify them; return points, norms and success."""
        move = step @ self.basis
        landed, success = step_across(self.network, self.x, move, self.y)
        norms = torch.linalg.vector_norm(landed - self.x, dim=-1)
        norms = torch.where(success, norms, torch.full_like(norms, torch.inf))
        norms = torch.where(self.standing, norms, torch.zeros_like(norms))
        success = success | ~self.standing
        keep = (success & self.standing)[..., None]
        return torch.where(keep, landed, self.x), norms, success


def dimension(sample: Examples, p: int, d: float | None) -> int:
    """Return the ambient dimension: that of a Sample; for arrays `d`, or p where it is None."""
    if isinstance(sample, Sample):
        if d is not None and checks.integer("d", d) != sample.d:
            raise checks.refusal("d", d, f"{sample.d}, as the sample has, or None")
        return sample.d
    d = p if d is None else checks.integer("d", d)
    if d < p:
        raise checks.refusal("d", f"{d}", f"at least the {p} coordinates of x")
    return d


def signs(output: torch.Tensor) -> torch.Tensor:
    """Return the signs of outputs, with sign(0) = -1."""
    return torch.where(output > 0, 1.0, -1.0).to(output.dtype)


def unit(vectors: torch.Tensor) -> torch.Tensor:
    """Return vectors over their norms; zero where they are zero."""
    norms = torch.linalg.vector_norm(vectors, dim=-1, keepdim=True)
    return torch.where(norms > 0, vectors / norms, torch.zeros_like(vectors))

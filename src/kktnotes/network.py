"""Two-layer ReLU networks (section 2): N(x) = sum_j v_j relu(w_j . x + b_j).

Notation: x~ = (x, 1) and w~_j = (w_j, b_j), so that the preactivation is h_j = w~_j . x~.
Both layers and the biases are parameters; the network is homogeneous of degree 2 in them.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch

from kktnotes import checks
from kktnotes.clusters import Clusters
from kktnotes.robust import robust_parameters
from kktnotes.sample import Sample


@dataclass(frozen=True, eq=False)
class TwoLayerReLU:
    """The parameters theta = [w_1, ..., w_m, b, v] of a network of width m.

    Parameters
    ----------
    weights : tensor (..., m, p)
        First-layer weights w_j, in the coordinates of the sample they are used with.
    biases : tensor (..., m)
        First-layer biases b_j.
    output : tensor (..., m)
        Output weights v_j; their signs split the neurons into J+ and J- (section 3.1).

    Leading dimensions, if any, are a batch of networks.
    """

    weights: torch.Tensor
    biases: torch.Tensor
    output: torch.Tensor

    def __post_init__(self) -> None:
        """Check shapes and finiteness; arrays of any kind become float64 tensors."""
        weights = checks.tensor("weights", self.weights, dimensions=2)
        object.__setattr__(self, "weights", weights)
        for name in ("biases", "output"):
            value = checks.tensor(name, getattr(self, name), dimensions=1, device=weights.device)
            if value.shape != weights.shape[:-1]:
                raise checks.refuse(
                    name, f"shape {tuple(value.shape)}", f"{tuple(weights.shape[:-1])}, as weights"
                )
            object.__setattr__(self, name, value)

    @classmethod
    def robust(cls, source: Clusters | Sample, width: int | None = None) -> TwoLayerReLU:
        """Return the robust network of Theorem 4.1, of any width r >= k (see `robust`)."""
        return cls(*robust_parameters(source, width))

    @property
    def width(self) -> int:
        """The number of neurons m."""
        return self.weights.shape[-2]

    @property
    def augmented(self) -> torch.Tensor:
        """The vectors w~_j = (w_j, b_j), shape (..., m, p + 1)."""
        return torch.cat([self.weights, self.biases[..., None]], -1)

    def preactivations(self, x: torch.Tensor) -> torch.Tensor:
        """Return h_ij = w_j . x_i + b_j, shape (..., n, m), for points x of shape (..., n, p)."""
        return x @ self.weights.mT + self.biases[..., None, :]

    def __call__(self, x: torch.Tensor) -> torch.Tensor:
        """Return N(x_i), shape (..., n), for points x of shape (..., n, p)."""
        return (self.preactivations(x).clamp(min=0) * self.output[..., None, :]).sum(-1)

    def margins(self, x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        """Return q_i = y_i N(x_i), shape (..., n)."""
        return y * self(x)

    def norm(self) -> torch.Tensor:
        """Return the l2 norm of theta, shape (...)."""
        return (self.augmented.square().sum((-2, -1)) + self.output.square().sum(-1)).sqrt()

    def normalized_margin(self, x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        """Return min_i q_i / ||theta||^2, which scaling theta leaves as it is."""
        return self.margins(x, y).amin(-1) / self.norm().square()

    def scaled(self, factor: float | torch.Tensor) -> TwoLayerReLU:
        """Return the network of parameters factor * theta; outputs grow by factor^2."""
        factor = torch.as_tensor(factor, dtype=self.weights.dtype, device=self.weights.device)
        return TwoLayerReLU(
            factor[..., None, None] * self.weights,
            factor[..., None] * self.biases,
            factor[..., None] * self.output,
        )

    def to(self, device: torch.device | str) -> TwoLayerReLU:
        """Return the network on that device."""
        return TwoLayerReLU(self.weights.to(device), self.biases.to(device), self.output.to(device))

    def __getitem__(self, index: int | slice) -> TwoLayerReLU:
        """Return one network, or some, of a batch."""
        if self.output.ndim < 2:
            raise checks.refuse("index", "an index into one network", "indices into a batch")
        return TwoLayerReLU(self.weights[index], self.biases[index], self.output[index])

"""Two-layer ReLU networks (section 2): N(x) = sum_j v_j relu(w_j . x + b_j).

Notation: x~ = (x, 1) and w~_j = (w_j, b_j), so that the preactivation is h_j = w~_j . x~.
Both layers and the biases are parameters; the network is homogeneous of degree 2 in them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch import nn

from kktnotes import checks
from kktnotes.data.clusters import Clusters
from kktnotes.data.sample import Sample
from kktnotes.networks import merging
from kktnotes.networks.robust import robust_parameters
from kktnotes.printing import brief


@dataclass(frozen=True, eq=False, repr=False)
class TwoLayerReLU:
    """The parameters theta = [w_1, ..., w_m, b, v] of a network of width m.

    Leading dimensions, if any, are a batch of networks. What any function of this package returns
    of a network lies on the network's device; points, labels and samples are moved there.

    Parameters
    ----------
    weights : tensor (..., m, p)
        First-layer weights w_j, in the coordinates of the sample they are used with.
    biases : tensor (..., m)
        First-layer biases b_j.
    output : tensor (..., m)
        Output weights v_j; their signs split the neurons into J+ and J- (section 3.1).

    Examples
    --------
    >>> import kktnotes as kn
    >>> network = kn.TwoLayerReLU([[1.0, 0.0], [0.0, 2.0]], [0.0, -1.0], [1.0, -1.0])
    >>> network([[3.0, 1.0], [0.0, 0.0]])
    tensor([2., 0.], dtype=torch.float64)
    """

    weights: torch.Tensor
    biases: torch.Tensor
    output: torch.Tensor

    if TYPE_CHECKING:  # arrays of any kind come in, tensors are kept

        def __init__(
            self, weights: checks.Array, biases: checks.Array, output: checks.Array
        ) -> None: ...

    def __post_init__(self) -> None:
        """Check shapes and finiteness; arrays of any kind become float64 tensors."""
        weights = checks.tensor("weights", self.weights, dimensions=2)
        object.__setattr__(self, "weights", weights)
        for name in ("biases", "output"):
            value = checks.tensor(name, getattr(self, name), dimensions=1, device=weights.device)
            if value.shape != weights.shape[:-1]:
                raise checks.refusal(
                    name, f"shape {tuple(value.shape)}", f"{tuple(weights.shape[:-1])}, as weights"
                )
            object.__setattr__(self, name, value)

    @classmethod
    def robust(cls, source: Clusters | Sample, width: int | None = None) -> TwoLayerReLU:
        """Return the robust network of Theorem 4.1, of any width r >= k (see `robust`)."""
        return cls(*robust_parameters(source, width))

    @classmethod
    def from_torch(cls, module: nn.Module) -> TwoLayerReLU:
        """Take the parameters of nn.Sequential(Linear(p, m), ReLU(), Linear(m, 1)), in float64.

        Raises ValueError for any other layers, and for an output bias that is not zero: the
        paper's networks have none, and with one they are not homogeneous.
        """
        layers = list(module) if isinstance(module, nn.Sequential) else [module]
        kinds = [type(layer) for layer in layers]
        first, last = layers[0], layers[-1]
        if (
            kinds != [nn.Linear, nn.ReLU, nn.Linear]
            or not isinstance(first, nn.Linear)
            or not isinstance(last, nn.Linear)
        ):
            names = ", ".join(kind.__name__ for kind in kinds)
            raise checks.refusal("module", names, "nn.Sequential(Linear, ReLU, Linear)")
        if last.out_features != 1:
            raise checks.refusal("module", f"{last.out_features} outputs", "one output")
        parameters = (first.weight, first.bias, last.weight, last.bias)
        for parameter in parameters:
            checks.tensor("module", [] if parameter is None else parameter)
        if last.bias is not None and bool((last.bias != 0).any()):
            raise checks.refusal(
                "module", f"output bias {last.bias.item():.3g}", "no output bias (bias=False), or 0"
            )
        # Copies: training may go on, and must not change what is returned here.
        weights = first.weight.detach().to(torch.float64, copy=True)
        biases = weights.new_zeros(len(weights)) if first.bias is None else first.bias.detach()
        return cls(weights, biases.clone(), last.weight.detach()[0].clone())

    @classmethod
    def stack(cls, networks: Sequence[TwoLayerReLU]) -> TwoLayerReLU:
        """Return a batch of networks of equal width and coordinates, shape (len, ..., m, p)."""
        networks = checks.sequence("networks", networks, "a list of networks")
        networks = [as_network("networks", one) for one in networks]
        networks = [one.to(networks[0].device) for one in networks]
        shapes = {tuple(one.weights.shape) for one in networks}
        if len(shapes) != 1:
            raise checks.refusal("networks", f"shapes {sorted(shapes)}", "one or more of one shape")
        parts = ("weights", "biases", "output")
        return cls(*(torch.stack([getattr(one, name) for one in networks]) for name in parts))

    @property
    def width(self) -> int:
        """The number of neurons m."""
        return self.weights.shape[-2]

    @property
    def device(self) -> torch.device:
        """Where the parameters lie, and so what is computed of the network."""
        return self.weights.device

    @property
    def augmented(self) -> torch.Tensor:
        """The vectors w~_j = (w_j, b_j), shape (..., m, p + 1)."""
        return torch.cat([self.weights, self.biases[..., None]], -1)

    def points(self, x: checks.Array, argument: str = "x") -> torch.Tensor:
        """Return points (..., n, p) as a float64 tensor on the network's device, checked."""
        x = checks.tensor(argument, x, dimensions=2, device=self.device)
        if x.shape[-1] != self.weights.shape[-1]:
            allowed = f"{self.weights.shape[-1]}, as the weights have"
            raise checks.refusal(argument, f"{x.shape[-1]} coordinates", allowed)
        if x.shape[-2] == 0:
            raise checks.refusal(argument, "no point", "at least one point")
        return x

    def preactivations(self, x: checks.Array) -> torch.Tensor:
        """Return h_ij = w_j . x_i + b_j, shape (..., n, m), for points x of shape (..., n, p).

        Any array of numbers will do; a float64 tensor keeps its graph of gradients.
        """
        if not (isinstance(x, torch.Tensor) and x.dtype == self.weights.dtype):
            x = checks.tensor("x", x, dimensions=1, device=self.device)
        elif x.device != self.device:
            checks.tensor("x", x)  # refuses what holds no numbers
            x = x.to(self.device)
        if x.ndim == 0 or x.shape[-1] != self.weights.shape[-1]:
            allowed = f"(..., n, {self.weights.shape[-1]}), coordinates as the weights have"
            raise checks.refusal("x", f"shape {tuple(x.shape)}", allowed)
        return x @ self.weights.mT + self.biases[..., None, :]

    def __call__(self, x: checks.Array) -> torch.Tensor:
        """Return N(x_i), shape (..., n), for points x of shape (..., n, p)."""
        return (self.preactivations(x).clamp(min=0) * self.output[..., None, :]).sum(-1)

    def margins(self, x: checks.Array, y: checks.Array) -> torch.Tensor:
        """Return q_i = y_i N(x_i), shape (..., n), for labels y of shape (..., n)."""
        outputs = self(x)
        y = checks.labels("y", y, both=False, device=self.device)
        if y.ndim == 0 or y.shape[-1] != outputs.shape[-1]:
            got = f"shape {tuple(y.shape)}"
            raise checks.refusal("y", got, f"(..., {outputs.shape[-1]}), one label a point")
        return y * outputs

    def norm(self) -> torch.Tensor:
        """Return the l2 norm of theta, shape (...)."""
        return (self.augmented.square().sum((-2, -1)) + self.output.square().sum(-1)).sqrt()

    def normalized_margin(self, x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        """Return min_i q_i / ||theta||^2, which scaling theta leaves as it is."""
        return self.margins(x, y).amin(-1) / self.norm().square()

    def scaled(self, factor: float | torch.Tensor) -> TwoLayerReLU:
        """Return the network of parameters factor * theta; outputs grow by factor^2."""
        factor = checks.tensor("factor", factor, device=self.device)
        return TwoLayerReLU(
            factor[..., None, None] * self.weights,
            factor[..., None] * self.biases,
            factor[..., None] * self.output,
        )

    def balance(self) -> torch.Tensor:
        """Return ||w~_j||^2 - v_j^2, shape (..., m): the gradient flow conserves each of them."""
        return self.augmented.square().sum(-1) - self.output.square()

    def is_balanced(self, *, tolerance: float = 1e-9) -> bool:
        """Whether |balance| is at most `tolerance` times ||w~_j||^2 + v_j^2 for every neuron."""
        total = self.augmented.square().sum(-1) + self.output.square()
        return bool((self.balance().abs() <= tolerance * total).all())

    def merged(self, *, tolerance: float = 1e-9) -> TwoLayerReLU:
        """Return the network with neurons that are one written as one.

        Balanced neurons of one sign with parallel w~_j give the same function as the one balanced
        neuron with |v| w~ = sum_j |v_j| w~_j, and the same norm of theta. Neurons without effect
        (w~_j = 0 or v_j = 0, both when balanced) are left out. Unbalanced neurons stay as they are.

        Parameters
        ----------
        tolerance : float
            Parallel means 1 - cos of at most this, balanced a relative balance of at most this.
            The norm of theta and the outputs change by no more than this order, relatively.
        """
        if self.output.ndim > 1:
            raise checks.refusal("network", "a batch of networks", "one network; index the batch")
        vectors, output = merging.merged(self.augmented, self.output, tolerance)
        return TwoLayerReLU(vectors[:, :-1], vectors[:, -1], output)

    def to(self, device: torch.device | str) -> TwoLayerReLU:
        """Return the network on that device."""
        device = checks.device("device", device)
        return TwoLayerReLU(self.weights.to(device), self.biases.to(device), self.output.to(device))

    def __getitem__(self, index: int | slice) -> TwoLayerReLU:
        """Return one network, or some, of a batch."""
        if self.output.ndim < 2:
            raise checks.refusal("index", "an index into one network", "indices into a batch")
        return TwoLayerReLU(self.weights[index], self.biases[index], self.output[index])

    def __repr__(self) -> str:
        """Return the sizes in one line."""
        batch = "".join(f"{size} x " for size in self.output.shape[:-1])
        p = self.weights.shape[-1]
        return brief(self, f"{batch}{self.width:,} neurons", f"{p:,} coordinates")


def as_network(argument: str, value: object) -> TwoLayerReLU:
    """Return a network, or that of an nn.Module (see `TwoLayerReLU.from_torch`).

    Its device is that of the call: the other arguments go there (see `checks`).
    """
    if isinstance(value, nn.Module):
        return TwoLayerReLU.from_torch(value)
    allowed = "a TwoLayerReLU, or nn.Sequential(Linear, ReLU, Linear)"
    return checks.instance(argument, value, TwoLayerReLU, allowed)

"""A KKT point with everything needed to check it, in memory and as one .npz file.

The file holds float64 arrays, stored as they are, readable by `numpy.load` alone:

==============  ========  =================================================================
x               (n, p)    training points
y               (n,)      labels, -1 and 1
weights         (m, p)    w_j, scaled so that the least margin is 1
biases          (m,)      b_j
output          (m,)      v_j
multipliers     (n,)      lambda_i >= 0
subgradients    (n, m)    a_ij = lambda_i phi'_ij, 0 <= a_ij <= lambda_i
residual_names  (9,)      strings: the names of `kktnotes.Certificate`
residuals       (9,)      their values when the file was written
==============  ========  =================================================================

That of a `LimitPoint` has its path beside them: log_times (s,), angles (s,) and, as int64, neurons
(one for each neuron of the flow). `KKTPoint.load` reads it too, without the path.

`tools/check_point.py`, one file that needs nothing of this package, proves a saved point; to check
its residuals by hand, without this package::

    import numpy as np
    f = np.load("point.npz")
    x, y, w, b, v = (f[name] for name in ("x", "y", "weights", "biases", "output"))
    lam, a, norm = f["multipliers"], f["subgradients"], np.linalg.norm
    h = x @ w.T + b
    q = y * (np.maximum(h, 0) @ v)
    print("least margin", q.min(), "least multiplier", lam.min())
    print("Eq. (3)", norm(w - v[:, None] * ((a * y[:, None]).T @ x)) / norm(w))
    print("Eq. (4)", norm(b - v * (y @ a)) / norm(b))
    print("output", norm(v - np.maximum(h, 0).T @ (lam * y)) / norm(v))
    print("slackness", (lam * abs(q - 1)).max() / lam.max())
    kink = ((a != 0) & (h < 0)) | ((a != lam[:, None]) & (h > 0))
    scale = np.sqrt(np.outer((x**2).sum(1) + 1, (w**2).sum(1) + b**2))
    print("kink", (abs(h) / scale)[kink].max(initial=0))
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import torch

from kktnotes import checks
from kktnotes.kkt import npz, writing
from kktnotes.kkt.conditions import examples, normalized, residuals
from kktnotes.kkt.npz import Kind
from kktnotes.kkt.proof import Proof, prove
from kktnotes.kkt.report import NEURONS, RESIDUALS, Certificate, residual_text
from kktnotes.networks.two_layer import TwoLayerReLU
from kktnotes.printing import brief

NAMES = (*RESIDUALS, *NEURONS)
NETWORK = {
    "weights": Kind("<f8", ("m", "p")),
    "biases": Kind("<f8", ("m",)),
    "output": Kind("<f8", ("m",)),
}
POINT = {
    "x": Kind("<f8", ("n", "p")),
    "y": Kind("<f8", ("n",)),
    "multipliers": Kind("<f8", ("n",)),
    "subgradients": Kind("<f8", ("n", "m")),
}
WRITTEN = {
    "residual_names": Kind("<U", (len(NAMES),)),
    "residuals": Kind("<f8", (len(NAMES),)),
}
PATH = {
    "log_times": Kind("<f8", ("s",)),
    "angles": Kind("<f8", ("s",)),
    "neurons": Kind("<i8", ("neurons of the flow",)),
}
ARRAYS = ("x", "y", *NETWORK, "multipliers", "subgradients")


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class KKTPoint:
    """A network at least margin 1 with the multipliers that make it a KKT point of Problem (2).

    Attributes
    ----------
    network : TwoLayerReLU
        Scaled so that min_i y_i N(x_i) = 1.
    x, y : tensor (n, p), tensor (n,)
        The training set.
    multipliers, subgradients : tensor (n,), tensor (n, m)
        lambda_i and a_ij = lambda_i phi'_ij.
    certificate : Certificate
        The residuals of these very arrays.

    Examples
    --------
    >>> import kktnotes as kn
    >>> point = kn.averaged_point(4, 100)
    >>> point.network, point.certificate.within(1e-12), point.multipliers.shape
    (TwoLayerReLU(2 neurons, 4 coordinates), True, torch.Size([4]))
    """

    # The arrays that a file of this class has beyond those of every point.
    _path: ClassVar[dict[str, Kind]] = {}

    network: TwoLayerReLU
    x: torch.Tensor = field(repr=False)
    y: torch.Tensor = field(repr=False)
    multipliers: torch.Tensor = field(repr=False)
    subgradients: torch.Tensor = field(repr=False)
    certificate: Certificate

    def __repr__(self) -> str:
        """Return the sizes and the worst residual in one line."""
        return brief(self, *self._facts())

    def _facts(self) -> list[str]:
        n, p = self.x.shape
        worst = f"worst residual {residual_text(self.certificate.worst)}"
        return [f"{self.network.width:,} neurons", f"{n:,} points", f"{p:,} coordinates", worst]

    @classmethod
    def measured(
        cls,
        network: TwoLayerReLU,
        x: checks.Array,
        y: checks.Array,
        multipliers: checks.Array,
        subgradients: checks.Array,
    ) -> KKTPoint:
        """Scale the network to least margin 1 and measure its residuals (see `conditions`)."""
        x, y = examples(network, x, y)
        network = normalized(network, x, y)
        found = residuals(network, x, y, multipliers, subgradients)
        return cls(
            network=network,
            x=x,
            y=y,
            multipliers=found.multipliers,
            subgradients=found.subgradients,
            certificate=found,
        )

    def prove(self, *, within: float = 1e-9, bits: int = 128) -> Proof:
        """Prove that Problem (2) of the stored points has an exact KKT point beside this one.

        `certificate` has the residuals of float64 numbers, which prove nothing by themselves. Here
        the equations of the active set are shown to have exactly one solution in a box, and the
        signs that make it a KKT point to hold strictly (see `Proof` and the module `proof`).

        Parameters
        ----------
        within : float
            The largest relative distance between stored and exact numbers that is accepted.
        bits : int
            The precision of the balls, 64 or more.

        Raises
        ------
        NotProved
            If there is no such point, or if this cannot show it: a multiplier, margin, subgradient
            or preactivation too near zero to tell its sign, neurons that coincide or without
            output, a singular Jacobian, or an exact point too far away. Says which.

        Examples
        --------
        >>> import kktnotes as kn
        >>> proof = kn.averaged_point(4, 100).prove()
        >>> proof.unknowns, proof.theta < 1e-15, proof.radius > 0.1
        (6, True, True)
        """
        arrays = (self.x, self.y, self.multipliers, self.subgradients)
        plain = (array.numpy(force=True) for array in arrays)
        return prove(self.network, *plain, within=within, bits=bits)

    def save(self, path: str | os.PathLike) -> Path:
        """Write the .npz file described at the top of this module; whole or not at all.

        Others may write to the same path, or read it, at the same time: what stands there is
        always one whole file. Returns the path written, which is `path` itself (no suffix is
        added).
        """
        path = checks.path("path", path)
        arrays = {
            name: getattr(self.network if name in NETWORK else self, name)
            for name in (*ARRAYS, *self._path)
        }
        plain: dict[str, Any] = {
            name: np.ascontiguousarray(torch.as_tensor(value, device="cpu").numpy(force=True))
            for name, value in arrays.items()
        }
        plain |= {
            "residual_names": np.array(NAMES),
            "residuals": np.array([getattr(self.certificate, name) for name in NAMES]),
        }
        writing.write(path, lambda file: np.savez(file, **plain))
        return path

    @classmethod
    def load(cls, path: str | os.PathLike, *, memory: float = npz.MEMORY) -> KKTPoint:
        """Read a file written by `save` and measure its residuals afresh.

        Parameters
        ----------
        path : str or path
            The file. Nothing in it is trusted, and no Python object is made from it.
        memory : float
            The most bytes of arrays that are read, 8 * n * (p + m) and a little more.

        Raises
        ------
        FileNotFoundError
            If there is no such file.
        ValueError
            If it is not of this kind, if arrays are missing, larger than the memory allowed or do
            not fit together, if the least margin is not 1, or if the residuals measured now are
            not those written then. The message names the file.
        """
        path = checks.path("path", path)
        checks.positive("memory", memory)
        found = npz.read(path, {**POINT, **NETWORK, **WRITTEN}, PATH, memory=memory)
        lost = [name for name in cls._path if name not in found]
        if lost:
            got = f"{path}, a point without the path of a flow ({', '.join(lost)})"
            allowed = f"the file of a {cls.__name__} (KKTPoint.load reads this one)"
            raise checks.refusal("path", got, allowed)
        try:
            return cls._restored(found)
        except ValueError as error:
            raise ValueError(f"path: got {path}, whose {error}") from error

    @classmethod
    def _restored(cls, found: dict[str, np.ndarray]) -> KKTPoint:
        """Return the point of a file's arrays, which have the right shapes; measured afresh."""
        if found["residual_names"].tolist() != list(NAMES):
            raise checks.refusal("residual_names", "others", ", ".join(NAMES))
        weights, biases, output = (found[name] for name in NETWORK)
        network = TwoLayerReLU(weights, biases, output)
        x, y = examples(network, found["x"], found["y"])
        least = network.margins(x, y).min().item()
        if not abs(least - 1) <= 1e-9:
            raise checks.refusal("network", f"the least margin {least:.6g}", "1")
        path = {name: found[name] for name in cls._path}
        point = cls.measured(network, x, y, found["multipliers"], found["subgradients"], **path)
        for name, then in zip(NAMES, found["residuals"].tolist(), strict=True):
            now = getattr(point.certificate, name)
            # Rounding differs between processors, so residuals of rounding size may differ too.
            if not abs(then - now) <= 1e-12 + 1e-6 * abs(now):
                raise checks.refusal(name, f"{then:.3g} written, {now:.3g} measured", "the same")
        return point

"""A KKT point with everything needed to check it, in memory and as one .npz file.

The file holds float64 arrays, readable by `numpy.load` alone:

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

To check a point by hand, without this package::

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
import zipfile
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch

from kktnotes import checks
from kktnotes.kkt.report import NEURONS, RESIDUALS, Certificate
from kktnotes.kkt.residuals import examples, normalized, residuals
from kktnotes.network import TwoLayerReLU

ARRAYS = ("x", "y", "weights", "biases", "output", "multipliers", "subgradients")
NAMES = (*RESIDUALS, *NEURONS)


@dataclass(frozen=True, eq=False)
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
    """

    network: TwoLayerReLU
    x: torch.Tensor = field(repr=False)
    y: torch.Tensor = field(repr=False)
    multipliers: torch.Tensor = field(repr=False)
    subgradients: torch.Tensor = field(repr=False)
    certificate: Certificate

    @classmethod
    def measured(
        cls,
        network: TwoLayerReLU,
        x: checks.Array,
        y: checks.Array,
        multipliers: checks.Array,
        subgradients: checks.Array,
    ) -> KKTPoint:
        """Scale the network to least margin 1 and measure its residuals (see `residuals`)."""
        x, y = examples(x, y, network)
        network = normalized(network, x, y)
        found = residuals(network, x, y, multipliers, subgradients)
        return cls(network, x, y, found.multipliers, found.subgradients, found)

    def save(self, path: str | os.PathLike) -> Path:
        """Write the .npz file described at the top of this module; whole or not at all.

        Returns the path written, which is `path` itself (no suffix is added).
        """
        path = Path(path)
        held = {name: getattr(self, name) for name in ("x", "y", "multipliers", "subgradients")}
        held |= {name: getattr(self.network, name) for name in ("weights", "biases", "output")}
        arrays = {name: held[name].detach().cpu().numpy() for name in ARRAYS}
        values = np.array([getattr(self.certificate, name) for name in NAMES])
        temporary = path.with_name(f".{path.name}.{os.getpid()}.part")
        try:
            with open(temporary, "xb") as file:
                np.savez(file, residual_names=np.array(NAMES), residuals=values, **arrays)
            os.replace(temporary, path)
        finally:
            temporary.unlink(missing_ok=True)
        return path

    @classmethod
    def load(cls, path: str | os.PathLike) -> KKTPoint:
        """Read a file written by `save` and measure its residuals afresh.

        Raises
        ------
        FileNotFoundError
            If there is no such file.
        ValueError
            If it is not of this kind, if arrays are missing or do not fit together, if the least
            margin is not 1, or if the residuals measured now are not those written then.
        """
        found = _arrays(Path(path))
        missing = [n for n in (*ARRAYS, "residual_names", "residuals") if n not in found]
        if missing:
            raise checks.refuse("path", f"{path} without {', '.join(missing)}", "all arrays")
        if found["residuals"].shape != found["residual_names"].shape:
            shape = found["residuals"].shape
            raise checks.refuse("path", f"{path}: residuals with shape {shape}", "one each name")
        network = TwoLayerReLU(*(found[name] for name in ("weights", "biases", "output")))
        x, y = examples(found["x"], found["y"], network)
        least = network.margins(x, y).min().item()
        if not abs(least - 1) <= 1e-9:
            raise checks.refuse("path", f"{path} with least margin {least:.6g}", "least margin 1")
        point = cls.measured(network, x, y, found["multipliers"], found["subgradients"])
        written = dict(zip(found["residual_names"].tolist(), found["residuals"], strict=True))
        for name in NAMES:
            then, now = float(written.get(name, np.nan)), getattr(point.certificate, name)
            # Rounding differs between processors, so residuals of rounding size may differ too.
            if not abs(then - now) <= 1e-12 + 1e-6 * abs(now):
                raise checks.refuse(
                    "path", f"{path}: {name} written {then:.3g}, measured {now:.3g}", "the same"
                )
        return point


def _arrays(path: Path) -> dict[str, np.ndarray]:
    """Return every array of an .npz file."""
    refusal = checks.refuse("path", f"{path}, not readable", "a whole .npz of KKTPoint.save")
    with open(path, "rb") as handle:
        if not zipfile.is_zipfile(handle):
            raise refusal
        handle.seek(0)
        try:
            with np.load(handle, allow_pickle=False) as file:
                return {name: file[name] for name in file.files}
        except (zipfile.BadZipFile, ValueError) as error:  # damaged, or holds Python objects
            raise refusal from error

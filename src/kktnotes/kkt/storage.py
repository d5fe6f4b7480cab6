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

To check a point by hand, without this package:

>>> import numpy as np                                              # doctest: +SKIP
>>> f = np.load("point.npz")                                        # doctest: +SKIP
>>> x, y, w, b, v, lam, a = (f[k] for k in ("x", "y", "weights", "biases", "output",
...     "multipliers", "subgradients"))                             # doctest: +SKIP
>>> h = x @ w.T + b                                                 # doctest: +SKIP
>>> q = y * (np.maximum(h, 0) @ v)        # least margin: 1         # doctest: +SKIP
>>> r = np.linalg.norm                                              # doctest: +SKIP
>>> r(w - v[:, None] * ((a * y[:, None]).T @ x)) / r(w)   # Eq. (3) # doctest: +SKIP
>>> r(b - v * (y @ a)) / r(b)                             # Eq. (4) # doctest: +SKIP
>>> r(v - np.maximum(h, 0).T @ (lam * y)) / r(v)          # v       # doctest: +SKIP
>>> np.max(lam * abs(q - 1)) / lam.max()    # complementary slackness # doctest: +SKIP
>>> kink = (a != 0) & (h < 0) | (a != lam[:, None]) & (h > 0)       # doctest: +SKIP
>>> c = abs(h) / np.sqrt(np.outer((x**2).sum(1) + 1, (w**2).sum(1) + b**2)) # doctest: +SKIP
>>> c[kink].max(initial=0)    # Clarke subgradients: kinks are at zero      # doctest: +SKIP
"""

from __future__ import annotations

import os
import tempfile
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
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        try:
            with os.fdopen(handle, "wb") as file:
                np.savez(file, residual_names=np.array(NAMES), residuals=values, **arrays)
            os.replace(temporary, path)
        except BaseException:
            os.unlink(temporary)
            raise
        return path

    @classmethod
    def load(cls, path: str | os.PathLike) -> KKTPoint:
        """Read a file written by `save` and measure its residuals afresh.

        Raises
        ------
        FileNotFoundError
            If there is no such file.
        ValueError
            If it is no such file, if arrays are missing or do not fit together, if the least
            margin is not 1, or if the residuals measured now are not those written then.
        """
        try:
            with np.load(path, allow_pickle=False) as file:
                found = {name: file[name] for name in file.files}
        except (zipfile.BadZipFile, EOFError, ValueError, AttributeError) as error:
            raise checks.refuse("path", f"{path}, not readable", "a .npz of KKTPoint") from error
        missing = [n for n in (*ARRAYS, "residual_names", "residuals") if n not in found]
        if missing:
            raise checks.refuse("path", f"{path} without {', '.join(missing)}", "all arrays")
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

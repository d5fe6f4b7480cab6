"""Signs that an attack overstates robustness, in the spirit of AutoAttack's checks.

Every warning is a word of `Diagnosis.warnings`; `WARNINGS` says what it means.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch

from kktnotes import checks
from kktnotes.attacks.frame import Frame

WARNINGS = {
    "zero gradient": (
        "The gradient of N is exactly zero at some points, which a gradient attack cannot leave. "
        "Their norms are infinite or come from a random start: read them as unknown."
    ),
    "opposite neurons off": (
        "At most points no neuron of the opposite sign is on, so the gradient only says how to "
        "switch the own neurons off and nothing of what could be switched on. Norms of gradient "
        "attacks may overstate the radius; compare with opposite_neurons or exact_radius."
    ),
    "restarts disagree": (
        "Two runs from different starts end at norms more than 1 % apart for some points: at "
        "least one is not at the optimum, and more restarts may find less."
    ),
    "random control": (
        "A random direction of R^d of the same norm changes the sign of more than 5 % of the "
        "points: norms this large say little about the attack."
    ),
    "points left": (
        "Some points never changed sign. That is no evidence that they cannot: see the certified "
        "lower bound of exact_radius."
    ),
}
"""What each warning means."""


@dataclass(frozen=True, kw_only=True)
class Diagnosis:
    """Shares between 0 and 1 over the points that were attacked.

    Attributes
    ----------
    zero_gradient : float
        Share of points where the gradient of N is exactly zero.
    opposite_off : float
        Share where no neuron of the opposite sign is on.
    restart_spread : float
        Largest relative difference between the norms of two restarts, for points where both
        succeeded; NaN with a single start.
    control : float
        Share of points whose sign a random direction of R^d of the same norm changes. Only its
        part in the p seen coordinates matters, about sqrt(p/d) of it.
    left : float
        Share of points that never changed sign.
    """

    zero_gradient: float
    opposite_off: float
    restart_spread: float
    control: float
    left: float

    @property
    def warnings(self) -> tuple[str, ...]:
        """The words of `WARNINGS` that apply."""
        found = {
            "zero gradient": self.zero_gradient > 0,
            "opposite neurons off": self.opposite_off > 0.5,
            "restarts disagree": self.restart_spread > 0.01,
            "random control": self.control > 0.05,
            "points left": self.left > 0,
        }
        return tuple(word for word, applies in found.items() if applies)


def diagnose(
    frame: Frame,
    norms: torch.Tensor,
    *,
    seed: int = 0,
    restart_norms: torch.Tensor | None = None,
) -> Diagnosis:
    """Examine the norms that an attack reached.

    Parameters
    ----------
    frame : Frame
        The attack's problem.
    norms : tensor (..., n)
        Norms reached, infinite where it failed.
    seed : int
        Of the random directions of the control.
    restart_norms : tensor (restarts, ..., n), optional
        What each restart reached.

    Examples
    --------
    >>> import kktnotes as kn
    >>> from kktnotes.attacks.frame import Frame
    >>> point = kn.averaged_point(4, 100)
    >>> frame = Frame.of(point.network, point)
    >>> kn.attacks.diagnose(frame, point.y.abs() * float("inf")).left
    1.0
    """
    standing = frame.standing
    count = int(standing.sum())
    if not count:
        return Diagnosis(
            zero_gradient=0.0, opposite_off=0.0, restart_spread=float("nan"), control=0.0, left=0.0
        )
    slope = frame.gradient(frame.z)[1]
    flat = (slope == 0).all(-1) & standing
    heights = frame.reduced.preactivations(frame.z)
    opposite = frame.reduced.output.sign()[..., None, :] == -frame.y[..., None]
    quiet = ~((heights > 0) & opposite).any(-1) & standing
    spread = float("nan")
    if restart_norms is not None and len(restart_norms) > 1:
        both = restart_norms.isfinite().all(0) & standing
        apart = restart_norms.amax(0) / restart_norms.amin(0) - 1
        spread = float(apart[both].max()) if bool(both.any()) else float("nan")
    reached = torch.where(norms.isfinite() & standing, norms, torch.zeros_like(norms))
    control = frame.fallen(frame.z + reached[..., None] * random_units(frame, seed)) & standing
    return Diagnosis(
        zero_gradient=int(flat.sum()) / count,
        opposite_off=int(quiet.sum()) / count,
        restart_spread=spread,
        control=int(control.sum()) / count,
        left=int((norms.isinf() & standing).sum()) / count,
    )


def random_units(frame: Frame, seed: int) -> torch.Tensor:
    """Return uniform unit directions of R^d, in the coordinates of the span (..., n, r).

    Their norms there are below 1: the rest of each lies where the network does not look.
    """
    rank = frame.z.shape[-1]
    rng = np.random.default_rng(checks.integer("seed", seed, least=0))
    seen = torch.from_numpy(rng.standard_normal(tuple(frame.z.shape)))
    rest = torch.from_numpy(
        rng.chisquare(max(float(frame.d - rank), 1e-300), tuple(frame.z.shape[:-1]))
    )
    if frame.d == rank:
        rest = torch.zeros_like(rest)
    whole = (seen.square().sum(-1) + rest).sqrt()
    return (seen / whole[..., None]).to(frame.z.device)

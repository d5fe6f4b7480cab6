"""What every attack returns."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from kktnotes.attacks.diagnosis import Diagnosis
from kktnotes.printing import brief


@dataclass(frozen=True, eq=False, kw_only=True)
class AttackResult:
    """Perturbed points, one for every point attacked.

    Attributes
    ----------
    points : tensor (..., n, p)
        Points whose sign is not y, verified in float64 (x itself where the attack failed).
    norms : tensor (..., n)
        l2 norms of the perturbations: 0 where x is misclassified already, infinite where the
        attack failed.
    success : bool tensor (..., n)
    diagnosis : Diagnosis
        How far the attack can be trusted.
    """

    points: torch.Tensor
    norms: torch.Tensor
    success: torch.Tensor
    diagnosis: Diagnosis

    def __repr__(self) -> str:
        """Say how many points fell, at which median norm, and what is suspicious."""
        total, fallen = self.success.numel(), int(self.success.sum())
        middle = self.norms.flatten().quantile(0.5, interpolation="lower").item() if total else 0.0
        warned = "; ".join(self.diagnosis.warnings) or "no warning"
        return brief(
            self, f"{fallen} of {total} points fell", f"median norm {middle:.3g}; {warned}"
        )

"""The exponential and the logistic loss in logs, so that a loss of 1e-1000 is a number.

Everything is a function of the margins q (..., n). The paper's logistic loss has the logarithm of
base 2 (section 2): l(q) = log2(1 + exp(-q)), so that L < 1/n means every point is on its side.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch.nn.functional import logsigmoid, softplus

NAMES = ("exponential", "logistic")
_LINEAR_FROM = 36.0  # softplus(-q) = exp(-q) to rounding beyond this margin


@dataclass(frozen=True)
class Loss:
    """One of the two losses of section 2, by name."""

    name: str

    def log_slope(self, margins: torch.Tensor) -> torch.Tensor:
        """Return ln(-l'(q_i)), shape (..., n)."""
        if self.name == "exponential":
            return -margins
        return logsigmoid(-margins) - math.log(math.log(2))

    def bend(self, margins: torch.Tensor) -> torch.Tensor:
        """Return -d ln(-l'(q_i)) / dq_i = l''/(-l'), shape (..., n), in (0, 1]."""
        if self.name == "exponential":
            return torch.ones_like(margins)
        return margins.sigmoid()

    def log_mean(self, margins: torch.Tensor) -> torch.Tensor:
        """Return ln L, Eq. (1), shape (...)."""
        count = math.log(margins.shape[-1])
        if self.name == "exponential":
            return torch.logsumexp(-margins, -1) - count
        return torch.logsumexp(_log_softplus(margins), -1) - count - math.log(math.log(2))

    def soft_margin(self, margins: torch.Tensor) -> torch.Tensor:
        """Return the smoothed least margin of Lyu and Li, shape (...).

        Exponential -ln(n L); logistic -ln(2^(n L) - 1). Divided by ||theta||^2 it never
        decreases along the flow once L < 1/n. It is at most the least margin.
        """
        if self.name == "exponential":
            return -torch.logsumexp(-margins, -1)
        log_total = torch.logsumexp(_log_softplus(margins), -1)  # ln(n L ln 2)
        total = log_total.clamp(max=700.0).exp()
        # ln(e^s - 1): s + ln(1 - e^-s) for s not small, ln s + s/2 for s small
        plain = total + torch.log(-torch.expm1(-total))
        return -torch.where(log_total < -18.0, log_total + total / 2, plain)


def _log_softplus(margins: torch.Tensor) -> torch.Tensor:
    """Return ln ln(1 + exp(-q)) without underflow."""
    near = softplus(-margins.clamp(max=_LINEAR_FROM)).log()
    return torch.where(margins > _LINEAR_FROM, -margins, near)

"""One step of the Runge-Kutta-Chebyshev method of order 2 (Sommeijer, Shampine, Verwer 1998).

Late in the flow the softmax weights make it stiff, with a symmetric Jacobian: steps of an ordinary
explicit method shrink like 1/q. A Chebyshev step of s stages is stable to 0.65 s^2 instead of 2 s,
costs s products, and brings an error estimate of its own.
"""

from __future__ import annotations

import math
from functools import cache

import numpy as np
import torch

from kktnotes.flow.field import Field, Slope
from kktnotes.flow.sliding import Kinks


def stages_for(reach: float, most: int) -> int:
    """Return the stages that make a step with dt * stiffness = `reach` stable, at most `most`."""
    return min(most, max(2, 1 + math.floor(math.sqrt(1 + 1.54 * reach))))


def reach_of(stages: int) -> float:
    """Return the largest dt * stiffness that `stages` stages bear."""
    return (stages - 1) ** 2 / 1.54 if stages > 2 else 2.0


@cache
def coefficients(stages: int) -> np.ndarray:
    """Return (stages + 1, 4): mu_j, nu_j, mu~_j, gamma~_j of the method; row 1 holds mu~_1."""
    damping = 2.0 / 13.0
    w0 = 1 + damping / stages**2
    value, first, second = np.zeros((3, stages + 1))
    value[:2], first[1] = (1.0, w0), 1.0
    for j in range(2, stages + 1):
        value[j] = 2 * w0 * value[j - 1] - value[j - 2]
        first[j] = 2 * value[j - 1] + 2 * w0 * first[j - 1] - first[j - 2]
        second[j] = 4 * first[j - 1] + 2 * w0 * second[j - 1] - second[j - 2]
    w1 = first[stages] / second[stages]
    b = np.zeros(stages + 1)
    b[2:] = second[2:] / first[2:] ** 2
    b[:2] = b[2]
    table = np.zeros((stages + 1, 4))
    table[1, 2] = b[1] * w1
    for j in range(2, stages + 1):
        mu_tilde = 2 * b[j] * w1 / b[j - 1]
        table[j] = (
            2 * b[j] * w0 / b[j - 1],
            -b[j] / b[j - 2],
            mu_tilde,
            -(1 - b[j - 1] * value[j - 1]) * mu_tilde,
        )
    return table


def step(
    field: Field,
    pre: torch.Tensor,
    output: torch.Tensor,
    slope: Slope,
    speed: torch.Tensor,
    lengths: list[float],
    stages: list[int],
    buffers: list[torch.Tensor],
    kinks: Kinks | None = None,
    pull: torch.Tensor | None = None,
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Return the changes of c (B, m, n) and v (B, m) over a step, and the new h (B, m, n).

    `slope` and `speed` = dc/dtau K are those at the step's start. Each element of the batch has its
    own length and stages; one that is through waits for the others. `buffers`: four (B, m, n).
    """
    most = max(stages)
    table = np.zeros((most + 1, 4, len(stages)))
    table[:, 0] = 1.0  # a finished element repeats its last stage
    for b, (count, length) in enumerate(zip(stages, lengths, strict=True)):
        table[: count + 1, :, b] = coefficients(count)
        table[: count + 1, 2:, b] *= length
    rows = torch.from_numpy(table).to(pre.device)
    older, newer, work, new_pre = buffers
    torch.mul(slope.change, rows[1, 2][:, None, None], out=newer)
    torch.addcmul(pre, speed, rows[1, 2][:, None, None], out=new_pre)
    older.zero_()
    newer_output = slope.output * rows[1, 2][:, None]
    older_output = torch.zeros_like(newer_output)
    for j in range(2, most + 1):
        here = field.slope(new_pre, output + newer_output, work, kinks, pull)
        mu, nu, mu_tilde, gamma = rows[j][:, :, None]
        older_output = (
            nu * older_output + mu * newer_output + mu_tilde * here.output + gamma * slope.output
        )
        older.mul_(nu[..., None]).addcmul_(newer, mu[..., None])
        older.addcmul_(here.change, mu_tilde[..., None])
        older.addcmul_(slope.change, gamma[..., None])
        older, newer = newer, older
        older_output, newer_output = newer_output, older_output
        field.times_gram(newer, pre, out=new_pre)
    return newer, newer_output, new_pre

"""Neurons that are one, written as one (section 3.1's networks have few distinct neurons)."""

from __future__ import annotations

import torch


def merged(
    vectors: torch.Tensor, output: torch.Tensor, tolerance: float
) -> tuple[torch.Tensor, torch.Tensor]:
    """Return w~ (P, q) and v (P,) of the distinct neurons among w~ (m, q) and v (m,).

    Balanced neurons (||w~_j|| = |v_j|) of one sign with parallel w~_j become the balanced neuron
    with |v| w~ = sum_j |v_j| w~_j, which takes the place of the first of them. Neurons with
    w~_j = 0 and v_j = 0 are left out (one zero neuron stays where all are). Others stay.
    """
    squares, weights = vectors.square().sum(-1), output.square()
    idle = (squares == 0) & (weights == 0)
    balanced = ((squares - weights).abs() <= tolerance * (squares + weights)) & ~idle
    unit = vectors / squares.sqrt().clamp(min=1e-300)[:, None]
    rows, values, free = [], [], ~idle
    for j in range(len(output)):
        if not free[j]:
            continue
        same = torch.zeros_like(free)
        same[j] = True
        if balanced[j]:
            # ||a - b||^2 = 2 (1 - cos), without the cancellation of 1 - cos
            near = (unit - unit[j]).square().sum(-1) <= 2 * tolerance
            same |= near & free & balanced & (output.sign() == output[j].sign())
        free &= ~same
        if int(same.sum()) == 1:
            rows.append(vectors[j])
            values.append(output[j])
        else:
            total = (output[same].abs()[:, None] * vectors[same]).sum(0)
            root = total.norm().sqrt()
            rows.append(total / root)
            values.append(root * output[j].sign())
    if not rows:
        rows, values = [torch.zeros_like(vectors[0])], [torch.zeros_like(output[0])]
    return torch.stack(rows), torch.stack(values)

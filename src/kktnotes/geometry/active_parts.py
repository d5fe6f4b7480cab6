"""Batched active-set iteration for projections onto {sum of relus <= affine}; see `projections`."""

from __future__ import annotations

import torch

from kktnotes.geometry.half_spaces import certified


def nearest_by_active_parts(
    own: torch.Tensor,
    values: torch.Tensor,
    gradient: torch.Tensor,
    level: torch.Tensor,
    polyhedron: torch.Tensor,
    rounding: torch.Tensor,
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Active-set iteration on which own parts are on, off or on a kink at the nearest point."""
    batch, count = values.shape
    gram = own @ own.T
    sizes = torch.linalg.vector_norm(own, dim=-1)
    on = (values > 0) & ~polyhedron[:, None]
    kink = (values > 0) & polyhedron[:, None]
    step = torch.zeros_like(gradient)
    lower = values.new_zeros(batch)
    solved = torch.zeros(batch, dtype=torch.bool, device=values.device)
    active = torch.arange(batch, device=values.device)
    eye = torch.eye(count + 1, dtype=values.dtype, device=values.device)
    for _ in range(2 * count + 12):
        if not len(active):
            break
        rows_on, rows_kink, flat = on[active], kink[active], polyhedron[active]
        here, slope, height = values[active], gradient[active], level[active]
        total = rows_on.to(values.dtype) @ own - slope
        system = eye.expand(len(active), -1, -1).clone()
        both = rows_kink[:, :, None] & rows_kink[:, None, :]
        system[:, :-1, :-1] = torch.where(both, gram, system[:, :-1, :-1])
        across = (total @ own.T) * rows_kink
        across = torch.where(flat[:, None], torch.zeros_like(across), across)
        system[:, :-1, -1] = across
        system[:, -1, :-1] = across
        system[:, -1, -1] = torch.where(flat, torch.ones_like(height), total.square().sum(-1))
        right = torch.cat([here * rows_kink, ((here * rows_on).sum(-1) - height)[:, None]], dim=-1)
        right[:, -1] = torch.where(flat, torch.ones_like(height), right[:, -1])
        solution, failed = torch.linalg.solve_ex(system, right)
        multiplier = solution[:, -1]
        share = torch.where(rows_kink, solution[:, :-1], torch.zeros_like(here))
        weights = share + rows_on * multiplier[:, None]
        move = -(weights @ own - torch.where(flat, 0.0, multiplier)[:, None] * slope)
        usable = (failed == 0) & (multiplier > 0) & solution.isfinite().all(-1)
        # A dual point within its bounds certifies a distance, optimal or not.
        cap = torch.where(flat, torch.full_like(multiplier, torch.inf), multiplier)
        allowed = torch.minimum(weights.clamp(min=0), cap[:, None])
        bound = certified(
            own,
            here,
            slope,
            height,
            torch.where(usable[:, None], allowed, torch.zeros_like(allowed)),
            torch.where(usable & ~flat, multiplier, torch.zeros_like(multiplier)),
            rounding[active],
        )
        lower[active] = torch.maximum(lower[active], bound)
        there = here + move @ own.T
        noise = 1e-13 * (here.abs() + sizes * torch.linalg.vector_norm(move, dim=-1)[:, None])
        above, below = there > noise, there < -noise
        to_on = rows_kink & (share > cap[:, None] * (1 + 1e-13))
        to_off = rows_kink & (share < -1e-13 * cap.clamp(max=1e300)[:, None])
        to_off = torch.where(flat[:, None], rows_kink & (share < 0), to_off)
        to_kink = (rows_on & below) | (~rows_on & ~rows_kink & above)
        changed = (to_on | to_off | to_kink).any(-1)
        done = usable & ~changed
        step[active[done]] = move[done]
        solved[active[done]] = True
        on[active] = (rows_on & ~to_kink) | to_on
        kink[active] = (rows_kink & ~to_on & ~to_off) | to_kink
        active = active[usable & changed]
    return step, lower, solved

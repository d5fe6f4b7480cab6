"""The attack that uses the structure of the network: `geometry.subset_descent`, as an attack."""

from __future__ import annotations

import time

import torch

from kktnotes import checks
from kktnotes.attacks.diagnosis import diagnose
from kktnotes.attacks.frame import Frame, signs
from kktnotes.attacks.result import AttackResult
from kktnotes.data.sample import Examples
from kktnotes.geometry import Span, closed_form, each_network, two_neurons
from kktnotes.geometry.subset_descent import SubsetDescent
from kktnotes.networks.two_layer import TwoLayerReLU


def opposite_neurons(
    network: TwoLayerReLU,
    sample: Examples,
    *,
    time_budget: float | None = None,
    d: int | None = None,
    seed: int = 0,
) -> AttackResult:
    """Take subsets of the opposite-sign neurons as switched on and project onto each set.

    Starts from single neurons, pairs (of at most 8), all of them and those on at x, and improves
    the best of these until nothing changes. For one merged neuron a sign this is the exact flip
    radius.

    Parameters
    ----------
    network, sample, d, seed
        As in `deepfool`.
    time_budget : float, optional
        Seconds.

    Examples
    --------
    >>> import kktnotes as kn
    >>> point = kn.averaged_point(4, 100)
    >>> found = kn.attacks.opposite_neurons(point.network, point)
    >>> exact = kn.exact_radius(point.network, point.x).flip.upper
    >>> bool((found.norms / exact - 1).abs().max() < 1e-9)
    True
    """
    deadline = torch.inf
    if time_budget is not None:
        deadline = time.monotonic() + checks.positive("time_budget", time_budget)
    frame = Frame.of(network, sample, d)
    shape = frame.y.shape
    landed, norms, success = frame.x.clone().reshape(-1, *frame.x.shape[-2:]), [], []
    rows = zip(
        each_network(frame.network, shape[:-1]),
        landed,
        frame.y.reshape(-1, shape[-1]),
        frame.standing.reshape(-1, shape[-1]),
        strict=True,
    )
    for single, here, labels, standing in rows:
        span = Span.of(single)
        reached = torch.where(standing, torch.inf, 0.0).to(here.dtype)
        for sign in (1.0, -1.0):
            chosen = torch.nonzero(standing & (labels == sign))[:, 0]
            if not len(chosen):
                continue
            start = here[chosen]
            upper = torch.full_like(reached[chosen], torch.inf)
            nearest = start.clone()
            if two_neurons(span):
                _, upper, nearest = closed_form(single, span, start, sign, flip=True)
            left = torch.nonzero(upper.isinf())[:, 0]
            if len(left):
                descent = SubsetDescent(
                    network=single,
                    span=span,
                    x=start[left],
                    sign=sign,
                    flip=True,
                    tolerance=1e-9,
                    deadline=deadline,
                )
                descent.search(pairs=True)
                upper[left], nearest[left] = descent.upper, descent.nearest
            known = upper.isfinite()
            here[chosen[known]] = nearest[known]
            reached[chosen] = upper
        norms.append(reached)
        success.append(reached.isfinite())
    reached, fell = torch.stack(norms).reshape(shape), torch.stack(success).reshape(shape)
    points = landed.reshape(frame.x.shape)
    fell = fell & (signs(frame.network(points)) != frame.y)  # touching zero is no sign change
    reached = torch.where(fell, reached, torch.full_like(reached, torch.inf))
    points = torch.where(fell[..., None], points, frame.x)
    report = diagnose(frame, reached, seed=seed)
    return AttackResult(points=points, norms=reached, success=fell, diagnosis=report)

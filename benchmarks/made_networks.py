"""Speed and exactness of radii on networks that are made for it, not trained."""

from __future__ import annotations

import sys
from pathlib import Path

import torch
from attack_rows import timed
from records import Records

import kktnotes as kn

sys.path.append(str(Path(__file__).resolve().parents[1] / "tests"))
from radius_reference import brute_force


def speed(kept: Records) -> None:
    """Two neurons: points a second. Robust network: 200 points. Random: against brute force."""
    generator = torch.Generator().manual_seed(0)
    for width, p, count in ((2, 100, 50_000), (50, 500, 20_000)):
        pair = torch.randn(2, p, dtype=torch.float64, generator=generator)
        factor = torch.rand(width, dtype=torch.float64, generator=generator) + 0.1
        which = torch.arange(width) % 2
        network = kn.TwoLayerReLU(factor[:, None] * pair[which], 0 * factor, 1.0 - 2 * which)
        x = torch.randn(count, p, dtype=torch.float64, generator=generator)
        kn.exact_radius(network, x[:10])  # the first call of a process loads parts of torch
        radii, seconds = timed(lambda n=network, x=x: kn.exact_radius(n, x))
        done = bool(radii.zero.finished.all() and radii.flip.finished.all())
        rate = count / seconds
        kept.add("speed", width=width, coordinates=p, points_a_second=rate, all_closed=done)
        print(
            f"two merged neurons of width {width}, p = {p}: {rate:,.0f} points a "
            f"second (zero and flip radius), all closed: {done}"
        )
    for d, sigma in ((10**4, 0.01), (10**7, 1.0)):
        clusters = kn.Clusters.orthogonal(26, d, sigma)
        fresh = clusters.fresh(200, 0, p=100)
        radii, seconds = timed(
            lambda f=fresh: kn.exact_radius(kn.TwoLayerReLU.robust(f), f.x, progress=False)
        )
        closed = int((radii.zero.finished & radii.flip.finished).sum())
        gap = max(radii.zero.gap.max().item(), radii.flip.gap.max().item())
        middle = radii.flip.upper.median().item() / d**0.5
        kept.add(
            "robust network",
            clusters=26,
            d=d,
            points=200,
            closed=closed,
            seconds=seconds,
            largest_gap=gap,
            median_flip_over_root_d=middle,
        )
        print(
            f"robust network, k = 26, d = {d:.0e}: {closed} of 200 closed in {seconds:.2f} s, "
            f"largest gap {gap:.1e}, median flip {middle:.4f} sqrt(d)"
        )
    worst, least, total = 0.0, 1.0, 0.0
    for seed in range(3):
        generator.manual_seed(seed)
        p = (4, 12, 40)[seed]
        parts = [
            torch.randn(*s, dtype=torch.float64, generator=generator) for s in ((12, p), (12,))
        ]
        output = torch.randn(12, dtype=torch.float64, generator=generator)
        network = kn.TwoLayerReLU(*parts, output)
        x = torch.randn(4, p, dtype=torch.float64, generator=generator)
        radii, seconds = timed(lambda n=network, x=x: kn.exact_radius(n, x))
        total += seconds
        for i, point in enumerate(x):
            for radius, flip in ((radii.zero, False), (radii.flip, True)):
                exact = brute_force(network, point, flip=flip)
                least = min(least, 1.0 if radius.finished[i] else 0.0)
                for bound in (radius.lower[i], radius.upper[i]):
                    worst = max(worst, abs(bound.item() / exact - 1))
    kept.add(
        "all regions",
        neurons=12,
        points=12,
        largest_deviation=worst,
        all_finished=least == 1.0,
        seconds=total,
    )
    print(
        f"12 random neurons, 12 points against all 4,096 regions: bounds within {worst:.1e}, "
        f"all finished: {least == 1.0}, {total:.2f} s"
    )

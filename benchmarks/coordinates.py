"""Does a sample's cost depend on the ambient dimension? It must not.

    python benchmarks/coordinates.py [--points 1040] [--clusters 4] [--repeats 7] [--data FILE.json]

Draws a training sample and as many fresh points at d = 10^4 ... 10^12 and prints time and peak
memory, each also as a ratio to d = 10^4 in the same run, beside direct sampling in R^d where that
fits. Times are the best of the repeats, which go round all dimensions, so that a slow moment of
the machine hits them all alike. Memory is what numpy holds at its peak (tracemalloc).
"""

from __future__ import annotations

import argparse
import time
import tracemalloc
from collections.abc import Callable

import numpy as np
import records

import kktnotes as kn

DIMENSIONS = [10**exponent for exponent in (4, 5, 6, 8, 10, 12)]
DIRECT_ENTRIES = 3 * 10**7  # numbers that direct sampling may take here


def reduced(k: int, d: int, points: int, seed: int) -> None:
    """Draw a sample and fresh points in reduced coordinates."""
    train = kn.Clusters.on_sphere(k, d, 1.0, seed=seed).sample(points, seed=seed)
    train.fresh(points, seed=seed)


def direct(k: int, d: int, points: int, seed: int) -> None:
    """Draw the same in R^d."""
    rng = np.random.default_rng(seed)
    means = rng.standard_normal((k, d))
    means *= np.sqrt(d) / np.linalg.norm(means, axis=1, keepdims=True)
    for _ in range(2):
        x = rng.standard_normal((points, d))
        x += means[rng.integers(k, size=points)]


def seconds(draw: Callable[..., None], *arguments: int) -> float:
    """Return the wall-clock time of one draw."""
    start = time.perf_counter()
    draw(*arguments)
    return time.perf_counter() - start


def peak(draw: Callable[..., None], *arguments: int) -> float:
    """Return the peak memory of one draw in MB."""
    tracemalloc.start()
    draw(*arguments)
    highest = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return highest / 1e6


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--points", type=int, default=1040)
    parser.add_argument("--clusters", type=int, default=4)
    parser.add_argument("--repeats", type=int, default=7)
    records.option(parser)
    options = parser.parse_args()
    k, n = options.clusters, options.points

    cases = [(reduced, d) for d in DIMENSIONS]
    cases += [(direct, d) for d in DIMENSIONS if 2 * n * d <= DIRECT_ENTRIES]
    reduced(k, DIMENSIONS[0], n, 0)  # warm up
    times: dict = {case: [] for case in cases}
    for repeat in range(options.repeats):
        for draw, d in cases:
            times[draw, d].append(seconds(draw, k, d, n, repeat))
    memory = {(draw, d): peak(draw, k, d, n, 0) for draw, d in cases}

    kept = records.Records()
    first = min(times[reduced, DIMENSIONS[0]]), memory[reduced, DIMENSIONS[0]]
    print(f"k = {k}, {n} training and {n} fresh points, best of {options.repeats}")
    print(f"{'d':>6}  {'seconds':>8}  {'ratio':>6}  {'peak MB':>8}  {'ratio':>6}  direct sampling")
    for d in DIMENSIONS:
        best, held = min(times[reduced, d]), memory[reduced, d]
        row = kept.add(
            "dimensions",
            clusters=k,
            points=n,
            d=d,
            seconds=best,
            seconds_ratio=best / first[0],
            peak_megabytes=held,
            peak_ratio=held / first[1],
        )
        if (direct, d) in times:
            theirs = {"seconds": min(times[direct, d]), "peak_megabytes": memory[direct, d]}
            aside = f"{theirs['seconds']:.3f} s, {theirs['peak_megabytes']:,.0f} MB"
        else:
            theirs = {"points_gigabytes": 2 * n * d * 8 / 1e9}
            aside = f"would take {theirs['points_gigabytes']:,.3g} GB for the points alone"
        kept.add("direct sampling", clusters=k, points=n, d=d, **theirs)
        print(
            f"{d:>6.0e}  {best:>8.4f}  {row['seconds_ratio']:>6.2f}  {held:>8.1f}  "
            f"{row['peak_ratio']:>6.2f}  {aside}"
        )
    kept.write(options.data)


if __name__ == "__main__":
    main()

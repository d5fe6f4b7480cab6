"""Figures of the gradient flow: its step against a plain matrix product, d, n and m, cases.

    python benchmarks/flow.py [--cases a,B,D] [--device cuda --seeds 64] [--data FILE.json]

Everything is measured side by side in one run on this machine; times are the least of some tries.
"""

from __future__ import annotations

import argparse
import math
import time
from collections.abc import Callable

import torch
from records import Records, option

import kktnotes as kn
from kktnotes.flow import chebyshev
from kktnotes.flow.field import Field
from kktnotes.flow.losses import Loss
from kktnotes.flow.stepping import State, attempt


def least(action: Callable[[], object], tries: int = 5) -> float:
    """Return the least time of an action in seconds, after one warm-up."""
    action()
    times = []
    for _ in range(tries):
        if torch.cuda.is_available():
            torch.cuda.synchronize()
        began = time.perf_counter()
        action()
        if torch.cuda.is_available():
            torch.cuda.synchronize()
        times.append(time.perf_counter() - began)
    return min(times)


def prepared(d: float, n: int, m: int, k: int = 4, device: str = "cpu") -> tuple[Field, State]:
    """Return field and state of m small random neurons on n points in dimension d."""
    train = kn.Clusters.orthogonal(k=k, d=d, sigma=d**-0.5).sample(n=n, seed=0).to(device)
    points = torch.cat([train.x, torch.ones_like(train.x[:, :1])], -1)[None]
    field = Field(points, train.y[None], Loss("exponential"))
    generator = torch.Generator().manual_seed(0)
    start = torch.randn(1, m, points.shape[2], generator=generator, dtype=torch.float64).to(device)
    start *= 1e-3 / math.sqrt(d)
    pre, output = start @ points.mT, start.norm(dim=-1)
    output[:, ::2] *= -1
    return field, State.at(field, torch.zeros_like(pre), pre, output, output.square())


def step_time(field: Field, state: State, stages: int) -> float:
    """Return the time of one attempted step with that many stages."""
    buffers = [torch.empty_like(state.pre) for _ in range(6)]
    pull = torch.zeros_like(state.output[:, 0])
    return least(lambda: attempt(field, state, [1e-6], [stages], None, pull, buffers))


def step_against_product(kept: Records, stages: int = 8) -> None:
    """Print a step's speed, 2 n^2 m operations a stage, against torch's matrix product."""
    print("one step against a plain product of the same shapes, float64 (GFLOP/s, share)")
    for n, m in ((1040, 50), (1040, 1000), (2206, 50), (2206, 1000), (4411, 50)):
        field, state = prepared(1e6, n, m)
        field.thin, field.gram = False, field.factor @ field.factor.mT
        gram, left, out = field.gram[0], state.change[0], torch.empty_like(state.change[0])
        product = least(lambda gram=gram, left=left, out=out: torch.mm(left, gram, out=out))
        work = 2e-9 * n * n * m
        for count in (2, stages):
            seconds = step_time(field, state, count)
            speed, bare, share = work * count / seconds, work / product, count * product / seconds
            kept.add(
                "step against product",
                points=n,
                width=m,
                stages=count,
                step_gigaflops=speed,
                product_gigaflops=bare,
                share=share,
            )
            print(
                f"  n {n:5d}  m {m:4d}  stages {count}: step {speed:6.1f}"
                f"  product {bare:6.1f}  share {share:.2f}"
            )


def dimension_table(kept: Records) -> None:
    """Print sampling and step times for d = 1e4 ... 1e12 at fixed n."""
    print("time against the ambient dimension, n 500, m 50 (ms)")
    for power in range(4, 13, 2):
        clusters = kn.Clusters.orthogonal(k=4, d=10.0**power, sigma=10.0 ** (-power / 2))
        sampling = least(lambda clusters=clusters: clusters.sample(n=500, seed=0))
        seconds = step_time(*prepared(10.0**power, 500, 50), 4)
        sampling, step = 1e3 * sampling, 1e3 * seconds
        kept.add(
            "dimensions",
            d=10**power,
            points=500,
            width=50,
            stages=4,
            sampling_milliseconds=sampling,
            step_milliseconds=step,
        )
        print(f"  d 1e{power:<2d}  sampling {sampling:6.1f}  step of 4 {step:6.1f}")


def size_table(kept: Records) -> None:
    """Print the time of a step of 4 stages against n and m."""
    print("time of a step of 4 stages against n and m, d 1e6 (ms)")
    widths = (2, 50, 1000)
    print("  n \\ m " + "".join(f"{m:9d}" for m in widths))
    for n in (250, 500, 1000, 2000, 4000):
        row = [1e3 * step_time(*prepared(1e6, n, m), 4) for m in widths]
        for m, value in zip(widths, row, strict=True):
            kept.add("sizes", d=10**6, points=n, width=m, stages=4, step_milliseconds=value)
        print(f"  {n:6d}" + "".join(f"{value:9.1f}" for value in row))


def cases(kept: Records, names: list[str]) -> None:
    """Print whole flows to a stable pattern."""
    table = {
        "a": (4, 1203, 1203**-0.5, 202, {}),
        "A": (4, 10**7, 1.0, 1040, {}),
        "B": (10, 1000, 1.0, 478, {}),
        "C": (26, 10**4, 1e-2, 2206, {}),
        "D": (10, 100, 1.0, 500, {}),
        "E": (4, 10**7, 1.0, 1040, {"width": 1000, "loss": "logistic"}),
        "F": (8, 1000, 1000**-0.5, 382, {"init_scale": 1.0}),
        "G": (13, 10**8, 1.0, 4411, {}),
        "H": (10, 3382, 3382**-0.5, 4000, {}),
    }
    print("case  seconds  steps  rejected  products  distinct  ln t  drift  margin fell  status")
    for name in names:
        k, d, sigma, n, knobs = table[name]
        train = kn.Clusters.orthogonal(k=k, d=d, sigma=sigma).sample(n=n, seed=0)
        began = time.perf_counter()
        flow = kn.gradient_flow(train, progress=False, **knobs)
        seconds, health = time.perf_counter() - began, flow.health
        kept.add(
            "cases",
            case=name,
            seconds=seconds,
            steps=health.steps,
            rejected_steps=health.rejected,
            products=health.products,
            distinct_neurons=flow.distinct.width,
            log_time=flow.last.log_time,
            balance_drift=health.balance_drift,
            margin_decrease=health.margin_decrease,
            status=f"{flow.status}",
        )
        print(
            f"{name:4s}  {seconds:7.1f}  {health.steps:5d}  {health.rejected:8d}"
            f"  {health.products:8d}  {flow.distinct.width:8d}  {flow.last.log_time:6.0f}"
            f"  {health.balance_drift:.0e}  {health.margin_decrease:.0e}  {flow.status}",
            flush=True,
        )


def batch_of_seeds(kept: Records, count: int, device: str) -> None:
    """Print a batch of seeds at once against one after the other, on a device and on the CPU."""
    clusters = kn.Clusters.orthogonal(k=4, d=1203, sigma=1203**-0.5)
    seeds = list(range(count))
    train = clusters.sample(n=202, seed=seeds)
    for place in dict.fromkeys(("cpu", device)):
        began = time.perf_counter()
        flows = kn.gradient_flow(train, seed=seeds, device=place, progress=False)
        seconds = time.perf_counter() - began
        separated = sum(flow.separated for flow in flows)
        kept.add("batch", seeds=count, device=place, seconds=seconds, separated=separated)
        print(f"batch of {count} seeds on {place}: {seconds:.1f} s, {separated} separated")
    began = time.perf_counter()
    for seed in seeds[:4]:
        kn.gradient_flow(clusters.sample(n=202, seed=seed), seed=seed, progress=False)
    seconds = (time.perf_counter() - began) * count / 4
    kept.add("one after the other", seeds=count, device="cpu", seconds=seconds)
    print(f"one after the other on cpu: {seconds:.1f} s")


def main() -> None:
    """Run the parts that were asked for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cases", default="a,A,B,D")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--seeds", type=int, default=8)
    option(parser)
    arguments, kept = parser.parse_args(), Records()
    print(f"torch {torch.__version__}, {torch.get_num_threads()} threads")
    print(f"stability of {chebyshev.stages_for(100.0, 250)} stages reaches dt * stiffness = 100")
    step_against_product(kept)
    dimension_table(kept)
    size_table(kept)
    cases(kept, arguments.cases.split(","))
    batch_of_seeds(kept, arguments.seeds, arguments.device)
    kept.write(arguments.data)


if __name__ == "__main__":
    main()

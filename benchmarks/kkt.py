"""Exact KKT points on the named cases: residuals, time, and time against training.

    python benchmarks/kkt.py                    # cases A a B C D E F H J and seeds 0..9 of I
    python benchmarks/kkt.py --cases A B        # some of them
    python benchmarks/kkt.py --cases G          # d = 1e8, with the peak memory of the process

For each case: sampling, flow and exact point, the largest residual of the certificate beside its
target, and the angle between the flow and the point when L < 1/n was met and at the end. Beside it
what a user would do instead: gradient descent in torch on the same data in the same coordinates,
with the loss-rescaled step, until the certificate that knows of kinks reads 1e-2. Its step is the
best of three, its certificates are not timed, and each is stopped at `--patience` times our time
or after `--longest` seconds.
"""

from __future__ import annotations

import argparse
import itertools
import resource
import time

import torch

import kktnotes as kn

TARGET = 1e-2  # where the training of the comparison may stop
STEPS = (0.003, 0.01, 0.03)  # relative change of theta in one step
# The exact point needs the pattern, not a long path or an accurate one: stop when it has settled.
PATTERN = {"stable_from": 20.0, "stable_growth": 2.0, "tolerance": 1e-2}
WIDE = 200  # from this width on a coarse path costs more: neurons become one later


class Descent:
    """Gradient descent on ln L, both layers, from the flow's own start."""

    def __init__(self, case: kn.Case, flow: kn.Flow, step: float) -> None:
        first = flow.snapshots[0].network
        self.parameters = [
            value.clone().requires_grad_() for value in (first.weights, first.biases, first.output)
        ]
        self.x, self.y = flow.sample.x, flow.sample.y
        self.case, self.step, self.seconds = case, step, 0.0

    def run(self, steps: int) -> None:
        """Take that many steps and add their time."""
        start = time.perf_counter()
        for _ in range(steps):
            weights, biases, output = self.parameters
            margins = self.y * ((self.x @ weights.T + biases).clamp(min=0) @ output)
            if self.case.loss == "logistic":
                loss = torch.nn.functional.softplus(
                    -margins
                ).log()  # ln of each term, stable enough
                log_loss = torch.logsumexp(torch.where(margins > 30, -margins, loss), 0)
            else:
                log_loss = torch.logsumexp(-margins, 0)
            gradients = torch.autograd.grad(log_loss, self.parameters)
            with torch.no_grad():
                size = sum(float(p.square().sum()) for p in self.parameters) ** 0.5
                length = sum(float(g.square().sum()) for g in gradients) ** 0.5
                for parameter, gradient in zip(self.parameters, gradients, strict=True):
                    parameter -= self.step * size / length * gradient
        self.seconds += time.perf_counter() - start

    def checkpoint(self) -> tuple[float, list[torch.Tensor]]:
        """Return the time so far and a copy of the parameters."""
        return self.seconds, [p.detach().clone() for p in self.parameters]


def worst(parameters: list[torch.Tensor], flow: kn.Flow) -> float:
    """Return the largest residual of the certificate, or infinity if it separates nothing."""
    network = kn.TwoLayerReLU(*parameters)
    if network.margins(flow.sample.x, flow.sample.y).min() <= 0:
        return float("inf")
    return kn.certificate(network, (flow.sample.x, flow.sample.y)).worst


def trained(case: kn.Case, flow: kn.Flow, limit: float) -> tuple[float, float]:
    """Return the least time to the target over the steps, and the best residual seen.

    Each descent leaves checkpoints at times that grow by a quarter. The first that meets the
    target is found by bisection, which takes the residual to fall along the descent.
    """
    quickest, best = float("inf"), float("inf")
    for step in STEPS:
        descent, block, kept = Descent(case, flow, step), 40, []
        while descent.seconds < min(limit, quickest):
            descent.run(block)
            kept.append(descent.checkpoint())
            block = int(block * 1.25)
        low, high = 0, len(kept) - 1
        last = worst(kept[high][1], flow)
        best = min(best, last)
        if last > TARGET:
            continue
        while low < high:
            middle = (low + high) // 2
            if worst(kept[middle][1], flow) <= TARGET:
                high = middle
            else:
                low = middle + 1
        quickest = min(quickest, kept[high][0])
    return quickest, best


def measure(case: kn.Case, seed: int, patience: float, longest: float) -> str:
    """Return the row of one case."""
    clock = [time.perf_counter()]
    train = case.sample(seed)
    clock.append(time.perf_counter())
    knobs = PATTERN if case.width < WIDE else PATTERN | {"tolerance": 1e-3}
    flow = case.flow(seed, train, **knobs)
    clock.append(time.perf_counter())
    name = f"{case.letter}{seed if case.letter == 'I' else '':<2} {case.n:6d} {case.width:6d}"
    if not flow.separated:
        return f"{name}  {flow.status}: no point, as it should be"
    try:
        point = kn.kkt_point(flow)
    except kn.NotCertified as error:
        return f"{name}  not certified: {error}"
    clock.append(time.perf_counter())
    sampling, following, solving = (b - a for a, b in itertools.pairwise(clock))
    held = "ok" if point.certificate.within(case.tolerance) else "ABOVE"
    row = (
        f"{name} {sampling:7.2f} {following:8.2f} {solving:8.2f}   {point.network.width:3d}"
        f"   {point.certificate.worst:8.1e} {case.tolerance:7.0e} {held:5}"
        f"  {point.angles[0]:7.3f} {point.angles[-1]:8.4f}"
    )
    if patience <= 0:
        return row
    ours = following + solving
    limit = min(patience * ours, longest)
    theirs, best = trained(case, flow, limit)
    if theirs < float("inf"):
        return f"{row}   {theirs:8.1f} {theirs / ours:7.1f}"
    return f"{row}   > {limit:6.1f} > {limit / ours:5.1f}  (best {best:.1e})"


def main() -> None:
    """Measure the chosen cases and print one table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cases", nargs="+", default=list("aABCDEFHIJ"), choices=list(kn.CASES))
    parser.add_argument("--patience", type=float, default=25.0, help="0: no comparison")
    parser.add_argument("--longest", type=float, default=120.0, help="seconds for one descent")
    chosen = parser.parse_args()
    print(f"torch {torch.__version__}, {torch.get_num_threads()} threads; times in seconds")
    print(
        "case      n  width  sample     flow    point  neurons  residual  target        "
        "angle first, last   training   ratio"
    )
    for letter in chosen.cases:
        case = kn.case(letter)
        for seed in range(10) if letter == "I" else [0]:
            patience = 0.0 if letter in "GI" else chosen.patience
            print(measure(case, seed, patience, chosen.longest), flush=True)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024**2
    print(f"peak memory of this process: {peak:.2f} GB")


if __name__ == "__main__":
    main()

"""Exact KKT points on the named cases: residuals, time, and time against training.

    python benchmarks/kkt.py                    # cases A a B C D E F H J and seeds 0..9 of I
    python benchmarks/kkt.py --cases A B        # some of them
    python benchmarks/kkt.py --cases G          # d = 1e8, with the peak memory of the process
    python benchmarks/kkt.py --data FILE.json   # its rows go there too

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
import time

import torch
from records import Records, above, option

import kktnotes as kn

TARGET = 1e-2  # where the training of the comparison may stop
STEPS = (0.003, 0.01, 0.03)  # relative change of theta in one step
# The exact point needs the pattern, not a long path or an accurate one: stop when it has settled.
PATTERN = {"stable_from": 20.0, "stable_growth": 2.0, "tolerance": 1e-2}
WIDE = 200  # from this width on a coarse path costs more: neurons become one later
COLUMNS = {
    "case": ("case", ""),
    "points": ("points", "d"),
    "width": ("width", "d"),
    "sample_seconds": ("sample (s)", ".2f"),
    "flow_seconds": ("flow (s)", ".2f"),
    "point_seconds": ("point (s)", ".2f"),
    "neurons": ("neurons", "d"),
    "residual": ("residual", ".1e"),
    "asked_residual": ("asked", ".0e"),
    "first_angle": ("angle first", ".3f"),
    "last_angle": ("angle last", ".4f"),
    "training_seconds": ("training (s)", ".1f"),
    "training_ratio": ("time over ours", ".1f"),
    "training_residual": ("ended at", ".1e"),
}


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


def measure(case: kn.Case, seed: int, patience: float, longest: float) -> dict:
    """Return what one case gave, by the names of the columns."""
    clock = [time.perf_counter()]
    train = case.sample(seed)
    clock.append(time.perf_counter())
    knobs = PATTERN if case.width < WIDE else PATTERN | {"tolerance": 1e-3}
    flow = case.flow(seed, train, **knobs)
    clock.append(time.perf_counter())
    name = f"{case.letter}{seed}" if case.letter == "I" else case.letter
    row = {"case": name, "points": case.n, "width": case.width}
    if not flow.separated:
        return row | without(f"{flow.status}", "no point, as it should be")
    try:
        point = kn.kkt_point(flow)
    except kn.NotCertified as error:
        return row | without("not certified", f"{error}")
    clock.append(time.perf_counter())
    sampling, following, solving = (b - a for a, b in itertools.pairwise(clock))
    row |= {
        "sample_seconds": sampling,
        "flow_seconds": following,
        "point_seconds": solving,
        "neurons": point.network.width,
        "residual": point.certificate.worst,
        "asked_residual": case.tolerance,
        "within": point.certificate.within(case.tolerance),
        "first_angle": float(point.angles[0]),
        "last_angle": float(point.angles[-1]),
    }
    if patience <= 0:
        return row
    ours = following + solving
    limit = min(patience * ours, longest)
    theirs, best = trained(case, flow, limit)
    if theirs < float("inf"):
        return row | {"training_seconds": theirs, "training_ratio": theirs / ours}
    return row | {
        "training_seconds": above(limit),
        "training_ratio": above(limit / ours),
        "training_residual": best,
    }


def without(status: str, explanation: str) -> dict:
    """Return what stands in a row that has no point; pages list such rows by their reason."""
    reason = f"{status}, so without a point"
    return {"status": status, "explanation": explanation, "reason": reason}


def printed(row: dict) -> str:
    """Return what one case gave as a line."""
    name = f"{row['case']:3} {row['points']:6d} {row['width']:6d}"
    if "reason" in row:
        return f"{name}  {row['status']}: {row['explanation']}"
    held = "ok" if row["within"] else "ABOVE"
    line = (
        f"{name} {row['sample_seconds']:7.2f} {row['flow_seconds']:8.2f}"
        f" {row['point_seconds']:8.2f}   {row['neurons']:3d}"
        f"   {row['residual']:8.1e} {row['asked_residual']:7.0e} {held:5}"
        f"  {row['first_angle']:7.3f} {row['last_angle']:8.4f}"
    )
    if "training_residual" in row:
        limit, ratio = (row[name]["above"] for name in ("training_seconds", "training_ratio"))
        return f"{line}   > {limit:6.1f} > {ratio:5.1f}  (best {row['training_residual']:.1e})"
    if "training_seconds" in row:
        return f"{line}   {row['training_seconds']:8.1f} {row['training_ratio']:7.1f}"
    return line


def main() -> None:
    """Measure the chosen cases and print one table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cases", nargs="+", default=list("aABCDEFHIJ"), choices=list(kn.CASES))
    parser.add_argument("--patience", type=float, default=25.0, help="0: no comparison")
    parser.add_argument("--longest", type=float, default=120.0, help="seconds for one descent")
    option(parser)
    chosen, kept = parser.parse_args(), Records("cases", COLUMNS)
    print(f"torch {torch.__version__}, {torch.get_num_threads()} threads; times in seconds")
    print(
        "case      n  width  sample     flow    point  neurons  residual  target        "
        "angle first, last   training   ratio"
    )
    for letter in chosen.cases:
        case = kn.case(letter)
        for seed in range(10) if letter == "I" else [0]:
            patience = 0.0 if letter in "GI" else chosen.patience
            row = kept.add("cases", **measure(case, seed, patience, chosen.longest))
            print(printed(row), flush=True)
    kept.add_peak_memory()
    kept.write(chosen.data)


if __name__ == "__main__":
    main()

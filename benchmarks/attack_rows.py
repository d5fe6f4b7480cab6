"""One row an attack: its norms over the exact flip radii, and how long it took."""

from __future__ import annotations

import time

import torch
from records import Records

HEAD = f"{'':4} {'':26} {'points':>7} {'fell':>6} {'median':>10} {'largest':>10} {'in 1 %':>7}"
COLUMNS = {
    "case": ("case", ""),
    "attack": ("attack", ""),
    "points": ("points", "d"),
    "fell": ("fell", "d"),
    "median": ("median", ".6f"),
    "largest": ("largest", ".6f"),
    "share": ("share within 1 %", ".3f"),
    "milliseconds_a_point": ("ms a point", ".4f"),
}


def sign(output: torch.Tensor) -> torch.Tensor:
    """Return signs with sign(0) = -1."""
    return torch.where(output > 0, 1.0, -1.0).double()


def timed(call):  # noqa: ANN001, ANN201  (any result)
    """Return a result and how long it took."""
    start = time.perf_counter()
    result = call()
    return result, time.perf_counter() - start


def line(
    kept: Records, case: str, name: str, norms: torch.Tensor, exact: torch.Tensor, seconds: float
) -> None:
    """Keep and print how an attack's norms compare with the exact radii."""
    known = exact.isfinite() & (exact > 0)
    ratio = (norms / exact)[known]
    row = kept.add(
        "attacks",
        case=case,
        attack=name,
        points=len(ratio),
        fell=int(norms[known].isfinite().sum()),
        median=ratio.sort().values[len(ratio) // 2].item(),
        largest=ratio.max().item(),
        share=(ratio < 1.01).double().mean().item(),
        seconds=seconds,
        milliseconds_a_point=1e3 * seconds / len(ratio),
    )
    print(
        f"{case:4} {name:26} {row['points']:7d} {row['fell']:6d} {row['median']:10.6f} "
        f"{row['largest']:10.6f} {row['share']:7.3f} {seconds:9.3f} s  "
        f"{row['milliseconds_a_point']:8.4f} ms a point",
        flush=True,
    )

"""KKT points of the named cases proved: time, box and least gaps.

    python benchmarks/proof.py                    # cases a A B D F J, seed 0 of I, closed forms
    python benchmarks/proof.py --cases C E G H    # the large ones, with the peak memory
    python benchmarks/proof.py --folder POINTS    # points are kept there, or taken from there
    python benchmarks/proof.py --data FILE.json   # its rows go there too

For each point: its unknowns (positive multipliers, pairs on kinks, neurons), the seconds of
`KKTPoint.prove`, how far the stored parameters are from the exact ones, the radius in which these
are alone, and the least of what must be positive: multipliers and subgradients relative to the
largest multiplier, margins less 1 off the support, cosines of preactivations off the kinks.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import torch
from kkt import PATTERN, WIDE, without
from records import Records, option

import kktnotes as kn

CLOSED = {
    "averaged": lambda: kn.averaged_point(100, 10**7),
    "decoupled": lambda: kn.decoupled_point(50, 10**7),
    "partition": lambda: kn.partition_point(
        *kn.equicorrelated_points(6, 40), [[0, 2], [4], [1, 3, 5]]
    ),
}
"""Points that need no flow."""
COLUMNS = {
    "case": ("case", ""),
    "points": ("points", "d"),
    "support": ("support", "d"),
    "kinks": ("kinks", "d"),
    "unknowns": ("unknowns", "d"),
    "seconds": ("proof (s)", ".2f"),
    "theta": ("from the stored", ".1e"),
    "radius": ("alone within", ".1e"),
    "least_multiplier": ("multiplier", ".1e"),
    "least_margin": ("margin − 1", ".1e"),
    "least_preactivation": ("cosine", ".1e"),
    "least_subgradient": ("subgradient", ".1e"),
}


def point_of(name: str, folder: Path | None) -> kn.KKTPoint:
    """Return the point of a case or of a closed form, from the folder if it is there."""
    if name in CLOSED:
        return CLOSED[name]()
    path = None if folder is None else folder / f"{name}.npz"
    if path is not None and path.exists():
        return kn.KKTPoint.load(path)
    case = kn.case(name)
    knobs = PATTERN if case.width < WIDE else PATTERN | {"tolerance": 1e-3}
    point = kn.kkt_point(case.flow(0, **knobs))
    if path is not None:
        point.save(path)
    return point


def measure(name: str, point: kn.KKTPoint) -> dict:
    """Return what one point gave, by the names of the columns."""
    row = {"case": name, "points": len(point.x)}
    start = time.perf_counter()
    try:
        proof = point.prove()
    except kn.NotProved as error:
        return row | without("not proved", error.reason)
    row["seconds"] = time.perf_counter() - start
    return row | {key: getattr(proof, key) for key in COLUMNS if hasattr(proof, key)}


def printed(row: dict) -> str:
    """Return what one point gave as a line."""
    if "reason" in row:
        return f"{row['case']:10}  {row['status']}: {row['explanation']}"
    sizes = "".join(f"{row[name]:9d}" for name in ("points", "support", "kinks", "unknowns"))
    bounds = "".join(f"{row[name]:12.1e}" for name in list(COLUMNS)[6:])
    return f"{row['case']:10}{sizes}{row['seconds']:10.2f}{bounds}"


def main() -> None:
    """Prove the chosen points and print one table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    names = [*kn.CASES, *CLOSED]
    parser.add_argument("--cases", nargs="+", default=[*"aABDFIJ", *CLOSED], choices=names)
    parser.add_argument("--folder", type=Path, help="where points are kept")
    option(parser)
    chosen, kept = parser.parse_args(), Records("proofs", COLUMNS)
    print(f"torch {torch.__version__}, {torch.get_num_threads()} threads; times in seconds")
    heads = ("points", "support", "kinks", "unknowns")
    bounds = ("distance", "alone", "multiplier", "margin - 1", "cosine", "subgradient")
    print(
        f"{'case':10}{''.join(f'{head:>9}' for head in heads)}{'seconds':>10}"
        + "".join(f"{head:>12}" for head in bounds)
    )
    for name in chosen.cases:
        row = kept.add("proofs", **measure(name, point_of(name, chosen.folder)))
        print(printed(row), flush=True)
    kept.add_peak_memory()
    kept.write(chosen.data)


if __name__ == "__main__":
    main()

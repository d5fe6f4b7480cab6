"""Exact radii, attacks and explicit constants on the named cases, with foolbox beside them.

    python benchmarks/radius.py                     # speed, cases a A B C D H F I J, foolbox on B C
    python benchmarks/radius.py --cases A B         # some of them
    python benchmarks/radius.py --data FILE.json    # its rows go there too
    pip install -r benchmarks/requirements.txt      # foolbox; without it its rows say so

Every attack's norm is divided by the exact flip radius of the same point (one line an attack:
median, largest, share within 1 %, seconds). foolbox runs in its own float32 with wide bounds, on
the same points with lengths rescaled so that the median radius is 10, the order its default
steps are made for; the points it returns are re-checked in float64 and cut at nothing. The
constants of the appendix stand at the end of each case with tau < 1/2.
"""

from __future__ import annotations

import argparse

import torch
from attack_rows import COLUMNS, HEAD, line, sign, timed
from foolbox_peers import peers
from made_networks import speed
from records import Records, option

import kktnotes as kn
from kktnotes import attacks, theory


def fresh_of(letter: str, seed: int, count: int):  # noqa: ANN201  (point, sample, fresh or a reason)
    """Return the KKT point of a case with its sample and fresh points."""
    case = kn.case(letter)
    train = case.sample(seed)
    flow = case.flow(seed, train)
    if not flow.separated:
        return f"{flow.status}: no point"
    try:
        point = kn.kkt_point(flow)
    except kn.NotCertified as error:
        return f"not certified: {error}"
    sample = train if train.p == point.network.weights.shape[-1] else flow.sample
    return point, sample, sample.fresh(count, 1)


def measure(
    kept: Records, name: str, point: kn.KKTPoint, sample: kn.Sample, fresh: kn.Sample
) -> None:
    """Print the exact radius, every attack and the explicit constants of one case."""
    network, root = point.network, fresh.d**0.5
    radii, seconds = timed(lambda: kn.exact_radius(network, fresh.x, time_budget=120.0))
    flip = radii.flip
    row = kept.add(
        "points",
        case=name,
        neurons=network.width,
        residual=point.certificate.worst,
        median_radius_over_root_d=flip.upper.median().item() / root,
        closed=int(flip.finished.sum()),
        points=fresh.n,
        largest_gap=flip.gap.max().item(),
        seconds=seconds,
    )
    print(
        f"{name:4} {row['neurons']} neurons, residual {row['residual']:.0e}; exact "
        f"radius {row['median_radius_over_root_d']:.4f} sqrt(d) in the median, "
        f"{row['closed']} of {row['points']} closed, largest gap {row['largest_gap']:.1e}, "
        f"{seconds:.3f} s"
    )
    y = sign(radii.output)
    u = kn.universal_direction(sample)
    for label, call in {
        "opposite_neurons": lambda: attacks.opposite_neurons(network, (fresh.x, y), d=fresh.d),
        "universal": lambda: attacks.universal(network, (fresh.x, y), direction=u, d=fresh.d),
        "projected_gradient": lambda: attacks.projected_gradient(network, (fresh.x, y), d=fresh.d),
        "deepfool": lambda: attacks.deepfool(network, (fresh.x, y), d=fresh.d),
        "DDN, 3 restarts": lambda: attacks.decoupled_direction_norm(
            network, (fresh.x, y), restarts=3, d=fresh.d
        ),
    }.items():
        result, seconds = timed(call)
        if not bool((result.norms >= flip.lower).all()):
            raise SystemExit(f"{label} is below the certified bound on {name}")
        line(kept, name, label, result.norms, flip.upper, seconds)
    constants(kept, name, point, sample, fresh, radii)


def constants(
    kept: Records,
    name: str,
    point: kn.KKTPoint,
    sample: kn.Sample,
    fresh: kn.Sample,
    radii: kn.Radii,
) -> None:
    """Print the explicit constants beside what was measured, or why they do not apply."""
    measured = theory.inner_products(sample)
    kept.add("tau", case=name, tau=measured.tau)
    if not measured.tau < 0.5:
        print(f"{name:4} explicit constants: tau = {measured.tau:.3g}, not below 1/2\n")
        return
    u = kn.universal_direction(sample)
    eta = kn.least_eta(point.network, fresh, direction=u)
    radius = radii.robust(fresh.x, fresh.y).lower
    print(f"{name:4} explicit constants, tau = {measured.tau:.3g}")
    tables = (
        theory.check_cluster_sums(
            point.network,
            sample,
            point.subgradients,
            residual=point.certificate.worst,
            measured=measured,
        ),
        theory.check_margins(point.network, sample, fresh, measured=measured),
        theory.check_radii(sample, fresh, radius, measured=measured),
        theory.check_flips(sample, fresh, eta, measured=measured),
    )
    for terms in tables:
        for term in terms:
            sides = {"left": term.left, "relation": term.relation, "right": term.right}
            kept.add("constants", case=name, of=terms.title, term=term.name, **sides)
        print("\n".join(f"       {line}" for line in repr(terms).splitlines()))
    print()


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cases", nargs="*", default=list("aABCDHFIJ"), choices=list(kn.CASES))
    parser.add_argument("--peers", nargs="*", default=["B", "C"], choices=list(kn.CASES))
    parser.add_argument("--points", type=int, default=1000)
    parser.add_argument("--peer-points", type=int, default=500)
    parser.add_argument("--carlini-steps", type=int, default=1000)
    parser.add_argument("--no-speed", action="store_true")
    option(parser)
    chosen, kept = parser.parse_args(), Records("attacks", COLUMNS)
    print(f"torch {torch.__version__}, {torch.get_num_threads()} threads\n")
    if not chosen.no_speed:
        speed(kept)
    print(f"\n{HEAD}   norms over the exact flip radius")
    for letter in chosen.cases:
        for seed in range(10) if letter == "I" else [0]:
            name = f"{letter}{seed}" if letter == "I" else letter
            found = fresh_of(letter, seed, chosen.points)
            if isinstance(found, str):
                kept.add("attacks", case=name, reason=found)
                print(f"{name:4} {found}\n")
                continue
            measure(kept, name, *found)
            if letter in chosen.peers:
                x = found[2].x[: chosen.peer_points]
                peers(kept, name, found[0].network, x, chosen.carlini_steps)
    if chosen.peers:
        clusters = kn.Clusters.orthogonal(10, 1000, 0.5)
        fresh = clusters.fresh(chosen.peer_points, 0, p=200)
        peers(kept, "4.1", kn.TwoLayerReLU.robust(fresh), fresh.x, chosen.carlini_steps)
    kept.write(chosen.data)


if __name__ == "__main__":
    main()

"""Exact radii, attacks and explicit constants on the named cases, with foolbox beside them.

    python benchmarks/radius.py                     # speed, cases a A B C D H F I J, foolbox on B C
    python benchmarks/radius.py --cases A B         # some of them
    pip install -r benchmarks/requirements.txt      # foolbox; without it its rows say so

Every attack's norm is divided by the exact flip radius of the same point (one line an attack:
median, largest, share within 1 %, seconds). foolbox runs in its own float32 with wide bounds, on
the same points with lengths rescaled so that the median radius is 10, the order its default
steps are made for; the points it returns are re-checked in float64 and cut at nothing. The
constants of the appendix stand at the end of each case with tau < 1/2.
"""

from __future__ import annotations

import argparse
import sys
import time
import warnings
from pathlib import Path

import torch

import kktnotes as kn
from kktnotes import attacks, theory

sys.path.append(str(Path(__file__).resolve().parents[1] / "tests"))
from radius_reference import brute_force

HEAD = f"{'':4} {'':26} {'points':>7} {'fell':>6} {'median':>10} {'largest':>10} {'in 1 %':>7}"


def sign(output: torch.Tensor) -> torch.Tensor:
    """Return signs with sign(0) = -1."""
    return torch.where(output > 0, 1.0, -1.0).double()


def line(case: str, name: str, norms: torch.Tensor, exact: torch.Tensor, seconds: float) -> None:
    """Print how an attack's norms compare with the exact radii."""
    known = exact.isfinite() & (exact > 0)
    ratio = (norms / exact)[known]
    fell = int(norms[known].isfinite().sum())
    middle = ratio.sort().values[len(ratio) // 2].item()
    close = (ratio < 1.01).double().mean().item()
    print(
        f"{case:4} {name:26} {len(ratio):7d} {fell:6d} {middle:10.6f} {ratio.max().item():10.6f} "
        f"{close:7.3f} {seconds:9.3f} s  {1e3 * seconds / len(ratio):8.4f} ms a point",
        flush=True,
    )


def timed(call):  # noqa: ANN001, ANN201  (any result)
    """Return a result and how long it took."""
    start = time.perf_counter()
    result = call()
    return result, time.perf_counter() - start


# --- speed and exactness on made networks ----------------------------------------------------


def speed() -> None:
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
        print(
            f"two merged neurons of width {width}, p = {p}: {count / seconds:,.0f} points a "
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
        print(
            f"robust network, k = 26, d = {d:.0e}: {closed} of 200 closed in {seconds:.2f} s, "
            f"largest gap {gap:.1e}, median flip {radii.flip.upper.median() / d**0.5:.4f} sqrt(d)"
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
    print(
        f"12 random neurons, 12 points against all 4,096 regions: bounds within {worst:.1e}, "
        f"all finished: {least == 1.0}, {total:.2f} s"
    )


# --- the cases -------------------------------------------------------------------------------


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


def measure(name: str, point: kn.KKTPoint, sample: kn.Sample, fresh: kn.Sample) -> None:
    """Print the exact radius, every attack and the explicit constants of one case."""
    network, root = point.network, fresh.d**0.5
    radii, seconds = timed(lambda: kn.exact_radius(network, fresh.x, time_budget=120.0))
    flip = radii.flip
    print(
        f"{name:4} {point.network.width} neurons, residual {point.certificate.worst:.0e}; exact "
        f"radius {flip.upper.median() / root:.4f} sqrt(d) in the median, "
        f"{int(flip.finished.sum())} of {fresh.n} closed, largest gap {flip.gap.max():.1e}, "
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
        line(name, label, result.norms, flip.upper, seconds)
    constants(name, point, sample, fresh, radii)


def constants(
    name: str, point: kn.KKTPoint, sample: kn.Sample, fresh: kn.Sample, radii: kn.Radii
) -> None:
    """Print the explicit constants beside what was measured, or why they do not apply."""
    measured = theory.inner_products(sample)
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
        print("\n".join(f"       {line}" for line in repr(terms).splitlines()))
    print()


# --- foolbox ---------------------------------------------------------------------------------


def peers(name: str, network: kn.TwoLayerReLU, x: torch.Tensor, carlini_steps: int) -> None:
    """Run foolbox on the same network and points, and compare point by point."""
    try:
        import foolbox
    except ImportError:
        print("foolbox is not installed: pip install -r benchmarks/requirements.txt")
        return
    flip = kn.exact_radius(network, x).flip
    y = sign(network(x))
    attacks.opposite_neurons(network, (x[:8], y[:8]))  # nobody pays for the first call
    ours, seconds = timed(lambda: attacks.opposite_neurons(network, (x, y)))
    line(name, "ours (opposite_neurons)", ours.norms, flip.upper, seconds)
    unit = flip.upper.median().item() / 10
    reach = 3 * float(x.abs().max()) / unit
    model = foolbox.PyTorchModel(_Logits(network, unit).eval(), bounds=(-reach, reach))
    inputs, classes = (x / unit).float(), (y > 0).long()
    for label, attack in {
        "foolbox DDN": foolbox.attacks.DDNAttack(),
        "foolbox DeepFool": foolbox.attacks.L2DeepFoolAttack(),
        "foolbox C&W": foolbox.attacks.L2CarliniWagnerAttack(steps=carlini_steps),
    }.items():
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            (_, found, _), spent = timed(lambda a=attack: a(model, inputs, classes, epsilons=None))
        points = found.detach().double() * unit
        # In float32 x itself is rounded: measure from the x that the attack saw.
        norms = (points - inputs.double() * unit).norm(dim=-1)
        fell = sign(network(points)) != y
        norms = torch.where(fell, norms, torch.full_like(norms, torch.inf))
        line(name, label, norms, flip.upper, spent)
        beaten = bool((ours.norms <= norms * (1 + 1e-6)).all())
        print(f"{'':31} ours at most theirs on every point: {beaten}; {spent / seconds:.0f} times")


class _Logits(torch.nn.Module):
    """The network in float32 with two logits, lengths in units of `unit`."""

    def __init__(self, network: kn.TwoLayerReLU, unit: float) -> None:
        super().__init__()
        for name, value in (
            ("weights", network.weights * unit),
            ("biases", network.biases),
            ("output", network.output),
        ):
            self.register_buffer(name, value.float())

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return (-N, N) / 2, the logits of labels -1 and +1."""
        output = (x @ self.weights.T + self.biases).clamp(min=0) @ self.output
        return torch.stack([-output, output], -1) / 2


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cases", nargs="*", default=list("aABCDHFIJ"), choices=list(kn.CASES))
    parser.add_argument("--peers", nargs="*", default=["B", "C"], choices=list(kn.CASES))
    parser.add_argument("--points", type=int, default=1000)
    parser.add_argument("--peer-points", type=int, default=500)
    parser.add_argument("--carlini-steps", type=int, default=1000)
    parser.add_argument("--no-speed", action="store_true")
    chosen = parser.parse_args()
    print(f"torch {torch.__version__}, {torch.get_num_threads()} threads\n")
    if not chosen.no_speed:
        speed()
    print(f"\n{HEAD}   norms over the exact flip radius")
    for letter in chosen.cases:
        for seed in range(10) if letter == "I" else [0]:
            name = f"{letter}{seed}" if letter == "I" else letter
            found = fresh_of(letter, seed, chosen.points)
            if isinstance(found, str):
                print(f"{name:4} {found}\n")
                continue
            measure(name, *found)
            if letter in chosen.peers:
                peers(
                    name, found[0].network, found[2].x[: chosen.peer_points], chosen.carlini_steps
                )
    if chosen.peers:
        clusters = kn.Clusters.orthogonal(10, 1000, 0.5)
        fresh = clusters.fresh(chosen.peer_points, 0, p=200)
        peers("4.1", kn.TwoLayerReLU.robust(fresh), fresh.x, chosen.carlini_steps)


if __name__ == "__main__":
    main()

"""The attacks of foolbox on the same network and the same points, if it is installed."""

from __future__ import annotations

import warnings

import torch
from attack_rows import line, sign, timed
from records import Records

import kktnotes as kn
from kktnotes import attacks


def peers(
    kept: Records, name: str, network: kn.TwoLayerReLU, x: torch.Tensor, carlini_steps: int
) -> None:
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
    line(kept, name, "ours (opposite_neurons)", ours.norms, flip.upper, seconds)
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
        line(kept, name, label, norms, flip.upper, spent)
        beaten = bool((ours.norms <= norms * (1 + 1e-6)).all())
        kept.add(
            "peers",
            case=name,
            attack=label,
            ours_at_most_theirs=beaten,
            seconds_over_ours=spent / seconds,
        )
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

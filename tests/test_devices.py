"""The user's own defaults of torch change no number, and a device without numbers is refused."""

import contextlib
import copy
import dataclasses

import numpy as np
import pytest
import torch
from test_hostile_calls import CALLS, CLUSTERS, FRESH, MODULE, NETWORK, POINT, TRAIN, U

import kktnotes as kn
from kktnotes import geometry, radius, theory
from kktnotes.data import label_noise, linear_separation
from kktnotes.flow import finite_steps
from kktnotes.kkt import continuation
from kktnotes.networks import angles, biased
from kktnotes.radius import exact_error
from kktnotes.theory import every_point, flip_probability, remarks

AVERAGED = kn.averaged_point(4, 100)
FEW = kn.Clusters.orthogonal(k=2, d=200, sigma=0.1).sample(n=20, seed=0)
PAIR = kn.TwoLayerReLU(
    torch.stack([CLUSTERS.padded(TRAIN.p)[:2].mean(0), CLUSTERS.padded(TRAIN.p)[2:].mean(0)]),
    [0.1, 0.2],
    [1.0, -1.0],
)
RADII = kn.exact_radius(NETWORK, FRESH.x).robust(FRESH.x, FRESH.y).lower
ETA = kn.least_eta(NETWORK, FRESH, direction=U)
SHOWN = {"network": NETWORK, "sample": TRAIN}
MEASURED = theory.inner_products(TRAIN)
ASKED = {"delta": 0.05, "epsilon": 0.01, "residual": 0.0}

OTHERS = {
    "log_tail": (
        radius.log_tail,
        {
            "network": NETWORK,
            "centers": TRAIN.means,
            "sigma": CLUSTERS.sigma,
            "sign": CLUSTERS.labels,
        },
    ),
    "log_error_by_cluster": (radius.log_error_by_cluster, SHOWN),
    "log_error_by_slope": (radius.log_error_by_slope, SHOWN),
    "error_by_cluster": (exact_error.error_by_cluster, {"network": PAIR, "sample": TRAIN}),
    "zero_by_cluster": (exact_error.zero_by_cluster, {"network": PAIR, "sample": TRAIN}),
    "log_failure": (flip_probability.log_failure, SHOWN | {"perturbation": U}),
    "log_unflipped": (every_point.log_unflipped_by_cluster, {"sample": TRAIN, "eta": 0.5}),
    "fresh_inner_products": (theory.fresh_inner_products, {"sample": TRAIN, "fresh": FRESH}),
    "check_cluster_sums": (
        theory.check_cluster_sums,
        SHOWN | {"subgradients": POINT.subgradients, "residual": 0.0},
    ),
    "check_margins": (theory.check_margins, SHOWN | {"fresh": FRESH}),
    "check_radii": (theory.check_radii, {"sample": TRAIN, "fresh": FRESH, "radii": RADII}),
    "check_flips": (theory.check_flips, {"sample": TRAIN, "fresh": FRESH, "eta": ETA}),
    "certificates": (
        kn.certificates,
        {
            "networks": kn.TwoLayerReLU.stack([AVERAGED.network] * 2),
            "sample": (AVERAGED.x, AVERAGED.y),
        },
    ),
    "follow": (
        kn.endings.follow,
        {"sample": FEW, "width": 10, "stable_from": 20.0, "stable_growth": 1.5},
    ),
    "a batch of flows": (
        kn.gradient_flow,
        {"sample": TRAIN, "width": 4, "seed": [0, 1], "max_steps": 20},
    ),
    "train": (
        finite_steps.train,
        {
            "start": kn.TwoLayerReLU.stack([PAIR] * 2),
            "samples": [TRAIN.extended(PAIR.weights.shape[-1] - TRAIN.p)] * 2,
            "method": finite_steps.Method(optimizer="adam", rate=1e-3, batch=8, log=True),
            "marks": [0, 5],
        },
    ),
    "continued": (continuation.continued, {"point": POINT, "sample": TRAIN}),
    "biased_network": (biased.biased_network, {"source": TRAIN, "bias": -1.0}),
    "balanced": (biased.balanced, {"network": NETWORK}),
    "function_angle": (
        angles.function_angle,
        {"first": NETWORK, "second": PAIR, "x": FRESH.x},
    ),
    "flip_labels": (label_noise.flip_labels, {"sample": TRAIN, "share": 0.1, "seed": 0}),
    "project_exactly": (
        geometry.project_exactly,
        {"own": np.eye(2), "values": np.ones(2), "gradient": np.zeros(2), "level": 1.0},
    ),
    "separation": (linear_separation.separation, {"x": TRAIN.x, "y": TRAIN.y}),
    "cluster_sums": (theory.cluster_sums, SHOWN | {"subgradients": POINT.subgradients}),
    "other_norms": (remarks.other_norms, {"sample": TRAIN, "measured": MEASURED} | ASKED),
    "other_noise": (remarks.other_noise, {"sample": TRAIN, "measured": MEASURED} | ASKED),
    "from a network": (
        kn.gradient_flow,
        {"sample": TRAIN, "network": kn.TwoLayerReLU.robust(TRAIN), "max_steps": 10},
    ),
}
EVERY = {name: call for name, call in (CALLS | OTHERS).items() if name not in ("load", "save")}


def moved(value, device):
    """What a call is given, with its tensors on a device."""
    if isinstance(value, (torch.Tensor, kn.TwoLayerReLU, kn.Sample)):
        return value.to(device)
    if isinstance(value, dict):
        return {name: moved(one, device) for name, one in value.items()}
    if isinstance(value, (list, tuple)):
        return type(value)(moved(one, device) for one in value)
    if isinstance(value, torch.nn.Module):
        return copy.deepcopy(value).to(device)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        names = [one.name for one in dataclasses.fields(value) if one.init]
        parts = {name: moved(getattr(value, name), device) for name in names}
        return dataclasses.replace(value, **parts)
    return value


def parts(value):
    """The numbers of an answer, on the CPU, in order."""
    if isinstance(value, torch.Tensor):
        return [value.detach().cpu().double().numpy()]
    if isinstance(value, (bool, int, float, np.ndarray)):
        return [np.asarray(value, dtype=float)]
    if dataclasses.is_dataclass(value):
        names = [one.name for one in dataclasses.fields(value)]
        return [part for name in names for part in parts(getattr(value, name))]
    if isinstance(value, dict):
        return [part for one in value.values() for part in parts(one)]
    if isinstance(value, (list, tuple)):
        return [part for one in value for part in parts(one)]
    return []


def same(found, known, **tolerances):
    """Compare two answers number by number."""
    found, known = parts(found), parts(known)
    assert len(found) == len(known)
    for one, other in zip(found, known, strict=True):
        np.testing.assert_allclose(one, other, **tolerances)


@contextlib.contextmanager
def defaults(device, dtype):
    """Torch's defaults as a user may have set them."""
    before = torch.get_default_dtype()
    torch.set_default_dtype(dtype)
    torch.set_default_device(device)
    try:
        yield
    finally:
        torch.set_default_device(None)
        torch.set_default_dtype(before)


@pytest.mark.parametrize("name", EVERY)
@pytest.mark.parametrize(
    ("device", "dtype"), [("meta", torch.float32), ("cpu", torch.float16), ("cpu", torch.float64)]
)
def test_defaults_of_torch_change_nothing(name, device, dtype):
    function, arguments = EVERY[name]
    known = function(**arguments)
    with defaults(device, dtype):
        found = function(**arguments)
    same(found, known, rtol=0, atol=0)


@pytest.mark.parametrize(
    ("argument", "call"),
    [
        ("x", lambda meta: NETWORK(meta(FRESH.x))),
        ("x", lambda meta: kn.exact_radius(NETWORK, meta(FRESH.x))),
        ("y", lambda meta: NETWORK.margins(FRESH.x, meta(FRESH.y))),
        ("weights", lambda meta: kn.TwoLayerReLU(meta(NETWORK.weights), [0.0], [0.0])),
        ("module", lambda meta: kn.TwoLayerReLU.from_torch(meta(torch.nn.Sequential(*MODULE)))),
        ("sample", lambda meta: kn.gradient_flow(dataclasses.replace(TRAIN, x=meta(TRAIN.x)))),
        ("device", lambda meta: kn.gradient_flow(TRAIN, device="meta")),
        ("device", lambda meta: kn.gradient_flow(TRAIN, device="no such device")),
        ("device", lambda meta: NETWORK.to("meta")),
        ("device", lambda meta: TRAIN.to(None)),
    ],
)
def test_a_device_without_numbers_is_refused(argument, call):
    with pytest.raises(ValueError, match=f"^{argument}: got .*, allowed is "):
        call(lambda value: copy.deepcopy(value).to("meta"))

"""Every public call gives the same answer on another device, and mixes none.

The devices are the imitated one and, where torch finds one, a GPU of CUDA.
"""

import dataclasses
import os
import subprocess
import sys
from pathlib import Path

import pytest
import second_device
import torch
from test_devices import EVERY, FEW, moved, same
from test_hostile_calls import POINT

import kktnotes as kn

SECOND = second_device.DEVICE
DEVICES = [SECOND, *([torch.device("cuda", 0)] if torch.cuda.is_available() else [])]
DIFFERENTIATED = ("train",)
"""Calls that use torch's gradients, which fail on CUDA once `second` is registered beside it."""


def close(device):
    """How near numbers of a device have to be to those of the CPU.

    CUDA adds up in another order. What is rounding itself, such as the residual of an exact point,
    is there another number of the same size, so that numbers are compared down to 1e-14.
    """
    return {"rtol": 1e-9, "atol": 1e-14 if device.type == "cuda" else 1e-300}


def bound(function, device):
    """A call on the object it belongs to, on a device."""
    owner = getattr(function, "__self__", None)
    if owner is None or isinstance(owner, type):
        return function
    return getattr(moved(owner, device), function.__name__)


def tensors(value):
    """The tensors of an argument or an answer."""
    if isinstance(value, torch.Tensor):
        return [value]
    if isinstance(value, (type, kn.Clusters)):  # which is a law, not numbers: it stays on the CPU
        return []
    if isinstance(value, torch.nn.Module):
        return list(value.parameters())
    if dataclasses.is_dataclass(value):
        value = [getattr(value, one.name) for one in dataclasses.fields(value)]
    if isinstance(value, dict):
        value = list(value.values())
    listed = value if isinstance(value, (list, tuple)) else []
    return [part for one in listed for part in tensors(one)]


def in_a_process_of_its_own(name, device):
    """Compare the answers of one call where the imitated device is not registered."""
    script = f"""
from test_devices import EVERY, moved, same
function, arguments = EVERY[{name!r}]
found = function(**moved(arguments, {str(device)!r}))
same(found, function(**arguments), **{close(device)})
"""
    surroundings = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    folder = Path(__file__).parent
    subprocess.run([sys.executable, "-c", script], cwd=folder, env=surroundings, check=True)


@pytest.mark.parametrize("device", DEVICES, ids=str)
@pytest.mark.parametrize("name", EVERY)
@pytest.mark.parametrize("which", ["all", "first", "others"])
def test_another_device_gives_the_same_numbers(name, which, device):
    if device.type == "cuda" and name in DIFFERENTIATED:
        in_a_process_of_its_own(name, device)
        return
    function, arguments = EVERY[name]
    known = function(**arguments)
    owner = function if which == "others" else bound(function, device)
    first = next(iter(arguments)) if owner is function else None
    given = {
        one: moved(value, device)
        if which == "all" or (one == first) == (which == "first")
        else value
        for one, value in arguments.items()
    }
    found = owner(**given)
    same(found, known, **close(device))
    assert f"on {device}, on {device}" not in repr(found)
    if which == "all" and tensors([given, getattr(owner, "__self__", None)]):
        assert {one.device for one in tensors(found)} <= {device}
    # The rule: what comes out lies where the network does, and a flow where its sample does.
    ruling = "sample" if function is kn.gradient_flow else "network"
    if ruling in given:
        assert {one.device for one in tensors(found)} <= {given[ruling].device}


@pytest.mark.parametrize("device", DEVICES, ids=str)
def test_a_flow_goes_where_it_is_told(device):
    given = {"sample": FEW, "width": 10, "max_steps": 20}
    found = kn.gradient_flow(**given, device=str(device))
    assert {one.device for one in tensors(found)} == {device}
    same(found, kn.gradient_flow(**given), **close(device))
    assert repr(found).endswith(f", on {device})")


@pytest.mark.parametrize("device", DEVICES, ids=str)
def test_a_point_is_kept_from_every_device(device, tmp_path):
    point = moved(POINT, device)
    kept = kn.LimitPoint.load(point.save(tmp_path / "point.npz"))
    same(kept.network, POINT.network, rtol=1e-12, atol=0)


HERE, THERE = torch.arange(6.0).reshape(2, 3), torch.arange(6.0).reshape(2, 3).to(SECOND)


@pytest.mark.parametrize(
    "mix",
    [
        lambda: THERE + HERE,
        lambda: HERE @ THERE.mT,
        lambda: torch.where(HERE > 2, THERE, 0.0),
        lambda: torch.cat([HERE, THERE]),
        lambda: HERE[torch.tensor([0, 1]).to(SECOND)],
        lambda: THERE.index_select(0, torch.tensor([1])),
        lambda: THERE.clone().index_put_((torch.tensor([0]),), HERE[:1]),
        lambda: torch.add(HERE, HERE, out=torch.empty_like(THERE)),
        lambda: torch.linalg.solve(torch.eye(2), THERE),
        lambda: torch.stack([THERE.sum(), HERE.sum()]),
    ],
)
def test_the_device_refuses_to_be_mixed(mix):
    with pytest.raises(RuntimeError, match="tensors of two devices"):
        mix()


def test_the_device_lacks_what_an_accelerator_lacks():
    with pytest.raises(RuntimeError, match="whole numbers"):
        THERE.long() @ THERE.long().mT
    with pytest.raises(RuntimeError, match="a generator of the CPU"):
        torch.randn(3, generator=torch.Generator(), device=SECOND)


def test_the_device_does_what_an_accelerator_does():
    with pytest.raises(TypeError, match="use cpu"):
        THERE.numpy()
    assert THERE.tolist() == HERE.tolist() and float(THERE.sum()) == 15.0
    for answer in (THERE * torch.tensor(2.0), THERE[torch.tensor([1])], THERE.clone()):
        assert answer.device == SECOND
    assert torch.equal((THERE @ THERE.mT).cpu(), HERE @ HERE.mT)

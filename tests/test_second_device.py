"""Every public call gives the same answer on another device, and mixes none."""

import copy
import dataclasses

import pytest
import second_device
import torch
from test_devices import EVERY, same

import kktnotes as kn

SECOND = second_device.DEVICE


def moved(value):
    """What a call is given, with its tensors on the second device."""
    if isinstance(value, (torch.Tensor, kn.TwoLayerReLU, kn.Sample)):
        return value.to(SECOND)
    if isinstance(value, dict):
        return {name: moved(one) for name, one in value.items()}
    if isinstance(value, (list, tuple)):
        return type(value)(moved(one) for one in value)
    if isinstance(value, torch.nn.Module):
        return copy.deepcopy(value).to(SECOND)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        fields = [one.name for one in dataclasses.fields(value) if one.init]
        return dataclasses.replace(value, **{one: moved(getattr(value, one)) for one in fields})
    return value


def bound(function, move):
    """A call on the object it belongs to, on the second device."""
    owner = getattr(function, "__self__", None)
    if owner is None or isinstance(owner, type):
        return function
    return getattr(move(owner), function.__name__)


def stay(value):
    return value


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


@pytest.mark.parametrize("name", EVERY)
@pytest.mark.parametrize("which", ["all", "first", "others"])
def test_another_device_gives_the_same_numbers(name, which):
    function, arguments = EVERY[name]
    known = function(**arguments)
    owner = bound(function, stay if which == "others" else moved)
    first = next(iter(arguments)) if owner is function else None
    given = {
        one: moved(value) if which == "all" or (one == first) == (which == "first") else value
        for one, value in arguments.items()
    }
    found = owner(**given)
    same(found, known, rtol=1e-9, atol=1e-300)
    if which == "all" and tensors([given, getattr(owner, "__self__", None)]):
        assert {one.device for one in tensors(found)} <= {SECOND}
    # The rule: what comes out lies where the network does, and a flow where its sample does.
    ruling = "sample" if function is kn.gradient_flow else "network"
    if ruling in given:
        assert {one.device for one in tensors(found)} <= {given[ruling].device}


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
    ],
)
def test_the_device_refuses_to_be_mixed(mix):
    with pytest.raises(RuntimeError, match="tensors of two devices"):
        mix()


def test_the_device_does_what_an_accelerator_does():
    with pytest.raises(TypeError, match="use cpu"):
        THERE.numpy()
    assert THERE.tolist() == HERE.tolist() and float(THERE.sum()) == 15.0
    for answer in (THERE * torch.tensor(2.0), THERE[torch.tensor([1])], THERE.clone()):
        assert answer.device == SECOND
    assert torch.equal((THERE @ THERE.mT).cpu(), HERE @ HERE.mT)

"""A second device that holds numbers, for machines that have only one.

A tensor of it keeps its numbers in one of the CPU that nobody else sees. Like a GPU's it refuses to
be mixed with tensors of the CPU, single numbers and indices aside, and to become a NumPy array
without a copy. Everything that is to know of the device runs inside of `here()`.
"""

import contextlib

import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_flatten, tree_map

PLACE = torch.device("maia", 0)
INDEXING = ("index", "index_put", "index_put_", "_index_put_impl_", "copy_", "_to_copy")
"""What a GPU does with tensors of the CPU too."""


class Elsewhere(torch.Tensor):
    """A tensor of the second device."""

    @staticmethod
    def __new__(cls, held):
        """Make the shell of a tensor of the CPU."""
        known = {"strides": held.stride(), "dtype": held.dtype, "device": PLACE}
        return torch.Tensor._make_wrapper_subclass(cls, held.shape, **known)

    def __init__(self, held):
        """Keep the numbers."""
        self.held = held

    def numpy(self, *, force=False):
        """Return a copy as an array, where one is asked for."""
        if not force:
            raise TypeError("a tensor of the second device as an array")
        return self.detach().cpu().numpy().copy()

    def tolist(self):
        """Return the numbers."""
        return self.detach().cpu().tolist()

    def item(self):
        """Return the one number."""
        return self.held.item()

    def __float__(self):
        """Return the one number."""
        return float(self.held)

    def __int__(self):
        """Return the one number."""
        return int(self.held)

    def __bool__(self):
        """Return the one number."""
        return bool(self.held)

    def new_tensor(self, numbers):
        """Return numbers beside this tensor."""
        return Elsewhere(torch.tensor(numbers, dtype=self.dtype))

    def __getitem__(self, index):
        """Return a part, which shares the numbers."""
        return Elsewhere(self.held[tree_map(_held, index)])

    def __setitem__(self, index, value):
        """Write to a part."""
        if torch.is_tensor(value) and value.ndim and not isinstance(value, Elsewhere):
            raise RuntimeError("tensors of two devices")
        self.held[tree_map(_held, index)] = _held(value)

    __torch_function__ = torch._C._disabled_torch_function_impl

    @classmethod
    def __torch_dispatch__(cls, function, types, args=(), kwargs=None):
        """Outside of `here` there is no such device."""
        raise RuntimeError("the second device is used outside of here()")


class _Device(TorchDispatchMode):
    """Runs what names the second device, or has a tensor of it, on the tensors behind."""

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        """Run one operation."""
        kwargs = dict(kwargs or {})
        tensors = [one for one in tree_flatten((args, kwargs))[0] if torch.is_tensor(one)]
        ours = [one for one in tensors if isinstance(one, Elsewhere)]
        place = kwargs.get("device")
        goal = PLACE if place is None and ours else place
        if goal is None or (torch.device(goal).type != PLACE.type and not ours):
            return function(*args, **kwargs)
        name = function.overloadpacket.__name__
        others = [one for one in tensors if not isinstance(one, Elsewhere) and one.ndim]
        if ours and others and name not in INDEXING:
            raise RuntimeError(f"{name}: tensors of two devices")
        if place is not None:
            kwargs["device"] = torch.device("cpu")
        known = {id(one.held): one for one in ours}
        args, kwargs = tree_map(_held, (args, kwargs))
        found = function(*args, **kwargs)
        if name == "copy_":  # what is written to says where it lies
            return known.get(id(found), found)
        if torch.device(goal).type != PLACE.type:
            return found
        return tree_map(lambda one: _shell(one, known), found)


def _held(value):
    """The tensor behind one of the second device."""
    return value.held if isinstance(value, Elsewhere) else value


def _shell(value, known):
    """The tensor of the second device in front of a result: the same one where it is known."""
    if not torch.is_tensor(value) or isinstance(value, Elsewhere):
        return value
    return known[id(value)] if id(value) in known else Elsewhere(value)


@contextlib.contextmanager
def here():
    """Let there be the second device."""
    before = torch._C._only_lift_cpu_tensors()
    torch._C._set_only_lift_cpu_tensors(True)  # new tensors of numbers come from the CPU
    try:
        with _Device():
            yield
    finally:
        torch._C._set_only_lift_cpu_tensors(before)

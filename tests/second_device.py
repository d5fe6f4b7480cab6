"""A second device, made of the CPU: its tensors refuse every operation with tensors of another.

What runs here runs on an accelerator as far as places of tensors go: a tensor is moved by `to` and
`cpu` alone, `numpy` refuses it, and an operation between it and a tensor of the CPU is an error, as
it is with CUDA; but a single number of the CPU may enter what is done entry by entry. There are no
products of whole numbers, and no draws by a generator of the CPU. Importing this registers the
device `second`.
"""

import torch
from torch.utils._pytree import tree_flatten, tree_map_only
from torch.utils.backend_registration import _setup_privateuseone_for_python_backend

NAME = "second"
_setup_privateuseone_for_python_backend(NAME)
DEVICE = torch.device(NAME, 0)
ACROSS = ("_to_copy", "copy_", "_copy_from", "_copy_from_and_resize")
"""The operations of ATen that move numbers from one device to another."""
INDEXED = ("index", "index_put", "index_put_", "_index_put_impl_")
"""Those that take places in a tensor of the device from the CPU."""
PRODUCTS = ("mm", "bmm", "mv", "dot", "addmm", "baddbmm", "addmv", "addbmm")
"""Those that CUDA has of floating-point numbers alone."""


class SecondTensor(torch.Tensor):
    """A tensor of the second device, whose numbers are those of `held`, a tensor of the CPU."""

    @staticmethod
    def __new__(cls, held):
        return torch.Tensor._make_wrapper_subclass(
            cls,
            held.shape,
            strides=held.stride(),
            storage_offset=held.storage_offset(),
            dtype=held.dtype,
            device=DEVICE,
        )

    __torch_function__ = torch._C._disabled_torch_function_impl

    def __init__(self, held):
        self.held = held

    def tolist(self):
        return self.held.tolist()

    def numpy(self, *, force=False):
        if force:
            return self.held.numpy(force=True)
        raise TypeError(f"a tensor of {DEVICE} has no NumPy array, use cpu() first")

    def __array__(self, *_, **__):
        return self.numpy()

    def __repr__(self, **_):
        return repr(self.held)

    def __format__(self, kind):
        return format(self.held, kind)

    @classmethod
    def __torch_dispatch__(cls, function, types, args=(), kwargs=None):
        return run(function, args, kwargs or {})


def run(function, args, kwargs):
    """Run one operation of ATen on the numbers of the CPU, its answer on the second device."""
    tensors = [one for one in tree_flatten((args, kwargs))[0] if isinstance(one, torch.Tensor)]
    name = function._schema.name.removeprefix("aten::").removesuffix(".out")
    here = any(isinstance(one, SecondTensor) for one in tensors)
    placed = name in INDEXED and isinstance(args[0], SecondTensor)
    places = {id(one) for one in args[1]} if placed else set()
    single = torch.Tag.pointwise in function.tags or placed
    away = [
        one
        for one in tensors
        if not isinstance(one, SecondTensor)
        and not (single and one.dim() == 0)
        and id(one) not in places
    ]
    if here and away and name not in ACROSS:
        raise RuntimeError(f"{name}: tensors of two devices, {DEVICE} and {away[0].device}")
    target = kwargs.get("device")
    to_second = torch.device(target).type == NAME if target is not None else here
    if here and name in PRODUCTS and not tensors[0].is_floating_point():
        raise RuntimeError(f"{name}: no product of whole numbers on {DEVICE}")
    if to_second and kwargs.get("generator") is not None:
        raise RuntimeError(f"{name}: a generator of the CPU draws nothing on {DEVICE}")
    kwargs = dict(kwargs)
    if target is not None:
        kwargs["device"] = "cpu"
    if kwargs.get("pin_memory") is None:
        kwargs.pop("pin_memory", None)
    known = {id(one.held): one for one in tensors if isinstance(one, SecondTensor)}
    bare = tree_map_only(SecondTensor, lambda one: one.held, (args, kwargs))
    answer = function(*bare[0], **bare[1])
    if name in ("_local_scalar_dense", "equal", "is_same_size"):
        return answer
    if name == "copy_":
        return args[0]
    if not to_second:
        return answer

    def wrap(one):
        return known.get(id(one)) if id(one) in known else SecondTensor(one)

    return tree_map_only(torch.Tensor, wrap, answer)


def _register(library, name):
    """Let one operation be run where torch skips the tensors' own classes, as torch.tensor does."""
    packet, _, overload = name.partition(".")
    function = getattr(getattr(torch.ops.aten, packet), overload or "default")
    library.impl(name, lambda *args, **kwargs: run(function, args, kwargs), "PrivateUse1")


_every = torch.library.Library("_", "IMPL")
_every.fallback(lambda function, *args, **kwargs: run(function, args, kwargs), "PrivateUse1")
_some = torch.library.Library("aten", "IMPL")
for _name in ("empty.memory_format", "empty_strided", "copy_", "_copy_from"):
    _register(_some, _name)

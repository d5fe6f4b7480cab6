"""Clear refusals of bad input: each names the argument, what came, and what is allowed.

One rule for devices: what a call is given may lie on any device that holds float64 numbers, and
what it returns lies on that of its network; where there is no network, on that of its points, and
a flow, whose network is only its start, on that of its sample. The gates move the rest there, and
what only NumPy or SciPy can do is done on the CPU in between.
"""

from __future__ import annotations

import math
import os
from collections.abc import Iterable, Mapping, Sequence
from numbers import Integral, Real
from pathlib import Path
from typing import TypeVar

import numpy as np
import torch

from kktnotes import machine

Array = torch.Tensor | np.ndarray | Sequence | float

KINDS = {"b": float, "i": float, "u": float, "f": float, "c": complex}
"""NumPy's kinds of numbers, and as what they are read."""

LARGEST = 10**15
"""The largest whole number taken: float64 tells neighbouring ones apart up to here."""
LEAST_TOLERANCE = 1e-14
LONGEST = 60
MOST_BYTES = 0.8 * min(machine.installed(), machine.container_limit())
"""What one call may take at most: four fifths of the machine's memory, or of the container's."""
SMALL = 1e8
"""So many bytes are always there."""
Kind = TypeVar("Kind")


def refusal(argument: str, got: object, allowed: str) -> ValueError:
    """Return the ValueError that every refusal of this package raises."""
    return ValueError(f"{argument}: got {got}, allowed is {allowed}")


def shown(value: object) -> str:
    """Return what came on one line of at most 60 characters."""
    text = " ".join(repr(value).split())
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 4]} ..."


def instance(argument: str, value: object, kind: type[Kind], allowed: str) -> Kind:
    """Return `value` if it is of that class; `allowed` says in words what would be."""
    if not isinstance(value, kind):
        raise refusal(argument, type(value).__name__, allowed)
    return value


def sequence(argument: str, value: object, allowed: str) -> list:
    """Return the entries of `value` as a list; a text or a table is none."""
    if isinstance(value, (str, bytes, Mapping)) or not isinstance(value, Iterable):
        raise refusal(argument, type(value).__name__, allowed)
    try:
        return list(value)
    except (TypeError, RuntimeError):  # an array without axes
        raise refusal(argument, "an array without axes", allowed) from None


def number(argument: str, value: object) -> float:
    """Return `value` as a float of either sign; infinities pass, NaN does not."""
    if isinstance(value, (torch.Tensor, np.ndarray)) and value.ndim == 0:
        value = value.item()
    if isinstance(value, Real) and not isinstance(value, (bool, np.bool_)):
        found = _float(value)
        if not math.isnan(found):
            return found
    raise refusal(argument, shown(value), "a number, not NaN")


def _float(value: Real) -> float:
    """Return a number as a float; what is beyond the largest one is infinite."""
    try:
        return float(value)
    except OverflowError:
        return -math.inf if str(value).startswith("-") else math.inf


def precision(argument: str, value: object) -> float:
    """Return a relative tolerance that bisection in float64 can reach, at least 1e-14."""
    tolerance = positive(argument, value)
    if tolerance < LEAST_TOLERANCE:
        raise refusal(argument, value, f"a relative tolerance of at least {LEAST_TOLERANCE:g}")
    return tolerance


def memory(argument: str, got: str, needed: float) -> None:
    """Refuse what would take `needed` bytes, before they are taken, if there are fewer now."""
    most = MOST_BYTES if needed < SMALL else min(MOST_BYTES, machine.available())
    if needed > most:
        gigabytes = f"{got}, which takes {needed / 1e9:,.3g} GB"
        raise refusal(argument, gigabytes, f"what fits into {most / 1e9:,.3g} GB")


def integer(argument: str, value: object, least: int = 1) -> int:
    """Return `value` as an int from `least` to 10^15; whole floats such as 1e7 pass."""
    if isinstance(value, Real) and not isinstance(value, bool):
        number = _float(value)
        if number > LARGEST:
            raise refusal(argument, f"{number:.3g}", f"an integer from {least} to 10^15")
        if (isinstance(value, Integral) or number.is_integer()) and number >= least:
            return int(number)
    raise refusal(argument, shown(value), f"an integer of at least {least}")


def positive(argument: str, value: object, *, zero: bool = False) -> float:
    """Return `value` as a finite positive float; zero passes where `zero` is set."""
    if isinstance(value, Real) and not isinstance(value, bool):
        number = _float(value)
        if np.isfinite(number) and (number > 0 or (number == 0 and zero)):
            return number
    raise refusal(argument, shown(value), f"a finite number {'>=' if zero else '>'} 0")


def choice(argument: str, value: object, allowed: Sequence[str]) -> str:
    """Return `value` if it is one of the words `allowed`."""
    if not isinstance(value, str) or value not in allowed:
        raise refusal(argument, shown(value), "one of " + ", ".join(map(repr, allowed)))
    return str(value)


def tensor(
    argument: str,
    value: Array,
    *,
    dimensions: int | None = None,
    device: torch.device | str | None = None,
) -> torch.Tensor:
    """Return `value` as a finite float64 tensor with at least `dimensions` axes.

    It stays on its own device (arrays come to the CPU), or goes to `device` where that is given.
    Nothing is lost in silence: masked entries and complex numbers are refused. What belongs to a
    graph of gradients comes without it.
    """
    if isinstance(value, np.ma.MaskedArray) and np.ma.is_masked(value):
        raise refusal(argument, "an array with masked entries", "an array without (see filled)")
    if not isinstance(value, torch.Tensor):
        try:
            array = np.asarray(value)
            kind = float if _of_numbers(array) else KINDS.get(array.dtype.kind)
        except (TypeError, ValueError, RuntimeError):  # ragged, or on a device
            kind = None
        if kind is None:
            raise refusal(argument, type(value).__name__, "an array of numbers")
        try:
            value = torch.from_numpy(array.astype(kind))
        except OverflowError:
            raise refusal(argument, "a number beyond 10^308", "finite numbers only") from None
    if value.is_complex():
        raise refusal(argument, "complex numbers", "real numbers")
    if value.device.type == "meta":
        raise refusal(argument, "a tensor of the device meta", "tensors that hold numbers")
    try:
        result = value.detach().to(dtype=torch.float64, device=device)
    except TypeError:  # as on mps
        got, allowed = f"a tensor of {value.device}", "tensors of a device with float64: .cpu()"
        raise refusal(argument, got, allowed) from None
    if dimensions is not None and result.ndim < dimensions:
        raise refusal(argument, f"shape {tuple(result.shape)}", f"{dimensions} or more axes")
    if not bool(torch.isfinite(result).all()):
        count = int((~torch.isfinite(result)).sum())
        raise refusal(argument, f"{count} entries that are NaN or infinite", "finite numbers only")
    return result


def _of_numbers(array: np.ndarray) -> bool:
    """Tell whether an array of objects holds real numbers alone, such as whole ones too long."""
    items = array.flat if array.dtype == object and array.size else [None]
    return all(isinstance(one, Real) and not isinstance(one, (bool, np.bool_)) for one in items)


def fitting(argument: str, value: torch.Tensor, other: torch.Tensor) -> torch.Tensor:
    """Return a tensor broadcast to the shape of another; refuse one that does not fit."""
    try:
        return value.broadcast_to(other.shape)
    except RuntimeError:
        got, allowed = f"shape {tuple(value.shape)}", f"{tuple(other.shape)}"
        raise refusal(argument, got, allowed) from None


def device(argument: str, value: object) -> torch.device:
    """Return a device of torch on which there are float64 numbers."""
    try:
        place = torch.empty(0, dtype=torch.float64, device=value).device  # type: ignore[call-overload]
    except Exception:  # whatever a torch without that device raises
        place = None
    if value is None or place is None or place.type == "meta":
        raise refusal(argument, shown(value), "a device of this torch with float64, such as 'cpu'")
    return place


def path(argument: str, value: object) -> Path:
    """Return the path of a file."""
    if not isinstance(value, (str, os.PathLike)):
        raise refusal(argument, type(value).__name__, "the path of a file")
    return Path(value)


def labels(
    argument: str,
    value: Array,
    *,
    both: bool = True,
    device: torch.device | str | None = None,
) -> torch.Tensor:
    """Return labels as a float64 tensor of -1 and 1; both must occur unless `both` is False."""
    result = tensor(argument, value, dimensions=1, device=device)
    strange = result[(result != 1) & (result != -1)]
    if len(strange):
        raise refusal(argument, f"the value {strange[0].item():g}", "labels -1 and 1 only")
    if both and not bool(((result == 1).any(-1) & (result == -1).any(-1)).all()):
        raise refusal(argument, "one class only", "both labels -1 and 1 present")
    return result

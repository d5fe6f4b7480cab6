"""How numbers, names and records print: one rule of digits and signs; no entries of arrays."""

from __future__ import annotations

import math
import re
from collections.abc import Sized
from dataclasses import fields
from enum import Enum

SUPERSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
TINY = 1e-9
"""Below it a number that is compared with a far larger one is of rounding size."""
ASCII = {
    r"sqrt\((\w)\)": r"√\1",
    r"sqrt\(": "√(",
    r"\blog10\b": "log₁₀",
    r"\beta\b": "η",
    r"\^2\b": "²",
    r" - ": " − ",
}
"""What a name may be typed as, and how it prints."""
WIDEST, LONGEST = 40, 280
"""The most characters of one value and of the whole line of a record."""


class Brief:
    """A dataclass that prints on one line, arrays by their sizes: `Span(signs=[50], ...)`.

    It goes with `dataclass(repr=False)`, which would write its own.
    """

    def __repr__(self) -> str:
        """Return the line; what does not fit is left out, and dots say so."""
        return brief(self, *(f"{name}={shown(value)}" for name, value in _fields(self).items()))


def brief(record: object, *facts: str) -> str:
    """Return a record's line: its class, the facts, the device of its arrays if not the CPU."""
    devices = [str(one.device) for one in _fields(record).values() if hasattr(one, "device")]
    where = [f"on {name}" for name in devices[:1] if name != "cpu"]
    room = LONGEST - len(f"{type(record).__name__}(), ..., {', '.join(where)}")
    fitting: list[str] = []
    for fact in facts:
        room -= len(fact) + 2
        fitting += [fact] if room >= 0 else []
    dots = ["..."] if len(fitting) < len(facts) else []
    return f"{type(record).__name__}({', '.join([*fitting, *dots, *where])})"


def shown(value: object) -> str:
    """Return a number or a word as it is, an array by its sizes, what is long by its kind."""
    if isinstance(value, Enum):
        return str(value)
    shape = getattr(value, "shape", ())
    if isinstance(shape, tuple) and len(shape):
        return f"[{' x '.join(map(str, shape))}]"
    if isinstance(value, float) or hasattr(value, "shape"):
        return f"{value:.3g}"
    kind = type(value).__name__
    if isinstance(value, Sized) and not isinstance(value, str):
        return f"{kind} of {len(value)}"
    text = repr(value)
    return text if len(text) <= WIDEST and "\n" not in text else kind


def _fields(record: object) -> dict[str, object]:
    """Return what a dataclass or a named tuple holds, by name."""
    names = getattr(record, "_fields", None) or [one.name for one in fields(record)]  # type: ignore[arg-type]
    return {name: getattr(record, name) for name in names}


def number(value: float, digits: int = 3) -> str:
    """Return `value` as text prints it, the same on every machine: "816,000", "−0.5", "10⁻⁸".

    Parameters
    ----------
    value : float
        Any number, or an infinite one.
    digits : int
        Significant digits. Numbers from a thousandth to below a million are written out, with
        separators; others have a power of ten.
    """
    if math.isnan(value):
        return "not defined"
    if math.isinf(value):
        return "∞" if value > 0 else "−∞"
    rounded = float(f"{value:.{digits - 1}e}") + 0.0  # no sign for 0
    if rounded == 0 or 1e-3 <= abs(rounded) < 1e6:
        decimals = 0 if rounded == 0 else digits - 1 - math.floor(math.log10(abs(rounded)))
        text = f"{rounded:,.{max(decimals, 0)}f}"
        return (text.rstrip("0").rstrip(".") if "." in text else text).replace("-", "−")
    mantissa, power = f"{rounded:.{digits - 1}e}".split("e")
    mantissa = mantissa.rstrip("0").rstrip(".") if "." in mantissa else mantissa
    ten = f"10{str(int(power)).translate(SUPERSCRIPTS)}"
    text = {"1": ten, "-1": f"-{ten}"}.get(mantissa, f"{mantissa} × {ten}")
    return text.replace("-", "−")


def readable(text: str) -> str:
    """Return a name with signs for what was typed in letters: "√(d/k)" for "sqrt(d/k)"."""
    for typed, printed in ASCII.items():
        text = re.sub(typed, printed, text)
    return text


def power_of_ten(value: float, digits: int = 3) -> str:
    """Return a probability whose base-10 logarithm is given: "10⁻³⁷⁰", "6 × 10⁻³⁷"."""
    if math.isinf(value):
        return "0" if value < 0 else "∞"
    exponent = float(f"{value:.{digits - 1}e}")
    power = math.floor(exponent)
    mantissa = round(10.0 ** (exponent - power))
    if mantissa == 10:
        mantissa, power = 1, power + 1
    if power == 0 or (mantissa > 1 and power > -4):
        return number(mantissa * 10.0**power, 1)
    ten = f"10{str(power).translate(SUPERSCRIPTS)}"
    return ten if mantissa == 1 else f"{mantissa} × {ten}"

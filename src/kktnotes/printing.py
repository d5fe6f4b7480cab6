"""How numbers and names print: one rule of digits and signs for tables, cards and verdicts."""

from __future__ import annotations

import math
import re

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

"""`shown`: a value as prose shows it."""

from __future__ import annotations

import math
from typing import cast

SUPERSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def shown(value: object, *, digits: int = 3) -> str:
    """Return a value as prose shows it.

    Parameters
    ----------
    value : str, int, float or anything that becomes a float
        Words stay as they are; whole numbers (`int`) are written out with separators; other numbers
        get `digits` significant digits, as a power of ten if very large or small.
    digits : int
        Significant digits; few, since later ones differ between processors.

    Returns
    -------
    str
        Such as "1,040", "0.498" or "2.9 × 10⁻¹⁵".

    Examples
    --------
    >>> import kktnotes as kn
    >>> kn.evidence.shown(1040), kn.evidence.shown(0.49812), kn.evidence.shown(2.9e-15)
    ('1,040', '0.498', '2.90 × 10⁻¹⁵')
    """
    if isinstance(value, str):
        return value
    if isinstance(value, int):
        return f"{value:,}".replace("-", "−") if not isinstance(value, bool) else str(value)
    number = float(cast("float", value))
    if not math.isfinite(number):
        return {math.inf: "∞", -math.inf: "−∞"}.get(number, "not defined")
    if number == 0 or 1e-3 <= abs(number) < 1e6:
        rounded = float(f"{number:.{digits}g}")
        text = f"{number:,.{digits}g}" if abs(rounded) < 10**digits else f"{rounded:,.0f}"
        return text.replace("-", "−")
    mantissa, power = f"{number:.{digits - 1}e}".split("e")
    return f"{mantissa} × 10{str(int(power)).translate(SUPERSCRIPTS)}".replace("-", "−")

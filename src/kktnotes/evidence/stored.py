"""A measurement as a notebook stores it: whether everything in it is of its type, then itself."""

from __future__ import annotations

import math
from collections.abc import Mapping

from kktnotes import checks
from kktnotes.evidence.measurement import Measurement

LONGEST = 1000
"""Letters of a text, entries of a list."""
LARGEST = 10**15
"""A count, or a seed: up to here floats tell them apart."""


def measurement(stored: object) -> Measurement:
    """Return the measurement that an output's metadata hold; raises ValueError if it is none."""
    values = table("measurement", stored)
    text("statement", values.get("statement"))
    for name in ("conclusion", "resolution"):
        if values.get(name) is not None:
            text(name, values[name])
    text("kind", values.get("kind"))
    for part in ("terms", "hypotheses"):
        for one in entries(part, values.get(part)):
            term(table(part, one))
    for name in ("instances", "digits", "tried"):
        if name in values:
            count(name, values[name])
    as_number("tolerance", values.get("tolerance"))
    seed = values.get("seed")
    for one in seed if isinstance(seed, list) else [] if seed is None else [seed]:
        count("seed", one)
    text("proved", values.get("proved", ""))
    for name, one in table("left_out", values.get("left_out", {})).items():
        text("left_out", name)
        count("left_out", one)
    if values.get("order") is not None:
        order(table("order", values["order"]))
    return Measurement.from_json(dict(values))


def term(values: Mapping) -> None:
    """Refuse what is no comparison of two numbers."""
    text("name", values.get("name"))
    text("note", values.get("note"))
    text("relation", values.get("relation"))
    for side in ("left", "right"):
        if values.get(side) not in ("inf", "-inf"):  # as JSON has no infinite numbers
            as_number(side, values.get(side))


def order(values: Mapping) -> None:
    """Refuse what are no points of an order."""
    text("parameter", values.get("parameter"))
    as_number("exponent", values.get("exponent"))
    for name in ("at", "values", "shape"):
        for one in entries(name, values.get(name)):
            checks.positive(name, as_number(name, one))
    for name in ("because", "reach"):
        text(name, values.get(name, ""))
    within = values.get("within")
    for pair in entries("within", within) if within is not None else ():
        for one in entries("within", pair):
            as_number("within", one)


def table(name: str, value: object) -> Mapping:
    """Return a table, or refuse what is none."""
    if not isinstance(value, Mapping):
        raise refuse(name, value, "a table")
    return value


def entries(name: str, value: object) -> list:
    """Return a list, or refuse what is none."""
    if not isinstance(value, list) or len(value) > LONGEST:
        raise refuse(name, value, f"a list of at most {LONGEST:,} entries")
    return value


def text(name: str, value: object) -> None:
    """Refuse what is no text, or a very long one."""
    if not isinstance(value, str) or len(value) > LONGEST:
        raise refuse(name, value, f"a text of at most {LONGEST:,} letters")


def as_number(name: str, value: object) -> float:
    """Return a finite number, or refuse what is none."""
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) <= LARGEST:
        return float(value)
    if isinstance(value, float) and math.isfinite(value):
        return value
    raise refuse(name, value, "a finite number")


def count(name: str, value: object) -> None:
    """Refuse what is no whole number, or is a very large one."""
    if not isinstance(value, int) or isinstance(value, bool) or abs(value) > LARGEST:
        raise refuse(name, value, f"a whole number of at most {LARGEST:,}")


def refuse(name: str, value: object, allowed: str) -> ValueError:
    """Return the error, which says of a long value only what it is."""
    if isinstance(value, str | list | Mapping):
        got = f"{type(value).__name__} of length {len(value)}"
    elif isinstance(value, int) and abs(value) > LARGEST:
        got = "a very large whole number"
    else:
        got = repr(value)
    return checks.refusal(name, got, allowed)

"""The parameters of a chapter, checked before anything is computed from them.

papermill puts whatever the command line says into a notebook: a word where a number is meant, a
list, an infinite dimension. The first cell after the imports passes its parameters through these
functions, each under its own name, and takes them back as what they are meant to be: whole floats
such as 1e7 come back as int. What is wrong is refused by its name (see `kktnotes.checks`).

    k, d = parameters.whole(k=k, d=d)
    n = parameters.whole(n=n, none=True)
    delta, epsilon = parameters.number(delta=delta, epsilon=epsilon, below=1)
    widths, seeds = parameters.wholes(widths=widths, seeds=seeds, equally_many=True)
    path = parameters.rows(int, int, path=path)
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from numbers import Real
from typing import Any

import numpy as np

from kktnotes import checks
from kktnotes.evidence.sentences import SENTENCES, cell

KINDS = {int: "an integer >= 1", float: "a finite number > 0", str: "a word"}
"""What an entry of a row may be asked to be."""


def whole(*, least: int = 1, most: int | None = None, none: bool = False, **named: object) -> Any:  # noqa: ANN401
    """Return whole numbers as ints, one or several of the same range.

    Parameters
    ----------
    least, most : int
        The range; without `most` there is no upper end.
    none : bool
        Whether None passes.
    **named
        The parameters.
    """
    allowed = f"an integer of at least {least}"
    if most is not None:
        allowed = f"an integer from {least} to {most}"

    def one(name: str, value: object) -> int:
        found = _real(value)
        if found is None or not found.is_integer() or found < least:
            raise checks.refusal(name, repr(value), allowed + (" or None" if none else ""))
        if most is not None and found > most:
            raise checks.refusal(name, repr(value), allowed)
        return int(found)

    return _each(one, named, none)


def number(
    *, zero: bool = False, below: float | None = None, none: bool = False, **named: object
) -> Any:  # noqa: ANN401
    """Return finite positive numbers as floats, one or several of the same range.

    Parameters
    ----------
    zero : bool
        Whether zero passes.
    below : float
        What they have to be smaller than.
    none : bool
        Whether None passes.
    **named
        The parameters.
    """
    sign = ">=" if zero else ">"
    allowed = f"a finite number {sign} 0" + ("" if below is None else f" and < {below:g}")

    def one(name: str, value: object) -> float:
        found = _real(value)
        fits = found is not None and (found > 0 or (zero and found == 0))
        if found is None or not fits or (below is not None and not found < below):
            raise checks.refusal(name, repr(value), allowed + (" or None" if none else ""))
        return found

    return _each(one, named, none)


def signed(**named: object) -> Any:  # noqa: ANN401
    """Return finite numbers of either sign as floats."""

    def one(name: str, value: object) -> float:
        found = _real(value)
        if found is None:
            raise checks.refusal(name, repr(value), "a finite number")
        return found

    return _each(one, named, False)


def word(allowed: Sequence[str] | None = None, **named: object) -> Any:  # noqa: ANN401
    """Return words, of those `allowed` where that is given."""

    def one(name: str, value: object) -> str:
        if not isinstance(value, str):
            raise checks.refusal(name, repr(value), "a word")
        return value if allowed is None else checks.choice(name, value, allowed)

    return _each(one, named, False)


def words(allowed: Sequence[str], **named: object) -> Any:  # noqa: ANN401
    """Return lists of words of those `allowed`; one text of words between spaces passes too."""

    def one(name: str, value: object) -> list[str]:
        value = value.split() if isinstance(value, str) else value
        return [word(allowed, **{name: entry}) for entry in _listed(name, value, "words")]

    return _each(one, named, False)


def wholes(
    *, least: int = 1, empty: bool = False, equally_many: bool = False, **named: object
) -> Any:  # noqa: ANN401
    """Return lists of whole numbers of at least `least`.

    Parameters
    ----------
    least : int
        The least that each entry may be.
    empty : bool
        Whether a list without entries passes.
    equally_many : bool
        Whether all lists have to be of one length.
    **named
        The parameters.
    """

    def one(name: str, value: object) -> list[int]:
        entries = _listed(name, value, "integers", empty)
        return [whole(least=least, **{name: entry}) for entry in entries]

    return _each(one, named, False, equally_many)


def numbers(
    *, zero: bool = False, empty: bool = False, equally_many: bool = False, **named: object
) -> Any:  # noqa: ANN401
    """Return lists of finite positive numbers as floats; see `wholes`."""

    def one(name: str, value: object) -> list[float]:
        entries = _listed(name, value, "numbers", empty)
        return [number(zero=zero, **{name: entry}) for entry in entries]

    return _each(one, named, False, equally_many)


def rows(*kinds: type, **named: object) -> Any:  # noqa: ANN401
    """Return lists of rows, whose entries are of these kinds: int, float or str.

    Ints are at least 1, floats are above zero. Exactly so many entries a row.
    """
    allowed = f"a list of rows of {len(kinds)}: " + ", ".join(KINDS[kind] for kind in kinds)
    take: dict[type, Callable] = {int: whole, float: number, str: word}

    def one(name: str, value: object) -> list[list]:
        found = []
        for row in _listed(name, value, f"rows of {len(kinds)}"):
            if isinstance(row, str) or not isinstance(row, Sequence) or len(row) != len(kinds):
                raise checks.refusal(name, f"the row {row!r}", allowed)
            entries = zip(kinds, row, strict=True)
            found.append([take[kind](**{name: entry}) for kind, entry in entries])
        return found

    return _each(one, named, False)


def equally_many(**named: Sequence) -> None:
    """Refuse lists, or ranges, that are not of one length."""
    sizes = {name: len(value) for name, value in named.items()}
    first, *others = sizes
    for name in others:
        if sizes[name] != sizes[first]:
            got = f"{sizes[name]} entries"
            raise checks.refusal(name, got, f"{sizes[first]}, as many as {first} has")


def _real(value: object) -> float | None:
    """Return a finite real number, neither True nor False, as a float; None for anything else."""
    if isinstance(value, Real) and not isinstance(value, (bool, np.bool_)):
        number = float(value)
        return number if np.isfinite(number) else None
    return None


def _listed(name: str, value: object, what: str, empty: bool = False) -> Sequence:
    """Return a list or tuple as it is; refuse all else, and one without entries."""
    if not isinstance(value, (list, tuple)) or not (value or empty):
        some = "a list of" if empty else "a list of one or more"
        raise checks.refusal(name, repr(value), f"{some} {what}")
    return value


def _each(
    one: Callable[[str, object], object],
    named: dict[str, object],
    none: bool,
    equal: bool = False,
) -> Any:  # noqa: ANN401
    """Check every parameter under its name; return one alone, several as a list."""
    found: dict[str, Any] = {
        name: None if none and value is None else one(name, value) for name, value in named.items()
    }
    if equal:
        equally_many(**found)
    SENTENCES.check(list(found), cell())
    values = list(found.values())
    return values[0] if len(values) == 1 else values

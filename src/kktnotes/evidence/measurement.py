"""One measurement: what a run found for a conclusion of a statement, and under which hypotheses.

It is plain numbers, so that it can travel in the output of a notebook as JSON and be judged again,
by the same rules, when the book is built (`verdict`, `ledger`).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from kktnotes import checks
from kktnotes.evidence.order import Order, Shape
from kktnotes.printing import Brief
from kktnotes.terms import Term, Terms

KINDS = ("hypotheses", "identity", "bound", "probability", "order")
MIME = "application/vnd.kktnotes.evidence+json"
VERSION = 1
ROUNDING = 1e-8
"""The largest tolerance: what floating-point arithmetic may blur, never a margin of error."""


@dataclass(frozen=True, repr=False, kw_only=True)
class Measurement(Brief):
    """What one run found.

    Attributes
    ----------
    statement : str
        The statement's id in `book/statements.toml`: "lemma-2-1".
    conclusion : str or None
        The name of its conclusion; None for a measurement of the hypotheses alone.
    kind : str
        "hypotheses", "identity", "bound", "probability" or "order".
    terms : tuple of Term
        What the conclusion asks of this run, all of it (none for "hypotheses" and "order").
    hypotheses : tuple of Term
        Every hypothesis of the statement on this run, the worst of all instances.
    instances : int
        How many instances were looked at, or trials counted.
    tolerance : float
        Rounding that is allowed, relative; at most 1e-8.
    seed : int, list of int or None
        The seed that the run started from.
    resolution : str or None
        For a probability, "exact" (computed) or "counted" (in `instances` trials).
    order : Order or None
        For "order", the points.
    digits : int
        How many significant digits the card shows, 1 to 3.
    tried : int
        How many runs were tried, where some of them are left out; else 0.
    left_out : dict of str to int
        How many runs are left out, by the reason.
    """

    statement: str
    conclusion: str | None
    kind: str
    terms: tuple[Term, ...] = ()
    hypotheses: tuple[Term, ...] = ()
    instances: int = 1
    tolerance: float = 0.0
    seed: int | list[int] | None = None
    resolution: str | None = None
    order: Order | None = None
    digits: int = 3
    tried: int = 0
    left_out: dict[str, int] = field(default_factory=dict)
    proved: str = ""

    @property
    def nothing(self) -> bool:
        """Whether every run that was tried is left out."""
        return bool(self.left_out) and sum(self.left_out.values()) == self.tried

    def __post_init__(self) -> None:
        """Refuse what could not be judged."""
        checks.choice("kind", self.kind, KINDS)
        checks.integer("instances", self.instances)
        if checks.integer("digits", self.digits) > 3:
            raise checks.refusal("digits", self.digits, "1, 2 or 3: more differ between processors")
        if checks.positive("tolerance", self.tolerance, zero=True) > ROUNDING:
            raise checks.refusal("tolerance", self.tolerance, f"rounding only, at most {ROUNDING}")
        if (self.kind == "order") != (self.order is not None):
            raise checks.refusal("order", self.order, f"an Order for kind 'order', got {self.kind}")
        if (self.conclusion is None) != (self.kind == "hypotheses"):
            raise checks.refusal("conclusion", self.conclusion, "the name of a conclusion")
        checks.instance("proved", self.proved, str, "words: what proves the bound, and where")
        if self.proved and (self.kind not in ("bound", "probability") or self.counted):
            raise checks.refusal("proved", self.proved, "a computed bound, which can be proved")
        if self.nothing:
            return
        if self.kind in ("identity", "bound", "probability") and not self.terms:
            raise checks.refusal("value", "nothing", f"a measured value for {self.conclusion!r}")
        if self.kind == "probability":
            checks.choice("resolution", self.resolution, ("exact", "counted"))
        if self.resolution == "counted":
            for side in (self.terms[0].left, self.terms[0].right):
                if not 0.0 <= side <= 1.0:
                    raise checks.refusal("value", side, "shares between 0 and 1 where counted")
            if abs(self.terms[0].left * self.instances - self.failures) > 1e-6:
                got = f"{self.terms[0].left} of {self.instances} trials"
                raise checks.refusal("value", got, "a whole number of trials")

    @property
    def counted(self) -> bool:
        """Whether it is a share of trials."""
        return self.resolution == "counted"

    @property
    def failures(self) -> int:
        """For a counted probability: the count itself, `value` times `instances`."""
        return round(self.terms[0].left * self.instances)

    def to_json(self) -> dict[str, object]:
        """Return plain JSON (infinities as strings)."""
        values = asdict(self)
        values["version"] = VERSION
        if not self.left_out:  # as it was written before runs could be left out
            del values["tried"], values["left_out"]
        if not self.proved:
            del values["proved"]
        return {key: _plain(one) for key, one in values.items()}

    @classmethod
    def from_json(cls, stored: dict[str, object]) -> Measurement:
        """Return the measurement that `to_json` wrote; raises ValueError if it is none."""
        values: dict[str, Any] = dict(stored)
        if values.pop("version", None) != VERSION:
            raise checks.refusal("version", stored.get("version"), f"{VERSION}")
        try:
            for part in ("terms", "hypotheses"):
                values[part] = tuple(_term(one) for one in values[part])
            if values["order"] is not None:
                order = dict(values["order"])
                listed = [one for one in ("shape", "within") if isinstance(order.get(one), list)]
                values["order"] = Order(**order | {name: Shape(order[name]) for name in listed})
            return cls(**values)
        except (KeyError, TypeError) as error:
            raise checks.refusal("measurement", error, "what kktnotes.record writes") from error


@dataclass(frozen=True, repr=False)
class Worst(Brief):
    """The terms of several instances put together: for every name the one of least slack."""

    terms: tuple[Term, ...] = ()
    count: int = field(default=1)

    @classmethod
    def of(cls, argument: str, given: object) -> Worst:
        """Read a Term, a Terms, or a list of either; terms of one name are one an instance.

        Raises
        ------
        ValueError
            If the instances do not have the same names.
        """
        if isinstance(given, Term):
            return cls((given,))
        allowed = "a Term, a Terms or a list of them"
        parts = checks.sequence(argument, given, allowed)
        for part in parts:
            if not isinstance(part, Term | Terms):
                raise checks.refusal(argument, f"a list with {type(part).__name__}", allowed)
        if all(isinstance(part, Term) for part in parts):
            if len(parts) == 1 or len({part.name for part in parts}) != 1:
                return cls(tuple(parts))
            parts = [(part,) for part in parts]
        names = [tuple(term.name for term in part) for part in parts]
        if any(other != names[0] for other in names):
            raise checks.refusal(argument, f"instances with terms {names}", "the same for each")
        columns = zip(*parts, strict=True)
        return cls(
            tuple(min(column, key=lambda term: term.slack) for column in columns), len(parts)
        )


def _plain(value: object) -> object:
    """Return `value` with tuples as lists and infinite numbers as strings."""
    if isinstance(value, dict):
        return {key: _plain(one) for key, one in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [_plain(one) for one in value]
    if isinstance(value, float) and math.isinf(value):
        return str(value)
    return value


def _term(stored: dict[str, Any]) -> Term:
    """Return a stored term; `Term` itself reads the strings of infinite numbers."""
    return Term(**{**stored, "left": float(stored["left"]), "right": float(stored["right"])})

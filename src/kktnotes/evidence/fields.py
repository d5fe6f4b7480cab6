"""What each field of `book/statements.toml` may hold, checked before anything is made of it."""

from __future__ import annotations

import re
import reprlib
import unicodedata
from collections.abc import Callable, Mapping

from kktnotes.evidence.measurement import KINDS

LABEL = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*", re.ASCII)
FILE = re.compile(r"[A-Za-z0-9_]+", re.ASCII)
SHOWN = reprlib.Repr()
SHOWN.maxstring = SHOWN.maxother = 80


class StatementsError(ValueError):
    """`statements.toml` is not as it has to be; the message says where, what came, what may."""


Check = Callable[[object], str]
"""Returns what is allowed where a value is not; nothing where it is."""


def text(value: object) -> str:
    """Return what is allowed unless `value` is a text that says something."""
    if not isinstance(value, str) or not value.strip():
        return "a text that is not empty"
    if any(unicodedata.category(letter) in ("Cc", "Cs") for letter in value):
        return "a text of one line, without control characters"
    return ""


def maybe(value: object) -> str:
    """Return what is allowed unless `value` is a text, which may be empty."""
    return text(value) if value != "" else ""


def label(value: object) -> str:
    """Return what is allowed unless `value` can be a label on a page and part of an address."""
    good = isinstance(value, str) and LABEL.fullmatch(value)
    return "" if good else "small letters and digits in words joined by dashes, a letter first"


def chapter(value: object) -> str:
    """Return what is allowed unless `value` can be the name of a notebook; it may be empty."""
    good = isinstance(value, str) and (FILE.fullmatch(value) or value == "")
    return "" if good else "a notebook's name without its ending: letters, digits, underscores"


def kind(value: object) -> str:
    """Return what is allowed unless `value` is a kind of conclusion."""
    good = isinstance(value, str) and value in KINDS[1:]
    return "" if good else f"one of {', '.join(KINDS[1:])}"


def truth(value: object) -> str:
    """Return what is allowed unless `value` is true or false, without quotation marks."""
    return "" if isinstance(value, bool) else "true or false, without quotation marks"


def listed(one: Check, what: str) -> Check:
    """Return the check of a list, each of whose members passes a check, none comes twice."""

    def check(value: object) -> str:
        if not isinstance(value, list):
            return f"a list of {what}"
        allowed = next((reason for part in value if (reason := one(part))), "")
        if allowed:
            return f"a list of {what}: {allowed}"
        return f"a list of {what}, none of them twice" if len(set(value)) < len(value) else ""

    return check


def hypothesis(value: object) -> str:
    """Return what is allowed unless `value` is a hypothesis's name, with a question mark or not."""
    if not isinstance(value, str):
        return text(value)
    return text(value.removesuffix("?"))


def tables(value: object) -> str:
    """Return what is allowed unless `value` is a list of tables."""
    good = isinstance(value, list) and all(isinstance(one, Mapping) for one in value)
    return "" if good else "a list of tables { name, says, kind }"


CONCLUSION = {"name": text, "says": text, "kind": kind, "not_tested": maybe}
STATEMENT = {
    "id": label,
    "name": text,
    "gist": text,
    "section": text,
    "conclusions": tables,
    "hypotheses": listed(hypothesis, "names from [hypotheses]"),
    "rests_on": listed(label, "ids"),
    "chapter": chapter,
    "not_tested": maybe,
    "shows_not": maybe,
    "counterexample": truth,
}
NEEDED = {"conclusion": ("name", "says", "kind"), "statement": ("id", "name", "gist", "section")}


def refusal(where: str, field: str, got: object, allowed: str) -> StatementsError:
    """Return the error that names statement, field, what came and what is allowed."""
    shown = got if isinstance(got, Nothing) else SHOWN.repr(got)
    return StatementsError(f"{where}, {field}: got {shown}, allowed is {allowed}")


class Nothing:
    """What came where a field is missing."""

    def __str__(self) -> str:
        """Return the word."""
        return "nothing"


def checked(
    values: Mapping, checks: Mapping[str, Check], needed: tuple[str, ...], where: str
) -> None:
    """Refuse unknown, missing and wrong fields of one table."""
    for field, value in values.items():
        if field not in checks:
            allowed = f"a table with the fields {', '.join(checks)} alone"
            raise refusal(where, f"the field {SHOWN.repr(field)}", value, allowed)
        allowed = checks[field](value)
        if allowed:
            raise refusal(where, field, value, allowed)
    for field in needed:
        if field not in values:
            raise refusal(where, field, Nothing(), "a value: every one has this field")


def statement(entry: Mapping, number: int) -> Mapping:
    """Return one [[statement]] as it is, with every field checked; `number` where it has no id."""
    given = entry.get("id")
    where = given if given is not None and not label(given) else f"statement {number} of the file"
    checked(entry, STATEMENT, NEEDED["statement"], where)
    for place, one in enumerate(entry.get("conclusions", []), 1):
        name = one.get("name")
        part = repr(name) if isinstance(name, str) and not text(name) else f"{place}"
        checked(one, CONCLUSION, NEEDED["conclusion"], f"{where}, conclusion {part}")
    return entry


def top(values: Mapping) -> dict[str, str]:
    """Return the hypotheses' names and what they say; refuse what the file may not hold."""
    where = "statements.toml"
    strange = [key for key in values if key not in ("hypotheses", "statement")]
    if strange:
        allowed = "[hypotheses] and [[statement]] alone"
        raise refusal(where, f"the field {strange[0]!r}", values[strange[0]], allowed)
    entries, hypotheses = values.get("statement"), values.get("hypotheses", {})
    if not entries or tables(entries):
        raise refusal(where, "statement", entries, "a table [[statement]] for each, one or more")
    if not isinstance(hypotheses, Mapping):
        raise refusal(where, "hypotheses", hypotheses, "a table [hypotheses]")
    for name, says in hypotheses.items():
        if text(name) or name.endswith("?"):
            raise refusal(where, "hypotheses", name, "names that do not end with a question mark")
        if text(says):
            raise refusal(where, f"hypotheses, {name!r}", says, text(says))
    return dict(hypotheses)

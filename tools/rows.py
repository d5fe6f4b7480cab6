"""JSON with a line for every row, so that two versions of it can be compared line by line."""

from __future__ import annotations

import json


def text(data: dict[str, object]) -> str:
    """Return data as JSON; of a list of records each stands on a line.

    Raises
    ------
    ValueError
        If a number is not finite: JSON has no word for it.

    Examples
    --------
    >>> print(text({"of": "b", "rows": [{"a": 1}, {"a": 2}]}), end="")
    {
    "of": "b",
    "rows": [
    {"a": 1},
    {"a": 2}
    ]
    }
    """

    def one(value: object) -> str:
        if isinstance(value, list) and value:
            return "[\n" + ",\n".join(json.dumps(row, allow_nan=False) for row in value) + "\n]"
        return json.dumps(value, allow_nan=False)

    return "{\n" + ",\n".join(f"{json.dumps(name)}: {one(data[name])}" for name in data) + "\n}\n"

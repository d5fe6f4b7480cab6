"""Words of a figure as plain text: its mathtext without dollars, backslashes and braces."""

from __future__ import annotations

import re

SIGNS = {
    r"\\langle\s*": "<",
    r"\s*\\rangle(?![a-z])": ">",
    r"\\Vert\s*|\\\|": "||",
    r"\\\{": "(",
    r"\\\}": ")",
    r"\\(cdot|times)(?![a-z])": " * ",
    r"\\circ": "o",
    r"\\,": " ",
    r"\\mathcal|\\mathrm": " ",
    r"\\tilde\s*\{(\w+)\}": r"\1~",
}
"""What is not read as its own name, as sigma, ln and max are."""


def plain(text: str) -> str:
    r"""Return a text on one line with its mathtext as one would type it: `$\sqrt{d}/8$`, sqrt(d)/8.

    Greek letters and functions are spelled out, powers and indices keep their ^ and _, and a minus
    sign becomes the one of the keyboard.
    """
    parts = text.split("$")
    parts[1::2] = map(formula, parts[1::2])
    return " ".join("".join(parts).replace("\N{MINUS SIGN}", "-").split())


def formula(text: str) -> str:
    """Return what stands between two dollars as plain text."""
    for command, sign in SIGNS.items():
        text = re.sub(command, sign, text)
    # A command is a word of its own: `\eta u` is "eta u", `2\theta` is "2 theta".
    text = re.sub(r"(?<=[A-Za-z0-9])\\(?=[A-Za-z])", " ", text).replace("\\", "")
    while (changed := re.sub(r"(\w*?)([\^_]?)\{([^{}]*)\}", _group, text)) != text:
        text = changed
    return text.strip()


def _group(found: re.Match[str]) -> str:
    """Return a group in braces: bare where it is one word or number, in parentheses else."""
    before, mark, inside = found.groups()
    bare = re.fullmatch(r"\w*", inside.strip()) if mark else not before
    return f"{before}{mark}{inside.strip() if bare else f'({inside.strip()})'}"

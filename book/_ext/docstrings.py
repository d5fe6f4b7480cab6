"""Docstrings as the package writes them, made ready for autodoc.

The package's docstrings are plain text: formulas with bars and stars, names in single backticks,
indented formulas after a colon, examples after >>>. Sphinx would take bars for substitutions and
indentation for a quotation, so names become literals, bars are escaped, formulas become literal
blocks, and examples stay as they are.
"""

from __future__ import annotations

import re

from sphinx.application import Sphinx

NAME = re.compile(r"(?<!`)`([^`]+)`(?!`)")
LITERAL = re.compile(r"(``.*?``)")


def indent(line: str) -> int:
    """Return how far a line is indented."""
    return len(line) - len(line.lstrip())


def inline(line: str) -> str:
    """Return a line of prose with names as literals and bars and stars as themselves."""
    parts = LITERAL.split(NAME.sub(r"``\1``", line))
    return "".join(
        part if part.startswith("``") else re.sub(r"([|*])", r"\\\1", part) for part in parts
    )


def prepared(lines: list[str]) -> list[str]:
    """Return the lines of a docstring as reStructuredText."""
    done: list[str] = []
    formula: int | None = None  # while in an indented block: the indentation around it
    example = False  # from >>> to the next blank line, which is code and what it prints
    for number, line in enumerate(lines):
        example = bool(line.strip()) and (example or line.lstrip().startswith(">>> "))
        if example:
            done.append(line)
            continue
        if formula is not None and line.strip() and indent(line) <= formula:
            formula = None
        if (
            formula is None
            and line.rstrip().endswith(":")
            and lines[number + 1 : number + 2] == [""]
        ):
            following = next((other for other in lines[number + 1 :] if other.strip()), "")
            if indent(following) > indent(line):
                done.append(inline(line.rstrip()) + ":")
                formula = indent(line)
                continue
        done.append(line if formula is not None else inline(line))
    return done


def process(
    app: Sphinx, what: str, name: str, item: object, options: object, lines: list[str]
) -> None:
    """Rewrite a docstring in place, before napoleon reads its sections."""
    lines[:] = prepared(lines)


def setup(app: Sphinx) -> dict[str, object]:
    """Connect ahead of napoleon."""
    app.connect("autodoc-process-docstring", process, priority=100)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}

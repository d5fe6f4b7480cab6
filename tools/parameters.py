"""The parameters of a notebook: what its cells assign, and whether a value fits its default."""

from __future__ import annotations

import ast
from collections.abc import Iterator


def defaults(source: str) -> dict[str, object]:
    """Return what a `parameters` cell assigns: name -> value, or source if it is no constant."""
    found: dict[str, object] = {}
    for node in ast.parse(source).body:
        found.update(assigned(node, found))
    return found


def assigned(node: ast.stmt, before: dict[str, object]) -> Iterator[tuple[str, object]]:
    """Yield the names that a statement sets, with their values or else their source."""
    targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
    source = getattr(node, "value", None)
    for target in targets:
        if isinstance(target, ast.Tuple) and isinstance(source, ast.Tuple):
            pairs = zip(target.elts, source.elts, strict=True)
            yield from ((name.id, constant(value)) for name, value in pairs)
        elif isinstance(target, ast.Name) and isinstance(node, ast.AugAssign):
            first, more = before.get(target.id), constant(source)
            joined = isinstance(node.op, ast.Add) and type(first) is type(more)
            whole = ast.BinOp(ast.parse(str(first), mode="eval").body, node.op, source)
            yield target.id, first + more if joined else ast.unparse(whole)
        elif isinstance(target, ast.Name):
            yield target.id, constant(source)


def constant(node: ast.expr) -> object:
    """Return the value of an expression of constants, such as [10**7], else its source."""
    if any(isinstance(part, (ast.Name, ast.Call, ast.Attribute)) for part in ast.walk(node)):
        return ast.unparse(node)
    return eval(compile(ast.Expression(node), "<parameter>", "eval"), {"__builtins__": {}})


def unlike(value: object, default: object) -> str:
    """Return in which way a value is of another type than a default; empty if it is not.

    A whole number may stand for a float, and None for anything; the elements of a list must be
    like some element of the default's.
    """
    if default is None or type(value) is type(default) is not list:
        return ""
    if type(default) is float and type(value) is int:
        return ""
    if not isinstance(value, list) or not isinstance(default, (list, tuple)):
        return f"{kind(value)}, where the default is {kind(default)}"
    for element in value:
        reasons = [unlike(element, one) for one in default]
        if default and all(reasons):
            return f"the element {element!r} is {reasons[0]}"
    return ""


def kind(value: object) -> str:
    """Return a value's type in words."""
    words = {bool: "true or false", int: "a whole number", float: "a number", str: "text"}
    return words.get(type(value), f"a {type(value).__name__}")

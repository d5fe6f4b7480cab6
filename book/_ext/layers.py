"""Layers for a graph without cycles: which column and row each node gets, and how edges bend.

Sugiyama's method: a node's column is one more than the largest of those it rests on; an edge that
passes over columns gets a bend in each of them; rows are put in order by the mean of their
neighbours' rows, sweeping right and left, keeping the order with the fewest crossings.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

SWEEPS = 24
Bend = tuple[str, str, int]
"""A place in a column that an edge (from, to) passes through."""


@dataclass(frozen=True)
class Layout:
    """Columns of nodes and bends, from top to bottom, and every edge as the places it joins."""

    columns: list[list[str | Bend]]
    paths: dict[tuple[str, str], list[str | Bend]]


def reduced(rests_on: Mapping[str, Sequence[str]]) -> dict[str, list[str]]:
    """Return the edges that no longer path implies."""

    def below(name: str) -> set[str]:
        found: set[str] = set()
        for other in rests_on[name]:
            found |= {other} | below(other)
        return found

    return {
        name: [
            other
            for other in others
            if not any(other in below(between) for between in others if between != other)
        ]
        for name, others in rests_on.items()
    }


def layout(rests_on: Mapping[str, Sequence[str]], depth: Mapping[str, int]) -> Layout:
    """Return columns and paths; `depth` is larger than that of all a node rests on."""
    columns: list[list[str | Bend]] = [[] for _ in range(1 + max(depth.values()))]
    for name in rests_on:
        columns[depth[name]].append(name)
    paths = {}
    for name, others in rests_on.items():
        for other in others:
            bends = [(other, name, column) for column in range(depth[other] + 1, depth[name])]
            for bend in bends:
                columns[bend[2]].append(bend)
            paths[other, name] = [other, *bends, name]
    steps = [pair for path in paths.values() for pair in pairwise(path)]
    best, fewest = columns, crossings(columns, steps)
    for sweep in range(SWEEPS):
        columns = swept(columns, steps, rightwards=sweep % 2 == 0)
        count = crossings(columns, steps)
        if count < fewest:
            best, fewest = columns, count
    return Layout(best, paths)


def swept(columns: list[list], steps: list[tuple], *, rightwards: bool) -> list[list]:
    """Return the columns, each ordered by the mean row of its neighbours on one side."""
    found = [list(column) for column in columns]
    numbers = range(1, len(found)) if rightwards else range(len(found) - 2, -1, -1)
    for number in numbers:
        beside = found[number - 1 if rightwards else number + 1]
        rows = {place: row / max(len(beside) - 1, 1) for row, place in enumerate(beside)}
        own = {
            place: row / max(len(found[number]) - 1, 1) for row, place in enumerate(found[number])
        }
        for place in found[number]:
            near = [a if rightwards else b for a, b in steps if (b if rightwards else a) == place]
            near = [rows[other] for other in near if other in rows]
            own[place] = sum(near) / len(near) if near else own[place]
        found[number].sort(key=own.__getitem__)
    return found


def crossings(columns: list[list], steps: list[tuple]) -> int:
    """Return how many pairs of edges between neighbouring columns cross."""
    row = {
        place: (number, at)
        for number, column in enumerate(columns)
        for at, place in enumerate(column)
    }
    ends = [(row[a][0], row[a][1], row[b][1]) for a, b in steps]
    return sum(
        one[0] == other[0] and (one[1] - other[1]) * (one[2] - other[2]) < 0
        for number, one in enumerate(ends)
        for other in ends[:number]
    )

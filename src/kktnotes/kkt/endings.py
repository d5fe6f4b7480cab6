"""How runs ended: at a certified point, or why not, so that no seed is dropped unseen.

A chapter that trains from many seeds keeps every one of them. A flow that never met L < 1/n is
outside of the hypothesis of Theorem 2.1; a point that was not certified leaves the statement
untested there; a training set with one label only is no classification problem. Each is a reason,
in words that are the same on every machine, and is counted in tables, prose and cards.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

from kktnotes import checks
from kktnotes.data.sample import Sample
from kktnotes.flow import Flow, gradient_flow
from kktnotes.kkt import LimitPoint, NotCertified, kkt_point

CERTIFIED = "certified"
NOT_CERTIFIED = "L < 1/n, no exact point certified"
ONE_LABEL = "no flow: points of one label only"
NOT_MET = "flow: "
"""How the reason of a flow that did not meet L < 1/n begins; then comes its status."""


class Followed(NamedTuple):
    """A flow to its end and the point there.

    Attributes
    ----------
    flow : Flow or None
        None where the training set has points of one label only.
    point : LimitPoint or None
        None unless the ending is `CERTIFIED`.
    ending : str
        `CERTIFIED`, or the reason why there is no point.
    """

    flow: Flow | None
    point: LimitPoint | None
    ending: str


def met_or_reason(flow: Flow) -> str:
    """Return "L < 1/n" where the flow met it, or the reason why not.

    Examples
    --------
    >>> import kktnotes as kn
    >>> kn.endings.met_or_reason(kn.case("a").flow(0, max_steps=1))
    'flow: not separated'
    """
    return "L < 1/n" if flow.separated else f"{NOT_MET}{flow.status}"


def limit_or_reason(flow: Flow, *, tolerance: float = 1e-9) -> tuple[LimitPoint | None, str]:
    """Return the certified point that a flow tends to and `CERTIFIED`, or None and the reason.

    `kkt_point` raises where this returns the reason.

    Examples
    --------
    >>> import kktnotes as kn
    >>> point, ending = kn.endings.limit_or_reason(kn.case("a").flow(0))
    >>> ending
    'certified'
    """
    if not flow.separated:
        return None, met_or_reason(flow)
    try:
        return kkt_point(flow, tolerance=tolerance), CERTIFIED
    except NotCertified:
        return None, NOT_CERTIFIED


def follow(sample: Sample, **knobs: Any) -> Followed:
    """Follow one flow on one training set and solve for the point at its end.

    Parameters
    ----------
    sample : Sample
        Training points; of one label only, there is no flow, which is a reason like others.
    **knobs
        For `gradient_flow`.

    Examples
    --------
    >>> import kktnotes as kn
    >>> train = kn.Clusters.orthogonal(k=2, d=200, sigma=0.1).sample(n=20, seed=0)
    >>> kn.endings.follow(train, width=10, seed=0).ending
    'certified'
    >>> kn.endings.follow(train, width=10, seed=0, max_steps=1).ending
    'flow: not separated'
    """
    if bool((sample.y == sample.y[0]).all()):
        return Followed(None, None, ONE_LABEL)
    flow: Flow = gradient_flow(sample, **knobs)
    return Followed(flow, *limit_or_reason(flow))


class NoneCertified(RuntimeError):
    """No start of those that were tried ended at a certified point; says how each of them ended.

    A page about one network has nothing to show without it. In a notebook the table is shown
    without a traceback.

    Attributes
    ----------
    endings : dict
        The ending of each start.
    """

    def __init__(self, endings: Mapping[int, str]) -> None:
        self.endings = dict(endings)
        rows = [f"  start {start}: {ending}" for start, ending in self.endings.items()]
        few = f"none of {len(rows)} starts ended at a certified point"
        rows.append("Other data, more points, a smaller start or another seed may have one.")
        super().__init__("\n".join([f"{few}:", *rows]))

    def _render_traceback_(self) -> list[str]:
        """Return what IPython shows in place of a traceback."""
        return str(self).splitlines()


class Tried(NamedTuple):
    """The first start that ended at a certified point, and how the starts before it ended.

    Attributes
    ----------
    flow : Flow
    point : LimitPoint
    endings : dict of int to str
        The ending of every start that was tried; the last one is `CERTIFIED`.
    """

    flow: Flow
    point: LimitPoint
    endings: dict[int, str]

    def __str__(self) -> str:
        """Return a line for each start that was tried."""
        return "\n".join(f"start {start}: {ending}" for start, ending in self.endings.items())


def first(flow: Callable[[int], Flow], starts: Iterable[int]) -> Tried:
    """Return the first of the starts whose flow ends at a certified point.

    For a page about one network, which is not stopped by one start that leads nowhere.

    Parameters
    ----------
    flow : callable
        Follows the flow of one start, as ``case.flow`` does.
    starts : iterable of int
        Seeds, tried in this order.

    Raises
    ------
    NoneCertified
        If there is none, with the ending of each start.

    Examples
    --------
    >>> import kktnotes as kn
    >>> tried = kn.endings.first(kn.case("a").flow, range(5))
    >>> print(tried)
    start 0: certified
    """
    starts = checks.sequence("starts", starts, "one or more seeds")
    if not starts:
        raise checks.refusal("starts", "none", "one or more seeds")
    endings: dict[int, str] = {}
    for start in starts:
        found = flow(start)
        point, endings[start] = limit_or_reason(found)
        if point is not None:
            return Tried(found, point, endings)
    raise NoneCertified(endings)


def left_out(endings: Iterable[str]) -> dict[str, int]:
    """Return how many runs ended without a point, by reason, the most frequent first.

    Examples
    --------
    >>> import kktnotes as kn
    >>> kn.endings.left_out(["certified", "flow: not separated", "certified"])
    {'flow: not separated': 1}
    """
    counted = Counter(ending for ending in endings if ending != CERTIFIED)
    return dict(sorted(counted.items(), key=lambda one: (-one[1], one[0])))


def table(endings: Iterable[str]) -> str:
    """Return a cell of a table: "20 of 20", or "18 of 20; 2 flow: not separated".

    Examples
    --------
    >>> import kktnotes as kn
    >>> kn.endings.table(["certified", "flow: not separated", "certified"])
    '2 of 3; 1 flow: not separated'
    """
    endings = list(endings)
    good = sum(ending == CERTIFIED for ending in endings)
    others = [f"{count} {reason}" for reason, count in left_out(endings).items()]
    return "; ".join([f"{good} of {len(endings)}", *others])


def sentence(endings: Iterable[str]) -> str:
    """Return a sentence on who ended at a certified point and what became of the others.

    Examples
    --------
    >>> import kktnotes as kn
    >>> kn.endings.sentence(["certified", "certified"])
    'Each of the 2 runs ended at a certified point.'
    """
    endings = list(endings)
    others = left_out(endings)
    if not others:
        return f"Each of the {len(endings)} runs ended at a certified point."
    good = len(endings) - sum(others.values())
    return f"Of {len(endings)} runs, {good} ended at a certified point; {said(others)}."


def said(others: dict[str, int]) -> str:
    """Return what became of the runs without a point, and what that means for a statement.

    Examples
    --------
    >>> import kktnotes as kn
    >>> kn.endings.said({"flow: not separated": 2})
    '2 did not meet L < 1/n, and the statement does not speak of them'
    """
    unmet = sum(count for reason, count in others.items() if reason.startswith(NOT_MET))
    words = {
        f"{unmet} did not meet L < 1/n, and the statement does not speak of them": unmet,
        f"{others.get(NOT_CERTIFIED)} met it without a certified point, not tested": others.get(
            NOT_CERTIFIED
        ),
        f"{others.get(ONE_LABEL)} had points of one label only": others.get(ONE_LABEL),
    }
    known = unmet + others.get(NOT_CERTIFIED, 0) + others.get(ONE_LABEL, 0)
    rest = sum(others.values()) - known
    words[f"{rest} ended otherwise"] = rest
    return ", ".join(text for text, count in words.items() if count)

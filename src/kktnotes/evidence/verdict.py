"""From numbers to a word. An experiment never proves, so the words say what a run can say.

identity      equal to rounding
holds         hypotheses met, bound held on every instance, or by a proved tail bound or a count
              that resolves it
proved here   a bound that no run could have broken, since it is proved, by us or in a line; that
              it held says that the computation is right
consistent    the paper's constant is hidden in O(); at five values or more over a decade or more,
              hypotheses met at each, the ratio to the power lies between constants that were
              proved before the run
shown         an order for which no constant is proved beforehand: drawn, not judged
outside       a hypothesis is not met on this run; shown for interest
not tested    no measurement, or one that cannot tell
contradicted  hypotheses met and the conclusion failed

Only identity, proved here, holds and consistent are green. A hypothesis that fails, a certificate
above its tolerance among them, comes first: nothing that stands on it is judged further.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from kktnotes import checks
from kktnotes.data.counting import clopper_pearson
from kktnotes.evidence.measurement import Measurement
from kktnotes.kkt.endings import NOT_MET, said
from kktnotes.printing import number, readable
from kktnotes.terms import Term
from kktnotes.theory.hypotheses import RESIDUAL

WORDS = (
    *("contradicted", "not tested", "outside", "shown"),
    *("consistent", "holds", "proved here", "identity"),
)
"""From the weakest to the strongest."""
GREEN = ("consistent", "holds", "proved here", "identity")
CERTIFICATES = {"KKT point": RESIDUAL}
"""Hypotheses that are certificates, and the loosest tolerance that they may name."""


@dataclass(frozen=True)
class Verdict:
    """A word of `WORDS`, the slack it leaves (None where there is none) and the reason."""

    word: str
    slack: float | None = None
    reason: str = ""

    @property
    def green(self) -> bool:
        """Whether this run bears the statement out."""
        return self.word in GREEN


def met(hypothesis: Term) -> bool:
    """Tell whether a hypothesis holds on the run, and a certificate at a tight enough tolerance."""
    loosest = CERTIFICATES.get(hypothesis.name)
    if loosest is not None and (hypothesis.relation != "<=" or hypothesis.right > loosest):
        return False
    return hypothesis.holds


def judge(measurement: Measurement) -> Verdict:
    """Return the verdict on one measurement, by the rules of this module.

    Examples
    --------
    >>> import kktnotes as kn
    >>> card = kn.record("theorem-4-2", "length", kn.Term("length", 0.7, "<=", 0.5))
    >>> kn.evidence.judge(card.measurement).word
    'contradicted'
    """
    if measurement.nothing:
        reasons = measurement.left_out
        word = "outside" if all(one.startswith(NOT_MET) for one in reasons) else "not tested"
        return Verdict(word, None, f"no run is left: {said(reasons)}")
    failing = [term for term in measurement.hypotheses if not met(term)]
    if failing:
        names = ", ".join(readable(term.name) for term in failing)
        return Verdict("outside", _least(failing), f"not met on this run: {names}")
    rule = {
        "hypotheses": _hypotheses,
        "identity": _identity,
        "bound": _bound,
        "probability": _probability,
        "order": _order,
    }[measurement.kind]
    verdict = rule(measurement)
    if measurement.proved and verdict.word == "holds":
        return Verdict("proved here", verdict.slack, f"as is proved: {measurement.proved}")
    return verdict


def weakest(verdicts: Iterable[Verdict]) -> Verdict:
    """Return the weakest word, and among equal words the least slack.

    So several measurements of one conclusion, from one notebook or from several, are put together:
    none can be made up for by another.

    Examples
    --------
    >>> import kktnotes as kn
    >>> from kktnotes.evidence import Verdict, weakest
    >>> weakest([Verdict("holds"), Verdict("consistent")]).word
    'consistent'
    """
    return min(
        verdicts,
        key=lambda v: (WORDS.index(v.word), float("inf") if v.slack is None else v.slack),
        default=Verdict("not tested", None, "no measurement"),
    )


def _hypotheses(measurement: Measurement) -> Verdict:
    return Verdict("holds", _least(measurement.hypotheses), "every hypothesis is met")


def _identity(measurement: Measurement) -> Verdict:
    slack = min(room(term, measurement.tolerance) for term in measurement.terms)
    rounding = number(measurement.tolerance)
    if slack >= 0:
        # How far within is rounding, which differs between processors: no slack is shown.
        return Verdict("identity", None, f"equal within {rounding}")
    return Verdict("contradicted", slack, f"not equal within {rounding}")


def _bound(measurement: Measurement) -> Verdict:
    slack = _least(measurement.terms)
    for term in measurement.terms:
        if not (term.holds or (measurement.tolerance and term.slack >= -measurement.tolerance)):
            return Verdict("contradicted", slack, f"{readable(term.name)} fails")
    return Verdict("holds", slack, "the bound held")


def _probability(measurement: Measurement) -> Verdict:
    if measurement.resolution == "exact":
        verdict = _bound(measurement)
        return Verdict(verdict.word, verdict.slack, verdict.reason + ", by a proved tail bound")
    (term, *_), trials = measurement.terms, measurement.instances
    # One-sided limits at 95 % each are the two-sided ones at 90 %.
    limits = clopper_pearson(measurement.failures, trials, confidence=0.9)
    low, high = limits if term.relation in ("<=", "<") else (1 - limits[1], 1 - limits[0])
    allowed = term.right if term.relation in ("<=", "<") else 1 - term.right
    slack = Term(term.name, high, "<=", allowed).slack
    seen = f"{trials:,} trials tell probabilities of {number(resolution(trials))} or more from 0"
    if high <= allowed:
        return Verdict("holds", slack, seen)
    if low > allowed:
        return Verdict("contradicted", slack, f"above the bound at 95 %; {seen}")
    return Verdict("not tested", slack, f"too few trials to tell: {seen}")


def _order(measurement: Measurement) -> Verdict:
    order = measurement.order
    if order is None:  # `Measurement` refuses such a one
        raise checks.refusal("order", None, "an Order")
    if order.missing:
        return Verdict("not tested", None, order.missing)
    if order.within is None:
        return Verdict("shown", None, "no constant is proved beforehand: nothing is judged")
    if not order.fits:
        return Verdict("contradicted", None, "a value leaves its enclosure")
    return Verdict("consistent", None, "every value lies in its enclosure")


def resolution(trials: int) -> float:
    """Return the least probability that `trials` trials without a failure exclude at 95 %."""
    return 1.0 - 0.05 ** (1.0 / trials)


def room(term: Term, tolerance: float) -> float:
    """Return how much of the tolerance an equality leaves: 1 where exact, below 0 where it fails.

    The difference is relative to the right side, absolute where that is 0.
    """
    scale = abs(term.right) or 1.0
    difference = abs(term.left - term.right) / scale
    if difference != difference:  # both sides infinite
        return 1.0 if term.left == term.right else -1.0
    return 1.0 - difference / tolerance if tolerance else -float(difference > 0)


def _least(terms: Iterable[Term]) -> float | None:
    """Return the least slack; equalities that hold, and counts of 0 that may be 0, leave none."""
    slacks = [
        term.slack
        for term in terms
        if not (term.holds and (term.relation == "==" or term.left == term.right == 0))
    ]
    return min(slacks, default=None)

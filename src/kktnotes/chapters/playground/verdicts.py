"""The verdicts on one outcome, by the book's rules; nothing is recorded.

A measurement enters the book's ledger by the output of a cell that shows its card. Here the card
is asked for its verdict and dropped.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from kktnotes import theory
from kktnotes.attacks import universal_direction
from kktnotes.chapters.playground.setting import Outcome, Setting
from kktnotes.data.clusters import Clusters
from kktnotes.data.separability import error_term
from kktnotes.evidence import record
from kktnotes.networks.two_layer import TwoLayerReLU
from kktnotes.printing import power_of_ten
from kktnotes.radius import exact_radius, log_error
from kktnotes.terms import Term, Terms
from kktnotes.theory import flip_eta_upper, flip_probability, inner_products
from kktnotes.theory.robust_network import log_failure, log_super_polynomial

POINTS = {3: 200, 9: 24, 17: 6}
"""Fresh points whose radius is computed, by the number of neurons below which that is quick."""
LN10 = math.log(10.0)
NO_VERDICT = "none"
"""Of a row that only shows a number: one setting tests no order of growth."""


@dataclass(frozen=True, kw_only=True)
class Row:
    """A line of the table of conclusions: what was measured, in words, and its verdict."""

    statement: str
    measured: str
    value: str
    asked: str
    verdict: str
    reason: str = ""


def hypotheses(outcome: Outcome) -> dict[str, Terms]:
    """Return the hypotheses of every statement that the setting can be asked about.

    Empty where there is no distribution.
    """
    clusters, setting = outcome.clusters, outcome.setting
    if clusters is None:
        return {}
    known = {"delta": setting.delta, "epsilon": setting.epsilon}
    if outcome.flow is not None:
        known["residual"] = outcome.residual
    found = {
        "Assumption 2.2": clusters.assumption(),
        "Lemma 2.1": theory.lemma_2_1(clusters),
    }
    if outcome.flow is not None:
        found["Theorem 2.1"] = theory.theorem_2_1(outcome.flow.last.log_loss, setting.points)
    found["Theorem 3.1"] = theory.theorem_3_1(clusters, setting.points, **known)
    found["Theorem 4.1"] = theory.theorem_4_1(clusters, max(clusters.k, setting.width))
    found["Theorem 4.2"] = theory.theorem_4_2(clusters, setting.points, **known)
    return found


def conclusions(outcome: Outcome) -> list[Row]:
    """Return what was measured of every conclusion, with the verdict that it deserves."""
    clusters = outcome.clusters
    if clusters is None:
        return []
    asked = hypotheses(outcome)
    rows = [_lemma(clusters, asked["Lemma 2.1"]), *_robust(clusters, asked["Theorem 4.1"])]
    if outcome.flow is None:
        return rows
    rows.insert(1, _theorem_2_1(outcome, asked["Theorem 2.1"]))
    rows.insert(2, _error(outcome, asked["Theorem 3.1"]))
    rows += _flips(outcome, asked["Theorem 4.2"])
    return rows


def radii(outcome: Outcome, network: TwoLayerReLU | None) -> list[float]:
    """Return exact radii at fresh points over sqrt(d); empty where that would take too long."""
    clusters = outcome.clusters
    if network is None or outcome.sample is None or clusters is None:
        return []
    count = next((many for width, many in POINTS.items() if network.width < width), 0)
    if not count:
        return []
    fresh = outcome.sample.fresh(count, seed=outcome.setting.seed + 1)
    found = exact_radius(network, fresh.x, progress=False)
    values = found.robust(fresh.x, fresh.y).upper / math.sqrt(clusters.d)
    return values.tolist()


def power(log: float) -> str:
    """Return e^log as a power of ten with two digits in the exponent."""
    return power_of_ten(log / LN10, 2)


def _judged(statement: str, conclusion: str, term: Term, terms: Terms) -> tuple[str, str]:
    """Return word and reason of a probability that was computed exactly."""
    verdict = record(statement, conclusion, term, hypotheses=terms, resolution="exact").verdict
    return verdict.word, verdict.reason


def _lemma(clusters: Clusters, terms: Terms) -> Row:
    term = error_term(clusters)
    word, reason = _judged("lemma-2-1", "probability", term, terms)
    return Row(
        statement="Lemma 2.1",
        measured="error of sign<u, x>, exact",
        value=power(term.left * LN10),
        asked="at most " + power(term.right * LN10),
        verdict=word,
        reason=reason,
    )


def _theorem_2_1(outcome: Outcome, terms: Terms) -> Row:
    what, allowed = "angle to the KKT point, end over start", "at most 0.1"
    if outcome.limit is None or len(outcome.limit.angles) < 2:
        reason = "no certified KKT point to compare with"
        if not terms.holds:
            reason = "not met on this run: loss"
        word = "not tested" if terms.holds else "outside"
        return Row(
            statement="Theorem 2.1",
            measured=what,
            value="none",
            asked=allowed,
            verdict=word,
            reason=reason,
        )
    angles = outcome.limit.angles
    term = Term("angle", float(angles[-1] / angles[0]), "<=", 0.1)
    verdict = record(
        "theorem-2-1", "direction", term, hypotheses=terms, certificate=outcome.residual
    ).verdict
    word, reason = verdict.word, verdict.reason
    if word == "contradicted":  # a finite time contradicts no limit
        word, reason = "not tested", "the run is too short to tell"
    return Row(
        statement="Theorem 2.1",
        measured=what,
        value=f"{term.left:.1g}",
        asked=allowed,
        verdict=word,
        reason=reason,
    )


def _error(outcome: Outcome, terms: Terms) -> Row:
    _, sample, network = outcome.trained
    log, bound = log_error(network, sample), math.log(outcome.setting.epsilon)
    term = Term("error", log, "<=", bound)
    word, reason = _judged("theorem-3-1", "error", term, terms)
    if word == "contradicted":  # an upper bound, and one training set: delta may be it
        word, reason = "not tested", "the tail bound is above epsilon on this training set"
    return Row(
        statement="Theorem 3.1",
        measured="error of the network, proved tail bound",
        value=power(log),
        asked=f"at most {outcome.setting.epsilon:g}",
        verdict=word,
        reason=reason,
    )


def _robust(clusters: Clusters, terms: Terms) -> list[Row]:
    if clusters.sigma == 0:
        reason = "not met on this run: sigma positive"
        return [
            Row(
                statement="Theorem 4.1",
                measured="without noise nothing is random",
                value="",
                asked="",
                verdict="outside",
                reason=reason,
            )
        ]
    rows, bound = [], log_super_polynomial(clusters.d)
    texts = {"margin": "robust network: margin below 1", "radius": "robust network: radius ≤ √d/8"}
    for event, text in texts.items():
        log = log_failure(clusters, event)
        conclusion = "margin" if event == "margin" else "rare"
        word, reason = _judged("theorem-4-1", conclusion, Term(event, log, "<=", bound), terms)
        rows.append(
            Row(
                statement="Theorem 4.1",
                measured=text,
                value=power(log),
                asked="at most " + power(bound),
                verdict=word,
                reason=reason,
            )
        )
    return rows


def _flips(outcome: Outcome, terms: Terms) -> list[Row]:
    """Judge z = eta u at an eta that the network cannot influence, and show its length.

    eta is that of the appendix's lemma on universal flips (ours), made of inner products of the
    training points: it is fixed before the network is looked at, so that the row can fail. The
    least eta whose tail bound is below epsilon meets epsilon by its choice, and gets no verdict.
    """
    (clusters, sample, network), epsilon = outcome.trained, outcome.setting.epsilon
    what = "z = ηu, η fixed by the data: sign unchanged"
    allowed = f"at most {epsilon:g}"
    direction, fixed = universal_direction(sample), fixed_eta(outcome)
    if math.isfinite(fixed):
        log = flip_probability.log_failure(network, sample, fixed * direction)
        term = Term("fails", log, "<=", math.log(epsilon))
        word, reason = _judged("theorem-4-2", "flips", term, terms)
        if word == "contradicted":  # an upper bound, and one training set: delta may be it
            word, reason = "not tested", "the tail bound is above epsilon on this training set"
        rows = [
            Row(
                statement="Theorem 4.2",
                measured=what,
                value=power(log),
                asked=allowed,
                verdict=word,
                reason=reason,
            )
        ]
    else:
        reason = "the explicit constants need τ < 1/2 and seen clusters of both labels"
        word = "not tested" if terms.holds else "outside"
        rows = [
            Row(
                statement="Theorem 4.2",
                measured=what,
                value="no such η",
                asked=allowed,
                verdict=word,
                reason=reason,
            )
        ]
    least = math.inf
    if float(direction.norm()) > 1e-9 * math.sqrt(clusters.d):
        least = flip_probability.certified_eta(network, sample, epsilon=epsilon, tolerance=1e-4)
    unit = math.sqrt(clusters.d / (terms["label share"].left ** 2 * clusters.k))
    lengths = {"that η": fixed, "the least η with a tail bound of at most ε": least}
    for name, eta in lengths.items():
        length = eta * float(direction.norm()) / unit
        value = f"{length:.3g}" if math.isfinite(length) else "none"
        what = f"length of z over √(d/(c²k)), at {name}"
        reason = "one setting tests no order"
        rows.append(
            Row(
                statement="Theorem 4.2",
                measured=what,
                value=value,
                asked="O(1)",
                verdict=NO_VERDICT,
                reason=reason,
            )
        )
    return rows


def fixed_eta(outcome: Outcome) -> float:
    """Return the eta of the appendix's lemma on universal flips (ours), for both labels.

    Infinite where its condition tau < 1/2 fails or a label has no training point.
    """
    known = inner_products(outcome.trained[1])
    if not known.tau < 0.5:
        return math.inf
    return max(flip_eta_upper(known, label=label).value for label in (1.0, -1.0))


def along_dimension(
    setting: Setting, dimensions: Sequence[int]
) -> dict[str, list[tuple[int, float, bool]]]:
    """Return, for Assumption 2.2 and Theorem 3.1, (d, least slack, holds) in other dimensions.

    Everything else stays as it is set; n grows with k ln^2 d where it was left open. Dimensions in
    which there are no such means are left out. The KKT point is not asked for: no network is run.
    """
    found: dict[str, list[tuple[int, float, bool]]] = {"Assumption 2.2": [], "Theorem 3.1": []}
    for d in dimensions:
        there = replace(setting, d=d)
        try:
            clusters = there.clusters()
            sizes = {"delta": setting.delta, "epsilon": setting.epsilon}
            asked = theory.theorem_3_1(clusters, there.points, **sizes)
            lists = {"Assumption 2.2": clusters.assumption(), "Theorem 3.1": asked}
        except ValueError:
            continue
        for name, terms in lists.items():
            found[name].append((d, terms.tightest.slack, terms.holds))
    return found

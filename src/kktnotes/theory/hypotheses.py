"""What each statement of the paper asks for, term by term, with the room a run leaves.

Bounds that grow like d^(ln d) or e^(d/32) overflow long before d = 10^8, so both sides of those
terms are natural logarithms. What a statement leaves to "sufficiently large d" cannot be checked
on a run and is not among the terms.
"""

from __future__ import annotations

import math

from kktnotes import checks
from kktnotes.data.clusters import as_clusters
from kktnotes.data.sample import Distribution
from kktnotes.terms import Term, Terms

RESIDUAL = 1e-8
"""Largest relative KKT residual at which a network is taken as a KKT point."""


def lemma_2_1(clusters: Distribution) -> Terms:
    """Return the hypotheses of Lemma 2.1: both labels, Assumption 2.2.

    Examples
    --------
    >>> import kktnotes as kn
    >>> from kktnotes import theory
    >>> theory.lemma_2_1(kn.case("A").clusters).holds
    True
    """
    clusters = as_clusters("clusters", clusters)
    return Terms((_both_labels(clusters), *clusters.assumption()), "Lemma 2.1, hypotheses")


def theorem_2_1(log_loss: float, n: int) -> Terms:
    """Return the hypothesis of Theorem 2.1: L < 1/n at some time, in logs.

    Parameters
    ----------
    log_loss : float
        ln L at that time; the logistic loss has the base-2 logarithm.
    n : int
        Number of training points.

    Examples
    --------
    >>> import kktnotes as kn
    >>> from kktnotes import theory
    >>> theory.theorem_2_1(log_loss=-5.0, n=60)
    Theorem 2.1, hypothesis: every term holds
      loss  −5 < −4.09  holds  slack 0.181
    """
    note = "ln L against ln(1/n)"
    right = -math.log(checks.integer("n", n))
    return Terms(
        (Term("loss", checks.number("log_loss", log_loss), "<", right, note=note),),
        "Theorem 2.1, hypothesis",
    )


def theorem_3_1(
    clusters: Distribution,
    n: int,
    *,
    delta: float,
    epsilon: float,
    residual: float | None = None,
) -> Terms:
    """Return the hypotheses of Theorem 3.1.

    Parameters
    ----------
    clusters : Clusters
        The distribution.
    n : int
        Number of training points.
    delta, epsilon : float
        Probability of a bad training set and of a wrong sign, in (0, 1).
    residual : float, optional
        Largest relative KKT residual of the network: with it the list says whether the network
        is a KKT point (1e-8); without it that hypothesis is not listed.

    Examples
    --------
    >>> import kktnotes as kn
    >>> from kktnotes import theory
    >>> case = kn.case("A")
    >>> theory.theorem_3_1(case.clusters, case.n, delta=0.05, epsilon=0.01).verdict
    'met'
    """
    clusters = as_clusters("clusters", clusters)
    items = [_both_labels(clusters), *clusters.assumption()]
    items += _sizes(clusters.k, clusters.d, n, delta, epsilon)
    if residual is not None:
        note = "largest relative KKT residual"
        items.append(Term("KKT point", _residual(residual), "<=", RESIDUAL, note=note))
    return Terms(items, "Theorem 3.1, hypotheses")


def theorem_4_1(clusters: Distribution, width: int) -> Terms:
    """Return the hypotheses of Theorem 4.1: both labels, Assumption 2.2 and r >= k neurons.

    Examples
    --------
    >>> import kktnotes as kn
    >>> from kktnotes import theory
    >>> theory.theorem_4_1(kn.case("A").clusters, width=8).verdict
    'met'
    """
    clusters = as_clusters("clusters", clusters)
    wide = Term("width", checks.integer("width", width), ">=", clusters.k, note="r against k")
    items = (_both_labels(clusters), *clusters.assumption(), wide)
    return Terms(items, "Theorem 4.1, hypotheses")


def theorem_4_2(
    clusters: Distribution,
    n: int,
    *,
    delta: float,
    epsilon: float,
    c: float | None = None,
    residual: float | None = None,
) -> Terms:
    """Return the hypotheses of Theorem 4.2: those of Theorem 3.1 and the share c of each label.

    Parameters
    ----------
    clusters, n, delta, epsilon, residual
        As in `theorem_3_1`.
    c : float, optional
        The constant with min(|Q+|, |Q-|) / k >= c > 0; by default the share itself.

    Examples
    --------
    >>> import kktnotes as kn
    >>> from kktnotes import theory
    >>> case = kn.case("A")
    >>> theory.theorem_4_2(case.clusters, case.n, delta=0.05, epsilon=0.01)["label share"]
    label share: 0.5 ≥ 0.5 holds, slack 0
    """
    clusters = as_clusters("clusters", clusters)
    share = float(min((clusters.labels == sign).double().mean() for sign in (1.0, -1.0)))
    c = share if c is None else checks.positive("c", c)
    items = (
        *theorem_3_1(clusters, n, delta=delta, epsilon=epsilon, residual=residual),
        Term("label share", share, ">=", c, note="min(|Q₊|, |Q₋|) / k against c"),
        Term("c positive", c, ">", 0.0, note="c above 0"),
    )
    return Terms(items, "Theorem 4.2, hypotheses")


def _residual(value: object) -> float:
    """Return a residual: a number of at least 0, infinite where there is no such network."""
    residual = checks.number("residual", value)
    if residual < 0:
        raise checks.refusal("residual", value, "a number >= 0")
    return residual


def _both_labels(clusters: Distribution) -> Term:
    """Return the assumption of section 2 that both labels occur."""
    least = min(int((clusters.labels == sign).sum()) for sign in (1.0, -1.0))
    return Term("both labels", least, ">=", 1, note="clusters of the rarer label")


def _sizes(k: int, d: int, n: int, delta: float, epsilon: float) -> list[Term]:
    """Return the terms on n, delta and epsilon that Theorems 3.1 and 4.2 share."""
    n = checks.integer("n", n)
    for name, value in (("delta", delta), ("epsilon", epsilon)):
        if checks.positive(name, value) >= 1:
            raise checks.refusal(name, value, "a number between 0 and 1")
    log_d, log_n = math.log(d), math.log(n)
    return [
        Term("examples", n, ">=", k * log_d**2, note="n against k ln² d"),
        Term(
            "confidence",
            -math.log(delta),
            "<=",
            -math.log(3) + log_d * (log_d - 1),
            note="ln(1/δ) against ln(d^(ln d − 1) / 3)",
        ),
        Term(
            "examples, dimension",
            log_n,
            "<=",
            math.log(delta / 3) / 2 + d / 32,
            note="ln n against ln(√(δ/3) e^(d/32))",
        ),
        Term(
            "examples, delta",
            log_n,
            "<=",
            math.log(delta) / 2 - math.log(3) + log_d**2 / 4,
            note="ln n against ln(√δ/3 d^(ln(d)/4))",
        ),
        Term(
            "examples, epsilon",
            log_n,
            "<=",
            math.log(epsilon / 4) + log_d**2 / 2,
            note="ln n against ln(ε/4 d^(ln(d)/2))",
        ),
    ]

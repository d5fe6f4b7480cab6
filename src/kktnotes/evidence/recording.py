"""`record`: the one call by which a chapter says what its run measured of a statement."""

from __future__ import annotations

from collections.abc import Sequence

import torch

from kktnotes import checks
from kktnotes.evidence.card import Card
from kktnotes.evidence.measurement import Measurement, Worst
from kktnotes.evidence.order import Order
from kktnotes.evidence.verdict import room
from kktnotes.kkt import Certificate, endings
from kktnotes.terms import Term, Terms
from kktnotes.theory.hypotheses import RESIDUAL

Numbers = float | torch.Tensor | Sequence[float]
Claim = Term | Terms | Sequence[Term] | Sequence[Terms] | Order | Numbers


def record(
    statement: str,
    conclusion: str | None = None,
    value: Claim | None = None,
    relation: str | None = None,
    bound: Numbers | None = None,
    *,
    hypotheses: Term | Terms | Sequence[Terms] = (),
    certificate: Certificate | float | None = None,
    instances: int | None = None,
    tolerance: float = 0.0,
    seed: int | Sequence[int] | None = None,
    resolution: str | None = None,
    digits: int = 3,
    ended: Sequence[str] = (),
    proved: str = "",
) -> Card:
    """Record a measurement of a statement's conclusion, or of its hypotheses alone.

    The card that is returned has to be the value of its cell (or be displayed): it carries the
    measurement in the notebook's output, where the book finds it. Nothing else is stored.

    Parameters
    ----------
    statement : str
        Its id in `book/statements.toml`, such as "theorem-3-1".
    conclusion : str, optional
        The name of its conclusion there. Without one the hypotheses are recorded.
    value : Term, Terms, list of either, Order, number or array
        What was measured. A `Term` brings relation and bound; a `Terms` has to hold as a whole,
        and of a list, one an instance, the worst counts. An `Order` is for the O() of the
        paper. Of an array, one number an instance, the one with least slack counts. A probability
        may come as its logarithm; a name or note of its `Term` that begins with "log10" or "ln"
        says so, and the card then shows the probability as a power of ten.
    relation : str, optional
        "<=", "<", ">=", ">" or "==", for numbers; "==" records an identity.
    bound : number or array, optional
        The other side, for numbers.
    hypotheses : Term, Terms or list of Terms
        All hypotheses of the statement on this run; a list has one `Terms` an instance, or one a
        point of the `Order`.
    certificate : Certificate or float, optional
        Adds the hypothesis "KKT point": the worst residual is at most 1e-8.
    instances : int, optional
        How many instances the value stands for, or trials were counted; by default as many as
        numbers or `Terms` came.
    tolerance : float
        Rounding that is allowed, relative (at most 1e-8); an identity needs one.
    seed : int or sequence of int, optional
        What the run was started from.
    resolution : str, optional
        For a probability, and only there: "exact" for a computed one (in logs or not), "counted"
        for a share of `instances` trials, whose resolution then follows from their number.
    digits : int
        How many significant digits the card shows; fewer than 3 for what follows a long training,
        whose later digits differ between processors.
    ended : sequence of str
        How every run ended that was tried for this, one word each (see `kktnotes.kkt.endings`). The
        card then says how many of them the value stands for and why the others are left out;
        where all are, the value may be empty, and the verdict says so.
    proved : str
        For a bound that no run could break: what proves it, and where. The word is then "proved
        here" where it would be "holds".

    Returns
    -------
    Card
        Shows itself in Jupyter, on the page and as plain text; `.verdict` is the verdict.

    Raises
    ------
    ValueError
        If the call cannot be judged: no value, no bound, hypotheses of different instances that
        do not match.

    Examples
    --------
    >>> import kktnotes as kn
    >>> kn.record("theorem-4-2", "length", kn.Term("length", 0.2, "<=", 0.5)).verdict.word
    'holds'
    """
    checks.instance("statement", statement, str, "the id of a statement")
    if conclusion is not None:
        checks.instance("conclusion", conclusion, str, "the name of a conclusion, or None")
    given = Worst.of("hypotheses", hypotheses)
    asked, others = given.terms, endings.left_out(ended)
    nothing = bool(others) and sum(others.values()) == len(ended)
    if certificate is not None and not nothing:
        residual = certificate.worst if isinstance(certificate, Certificate) else certificate
        note = "largest relative KKT residual"
        asked += (Term("KKT point", float(residual), "<=", RESIDUAL, note=note),)
    order: Order | None = None
    terms: tuple[Term, ...] = ()
    count = 1
    if isinstance(value, Order):
        order, count = value, len(value.at)
        if asked and given.count != count:
            got = f"{given.count} for {count} points"
            raise checks.refusal("hypotheses", got, "a list of Terms, one a point of the order")
    elif value is not None and not nothing:
        terms, count = _terms(conclusion, value, relation, bound)
    equality = bool(terms) and all(term.relation == "==" for term in terms)
    if equality and resolution is None and not tolerance:
        raise checks.refusal("tolerance", tolerance, "a tolerance above 0 for an identity")
    kind = (
        "hypotheses"
        if conclusion is None
        else "order"
        if order
        else "probability"
        if resolution
        else "identity"
        if equality
        else "bound"
    )
    if resolution == "counted" and instances is None:
        raise checks.refusal("instances", None, "the number of trials for a counted probability")
    return Card(
        Measurement(
            statement=statement,
            conclusion=conclusion,
            kind=kind,
            terms=terms,
            hypotheses=asked,
            instances=count
            if instances is None or nothing
            else checks.integer("instances", instances),
            tolerance=float(tolerance),
            seed=list(seed) if isinstance(seed, Sequence | range) else seed,
            resolution=resolution,
            order=order,
            digits=digits,
            tried=len(ended) if others else 0,
            left_out=others,
            proved=proved,
        )
    )


def _terms(
    conclusion: str | None, value: Claim, relation: str | None, bound: Numbers | None
) -> tuple[tuple[Term, ...], int]:
    """Return what has to hold, and the number of instances."""
    if conclusion is None:
        raise checks.refusal("conclusion", None, "the name of the conclusion that was measured")
    kinds = (Term, Terms)
    listed = isinstance(value, list | tuple) and value and isinstance(value[0], kinds)
    if isinstance(value, kinds) or listed:
        worst = Worst.of("value", value)
        return worst.terms, worst.count
    if relation is None or bound is None:
        raise checks.refusal("bound", bound, "a relation and a bound for a measured number")
    numbers = [torch.as_tensor(one, dtype=torch.float64, device="cpu") for one in (value, bound)]
    try:
        left, right = (side.flatten().tolist() for side in torch.broadcast_tensors(*numbers))
    except RuntimeError as error:
        got = " and ".join(str(tuple(one.shape)) for one in numbers)
        raise checks.refusal("bound", f"shapes {got}", "a shape that fits the value's") from error
    if not left:
        raise checks.refusal("value", "no instance", "at least one")
    terms = [Term(conclusion, a, relation, b) for a, b in zip(left, right, strict=True)]
    if relation == "==":
        return (min(terms, key=lambda term: room(term, 1.0)),), len(terms)
    return (min(terms, key=lambda term: term.slack),), len(terms)

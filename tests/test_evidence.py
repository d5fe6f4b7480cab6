"""Verdicts: every rule, from both sides, and that what is stored is judged as what was measured."""

import json
import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

import kktnotes as kn
from kktnotes.evidence import Measurement, Verdict, judge, weakest
from kktnotes.evidence.card import SYMBOLS
from kktnotes.evidence.measurement import MIME
from kktnotes.evidence.verdict import GREEN, WORDS, resolution

MET = kn.Terms([kn.Term("small", 1.0, "<=", 2.0), kn.Term("equal", 3.0, "==", 3.0)])
FAILS = kn.Terms([kn.Term("small", 2.5, "<=", 2.0), kn.Term("equal", 3.0, "==", 3.0)])


def bound(value=1.0, **more):
    more.setdefault("hypotheses", MET)
    return kn.record("theorem-3-1", "error", value, "<=", 2.0, **more)


PROVED = {"within": (2.0, 4.0), "because": "algebra"}


def halves(exponent=0.5, count=5, ratio=10.0, start=10, **known):
    """Points on 3 x^exponent ln x, whose constant is known to be between 2 and 4."""
    at = np.geomspace(start, start * ratio, count)
    values = 3 * at**exponent * np.log(at)
    known = {"exponent": 0.5, "shape": math.log, **(known or PROVED)}
    return kn.Order(parameter="k", at=at, values=values, **known)


# Hypotheses come first.


def test_a_bound_with_its_hypotheses_met_holds():
    assert bound().verdict == Verdict("holds", 0.5, "the bound held")


def test_nothing_is_green_where_a_hypothesis_fails():
    for value in (1.0, 3.0):
        card = bound(value, hypotheses=FAILS)
        assert card.verdict.word == "outside"
        assert "small" in card.verdict.reason
    card = kn.record("homogeneity", "degree", 1.0, "==", 1.0, tolerance=1e-9, hypotheses=FAILS)
    assert card.verdict.word == "outside"
    card = kn.record("lemma-2-1", "p", 0.1, "<=", 0.2, resolution="exact", hypotheses=FAILS)
    assert card.verdict.word == "outside"
    assert (
        kn.record("example-1", "item 1", halves(), hypotheses=[FAILS] * 5).verdict.word == "outside"
    )


def test_one_instance_out_of_its_hypotheses_is_enough():
    assert bound([1.0, 1.0], hypotheses=[MET, FAILS]).verdict.word == "outside"
    assert bound([1.0, 1.0], hypotheses=[MET, MET]).verdict.word == "holds"


def test_a_certificate_above_its_tolerance_is_no_ground():
    assert bound(certificate=1e-9).verdict.word == "holds"
    assert bound(certificate=1.1e-8).verdict.word == "outside"
    loose = kn.Terms([*MET, kn.Term("KKT point", 1e-3, "<=", 1e-2)])
    assert loose.holds
    assert bound(hypotheses=loose).verdict.word == "outside"


def test_a_certificate_of_a_network_counts_by_its_worst_residual():
    point = kn.averaged_point(4, 1000)
    assert bound(certificate=point.certificate).verdict.word == "holds"
    shifted = kn.TwoLayerReLU(
        point.network.weights * 1.001, point.network.biases, point.network.output
    )
    certificate = kn.certificate(shifted, (point.x, point.y))
    assert bound(certificate=certificate).verdict.word == "outside"


def test_hypotheses_alone_are_met_or_outside():
    assert kn.record("assumption-2-2", hypotheses=MET).verdict.word == "holds"
    assert kn.record("assumption-2-2", hypotheses=FAILS).verdict.word == "outside"


# Bounds and identities.


def test_a_bound_that_fails_is_contradicted():
    assert bound(2.0001).verdict.word == "contradicted"
    assert bound([1.0, 2.0001, 0.0]).verdict.word == "contradicted"
    assert kn.record("x", "y", 2.0, "<", 2.0).verdict.word == "contradicted"


def test_the_worst_instance_counts_and_all_are_counted():
    card = bound(torch.tensor([0.5, 1.5, 1.0]))
    assert card.verdict.slack == pytest.approx(0.25)
    assert card.measurement.instances == 3
    terms = [kn.Term("a", value, "<=", 2.0) for value in (0.5, 1.8, 1.0)]
    card = kn.record("x", "y", terms)
    assert card.verdict.slack == pytest.approx(0.1)
    assert card.measurement.instances == 3


def test_terms_hold_as_a_whole():
    assert kn.record("x", "y", MET).verdict.word == "holds"
    assert kn.record("x", "y", FAILS).verdict.word == "contradicted"
    assert kn.record("x", "y", [MET, FAILS]).verdict.word == "contradicted"


def test_a_tolerance_forgives_rounding_and_no_more():
    assert bound(2.0 + 1e-12).verdict.word == "contradicted"
    assert bound(2.0 + 1e-12, tolerance=1e-10).verdict.word == "holds"
    with pytest.raises(ValueError, match=r"tolerance: got 0\.01, allowed is rounding only"):
        bound(tolerance=0.01)


def test_an_identity_is_equal_to_its_tolerance():
    for value, word in ((4 + 1e-9, "identity"), (4 + 1e-7, "contradicted")):
        card = kn.record("homogeneity", "degree", [4.0, value], "==", [4.0, 4.0], tolerance=1e-9)
        assert card.verdict.word == word
    assert kn.record("x", "y", 1e-12, "==", 0.0, tolerance=1e-10).verdict.word == "identity"
    with pytest.raises(ValueError, match="tolerance"):
        kn.record("x", "y", 1.0, "==", 1.0)


def test_of_many_equalities_the_worst_counts():
    # The second differs by 5e-10 of its side, which a Term takes for equal.
    left = torch.tensor([[1.0, 1000.0]] * 2, dtype=torch.float64)
    right = left[0].clone()
    left[1, 1] *= 1 + 5e-10
    for tolerance, word in ((1e-9, "identity"), (1e-10, "contradicted")):
        card = kn.record("x", "y", left, "==", right, tolerance=tolerance)
        assert card.verdict.word == word
        assert card.measurement.instances == 4
    with pytest.raises(ValueError, match=r"shapes \(2, 2\) and \(3,\)"):
        kn.record("x", "y", left, "==", torch.ones(3), tolerance=1e-9)


# Probabilities.


def test_an_exact_tail_holds_or_not():
    tail = kn.Term("tail", -500.0, "<=", -49.0)
    assert kn.record("x", "y", tail, resolution="exact").verdict.word == "holds"
    tail = kn.Term("tail", -48.0, "<=", -49.0)
    assert kn.record("x", "y", tail, resolution="exact").verdict.word == "contradicted"


def count(failures, trials, most):
    card = kn.record(
        "x", "y", failures / trials, "<=", most, instances=trials, resolution="counted"
    )
    return card.verdict


def test_twenty_seeds_cannot_test_a_probability_of_a_tenth():
    assert resolution(20) == pytest.approx(1 - 0.05 ** (1 / 20))
    assert count(0, 20, 0.10).word == "not tested"
    assert count(0, 20, 0.13).word == "not tested"
    assert count(0, 20, 0.14).word == "holds"
    assert "0.139" in count(0, 20, 0.10).reason


@settings(deadline=None, derandomize=True, max_examples=60)
@given(st.integers(1, 400), st.data(), st.floats(0.01, 0.99))
def test_counts_are_judged_by_the_binomial_tail(trials, data, most):
    failures = data.draw(st.integers(0, trials))
    word = count(failures, trials, most).word
    few = stats.binom.cdf(failures, trials, most)  # so few or fewer, were it exactly `most`
    many = stats.binom.sf(failures - 1, trials, most)
    if word == "holds":
        assert few <= 0.05 + 1e-9
    elif word == "contradicted":
        assert many <= 0.05 + 1e-9
    else:
        assert word == "not tested"
        assert few > 0.05 - 1e-9
        assert many > 0.05 - 1e-9


def test_a_share_from_below_is_the_same_question():
    above = kn.record("x", "y", 1.0, ">=", 0.86, instances=20, resolution="counted")
    assert above.verdict.word == "holds"
    above = kn.record("x", "y", 1.0, ">=", 0.9, instances=20, resolution="counted")
    assert above.verdict.word == "not tested"


def test_a_count_needs_trials_and_a_share_of_them():
    with pytest.raises(ValueError, match="instances"):
        kn.record("x", "y", 0.0, "<=", 0.1, resolution="counted")
    with pytest.raises(ValueError, match="a whole number of trials"):
        kn.record("x", "y", 0.01, "<=", 0.1, instances=20, resolution="counted")
    with pytest.raises(ValueError, match="between 0 and 1"):
        kn.record("x", "y", -3.0, "<=", 0.1, instances=20, resolution="counted")
    with pytest.raises(ValueError, match="resolution"):
        kn.record("x", "y", 0.0, "<=", 0.1, instances=20, resolution="roughly")


# Bounds that no run could break.


def test_what_is_proved_is_not_counted_as_what_held():
    card = bound(proved="Lemma N4")
    assert card.verdict == Verdict("proved here", 0.5, "as is proved: Lemma N4")
    assert bound(3.0, proved="Lemma N4").verdict.word == "contradicted"
    assert bound(proved="Lemma N4", hypotheses=FAILS).verdict.word == "outside"
    tail = {"resolution": "exact", "proved": "the union bound"}
    assert kn.record("x", "y", -3.0, "<=", -2.0, **tail).verdict.word == "proved here"
    # A statement with one part that could have failed is counted with those.
    assert weakest([bound().verdict, card.verdict]).word == "holds"


@pytest.mark.parametrize(
    "call",
    [
        lambda: kn.record("x", "y", halves(), proved="no"),
        lambda: kn.record("x", "y", 1.0, "==", 1.0, tolerance=1e-9, proved="no"),
        lambda: kn.record("x", hypotheses=MET, proved="no"),
        lambda: kn.record("x", "y", 0.0, "<=", 0.1, instances=20, resolution="counted", proved="a"),
        lambda: bound(proved=True),
    ],
)
def test_only_a_computed_bound_can_be_proved(call):
    with pytest.raises(ValueError, match="proved: got"):
        call()


# Orders of growth.


def test_an_order_needs_five_values_over_a_decade_in_an_enclosure():
    assert kn.record("x", "y", halves()).verdict.word == "consistent"
    assert kn.record("x", "y", halves(count=4)).verdict.word == "not tested"
    assert kn.record("x", "y", halves(ratio=9.0)).verdict.word == "not tested"
    assert kn.record("x", "y", halves(exponent=0.7)).verdict.word == "contradicted"
    assert kn.record("x", "y", halves(within=(2.9, 2.99), because="no")).verdict.word == (
        "contradicted"
    )
    assert kn.record("x", "y", halves(within=None)).verdict.word == "shown"


@pytest.mark.parametrize("start", [10.0, 1e3, 1e6])
@pytest.mark.parametrize("ratio", [10.0, 1e3, 1e8])
@pytest.mark.parametrize("count", [5, 30])
def test_no_choice_of_a_range_bends_the_verdict(start, ratio, count):
    # The slope of these over any finite range is above 1/2: a line through them says so.
    at = np.geomspace(start, start * ratio, count)
    values = at**0.5 * (1 - 1 / np.log(at))
    slope = np.polyfit(np.log(at), np.log(values), 1)[0]
    known = {"within": (1 - 1 / math.log(10), 1.0), "because": "1 - 1 / ln x"}
    order = kn.Order(parameter="k", at=at, values=values, exponent=0.5, **known)
    assert slope > 0.5 + 1e-4 and kn.record("x", "y", order).verdict.word == "consistent"
    # and what grows faster than its power leaves every enclosure, where the range is long enough
    faster = kn.Order(parameter="k", at=at, values=values * at**0.1, exponent=0.5, **known)
    assert kn.record("x", "y", faster).verdict.word == "contradicted"


def test_ratios_powers_and_the_ends_of_the_enclosure():
    order = halves(within=lambda x: (2.0 + 1 / x, 4.0 - 1 / x), because="algebra")
    assert order.ratios == pytest.approx([3.0] * 5) and order.constants == pytest.approx((3, 3))
    assert order.enclosure == pytest.approx((2.01, 3.99))
    assert order.powers == pytest.approx([0.5] * 4)
    at = [4.0, 1.0, 2.0]  # in any order of the points
    bent = kn.Order(parameter="k", at=at, values=[16.0, 1.0, 2.0], exponent=1.0)
    assert bent.powers == pytest.approx([1.0, 3.0]) and bent.enclosure is None and not bent.fits
    again = kn.record("x", "y", order).measurement
    kept = type(again).from_json(json.loads(json.dumps(again.to_json())))
    assert kept.order == order


def test_rounding_does_not_leave_an_enclosure_that_is_one_number():
    at = np.geomspace(2, 200, 7)
    one = {"within": (3, 3), "because": "algebra", "exponent": -0.5}
    assert kn.Order(parameter="k", at=at, values=3 / np.sqrt(at), **one).fits
    assert not kn.Order(parameter="k", at=at, values=3.00001 / np.sqrt(at), **one).fits


def test_an_order_has_hypotheses_at_each_of_its_points():
    with pytest.raises(ValueError, match="one a point"):
        kn.record("x", "y", halves(), hypotheses=MET)
    card = kn.record("x", "y", halves(), hypotheses=[MET] * 5)
    assert card.verdict.word == "consistent"
    card = kn.record("x", "y", halves(), hypotheses=[MET] * 4 + [FAILS])
    assert card.verdict.word == "outside"


def test_a_constant_for_each_point_is_refused():
    order = halves()
    with pytest.raises(ValueError, match="shape: got list, allowed is a function"):
        kn.Order(
            parameter="k",
            at=order.at,
            values=order.values,
            exponent=0.7,
            shape=[3.0, 2.0, 1.0, 4.0, 5.0],
        )


@pytest.mark.parametrize(
    ("known", "words"),
    [
        ({"within": (1.0, 2.0)}, "because: got ''"),
        ({"because": "a proof"}, "within: got None"),
        ({"within": (2.0, 1.0), "because": "a"}, "within: got 2 to 1"),
        ({"within": (0.0, 1.0), "because": "a"}, "within: got 0"),
        ({"within": (1.0, math.inf), "because": "a"}, "within: got inf"),
        ({"within": (1.0, 2.0, 3.0), "because": "a"}, "within: got 3 numbers"),
        ({"within": 3.0, "because": "a"}, "within: got float"),
        ({"within": lambda x: x, "because": "a"}, "within: got"),
        ({"within": (1.0, 2.0), "because": 5}, "because: got int"),
        ({"reach": None}, "reach: got NoneType"),
    ],
)
def test_an_enclosure_is_two_numbers_and_its_reason(known, words):
    with pytest.raises(ValueError, match=words):
        kn.Order(parameter="k", at=[1, 2, 3], values=[1, 2, 3], exponent=1.0, **known)


def test_points_that_fit_no_line_are_refused():
    with pytest.raises(ValueError, match="at"):
        kn.Order(parameter="k", at=[1, 1, 2, 3, 4], values=[1, 1, 2, 3, 4], exponent=1.0)
    with pytest.raises(ValueError, match="values"):
        kn.Order(parameter="k", at=[1, 2, 3], values=[1, 2], exponent=1.0)
    with pytest.raises(ValueError, match="values"):
        kn.Order(parameter="k", at=[1, 2, 3], values=[1, 2, -3], exponent=1.0)


# Calls that say too little.


def test_a_value_needs_a_conclusion_and_a_bound():
    with pytest.raises(ValueError, match="conclusion"):
        kn.record("x", None, 1.0, "<=", 2.0)
    with pytest.raises(ValueError, match="bound"):
        kn.record("x", "y", 1.0)
    with pytest.raises(ValueError, match="value"):
        kn.record("x", "y", hypotheses=MET)
    with pytest.raises(ValueError, match="NaN"):
        kn.record("x", "y", math.nan, "<=", 1.0)
    other = kn.Terms([kn.Term("large", 1.0, "<=", 2.0)])
    with pytest.raises(ValueError, match="the same for each"):
        bound(hypotheses=[MET, other])


# The words among each other.


def test_the_weakest_word_wins_and_then_the_least_slack():
    found = [Verdict("holds", 0.5), Verdict("identity", 0.1), Verdict("holds", 0.2)]
    assert weakest(found) == Verdict("holds", 0.2)
    assert weakest([*found, Verdict("outside")]).word == "outside"
    assert weakest([*found, Verdict("outside"), Verdict("contradicted")]).word == "contradicted"
    assert weakest([]).word == "not tested"


def test_three_words_are_green():
    assert {word for word in WORDS if Verdict(word).green} == set(GREEN)
    assert set(GREEN) == {"identity", "proved here", "holds", "consistent"}
    assert len(set(SYMBOLS.values())) == len(SYMBOLS) == len(WORDS)


# What is stored, and what a card shows.

CARDS = {
    "identity": kn.record("x", "y", [1.0, 2.0], "==", [1.0, 2.0], tolerance=1e-12, seed=range(2)),
    "holds": bound(-math.inf, certificate=3e-16, seed=7),
    "consistent": kn.record("x", "y", halves(), hypotheses=[MET] * 5),
    "outside": bound(hypotheses=FAILS),
    "proved here": bound(proved="Lemma N4"),
    "shown": kn.record("x", "y", halves(within=None), hypotheses=[MET] * 5),
    "not tested": kn.record("x", "y", 0.0, "<=", 0.1, instances=20, resolution="counted"),
    "contradicted": bound(5.0),
}


@pytest.mark.parametrize("word", CARDS)
def test_what_is_stored_is_judged_alike(word):
    card = CARDS[word]
    assert card.verdict.word == word
    _, metadata = card._repr_mimebundle_()
    stored = json.loads(json.dumps(metadata[MIME], allow_nan=False))
    again = Measurement.from_json(stored["measurement"])
    assert again == card.measurement
    assert judge(again) == card.verdict
    assert stored["word"] == word


@pytest.mark.parametrize("word", CARDS)
def test_a_card_shows_word_and_symbol_and_not_colour_alone(word):
    data, _ = CARDS[word]._repr_mimebundle_()
    for text in data.values():
        assert word in text
        assert SYMBOLS[word] in text


def test_a_card_names_its_statement_as_the_paper_does():
    assert repr(bound()).startswith("[✓ holds] Theorem 3.1, error, slack 0.5")
    assert "√d is the best possible, rare" in repr(kn.record("sqrt-d-best", "rare", 1.0, "<=", 2.0))
    assert "My own statement, item" in repr(kn.record("my-own-statement", "item", 1.0, "<=", 2.0))
    assert "Example 1, item" in repr(kn.record("example-1", "item", 1.0, "<=", 2.0))
    assert "Both labels occur, hypotheses" in repr(kn.record("both-labels", hypotheses=MET))


def test_a_card_prints_no_rounding_error():
    for residual in (3e-16, 8e-13):
        card = bound(certificate=residual)
        assert "KKT point" in card._repr_html_()
        assert "&lt; 10⁻⁹" in card._repr_html_()
    same = [
        kn.record("x", "y", 1.0 + error, "==", 1.0, tolerance=1e-8) for error in (0.0, 2e-16, 1e-13)
    ]
    assert len({repr(card) for card in same}) == 1
    assert len({card._repr_html_() for card in same}) == 1


def test_a_card_shows_as_many_digits_as_it_is_told():
    card = kn.record("x", "y", 1.2345, "<=", 98.765, digits=1)
    assert "1 ≤ 100" in repr(card)
    assert "slack 1\n" in repr(card)
    assert "1.23 ≤ 98.8" in repr(kn.record("x", "y", 1.2345, "<=", 98.765))
    with pytest.raises(ValueError, match="digits"):
        kn.record("x", "y", 1.0, "<=", 2.0, digits=7)


def test_a_card_names_its_seeds():
    for seeds, text in (
        (3, "seed 3"),
        ([0], "seed 0"),
        ([0, 1], "seeds 0 and 1"),
        (range(8), "seeds 0 to 7"),
        ([0, 2, 3], "seeds 0, 2 and 3"),
    ):
        assert repr(bound(seed=seeds)).splitlines()[-1].strip() == text


def test_a_card_shows_a_logarithm_of_a_probability_as_one():
    def line(name, left, right, note=""):
        term = kn.Term(name, left, "<=", right, note=note)
        return repr(kn.record("x", "rare", term, resolution="exact")).splitlines()[1].strip()

    assert line("log10 of the error", -370.4, -2.0) == "the error: 10⁻³⁷⁰ ≤ 10⁻²"
    assert line("log10", -36.2, -math.inf) == "rare: 6 × 10⁻³⁷ ≤ 0"
    assert line("ln of an error", -1740.0, math.log(0.01)) == "an error: 10⁻⁷⁵⁶ ≤ 10⁻²"
    assert line("margin", -19_600.0, -2.0, "log10 of it") == "margin: 10⁻¹⁹⁶⁰⁰ ≤ 10⁻²"
    assert line("error", 0.001, 0.01) == "error: 0.001 ≤ 0.01"
    seen = kn.record("x", "y", kn.Term("log10 error at clusters seen", -250.0, "<=", -2.0))
    assert "error at clusters seen: 10⁻²⁵⁰ ≤ 10⁻²" in repr(seen)
    loss = kn.record("x", "y", kn.Term("log10 of the loss", -6000.0, "<=", -100.0))
    assert "log₁₀ of the loss: −6,000 ≤ −100" in repr(loss)  # a loss is no probability


def test_the_card_of_an_order_says_range_ratio_enclosure_and_powers():
    lines = repr(kn.record("x", "y", halves(**PROVED, reach="all there are"))).splitlines()[1:]
    assert lines[0] == "  5 values of k, 10 to 100, all there are"
    assert lines[1] == "  over its order: 3; enclosed beforehand in 2 to 4, algebra"
    assert lines[2] == "  power between neighbours 0.5, predicted 0.5"
    bare = repr(kn.record("x", "y", halves(exponent=-0.4, within=None)))
    assert "power between neighbours −0.4, predicted 0.5" in bare and "enclosed" not in bare


def test_a_card_escapes_what_it_shows():
    strange = kn.record("x", "a < b & c", 1.0, "<", 2.0, hypotheses=kn.Term("<i>", 0, "<", 1))
    page = strange._repr_html_()
    assert "a &lt; b &amp; c" in page
    assert "<i>" not in page


def test_strange_stored_values_are_refused():
    stored = bound().measurement.to_json()
    for change in ({"version": 2}, {"kind": "guess"}, {"terms": [{"name": "x"}]}, {"more": 1}):
        with pytest.raises(ValueError, match="got"):
            Measurement.from_json({**stored, **change})

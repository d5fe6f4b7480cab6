"""Terms: slack, verdicts, tables."""

import math
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kktnotes.terms import Term, Terms

sides = st.floats(allow_nan=False, width=32)


@settings(deadline=None, derandomize=True)
@given(sides, sides, st.sampled_from(["<=", "<", ">=", ">"]))
def test_a_term_holds_exactly_where_python_says_so(left, right, relation):
    term = Term("t", left, relation, right)
    assert term.holds == eval(f"left {relation} right")
    assert (term.slack >= 0) == eval(f"left {relation}{'' if '=' in relation else '='} right")
    assert -2 <= term.slack <= 2


def test_slack_is_relative_to_the_larger_side():
    assert Term("t", 3.0, "<=", 4.0).slack == pytest.approx(0.25)
    assert Term("t", 4.0, "<=", 3.0).slack == pytest.approx(-0.25)
    assert Term("t", 3.0, ">=", 4.0).slack == pytest.approx(-0.25)
    assert Term("t", 4.0, ">", 3.0).slack == pytest.approx(0.25)
    assert Term("t", -49.0, "<=", -7.0).slack == pytest.approx(6 / 7)


def test_infinite_sides():
    assert Term("t", 5.0, "<=", math.inf).slack == 1.0
    assert Term("t", -math.inf, "<=", -3.0).slack == 1.0
    assert not Term("t", 5.0, ">", math.inf).holds
    assert Term("t", math.inf, "<=", math.inf).slack == 0.0


def test_equality_is_up_to_rounding():
    assert Term("t", math.sqrt(3) ** 2, "==", 3.0).holds
    assert Term("t", math.sqrt(3) ** 2, "==", 3.0).slack == 0.0
    assert not Term("t", 3.00001, "==", 3.0).holds
    assert Term("t", 2.0, "==", 4.0).slack == -0.5
    assert Term("t", 4.0, "==", 2.0).slack == -0.5


def test_strict_terms_need_room():
    assert Term("t", 1.0, "<=", 1.0).holds and not Term("t", 1.0, "<", 1.0).holds
    assert Term("t", 1.0, ">=", 1.0).holds and not Term("t", 1.0, ">", 1.0).holds


def test_refusals_of_a_term():
    with pytest.raises(ValueError, match=r"relation: got '=<', allowed is one of '<='"):
        Term("t", 1.0, "=<", 2.0)
    with pytest.raises(ValueError, match="left: got nan, allowed is a number, not NaN"):
        Term("t", math.nan, "<=", 2.0)
    with pytest.raises(ValueError, match="right: got nan, allowed is a number, not NaN"):
        Term("t", 1.0, "<=", math.nan)


@pytest.fixture
def terms():
    return Terms(
        [
            Term("first", 1.0, "<=", 2.0, note="one & two"),
            Term("second", 4.0, "<", 4.1),
            Term("third", 9.0, "==", 9.0),
        ],
        "A <title>",
    )


def test_a_collection_is_the_conjunction(terms):
    assert terms.holds and len(terms) == 3 and terms.failing == ()
    assert [term.name for term in terms] == ["first", "second", "third"] == list(terms.names)
    assert terms["second"] is terms[1]
    assert terms.tightest.name == "second"
    worse = terms + Terms([Term("fourth", 2.0, "<=", 1.0)])
    assert not worse.holds and worse.title == "A <title>"
    assert (terms.verdict, worse.verdict) == ("met", "not met")
    assert [term.name for term in worse.failing] == ["fourth"]
    assert Terms().holds and (Terms() + terms).title == "A <title>"


def test_refusals_of_a_collection(terms):
    with pytest.raises(ValueError, match="name: got 'fifth', allowed is one of 'first', 'second'"):
        terms["fifth"]
    with pytest.raises(ValueError, match="two terms named 'first'"):
        terms + Terms([Term("first", 0, "<=", 1)])
    with pytest.raises(ValueError, match="no inequality"):
        _ = Terms([Term("t", 1.0, "==", 1.0)]).tightest


def test_plain_text_has_a_line_a_term_and_three_digits(terms):
    lines = repr(terms).splitlines()
    assert len(lines) == 4 and lines[0] == "A <title>: every term holds"
    assert re.search(r"second\s+4\s+<\s+4\.1\s+holds\s+slack 0\.0244$", lines[2])
    failed = repr(Terms([Term("only", 123456.0, "<=", 1.0)])).splitlines()
    assert failed[0] == "1 of 1 fail" and "123,000 ≤ 1" in failed[1] and "FAILS" in failed[1]
    assert repr(terms[1]) == "second: 4 < 4.1 holds, slack 0.0244"


def test_the_table_is_accessible_and_escaped(terms):
    page = terms._repr_html_()
    assert "<caption>A &lt;title&gt;: every term holds</caption>" in page
    assert page.count('<th scope="row"') == 3 and page.count('scope="col"') == 7
    assert "one &amp; two" in page and "≤" in page and "<td>holds</td>" in page
    bare = Terms([Term("t", 2, "<=", 1)])._repr_html_()
    assert '<td style="min-width: 0">fails</td></tr>' in bare
    assert "what is compared" in page and "what is compared" not in bare
    assert bare.count('scope="col"') == 6 and bare.count("<td>") == 4


def test_rounding_size_is_a_bound_beside_a_tolerance_and_a_number_elsewhere():
    residual = Term("KKT point", 7.3e-15, "<=", 1e-8)
    assert "< 10⁻⁹ ≤ 10⁻⁸" in repr(residual)
    assert "<td>&lt; 10⁻⁹</td>" in Terms([residual])._repr_html_()
    assert Term("small", 9.71e-11, "<=", 1.08e-9).sides() == ("9.71 × 10⁻¹¹", "1.08 × 10⁻⁹")

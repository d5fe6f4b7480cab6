"""The named cases: their sizes against the table of definitions, their hypotheses, refusals."""

import math

import pytest

import kktnotes as kn


@pytest.mark.parametrize("letter", ["A", "a", "C", "E", "G", "H", "I", "J"])
def test_the_cases_said_to_meet_the_assumption_meet_it(letter):
    case = kn.case(letter)
    assert case.clusters.assumption().holds
    assert case.n >= case.k * math.log(case.d) ** 2


@pytest.mark.parametrize("letter", ["B", "D"])
def test_the_cases_said_to_lie_outside_do(letter):
    assert not kn.case(letter).clusters.assumption().holds


def test_a_flow_uses_the_case():
    flow = kn.case("a").flow(seed=1, max_steps=5)
    assert flow.network.width == kn.case("a").width
    assert flow.sample.n == kn.case("a").n
    other = kn.case("a").flow(seed=1, max_steps=5, loss="logistic")
    assert other.loss == "logistic"


def test_an_unknown_letter_is_refused():
    with pytest.raises(ValueError, match=r"letter: got 'Z'.*'A'"):
        kn.case("Z")

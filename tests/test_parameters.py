"""What a chapter refuses of its parameters, by name, before it computes anything."""

import math

import pytest

from kktnotes.chapters import parameters

REFUSED = [
    lambda value: parameters.whole(asked=value),
    lambda value: parameters.whole(asked=value, none=True),
    lambda value: parameters.number(asked=value),
    lambda value: parameters.word(("one", "two"), asked=value),
    lambda value: parameters.wholes(asked=value),
    lambda value: parameters.numbers(asked=value),
    lambda value: parameters.rows(int, float, asked=value),
    lambda value: parameters.words(("one", "two"), asked=value),
]
NEVER = ["ten", math.inf, math.nan, -1, True, {}, [[]], ["x"], [-1], [math.inf], 1j]


@pytest.mark.parametrize("value", NEVER, ids=repr)
@pytest.mark.parametrize("check", REFUSED)
def test_what_no_parameter_may_be_is_refused_by_its_name(check, value):
    with pytest.raises(ValueError, match=r"^asked: got .*, allowed is "):
        check(value)


@pytest.mark.parametrize(
    ("check", "value"),
    [
        (parameters.whole, 2.5),
        (parameters.whole, 0),
        (parameters.whole, None),
        (parameters.whole, "inf"),
        (parameters.number, 0),
        (parameters.number, [1.0]),
        (parameters.signed, "1"),
        (parameters.signed, -math.inf),
        (parameters.wholes, []),
        (parameters.wholes, 3),
        (parameters.wholes, [1, 2.5]),
        (parameters.numbers, "12"),
    ],
)
def test_what_the_kind_does_not_allow(check, value):
    with pytest.raises(ValueError, match=r"^asked: got"):
        check(asked=value)


def test_ends_of_a_range():
    assert parameters.whole(asked=2, least=2, most=3) == 2
    assert parameters.number(asked=0, zero=True) == 0
    for bad in (1, 4):
        with pytest.raises(ValueError, match=f"got {bad}, allowed is an integer from 2 to 3"):
            parameters.whole(asked=bad, least=2, most=3)
    with pytest.raises(ValueError, match="> 0 and < 1"):
        parameters.number(asked=1, below=1)


def test_what_passes_comes_back_as_it_is_meant():
    k, d = parameters.whole(k=3, d=1e7)
    assert (k, d) == (3, 10**7)
    assert isinstance(d, int)
    assert parameters.whole(n=None, none=True) is None
    assert parameters.number(sigma=None, none=True) is None
    assert isinstance(parameters.number(sigma=1), float)
    assert parameters.signed(inner_product=-8) == -8.0
    assert parameters.wholes(widths=(10.0, 2)) == [10, 2]
    assert parameters.wholes(widths=(), empty=True) == []
    assert parameters.rows(str, int, cases=[["a", 3.0]]) == [["a", 3]]
    assert parameters.words("abc", settings="a c") == ["a", "c"]


@pytest.mark.parametrize("row", [[1], [1, 2, 3], "12", 7, [1, "two"], [1.5, 2]])
def test_rows_have_the_entries_that_were_asked_for(row):
    with pytest.raises(ValueError, match=r"^path: got"):
        parameters.rows(int, int, path=[[1, 2], row])


def test_lists_that_belong_together_are_of_one_length():
    lists = {"widths": [1, 2], "seeds": [3]}
    with pytest.raises(ValueError, match=r"^seeds: got 1 entries, allowed is 2, as many as widths"):
        parameters.wholes(**lists, equally_many=True)
    assert parameters.wholes(**lists) == [[1, 2], [3]]

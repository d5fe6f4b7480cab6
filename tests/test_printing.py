"""How numbers and names print, and that a printed number can be read back."""

import math
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kktnotes.printing import number, power_of_ten, readable

DIGITS = str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹−", "-0123456789-", ",")


@pytest.mark.parametrize(
    ("value", "digits", "text"),
    [
        (0.0, 3, "0"),
        (-0.0, 3, "0"),
        (816_123.0, 3, "816,000"),
        (999_999.0, 3, "10⁶"),
        (3162.3, 3, "3,160"),
        (40.1, 1, "40"),
        (-6012.0, 1, "−6,000"),
        (0.5, 3, "0.5"),
        (-0.00335, 3, "−0.00335"),
        (0.000696, 3, "6.96 × 10⁻⁴"),
        (1e-8, 3, "10⁻⁸"),
        (-1e9, 3, "−10⁹"),
        (9.97e7, 3, "9.97 × 10⁷"),
        (math.inf, 3, "∞"),
        (-math.inf, 3, "−∞"),
        (math.nan, 3, "not defined"),
    ],
)
def test_numbers_print_as_text_does(value, digits, text):
    assert number(value, digits) == text


def value_of(text):
    mantissa, ten, power = re.fullmatch("(.*?)(10([⁻⁰¹²³⁴⁵⁶⁷⁸⁹]+))?", text).groups()
    mantissa = mantissa.removesuffix(" × ").translate(DIGITS)
    if ten is None:
        return float(mantissa)
    return float({"": "1", "-": "-1"}.get(mantissa, mantissa) + "e" + power.translate(DIGITS))


@settings(deadline=None, derandomize=True)
@given(st.floats(-1e12, 1e12).filter(lambda value: abs(value) > 1e-12), st.integers(1, 4))
def test_a_number_can_be_read_back(value, digits):
    assert value_of(number(value, digits)) == pytest.approx(value, rel=0.51 * 10 ** (1 - digits))


@pytest.mark.parametrize(
    ("log", "text"),
    [
        (0.0, "1"),
        (-2.0, "10⁻²"),
        (-370.4, "10⁻³⁷⁰"),
        (-78_123.0, "10⁻⁷⁸¹⁰⁰"),
        (-36.2, "6 × 10⁻³⁷"),
        (-1.301, "0.05"),
        (-36.01, "10⁻³⁶"),
        (-math.inf, "0"),
    ],
)
def test_a_logarithm_prints_as_a_power_of_ten(log, text):
    assert power_of_ten(log) == text


def test_names_print_with_signs():
    assert readable("radius / sqrt(d/k), times sqrt(k)") == "radius / √(d/k), times √k"
    assert readable("log10 of c^2 - eta") == "log₁₀ of c² − η"
    assert readable("beta, not-all, x-y") == "beta, not-all, x-y"

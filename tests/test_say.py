"""`say`: numbers as prose shows them, and as myst-nb finds them."""

import math

import pytest
import torch

from kktnotes.evidence import say, shown


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("as it is", "as it is"),
        (1040, "1,040"),
        (-3, "−3"),
        (True, "True"),
        (0.49812, "0.498"),
        (torch.tensor(0.25), "0.25"),
        (12345.6, "12,300"),
        (-0.5, "−0.5"),
        (2.94e-15, "2.94 × 10⁻¹⁵"),
        (10.0**7, "1.00 × 10⁷"),
        (999.96, "1,000"),
        (0.0, "0"),
        (-math.inf, "−∞"),
        (math.nan, "not defined"),
    ],
)
def test_numbers_become_prose(value, text):
    assert shown(value) == text


@pytest.mark.parametrize("value", [3.14159, 0.0271828, 271828.0, 6.02e23, 1.6e-19])
@pytest.mark.parametrize("digits", [2, 3, 4])
def test_a_number_can_be_read_back(value, digits):
    text = shown(value, digits=digits).replace(",", "").replace("−", "-")
    if "×" in text:
        mantissa, power = text.split(" × 10")
        text = mantissa + "e" + power.translate(str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "-0123456789"))
    assert float(text) == pytest.approx(value, rel=0.5 * 10 ** (1 - digits))


def test_the_text_finds_what_was_said(monkeypatch):
    said = {}
    monkeypatch.setattr(
        "myst_nb.glue", lambda name, value, display: said.update({name: (value, display)})
    )
    say(digits=2, radius=0.19612, count=12)
    assert said == {"radius": ("0.2", False), "count": ("12", False)}

"""Sentences with numbers: how a number is written, and `%%say`, which shows it."""

import math

import pytest
import torch
from nbformat.v4 import new_code_cell, new_notebook

from kktnotes.evidence import shown
from tools import chapters, kernel


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


# In a kernel: what a sentence shows, and when it follows its numbers.

BEGIN = "import kktnotes as kn\nfrom kktnotes.chapters import parameters\n%load_ext kktnotes"


def shown_by(*sources):
    """Run cells, and return the Markdown that each shows at the end."""
    cells = [new_code_cell(source) for source in (BEGIN, *sources)]
    spec = {"name": "python3", "display_name": "Python 3", "language": "python"}
    done = kernel.run(new_notebook(cells=cells, metadata={"kernelspec": spec}), chapters.ROOT)
    return [
        "\n".join(output.data.get("text/markdown", "") for output in cell.outputs)
        for cell in done.cells[1:]
    ]


def test_a_sentence_shows_what_was_said_before_it():
    said = "kn.say(off='3 %', count=1040, margin=0.49812)"
    text = "%%say\nWithin **{{off}}**, of {{count}} points, $x_{ {{margin}} }$.\n\n- {{ off }}"
    assert (
        shown_by(said, text)[1] == "Within **3 %**, of 1,040 points, $x_{ 0.498 }$.\n\n- {{ off }}"
    )


def test_a_word_may_be_empty():
    assert shown_by("kn.say(more='')", "%%say\nThese{{more}}.")[1] == "These."


def test_a_sentence_shows_variables_that_were_not_said():
    assert shown_by("n, sigma = 2000, 0.25", "%%say\n{{n}} and {{sigma}}")[1] == "2,000 and 0.25"


def test_a_sentence_follows_numbers_that_are_said_after_it():
    *_, first, _, second = shown_by(
        "kn.say(a=1)", "%%say\n{{a}} and {{b}}", "kn.say(b=2)", "%%say\nonce more {{b}}"
    )
    assert (first, second) == ("1 and 2", "once more 2")


def test_a_number_that_was_never_said_fails_the_run():
    with pytest.raises(kernel.Failure, match="⟨never⟩"):
        shown_by("%%say\nIt is {{never}}.")


def test_a_sentence_tells_when_the_parameters_were_run_again_and_its_number_was_not():
    check = "k = parameters.whole(k=3)"
    sources = [check, "kn.say(a=k)", "%%say\n{{a}}", "k = parameters.whole(k=4)"]
    with pytest.raises(kernel.Failure, match="Not run again"):
        shown_by(*sources)
    assert shown_by(*sources, "kn.say(a=k)")[2] == "4"
    assert shown_by(check, "n = parameters.whole(n=3)", "kn.say(a=k)", "%%say\n{{a}}")[3] == "3"


def test_what_stands_on_the_line_of_the_magic_is_refused():
    with pytest.raises(kernel.Failure, match="%%say: got 'loudly', allowed is nothing on its line"):
        shown_by("%%say loudly\ntext")

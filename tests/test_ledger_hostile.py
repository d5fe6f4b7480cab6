"""Notebooks of another make: whatever they hold is a fault of the ledger, never a traceback."""

import copy
import json
import math

import pytest

import kktnotes as kn
from kktnotes.evidence.ledger import Ledger
from kktnotes.evidence.measurement import MIME
from kktnotes.evidence.statements import Statements

STATEMENTS = Statements.of(
    {
        "statement": [
            {
                "id": "lemma-2-1",
                "name": "Lemma 2.1",
                "gist": "It is so.",
                "section": "2",
                "conclusions": [
                    {"name": "bound", "says": "it is bounded", "kind": "bound"},
                    {"name": "tail", "says": "it is rare", "kind": "probability"},
                    {"name": "size", "says": "it grows", "kind": "order"},
                ],
                "chapter": "first",
                "shows_not": "the rest",
            }
        ]
    }
)
AT = [1.0, 2.0, 4.0, 8.0, 16.0]
CARDS = [
    kn.record("lemma-2-1", "bound", 1.0, "<=", 2.0, seed=[0, 1]),
    kn.record("lemma-2-1", "tail", 0.0, "<=", 0.5, resolution="counted", instances=100),
    kn.record(
        "lemma-2-1",
        "size",
        kn.Order(
            parameter="k", at=AT, values=AT, exponent=1.0, within=(0.5, 2.0), because="algebra"
        ),
    ),
]
HUGE = "<" * 10**6
DEEP = "[" * 100_000 + "]" * 100_000


def content():
    """A notebook that has one measurement of each kind."""
    cells = [{"cell_type": "markdown", "metadata": {}, "source": "# A chapter"}]
    for number, card in enumerate(CARDS, 1):
        data, metadata = card._repr_mimebundle_()
        output = {"output_type": "execute_result", "data": data, "metadata": metadata}
        cells.append(
            {
                "cell_type": "code",
                "execution_count": number,
                "metadata": {"tags": []},
                "source": "kn.record(...)",
                "outputs": [output],
            }
        )
    return {"cells": cells, "nbformat": 4, "nbformat_minor": 5}


def read(path, text):
    """The ledger of one notebook file."""
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return Ledger.read(STATEMENTS, [path])


@pytest.fixture
def path(tmp_path):
    return tmp_path / "first.ipynb"


def test_the_whole_one_has_no_fault_with_a_byte_order_mark_or_without(path):
    text = json.dumps(content())
    for one in (text, b"\xef\xbb\xbf" + text.encode()):
        ledger = read(path, one)
        assert ledger.faults == ()
        words = [part.verdict.word for part in ledger.entries["lemma-2-1"].parts]
        assert words == ["holds", "holds", "consistent"]
        assert ledger.entries["lemma-2-1"].found[2].measurement == CARDS[2].measurement


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "is no notebook"),
        ("no JSON", "is no notebook"),
        (b"\xff\xfe\x00", "is no notebook"),
        (DEEP, "is no notebook|no list of cells"),
        ("[]", "has no list of cells"),
        ("null", "has no list of cells"),
        ("{}", "has no list of cells"),
        ('{"worksheets": [{"cells": []}], "nbformat": 3}', "has no list of cells"),
        ('{"cells": {"0": {}}}', "has no list of cells"),
        ('{"cells": [1]}', "cell 0: is no cell"),
        ('{"cells": [{}]}', "cell 0: is no cell"),
        ('{"cells": [{"cell_type": ["code"]}]}', "cell 0: is no cell"),
        ('{"cells": [{"cell_type": "code"}]}', "was not run"),
        ('{"cells": [{"cell_type": "code", "execution_count": "1"}]}', "was not run"),
        ('{"cells": [{"cell_type": "code", "execution_count": [1]}]}', "was not run"),
        (
            '{"cells": [{"cell_type": "code", "execution_count": 1, "metadata": {"tags": 5}}]}',
            "cell 0: its tags or outputs are no list",
        ),
        (
            '{"cells": [{"cell_type": "code", "execution_count": 1, "outputs": {"a": 1}}]}',
            "cell 0: its tags or outputs are no list",
        ),
    ],
)
def test_a_file_that_is_no_notebook_of_ours_is_a_fault(path, text, words):
    faults = read(path, text).faults
    assert faults[0].startswith("first.ipynb") and len(faults[0]) < 400
    assert words.split("|")[0] in faults[0] or words.split("|")[-1] in faults[0]


@pytest.mark.parametrize(
    "change",
    [
        lambda cell: cell.update(metadata=None),
        lambda cell: cell.update(metadata=[1]),
        lambda cell: cell.update(metadata={"tags": [1, ["remove-cell"], None]}),
        lambda cell: cell["outputs"].extend([None, 1, "text", [], {}, {"metadata": 5}]),
        lambda cell: cell["outputs"].append({"metadata": {"other": HUGE}}),
    ],
)
def test_what_the_ledger_does_not_ask_for_may_be_anything(path, change):
    values = content()
    change(values["cells"][1])
    assert read(path, json.dumps(values)).faults == ()


BOUND = [
    # What of the first measurement is changed, and what the fault says.
    (lambda m: m.clear(), "statement: got None"),
    (lambda m: m.pop("version"), "version: got None"),
    (lambda m: m.update(version=HUGE), "version: got <<<"),
    (lambda m: m.pop("statement"), "statement: got None"),
    (lambda m: m.update(statement=["lemma-2-1"]), "statement: got list of length 1"),
    (lambda m: m.update(statement=HUGE), "statement: got str of length 1000000"),
    (lambda m: m.update(statement="<script>"), "no statement '<script>'"),
    (lambda m: m.update(conclusion=1), "conclusion: got 1"),
    (lambda m: m.update(conclusion=HUGE), "conclusion: got str of length"),
    (lambda m: m.update(kind=7), "kind: got 7"),
    (lambda m: m.update(kind="guess"), "kind: got 'guess', allowed is one of"),
    (lambda m: m.update(kind="order"), "order: got None"),
    (lambda m: m.update(kind="probability"), "resolution: got None"),
    (lambda m: m.update(resolution="counted", kind="probability"), "shares between 0 and 1"),
    (lambda m: m.update(resolution=3), "resolution: got 3"),
    (lambda m: m.pop("terms"), "terms: got None"),
    (lambda m: m.update(terms={}), "terms: got dict of length 0"),
    (lambda m: m.update(terms=[]), "value: got nothing"),
    (lambda m: m.update(terms=[1]), "terms: got 1, allowed is a table"),
    (lambda m: m.update(terms=m["terms"] * 1001), "terms: got list of length 1001"),
    (lambda m: m["terms"][0].clear(), "name: got None"),
    (lambda m: m["terms"][0].update(name=HUGE), "name: got str of length"),
    (lambda m: m["terms"][0].update(note=5), "note: got 5"),
    (lambda m: m["terms"][0].update(left=None), "left: got None"),
    (lambda m: m["terms"][0].update(left="1.0"), "left: got str of length 3"),
    (lambda m: m["terms"][0].update(left=True), "left: got True"),
    (lambda m: m["terms"][0].update(left=math.nan), "left: got nan"),
    (lambda m: m["terms"][0].update(right=10**400), "right: got a very large whole number"),
    (lambda m: m["terms"][0].update(right=[2.0]), "right: got list of length 1"),
    (lambda m: m["terms"][0].update(relation="~"), "relation: got '~'"),
    (lambda m: m["terms"][0].update(relation=["<="]), "relation: got list"),
    (lambda m: m["terms"][0].update(colour="red"), "measurement: got"),
    (lambda m: m.pop("hypotheses"), "hypotheses: got None"),
    (lambda m: m.update(hypotheses=5), "hypotheses: got 5"),
    (lambda m: m.update(hypotheses=m["terms"]), "it has no hypothesis 'bound'"),
    (lambda m: m.update(instances=0), "instances: got 0"),
    (lambda m: m.update(instances=1.5), "instances: got 1.5"),
    (lambda m: m.update(instances="many"), "instances: got str"),
    (lambda m: m.update(instances=10**400), "instances: got a very large"),
    (lambda m: m.update(digits=9), "digits: got 9"),
    (lambda m: m.update(digits=None), "digits: got None"),
    (lambda m: m.update(tolerance=1.0), "tolerance: got 1.0"),
    (lambda m: m.update(tolerance="small"), "tolerance: got str"),
    (lambda m: m.update(tolerance=-1), "tolerance: got"),
    (lambda m: m.update(seed="zero"), "seed: got str"),
    (lambda m: m.update(seed=[0, "one"]), "seed: got str"),
    (lambda m: m.update(seed=10**400), "seed: got a very large"),
    (lambda m: m.update(order={}), "parameter: got None"),
    (lambda m: m.update(order=5), "order: got 5, allowed is a table"),
    (lambda m: m.update(colour="red"), "measurement: got"),
]


def first_fault(path, number, change):
    values = content()
    change(values["cells"][number]["outputs"][0]["metadata"][MIME])
    return read(path, json.dumps(values)).faults[0]


@pytest.mark.parametrize(("change", "words"), BOUND)
def test_what_is_no_measurement_is_a_fault_of_its_cell(path, change, words):
    fault = first_fault(path, 1, lambda held: change(held["measurement"]))
    assert fault.startswith("first.ipynb, cell 1: ") and words in fault
    assert len(fault) < 500


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda m: m["order"].pop("parameter"), "parameter: got None"),
        (lambda m: m["order"].update(parameter=HUGE), "parameter: got str of length"),
        (lambda m: m["order"].update(at="k"), "at: got str of length 1"),
        (lambda m: m["order"].update(at=[1.0, 2.0]), "values: got 5 for 2 points"),
        (lambda m: m["order"].update(at=[1.0] * 5), "at: got 1 different values"),
        (lambda m: m["order"].update(at=[0.0, *AT[1:]]), "at: got 0.0"),
        (lambda m: m["order"].update(at=[[1.0], *AT[1:]]), "at: got list"),
        (lambda m: m["order"].update(values=[-1.0, *AT[1:]]), "values: got -1.0"),
        (lambda m: m["order"].update(values=["1", *AT[1:]]), "values: got str"),
        (lambda m: m["order"].update(shape=None), "shape: got None"),
        (lambda m: m["order"].update(shape=[-1.0] * 5), "shape: got -1.0"),
        (lambda m: m["order"].update(shape=["1"] * 5), "shape: got str"),
        (lambda m: m["order"].update(exponent="1"), "exponent: got str"),
        (lambda m: m["order"].update(within="all"), "within: got str"),
        (lambda m: m["order"].update(within=0.5), "within: got 0.5"),
        (lambda m: m["order"].update(within=[[0.5, "1"]] * 5), "within: got str"),
        (lambda m: m["order"].update(within=[[0.5, 1.0]]), "within: got 1 for 5 points"),
        (lambda m: m["order"].update(within=[[0.5]] * 5), "within: got 1 numbers"),
        (lambda m: m["order"].update(within=[[2.0, 0.5]] * 5), "within: got 2 to 0.5"),
        (lambda m: m["order"].update(because=HUGE), "because: got str of length"),
        (lambda m: m["order"].update(reach=5), "reach: got 5"),
        (lambda m: m["order"].update(colour="red"), "measurement: got"),
    ],
)
def test_what_is_no_order_is_a_fault_of_its_cell(path, change, words):
    fault = first_fault(path, 3, lambda held: change(held["measurement"]))
    assert fault.startswith("first.ipynb, cell 3: ") and words in fault
    assert len(fault) < 500


@pytest.mark.parametrize(
    "held", [None, 5, "text", [], {}, {"measurement": None}, {"word": "holds"}]
)
def test_what_stands_in_the_place_of_a_measurement_is_a_fault(path, held):
    values = content()
    values["cells"][1]["outputs"][0]["metadata"][MIME] = held
    fault = read(path, json.dumps(values)).faults[0]
    assert fault.startswith("first.ipynb, cell 1: unreadable measurement, measurement: got")


@pytest.mark.parametrize("word", [None, 5, ["holds"], HUGE, "contradicted"])
def test_a_stored_word_that_is_not_that_of_the_numbers_is_a_fault(path, word):
    fault = first_fault(path, 1, lambda held: held.update(word=word))
    assert "the card says" in fault and "its numbers 'holds'" in fault and len(fault) < 200


def test_every_change_of_one_value_is_a_fault_or_a_verdict(path):
    """Every value of every measurement, one by one, replaced by one of many strange ones."""
    strange = [None, True, -1, 0, 10**400, 1e308, -1e308, "", "inf", "x", [], {}, [[]], {"a": {}}]
    tried = 0

    def places(values, way=()):
        for key, one in values.items() if isinstance(values, dict) else enumerate(values):
            yield (*way, key)
            if isinstance(one, dict | list):
                yield from places(one, (*way, key))

    whole = content()
    for number in range(1, len(CARDS) + 1):
        held = whole["cells"][number]["outputs"][0]["metadata"][MIME]
        for way in places(held):
            for other in strange:
                values = copy.deepcopy(held)
                place = values
                for key in way[:-1]:
                    place = place[key]
                place[way[-1]] = other
                changed = {**whole, "cells": [*whole["cells"]]}
                output = {"metadata": {MIME: values}}
                changed["cells"][number] = {**whole["cells"][number], "outputs": [output]}
                read(path, json.dumps(changed))
                tried += 1
    assert tried > 700

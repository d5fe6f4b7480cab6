"""The ledger: read from notebooks alone, every fault found, no verdict better than its numbers."""

import copy
import json

import pytest

import kktnotes as kn
from kktnotes import theory
from kktnotes.evidence.ledger import Ledger
from kktnotes.evidence.measurement import MIME
from kktnotes.evidence.statements import Statements, StatementsError
from tools import chapters

FILE = chapters.ROOT / "book" / "statements.toml"
MET = kn.Terms([kn.Term("small", 1.0, "<=", 2.0)])
FAILS = kn.Terms([kn.Term("small", 3.0, "<=", 2.0)])

SMALL = {
    "hypotheses": {"small": "something is small", "odd": "something is odd"},
    "statement": [
        {
            "id": "lemma-2-1",
            "name": "Lemma 2.1",
            "gist": "It is so.",
            "section": "2",
            "hypotheses": ["small", "odd?"],
            "conclusions": [
                {"name": "bound", "says": "it is bounded", "kind": "bound"},
                {"name": "tail", "says": "it is rare", "kind": "probability"},
            ],
            "chapter": "first",
            "shows_not": "the rest",
        },
        {
            "id": "definition-4-1",
            "name": "Definition 4.1",
            "gist": "So it is called.",
            "section": "4",
            "rests_on": ["lemma-2-1"],
            "not_tested": "A definition.",
            "shows_not": "nothing",
        },
    ],
}


def small(**changes):
    """The two statements above, the first one changed."""
    values = copy.deepcopy(SMALL)
    values["statement"][0] |= changes
    return Statements.of(values)


def lemma(conclusion="bound", value=1.0, **more):
    more.setdefault("hypotheses", MET)
    if conclusion == "tail":
        more.setdefault("resolution", "exact")
    return kn.record("lemma-2-1", conclusion, value, "<=", 2.0, **more)


def notebook(folder, name, cards, tags=()):
    """Write an executed notebook whose cells show these cards."""
    cells = [{"cell_type": "markdown", "metadata": {}, "source": "# A chapter"}]
    for number, card in enumerate(cards, 1):
        data, metadata = card._repr_mimebundle_()
        output = {"output_type": "execute_result", "data": data, "metadata": metadata}
        cells.append(
            {
                "cell_type": "code",
                "execution_count": number,
                "metadata": {"tags": list(tags)},
                "source": "kn.record(...)",
                "outputs": [{**output, "execution_count": number}],
            }
        )
    path = folder / f"{name}.ipynb"
    path.write_text(json.dumps({"cells": cells, "nbformat": 4, "nbformat_minor": 5}), "utf-8")
    return path


@pytest.fixture
def read(tmp_path):
    """Return a function that reads the ledger of notebooks with these cards."""

    def of(*notebooks, statements=None, **options):
        names = ("first", "second", "third")
        paths = [
            notebook(tmp_path, name, cards, **options)
            for name, cards in zip(names, notebooks, strict=False)
        ]
        return Ledger.read(statements or small(), paths)

    return of


def stored(path, change):
    """Change what the first measurement of a notebook stores."""
    content = json.loads(path.read_text("utf-8"))
    change(content["cells"][1]["outputs"][0]["metadata"][MIME])
    path.write_text(json.dumps(content), "utf-8")


# All is well.


def test_measurements_are_found_with_their_places(read):
    ledger = read([lemma(), lemma("tail")])
    assert ledger.faults == ()
    entry = ledger.entries["lemma-2-1"]
    assert (entry.word, entry.hypotheses_word) == ("holds", "met")
    assert [(one.notebook, one.cell) for one in entry.found] == [("first", 1), ("first", 2)]
    assert entry.parts[1].found[0].anchor == "evidence-cell-2"
    assert ledger.entries["definition-4-1"].word == "not tested"
    assert ledger.entries["definition-4-1"].verdict.reason == "A definition."


def test_an_assumption_is_met_or_outside(read):
    statements = small(conclusions=[])
    for terms, word, hypotheses in ((MET, "holds", "met"), (FAILS, "outside", "not met")):
        ledger = read([kn.record("lemma-2-1", hypotheses=terms)], statements=statements)
        assert ledger.faults == ()
        entry = ledger.entries["lemma-2-1"]
        assert (entry.word, entry.hypotheses_word) == (word, hypotheses)


def test_an_optional_hypothesis_may_come_up(read):
    odd = MET + kn.Terms([kn.Term("odd", 0.0, "==", 1.0)])
    ledger = read([lemma(hypotheses=odd), lemma("tail")])
    assert ledger.faults == ()
    assert ledger.entries["lemma-2-1"].word == "outside"


# Several measurements.


def test_the_weakest_of_two_notebooks_wins(read):
    both = [lemma(value=0.5), lemma("tail")]
    ledger = read(both, [lemma(value=1.5)])
    assert ledger.faults == ()
    part = ledger.entries["lemma-2-1"].parts[0]
    assert (part.verdict.word, part.verdict.slack) == ("holds", 0.25)
    assert [one.notebook for one in part.found] == ["first", "second"]
    ledger = read(both, [lemma(value=0.1, hypotheses=FAILS)])
    entry = ledger.entries["lemma-2-1"]
    assert (entry.word, entry.hypotheses_word) == ("outside", "not met")
    assert not entry.verdict.green


def test_a_statement_is_as_weak_as_its_weakest_conclusion(read):
    entry = read([lemma(), lemma("tail", hypotheses=FAILS)]).entries["lemma-2-1"]
    assert [part.verdict.word for part in entry.parts] == ["holds", "outside"]
    assert entry.word == "outside"


def test_a_statement_measured_in_part_says_so(read):
    conclusions = copy.deepcopy(SMALL["statement"][0]["conclusions"])
    conclusions[1]["not_tested"] = "It is too rare."
    ledger = read([lemma()], statements=small(conclusions=conclusions))
    assert ledger.faults == ()
    entry = ledger.entries["lemma-2-1"]
    assert entry.word == "holds in part"
    assert entry.parts[1].verdict.reason == "It is too rare."


# Faults of the measurements.


def faulty(ledger, text):
    """The one fault of a ledger says this."""
    assert len(ledger.faults) == 1, ledger.faults
    assert text in ledger.faults[0]


def test_an_unknown_statement_is_a_fault(read):
    card = kn.record("lemma-2-2", "bound", 1.0, "<=", 2.0, hypotheses=MET)
    faulty(read([lemma(), lemma("tail"), card]), "no statement 'lemma-2-2'")


def test_an_unknown_conclusion_is_a_fault(read):
    faulty(read([lemma(), lemma("tail"), lemma("size")]), "its conclusions are 'bound', 'tail'")


def test_an_unknown_hypothesis_is_a_fault(read):
    more = MET + kn.Terms([kn.Term("blue", 1.0, "<=", 2.0)])
    card = lemma(hypotheses=more)
    faulty(read([lemma(), lemma("tail"), card]), "it has no hypothesis 'blue'")
    card = kn.record("lemma-2-1", hypotheses=more)
    faulty(read([lemma(), lemma("tail"), card]), "it has no hypothesis 'blue'")


def test_a_conclusion_without_its_hypotheses_is_a_fault_and_no_evidence(read):
    ledger = read([lemma(hypotheses=()), lemma("tail")])
    assert "without its hypotheses 'small'" in ledger.faults[0]
    assert "lemma-2-1, bound: no measurement and no reason" in ledger.faults[1]
    assert ledger.entries["lemma-2-1"].parts[0].verdict.word == "not tested"


def test_a_probability_needs_a_tail_or_a_count(read):
    plain = kn.record("lemma-2-1", "tail", 1.0, "<=", 2.0, hypotheses=MET)
    faulty(read([lemma(), lemma("tail"), plain]), "measured as 'bound', it takes 'probability'")


def test_a_contradiction_is_a_fault_but_in_an_experiment_that_looks_for_one(read):
    cards = [lemma(), lemma("tail", value=3.0)]
    ledger = read(cards)
    faulty(ledger, "lemma-2-1, tail: contradicted")
    assert "first, cell 2" in ledger.faults[0]
    ledger = read(cards, statements=small(counterexample=True))
    assert ledger.faults == ()
    assert ledger.entries["lemma-2-1"].word == "contradicted"


def test_a_contradiction_outside_of_the_hypotheses_is_none(read):
    assert read([lemma(), lemma("tail", value=3.0, hypotheses=FAILS)]).faults == ()


# Faults of the notebooks.


def test_a_notebook_that_was_not_executed_is_a_fault(read, tmp_path):
    read([lemma(), lemma("tail")])
    path = tmp_path / "first.ipynb"
    content = json.loads(path.read_text("utf-8"))
    for cell in content["cells"][1:]:
        cell["execution_count"], cell["outputs"] = None, []
    path.write_text(json.dumps(content), "utf-8")
    faults = Ledger.read(small(), [path]).faults
    assert faults[0] == "first.ipynb: was not run from its first cell to its last, once"
    assert "lemma-2-1, bound: no measurement and no reason for it" in faults[1]


def test_a_notebook_run_out_of_order_is_a_fault(read, tmp_path):
    read([lemma(), lemma("tail")])
    path = tmp_path / "first.ipynb"
    path.write_text(
        path.read_text("utf-8").replace('"execution_count": 2', '"execution_count": 5'), "utf-8"
    )
    assert len(Ledger.read(small(), [path]).faults) == 1


def test_a_measurement_that_no_page_shows_is_a_fault(read):
    ledger = read([lemma(), lemma("tail")], tags=["remove-cell"])
    assert ["on no page" in fault for fault in ledger.faults] == [True, True]


def test_the_numbers_count_and_not_the_stored_word(read, tmp_path):
    read([lemma(), lemma("tail")])
    path = tmp_path / "first.ipynb"
    stored(path, lambda values: values["measurement"]["terms"][0].update(left=2.5))
    ledger = Ledger.read(small(), [path])
    assert "the card says 'holds', its numbers 'contradicted'" in ledger.faults[0]
    assert ledger.entries["lemma-2-1"].verdict.word == "contradicted"


@pytest.mark.parametrize(
    ("change", "word"),
    [
        (lambda m: m["terms"][0].update(left=2.5), "contradicted"),
        (lambda m: m["terms"][0].update(right=0.5), "contradicted"),
        (lambda m: m["terms"][0].update(relation=">"), "contradicted"),
        (lambda m: m["hypotheses"][0].update(left=2.5), "outside"),
        (lambda m: m["hypotheses"][0].update(right=0.5), "outside"),
    ],
)
def test_a_mutated_number_flips_the_verdict(read, tmp_path, change, word):
    read([lemma(), lemma("tail")])
    path = tmp_path / "first.ipynb"
    stored(path, lambda values: change(values["measurement"]))
    ledger = Ledger.read(small(), [path])
    assert ledger.entries["lemma-2-1"].verdict.word == word
    assert ledger.faults


def test_an_unreadable_measurement_is_a_fault(read, tmp_path):
    read([lemma(), lemma("tail"), lemma()])
    path = tmp_path / "first.ipynb"
    stored(path, lambda values: values["measurement"].pop("kind"))
    faulty(Ledger.read(small(), [path]), "unreadable measurement")


# Faults of the statements.


def test_a_statement_with_neither_evidence_nor_reason_is_a_fault(read):
    faulty(read([lemma()]), "lemma-2-1, tail: no measurement and no reason for it")
    statements = small(conclusions=[])
    faulty(read([], statements=statements), "lemma-2-1: no measurement and no reason for it")


def test_a_reason_beside_evidence_is_a_fault(read):
    statements = small(not_tested="Too hard.")
    faulty(read([lemma(), lemma("tail")], statements=statements), "yet called not tested")
    conclusions = copy.deepcopy(SMALL["statement"][0]["conclusions"])
    conclusions[1]["not_tested"] = "Too rare."
    statements = small(conclusions=conclusions)
    faulty(read([lemma(), lemma("tail")], statements=statements), "yet called not tested")


def test_a_statement_says_what_its_verdict_does_not_show_and_where_it_stands(read):
    cards = [lemma(), lemma("tail")]
    faulty(read(cards, statements=small(shows_not="")), "does not show")
    faulty(read(cards, statements=small(chapter="fourth")), "'fourth' is none of the notebooks")
    faulty(read(cards, statements=small(chapter="")), "neither a chapter nor a reason")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"hypotheses": ["large"]}, "no hypothesis is called 'large'"),
        ({"rests_on": ["lemma-9-9"]}, "rests on 'lemma-9-9', which is not listed"),
        ({"rests_on": ["definition-4-1"]}, "rests on itself: lemma-2-1 -> definition-4-1 -> lemma"),
        ({"colour": "red"}, "colour"),
        ({"id": "definition-4-1"}, "listed twice"),
        ({"conclusions": [], "hypotheses": []}, "no conclusion, no hypothesis and no reason"),
        (
            {"conclusions": [{"name": "a", "says": "b", "kind": "c"}]},
            "conclusion 'a', kind: got 'c', allowed is one of identity",
        ),
    ],
)
def test_a_file_that_contradicts_itself_is_refused(changes, message):
    with pytest.raises(StatementsError, match=message):
        small(**changes)


def test_a_conclusion_has_one_name_each():
    twice = [SMALL["statement"][0]["conclusions"][0]] * 2
    with pytest.raises(StatementsError, match="two conclusions of one name"):
        small(conclusions=twice)


# The book's own statements and notebooks.

PAPER = Statements.load(FILE)


def test_the_committed_notebooks_make_a_ledger_without_faults():
    ledger = Ledger.read(PAPER, chapters.chapters())
    assert ledger.faults == ()
    for entry in ledger.entries.values():
        assert bool(entry.found) != bool(entry.statement.not_tested), entry.statement.id
    for entry in ledger.entries.values():  # an open question may have a counterexample
        assert not entry.found or entry.verdict.green or entry.statement.counterexample


def test_all_that_the_paper_numbers_is_listed():
    kinds = {
        "theorem": ("2.1", "3.1", "4.1", "4.2"),
        "lemma": ("2.1",),
        "assumption": ("2.2",),
        "definition": ("4.1",),
        "example": ("1", "2"),
        "equation": ("1", "2", "3", "4", "5"),
    }
    for kind, numbers in kinds.items():
        for number in numbers:
            statement = PAPER.items[f"{kind}-{number.replace('.', '-')}"]
            shown = f"({number})" if kind == "equation" else number
            assert statement.name == f"{kind.capitalize()} {shown}"


def test_hypotheses_are_those_that_the_package_checks():
    clusters = kn.Clusters.orthogonal(4, 10**7, 1.0)
    given = {"delta": 0.1, "epsilon": 0.1, "residual": 1e-12}
    checked = {
        "assumption-2-2": clusters.assumption(),
        "lemma-2-1": theory.lemma_2_1(clusters),
        "theorem-2-1": theory.theorem_2_1(-10.0, 100),
        "theorem-3-1": theory.theorem_3_1(clusters, 1040, **given),
        "theorem-4-1": theory.theorem_4_1(clusters, 4),
        "theorem-4-2": theory.theorem_4_2(clusters, 1040, **given),
    }
    for name, terms in checked.items():
        statement = PAPER.items[name]
        assert set(statement.required) <= set(terms.names) <= set(statement.allowed), name
    odd = clusters.with_noise(factor=[[1.0]] + [[0.0]] * 4).assumption()
    assert PAPER.items["assumption-2-2"].allowed == odd.names


def test_every_hypothesis_is_used_and_explained():
    used = {name for statement in PAPER.items.values() for name in statement.allowed}
    assert used == set(PAPER.hypotheses)


def test_what_rests_on_the_paper_is_open_only_where_the_paper_leaves_it_open():
    free = {name for name, one in PAPER.items.items() if one.counterexample}
    assert free == {"open-many-clusters", "open-not-clustered"}

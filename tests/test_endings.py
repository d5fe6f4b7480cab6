"""How runs ended: certified, or a reason, and what a card says of those that are left out."""

import json

import nbformat
import pytest
import torch
from nbclient import NotebookClient

import kktnotes as kn
from kktnotes.evidence.measurement import Measurement
from kktnotes.kkt import endings

CLUSTERS = kn.Clusters.orthogonal(2, 40, 0.1)
OUTSIDE = "flow: not separated"


def sample(seed=0):
    return CLUSTERS.sample(8, seed=seed)


def test_a_flow_without_time_is_a_reason_and_no_error():
    one = endings.follow(sample(), width=10, seed=0, max_steps=1)
    assert one.point is None
    assert one.ending == OUTSIDE
    with pytest.raises(ValueError, match="L < 1/n"):
        kn.kkt_point(one.flow)


def test_a_point_beyond_the_tolerance_is_a_reason():
    flow = kn.gradient_flow(sample(), width=10, seed=0)
    assert endings.limit_or_reason(flow, tolerance=1e-300) == (None, endings.NOT_CERTIFIED)
    point, ending = endings.limit_or_reason(flow)
    assert ending == endings.CERTIFIED
    assert point.certificate.within(1e-9)


def test_one_label_only_is_a_reason():
    whole = sample()
    one = endings.follow(whole.subset(whole.y > 0), width=10, seed=0)
    assert one == (None, None, endings.ONE_LABEL)


def budgeted(steps):
    """A flow from each start with its own budget: 1 step is too few."""
    return lambda start: kn.gradient_flow(sample(), width=10, seed=start, max_steps=steps[start])


def test_the_first_certified_start_is_taken_and_those_before_it_are_told():
    tried = endings.first(budgeted([1, 2000, 1]), range(3))
    assert tried.endings == {0: OUTSIDE, 1: endings.CERTIFIED}
    assert str(tried) == f"start 0: {OUTSIDE}\nstart 1: certified"
    assert endings.met_or_reason(tried.flow) == "L < 1/n"
    again = kn.kkt_point(kn.gradient_flow(sample(), width=10, seed=1))
    assert torch.equal(tried.point.network.weights, again.network.weights)


def test_where_no_start_is_certified_each_is_a_row_and_a_notebook_shows_no_traceback():
    with pytest.raises(endings.NoneCertified, match="none of 2 starts") as raised:
        endings.first(budgeted([1, 1]), range(2))
    assert raised.value.endings == {0: OUTSIDE, 1: OUTSIDE}
    with pytest.raises(ValueError, match="starts: got none, allowed is one or more seeds"):
        endings.first(budgeted([]), [])
    cell = "import kktnotes as kn\nraise kn.endings.NoneCertified({7: 'flow: not separated'})"
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell)])
    NotebookClient(notebook, allow_errors=True).execute()
    shown = "\n".join(notebook.cells[0].outputs[0].traceback)
    assert "start 7: flow: not separated" in shown
    assert "Traceback" not in shown


def test_words_count_every_run():
    mixed = [endings.CERTIFIED, OUTSIDE, endings.CERTIFIED, endings.NOT_CERTIFIED, "one sign only"]
    assert endings.table(mixed[:1]) == "1 of 1"
    assert endings.table(mixed[:2]) == f"1 of 2; 1 {OUTSIDE}"
    said = endings.sentence(mixed)
    for part in ("Of 5 runs, 2", "1 did not meet", "1 met it without", "1 ended otherwise"):
        assert part in said
    assert "Each of the 3" in endings.sentence([endings.CERTIFIED] * 3)


def card(ended, values=(0.1,)):
    met = kn.Terms([kn.Term("L < 1/n", -3.0, "<", -2.0)])
    terms = [kn.Term("radius", value, "<=", 1.0) for value in values]
    return kn.record("lemma", "radius", terms, hypotheses=met, ended=ended)


def test_a_card_says_how_many_of_how_many():
    some = card([endings.CERTIFIED, OUTSIDE, endings.NOT_CERTIFIED])
    assert some.verdict.word == "holds"
    assert "1 of 3 runs; of the others 1 did not meet L < 1/n" in repr(some)
    assert "not tested" in repr(some)
    every = card([endings.CERTIFIED] * 3)
    assert "of 3 runs" not in repr(every)
    assert "left_out" not in every.measurement.to_json()


@pytest.mark.parametrize(
    ("ended", "word"),
    [([OUTSIDE] * 2, "outside"), ([OUTSIDE, endings.NOT_CERTIFIED], "not tested")],
)
def test_where_no_run_is_left_the_verdict_says_so(ended, word):
    none = card(ended, ())
    assert none.verdict.word == word
    assert "no run is left" in repr(none)
    again = Measurement.from_json(json.loads(json.dumps(none.measurement.to_json())))
    assert again == none.measurement
    assert (
        kn.evidence.record("lemma", "radius", [], hypotheses=[], ended=ended).verdict.word == word
    )


def test_without_a_word_on_the_runs_nothing_measured_is_refused():
    with pytest.raises(ValueError, match=r"value|bound"):
        card((), ())

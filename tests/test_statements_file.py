"""`statements.toml`, field by field: what is not as it has to be is refused, by name."""

import copy
import shutil

import pytest

from kktnotes.evidence.ledger import Ledger
from kktnotes.evidence.statements import Statements, StatementsError
from tools import chapters

FILE = chapters.ROOT / "book" / "statements.toml"
WHOLE = {
    "hypotheses": {"small": "something is small"},
    "statement": [
        {
            "id": "lemma-2-1",
            "name": "Lemma 2.1",
            "gist": "It is so.",
            "section": "2",
            "hypotheses": ["small"],
            "conclusions": [{"name": "bound", "says": "it is bounded", "kind": "bound"}],
            "chapter": "first",
            "shows_not": "the rest",
        }
    ],
}
GONE = object()
REFUSED = [
    # What came in one field, and what the message says after "lemma-2-1, ".
    ("counterexample", "no", "counterexample: got 'no', allowed is true or false"),
    ("counterexample", "false", "counterexample: got 'false', allowed is true or false"),
    ("counterexample", 0, "counterexample: got 0, allowed is true or false"),
    ("counterexample", [], r"counterexample: got \[\], allowed is true or false"),
    ("name", "", "name: got '', allowed is a text"),
    ("name", "  ", "name: got '  ', allowed is a text"),
    ("name", 2.1, "name: got 2.1, allowed is a text"),
    ("name", ["Lemma"], r"name: got \['Lemma'\], allowed is a text"),
    ("name", "a\x07b", "allowed is a text of one line, without control characters"),
    ("name", "two\nlines", "allowed is a text of one line"),
    ("name", GONE, "name: got nothing, allowed is a value"),
    ("gist", True, "gist: got True, allowed is a text"),
    ("gist", GONE, "gist: got nothing"),
    ("section", 2, "section: got 2, allowed is a text"),
    ("section", "", "section: got ''"),
    ("section", GONE, "section: got nothing"),
    ("chapter", 1, "chapter: got 1, allowed is a notebook's name"),
    ("chapter", "first.ipynb", "chapter: got 'first.ipynb', allowed is a notebook's name"),
    ("chapter", "../first", "chapter: got '../first'"),
    ("chapter", "<b>", "chapter: got '<b>'"),
    ("not_tested", True, "not_tested: got True, allowed is a text"),
    ("shows_not", ["the rest"], "shows_not: got"),
    ("hypotheses", "small", "hypotheses: got 'small', allowed is a list of names"),
    ("hypotheses", [1], r"hypotheses: got \[1\], allowed is a list of names"),
    ("hypotheses", [""], r"hypotheses: got \[''\], allowed is a list of names"),
    ("hypotheses", ["?"], r"hypotheses: got \['\?'\], allowed is a list of names"),
    ("hypotheses", ["small", "small"], "allowed is a list of names .*, none of them twice"),
    ("hypotheses", ["small??"], "no hypothesis is called 'small\\?'"),
    ("hypotheses", {"small": True}, "hypotheses: got {'small': True}, allowed is a list"),
    ("rests_on", "lemma-2-1", "rests_on: got 'lemma-2-1', allowed is a list of ids"),
    ("rests_on", [["lemma-2-1"]], "allowed is a list of ids: small letters"),
    ("rests_on", ["Lemma 2.1"], "allowed is a list of ids: small letters"),
    ("conclusions", "bound", "conclusions: got 'bound', allowed is a list of tables"),
    ("conclusions", {"name": "bound"}, "conclusions: got .*, allowed is a list of tables"),
    ("conclusions", ["bound"], r"conclusions: got \['bound'\], allowed is a list of tables"),
    ("colour", "red", "the field 'colour': got 'red', allowed is a table with the fields id, name"),
    ("hypothesis", ["small"], "the field 'hypothesis': got"),
]
REFUSED_CONCLUSIONS = [
    ("name", "", "conclusion 1, name: got '', allowed is a text"),
    ("name", 1, "conclusion 1, name: got 1"),
    ("name", GONE, "conclusion 1, name: got nothing"),
    ("says", "", "conclusion 'bound', says: got ''"),
    ("says", GONE, "conclusion 'bound', says: got nothing"),
    ("kind", "order of size", "conclusion 'bound', kind: got 'order of size', allowed is one of"),
    ("kind", "hypotheses", "kind: got 'hypotheses', allowed is one of identity, bound"),
    ("kind", ["bound"], r"kind: got \['bound'\], allowed is one of"),
    ("kind", GONE, "conclusion 'bound', kind: got nothing"),
    ("not_tested", False, "conclusion 'bound', not_tested: got False"),
    ("counterexample", True, "conclusion 'bound', the field 'counterexample': got True"),
]
REFUSED_IDS = [
    "", " ", "Lemma-2-1", "lemma 2 1", "lemma-2.1", "lemma--2", "-lemma", "lemma-", "2-1", "λ-2",
    'a"b', "<b>", "a/b", "a#b", "a\nb", "lemma-2-1\n", 21, True, None, ["lemma-2-1"],
]  # fmt: skip


def changed(entry, field, value):
    """Change one field of a table, or take it out."""
    if value is GONE:
        del entry[field]
    else:
        entry[field] = value


@pytest.mark.parametrize(("field", "value", "words"), REFUSED)
def test_a_wrong_field_is_named_with_what_came_and_what_is_allowed(field, value, words):
    values = copy.deepcopy(WHOLE)
    changed(values["statement"][0], field, value)
    with pytest.raises(StatementsError, match=f"^lemma-2-1[,:] .*{words}|^lemma-2-1[,:] {words}"):
        Statements.of(values)


@pytest.mark.parametrize(("field", "value", "words"), REFUSED_CONCLUSIONS)
def test_a_wrong_field_of_a_conclusion_is_named_too(field, value, words):
    values = copy.deepcopy(WHOLE)
    changed(values["statement"][0]["conclusions"][0], field, value)
    with pytest.raises(StatementsError, match=f"^lemma-2-1, .*{words}|^lemma-2-1, {words}"):
        Statements.of(values)


@pytest.mark.parametrize("name", [*REFUSED_IDS, GONE])
def test_an_id_that_can_be_no_label_is_refused(name):
    values = copy.deepcopy(WHOLE)
    changed(values["statement"][0], "id", name)
    with pytest.raises(StatementsError, match=r"^statement 1 of the file, id: got .*, allowed is"):
        Statements.of(values)


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({}, "statement: got None"),
        ({"statement": []}, r"statement: got \[\]"),
        ({"statement": {}}, r"statement: got \{\}"),
        ({"statement": {"id": "lemma-2-1"}}, "statement: got {'id'"),
        ({"statement": ["lemma-2-1"]}, r"statement: got \['lemma-2-1'\]"),
        ({"statements": []}, r"the field 'statements': got \[\], allowed is \[hypotheses\]"),
        ({"hypotheses": "small"}, "hypotheses: got 'small', allowed is a table"),
        ({"hypotheses": {"small": 1}}, "hypotheses, 'small': got 1, allowed is a text"),
        ({"hypotheses": {"small": ""}}, "hypotheses, 'small': got ''"),
        ({"hypotheses": {"": "nothing"}}, "hypotheses: got '', allowed is names"),
        ({"hypotheses": {"small?": "perhaps"}}, "hypotheses: got 'small\\?', allowed is names"),
    ],
)
def test_a_file_of_another_shape_is_refused(values, words):
    if "hypotheses" in values:
        values = {**WHOLE, **values}
    with pytest.raises(StatementsError, match=f"statements.toml, {words}"):
        Statements.of(values)


def test_a_huge_value_is_cut_in_the_message():
    values = copy.deepcopy(WHOLE)
    values["statement"][0]["chapter"] = "<" * 10**6
    with pytest.raises(StatementsError) as refused:
        Statements.of(values)
    assert len(str(refused.value)) < 300


@pytest.mark.parametrize("content", [b"[[statement", b"a = 1\na = 2\n", b"\xff\xfe\0[", b"\0"])
def test_a_file_that_is_no_toml_is_refused_by_name(tmp_path, content):
    path = tmp_path / "statements.toml"
    path.write_bytes(content)
    with pytest.raises(StatementsError, match=r"^statements\.toml: not readable as TOML, "):
        Statements.load(path)


def test_a_byte_order_mark_changes_nothing(tmp_path):
    path = tmp_path / "statements.toml"
    shutil.copyfile(FILE, path)
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())
    assert Statements.load(path) == Statements.load(FILE)


def test_a_word_does_not_silence_a_contradiction(tmp_path):
    """`counterexample = "no"` was taken as true, and the ledger then had no fault."""
    path = tmp_path / "statements.toml"
    text = FILE.read_text("utf-8").replace("counterexample = true", 'counterexample = "no"')
    path.write_text(text, "utf-8")
    with pytest.raises(StatementsError, match="open-many-clusters, counterexample: got 'no'"):
        Ledger.read(path, [])

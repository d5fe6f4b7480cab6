"""`python -m tools.ledger`: what it prints, of which notebooks, and how it ends."""

import json
import shutil

import pytest

from tools import chapters, ledger
from tools.refusal import Refused


@pytest.fixture
def book(tmp_path, monkeypatch):
    """A copy of the statements and the committed notebooks."""
    (tmp_path / "book").mkdir()
    shutil.copy(chapters.ROOT / "_toc.yml", tmp_path)
    shutil.copy(chapters.ROOT / "book" / "statements.toml", tmp_path / "book")
    for path in chapters.chapters():
        shutil.copy(path, tmp_path / "book")
    monkeypatch.setattr(ledger.read, "__defaults__", (tmp_path,))
    return tmp_path


def test_it_prints_every_statement_and_the_verdicts_of_its_conclusions(book, capsys):
    assert ledger.main([]) == 0
    printed = capsys.readouterr().out
    assert "Lemma 2.1: holds, hypotheses met\n  probability: holds; slack 1;" in printed
    assert "(clusters)" in printed
    assert "Definition 4.1: not tested, hypotheses none" in printed


def test_it_reads_what_a_profile_executed(book, capsys):
    with pytest.raises(Refused, match="make book PROFILE=quick"):
        ledger.main(["quick"])
    with pytest.raises(Refused, match=r"PROFILE: got '\.\./quick', allowed is one of full, quick"):
        ledger.main(["../quick"])
    executed = book / "_build" / "quick" / "executed"
    executed.mkdir(parents=True)
    for path in chapters.chapters():
        shutil.copy(path, executed)
    assert ledger.main(["quick"]) == 0


def test_faults_end_it_with_status_1(book, capsys):
    path = book / "book" / "clusters.ipynb"
    content = json.loads(path.read_text("utf-8"))
    for cell in content["cells"]:
        if cell["cell_type"] == "code":
            cell["execution_count"], cell["outputs"] = None, []
    path.write_text(json.dumps(content), "utf-8")
    assert ledger.main([]) == 1
    assert "fault: clusters.ipynb: was not run" in capsys.readouterr().err

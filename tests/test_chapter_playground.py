"""The playground: whatever is set, it answers in words; what it says agrees with the parts."""

import json
import math

import pytest
import torch

import kktnotes as kn
from kktnotes.chapters import playground as play
from kktnotes.chapters.playground.verdicts import NO_VERDICT, fixed_eta, power
from kktnotes.evidence.measurement import MIME
from kktnotes.evidence.verdict import WORDS
from kktnotes.theory import flip_probability, inner_products

SETTINGS = {
    "small": play.Setting(d=1203, k=4, sigma=1203**-0.5, n=60),
    "odd": play.Setting(d=300, k=5, sigma=0.1, n=40),
    "tiny width": play.Setting(d=200, k=4, sigma=0.1, n=30, width=1),
    "loud": play.Setting(d=60, k=2, sigma=6.0, n=30),
    "fewer points than clusters": play.Setting(d=300, k=10, sigma=0.05, n=6),
    "one point": play.Setting(d=100, k=4, sigma=0.1, n=1),
    "two dimensions": play.Setting(d=2, k=2, sigma=0.5, n=20, width=8),
    "unseparated": play.Setting(d=3, k=2, sigma=5.0, n=60, width=2),
    "too many clusters": play.Setting(d=3, k=10, sigma=0.1),
    "impossible correlation": play.Setting(
        d=100, k=10, sigma=0.1, means="equicorrelated", inner_product=-50
    ),
    "sphere": play.Setting(d=200, k=6, sigma=0.1, means="sphere", n=30, loss="logistic"),
    "no noise": play.Setting(d=100, k=4, sigma=0.0, n=4, width=12),
    "too large": play.Setting(d=10**6, k=30, sigma=1.0),
    "another word": play.Setting(d=100, k=4, sigma=0.1, means="cubic"),
    "one dimension": play.Setting(d=1, k=2, sigma=0.1),
}


@pytest.fixture(scope="module")
def outcomes():
    """Return what came of each setting."""
    return {name: play.run(setting) for name, setting in SETTINGS.items()}


@pytest.mark.parametrize("name", SETTINGS)
def test_every_setting_is_answered_and_no_green_without_hypotheses(outcomes, name):
    outcome = outcomes[name]
    terms, rows = play.hypotheses(outcome), play.conclusions(outcome)
    for row in rows:
        assert row.verdict in (*WORDS, NO_VERDICT) and row.verdict != "contradicted"
        if row.verdict in ("holds", "consistent", "identity"):
            assert terms[row.statement].holds
    assert outcome.limit is not None or outcome.remarks
    if outcome.clusters is None:
        assert not terms and not rows
    for value in play.radii(outcome, outcome.network):
        assert 0 <= value < math.inf


def test_reasons_are_named(outcomes):
    said = {name: " ".join(outcome.remarks) for name, outcome in outcomes.items()}
    assert "There is no such distribution" in said["too many clusters"]
    assert "inner_product" in said["impossible correlation"]
    assert "means" in said["another word"]
    assert "have no training point" in said["fewer points than clusters"]
    assert "one class only" in said["one point"]
    assert "more than a minute" in said["too large"]
    for name in ("tiny width", "unseparated"):
        assert "did not meet L < 1/n" in said[name]


def test_a_met_setting_agrees_with_its_parts(outcomes):
    outcome = outcomes["small"]
    flow = kn.gradient_flow(kn.Clusters.orthogonal(4, 1203, 1203**-0.5).sample(60, seed=0))
    point = kn.kkt_point(flow)
    assert math.isclose(float(point.network.norm()), float(outcome.network.norm()), rel_tol=1e-9)
    row = {row.statement: row for row in play.conclusions(outcome)}
    assert row["Lemma 2.1"].verdict == "holds"
    assert row["Theorem 3.1"].verdict == "outside" and "examples" in row["Theorem 3.1"].reason
    values = play.radii(outcome, outcome.network)
    assert all(abs(value - 0.5) < 0.05 for value in values)


def test_flips_are_judged_at_an_eta_fixed_by_the_data_alone(outcomes):
    """At 0.4 eta* this network fails, so that the row can; eta* is written out by hand."""
    outcome = outcomes["small"]
    eta = fixed_eta(outcome)
    fails, *lengths = [r for r in play.conclusions(outcome) if r.statement == "Theorem 4.2"]
    assert [row.verdict for row in lengths] == [NO_VERDICT, NO_VERDICT]
    assert float(lengths[0].value) > float(lengths[1].value)
    u = outcome.sample.clusters.direction
    u = torch.nn.functional.pad(u, (0, outcome.sample.p - len(u)))
    log = flip_probability.log_failure(outcome.network, outcome.sample, eta * u)
    assert fails.value == power(log) and log < math.log(0.01)
    weak = flip_probability.log_failure(outcome.network, outcome.sample, 0.4 * eta * u)
    assert weak > math.log(0.01)
    m = inner_products(outcome.sample)
    reach = (m.b / m.a + m.tau) * m.b / (m.kappa * 2 * (1 - 2 * m.tau))
    assert math.isclose(eta, reach, rel_tol=1e-12)
    for name in ("loud", "one point"):
        if outcomes[name].network is not None:
            rows = play.conclusions(outcomes[name])
            row = next(row for row in rows if row.statement == "Theorem 4.2")
            assert row.value == "no such η" and row.verdict == "outside"


def test_dimensions_change_the_verdict():
    setting = play.Setting(d=10_000, k=5, sigma=0.01)
    along = play.along_dimension(setting, [3, 10, 100, 10_000, 10**6])
    verdicts = {d: holds for d, _, holds in along["Theorem 3.1"]}
    assert verdicts == {10: False, 100: False, 10_000: True, 10**6: True}  # no 5 means in R^3
    expected = kn.Clusters.orthogonal(5, 100, 0.01).assumption()["correlation"].slack
    assert math.isclose(along["Assumption 2.2"][1][1], expected)


def test_nothing_is_recorded(outcomes):
    shown = [repr(row) for row in play.conclusions(outcomes["small"])]
    assert shown and all(MIME not in json.dumps(text) for text in shown)
    assert not hasattr(play.conclusions(outcomes["small"])[0], "_repr_mimebundle_")

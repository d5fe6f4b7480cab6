"""Types, as a user's own mypy sees them: one flow or a list, one certificate or a list."""

import inspect
import re
import subprocess
import sys

import pytest

import kktnotes as kn
from kktnotes.flow.solver import FlowOptions
from tools.chapters import ROOT

BEGIN = """
from typing_extensions import assert_type
import numpy as np
import torch
import kktnotes as kn
train = kn.Clusters.orthogonal(k=4, d=1000, sigma=1.0).sample(n=100, seed=0)
"""


@pytest.fixture(scope="module")
def said(tmp_path_factory):
    """What mypy says of each line of a user's script."""
    right = [
        "assert_type(kn.gradient_flow(train, seed=0), kn.Flow)",
        "assert_type(kn.gradient_flow(train), kn.Flow)",
        "assert_type(kn.gradient_flow(train, seed=[0, 1]), list[kn.Flow])",
        "assert_type(kn.gradient_flow(train, seed=[0], width=4, device='cpu'), list[kn.Flow])",
        "assert_type(kn.kkt_point(kn.gradient_flow(train)), kn.LimitPoint)",
        "network = kn.TwoLayerReLU([[1.0]], np.ones(1), torch.ones(1))",
        "assert_type(network.weights, torch.Tensor)",
        "assert_type(kn.certificate(network, (np.ones((2, 1)), [1, -1])), kn.Certificate)",
        "assert_type(kn.certificates(network, train), list[kn.Certificate])",
        "assert_type(kn.case('a').flow(width=20), kn.Flow)",
    ]
    wrong = [
        "kn.kkt_point(kn.gradient_flow(train, seed=[0, 1]))",
        "kn.gradient_flow(train, width='many')",
        "kn.gradient_flow(train, widht=4)",
        "kn.certificate(network, 3)",
        "kn.Clusters.orthogonal(k=4, d=1000)",
    ]
    readme = re.search(
        r"\n\n(    import kktnotes as kn\n.*?)\n\n\S", (ROOT / "README.md").read_text("utf-8"), re.S
    )
    folder = tmp_path_factory.mktemp("types")
    lines = BEGIN.strip().splitlines() + right + wrong
    (folder / "script.py").write_text("\n".join(lines), "utf-8")
    (folder / "readme.py").write_text(re.sub(r"^    ", "", readme[1], flags=re.M), "utf-8")
    command = [sys.executable, "-m", "mypy", "--config-file", "pyproject.toml", "--no-incremental"]
    names = [str(folder / name) for name in ("script.py", "readme.py")]
    ended = subprocess.run(
        [*command, *names], cwd=ROOT, capture_output=True, text=True, check=False
    )
    faults = {lines[int(n) - 1] for n in re.findall(r"script\.py:(\d+): error", ended.stdout)}
    return right, wrong, faults, ended.stdout + ended.stderr


def test_single_calls_and_batches_are_told_apart(said):
    right, _, faults, text = said
    assert not faults & set(right), text


def test_what_the_package_would_refuse_is_an_error_of_types(said):
    _, wrong, faults, text = said
    assert faults == set(wrong), text


def test_the_flow_takes_the_options_that_its_types_name():
    """`help` and the API page show every option; types of both calls have them from one list."""
    taken = list(inspect.signature(kn.gradient_flow).parameters)
    assert taken[0] == "sample" and taken[4] == "seed"
    assert set(taken) - {"sample", "seed"} == set(FlowOptions.__annotations__)


def test_the_readme_passes(said):
    *_, text = said
    assert "readme.py" not in text
    assert "script.py" in text

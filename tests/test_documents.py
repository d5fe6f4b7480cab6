"""What the documents promise: commands, names and shapes that exist as they are written."""

import re

import numpy as np
import pytest
import torch

import kktnotes as kn
from tools import chapters

README = (chapters.ROOT / "README.md").read_text("utf-8")
MAKEFILE = (chapters.ROOT / "Makefile").read_text("utf-8")
NOTATION = (chapters.ROOT / "book" / "notation.md").read_text("utf-8")

SIZES = {"k": 4, "n": 20, "p": 24, "m": 3, "p + 1": 25, "P": 2}


@pytest.fixture(scope="module")
def named():
    """A distribution, a sample and a network under the names that the notation page uses."""
    clusters = kn.Clusters.orthogonal(k=SIZES["k"], d=100, sigma=0.1)
    sample = clusters.sample(SIZES["n"], seed=0)
    rng = np.random.default_rng(0)
    draws = [rng.standard_normal((3, sample.p)), rng.standard_normal(3), rng.standard_normal(3)]
    network = kn.TwoLayerReLU(*map(torch.from_numpy, draws))
    flow = kn.gradient_flow(sample, width=10, seed=0)
    return {
        "flow": flow,
        "point": kn.kkt_point(flow),
        "clusters": clusters,
        "sample": sample,
        "network": network,
        "x": sample.x,
        "y": sample.y,
    }


def rows():
    """The rows of the notation page's tables that name code with a shape: (code, shape)."""
    for line in NOTATION.splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if line.startswith("|") and len(cells) == 5:
            codes = re.findall(r"`([^`]+)`", cells[2])
            shapes = re.findall(r"\$\(([^)]*)\)\$", cells[3])
            yield from zip(codes, shapes * len(codes) if len(shapes) == 1 else shapes, strict=False)


@pytest.mark.parametrize(("code", "shape"), list(rows()))
def test_the_notation_page_names_what_exists_in_the_shape_it_says(named, code, shape):
    value = eval(code, dict(named))
    assert tuple(value.shape) == tuple(SIZES[size.strip()] for size in shape.split(","))


def test_the_notation_page_names_numbers_that_exist(named):
    for code in re.findall(r"`((?:clusters|sample|network|flow|point)\.\w+)`", NOTATION):
        eval(code, dict(named))


def test_the_readmes_make_commands_exist():
    commands = set(re.findall(r"(?m)(?:^    |`)make (?:[A-Z]+=\S+ )*([a-z]+)", README))
    assert {"book", "test", "html", "notebooks", "help"} <= commands
    assert commands <= set(re.findall(r"(?m)^([a-z]+):", MAKEFILE))


def test_the_readmes_notebooks_and_parameters_exist():
    import papermill

    for name, parameter in re.findall(
        r"papermill book/(\w+)\.ipynb out\.ipynb -p (\w+) \d+", README
    ):
        assert parameter in papermill.inspect_notebook(
            str(chapters.ROOT / "book" / f"{name}.ipynb")
        )


def test_the_readmes_example_runs(capsys, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    code = re.search(r"(?m)^    import kktnotes as kn\n(?:(?:    .*)?\n)+", README)[0]
    exec(re.sub("(?m)^    ", "", code), {})
    assert "every term holds" in capsys.readouterr().out
    assert kn.KKTPoint.load("point.npz").certificate.within(1e-12)
    assert kn.Clusters.orthogonal(k=4, d=10**7, sigma=1.0).sample(1040, seed=0).p == 1044


def test_the_readmes_picture_is_that_of_the_committed_notebook():
    from tools import picture

    fresh = picture.drawing(chapters.ROOT / "book" / f"{picture.CHAPTER}.ipynb", picture.NAME)
    assert picture.PICTURE.read_text("utf-8") == fresh, "python -m tools.picture"
    assert f"]({picture.PICTURE.relative_to(chapters.ROOT).as_posix()})" in README
    with pytest.raises(ValueError, match="no such figure"):
        picture.drawing(chapters.ROOT / "book" / f"{picture.CHAPTER}.ipynb", "figure-none")


def test_the_workflow_runs_the_readmes_two_commands_on_every_python():
    import yaml

    path = chapters.ROOT / ".github" / "workflows" / "book.yml"
    job = yaml.safe_load(path.read_text("utf-8"))["jobs"]["book"]
    assert job["strategy"]["matrix"]["python"] == ["3.10", "3.11", "3.12", "3.13"]
    commands = [step.get("run", "") for step in job["steps"]]
    assert [c for c in commands if re.match(r"make (test|book)\b", c)] == [
        "make test PYTHON=python",
        "make book PYTHON=python",
    ]

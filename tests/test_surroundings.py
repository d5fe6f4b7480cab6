"""Kernels find nothing of the user's around them: each thing that could change an output is tried.

Every case is seen to do harm first: without `adopt` the same cell gives something else.
"""

import json
import os
import subprocess
import sys

import nbformat
import pytest

from tools import kernel, surroundings

PICTURE = "import matplotlib.pyplot as plt\nfigure = plt.figure(figsize=(1, 1))"
WIDE = "import pandas as pd\npd.DataFrame([[10**9] * 12])"


def settings(folder):
    """A matplotlib configuration that draws everything otherwise."""
    (folder / "matplotlibrc").write_text("figure.figsize: 9, 9\n", "utf-8")
    return {"MATPLOTLIBRC": str(folder / "matplotlibrc")}


def configuration_folder(folder):
    """The same in the folder that matplotlib looks into."""
    settings(folder)
    return {"MPLCONFIGDIR": str(folder)}


def profile(folder, config="", startup=""):
    """An IPython profile with a configuration and a startup file."""
    (folder / "profile_default" / "startup").mkdir(parents=True)
    (folder / "profile_default" / "ipython_kernel_config.py").write_text(config, "utf-8")
    (folder / "profile_default" / "startup" / "00.py").write_text(startup, "utf-8")
    return {"IPYTHONDIR": str(folder)}


def interactivity(folder):
    """A profile that shows every expression."""
    return profile(folder, "c = get_config()\nc.InteractiveShell.ast_node_interactivity = 'all'\n")


def startup(folder):
    """A profile whose startup file changes how numbers are printed."""
    return profile(folder, startup="import builtins\nbuiltins.round = lambda x, n: 'rounded'\n")


def kernelspec(folder):
    """A kernel python3 of another environment, found first on JUPYTER_PATH."""
    (folder / "kernels" / "python3").mkdir(parents=True)
    program = "import os, runpy; os.environ['OTHER'] = '1'; "
    program += "runpy.run_module('ipykernel_launcher', run_name='__main__')"
    spec = {
        "argv": [sys.executable, "-c", program, "-f", "{connection_file}"],
        "display_name": "another",
        "language": "python",
    }
    (folder / "kernels" / "python3" / "kernel.json").write_text(json.dumps(spec), "utf-8")
    return {"JUPYTER_PATH": str(folder)}


def module_path(folder):
    """A PYTHONPATH with a module of a name that a notebook imports."""
    (folder / "fractions.py").write_text("Fraction = 'shadowed'\n", "utf-8")
    return {"PYTHONPATH": str(folder)}


CASES = {
    "MPLBACKEND": (lambda folder: {"MPLBACKEND": "Agg"}, PICTURE),
    "matplotlibrc": (settings, "import matplotlib\nmatplotlib.rcParams['figure.figsize']"),
    "MPLCONFIGDIR": (
        configuration_folder,
        "import matplotlib\nmatplotlib.rcParams['figure.figsize']",
    ),
    "ast_node_interactivity": (interactivity, "1\n2"),
    "startup file": (startup, "round(1.25, 1)"),
    "another kernel": (kernelspec, "import os\nos.environ.get('OTHER')\n'OTHER' in os.environ"),
    "PYTHONPATH": (module_path, "from fractions import Fraction\nFraction(1, 2)"),
    "PYTHONOPTIMIZE": (lambda folder: {"PYTHONOPTIMIZE": "1"}, "__debug__"),
    "COLUMNS": (
        lambda folder: {"COLUMNS": "40"},
        "import shutil\nshutil.get_terminal_size().columns",
    ),
}


@pytest.fixture
def environment():
    """Put os.environ back as it was."""
    before = dict(os.environ)
    yield
    os.environ.clear()
    os.environ.update(before)


def outputs(source, folder):
    """Run one cell in a kernel started from this process; return its outputs without numbers."""
    cell = nbformat.v4.new_code_cell(source)
    notebook = nbformat.v4.new_notebook(cells=[cell])
    notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "", "language": "python"}
    try:
        ran = kernel.run(notebook, folder)
    except kernel.Failure as failure:
        return str(failure)
    return [(one.output_type, one.get("data"), one.get("text")) for one in ran.cells[0].outputs]


@pytest.mark.parametrize("name", CASES)
def test_what_surrounds_the_user_changes_no_output(name, tmp_path, environment):
    harm, source = CASES[name]
    ours, theirs, work = (tmp_path / part for part in ("ours", "theirs", "work"))
    for folder in (theirs, work):
        folder.mkdir()
    surroundings.adopt(ours)
    plain = outputs(source, work)
    clean = dict(os.environ)
    for variable in surroundings.prepare(ours / "_build" / "surroundings"):
        os.environ.pop(variable)
    os.environ.update(harm(theirs))
    assert outputs(source, work) != plain, "the case is harmless"
    surroundings.adopt(ours)
    assert outputs(source, work) == plain
    assert set(clean) - set(os.environ) == set()


def test_a_kernel_started_by_others_finds_no_python_variables_either(tmp_path, environment):
    os.environ.update(module_path(tmp_path) | {"PYTHONOPTIMIZE": "1"})
    asked = [sys.executable, "-c", "import fractions; print(fractions.Fraction, __debug__)"]
    assert subprocess.check_output(asked, text=True) == "shadowed False\n"
    surroundings.adopt(tmp_path)
    found = subprocess.check_output(asked, text=True)
    assert found == "<class 'fractions.Fraction'> True\n"


def test_a_folder_that_cannot_be_written_is_replaced(tmp_path, environment):
    (tmp_path / "_build").write_text("a file", "utf-8")
    surroundings.adopt(tmp_path)
    assert os.path.isdir(os.environ["IPYTHONDIR"])
    assert outputs("1 + 1", tmp_path)[0][1] == {"text/plain": "2"}


def test_threads_that_were_chosen_stay_and_others_are_one(tmp_path, environment):
    os.environ.pop("OMP_NUM_THREADS")
    os.environ["MKL_NUM_THREADS"] = "2"
    surroundings.adopt(tmp_path)
    assert os.environ["OMP_NUM_THREADS"] == "1"
    assert surroundings.arithmetic()["MKL_NUM_THREADS"] == "2"

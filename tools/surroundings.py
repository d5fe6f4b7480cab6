"""What a kernel of this book finds around it: nothing of the user's that could change an output.

`adopt` sets the variables that decide it, for this process and all kernels it starts: a kernelspec
that starts this very interpreter (without PYTHON* variables and user site packages), an empty
IPython folder, a matplotlib configuration without settings, and the inline backend. So a
`python3` kernel of another environment, startup files, `ast_node_interactivity`, a matplotlibrc or
`MPLBACKEND=Agg` change nothing. What chooses the kernels of linear algebra is left alone: results
must be the same under all of them (`python -m tools.matrix`).
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
from pathlib import Path

from tools import files
from tools.chapters import ROOT

THREADS = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMEXPR_NUM_THREADS")
ARITHMETIC = ("ATEN_CPU_CAPABILITY", "MKL_CBWR", "OPENBLAS_CORETYPE", *THREADS)
"""The variables that may change the last bits of a result, and with them an output."""
BACKEND = "module://matplotlib_inline.backend_inline"
SCREEN = ("COLUMNS", "LINES", "FORCE_COLOR", "NO_COLOR", "PY_COLORS", "CLICOLOR", "CLICOLOR_FORCE")
"""A terminal's size and colors, which some libraries ask for even where there is no terminal."""
KERNEL = (sys.executable, "-E", "-s", "-X", "utf8", "-m", "ipykernel_launcher")


def kernelspec() -> dict[str, object]:
    """Return the kernelspec `python3` that starts this interpreter."""
    return {
        "argv": [*KERNEL, "-f", "{connection_file}"],
        "display_name": "Python 3",
        "language": "python",
    }


def prepare(folder: Path) -> dict[str, str]:
    """Lay out the folders of our own in `folder`; return the variables that name them."""
    spec = folder / "jupyter" / "kernels" / "python3" / "kernel.json"
    settings = folder / "matplotlib" / "matplotlibrc"
    for path, text in ((spec, json.dumps(kernelspec(), indent=1)), (settings, "")):
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.exists() or path.read_text("utf-8") != text:
            files.replace(path, text)
    for name in ("ipython", "config", "runtime"):
        (folder / name).mkdir(exist_ok=True)
    return {
        "JUPYTER_PATH": str(folder / "jupyter"),
        "JUPYTER_DATA_DIR": str(folder / "jupyter"),
        "JUPYTER_CONFIG_DIR": str(folder / "config"),
        "JUPYTER_RUNTIME_DIR": str(folder / "runtime"),
        "IPYTHONDIR": str(folder / "ipython"),
        "MPLBACKEND": BACKEND,
        "MPLCONFIGDIR": str(settings.parent),
        "MATPLOTLIBRC": str(settings),
    }


def adopt(root: Path = ROOT) -> None:
    """Set this process's environment, and so that of every kernel it starts.

    The folders are `_build/surroundings`, where they are kept for the next time (matplotlib's
    list of fonts takes seconds to make), or temporary ones where that cannot be written.
    """
    for name in (*SCREEN, *(name for name in os.environ if name.startswith("PYTHON"))):
        os.environ.pop(name, None)  # nbval starts its kernels without our kernelspec's -E
    for name in THREADS:  # notebooks run side by side, on one thread each unless told otherwise
        os.environ.setdefault(name, "1")
    try:
        found = prepare(root / "_build" / "surroundings")
    except OSError:
        found = prepare(Path(tempfile.mkdtemp(prefix="kktnotes-")))
    os.environ.update(found)


def arithmetic() -> dict[str, str]:
    """Return the set ones of the variables that may change the last bits of a result."""
    return {name: os.environ[name] for name in ARITHMETIC if name in os.environ}

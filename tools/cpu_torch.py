"""Bring torch's CPU build where it can be had: `.venv/bin/python -I tools/cpu_torch.py`.

On Linux the torch of PyPI brings several GB of CUDA libraries, which nothing here needs. PyTorch's
own index of CPU builds is asked for torch alone, so that nothing else comes from there. Where that
index cannot be reached, or the user's pip is told where to look, nothing is done; one line says
which. Standard library only: this runs before anything is installed.
"""

from __future__ import annotations

import argparse
import re
import ssl
import subprocess
import sys
import threading
import urllib.error
import urllib.request
from collections.abc import Mapping
from http.client import HTTPException
from importlib import metadata
from os import environ
from pathlib import Path

INDEX = "https://download.pytorch.org/whl/cpu"
CONSTRAINTS = Path(__file__).resolve().parent.parent / "constraints.txt"
VARIABLES = ("PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL", "PIP_NO_INDEX")
"""By any of these the user says where packages come from; so does index-url in pip's own files."""
SETTING = re.compile(r"(?m)^(\w+)\.(index-url|no-index)=")
PIP = (sys.executable, "-I", "-m", "pip", "--disable-pip-version-check")
PATIENCE = 4.0
"""How long, in seconds, the index has for its first answer."""


def installed() -> str:
    """Return the version of the torch that is there; empty where there is none."""
    try:
        return metadata.version("torch")
    except metadata.PackageNotFoundError:
        return ""


def configured(variables: Mapping[str, str] = environ) -> str:
    """Return by what the user has told pip where to look; empty where nothing does."""
    for name in VARIABLES:
        if variables.get(name):
            return name
    listed = subprocess.run([*PIP, "config", "list"], capture_output=True, text=True, check=False)
    found = SETTING.search(listed.stdout)
    return f"{found[1]}.{found[2]} of pip's configuration" if found else ""


def unreachable(index: str, patience: float = PATIENCE) -> str:
    """Return why `index` does not answer within `patience` seconds; empty where it does.

    The question is asked in a thread of its own: looking up a name knows no time limit.
    """
    said = [f"no answer within {patience:g} s"]

    def ask() -> None:
        try:
            with urllib.request.urlopen(f"{index}/torch/", timeout=patience) as answer:
                answer.read(1)
            said[0] = ""
        except urllib.error.HTTPError as error:
            said[0] = str(error)
        except urllib.error.URLError as error:
            # It answers; whether its certificate will do is for pip, which has its own store.
            said[0] = "" if isinstance(error.reason, ssl.SSLError) else str(error.reason)
        except (OSError, ValueError, HTTPException) as error:
            said[0] = str(error) or type(error).__name__

    asking = threading.Thread(target=ask, daemon=True)
    asking.start()
    asking.join(patience)
    return said[0]


def pinned(constraints: Path = CONSTRAINTS) -> str:
    """Return the requirement of torch that everyone has: "torch==2.13.0"."""
    found = re.search(r"(?m)^torch==[\w.]+", constraints.read_text("utf-8"))
    if found is None:
        raise ValueError(f"{constraints}: no line torch==...")
    return found[0]


def bring(index: str, patience: float) -> str:
    """Install the CPU build where that can be done; return what was done, in a line."""
    if not sys.platform.startswith("linux"):
        return "PyPI's build, which brings no CUDA libraries on this system"
    version = installed()
    if version:
        return f"{version} is there already"
    by = configured()
    if by:
        return f"from where {by} says; {INDEX} has the CPU build"
    gigabytes = "the build that pip finds, on PyPI the one with several GB of CUDA libraries"
    reason = unreachable(index, patience)
    if reason:
        return f"{index} cannot be reached ({reason}), so it is {gigabytes}"
    print(f"torch: the CPU build, from {index}", flush=True)
    command = [*PIP, "install", "--quiet", "--no-deps", "--index-url", index, pinned()]
    if sys.prefix != sys.base_prefix:  # in an environment, whatever pip's configuration says
        command.append("--no-user")
    if subprocess.run(command, check=False).returncode:
        return f"{index} has no {pinned()} for this machine, so it is {gigabytes}"
    version = subprocess.run(
        [sys.executable, "-I", __file__, "--version"], capture_output=True, text=True, check=True
    )
    return f"{version.stdout.strip()}, no CUDA libraries"


def main(arguments: list[str] | None = None) -> int:
    """Bring the CPU build and say what was done; never a failure, for pip goes on without it."""
    parser = argparse.ArgumentParser(prog="python tools/cpu_torch.py", description=__doc__)
    parser.add_argument("--index", default=INDEX, help="the index of CPU builds (%(default)s)")
    parser.add_argument("--patience", type=float, default=PATIENCE, help="seconds to wait for it")
    parser.add_argument("--version", action="store_true", help="only print the version installed")
    options = parser.parse_args(arguments)
    if options.version:
        print(installed())
    else:
        print(f"torch: {bring(options.index, options.patience)}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())

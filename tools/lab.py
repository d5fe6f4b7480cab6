"""Open the book in JupyterLab: `make lab`.

Each notebook of `book/` and its text twin are one: what is saved is written to both (jupytext), and
the twin opens as a notebook too. Where they differ the text counts, as everywhere in this project.
Who only opens a notebook, or saves it as it was, changes no file: see `plain`.
Kernels and settings are the project's own (`tools/surroundings.py`); only this machine can reach
the server, which asks for the token in the address that it prints.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path
from typing import Any

from kktnotes.progress import MARK, VARIABLE
from tools import chapters, files, surroundings
from tools.start import started

CONFIG = {
    "ServerApp": {
        "ip": "127.0.0.1",
        "allow_root": True,  # as in a container; nobody else reaches it
        "contents_manager_class": "jupytext.TextFileContentsManager",
        "jpserver_extensions": {"jupyterlab": True},
    },
    "ContentsManager": {"pre_save_hook": "tools.lab.plain"},
    "LabApp": {"check_for_updates_class": "jupyterlab.NeverCheckForUpdate", "news_url": None},
}
SETTINGS = {
    # Pages without code are read; chapters are opened as notebooks.
    "docmanager-extension/plugin": {"defaultViewers": {"markdown": "Markdown Preview"}},
    # All cells stand in the page, so that links and the browser's search find them.
    "notebook-extension/tracker": {"windowingMode": "defer"},
    "apputils-extension/notification": {"fetchNews": "false", "checkForUpdates": False},
}
"""JupyterLab's settings at the first start; what the reader changes later stays."""


def plain(model: dict[str, Any], **_: object) -> None:
    """Take what JupyterLab adds, and a run of ours does not write, out of a notebook to save.

    Bars that a long cell showed go too.
    """
    notebook = model.get("content") if model.get("type") == "notebook" else None
    if notebook:
        notebook["metadata"].pop("language_info", None)
        for cell in notebook["cells"]:
            cell["metadata"] = chapters.ours(cell["metadata"])
            if "outputs" in cell:
                cell["outputs"] = [one for one in cell["outputs"] if one.get("metadata") != MARK]


def prepare(folder: Path) -> list[str]:
    """Lay out configuration and settings in a folder; return what JupyterLab is started with."""
    settings = folder / "settings"
    for name, values in SETTINGS.items():
        path = settings / "@jupyterlab" / f"{name}.jupyterlab-settings"
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            files.replace(path, json.dumps(values, indent=2))
    config = folder / "jupyter_server_config.json"
    files.replace(config, json.dumps(CONFIG, indent=2))
    return [
        *(sys.executable, "-m", "jupyterlab"),
        f"--config={config}",
        f"--LabApp.user_settings_dir={settings}",
        f"--LabApp.workspaces_dir={folder / 'workspaces'}",
    ]


def main(arguments: list[str] | None = None) -> int:
    """Become JupyterLab, opened on the book or on one chapter."""
    parser = argparse.ArgumentParser(prog="python -m tools.lab", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("chapter", nargs="?", help="the chapter to open, such as clusters")
    parser.add_argument("--no-browser", action="store_true", help="print the address alone")
    options = parser.parse_args(arguments)
    [path, *_] = chapters.named([options.chapter] if options.chapter else [])
    surroundings.adopt()
    os.chdir(chapters.ROOT)
    os.environ[VARIABLE] = "1"
    command = prepare(chapters.ROOT / "_build" / "surroundings" / "lab")
    command += [f"--ServerApp.root_dir={chapters.ROOT}"]
    command += [f"--LabApp.default_url=/lab/tree/book/{path.name}"]
    command += ["--no-browser"] if options.no_browser else []
    sys.stdout.flush()
    os.execv(command[0], command)


if __name__ == "__main__":
    sys.exit(started(main))

"""torch's CPU build: taken where its index answers, done without where not, said in one line."""

import http.server
import os
import shutil
import socket
import subprocess
import sys
import threading
import time
import zipfile
from functools import partial

import pytest

from tools import chapters, cpu_torch

TOOL = chapters.ROOT / "tools" / "cpu_torch.py"
linux = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="CUDA comes on Linux only")


class Quiet(http.server.SimpleHTTPRequestHandler):
    """Files of a folder, without a word on stderr."""

    def log_message(self, *arguments):
        pass


@pytest.fixture
def index(tmp_path):
    """An index of CPU builds on this machine, which has one wheel of torch; and what is asked."""
    version = cpu_torch.pinned().removeprefix("torch==")
    folder = tmp_path / "index" / "torch"
    folder.mkdir(parents=True)
    name, info = f"torch-{version}+cpu-py3-none-any.whl", f"torch-{version}+cpu.dist-info"
    with zipfile.ZipFile(folder / name, "w") as wheel:
        wheel.writestr("torch/__init__.py", f"__version__ = '{version}+cpu'\n")
        metadata = f"Metadata-Version: 2.1\nName: torch\nVersion: {version}+cpu\n"
        wheel.writestr(f"{info}/METADATA", metadata + "Requires-Dist: not-there\n")
        wheel.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nTag: py3-none-any\n")
        wheel.writestr(f"{info}/RECORD", "")
    page = f'<!DOCTYPE html><a href="{name.replace("+", "%2B")}">{name}</a>'
    (folder / "index.html").write_text(page, "utf-8")
    handler = partial(Quiet, directory=tmp_path / "index")
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.fixture(scope="module")
def venv(tmp_path_factory):
    """An environment with pip and nothing else."""
    folder = tmp_path_factory.mktemp("environment") / "venv"
    subprocess.run([sys.executable, "-I", "-m", "venv", folder], check=True)
    return folder


@pytest.fixture
def bring(venv, tmp_path):
    """Call the tool as make does, in an environment without torch; return its lines."""
    free = {k: v for k, v in os.environ.items() if not k.upper().startswith(("PIP_", "HTTP"))}
    free |= {"PIP_CONFIG_FILE": os.devnull, "PIP_DISABLE_PIP_VERSION_CHECK": "1"}

    def call(*arguments, **variables):
        ended = subprocess.run(
            [venv / "bin" / "python", "-I", TOOL, *arguments],
            env=free | variables,
            capture_output=True,
            encoding="utf-8",
            check=True,
            cwd=tmp_path,
        )
        return ended.stdout.splitlines()

    yield call
    for left in venv.glob("lib/python*/site-packages/torch*"):
        shutil.rmtree(left)


@linux
def test_the_cpu_build_is_taken_alone_and_once(bring, index):
    version = cpu_torch.pinned().removeprefix("torch==") + "+cpu"
    first, second = bring("--index", index)
    assert first == f"torch: the CPU build, from {index}"
    assert second == f"torch: {version}, no CUDA libraries"
    assert bring("--index", index) == [f"torch: {version} is there already"]


@linux
def test_an_environment_stays_one_where_pip_puts_everything_into_the_users_folder(bring, index):
    assert "no CUDA libraries" in bring("--index", index, PIP_USER="1")[-1]


@linux
@pytest.mark.parametrize("variable", cpu_torch.VARIABLES)
def test_who_told_pip_where_to_look_is_left_alone(bring, index, variable):
    (said,) = bring("--index", index, **{variable: "1"})
    assert f"from where {variable} says" in said
    assert bring("--version") == [""]


@linux
def test_an_index_of_ones_own_in_pips_configuration_is_left_alone(bring, index, tmp_path):
    settings = tmp_path / "pip.conf"
    settings.write_text("[global]\nindex-url = http://127.0.0.1:1/mirror\n", "utf-8")
    (said,) = bring("--index", index, PIP_CONFIG_FILE=str(settings))
    assert "from where global.index-url of pip's configuration says" in said
    assert bring("--version") == [""]


@linux
def test_where_the_index_has_no_such_build_it_goes_on(bring, index, tmp_path):
    for wheel in (tmp_path / "index" / "torch").glob("*.whl"):
        wheel.unlink()
    (tmp_path / "index" / "torch" / "index.html").write_text("<!DOCTYPE html>", "utf-8")
    assert f"{index} has no torch==" in bring("--index", index)[-1]


@linux
def test_where_the_index_cannot_be_reached_it_goes_on(bring):
    with socket.socket() as closed:  # bound and not listening: every connection is refused
        closed.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{closed.getsockname()[1]}"
        (said,) = bring("--index", address)
    assert said.startswith(f"torch: {address} cannot be reached (")
    assert "several GB of CUDA libraries" in said
    assert bring("--version") == [""]


def test_an_index_that_keeps_silent_is_not_waited_for():
    with socket.create_server(("127.0.0.1", 0)) as silent:
        start = time.monotonic()
        said = cpu_torch.unreachable(f"http://127.0.0.1:{silent.getsockname()[1]}", patience=0.5)
        assert said
        assert time.monotonic() - start < 5


def test_a_name_that_takes_for_ever_is_not_waited_for(monkeypatch):
    enough = threading.Event()

    def wait(*_, **__):
        enough.wait(60)
        raise OSError("too late")

    monkeypatch.setattr(cpu_torch.urllib.request, "urlopen", wait)
    assert cpu_torch.unreachable("http://slow.invalid", patience=0.2) == "no answer within 0.2 s"
    enough.set()


def test_a_certificate_that_python_does_not_know_is_left_to_pip(monkeypatch):
    def refuse(*_, **__):
        raise cpu_torch.urllib.error.URLError(cpu_torch.ssl.SSLError("self-signed"))

    monkeypatch.setattr(cpu_torch.urllib.request, "urlopen", refuse)
    assert cpu_torch.unreachable("https://one.invalid") == ""


def test_other_systems_have_no_cuda_to_leave_out(monkeypatch):
    monkeypatch.setattr(cpu_torch.sys, "platform", "darwin")
    assert "no CUDA libraries on this system" in cpu_torch.bring("http://one.invalid", 0.1)

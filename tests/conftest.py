"""What the tests share: one thread for every process, the book's pages, one browser."""

import os

import browser
import pytest

# Before numpy and torch are loaded, and for the kernels that nbval starts.
for variable in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ.setdefault(variable, "1")


@pytest.fixture(scope="session")
def chromium(tmp_path_factory):
    """A browser; the one thing of this project that a reader's machine may lack."""
    path = browser.executable()
    if path is None:
        if os.environ.get("CI"):
            pytest.fail("no Chromium here, and CI must look at the pages: .ci/run installs it")
        pytest.skip("no Chromium on the PATH: the pages were built but not looked at")
    with browser.Browser(path, tmp_path_factory.mktemp("chromium")) as running:
        yield running

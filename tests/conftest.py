"""What the tests share: the surroundings of every kernel, one browser, a clean pyplot."""

import os

import browser
import pytest

from tools import origin, surroundings

# Before numpy and torch are loaded, and for the kernels that nbval starts.
surroundings.adopt()
origin.require_own_package()


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


@pytest.fixture
def clean_pyplot():
    """No figure stays open, no setting of matplotlib changes."""
    import matplotlib.pyplot as plt  # here: most tests draw nothing

    before = dict(plt.rcParams)
    yield
    assert plt.get_fignums() == []
    assert dict(plt.rcParams) == before

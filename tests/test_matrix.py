"""The matrix of kernels: which tests it runs, and how many at a time."""

import subprocess

import pytest

from tools import matrix
from tools.chapters import ROOT


@pytest.mark.parametrize("begin", matrix.NUMERICAL)
def test_every_name_of_numerical_tests_still_begins_one(begin):
    assert any(name.startswith(f"tests/test_{begin}") for name in matrix.numerical())
    assert all((ROOT / name).is_file() for name in matrix.numerical())


@pytest.mark.parametrize(("cores", "threads"), [(2, 1), (2, 2), (8, 2), (1, 2)])
def test_every_core_has_a_worker_and_threads_that_wait_sleep(cores, threads, monkeypatch):
    asked = []

    def ended(command, **how):
        assert how["env"]["OMP_WAIT_POLICY"] == "PASSIVE"
        asked.append((command, how["env"]["OMP_NUM_THREADS"]))
        return subprocess.CompletedProcess(command, 0, "3 passed in 1s", "")

    monkeypatch.setattr(matrix.os, "cpu_count", lambda: cores)
    monkeypatch.setattr(matrix.subprocess, "run", ended)
    row = matrix.run("AVX2", threads, False, "tests", [])
    ((command, given),) = asked
    assert command[command.index("-n") + 1] == str(cores) and given == str(threads)
    assert (row.passed, row.status) == (3, 0)

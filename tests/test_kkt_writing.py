"""Saving a point is whole or not at all: two writers at once, killed writers, full disks."""

import os
import random
import signal
import subprocess
import sys
import textwrap
import threading
import time

import numpy as np
import pytest

import kktnotes as kn
from kktnotes.kkt import writing

SERVER = """\
    import os, sys, warnings
    warnings.simplefilter("ignore")
    import kktnotes as kn
    path, small, large = sys.argv[1], kn.averaged_point(4, 10), kn.averaged_point(60, 10**4)
    small.save(path)
    print("ready", flush=True)
    while sys.stdin.readline():
        child = os.fork()
        if not child:
            while True:
                large.save(path)
                small.save(path)
        print(child, flush=True)
        os.waitpid(child, 0)
    """


@pytest.mark.parametrize("nameless", [True, False])
def test_two_threads_that_save_to_one_path_do_not_mix(tmp_path, monkeypatch, nameless):
    if not nameless:
        monkeypatch.setattr(writing, "nameless", lambda folder: None)
    path, points = tmp_path / "point.npz", [kn.averaged_point(k, 100) for k in (4, 40)]
    start, wrong = threading.Barrier(2), []

    def save(point):
        try:
            start.wait()
            for _ in range(50):
                point.save(path)
                assert len(kn.KKTPoint.load(path).x) in (4, 40)
        except BaseException as error:
            wrong.append(error)

    threads = [threading.Thread(target=save, args=[point]) for point in points]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong, wrong
    assert [file.name for file in tmp_path.iterdir()] == ["point.npz"]


def test_a_writer_killed_at_any_moment_leaves_a_whole_file(tmp_path):
    path, moments, seen = tmp_path / "point.npz", random.Random(0), set()
    server = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(SERVER), str(path)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        assert server.stdout.readline() == "ready\n"
        for _ in range(50):
            server.stdin.write("go\n")
            server.stdin.flush()
            child = int(server.stdout.readline())
            time.sleep(moments.uniform(0, 0.05))
            os.kill(child, signal.SIGKILL)
            seen.add(len(kn.KKTPoint.load(path).x))
    finally:
        server.communicate(timeout=60)
    assert seen <= {4, 60}
    others = [file for file in tmp_path.iterdir() if file != path]
    # Between getting its name and taking its place a file can be left, whole, by its random name.
    descriptor = writing.nameless(tmp_path)
    if descriptor is not None:
        os.close(descriptor)
        assert len(others) <= 5, others


def test_the_bytes_are_on_the_disk_before_the_file_takes_its_place(tmp_path, monkeypatch):
    done = []
    for name in ("fsync", "replace"):
        call = getattr(os, name)

        def noted(*given, name=name, call=call):
            done.append(name)
            return call(*given)

        monkeypatch.setattr(writing.os, name, noted)
    kn.averaged_point(4, 10).save(tmp_path / "point.npz")
    assert done == ["fsync", "replace", "fsync"]


def test_nothing_is_left_where_writing_fails(tmp_path, monkeypatch):
    path = tmp_path / "kept"
    path.write_bytes(b"old")

    def full(file):
        file.write(b"half")
        raise OSError("no space left")

    for nameless in (writing.nameless, lambda folder: None):
        monkeypatch.setattr(writing, "nameless", nameless)
        with pytest.raises(OSError, match="no space left"):
            writing.write(path, full)
        assert [(file.name, file.read_bytes()) for file in tmp_path.iterdir()] == [("kept", b"old")]
    with pytest.raises(FileNotFoundError):
        writing.write(tmp_path / "no folder" / "point.npz", full)


def test_a_folder_in_the_place_of_the_file_stays(tmp_path):
    (tmp_path / "point.npz").mkdir()
    with pytest.raises(OSError):
        kn.averaged_point(4, 10).save(tmp_path / "point.npz")
    assert [file.name for file in tmp_path.iterdir()] == ["point.npz"]


def test_a_file_is_readable_by_whom_the_system_says_and_a_long_name_is_kept(tmp_path):
    path = tmp_path / ("n" * 251 + ".npz")
    assert kn.averaged_point(4, 10).save(path) == path
    (tmp_path / "plain").write_bytes(b"")
    assert path.stat().st_mode == (tmp_path / "plain").stat().st_mode


@pytest.fixture(scope="module")
def limit():
    """The point that a short flow tends to."""
    train = kn.Clusters.orthogonal(k=2, d=1000, sigma=0.1).sample(n=8, seed=0)
    return kn.kkt_point(kn.gradient_flow(train, width=8, loss="exponential", seed=0))


def test_the_limit_of_a_flow_keeps_its_path(limit, tmp_path):
    path = limit.save(tmp_path / "limit.npz")
    again = kn.LimitPoint.load(path)
    for name in ("log_times", "angles", "neurons"):
        assert np.array_equal(getattr(again, name), getattr(limit, name)), name
    assert again.neurons.dtype == np.int64 and len(again.angles) > 1
    assert type(kn.KKTPoint.load(path)) is kn.KKTPoint
    plain = kn.KKTPoint.load(path).save(tmp_path / "plain.npz")
    with pytest.raises(ValueError, match=r"plain\.npz, a point without the path of a flow"):
        kn.LimitPoint.load(plain)


def test_a_limit_is_measured_with_or_without_its_path(limit):
    arrays = limit.network, limit.x, limit.y, limit.multipliers, limit.subgradients
    assert len(kn.LimitPoint.measured(*arrays).angles) == 0
    with pytest.raises(ValueError, match=r"angles: got shape \(1,\), allowed is \(0,\)"):
        kn.LimitPoint.measured(*arrays, angles=[0.1])
    with pytest.raises(ValueError, match="neurons: got numbers from 0 to 99"):
        kn.LimitPoint.measured(*arrays, neurons=[0, 99])
    with pytest.raises(ValueError, match="angles: got 1 entries that are NaN"):
        kn.LimitPoint.measured(*arrays, log_times=[1.0], angles=[np.nan])

"""The memory that a call may take: a container's limit counts where it is below the machine's."""

import math
import subprocess
import sys
from pathlib import Path

import pytest
import torch

import kktnotes as kn
from kktnotes import checks, machine
from kktnotes.geometry import Span
from kktnotes.radius import branch_and_bound

GB = 10**9
NO_LIMIT = 9223372036854771712
"""What version 1 writes where there is none."""


def tree(root, files):
    """Lay out files by their paths."""
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"{text}\n")
    return root


V1 = "sys/fs/cgroup/memory/"
V2 = "sys/fs/cgroup/"


@pytest.mark.parametrize(
    ("group", "limits", "expected"),
    [
        ("0::/", {V2 + "memory.max": 4 * GB}, 4 * GB),
        ("0::/", {V2 + "memory.max": "max"}, math.inf),
        ("0::/", {}, math.inf),
        ("0::/a/b", {V2 + "a/b/memory.max": "max", V2 + "a/memory.max": 3 * GB}, 3 * GB),
        ("0::/a/b", {V2 + "a/b/memory.max": 2 * GB, V2 + "a/memory.max": 3 * GB}, 2 * GB),
        ("0::/../b", {V2 + "memory.max": 5 * GB}, 5 * GB),
        ("0::/a", {V2 + "unified/a/memory.max": GB}, GB),
        ("4:memory:/docker/1f", {V1 + "memory.limit_in_bytes": 2 * GB}, 2 * GB),
        ("4:memory:/a", {V1 + "a/memory.limit_in_bytes": 2 * GB}, 2 * GB),
        ("4:cpu,memory:/", {V1 + "memory.limit_in_bytes": NO_LIMIT}, NO_LIMIT),
        ("3:cpu:/a\n0::/", {V1 + "a/memory.limit_in_bytes": GB}, math.inf),
        ("4:memory:/\n0::/", {V1 + "memory.limit_in_bytes": 3 * GB, V2 + "memory.max": GB}, GB),
        ("no such line", {}, math.inf),
    ],
)
def test_limits_of_containers(tmp_path, group, limits, expected):
    root = tree(tmp_path, {"proc/self/cgroup": group} | limits)
    assert machine.container_limit(root) == expected


def test_a_system_without_these_files(tmp_path):
    assert machine.container_limit(tmp_path) == math.inf
    assert machine.available(tmp_path) == math.inf


def test_what_is_available_now(tmp_path, monkeypatch):
    lines = "MemTotal:  64000000 kB\nMemFree:  100 kB\nMemAvailable:  2000000 kB"
    assert machine.available(tree(tmp_path, {"proc/meminfo": lines})) == 2_048_000_000
    monkeypatch.setattr(machine, "available", lambda: 2e9)
    monkeypatch.setattr(checks, "MOST_BYTES", 50e9)
    checks.memory("n", "some", 1.9e9)
    with pytest.raises(ValueError, match=r"n: got more, which takes 2\.1 GB, allowed .* 2 GB"):
        checks.memory("n", "more", 2.1e9)


def test_the_gate_knows_the_container():
    assert 0.8 * min(machine.installed(), machine.container_limit()) == checks.MOST_BYTES


def several(neurons, p):
    """A network with many neurons of either sign, and points."""
    generator = torch.Generator().manual_seed(0)
    draw = {"generator": generator, "dtype": torch.float64}
    output = torch.tensor([1.0, -1.0], dtype=torch.float64).repeat(neurons // 2)
    network = kn.TwoLayerReLU(torch.randn(neurons, p, **draw), torch.ones(neurons), output)
    return network, torch.randn(400, p, **draw)


MEASURED = """
import re, sys
from pathlib import Path
sys.path.insert(0, "tests")
from test_machine import kn, several

def memory(which):
    status = Path("/proc/self/status").read_text()
    return 1024 * int(re.search(which + r":\\s*(\\d+) kB", status)[1])

network, x = several({neurons}, {p})
kn.exact_radius(network, x[:2], time_budget=0.1)
before = memory("VmRSS")
Path("/proc/self/clear_refs").write_text("5")  # the peak begins anew
kn.exact_radius(network, x, time_budget=3.0)
print(memory("VmHWM") - before)
"""


@pytest.mark.skipif(not Path("/proc/self/clear_refs").exists(), reason="a file of Linux")
@pytest.mark.parametrize(("neurons", "p"), [(60, 40), (8, 2000)])
def test_a_search_takes_no_more_than_was_estimated(neurons, p):
    network, x = several(neurons, p)
    estimate = branch_and_bound.needed(Span.of(network), *x.shape)
    code = MEASURED.format(neurons=neurons, p=p)
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert estimate / 20 < int(run.stdout) < estimate


def test_fewer_nodes_at_once_change_no_distance(monkeypatch):
    network, x = several(12, 6)
    known = kn.exact_radius(network, x[:20])
    monkeypatch.setattr(branch_and_bound, "NODES", 3)
    found = kn.exact_radius(network, x[:20])
    assert bool(known.zero.finished.all()) and bool(found.zero.finished.all())
    torch.testing.assert_close(found.zero.lower, known.zero.lower, rtol=1e-8, atol=0)
    torch.testing.assert_close(found.flip.upper, known.flip.upper, rtol=1e-8, atol=0)


def test_the_batch_of_nodes_shrinks_with_the_memory(monkeypatch):
    assert branch_and_bound._at_once(10, 10) == branch_and_bound.NODES
    monkeypatch.setattr(checks, "MOST_BYTES", 1e8)
    few = branch_and_bound._at_once(100, 100)
    assert 1 <= few < branch_and_bound.NODES
    assert 8 * few * branch_and_bound._of_node(100, 100) <= 1e8 / 4

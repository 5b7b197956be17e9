"""The figures of a process tree, the percentiles, and the file system's name."""

import subprocess
import sys
from pathlib import Path

import pytest

from bench import measure

# A parent that starts a child, says so, and burns CPU until its input closes.
BURNER = """
import subprocess, sys
child = subprocess.Popen([sys.executable, "-c", "import sys; sys.stdin.read()"], stdin=-1)
print(child.pid, flush=True)
total = sum(i * i for i in range(1_500_000))
print("burned", flush=True)
sys.stdin.read()
child.stdin.close()
child.wait()
"""


def test_a_percentile_is_the_nearest_rank() -> None:
    values = [float(value) for value in range(1, 101)]
    assert measure.percentile(values, 0.50) == 50
    assert measure.percentile(values, 0.99) == 99
    assert measure.percentile([7.0], 0.99) == 7


def test_a_percentile_needs_a_sample() -> None:
    with pytest.raises(AssertionError):
        measure.percentile([], 0.5)


def test_cpu_and_memory_of_a_tree_count_the_children_too() -> None:
    with subprocess.Popen(
        [sys.executable, "-c", BURNER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        child = int(process.stdout.readline())
        before = measure.usage([process.pid])
        assert process.stdout.readline() == "burned\n"
        spent = measure.usage([process.pid]).since(before)
        assert set(measure.process_tree([process.pid])) == {process.pid, child}
        assert measure.rss_mb([process.pid]) > measure.rss_mb([child]) > 1
        measure.rss_peak_reset([process.pid])
        assert measure.rss_peak_mb([process.pid]) > 1
        assert 0 <= spent.cpu_s <= spent.at_s * 2
        assert measure.usage([process.pid]).cpu_s > 0
        process.communicate()


def test_a_process_that_is_gone_costs_nothing() -> None:
    with subprocess.Popen([sys.executable, "-c", ""]) as process:
        process.wait()
    assert measure.process_tree([process.pid]) == [process.pid]
    assert measure.usage([process.pid]).cpu_s == 0
    assert measure.rss_mb([process.pid]) == 0


def test_the_file_system_of_proc_is_proc() -> None:
    assert measure.filesystem_of(Path("/proc/self")) == "proc"


def test_the_disk_probe_leaves_no_file_behind(tmp_path: Path) -> None:
    assert measure.disk_fdatasync_us(tmp_path, samples=3) > 0
    assert list(tmp_path.iterdir()) == []

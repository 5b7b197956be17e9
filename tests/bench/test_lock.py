"""One bench at a time."""

import os
from pathlib import Path

import pytest
from bench.lock import BenchIsRunningError, single_bench


def test_a_second_bench_is_refused_and_told_who_runs(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    with (
        single_bench(path),
        pytest.raises(BenchIsRunningError, match=f"process {os.getpid()}"),
        single_bench(path),
    ):
        pass


def test_the_lock_is_free_again_after_a_bench(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    for _ in range(2):
        with single_bench(path):
            assert path.read_text() == str(os.getpid())

"""One bench at a time on a machine: two would measure each other.

The lock is advisory and lives in the system's temporary folder, so that it also holds between
checkouts. It dies with its process: nothing to clean up after a crash.
"""

import fcntl
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

LOCK_PATH = Path(tempfile.gettempdir()) / "dragoman-bench.lock"


class BenchIsRunningError(RuntimeError):
    """Another process holds the lock."""


@contextmanager
def single_bench(path: Path = LOCK_PATH) -> Iterator[None]:
    """Hold the machine's bench lock, or raise `BenchIsRunningError` at once."""
    fd = os.open(path, os.O_CREAT | os.O_RDWR, 0o666)
    try:
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            owner = os.pread(fd, 32, 0).decode(errors="replace").strip() or "unknown"
            message = f"another bench is running (process {owner}, lock {path})"
            raise BenchIsRunningError(message) from None
        os.ftruncate(fd, 0)
        os.pwrite(fd, str(os.getpid()).encode(), 0)
        yield
    finally:
        os.close(fd)

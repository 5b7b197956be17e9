"""The journal of a broker that keeps everything in memory: nothing is written, every level is reached at once."""

from collections.abc import Callable
from typing import Final

from dragoman.kernel.records import Record
from dragoman.ports.storage import StorageError
from dragoman.telemetry.counters import Histogram

EVERYTHING: Final = 1 << 62  # past every position


class NoCommit:
    """The journal of a broker that keeps everything in memory: every level is reached at once."""

    is_idle = True
    handed = 0
    written = 0
    synced = 0
    frame_count = 0
    pending_bytes = 0

    def __init__(self) -> None:
        self.collect: Callable[[], object] = lambda: None
        self.put_off: Callable[[], None] = lambda: None
        self.failed: StorageError | None = None
        self.sync_times = Histogram()

    def stop(self, error: StorageError) -> None:
        """Nothing is written anyway."""
        self.failed = error

    def gathering(self) -> int:
        """Always 0."""
        return 0

    def position(self) -> int:
        """Always 0."""
        return 0

    def reached(self, level: int) -> int:
        """Every position has reached every level."""
        return EVERYTHING

    def want_written(self, position: int) -> None:
        """Nothing to wait for."""

    def want_sync(self, position: int) -> None:
        """Nothing to wait for."""

    def add(self, records: list[Record], size_bytes: int) -> None:
        """Forget them."""

    def pump(self) -> None:
        """Nothing to write."""

    def pump_here(self) -> bool:
        """Nothing to write, so nothing moves."""
        return False

    def pump_all(self) -> None:
        """Nothing to write."""

    def close(self) -> None:
        """Nothing to end."""

"""The event loop, clock and chance of a real process."""

import asyncio
import os
import time
from collections.abc import Callable
from pathlib import Path


class SystemClock:
    """The machine's clocks."""

    def elapsed_ms(self) -> int:
        """Since an arbitrary start."""
        return time.monotonic_ns() // 1_000_000

    def wall_ms(self) -> int:
        """Since 1970."""
        return time.time_ns() // 1_000_000


def worked_ns() -> int:
    """Processor time of this thread so far."""
    return time.thread_time_ns()


class SystemEntropy:
    """The operating system's randomness."""

    def token(self, size_bytes: int) -> bytes:
        """Unpredictable bytes."""
        return os.urandom(size_bytes)


def boot_id() -> bytes:
    """Tells this run of the machine from all others: what was written in it is there, synced or not. Empty unknown."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_bytes().strip()
    except OSError:
        return b""  # not Linux


class LoopScheduler:
    """What the broker asks of asyncio."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        # At the end of this round of the loop. Asked for in every turn, so without a step between.
        self.soon: Callable[[Callable[[], None]], object] = loop.call_soon

    def later(self, delay_ms: int, callback: Callable[[], None]) -> Callable[[], object]:
        """After a delay; returns what cancels it."""
        return self._loop.call_later(delay_ms / 1000, callback).cancel

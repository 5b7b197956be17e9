"""A door on a real broker without sockets: bytes in, turns of the broker, bytes out, all of it measured.

The kernel is the one that serves; time stands still until the rig moves it. A rig is thrown away every so often, so
that what hostile clients create legitimately (topics, queues, messages) is no growth.
"""

import gc
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.fakes.node import Connection, World

from dragoman.app.node import LocalNode

STALL_S_MAX = 0.1  # of the loop, by one input: CPU time, as the machine may be busy elsewhere
GROWTH_BYTES_MAX = 64 << 20
HOSTILE_WAIT_MS = 30_000


class Stalled(AssertionError):
    """One input held the loop for too long."""


class Grown(AssertionError):
    """Memory grew by more than hostile bytes may make it."""


class Rig(World):
    """A broker in memory and one connection to a door of it."""

    def __init__(self, make_door: Callable[..., Any]) -> None:
        super().__init__(node=LocalNode("test", "00", {}, {}))
        self.make_door = make_door
        self.wire = Connection(self, make_door, port=9092)
        self.slowest_s = 0.0
        gc.collect()
        gc.freeze()  # as a served broker does: what the test run has loaded is not collected in a turn

    def reconnect(self) -> None:
        """Close this connection and make another."""
        self.wire.close()
        self.wire = Connection(self, self.make_door, port=9092)

    def send(self, *chunks: bytes) -> bytes:
        """Give the door bytes; what it answers. Raises Stalled, and whatever the door lets through."""
        began = time.thread_time()
        for chunk in chunks:
            if not self.wire.is_closed:
                self.wire.give(chunk)
        spent_s = time.thread_time() - began
        self.slowest_s = max(self.slowest_s, spent_s)
        if spent_s > STALL_S_MAX:
            raise Stalled(f"{spent_s * 1000:.0f} ms for {sum(map(len, chunks))} bytes")
        return self.wire.sent()

    def wait(self) -> bytes:
        """Let time pass: what is parked ends. What was answered then."""
        self.advance(HOSTILE_WAIT_MS)
        return self.wire.sent()


class Memory:
    """The process's peak of resident memory since it was made."""

    def __init__(self) -> None:
        Path("/proc/self/clear_refs").write_text("5")  # resets the peak
        self.start = self._peak()

    def _peak(self) -> int:
        for line in Path("/proc/self/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
        raise AssertionError("no peak in /proc/self/status")

    def check(self) -> int:
        """Growth in bytes. Raises Grown."""
        growth = self._peak() - self.start
        if growth > GROWTH_BYTES_MAX:
            raise Grown(f"{growth >> 20} MB")
        return growth

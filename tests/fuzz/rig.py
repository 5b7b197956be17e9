"""A door on a real broker without sockets: bytes in, turns of the broker, bytes out, all of it measured.

The kernel is the one that serves; time stands still until the rig moves it. A rig is thrown away every so often, so
that what hostile clients create legitimately (topics, queues, messages) is no growth.
"""

import gc
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from dragoman.app.node import LocalNode
from dragoman.formats.translator import FormatTranslator
from dragoman.kernel.kernel import Kernel
from dragoman.kernel.routing import Routing
from dragoman.runtime.broker import Broker
from dragoman.runtime.commit import NoCommit
from dragoman.runtime.session import BrokerSession

STALL_S_MAX = 0.1  # of the loop, by one input: CPU time, as the machine may be busy elsewhere
GROWTH_BYTES_MAX = 64 << 20
TURNS_MAX = 50  # until a broker has nothing left to do
HOSTILE_WAIT_MS = 30_000


class Clock:
    """Moved by the rig."""

    def __init__(self) -> None:
        self.now_ms = 1_700_000_000_000

    def elapsed_ms(self) -> int:
        return self.now_ms

    def wall_ms(self) -> int:
        return self.now_ms


class Scheduler:
    """Calls of this round; timers are the rig's own moves of the clock."""

    def __init__(self) -> None:
        self.calls: list[Callable[[], None]] = []

    def soon(self, callback: Callable[[], None]) -> None:
        self.calls.append(callback)

    def later(self, delay_ms: int, callback: Callable[[], None]) -> Callable[[], object]:
        return lambda: None


class Chance:
    """Ids that repeat from run to run."""

    def __init__(self) -> None:
        self.count = 0

    def token(self, size_bytes: int) -> bytes:
        self.count += 1
        return self.count.to_bytes(16, "big")[-size_bytes:].rjust(size_bytes, b"\1")


class Peer:
    """See `kernel.api.Connection`."""

    local = ("127.0.0.1", 9092)
    peer = ("127.0.0.1", 50_000)
    is_tls = False


class Wire:
    """The shell of one connection: keeps what the door sends."""

    def __init__(self, rig: "Rig") -> None:
        self.out = bytearray()
        self.is_closed = False
        self.session: BrokerSession = rig.broker.open(lambda s: rig.make_door(s, Peer()), self)

    def flush(self) -> None:
        for chunk in self.session.door.data_to_send():
            self.out += chunk
        self.is_closed = self.is_closed or self.session.door.is_closing()

    def abort(self) -> None:
        raise AssertionError("a door has failed")

    def throttle(self, *, on: bool) -> None: ...

    def take(self) -> bytes:
        """What was sent since the last call."""
        taken = bytes(self.out)
        self.out.clear()
        return taken


class Stalled(AssertionError):
    """One input held the loop for too long."""


class Grown(AssertionError):
    """Memory grew by more than hostile bytes may make it."""


class Rig:
    """A broker in memory and one door of it."""

    def __init__(self, make_door: Callable[..., Any]) -> None:
        self.make_door = make_door
        self.clock = Clock()
        self.scheduler = Scheduler()
        chance = Chance()
        self.kernel = Kernel(FormatTranslator(), Routing(), lambda limit: 1 % limit, chance.token)
        node = LocalNode("test", "00", {}, {})
        self.broker = Broker(self.kernel, NoCommit(), self.clock, self.scheduler, node)
        self.kernel.begin(1)
        self.wire = Wire(self)
        self.slowest_s = 0.0
        gc.collect()
        gc.freeze()  # as a served broker does: what the test run has loaded is not collected in a turn

    def turn(self) -> None:
        """Until the broker has nothing left to do for now."""
        for _ in range(TURNS_MAX):
            calls, self.scheduler.calls = self.scheduler.calls, []
            if not calls:
                return
            for call in calls:
                call()

    def send(self, *chunks: bytes) -> bytes:
        """Give the door bytes; what it answers. Raises Stalled, and whatever the door lets through."""
        began = time.thread_time()
        for chunk in chunks:
            if not self.wire.is_closed:
                self.wire.session.door.receive(chunk)
                self.broker.touch(self.wire.session)
                self.turn()
        spent_s = time.thread_time() - began
        self.slowest_s = max(self.slowest_s, spent_s)
        if spent_s > STALL_S_MAX:
            raise Stalled(f"{spent_s * 1000:.0f} ms for {sum(map(len, chunks))} bytes")
        return self.wire.take()

    def wait(self) -> bytes:
        """Let time pass: what is parked ends. What was answered then."""
        self.clock.now_ms += HOSTILE_WAIT_MS
        self.broker.begin_turn()
        self.turn()
        return self.wire.take()

    def reconnect(self) -> None:
        """Close this connection and make another."""
        self.broker.close(self.wire.session)
        self.turn()
        self.wire = Wire(self)


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

"""One timer for everything that waits for time: the kernel's due work and the doors' ticks.

Doors wait for elapsed time, the kernel for elapsed and wall time. The loop's timer is armed for the soonest; a clock
that a test advances calls `check` itself.
"""

from collections.abc import Callable
from heapq import heappop, heappush
from typing import TYPE_CHECKING, Final

from dragoman.ports.clock import Clock

if TYPE_CHECKING:
    from dragoman.runtime.broker import Scheduler
    from dragoman.runtime.session import BrokerSession

DELAY_MAX_MS: Final = (
    1_000  # wall time may step: look at it at least this often while something waits for it
)


class Timers:
    """Due times per door, in a heap; entries that were overtaken are skipped when they surface."""

    def __init__(self, clock: Clock, scheduler: "Scheduler", wake: Callable[[], None]) -> None:
        self._clock = clock
        self._scheduler = scheduler
        self._wake = wake
        self._ticks: dict[BrokerSession, int] = {}
        self._heap: list[tuple[int, int, BrokerSession]] = []
        self._cancel: Callable[[], object] | None = None
        self._armed_ms: int | None = None

    def set(self, session: "BrokerSession", at_ms: int | None) -> None:
        """The door wants its tick at `at_ms` (elapsed), or never."""
        if at_ms is None:
            self._ticks.pop(session, None)
        elif self._ticks.get(session) != at_ms:
            self._ticks[session] = at_ms
            heappush(self._heap, (at_ms, session.id, session))

    def forget(self, session: "BrokerSession") -> None:
        """The connection is gone."""
        self._ticks.pop(session, None)

    def due(self) -> list["BrokerSession"]:
        """Doors whose tick has come."""
        now = self._clock.elapsed_ms()
        found: list[BrokerSession] = []
        while self._heap and self._heap[0][0] <= now:
            at_ms, _, session = heappop(self._heap)
            if self._ticks.get(session) == at_ms:
                del self._ticks[session]
                found.append(session)
        return found

    def arm(self, elapsed_ms: int | None, wall_ms: int | None) -> None:
        """Wake up for the soonest of the kernel's deadlines and the doors' ticks."""
        now = self._clock.elapsed_ms()
        delays = [] if elapsed_ms is None else [elapsed_ms - now]
        if wall_ms is not None:
            delays.append(min(wall_ms - self._clock.wall_ms(), DELAY_MAX_MS))
        if self._heap:
            delays.append(self._heap[0][0] - now)
        at_ms = now + max(min(delays), 0) if delays else None
        if at_ms == self._armed_ms:
            return
        if self._cancel is not None:
            self._cancel()
            self._cancel = None
        self._armed_ms = at_ms
        if at_ms is not None:
            self._cancel = self._scheduler.later(at_ms - now, self.check)

    def check(self) -> None:
        """Time has passed: let a turn see what is due."""
        self._armed_ms = None
        self._cancel = None
        self._wake()

"""One timer for everything that waits for time: the kernel's due work and the doors' ticks.

Doors wait for elapsed time, the kernel for elapsed and wall time. The loop's timer is armed for the soonest, and stays
when that moves away: ringing too soon costs one turn, arming it anew would cost something in every turn. A clock that a
test advances calls `check` itself.
"""

from collections.abc import Callable
from heapq import heappop, heappush
from typing import TYPE_CHECKING, Final

from dragoman.ports.clock import Clock

if TYPE_CHECKING:
    from dragoman.runtime.broker import Scheduler
    from dragoman.runtime.session import BrokerSession

NEVER: Final = 1 << 62
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
        self._armed_ms = NEVER

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

    def due(self, elapsed_ms: int) -> list["BrokerSession"]:
        """Doors whose tick has come."""
        found: list[BrokerSession] = []
        while self._heap and self._heap[0][0] <= elapsed_ms:
            at_ms, _, session = heappop(self._heap)
            if self._ticks.get(session) == at_ms:
                del self._ticks[session]
                found.append(session)
        return found

    def arm(self, elapsed_ms: int | None, wall_ms: int | None, now_ms: int) -> None:
        """Wake up for the soonest of the kernel's deadlines, elapsed and wall time, and the doors' ticks. `now_ms` is
        the turn's elapsed time.
        """
        at_ms = NEVER if elapsed_ms is None else elapsed_ms
        if self._heap:
            at_ms = min(at_ms, self._heap[0][0])
        if wall_ms is not None and at_ms > now_ms:
            at_ms = min(at_ms, now_ms + min(wall_ms - self._clock.wall_ms(), DELAY_MAX_MS))
        if self._armed_ms <= at_ms:
            return
        if self._cancel is not None:
            self._cancel()
        self._armed_ms = at_ms
        delay_ms = max(at_ms - self._clock.elapsed_ms(), 0)
        self._cancel = self._scheduler.later(delay_ms, self.check)

    def check(self) -> None:
        """Time has passed: let a turn see what is due."""
        self._armed_ms = NEVER
        self._cancel = None
        self._wake()

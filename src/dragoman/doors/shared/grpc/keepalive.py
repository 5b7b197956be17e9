"""Pings, both ways.

A client that pings more often than it has reason to is told `too_many_pings`, which makes gRPC's clients ping less
(gRPC, "Client-side Keepalive", A8): it may after we sent something, and else no sooner than PING_MS after the last one.

A peer that says nothing while streams are open is pinged, and given up when it does not answer: it may be gone.
"""

from typing import Final

PING_MS: Final = (
    9_000  # the least that gRPC's clients can be told is 10 s; Google's own for Pub/Sub take 30 s
)
STRIKES_MAX: Final = 2  # as in gRPC's own servers
QUIET_MS: Final = 120_000
ANSWER_MS: Final = 20_000


class Keepalive:
    """What is known of one peer's pings, and of its silence. Times are elapsed."""

    __slots__ = ("_heard_ms", "_ping_ms", "_pinged_ms", "_sent", "_strikes")

    def __init__(self, now_ms: int) -> None:
        self._heard_ms = now_ms
        self._pinged_ms: int | None = None  # when we asked, and were not answered yet
        self._ping_ms = now_ms - PING_MS  # when it last pinged
        self._sent = -1
        self._strikes = 0

    def heard(self, now_ms: int) -> None:
        """It said something."""
        self._heard_ms = now_ms
        self._pinged_ms = None

    def is_abused(self, now_ms: int, sent: int) -> bool:
        """It pinged; `sent` counts what we have sent. Whether that was once too often."""
        if sent != self._sent:
            self._sent = sent
            self._strikes = 0
        elif now_ms - self._ping_ms < PING_MS:
            self._strikes += 1
        self._ping_ms = now_ms
        return self._strikes > STRIKES_MAX

    def wants_ping(self, now_ms: int) -> bool:
        """Whether it is to be asked if it is there; then it is taken to have been."""
        if self._pinged_ms is None and now_ms - self._heard_ms >= QUIET_MS:
            self._pinged_ms = now_ms
            return True
        return False

    def is_lost(self, now_ms: int) -> bool:
        """Whether it was asked, and has not answered in time."""
        return self._pinged_ms is not None and now_ms - self._pinged_ms >= ANSWER_MS

    def due_ms(self) -> int:
        """When to look again, while streams are open."""
        if self._pinged_ms is not None:
            return self._pinged_ms + ANSWER_MS
        return self._heard_ms + QUIET_MS

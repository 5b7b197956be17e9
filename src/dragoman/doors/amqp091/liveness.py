"""Heartbeats and the deadlines of greeting and goodbye. Times are elapsed milliseconds.

Half an interval without output: a heartbeat is sent. Two intervals without input: the peer is dead. The clock is looked
at twice per interval, so that an idle connection costs two wake-ups per interval and a busy one no more.
"""

from typing import Final

HANDSHAKE_MS: Final = 10_000  # from the first byte to an open virtual host
GOODBYE_MS: Final = 5_000  # for the peer's close-ok
FAILED_LOGIN_MS: Final = 400  # before a refused login is told: guessing takes its time


class Liveness:
    """One connection's clock. `deadline_ms` ends whatever it is doing; None when nothing must end."""

    __slots__ = ("_half_ms", "_heard_ms", "_look_ms", "_spoke", "deadline_ms")

    def __init__(self, now_ms: int) -> None:
        self._half_ms = 0  # of the heartbeat interval; 0 off
        self._heard_ms = now_ms
        self._look_ms = 0
        self._spoke = False
        self.deadline_ms: int | None = now_ms + HANDSHAKE_MS

    def start(self, heartbeat_s: int, now_ms: int) -> None:
        """The interval was tuned; 0 switches heartbeats off."""
        self._half_ms = heartbeat_s * 500
        self._look_ms = now_ms + self._half_ms

    def heard(self, now_ms: int) -> None:
        """Bytes came."""
        self._heard_ms = now_ms

    def spoke(self) -> None:
        """Bytes leave."""
        self._spoke = True

    def next_ms(self) -> int | None:
        """When to look."""
        if not self._half_ms:
            return self.deadline_ms
        return self._look_ms if self.deadline_ms is None else min(self._look_ms, self.deadline_ms)

    def is_over(self, now_ms: int) -> bool:
        """Whether the deadline has passed, or the peer is dead."""
        if self.deadline_ms is not None and now_ms >= self.deadline_ms:
            return True
        return self._half_ms > 0 and now_ms - self._heard_ms >= 4 * self._half_ms

    def wants_heartbeat(self, now_ms: int) -> bool:
        """Whether to send one; asked at each look."""
        if not self._half_ms or now_ms < self._look_ms:
            return False
        self._look_ms = now_ms + self._half_ms
        spoke, self._spoke = self._spoke, False
        return not spoke

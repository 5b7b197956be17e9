"""Signs of life (part 2, section 2.4.5), and the deadlines of greeting and goodbye. Times are elapsed milliseconds.

A client that wants to hear from us every so often hears from us twice as often. One that has not been heard for our own
idle time-out, which it was told in our open, is gone.
"""

from typing import Final

HANDSHAKE_MS: Final = 10_000  # from the first byte to an open
FAILED_LOGIN_MS: Final = 400  # before a refused login is told: guessing takes its time
BEAT_MS_MIN: Final = 100  # a client may not ask for more


class Liveness:
    """One connection's clock. `deadline_ms` ends whatever it is doing; None when nothing must end."""

    __slots__ = ("_beat_ms", "_heard_ms", "_idle_ms", "_look_ms", "_spoke", "deadline_ms")

    def __init__(self, now_ms: int) -> None:
        self._beat_ms = 0  # 0: the client does not care
        self._idle_ms = 0
        self._heard_ms = now_ms
        self._look_ms = now_ms
        self._spoke = False
        self.deadline_ms: int | None = now_ms + HANDSHAKE_MS

    def start(self, peer_idle_ms: int, idle_ms: int, now_ms: int) -> None:
        """The connection is open: what the client wants, and what it was told."""
        self.deadline_ms = None
        self._beat_ms = max(peer_idle_ms // 2, BEAT_MS_MIN) if peer_idle_ms else 0
        self._idle_ms = idle_ms
        self._look_ms = now_ms + self._step_ms()

    def _step_ms(self) -> int:
        return min(self._beat_ms, self._idle_ms) if self._beat_ms else self._idle_ms

    def heard(self, now_ms: int) -> None:
        """Bytes came."""
        self._heard_ms = now_ms

    def spoke(self) -> None:
        """Bytes leave."""
        self._spoke = True

    def next_ms(self) -> int | None:
        """When to look."""
        return self.deadline_ms if not self._idle_ms else self._look_ms

    def is_over(self, now_ms: int) -> bool:
        """Whether the deadline has passed, or the client has been silent for too long."""
        if self.deadline_ms is not None:
            return now_ms >= self.deadline_ms
        return self._idle_ms > 0 and now_ms - self._heard_ms >= 2 * self._idle_ms

    def wants_heartbeat(self, now_ms: int) -> bool:
        """Whether to send one; asked at each look."""
        if not self._idle_ms or now_ms < self._look_ms:
            return False
        self._look_ms = now_ms + self._step_ms()
        spoke, self._spoke = self._spoke, False
        return self._beat_ms > 0 and not spoke

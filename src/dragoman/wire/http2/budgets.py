"""How often a peer may do what costs it nothing and us something (RFC 9113, section 10.5).

    resets   streams that it opens and gives up, or breaks rules on: "rapid reset"
    echoes   SETTINGS and PING, which want an answer
    idles    frames that bring nothing: empty ones, priorities, unknown ones, windows that hardly grow, what is said of
             streams that are gone

A budget is a bucket that fills with time; that of idles also with what we send, since windows grow, and streams end, in
answer to it: gRPC's clients tell of five bytes as soon as they have read them. Who empties one is told
ENHANCE_YOUR_CALM, and is gone.
"""

from typing import Final

from dragoman.wire.http2.errors import ENHANCE_YOUR_CALM, ConnectionFault

RESETS: Final = (1_000, 100)  # at once, and a second: cancelled calls by the hundred are honest
ECHOES: Final = (200, 20)
IDLES: Final = (1_000, 200)
IDLES_A_MOVE: Final = 4  # earned by each head, content or end that was sent


class Budget:
    """`burst` at once, `per_second` in the long run."""

    __slots__ = ("_at_ms", "_left", "burst", "per_second")

    def __init__(self, burst: int, per_second: int) -> None:
        self.burst = burst
        self.per_second = per_second
        self._left = burst * 1000  # in thousandths
        self._at_ms = -1

    def spend(self, now_ms: int) -> bool:
        """Whether there was one left; `now_ms` is elapsed time."""
        if self._at_ms >= 0 and now_ms > self._at_ms:
            earned = (now_ms - self._at_ms) * self.per_second
            self._left = min(self._left + earned, self.burst * 1000)
        self._at_ms = now_ms
        if self._left < 1000:
            return False
        self._left -= 1000
        return True

    def earn(self, count: int) -> None:
        """That many more may be spent, up to the burst."""
        self._left = min(self._left + count * 1000, self.burst * 1000)


class Patience:
    """What one peer has left of all three; each raises ConnectionFault when it is used up."""

    __slots__ = ("_echoes", "_idles", "_moves", "_now_ms", "_resets")

    def __init__(self) -> None:
        self._now_ms = 0
        self._moves = 0
        self._resets = Budget(*RESETS)
        self._echoes = Budget(*ECHOES)
        self._idles = Budget(*IDLES)

    def look(self, now_ms: int, moves: int) -> None:
        """Bytes came; `now_ms` is elapsed time, `moves` counts what we have sent so far."""
        self._now_ms = now_ms
        if moves != self._moves:
            self._idles.earn((moves - self._moves) * IDLES_A_MOVE)
            self._moves = moves

    def reset(self) -> None:
        """A stream was given up."""
        if not self._resets.spend(self._now_ms):
            raise ConnectionFault(ENHANCE_YOUR_CALM, "too many streams are given up")

    def echo(self) -> None:
        """Something wants an answer."""
        if not self._echoes.spend(self._now_ms):
            raise ConnectionFault(ENHANCE_YOUR_CALM, "too many SETTINGS or PINGs")

    def idle(self) -> None:
        """A frame brought nothing."""
        if not self._idles.spend(self._now_ms):
            raise ConnectionFault(ENHANCE_YOUR_CALM, "too many frames that bring nothing")

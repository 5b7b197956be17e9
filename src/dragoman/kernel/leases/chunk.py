"""States of the messages at 4,096 neighbouring offsets, and what is noted beside them only where it is needed. Hot.

A byte of state per offset; holders, counters and times are columns of their own, which a chunk has from the first
message on that needs one. Moved by whole slices where messages share a fate: see `window`.
"""

from array import array
from typing import Final

from dragoman.kernel.leases.states import LEASED, WAITING

SPAN_BITS: Final = 12
SPAN: Final = 1 << SPAN_BITS  # offsets per chunk
ZEROS: Final = bytes(8 * SPAN)


class Chunk:
    """States of offsets base <= o < base + SPAN. `open` counts those that are not DONE.

    lanes      of messages under an order that were handed out (`Lanes`) or are not DONE (`Keys`); None: all of lane 0
    until_ms   of LEASED messages: elapsed time at which the lease ends, 0 with its connection; of WAITING ones: wall
               time at which the wait does. durations_ms: how long it is. Both None while neither was in the chunk
    firsts_ms  wall time at which a message was first leased, where the subscription keeps that; 0 never
    """

    __slots__ = (
        "base",
        "dirty",
        "durations_ms",
        "fails",
        "firsts_ms",
        "holders",
        "lanes",
        "open",
        "states",
        "tries",
        "until_ms",
    )

    def __init__(self, base: int) -> None:
        self.base = base
        self.states = bytearray(SPAN)
        self.holders: array[int] = array("Q", ZEROS)
        self.tries: array[int] | None = None
        self.fails: array[int] | None = None
        self.lanes: array[int] | None = None
        self.until_ms: array[int] | None = None
        self.durations_ms: array[int] | None = None
        self.firsts_ms: array[int] | None = None
        self.open = 0
        self.dirty = True

    def hold(self, start: int, end: int, holder: int, duration_ms: int) -> None:
        """As a checkpoint saved it: [start, end) is held under a deadline, which is to be set anew."""
        if self.until_ms is None or self.durations_ms is None:
            self.until_ms = array("Q", ZEROS)
            self.durations_ms = array("Q", ZEROS)
        for at in range(start - self.base, end - self.base):
            self.holders[at] = holder
            self.until_ms[at] = self.durations_ms[at] = duration_ms

    def wait(self, start: int, end: int, until_ms: int, duration_ms: int) -> None:
        """As a checkpoint saved it: [start, end) waits until then."""
        self.hold(start, end, 0, duration_ms)
        assert self.until_ms is not None
        for at in range(start - self.base, end - self.base):
            self.until_ms[at] = until_ms

    def held_until(self) -> list[tuple[int, int, int, int]]:
        """Runs (start, end, holder, duration) of LEASED messages whose lease has a deadline."""
        return self._timed(LEASED, self.holders)

    def waits_until(self) -> list[tuple[int, int, int, int]]:
        """Runs (start, end, wall time, duration) of WAITING messages."""
        return [] if self.until_ms is None else self._timed(WAITING, self.until_ms)

    def _timed(self, state: int, column: "array[int]") -> list[tuple[int, int, int, int]]:
        """Runs (start, end, value of the column, duration) of messages in `state` with a time of their own."""
        found: list[tuple[int, int, int, int]] = []
        until, durations = self.until_ms, self.durations_ms
        if until is None or durations is None:
            return found
        at = self.states.find(state)
        while at >= 0:
            if until[at]:
                offset, value, duration_ms = self.base + at, column[at], durations[at]
                last = found[-1] if found else (0, 0, 0, 0)
                if last[1:] == (offset, value, duration_ms):
                    found[-1] = (last[0], offset + 1, value, duration_ms)
                else:
                    found.append((offset, offset + 1, value, duration_ms))
            at = self.states.find(state, at + 1)
        return found

"""States of messages at neighbouring offsets, and what is noted beside them only where it is needed. Hot.

    base                                   base + len(states)
     |  state state state ...                   |           a byte per offset
     |  holder holder holder ... until until until ... duration duration duration ...
     |  tries tries tries ...                   |           columns of their own: counters, lanes, first times

Many chunks are of a single message that waits for a retry, so holders and times share one array: an array costs more
than what is in it. All but holders a chunk has from the first message on that needs it. Moved by whole slices where
messages share a fate: see `window`. Which chunk has which offsets: see `chunks`.
"""

from array import array
from typing import Final

from dragoman.kernel.leases.states import DONE, LEASED, WAITING

SPAN: Final = 4096  # offsets that a chunk covers at most
_ZEROS: Final = bytes(16 * SPAN)
_DONE_RUN: Final = bytes([DONE]) * 64

Timed = list[tuple[int, int, int, int]]


class Chunk:
    """States of offsets base <= o < end(). `open` counts those that are not DONE.

    holders    who has a LEASED message. Behind them, once a message has had a time (`is_timed`), as many times at which
               a lease ends (elapsed time, 0 with its connection) or a wait does (wall time), and as many durations
    lanes      of messages under an order that were handed out (`Lanes`) or are not DONE (`Keys`); None: all of lane 0
    firsts_ms  wall time at which a message was first leased, where the subscription keeps that; 0 never
    aside      1 of a LEASED message that was DEFERRED until then; None: of none

    All columns but `holders` are as long as `states`.
    """

    __slots__ = (
        "aside",
        "base",
        "dirty",
        "fails",
        "firsts_ms",
        "holders",
        "lanes",
        "low",
        "open",
        "states",
        "tries",
    )

    def __init__(self, base: int, count: int) -> None:
        assert 0 < count <= SPAN, count
        self.base = base
        self.states = bytearray(count)
        self.holders: array[int] = array("Q", _ZEROS[: 8 * count])
        self.tries: array[int] | None = None
        self.fails: array[int] | None = None
        self.lanes: array[int] | None = None
        self.firsts_ms: array[int] | None = None
        self.aside: array[int] | None = None
        self.open = 0
        self.low = 0  # all before it is DONE
        self.dirty = True

    def end(self) -> int:
        """Past the last offset covered."""
        return self.base + len(self.states)

    def lowest(self) -> int:
        """Where the first message is that is not DONE; there is one."""
        states, at = self.states, self.low
        while states.startswith(_DONE_RUN, at):
            at += len(_DONE_RUN)
        while states[at] == DONE:
            at += 1
        self.low = at
        return at

    def column(self, code: str) -> "array[int]":
        """A new one, of zeros."""
        column: array[int] = array(code, b"")
        column.frombytes(_ZEROS[: column.itemsize * len(self.states)])
        return column

    def is_timed(self) -> bool:
        """Whether there are times behind the holders."""
        return len(self.holders) > len(self.states)

    def add_times(self) -> None:
        """Have times, of zero."""
        if not self.is_timed():
            self.holders.frombytes(_ZEROS[: 16 * len(self.states)])

    def grow(self, count: int) -> None:
        """Cover `count` more offsets, DONE until they are filled."""
        length = len(self.states)
        assert length + count <= SPAN, count
        zeros = array("Q", _ZEROS[: 8 * count])
        grown = self.holders[:length] + zeros
        if self.is_timed():
            grown += self.holders[length : 2 * length] + zeros
            grown += self.holders[2 * length :] + zeros
        self.holders = grown
        self.states.extend(_ZEROS[:count])
        for column in (self.tries, self.fails, self.lanes, self.firsts_ms, self.aside):
            if column is not None:
                column.frombytes(_ZEROS[: column.itemsize * count])

    def restart(self, base: int) -> None:
        """Cover other offsets; nothing is open. Holders, lanes and times are written when a message is leased; what is
        counted begins anew.
        """
        assert self.open == 0
        self.base = base
        self.low = 0
        self.tries = self.fails = self.firsts_ms = self.aside = None

    def cut(self, low: int, high: int) -> "Chunk":
        """A chunk of its own that says the same of the offsets base + low <= o < base + high."""
        part = Chunk(self.base + low, high - low)
        part.states[:] = self.states[low:high]
        part.open = high - low - part.states.count(DONE)
        part.holders = self.holders[low:high]
        if self.is_timed():
            for start in (len(self.states), 2 * len(self.states)):
                part.holders += self.holders[start + low : start + high]
        part.tries = _cut(self.tries, low, high)
        part.fails = _cut(self.fails, low, high)
        part.lanes = _cut(self.lanes, low, high)
        part.firsts_ms = _cut(self.firsts_ms, low, high)
        part.aside = _cut(self.aside, low, high)
        return part

    def hold(self, start: int, end: int, holder: int, duration_ms: int) -> None:
        """As a checkpoint saved it: [start, end) is held under a deadline, which is to be set anew."""
        self._time(start, end, holder, duration_ms, duration_ms)

    def wait(self, start: int, end: int, until_ms: int, duration_ms: int) -> None:
        """As a checkpoint saved it: [start, end) waits until then."""
        self._time(start, end, 0, until_ms, duration_ms)

    def _time(self, start: int, end: int, holder: int, until_ms: int, duration_ms: int) -> None:
        self.add_times()
        length = len(self.states)
        for at in range(start - self.base, end - self.base):
            self.holders[at] = holder
            self.holders[length + at] = until_ms
            self.holders[2 * length + at] = duration_ms

    def held_until(self) -> Timed:
        """Runs (start, end, holder, duration) of LEASED messages whose lease has a deadline."""
        return self._timed(LEASED, 0)

    def waits_until(self) -> Timed:
        """Runs (start, end, wall time, duration) of WAITING messages."""
        return self._timed(WAITING, len(self.states))

    def _timed(self, state: int, column: int) -> Timed:
        """Runs (start, end, noted from `column` on, duration) of messages in `state` with a time of their own."""
        found: Timed = []
        if not self.is_timed():
            return found
        noted, length = self.holders, len(self.states)
        at = self.states.find(state)
        while at >= 0:
            if noted[length + at]:
                offset, value, duration_ms = (
                    self.base + at,
                    noted[column + at],
                    noted[2 * length + at],
                )
                last = found[-1] if found else (0, 0, 0, 0)
                if last[1:] == (offset, value, duration_ms):
                    found[-1] = (last[0], offset + 1, value, duration_ms)
                else:
                    found.append((offset, offset + 1, value, duration_ms))
            at = self.states.find(state, at + 1)
        return found


def _cut(column: "array[int] | None", low: int, high: int) -> "array[int] | None":
    return None if column is None else column[low:high]

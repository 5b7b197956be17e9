"""Runs of offsets in order, and a lane of them: what ordered subscriptions keep instead of a frontier. Hot.

    Spans   starts  [ .  . | 10  40  41 ]      `first` is the bar: runs before it are gone
            ends    [ .  . | 30  41  99 ]      start < end <= next start

    Lane    fresh     Spans never handed out, appended at the end, taken at the front
            returned  Spans handed out and back again: few, anywhere

A backlog of neighbours costs one run, whatever its length; one that alternates between lanes costs 16 bytes a message.
Two structures in a lane, so that a message coming back is put among the few that came back, and never moves the many
that wait. Nothing here knows what an offset stands for.
"""

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from typing import Final

COMPACT_AT: Final = 1024  # runs gone at the front before the rest is moved there
NONE: Final = -1


class Spans:
    """Disjoint half-open runs of offsets, ascending; neighbours that touch are one."""

    __slots__ = ("ends", "first", "starts")

    def __init__(self) -> None:
        self.starts: array[int] = array("q")
        self.ends: array[int] = array("q")
        self.first = 0

    def low(self) -> int:
        """The lowest offset; NONE when there is none."""
        return self.starts[self.first] if self.first < len(self.starts) else NONE

    def __len__(self) -> int:
        """How many runs."""
        return len(self.starts) - self.first

    def __iter__(self) -> Iterator[tuple[int, int]]:
        return iter(self.runs())

    def runs(self) -> list[tuple[int, int]]:
        """All runs, ascending."""
        return list(zip(self.starts[self.first :], self.ends[self.first :], strict=True))

    def append(self, start: int, end: int) -> None:
        """Add a run behind all others."""
        ends = self.ends
        if len(ends) > self.first:
            assert start >= ends[-1], (start, ends[-1])
            if ends[-1] == start:
                ends[-1] = end
                return
        self.starts.append(start)
        ends.append(end)

    def add(self, start: int, end: int) -> None:
        """Add a run at its place; none of it is there yet."""
        starts, ends, first = self.starts, self.ends, self.first
        if first == len(ends) or start >= ends[-1]:
            self.append(start, end)
            return
        at = bisect_left(starts, start, first)
        assert end <= starts[at], (start, end)
        assert at == first or ends[at - 1] <= start, (start, end)
        before = at > first and ends[at - 1] == start
        after = starts[at] == end
        if before and after:
            ends[at - 1] = ends[at]
            self._drop(at, at + 1)
        elif before:
            ends[at - 1] = end
        elif after:
            starts[at] = start
        elif at == first and first > 0:
            self.first = first - 1
            starts[first - 1] = start
            ends[first - 1] = end
        else:
            starts.insert(at, start)
            ends.insert(at, end)

    def remove(self, start: int, end: int) -> int:
        """Take out whatever of [start, end) is there; returns how many offsets that were."""
        starts, ends = self.starts, self.ends
        at = bisect_right(ends, start, self.first)
        if at == len(ends) or starts[at] >= end:
            return 0
        removed = 0
        if starts[at] < start:
            if ends[at] > end:  # out of the middle of a run
                starts.insert(at + 1, end)
                ends.insert(at + 1, ends[at])
                ends[at] = start
                return end - start
            removed = ends[at] - start
            ends[at] = start
            at += 1
        stop = at
        while stop < len(ends) and ends[stop] <= end:
            removed += ends[stop] - starts[stop]
            stop += 1
        if stop < len(ends) and starts[stop] < end:
            removed += end - starts[stop]
            starts[stop] = end
        if stop > at:
            self._drop(at, stop)
        return removed

    def _drop(self, at: int, stop: int) -> None:
        if at > self.first:
            del self.starts[at:stop]
            del self.ends[at:stop]
            return
        self.first = stop
        if stop == len(self.starts) or (stop > COMPACT_AT and stop * 2 > len(self.starts)):
            del self.starts[:stop]
            del self.ends[:stop]
            self.first = 0

    def meets(self, start: int, end: int) -> bool:
        """Whether any offset of [start, end) is there."""
        at = bisect_right(self.ends, start, self.first)
        return at < len(self.ends) and self.starts[at] < end

    def packed(self) -> tuple[bytes, bytes]:
        """Starts and ends as they are stored."""
        return self.starts[self.first :].tobytes(), self.ends[self.first :].tobytes()

    def unpack(self, starts: bytes, ends: bytes) -> None:
        """Fill an empty one with what `packed` gave. Raises ValueError."""
        self.starts.frombytes(starts)
        self.ends.frombytes(ends)
        if len(self.starts) != len(self.ends):
            raise ValueError("as many starts as ends")


class Lane:
    """What is ready of one priority or key, in offset order."""

    __slots__ = ("fresh", "returned")

    def __init__(self) -> None:
        self.fresh = Spans()
        self.returned: Spans | None = None  # most lanes never need it

    def put_back(self, start: int, end: int) -> None:
        """Messages were handed out and are ready again."""
        self.own_returned().add(start, end)

    def own_returned(self) -> Spans:
        """`returned`, to put something in."""
        if self.returned is None:
            self.returned = Spans()
        return self.returned

    def low(self) -> int:
        """The lowest ready offset; NONE when nothing is ready."""
        fresh = self.fresh.low()
        back = NONE if self.returned is None else self.returned.low()
        if back == NONE:
            return fresh
        return back if fresh == NONE or back < fresh else fresh

    def head(self, count_max: int) -> tuple[int, int, bool]:
        """The first run, at most `count_max` long, and whether it is fresh; something must be ready."""
        fresh = self.fresh.low()
        returned = self.returned
        back = NONE if returned is None else returned.low()
        if returned is not None and back != NONE and (fresh == NONE or back < fresh):
            end = min(returned.ends[returned.first], back + count_max)
            return back, end if fresh == NONE else min(end, fresh), False
        assert fresh != NONE
        end = min(self.fresh.ends[self.fresh.first], fresh + count_max)
        return fresh, end if back == NONE else min(end, back), True

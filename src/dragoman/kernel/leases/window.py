"""Message states of one subscription in one partition. Hot: every operation works on runs of offsets.

           low chunk            frontier              end of the partition
    DONE      |  chunks of 4,096  |   never leased, READY |

Everything at or past the frontier has never been leased and costs no memory. Below it, a chunk that is not resident
is wholly DONE; a resident one holds a byte of state per offset, and beside it, only where needed, who holds it
(`holders`), how often it was leased before (`tries`) and how often that failed (`fails`).

Work per call is proportional to the chunks touched, not to the messages in them: slices of bytes, moved by the
interpreter's own C code.

With an order (`order`) nothing waits at the frontier: it is the end of the partition, and what has never been leased is
READY because the order says so, or as a state of its chunk.
"""

from array import array
from collections.abc import Iterator
from typing import Final

from dragoman.kernel.leases.chunk import SPAN, SPAN_BITS, ZEROS, Chunk
from dragoman.kernel.leases.lane import Spans
from dragoman.kernel.leases.order import Order
from dragoman.kernel.leases.states import DONE, LEASED, READY, RETURNED, WAITING

ALL: Final = 1 << 60  # past every offset
TRIES_MAX: Final = 65_535  # counters saturate: every limit that protocols offer is far below
_RUNS: Final = tuple(bytes([state]) * SPAN for state in range(8))
_NO_TRIES: Final = bytes(2 * SPAN)


class Window:
    """The lease state of one partition for one subscription.

    ready + leased + waiting + deferred + pending + dead = messages published and not DONE (checked by a recount in
    the simulation). `returned` counts the ready ones below the frontier; `returned_low` is at or below the lowest.
    """

    __slots__ = (
        "chunks",
        "counts",
        "delayed",
        "frontier",
        "order",
        "ready",
        "ready_bytes",
        "returned_low",
        "saved",
        "shown",
        "timed",
        "touched",
    )

    def __init__(self, frontier: int, order: Order | None = None) -> None:
        self.frontier = frontier
        self.order = order
        self.chunks: dict[int, Chunk] = {}
        self.counts: list[int] = [
            0
        ] * 8  # per state; counts[READY] is kept as `ready`, RETURNED included there
        self.ready = 0
        self.ready_bytes = 0  # kept only where a limit on bytes asks for it
        self.returned_low = frontier
        self.saved: set[int] = set()  # chunks that have a row in the state store
        self.touched = True  # since the last checkpoint
        self.shown: int = ALL  # what is stored from here on is delayed; frontier <= shown
        self.delayed = 0  # how many messages that are
        self.timed = False  # some lease had a deadline

    def state(self, offset: int) -> int:
        """The state of one offset."""
        if offset >= self.frontier:
            return READY
        chunk = self.chunks.get(offset >> SPAN_BITS)
        state = DONE if chunk is None else chunk.states[offset - chunk.base]
        if state == DONE and self.order is not None and self.order.meets(offset, offset + 1):
            return READY
        return state

    def holder_of(self, offset: int) -> int:
        """Who holds the message at `offset`, which is LEASED."""
        chunk = self.chunks[offset >> SPAN_BITS]
        return chunk.holders[offset - chunk.base]

    def adopt(self, index: int, chunk: Chunk) -> None:
        """A chunk as a checkpoint saved it."""
        self.chunks[index] = chunk
        self.saved.add(index)
        self.timed = self.timed or chunk.until_ms is not None
        for state in range(1, READY + 1):
            self.counts[state] += chunk.states.count(state)

    def floor(self) -> int:
        """Every offset below this is DONE."""
        floor = self.frontier
        if self.order is not None:
            low = self.order.low()
            if low >= 0:
                floor = min(low, floor)
        if not self.chunks:
            return floor
        for index in sorted(self.chunks):
            chunk = self.chunks[index]
            if chunk.open:
                skipped = SPAN - len(chunk.states.lstrip(b"\0"))
                return min(chunk.base + skipped, floor)
        return floor

    def is_done(self, start: int, end: int) -> bool:
        """Whether every offset of [start, end) is DONE."""
        if end > self.frontier:
            return False
        if self.order is not None and self.order.meets(start, end):
            return False
        for index in range(start >> SPAN_BITS, ((end - 1) >> SPAN_BITS) + 1):
            chunk = self.chunks.get(index)
            if chunk is not None and chunk.open:
                low = max(start - chunk.base, 0)
                high = min(end - chunk.base, SPAN)
                if chunk.states.count(DONE, low, high) != high - low:
                    return False
        return True

    def advance(self, start: int, end: int, state: int, holder: int) -> None:
        """Move the frontier from at or below `start` to `end`; [start, end) enter `state`, any gap before is DONE.

        Does not touch `ready`: the caller knows how many of the run were messages.
        """
        assert self.frontier <= start <= end, (self.frontier, start, end)
        before = self.frontier
        self.frontier = end
        self.touched = True
        if before >> SPAN_BITS != end >> SPAN_BITS:
            chunk = self.chunks.get(before >> SPAN_BITS)
            if chunk is not None and chunk.open == 0:
                del self.chunks[before >> SPAN_BITS]
        if state != DONE:
            self.counts[state] += end - start
            self._fill(start, end, state, holder)

    def enter(self, start: int, end: int, state: int, holder: int) -> None:
        """[start, end), of which no chunk says anything (DONE, or READY by the order), enter `state`."""
        self.counts[state] += end - start
        self._fill(start, end, state, holder)
        self.touched = True

    def tag(self, start: int, end: int, lane: int) -> None:
        """Note the lane of messages that are not DONE."""
        while start < end:
            chunk = self.chunks[start >> SPAN_BITS]
            low = start - chunk.base
            high = min(end - chunk.base, SPAN)
            if chunk.lanes is None and lane:
                chunk.lanes = array("Q", ZEROS)
            if chunk.lanes is not None:
                if high - low == 1:
                    chunk.lanes[low] = lane
                else:
                    chunk.lanes[low:high] = array("Q", [lane]) * (high - low)
            start += high - low

    def tagged(self, start: int, end: int) -> list[tuple[int, int, int]]:
        """[start, end) in pieces (lane, start, end), each of one lane."""
        pieces: list[tuple[int, int, int]] = []
        while start < end:
            chunk = self.chunks[start >> SPAN_BITS]
            stop = min(end, chunk.base + SPAN)
            if chunk.lanes is None:
                pieces.append((0, start, stop))
                start = stop
                continue
            at = start
            lane = chunk.lanes[at - chunk.base]
            while at < stop and chunk.lanes[at - chunk.base] == lane:
                at += 1
            pieces.append((lane, start, at))
            start = at
        return pieces

    def hold_until(self, start: int, end: int, until_ms: int, duration_ms: int) -> None:
        """[start, end), all LEASED, is held until then, 0 as long as the connection; or, WAITING, waits until then."""
        if until_ms:
            self.timed = True
        while start < end:
            chunk = self.chunks[start >> SPAN_BITS]
            low = start - chunk.base
            count = min(end - chunk.base, SPAN) - low
            until, durations = chunk.until_ms, chunk.durations_ms
            if until_ms and (until is None or durations is None):
                until = chunk.until_ms = array("Q", ZEROS)
                durations = chunk.durations_ms = array("Q", ZEROS)
            if until is not None and durations is not None:
                until[low : low + count] = array("Q", [until_ms]) * count
                durations[low : low + count] = array("Q", [duration_ms]) * count
                chunk.dirty = True
            start += count

    def held_until(self) -> list[tuple[int, int, int, int]]:
        """Runs (start, end, holder, duration) of LEASED messages whose lease has a deadline."""
        found: list[tuple[int, int, int, int]] = []
        for index in sorted(self.chunks) if self.timed else ():
            found += self.chunks[index].held_until()
        return found

    def waits_until(self) -> list[tuple[int, int, int, int]]:
        """Runs (start, end, wall time, duration) of WAITING messages."""
        found: list[tuple[int, int, int, int]] = []
        for index in sorted(self.chunks) if self.timed else ():
            found += self.chunks[index].waits_until()
        return found

    def overdue(self, start: int, end: int, holder: int, now_ms: int) -> list[tuple[int, int]]:
        """What of [start, end) `holder` has, under a lease that ends at or before `now_ms`."""
        runs: list[tuple[int, int]] = []
        for offset in range(start, end):
            chunk = self.chunks.get(offset >> SPAN_BITS)
            if chunk is None or chunk.until_ms is None:
                continue
            at = offset - chunk.base
            if (
                chunk.states[at] == LEASED
                and chunk.holders[at] == holder
                and 0 < chunk.until_ms[at] <= now_ms
            ):
                if runs and runs[-1][1] == offset:
                    runs[-1] = (runs[-1][0], offset + 1)
                else:
                    runs.append((offset, offset + 1))
        return runs

    def bound(self) -> list[tuple[int, int]]:
        """Runs of LEASED messages that are held as long as a connection lasts."""
        return self._without(LEASED, self.held_until())

    def waits_for_nothing(self) -> list[tuple[int, int]]:
        """Runs of WAITING messages of which nobody wrote down until when."""
        return self._without(WAITING, self.waits_until())

    def _without(self, state: int, timed: list[tuple[int, int, int, int]]) -> list[tuple[int, int]]:
        runs = list(self.runs(state))
        if not timed:
            return runs
        spans = Spans()
        for start, end in runs:
            spans.append(start, end)
        for start, end, _, _ in timed:
            spans.remove(start, end)
        return spans.runs()

    def _fill(self, start: int, end: int, state: int, holder: int) -> None:
        index = start >> SPAN_BITS
        while start < end:
            chunk = self.chunks.get(index)
            if chunk is None:
                chunk = Chunk(index << SPAN_BITS)
                self.chunks[index] = chunk
            low = start - chunk.base
            high = min(end - chunk.base, SPAN)
            count = high - low
            if count == 1:
                chunk.states[low] = state
                chunk.holders[low] = holder
            else:
                chunk.states[low:high] = _RUNS[state][:count]
                chunk.holders[low:high] = array("Q", [holder]) * count
            chunk.open += count
            chunk.dirty = True
            start += count
            index += 1

    def held(self, start: int, end: int, holder: int) -> bool:
        """Whether every offset of [start, end) is LEASED to `holder`."""
        if end > self.frontier:
            return False
        index = start >> SPAN_BITS
        while start < end:
            chunk = self.chunks.get(index)
            if chunk is None:
                return False
            low = start - chunk.base
            high = min(end - chunk.base, SPAN)
            count = high - low
            if count == 1:
                if chunk.states[low] != LEASED or chunk.holders[low] != holder:
                    return False
            elif (
                chunk.states[low:high] != _RUNS[LEASED][:count]
                or chunk.holders[low:high] != array("Q", [holder]) * count
            ):
                return False
            start += count
            index += 1
        return True

    def move(self, start: int, end: int, source: int, target: int, holder: int = 0) -> None:
        """Take [start, end), all in `source` and below the frontier, to `target`."""
        self.touched = True
        self.counts[source] -= end - start
        if target != DONE:
            self.counts[target] += end - start
        if target == RETURNED and start < self.returned_low:
            self.returned_low = start
        index = start >> SPAN_BITS
        while start < end:
            chunk = self.chunks[index]
            low = start - chunk.base
            high = min(end - chunk.base, SPAN)
            count = high - low
            if count == 1:
                assert chunk.states[low] == source, (start, chunk.states[low], source)
                chunk.states[low] = target
                if target == LEASED:
                    chunk.holders[low] = holder
            else:
                assert chunk.states[low:high] == _RUNS[source][:count], (start, end, source)
                chunk.states[low:high] = _RUNS[target][:count]
                if target == LEASED:
                    chunk.holders[low:high] = array("Q", [holder]) * count
            chunk.dirty = True
            if target == DONE:
                chunk.open -= count
                if chunk.open == 0 and self.frontier >= chunk.base + SPAN:
                    del self.chunks[index]
            start += count
            index += 1

    def reopen(self, start: int, end: int) -> None:
        """Seek back: [start, end), all DONE and below the frontier, become RETURNED."""
        self.enter(start, end, RETURNED, 0)
        self.returned_low = min(self.returned_low, start)

    def next_run(self, state: int, start: int, count_max: int) -> tuple[int, int] | None:
        """The first run in `state` at or past `start` and below the frontier, at most `count_max` long."""
        if self.counts[state] == 0:
            return None
        first = start >> SPAN_BITS
        for index in sorted(self.chunks):
            if index < first:
                continue
            chunk = self.chunks[index]
            if chunk.open == 0:
                continue
            found = chunk.states.find(state, max(start - chunk.base, 0))
            if found >= 0:
                piece = chunk.states[found : found + count_max]
                length = len(piece) - len(piece.lstrip(_RUNS[state][:1]))
                return (chunk.base + found, chunk.base + found + length)
        return None

    def next_returned(self, count_max: int) -> tuple[int, int] | None:
        """The lowest run of RETURNED, at most `count_max` long."""
        run = self.next_run(RETURNED, self.returned_low, count_max)
        self.returned_low = (
            self.frontier if run is None else run[0]
        )  # a hint, not state: deciding may move it
        return run

    def runs(self, state: int, holder: int = 0) -> Iterator[tuple[int, int]]:
        """Every run in `state` (held by `holder` unless 0), in offset order; safe while the caller changes them."""
        for index in sorted(self.chunks):
            chunk = self.chunks.get(index)
            if chunk is None or chunk.open == 0:
                continue
            states = bytes(chunk.states)
            holders = chunk.holders[:]
            at = states.find(state)
            while at >= 0:
                end = at + 1
                if holder == 0 or holders[at] == holder:
                    while (
                        end < SPAN
                        and states[end] == state
                        and (holder == 0 or holders[end] == holder)
                    ):
                        end += 1
                    yield (chunk.base + at, chunk.base + end)
                at = states.find(state, end)

    def within(self, state: int, start: int, end: int) -> list[tuple[int, int]]:
        """Runs in `state` of [start, end)."""
        runs: list[tuple[int, int]] = []
        for offset in range(start, end):
            chunk = self.chunks.get(offset >> SPAN_BITS)
            if chunk is None or chunk.states[offset - chunk.base] != state:
                continue
            if runs and runs[-1][1] == offset:
                runs[-1] = (runs[-1][0], offset + 1)
            else:
                runs.append((offset, offset + 1))
        return runs

    def tried(self, offset: int) -> int:
        """How often the message was leased before its present lease."""
        chunk = self.chunks.get(offset >> SPAN_BITS)
        return 0 if chunk is None or chunk.tries is None else chunk.tries[offset - chunk.base]

    def failed(self, offset: int) -> int:
        """How often a lease of the message ended in failure."""
        chunk = self.chunks.get(offset >> SPAN_BITS)
        return 0 if chunk is None or chunk.fails is None else chunk.fails[offset - chunk.base]

    def first_ms(self, offset: int) -> int:
        """When the message was first leased, wall time; 0 never, or not kept."""
        chunk = self.chunks.get(offset >> SPAN_BITS)
        if chunk is None or chunk.firsts_ms is None:
            return 0
        return chunk.firsts_ms[offset - chunk.base]

    def note_first(self, start: int, end: int, wall_ms: int) -> None:
        """[start, end), all LEASED, are leased now; what was leased before keeps its time."""
        for offset in range(start, end):
            chunk = self.chunks[offset >> SPAN_BITS]
            if chunk.firsts_ms is None:
                chunk.firsts_ms = array("Q", ZEROS)
            at = offset - chunk.base
            if not chunk.firsts_ms[at]:
                chunk.firsts_ms[at] = wall_ms

    def count_try(self, start: int, end: int, *, failed: bool) -> None:
        """Count one more lease that ended, and one more failure if it was one, for offsets of resident chunks."""
        for offset in range(start, end):
            chunk = self.chunks[offset >> SPAN_BITS]
            at = offset - chunk.base
            if chunk.tries is None:
                chunk.tries = array("H", _NO_TRIES)
            chunk.tries[at] = min(chunk.tries[at] + 1, TRIES_MAX)
            if failed:
                if chunk.fails is None:
                    chunk.fails = array("H", _NO_TRIES)
                chunk.fails[at] = min(chunk.fails[at] + 1, TRIES_MAX)

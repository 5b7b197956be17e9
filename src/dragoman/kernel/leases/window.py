"""Message states of one subscription in one partition. Hot: every operation works on runs of offsets.

              floor               frontier              end of the partition
    DONE        |  DONE but in chunks |   never leased, READY |

Everything at or past the frontier has never been leased and costs no memory. Below it, what no chunk covers is DONE; a
chunk holds a byte of state per offset, and beside it who holds it (`holders`) and, only where needed, how often it was
leased before (`tries`) and how often that failed (`fails`). Chunks cover what is open: see `chunks`.

Work per call is proportional to the chunks touched, not to the messages in them: slices of bytes, moved by the
interpreter's own C code.

With an order (`order`) nothing waits at the frontier: it is the end of the partition, and what has never been leased is
READY because the order says so, or as a state of its chunk. What it hands out that lies apart is LEASED in `parcels`
until somebody looks at it.
"""

from array import array
from bisect import bisect_right
from collections.abc import Iterator
from typing import Final

from dragoman.kernel.empties import NO_COUNTS, NO_DICT, NO_LIST
from dragoman.kernel.leases.chunk import SPAN, Chunk
from dragoman.kernel.leases.chunks import ALL
from dragoman.kernel.leases.lane import Spans
from dragoman.kernel.leases.order import Order
from dragoman.kernel.leases.parcel import Packed
from dragoman.kernel.leases.revisions import Revisions
from dragoman.kernel.leases.selector import Place
from dragoman.kernel.leases.states import DEFERRED, DONE, LEASED, READY, RETURNED, WAITING

TRIES_MAX: Final = 65_535  # counters saturate: every limit that protocols offer is far below
_RUNS: Final = tuple(bytes([state]) * SPAN for state in range(8))

Timed = list[tuple[int, int, int, int]]
Runs = list[tuple[int, int]]


class Window(Packed):
    """The lease state of one partition for one subscription.

    ready + leased + waiting + deferred + pending + dead = messages published and not DONE (checked by a recount in
    the simulation). `returned` counts the ready ones below the frontier; `returned_low` is at or below the lowest.
    """

    __slots__ = (
        "counts",
        "delayed",
        "frontier",
        "order",
        "places",
        "ready",
        "ready_bytes",
        "returned_low",
        "revisions",
        "saved",
        "sets_aside",
        "shown",
        "timed",
        "touched",
    )

    def __init__(self, frontier: int, order: Order | None = None) -> None:
        super().__init__()
        self.frontier = frontier
        self.order = order
        # Per state; counts[READY] is kept as `ready`, RETURNED included there.
        self.counts: list[int] = NO_COUNTS
        self.ready = 0
        self.ready_bytes = 0  # kept only where a limit on bytes asks for it
        self.returned_low = frontier
        self.saved: dict[int, None] = NO_DICT  # chunks that have a row in the state store
        self.revisions: Revisions | None = None  # of messages that are not DONE
        self.places: list[Place] | None = None  # of receivers that select
        self.touched = True  # since the last checkpoint
        self.shown: int = ALL  # what is stored from here on is delayed; frontier <= shown
        self.delayed = 0  # how many messages that are
        self.timed = False  # some lease had a deadline
        self.sets_aside = False  # some message was leased though it was DEFERRED

    def own_counts(self) -> list[int]:
        """`counts`, to change it."""
        if self.counts is NO_COUNTS:
            self.counts = [0] * len(NO_COUNTS)
        return self.counts

    def note_saved(self, base: int) -> None:
        """The chunk has a row in the state store, see `chunkrows`."""
        if self.saved is NO_DICT:
            self.saved = {}
        self.saved[base] = None

    def state(self, offset: int) -> int:
        """The state of one offset."""
        if offset >= self.frontier:
            return READY
        chunk = self.chunk_at(offset)
        state = DONE if chunk is None else chunk.states[offset - chunk.base]
        if state == DONE and self.order is not None and self.order.meets(offset, offset + 1):
            return READY
        return state

    def holder_of(self, offset: int) -> int:
        """Who holds the message at `offset`, which is LEASED."""
        chunk = self.chunk_at(offset)
        assert chunk is not None, (offset, "is not held")
        return chunk.holders[offset - chunk.base]

    def adopt(self, chunk: Chunk) -> None:
        """A chunk as a checkpoint saved it."""
        self.put(chunk)
        self.timed = self.timed or chunk.is_timed()
        self.sets_aside = self.sets_aside or chunk.aside is not None
        for state in range(1, READY + 1):
            self.own_counts()[state] += chunk.states.count(state)

    def open_counts(self) -> list[int]:
        """How many messages below the frontier are in each state but DONE and RETURNED, which is counted ready."""
        return [
            count for state, count in enumerate(self.counts) if state not in {DONE, RETURNED, READY}
        ]

    def floor(self) -> int:
        """Every offset below this is DONE."""
        floor = self.frontier
        if self.order is not None:
            low = self.order.low()
            if low >= 0:
                floor = min(low, floor)
        if self.parcels is not None:
            floor = min(self.parcels.low(), floor)
        for chunk in self.chunks:
            if chunk.open:
                return min(chunk.base + chunk.lowest(), floor)
        return floor

    def is_done(self, start: int, end: int) -> bool:
        """Whether every offset of [start, end) is DONE."""
        if end > self.frontier:
            return False
        if self.order is not None and self.order.meets(start, end):
            return False
        return all(
            chunk.open == 0 or chunk.states.count(DONE, low, high) == high - low
            for chunk, low, high in self.pieces(start, end)
        )

    def advance(self, start: int, end: int, state: int, holder: int) -> None:
        """Move the frontier from at or below `start` to `end`; [start, end) enter `state`, any gap before is DONE.

        Does not touch `ready`: the caller knows how many of the run were messages.
        """
        assert self.frontier <= start <= end, (self.frontier, start, end)
        self.frontier = end
        self.touched = True
        if state != DONE:
            self.own_counts()[state] += end - start
            self._fill(start, end, state, holder)

    def enter(self, start: int, end: int, state: int, holder: int) -> None:
        """[start, end), of which no chunk says anything (DONE, or READY by the order), enter `state`."""
        self.own_counts()[state] += end - start
        self._fill(start, end, state, holder)
        self.touched = True

    def unwrap(self, start: int, end: int, holder: int, lane: int) -> None:
        """See `Packed`."""
        self._fill(start, end, LEASED, holder)
        self.tag(start, end, lane)
        if self.timed:
            self.hold_until(start, end, 0, 0)

    def hold_until(self, start: int, end: int, until_ms: int, duration_ms: int) -> None:
        """[start, end), all LEASED, is held until then, 0 as long as the connection; or, WAITING, waits until then."""
        if until_ms:
            self.timed = True
        index = bisect_right(self.bases, start) - 1
        while start < end:
            chunk = self.chunks[index]
            low = start - chunk.base
            count = min(end - start, len(chunk.states) - low)
            if until_ms:
                chunk.add_times()
            if chunk.is_timed():
                length, noted = len(chunk.states), chunk.holders
                at = length + low
                if count == 1:
                    noted[at] = until_ms
                    noted[length + at] = duration_ms
                else:
                    noted[at : at + count] = array("Q", [until_ms]) * count
                    noted[length + at : length + at + count] = array("Q", [duration_ms]) * count
                chunk.dirty = True
            start += count
            index += 1

    def held_until(self) -> Timed:
        """Runs (start, end, holder, duration) of LEASED messages whose lease has a deadline."""
        found: Timed = []
        for chunk in self.chunks if self.timed else ():
            found += chunk.held_until()
        return found

    def waits_until(self) -> Timed:
        """Runs (start, end, wall time, duration) of WAITING messages."""
        found: Timed = []
        for chunk in self.chunks if self.timed else ():
            found += chunk.waits_until()
        return found

    def overdue(self, start: int, end: int, holder: int, now_ms: int) -> list[tuple[int, int]]:
        """What of [start, end) `holder` has, under a lease that ends at or before `now_ms`."""
        runs: list[tuple[int, int]] = []
        for chunk, low, high in self.pieces(start, end):
            if not chunk.is_timed():
                continue
            states, holders, base, length = (
                chunk.states,
                chunk.holders,
                chunk.base,
                len(chunk.states),
            )
            for at in range(low, high):
                if (
                    states[at] == LEASED
                    and holders[at] == holder
                    and 0 < holders[length + at] <= now_ms
                ):
                    _add(runs, base + at)
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

    def clear(self) -> None:
        """Everything below the frontier is DONE."""
        if self.revisions is not None:
            self.revisions.forget(0, self.frontier)
        self.bases = self.chunks = NO_LIST
        self.parcels = None
        self.counts = NO_COUNTS

    def _fill(self, start: int, end: int, state: int, holder: int) -> None:
        while start < end:
            index = self.place(start, end)
            chunk = self.chunks[index]
            low = start - chunk.base
            count = min(end - start, len(chunk.states) - low)
            if count == 1:
                chunk.states[low] = state
                chunk.holders[low] = holder
            else:
                chunk.states[low : low + count] = _RUNS[state][:count]
                chunk.holders[low : low + count] = array("Q", [holder]) * count
            chunk.open += count
            chunk.low = min(chunk.low, low)
            chunk.dirty = True
            start += count

    def held(self, start: int, end: int, holder: int) -> bool:
        """Whether every offset of [start, end) is LEASED to `holder`."""
        if end > self.frontier:
            return False
        self.unpack()
        index = bisect_right(self.bases, start) - 1
        if index < 0:
            return False
        while start < end:
            chunk = self.chunks[index]
            low = start - chunk.base
            count = min(end - start, len(chunk.states) - low)
            if count <= 0 or low < 0:
                return False
            if count == 1:
                if chunk.states[low] != LEASED or chunk.holders[low] != holder:
                    return False
            elif (
                chunk.states[low : low + count] != _RUNS[LEASED][:count]
                or chunk.holders[low : low + count] != array("Q", [holder]) * count
            ):
                return False
            start += count
            index += 1
            if start < end and index == len(self.chunks):
                return False
        return True

    def move(self, start: int, end: int, source: int, target: int, holder: int = 0) -> None:
        """Take [start, end), all in `source` and below the frontier, to `target`."""
        self.touched = True
        self.unpack()
        if self.sets_aside or source == DEFERRED:
            self._note_aside(start, end, source, target)
        counts = self.own_counts()
        counts[source] -= end - start
        if target != DONE:
            counts[target] += end - start
        if target == RETURNED:
            self.come_back(start)
        index = bisect_right(self.bases, start) - 1
        while start < end:
            chunk = self.chunks[index]
            low = start - chunk.base
            count = min(end - start, len(chunk.states) - low)
            high = low + count
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
            start += count
            index += 1
            if target == DONE:
                chunk.open -= count
                if chunk.open == 0 and index < len(self.chunks):
                    index -= 1
                    self.drop(index)

    def reopen(self, start: int, end: int) -> None:
        """Seek back: [start, end), all DONE and below the frontier, become RETURNED."""
        self.enter(start, end, RETURNED, 0)
        self.come_back(start)

    def come_back(self, start: int) -> None:
        """Something at or past `start` is ready that was not: whoever has looked there looks again."""
        self.returned_low = min(self.returned_low, start)
        for place in self.places or ():
            place.offset = min(place.offset, start)

    def next_run(self, state: int, start: int, count_max: int) -> tuple[int, int] | None:
        """The first run in `state` at or past `start` and below the frontier, at most `count_max` long."""
        if self.counts[state] == 0:
            return None
        if state == LEASED:
            self.unpack()
        index = max(bisect_right(self.bases, start) - 1, 0)
        while index < len(self.chunks):
            chunk = self.chunks[index]
            index += 1
            found = chunk.states.find(state, max(start - chunk.base, 0)) if chunk.open else -1
            if found >= 0:
                return (chunk.base + found, self._run_end(index, chunk.base + found, count_max))
        return None

    def _run_end(self, index: int, start: int, count_max: int) -> int:
        """Where the run that begins at `start`, in the chunk before `index`, ends: maybe in one behind that."""
        chunk = self.chunks[index - 1]
        one = chunk.states[start - chunk.base : start - chunk.base + 1]
        end = start
        while True:
            low = end - chunk.base
            piece = chunk.states[low : low + count_max - (end - start)]
            end += len(piece) - len(piece.lstrip(one))
            if end - start == count_max or end < chunk.base + len(chunk.states):
                return end
            if index == len(self.chunks) or self.bases[index] != end:
                return end
            chunk = self.chunks[index]
            index += 1

    def next_returned(self, count_max: int) -> tuple[int, int] | None:
        """The lowest run of RETURNED, at most `count_max` long."""
        run = self.next_run(RETURNED, self.returned_low, count_max)
        self.returned_low = (
            self.frontier if run is None else run[0]
        )  # a hint, not state: deciding may move it
        return run

    def runs(self, state: int, holder: int = 0) -> Iterator[tuple[int, int]]:
        """Every run in `state` (held by `holder` unless 0), in offset order; safe while the caller changes them."""
        if state == LEASED:
            self.unpack()
        begun = ended = 0  # neighbours in two chunks are one run
        for chunk in self.chunks.copy():
            if chunk.open == 0:
                continue
            base, states = chunk.base, bytes(chunk.states)
            holders = chunk.holders[: len(states)]
            at = states.find(state)
            while at >= 0:
                end = at + 1
                if holder == 0 or holders[at] == holder:
                    while (
                        end < len(states)
                        and states[end] == state
                        and (holder == 0 or holders[end] == holder)
                    ):
                        end += 1
                    if base + at != ended:
                        if begun < ended:
                            yield (begun, ended)
                        begun = base + at
                    ended = base + end
                at = states.find(state, end)
        if begun < ended:
            yield (begun, ended)

    def within(self, state: int, start: int, end: int) -> list[tuple[int, int]]:
        """Runs in `state` of [start, end)."""
        runs: list[tuple[int, int]] = []
        for chunk, low, high in self.pieces(start, end):
            at = chunk.states.find(state, low, high)
            while at >= 0:
                _add(runs, chunk.base + at)
                at = chunk.states.find(state, at + 1, high)
        return runs

    def tried(self, offset: int) -> int:
        """How often the message was leased before its present lease."""
        chunk = self.chunk_at(offset)
        return 0 if chunk is None or chunk.tries is None else chunk.tries[offset - chunk.base]

    def failed(self, offset: int) -> int:
        """How often a lease of the message ended in failure."""
        chunk = self.chunk_at(offset)
        return 0 if chunk is None or chunk.fails is None else chunk.fails[offset - chunk.base]

    def first_ms(self, offset: int) -> int:
        """When the message was first leased, wall time; 0 never, or not kept."""
        chunk = self.chunk_at(offset)
        if chunk is None or chunk.firsts_ms is None:
            return 0
        return chunk.firsts_ms[offset - chunk.base]

    def note_first(self, start: int, end: int, wall_ms: int) -> None:
        """[start, end), all LEASED, are leased now; what was leased before keeps its time."""
        for chunk, low, high in self.pieces(start, end):
            if chunk.firsts_ms is None:
                chunk.firsts_ms = chunk.column("Q")
            for at in range(low, high):
                if not chunk.firsts_ms[at]:
                    chunk.firsts_ms[at] = wall_ms

    def _note_aside(self, start: int, end: int, source: int, target: int) -> None:
        """Whether [start, end), which goes from `source` to `target`, is LEASED now and was DEFERRED."""
        if source == target:
            return
        is_aside = source == DEFERRED and target == LEASED
        self.sets_aside = self.sets_aside or is_aside
        for chunk, low, high in self.pieces(start, end):
            if chunk.aside is None and is_aside:
                chunk.aside = chunk.column("B")
            if chunk.aside is not None:
                chunk.aside[low:high] = array("B", [is_aside]) * (high - low)

    def split_aside(self, runs: Runs) -> tuple[Runs, Runs]:
        """Of LEASED messages (those that are RETURNED when their lease ends, those that are DEFERRED again)."""
        if not self.sets_aside:
            return runs, []
        back: Runs = []
        aside: Runs = []
        for start, end in runs:
            for chunk, low, high in self.pieces(start, end):
                for at in range(low, high):
                    was_deferred = chunk.aside is not None and chunk.aside[at] == 1
                    _add(aside if was_deferred else back, chunk.base + at)
        return back, aside

    def count_try(self, start: int, end: int, *, failed: bool) -> None:
        """Count one more lease that ended, and one more failure if it was one; none of [start, end) is DONE."""
        for chunk, low, high in self.pieces(start, end):
            if chunk.tries is None:
                chunk.tries = chunk.column("H")
            if failed and chunk.fails is None:
                chunk.fails = chunk.column("H")
            for at in range(low, high):
                chunk.tries[at] = min(chunk.tries[at] + 1, TRIES_MAX)
                if failed and chunk.fails is not None:
                    chunk.fails[at] = min(chunk.fails[at] + 1, TRIES_MAX)


def _add(runs: list[tuple[int, int]], offset: int) -> None:
    """One more offset, past all before."""
    if runs and runs[-1][1] == offset:
        runs[-1] = (runs[-1][0], offset + 1)
    else:
        runs.append((offset, offset + 1))

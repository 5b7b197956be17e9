"""Message states of one subscription in one partition. Hot: every operation works on runs of offsets.

           low chunk            frontier              end of the partition
    DONE      |  chunks of 4,096  |   never leased, READY |

Everything at or past the frontier has never been leased and costs no memory. Below it, a chunk that is not resident
is wholly DONE; a resident one holds a byte of state per offset, and beside it, only where needed, who holds it
(`holders`), how often it was leased before (`tries`) and how often that failed (`fails`).

Work per call is proportional to the chunks touched, not to the messages in them: slices of bytes, moved by the
interpreter's own C code.
"""

from array import array
from collections.abc import Iterator
from typing import Final

from dragoman.kernel.leases.states import DONE, LEASED, READY, RETURNED

SPAN_BITS: Final = 12
SPAN: Final = 1 << SPAN_BITS  # offsets per chunk
TRIES_MAX: Final = 255  # counters saturate: every limit that protocols offer is far below
_RUNS: Final = tuple(bytes([state]) * SPAN for state in range(8))
_ZEROS: Final = bytes(8 * SPAN)


class Chunk:
    """States of offsets base <= o < base + SPAN. `open` counts those that are not DONE."""

    __slots__ = ("base", "dirty", "fails", "holders", "open", "states", "tries")

    def __init__(self, base: int) -> None:
        self.base = base
        self.states = bytearray(SPAN)
        self.holders: array[int] = array("Q", _ZEROS)
        self.tries: bytearray | None = None
        self.fails: bytearray | None = None
        self.open = 0
        self.dirty = True


class Window:
    """The lease state of one partition for one subscription.

    ready + leased + waiting + deferred + pending + dead = messages published and not DONE (checked by a recount in
    the simulation). `returned` counts the ready ones below the frontier; `returned_low` is at or below the lowest.
    """

    __slots__ = (
        "chunks",
        "counts",
        "frontier",
        "ready",
        "ready_bytes",
        "returned_low",
        "saved",
        "touched",
    )

    def __init__(self, frontier: int) -> None:
        self.frontier = frontier
        self.chunks: dict[int, Chunk] = {}
        self.counts: list[int] = [
            0
        ] * 8  # per state; counts[READY] is kept as `ready`, RETURNED included there
        self.ready = 0
        self.ready_bytes = 0  # kept only where a limit on bytes asks for it
        self.returned_low = frontier
        self.saved: set[int] = set()  # chunks that have a row in the state store
        self.touched = True  # since the last checkpoint

    def state(self, offset: int) -> int:
        """The state of one offset."""
        if offset >= self.frontier:
            return READY
        chunk = self.chunks.get(offset >> SPAN_BITS)
        return DONE if chunk is None else chunk.states[offset - chunk.base]

    def adopt(self, index: int, chunk: Chunk) -> None:
        """A chunk as a checkpoint saved it."""
        self.chunks[index] = chunk
        self.saved.add(index)
        for state in range(1, READY):
            self.counts[state] += chunk.states.count(state)

    def floor(self) -> int:
        """Every offset below this is DONE."""
        if not self.chunks:
            return self.frontier
        for index in sorted(self.chunks):
            chunk = self.chunks[index]
            if chunk.open:
                skipped = SPAN - len(chunk.states.lstrip(b"\0"))
                return min(chunk.base + skipped, self.frontier)
        return self.frontier

    def is_done(self, start: int, end: int) -> bool:
        """Whether every offset of [start, end) is DONE."""
        if end > self.frontier:
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
                or chunk.holders[low:high] != array("I", [holder]) * count
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
        self.counts[RETURNED] += end - start
        self._fill(start, end, RETURNED, 0)
        self.returned_low = min(self.returned_low, start)
        self.touched = True

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

    def tried(self, offset: int) -> int:
        """How often the message was leased before its present lease."""
        chunk = self.chunks.get(offset >> SPAN_BITS)
        return 0 if chunk is None or chunk.tries is None else chunk.tries[offset - chunk.base]

    def failed(self, offset: int) -> int:
        """How often a lease of the message ended in failure."""
        chunk = self.chunks.get(offset >> SPAN_BITS)
        return 0 if chunk is None or chunk.fails is None else chunk.fails[offset - chunk.base]

    def count_try(self, start: int, end: int, *, failed: bool) -> None:
        """Count one more lease that ended, and one more failure if it was one, for offsets of resident chunks."""
        for offset in range(start, end):
            chunk = self.chunks[offset >> SPAN_BITS]
            at = offset - chunk.base
            if chunk.tries is None:
                chunk.tries = bytearray(SPAN)
            chunk.tries[at] = min(chunk.tries[at] + 1, TRIES_MAX)
            if failed:
                if chunk.fails is None:
                    chunk.fails = bytearray(SPAN)
                chunk.fails[at] = min(chunk.fails[at] + 1, TRIES_MAX)

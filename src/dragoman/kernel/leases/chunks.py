"""Which chunk says something about an offset. Hot.

    bases     5         100                900
    chunks   [5, 13)   [100, 612)         [900, 908)         disjoint, ascending
                DONE             DONE                DONE between them

Memory is in proportion to the messages that are open: a chunk grows where the next message is its neighbour or nearly
so, unless it is sparse; then a new one begins. The last chunk stays when all of it is done, for what comes next at the
frontier; every other one goes. What many settlements have made sparse is cut at checkpoints (`tidy`).
"""

import re
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from typing import Final

from dragoman.kernel.empties import NO_LIST
from dragoman.kernel.leases.chunk import SPAN, Chunk

ALL: Final = 1 << 60  # past every offset
SPARSE_MIN: Final = 64  # offsets: shorter chunks are never sparse
GAP_MAX: Final = 8  # offsets: a longer gap costs more than another chunk
SPARSE: Final = 8  # of so many offsets less than one is open
_CLUSTERS: Final = re.compile(rb"[^\0]+(?:\0{1,8}[^\0]+)*")


class Chunks:
    """The chunks of a window. An offset in none of them is DONE, or past the frontier."""

    __slots__ = ("bases", "chunks")

    def __init__(self) -> None:
        self.bases: list[int] = NO_LIST
        self.chunks: list[Chunk] = NO_LIST

    def chunk_at(self, offset: int) -> Chunk | None:
        """The one that covers the offset."""
        index = bisect_right(self.bases, offset) - 1
        if index < 0:
            return None
        chunk = self.chunks[index]
        return chunk if offset < chunk.base + len(chunk.states) else None

    def pieces(self, start: int, end: int) -> Iterator[tuple[Chunk, int, int]]:
        """(chunk, low, high): where in their columns the chunks have whatever they cover of [start, end)."""
        index = max(bisect_right(self.bases, start) - 1, 0)
        while index < len(self.chunks) and self.bases[index] < end:
            chunk = self.chunks[index]
            low = max(start - chunk.base, 0)
            high = min(end - chunk.base, len(chunk.states))
            if low < high:
                yield chunk, low, high
            index += 1

    def tag(self, start: int, end: int, lane: int) -> None:
        """Note the lane of messages that are not DONE."""
        for chunk, low, high in self.pieces(start, end):
            if chunk.lanes is None and lane:
                chunk.lanes = chunk.column("Q")
            if chunk.lanes is not None:
                if high - low == 1:
                    chunk.lanes[low] = lane
                else:
                    chunk.lanes[low:high] = array("Q", [lane]) * (high - low)

    def tagged(self, start: int, end: int) -> list[tuple[int, int, int]]:
        """[start, end), none of it DONE, in pieces (lane, start, end), each of one lane."""
        found: list[tuple[int, int, int]] = []
        for chunk, low, high in self.pieces(start, end):
            lanes, base = chunk.lanes, chunk.base
            if lanes is None:
                found.append((0, base + low, base + high))
                continue
            begun = low
            for at in range(low + 1, high + 1):
                if at == high or lanes[at] != lanes[begun]:
                    found.append((lanes[begun], base + begun, base + at))
                    begun = at
        return found

    def place(self, start: int, end: int) -> int:
        """Index of the chunk that covers `start` and as much of [start, end), not covered so far, as a chunk may."""
        index = bisect_right(self.bases, start) - 1
        limit = self.bases[index + 1] if index + 1 < len(self.bases) else ALL
        if index >= 0:
            chunk = self.chunks[index]
            covered = chunk.base + len(chunk.states)
            if start < covered:
                return index
            if chunk.open == 0:
                assert limit == ALL, (chunk.base, "done, and not the last one")
                self._restart(index, start, end)
                return index
            most = min(limit, chunk.base + SPAN)
            if start < min(most, covered + GAP_MAX) and _is_dense(chunk):
                # At least twice as long, if there is room.
                chunk.grow(min(most, max(end, covered + len(chunk.states))) - covered)
                return index
        room = min(SPAN, limit - start)
        self._insert(index + 1, Chunk(start, min(end - start, room)))
        return index + 1

    def _restart(self, index: int, start: int, end: int) -> None:
        chunk = self.chunks[index]
        chunk.restart(start)
        self.bases[index] = start
        lack = min(end - start, SPAN) - len(chunk.states)
        if lack > 0:
            chunk.grow(lack)

    def put(self, chunk: Chunk) -> None:
        """A chunk whose offsets no other covers."""
        self._insert(bisect_left(self.bases, chunk.base), chunk)

    def _insert(self, index: int, chunk: Chunk) -> None:
        if self.bases is NO_LIST:
            self.bases, self.chunks = [], []
        self.bases.insert(index, chunk.base)
        self.chunks.insert(index, chunk)

    def drop(self, index: int) -> None:
        """Let go of a chunk of which nothing is open."""
        del self.bases[index]
        del self.chunks[index]

    def tidy(self) -> None:
        """Let go of what says nothing: chunks of which nothing is open, and the long gaps of sparse ones."""
        for index in range(len(self.chunks) - 1, -1, -1):
            chunk = self.chunks[index]
            if chunk.open == 0:
                self.drop(index)
            elif chunk.dirty and not _is_dense(chunk):
                found = [found.span() for found in _CLUSTERS.finditer(chunk.states)]
                self.chunks[index : index + 1] = [chunk.cut(low, high) for low, high in found]
                self.bases[index : index + 1] = [chunk.base + low for low, _ in found]


def _is_dense(chunk: Chunk) -> bool:
    length = len(chunk.states)
    return length < SPARSE_MIN or chunk.open * SPARSE >= length

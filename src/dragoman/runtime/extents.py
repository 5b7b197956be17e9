"""Blocks on disk: neighbouring blocks become extents of about 64 KiB, each one chunk of a segment.

An extent is a msgpack array of its bodies and columns. In memory a written block keeps its place; its bodies may go and
come back. Merging makes a deep backlog cost one small object per 64 KiB, whatever the size of its messages. What
several streams got at once lies in one extent, which the rows of all of them name.
"""

from array import array
from collections.abc import Sequence
from itertools import groupby
from typing import Final, TypeVar

import msgspec

from dragoman.kernel.block import Block
from dragoman.kernel.commands import Producer
from dragoman.ports.storage import Segments

T = TypeVar("T")

EXTENT_BYTES_MAX: Final = (
    64 * 1024
)  # of bodies merged into one extent; a larger body has one of its own
EXTENT_MESSAGES_MAX: Final = 4096
OF_SEVERAL: Final = -1  # in the place of an offset: several streams have it, each at its own
RUNS: Final = -(1 << 40)  # no time: what follows are runs
RUN_MIN: Final = 4  # messages in a run, on average, that are worth it
CACHE_BYTES_MAX: Final = 32 << 20  # of bodies that are also on disk


class Extent(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """The stored form of a block. `stored` per message where they differ; times as `in_runs` has them."""

    offset: int
    end: int
    format: int
    packed: bool
    control: bool
    hops: int
    stored_ms: int
    bodies: list[bytes]
    stored: list[int] | None = None
    expires_ms: list[int] | None = None
    priorities: list[int] | None = None
    keys: list[bytes] | None = None
    producer: tuple[int, int, int, int, bool] | None = None


class ExtentRow(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What the state store keeps of an extent: enough to know it without reading it."""

    offset: int
    end: int
    format: int
    packed: bool
    control: bool
    stored_ms: int
    size: int
    segment: int
    start: int
    length: int
    newest_ms: int = 0
    sizes: bytes = b""  # of each body, 8 bytes each, where a subscription limits bytes
    missing: list[tuple[int, int]] = []  # compacted away
    taker: int = 0


_encoder: Final = msgspec.msgpack.Encoder()
_decoder: Final = msgspec.msgpack.Decoder(Extent)
_row_decoder: Final = msgspec.msgpack.Decoder(ExtentRow)


def encode_block(block: Block) -> bytes:
    """The extent of a block whose bodies are in memory."""
    assert block.bodies is not None
    producer = block.producer
    start = block.offset if block.share is None else OF_SEVERAL
    return _encoder.encode(
        Extent(
            start,
            start + block.end - block.offset,
            block.format,
            block.packed,
            block.control,
            block.hops,
            block.stored_ms,
            block.bodies,
            in_runs(block.stored),
            in_runs(block.expires_ms),
            block.priorities,
            block.keys,
            None
            if producer is None
            else (
                producer.id,
                producer.epoch,
                producer.sequence,
                producer.count,
                producer.transactional,
            ),
        )
    )


def in_runs(times: list[int] | None) -> list[int] | None:
    """RUNS, and how often each time comes in a row: neighbours were mostly stored together, for as long. Those that
    are mostly apart stay as they are.
    """
    if not times:
        return times
    if times.count(times[0]) == len(times):
        return [RUNS, len(times), times[0]]
    found = [RUNS]
    for time_ms, same in groupby(times):
        found += (len(list(same)), time_ms)
        if len(found) > len(times) // RUN_MIN:
            return times
    return found


def from_runs(times: list[int] | None) -> list[int] | None:
    """As they were; equal neighbours are one object."""
    if not times or times[0] != RUNS:
        return times
    found: list[int] = []
    for count, time_ms in zip(times[1::2], times[2::2], strict=True):
        found += [time_ms] * count
    return found


def fill(block: Block, data: bytes) -> None:
    """Bring a block's bodies and columns back. Raises msgspec.MsgspecError when the bytes are not an extent's."""
    extent = _decoder.decode(data)
    start = OF_SEVERAL if extent.offset == OF_SEVERAL else block.offset
    known = (start, start + block.end - block.offset)
    assert (extent.offset, extent.end) == known, "not this block's extent"
    block.bodies = extent.bodies
    block.stored = from_runs(extent.stored)
    block.expires_ms = from_runs(extent.expires_ms)
    block.priorities = extent.priorities
    block.keys = extent.keys
    block.hops = extent.hops
    block.producer = None if extent.producer is None else Producer(*extent.producer)


def empty(block: Block) -> None:
    """Let the bodies of a block go that has a place on disk."""
    assert block.place is not None
    block.bodies = None
    block.stored = None
    block.expires_ms = None
    block.priorities = None
    block.keys = None
    block.rendered = None


def row_of(block: Block, place: tuple[int, int, int]) -> bytes:
    """The state store's row of a block at `place`."""
    return _encoder.encode(
        ExtentRow(
            block.offset,
            block.end,
            block.format,
            block.packed,
            block.control,
            block.stored_ms,
            block.size,
            *place,
            block.newest_ms(),
            b"" if block.sizes is None or block.packed else block.sizes.tobytes(),
            block.missing,
            block.taker,
        )
    )


def block_of(row: bytes) -> Block:
    """A block as its row says, bodies on disk."""
    known = _row_decoder.decode(row)
    block = Block(known.offset, known.end, known.format, None, known.stored_ms)
    block.packed = known.packed
    block.control = known.control
    block.taker = known.taker
    block.size = known.size
    block.latest_ms = known.newest_ms
    block.missing = known.missing
    if known.sizes:
        block.sizes = array("Q", known.sizes)
    block.frozen = True
    block.place = (known.segment, known.start, known.length)
    return block


def merge(blocks: Sequence[Block]) -> list[list[Block]]:
    """Neighbouring blocks gathered into extents; each inner list becomes one."""
    groups: list[list[Block]] = []
    size = 0
    for block in blocks:
        size += block.size
        if groups and _joins(groups[-1], block, size):
            groups[-1].append(block)
        else:
            groups.append([block])
            size = block.size
    return groups


def _joins(group: list[Block], block: Block, size: int) -> bool:
    last = group[-1]
    return (
        size <= EXTENT_BYTES_MAX
        and block.end - group[0].offset <= EXTENT_MESSAGES_MAX
        and last.end == block.offset
        and last.format == block.format
        and not (last.packed or block.packed or last.control or block.control)
        and not (last.share or block.share)
        and last.producer is None
        and block.producer is None
        and not (last.missing or block.missing)
        and last.hops == block.hops
        and (last.sizes is None) == (block.sizes is None)
        and (last.keys is None) == (block.keys is None)  # no key given is not the empty key
    )


def join(group: list[Block]) -> Block:
    """One block holding what a group of neighbours holds; their columns are made whole."""
    if len(group) == 1:
        return group[0]
    first = group[0]
    bodies: list[bytes] = []
    for block in group:
        assert block.bodies is not None
        bodies += block.bodies
    joined = Block(first.offset, group[-1].end, first.format, bodies, first.stored_ms)
    joined.size = sum(block.size for block in group)
    joined.hops = first.hops
    joined.latest_ms = max(block.newest_ms() for block in group)
    joined.frozen = True
    joined.stored = [at for block in group for at in block.stored_of()]
    joined.expires_ms = _column([block.expires_ms for block in group], group, 0)
    joined.priorities = _column([block.priorities for block in group], group, 0)
    joined.keys = _column([block.keys for block in group], group, b"")
    if first.sizes is not None:
        joined.sizes = array("Q")
        for block in group:
            assert block.sizes is not None, "see `_joins`"
            joined.sizes += block.sizes
    return joined


def _column(columns: list[list[T] | None], group: list[Block], default: T) -> list[T] | None:
    if all(column is None for column in columns):
        return None
    whole: list[T] = []
    for column, block in zip(columns, group, strict=True):
        whole += [default] * (block.end - block.offset) if column is None else column
    return whole


class ExtentLoader:
    """Brings bodies back from segments, and lets the longest unused ones go past CACHE_BYTES_MAX."""

    def __init__(self, segments: Segments) -> None:
        self._segments = segments
        self._cached: dict[Block, None] = {}
        self._size = 0

    def load(self, blocks: list[Block]) -> None:
        """Raises Corrupt, Failed."""
        for block in blocks:
            if block.bodies is None:
                assert block.place is not None, "neither in memory nor on disk"
                fill(block, self._segments.read(*block.place))
                self.keep(block)

    def keep(self, block: Block) -> None:
        """The block's bodies are in memory and on disk: cached from now on."""
        self._cached[block] = None
        self._size += block.size

    def trim(self) -> None:
        """Let the oldest go past CACHE_BYTES_MAX. Never in the middle of a decision: it would ask for them again."""
        while self._size > CACHE_BYTES_MAX and len(self._cached) > 1:
            oldest = next(iter(self._cached))
            del self._cached[oldest]
            self._size -= oldest.size
            empty(oldest)

    def forget(self, block: Block) -> None:
        """Nobody can ask for it any more."""
        if block in self._cached:
            del self._cached[block]
            self._size -= block.size

"""A run of entries appended together, and a partition's log of them. Hot.

    Block       offsets [offset, end), one format; `bodies` in memory, or at `place` in a segment, or both
    Partition   its blocks in offset order, gaps allowed (offsets reserved before a crash, compaction)

A block holds either plain messages, one body per offset, or (`packed`) one body that is a batch covering all its
offsets. Columns (`expires_ms`, `priorities`, `keys`) are absent when they say nothing. Bodies are referenced by
deliveries, never owned by them: a block that leaves the partition lives as long as somebody still holds it.

Publishes that come one by one are merged into the last block while it is small, still open and alike, so that a deep
backlog costs a block per hundred messages and not one each.

Compaction leaves a block with fewer messages than offsets: `missing` are the runs in between that hold nothing. Readers
step over them as over a gap between blocks; a packed body has no record there, a plain block an empty one.
"""

from array import array
from bisect import bisect_right
from typing import Final

from dragoman.kernel.commands import Producer
from dragoman.kernel.empties import NO_DICT, NO_LIST
from dragoman.kernel.epochs import Epochs
from dragoman.kernel.producers import ProducerState
from dragoman.kernel.records import Published, Remnant, Runs
from dragoman.ports.translator import Translator

MERGE_MAX: Final = 256  # messages in a block made by merging
BLOCK_OVERHEAD_BYTES: Final = 400  # of a block in memory, beside its bodies
BODY_OVERHEAD_BYTES: Final = 64  # of one bytes object and its slot in the list
SHARED_BYTES_MIN: Final = 4_096  # of what several partitions got at once, to be kept once
_COMPACT_AT: Final = 1024


class Share:
    """Bodies that blocks of several partitions have in common: in memory once, and once on disk. `count` blocks of them
    are nowhere on disk.
    """

    __slots__ = ("count", "size")

    def __init__(self, size: int) -> None:
        self.size = size
        self.count: int = 0


class Block:
    """Entries of one partition with offsets offset <= o < end."""

    __slots__ = (
        "aborted",
        "bodies",
        "control",
        "end",
        "expires_ms",
        "format",
        "frozen",
        "hops",
        "keys",
        "latest_ms",
        "missing",
        "offset",
        "packed",
        "pending",
        "place",
        "priorities",
        "producer",
        "rendered",
        "row_key",
        "share",
        "size",
        "sizes",
        "stored",
        "stored_ms",
        "taker",
    )

    def __init__(
        self, offset: int, end: int, format: int, bodies: list[bytes] | None, stored_ms: int
    ) -> None:
        self.offset = offset
        self.end = end
        self.format = format
        self.bodies = bodies
        self.stored_ms = stored_ms
        self.packed: bool = False
        self.control: bool = False  # a gap to readers: a marker, or a copy for one of them alone
        self.taker: int = 0  # the one subscription that it is for: see `copies`
        self.frozen: bool = False  # a checkpoint has its bytes: never merged into
        self.pending: bool = False  # its transaction is open
        self.aborted: bool = False  # its transaction was: of no use but to cursors that ask for all
        self.hops: int = 0
        self.latest_ms: int = 0  # of its messages by their senders' clocks; 0: see `newest_ms`
        self.missing: Runs = []  # compacted away, in order
        self.size: int = 0
        self.share: Share | None = None  # of its bodies; such a block is never merged
        self.stored: list[int] | None = None  # per message, where `stored_ms` is not true of all
        self.sizes: array[int] | None = None  # of each payload, where a subscription limits bytes
        self.producer: Producer | None = None
        self.expires_ms: list[int] | None = None
        self.priorities: list[int] | None = None
        self.keys: list[bytes] | None = None
        self.place: tuple[int, int, int] | None = None  # (segment, start, length)
        self.row_key: str = ""  # of its row in the state store
        self.rendered: dict[int, list[bytes]] | None = (
            None  # per format, filled by readers of other protocols
        )

    def body(self, offset: int) -> bytes:
        """The stored bytes that hold the message at `offset` (the whole batch when packed)."""
        bodies = self.bodies
        assert bodies is not None, "load the block first"
        return bodies[0] if self.packed else bodies[offset - self.offset]

    def slice(self, start: int, end: int) -> list[bytes]:
        """Bodies of plain messages start <= o < end; a list that will not grow with the block."""
        bodies = self.bodies
        assert bodies is not None, "load the block first"
        if self.frozen and start == self.offset and end == self.end:
            return bodies
        return bodies[start - self.offset : end - self.offset]

    def present(self, start: int, end: int) -> Runs:
        """Runs of messages with offsets in [start, end)."""
        low, high = max(start, self.offset), min(end, self.end)
        runs: Runs = []
        for gap, until in self.missing:
            if until <= low:
                continue
            if gap >= high:
                break
            if gap > low:
                runs.append((low, gap))
            low = until
        if low < high:
            runs.append((low, high))
        return runs

    def spread(self, bodies: list[bytes]) -> list[bytes]:
        """The bodies of an opened batch, one per offset: an empty one where nothing is."""
        if not self.missing:
            return bodies
        placed = [b""] * (self.end - self.offset)
        offsets = [
            at for start, end in self.present(self.offset, self.end) for at in range(start, end)
        ]
        for offset, body in zip(offsets, bodies, strict=False):
            placed[offset - self.offset] = body
        return placed

    def stored_at(self, offset: int) -> int:
        """Wall time at which the message at `offset` was stored."""
        return self.stored_ms if self.stored is None else self.stored[offset - self.offset]

    def newest_ms(self) -> int:
        """The newest time on a message: its sender's, or that of storing."""
        if self.latest_ms:
            return self.latest_ms
        return self.stored_ms if self.stored is None else self.stored[-1]

    def stored_of(self) -> list[int]:
        """Wall time at which each message was stored."""
        return [self.stored_ms] * (self.end - self.offset) if self.stored is None else self.stored

    def cost(self) -> int:
        """Bytes of memory, about, while its bodies are here. What is shared counts once, beside its blocks."""
        size = self.size if self.share is None else 0
        return size + BLOCK_OVERHEAD_BYTES + BODY_OVERHEAD_BYTES * len(self.bodies or ())

    def freed(self) -> int:
        """Bytes of memory that are free, or also on disk, now that the block is: what is shared goes with the last."""
        share = self.share
        if share is None:
            return self.cost()
        share.count -= 1
        return self.cost() + (0 if share.count else share.size)

    def bytes_of(self, start: int, end: int) -> int:
        """Bytes of messages start <= o < end; their share of the block where each one's are not known."""
        sizes = self.sizes
        if sizes is not None and not self.packed:
            return sum(sizes[start - self.offset : end - self.offset])
        # Shares that add up, however the block is cut.
        count = self.end - self.offset
        low, high = start - self.offset, end - self.offset
        return self.size * high // count - self.size * low // count

    def takes(self, other: "Block") -> bool:
        """Whether `other`, which follows, may be merged into this block."""
        return (
            not self.frozen
            and self.bodies is not None
            and not self.packed
            and not other.packed
            and self.share is None
            and other.share is None
            and self.end == other.offset
            and self.stored is None
            and self.stored_ms == other.stored_ms
            and self.format == other.format
            and other.end - self.offset <= MERGE_MAX
            and self.producer is None
            and other.producer is None
            and (self.expires_ms is None) == (other.expires_ms is None)
            and (self.priorities is None) == (other.priorities is None)
            and (self.keys is None) == (other.keys is None)
            and (self.sizes is None) == (other.sizes is None)
            and self.hops == other.hops
            and (self.latest_ms == 0) == (other.latest_ms == 0)
            and self.control == other.control
            and self.taker == other.taker
        )  # what was compacted is frozen

    def extend(self, other: "Block") -> None:
        """Merge `other` into this block."""
        assert self.bodies is not None and other.bodies is not None
        self.bodies.extend(other.bodies)
        if self.expires_ms is not None and other.expires_ms is not None:
            self.expires_ms.extend(other.expires_ms)
        if self.priorities is not None and other.priorities is not None:
            self.priorities.extend(other.priorities)
        if self.keys is not None and other.keys is not None:
            self.keys.extend(other.keys)
        if self.sizes is not None and other.sizes is not None:
            self.sizes.extend(other.sizes)
        self.end = other.end
        self.size += other.size
        self.latest_ms = max(self.latest_ms, other.latest_ms)
        self.rendered = None


def published_block(record: Published, offset: int, size: int) -> Block:
    """What a record appended at `offset`, with `size` bytes of bodies."""
    count = record.packed or len(record.bodies)
    block = Block(offset, offset + count, record.format, list(record.bodies), record.stored_ms)
    block.packed = record.packed > 0
    block.control = record.control
    block.size = size
    block.hops = record.hops
    block.latest_ms = record.latest_ms
    if record.expires_ms is not None:
        block.expires_ms = list(record.expires_ms)
    if record.priorities is not None:
        block.priorities = list(record.priorities)
    if record.keys is not None:
        block.keys = list(record.keys)
    if record.producer is not None:
        block.producer = Producer(*record.producer)
    return block


def remnant_block(remnant: Remnant) -> Block:
    """What a compaction left."""
    block = Block(remnant.offset, remnant.end, remnant.format, remnant.bodies, remnant.stored_ms)
    block.packed = remnant.packed
    block.frozen = True
    block.hops = remnant.hops
    block.latest_ms = remnant.latest_ms
    block.missing = remnant.missing
    block.size = sum(map(len, remnant.bodies))
    block.stored = remnant.stored
    block.expires_ms = remnant.expires_ms
    block.priorities = remnant.priorities
    block.keys = remnant.keys
    return block


def measured(translator: Translator, format_: int, bodies: list[bytes]) -> "array[int]":
    """The `sizes` of plain messages: limits on bytes count payloads."""
    return array("Q", [translator.payload_bytes(format_, body) for body in bodies])


_RELEASED: Final = Block(
    0, 0, 0, None, 0
)  # in the place of one that is gone, so that its bodies are


class Partition:
    """One partition's log. start <= stable <= committed <= end; safe <= reserved. See `reservation`."""

    __slots__ = (
        "block_size",
        "blocks",
        "committed",
        "end",
        "epochs",
        "first",
        "index",
        "offsets",
        "open_since",
        "producers",
        "reserved",
        "rewritten",
        "safe",
        "size",
        "start",
    )

    def __init__(self, index: int) -> None:
        self.index = index
        self.start = 0  # lowest offset that readers may ask for
        self.end = 0  # next offset to give
        self.reserved = 0  # offsets below may have been seen
        self.safe = 0  # `reserved` as far as it is synced: offsets below are never given again
        self.block_size = 0  # offsets reserved the last time
        self.committed = 0  # cursors read below this
        self.epochs: Epochs | None = None  # None: nothing was ever appended
        # Open transactions: producer id -> first offset.
        self.open_since: dict[int, int] = NO_DICT
        self.producers: dict[int, ProducerState] = NO_DICT
        self.blocks: list[Block] = NO_LIST
        self.offsets: list[int] = NO_LIST  # of blocks, for bisection
        self.first = 0  # blocks before this index are gone; compacted now and then
        self.size = 0  # bytes of bodies of blocks present
        self.rewritten: list[Block] = NO_LIST  # by compaction, since the last checkpoint began

    def stable(self) -> int:
        """Isolated cursors read below this: the last stable offset."""
        return min((self.committed, *self.open_since.values()))

    def begin_epoch(self, epoch: int, offset: int) -> None:
        """What is appended from `offset` on is of that life of the store."""
        if self.epochs is None:
            self.epochs = Epochs(epoch, offset)
        else:
            self.epochs.begin(epoch, offset)

    def pend(self, producer: int, offset: int) -> None:
        """A transaction of that producer is open, and has written at `offset`."""
        if self.open_since is NO_DICT:
            self.open_since = {}
        self.open_since.setdefault(producer, offset)

    def own_producers(self) -> dict[int, ProducerState]:
        """`producers`, to put one in."""
        if self.producers is NO_DICT:
            self.producers = {}
        return self.producers

    def _own_blocks(self) -> None:
        """There will be some."""
        if self.offsets is NO_LIST:
            self.blocks, self.offsets = [], []

    def append(self, block: Block) -> bool:
        """Add `block` behind the last one; True when it was merged into that."""
        assert block.offset >= self.end
        assert block.end > block.offset
        self.end = block.end
        self.size += block.size
        if len(self.blocks) > self.first:
            last = self.blocks[-1]
            is_new_life = self.epochs is not None and self.epochs.since == block.offset
            if not is_new_life and last.takes(block):
                last.extend(block)
                return True
        self._own_blocks()
        self.blocks.append(block)
        self.offsets.append(block.offset)
        return False

    def put(self, block: Block) -> None:
        """A block as a checkpoint saved it, in offset order."""
        self._own_blocks()
        self.blocks.append(block)
        self.offsets.append(block.offset)
        self.size += block.size

    def replace(self, group: list[Block], block: Block) -> int:
        """Let `block` stand for the neighbours of `group`, some of which may be gone; returns how many were there.

        Blocks are released from the front only, so the ones still present are the last of the group.
        """
        last = self.find(group[-1].offset)
        if last >= len(self.blocks) or self.blocks[last] is not group[-1]:
            return 0
        first = last
        while (
            first > self.first
            and last - first + 1 < len(group)
            and self.blocks[first - 1] is group[first - last - 2]
        ):
            first -= 1
        present = last - first + 1
        self.size += block.size - sum(known.size for known in self.blocks[first : last + 1])
        self.blocks[first : last + 1] = [block]
        self.offsets[first : last + 1] = [block.offset]
        return present

    def rewrite(self, start: int, end: int, blocks: list[Block]) -> list[Block]:
        """Put `blocks` in the place of those that lie in [start, end); returns the latter."""
        self._own_blocks()
        first = last = self.find(start)
        while last < len(self.blocks) and self.blocks[last].end <= end:
            last += 1
        gone = self.blocks[first:last]
        self.blocks[first:last] = blocks
        self.offsets[first:last] = [block.offset for block in blocks]
        self.size += sum([block.size for block in blocks]) - sum([block.size for block in gone])
        self.rewritten = self.rewritten + blocks
        return gone

    def drop(self, low: int, high: int, done: set[Block]) -> list[Block]:
        """Forget those of `blocks[low:high]` that are done, wherever they stand; returns them."""
        kept = [block for block in self.blocks[low:high] if block not in done]
        self.blocks[low:high] = kept
        self.offsets[low:high] = [block.offset for block in kept]
        self.size -= sum(block.size for block in done)
        return list(done)

    def find(self, offset: int) -> int:
        """Index of the block that holds `offset`, or of the first one past it; len(blocks) when none."""
        at = bisect_right(self.offsets, offset, self.first) - 1
        if at >= self.first and self.blocks[at].end > offset:
            return at
        return max(at + 1, self.first)

    def at(self, offset: int) -> Block | None:
        """The block that holds `offset` or the first one past it."""
        at = self.find(offset)
        return self.blocks[at] if at < len(self.blocks) else None

    def release(self, floor: int) -> list[Block]:
        """Forget blocks that end at or below `floor`; returns them."""
        first = self.first
        blocks = self.blocks
        while first < len(blocks) and blocks[first].end <= floor:
            first += 1
        gone = blocks[self.first : first]
        for at, block in enumerate(gone, self.first):
            self.size -= block.size
            blocks[at] = _RELEASED
        self.first = first
        if first == len(blocks):
            self.blocks = NO_LIST
            self.offsets = NO_LIST
            self.first = 0
        elif first > _COMPACT_AT and first * 2 > len(blocks):
            del blocks[:first]
            del self.offsets[:first]
            self.first = 0
        self.start = max(self.start, min(floor, self.end))
        return gone

    def messages(self, start: int, end: int) -> list[tuple[int, int]]:
        """Runs of messages in [start, end), neighbours as one: what `count` counts."""
        runs: list[tuple[int, int]] = []
        for block in self.blocks[self.find(start) :]:
            if block.offset >= end:
                break
            if block.control or block.pending or block.aborted:
                continue
            if block.missing:
                for low, high in block.present(start, end):
                    _add_run(runs, low, high)
            else:
                _add_run(runs, max(block.offset, start), min(block.end, end))
        return runs

    def count(self, start: int, end: int) -> int:
        """How many messages lie in [start, end): gaps, markers, pending and aborted ones do not count."""
        total = 0
        for block in self.blocks[self.find(start) :]:
            if block.offset >= end:
                break
            if block.control or block.pending or block.aborted:
                continue
            if block.missing:
                total += sum([high - low for low, high in block.present(start, end)])
            else:
                total += min(block.end, end) - max(block.offset, start)
        return total


def _add_run(runs: list[tuple[int, int]], low: int, high: int) -> None:
    if low >= high:
        return
    if runs and runs[-1][1] == low:
        runs[-1] = (runs[-1][0], high)
    else:
        runs.append((low, high))

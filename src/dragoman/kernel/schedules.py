"""Waiting before append: what is to be published later lies in hidden streams, one per bucket of due time.

    now     open ahead
     |----------|
    [ bucket 0 ][ bucket 1 ][ bucket 2 ] ...     each a stream of the namespace SCHEDULES, kept until all of it is done
      |  due times in memory, in one heap
      |-> published through the whole pipeline, in the same atomic set that marks the entry done

An entry is the message in an envelope: when, where to, and all that a publish can say. Nothing of a bucket that is not
open is in memory, but its blocks until a checkpoint moves them to segments. Done entries are bits: sent and cancelled
ones are not told apart. The id of a scheduled message is (stream, offset), neither of which is ever given twice.

Wall time decides. When it steps forward more is due, when it steps back less is; nothing is sent twice or lost.
"""

from heapq import heappop, heappush
from typing import TYPE_CHECKING, Final

import msgspec

from dragoman.kernel.block import Block
from dragoman.kernel.commands import DEFAULT_NAMESPACE, Publish
from dragoman.kernel.entities import Stream
from dragoman.kernel.records import ScheduleSettled
from dragoman.kernel.settings import Address, StreamSettings
from dragoman.model.levels import SYNCED
from dragoman.model.limits import (
    SCHEDULE_BUCKET_MS,
    SCHEDULE_OPEN_AHEAD_MS,
    SCHEDULES_LISTED_MAX,
)

if TYPE_CHECKING:
    from dragoman.kernel.state import State

SCHEDULES: Final = "\0schedules"
"""The hidden streams' namespace; no door has a name for it."""
BUCKET_SETTINGS: Final = StreamSettings(retention_ms=-1, level=SYNCED)  # ids are told when synced
DUE_BYTES: Final = 8
_OFFSET_BITS: Final = 48
_OFFSET_MASK: Final = (1 << _OFFSET_BITS) - 1

_encoder: Final = msgspec.msgpack.Encoder()


class CancelSchedule(msgspec.Struct, frozen=True, kw_only=True):
    """Take a scheduled message back: no reader will ever see it. Reply: None.

    `stream`, `offset`: the id from `PublishReply.schedule`, counted on for the later bodies of one publish. `name` is
    the address it was published to. Raises ScheduleNotFound.
    """

    namespace: str = DEFAULT_NAMESPACE
    name: str
    stream: int
    offset: int


class CancelSchedules(msgspec.Struct, frozen=True, kw_only=True):
    """Take scheduled messages back, all of them or none. Reply: None.

    `places`: (stream, offset) of each. Raises ScheduleNotFound, InvalidArgument (too many). As CancelSchedule.
    """

    namespace: str = DEFAULT_NAMESPACE
    name: str
    places: tuple[tuple[int, int], ...]


class DescribeSchedule(msgspec.Struct, frozen=True, kw_only=True):
    """Reply: `ScheduleInfo`. Raises ScheduleNotFound. Fields as in CancelSchedule."""

    namespace: str = DEFAULT_NAMESPACE
    name: str
    stream: int
    offset: int


class ScheduleInfo(msgspec.Struct, frozen=True):
    """A message that waits for its time."""

    due_ms: int
    address: Address
    format: int
    body: bytes
    priority: int
    key: bytes


class ListSchedules(msgspec.Struct, frozen=True, kw_only=True):
    """What waits for the address `name`, by id from (stream, offset) on. Reply: `ScheduledPage`, at most `count_max`.

    A page ends as well after SCHEDULES_LISTED_MAX that were looked at, or SCHEDULES_LISTED_BYTES_MAX of them: what
    waits for other addresses lies between.
    """

    namespace: str = DEFAULT_NAMESPACE
    name: str
    stream: int = 0
    offset: int = 0
    count_max: int = SCHEDULES_LISTED_MAX


class Waiting(msgspec.Struct, frozen=True):
    """A message that waits, and its id."""

    stream: int
    offset: int
    stored_ms: int
    info: ScheduleInfo


class ScheduledPage(msgspec.Struct, frozen=True):
    """Some of what waits. `next` is where the next page begins; None: there is none."""

    found: list[Waiting]
    next: tuple[int, int] | None


class Envelope(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A publish of one entry, as it waits."""

    namespace: str
    address: Address
    format: int
    packed: int
    body: bytes
    level: int = -1
    partition: int = -1
    hops: int = 0
    expires_ms: int = 0
    priority: int = 0
    key: bytes = b""
    dedup: str = ""
    further_keys: tuple[str, ...] = ()
    latest_ms: int = 0


_decoder: Final = msgspec.msgpack.Decoder(Envelope)


class Bucket:
    """One hidden stream. `done` has a bit per offset; offsets below `read_to` are in the heap or done."""

    __slots__ = ("done", "done_count", "is_open", "number", "read_to", "stream")

    def __init__(self, stream: Stream) -> None:
        self.stream = stream
        self.number = int(stream.name)
        self.done = bytearray()
        self.done_count = 0
        self.is_open = False
        self.read_to = 0

    def is_done(self, offset: int) -> bool:
        """Whether it was sent or cancelled."""
        return offset >> 3 < len(self.done) and bool(self.done[offset >> 3] & 1 << (offset & 7))

    def finish(self, offset: int) -> None:
        """It is sent or cancelled."""
        if not self.is_done(offset):
            self.done.extend(bytes(max(0, (offset >> 3) + 1 - len(self.done))))
            self.done[offset >> 3] |= 1 << (offset & 7)
            self.done_count += 1

    def is_drained(self) -> bool:
        """Whether nothing is left of what was ever in it."""
        partition = self.stream.partitions[0]
        return self.done_count == partition.count(0, partition.end)


class Schedules:
    """All buckets, and what of them is near."""

    __slots__ = (
        "by_number",
        "by_stream",
        "dirty",
        "dropped",
        "later",
        "near",
        "opened",
        "swept_ms",
        "unopened",
    )

    def __init__(self) -> None:
        self.by_stream: dict[int, Bucket] = {}
        self.by_number: dict[int, Bucket] = {}
        self.unopened: list[int] = []  # heap of bucket numbers
        self.opened: list[Bucket] = []
        self.near: list[int] = []  # heap of keys (`key_of`) of open buckets
        self.later: list[tuple[int, int]] = []  # heap: (elapsed ms, key) whose target had no room
        self.dirty: dict[int, None] = {}  # streams whose bits changed since the last checkpoint
        self.dropped = 0  # due, but their address was gone
        self.swept_ms = 0  # wall time of the last sweep

    def adopt(self, stream: Stream) -> None:
        """A hidden stream is there."""
        bucket = Bucket(stream)
        self.by_stream[stream.id] = bucket
        self.by_number[bucket.number] = bucket
        heappush(self.unopened, bucket.number)

    def forget(self, stream: Stream) -> None:
        """A hidden stream is gone."""
        bucket = self.by_stream.pop(stream.id)
        del self.by_number[bucket.number]
        if bucket.is_open:
            self.opened.remove(bucket)
        self.dirty[stream.id] = None

    def open_until(self, now_ms: int) -> None:
        """Begin to read the buckets whose time is near."""
        while self.unopened and opens_ms(self.unopened[0]) <= now_ms:
            bucket = self.by_number.get(heappop(self.unopened))
            if bucket is not None and not bucket.is_open:
                bucket.is_open = True
                self.opened.append(bucket)


def opens_ms(number: int) -> int:
    """Wall time at which the bucket is opened."""
    return number * SCHEDULE_BUCKET_MS - SCHEDULE_OPEN_AHEAD_MS


def key_of(due_ms: int, offset: int) -> int:
    """One number for a waiting entry; the bucket follows from the time."""
    return due_ms << _OFFSET_BITS | offset


def due_of(key: int) -> int:
    """The wall time of a key."""
    return key >> _OFFSET_BITS


def offset_of(key: int) -> int:
    """The offset of a key."""
    return key & _OFFSET_MASK


def wrap(command: Publish, index: int) -> bytes:
    """The stored form of body `index` of a publish: due time, envelope."""
    envelope = Envelope(
        command.namespace,
        command.address,
        command.format,
        command.packed,
        command.bodies[index],
        command.level,
        command.partition,
        command.hops,
        0 if command.expires_ms is None else command.expires_ms[index],
        0 if command.priorities is None else command.priorities[index],
        b"" if command.keys is None else command.keys[index],
        "" if command.dedup is None else command.dedup[index],
        command.further_keys,
        command.latest_ms,
    )
    return command.due_ms.to_bytes(DUE_BYTES, "big") + _encoder.encode(envelope)


def due_in(stored: bytes) -> int:
    """The due time of a stored entry."""
    return int.from_bytes(stored[:DUE_BYTES], "big")


def unwrap(stored: bytes) -> Envelope:
    """The envelope of a stored entry."""
    return _decoder.decode(memoryview(stored)[DUE_BYTES:])


def publish_of(envelope: Envelope) -> Publish:
    """The publish that was put off."""
    command = Publish(envelope.namespace, envelope.address, envelope.format, [envelope.body])
    command.packed = envelope.packed
    command.level = envelope.level
    command.partition = envelope.partition
    command.hops = envelope.hops
    command.further_keys = envelope.further_keys
    command.latest_ms = envelope.latest_ms
    command.expires_ms = [envelope.expires_ms] if envelope.expires_ms else None
    command.priorities = [envelope.priority] if envelope.priority else None
    command.keys = [envelope.key] if envelope.key else None
    command.dedup = [envelope.dedup] if envelope.dedup else None
    return command


def block_at(bucket: Bucket, offset: int) -> Block | None:
    """The block with an entry that still waits."""
    block = bucket.stream.partitions[0].at(offset)
    if block is None or block.offset > offset or bucket.is_done(offset):
        return None
    return block


def apply_schedule_settled(state: "State", record: ScheduleSettled) -> None:
    """These entries wait no longer."""
    bucket = state.schedules.by_stream.get(record.stream)
    if bucket is not None:
        for start, end in record.runs:
            for offset in range(start, end):
                bucket.finish(offset)
        state.schedules.dirty[record.stream] = None

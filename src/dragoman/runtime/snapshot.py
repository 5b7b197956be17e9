"""The kernel's state as rows of the state store, and back. Cold.

    meta          checkpoint -> position, next id, cluster, segment lengths
    stream        id -> name, settings, start, end and reserve of each partition
    subscription  id -> name, settings, frontier and counts of each window
    chunk         subscription/partition/index -> states of 4,096 messages, compressed
    index         subscription/partition -> of ordered subscriptions what chunks do not say: lanes, names of keys
    extent        stream/partition/offset -> where a run of entries lies
    producer      stream/partition -> what idempotent producers have written
    cursors       namespace/group -> where the group goes on, per (stream, partition)
    route, binding

Settings are JSON, so that a person who opens the store can read them.
"""

import zlib
from array import array
from collections.abc import Iterator, Mapping
from typing import Any, Final

import msgspec

from dragoman.kernel.entities import Stream, Subscription
from dragoman.kernel.groups.group import Cursor, Group
from dragoman.kernel.leases.chunk import SPAN, Chunk
from dragoman.kernel.leases.window import Window
from dragoman.kernel.producers import ProducerState
from dragoman.kernel.records import Bound, RouteCreated
from dragoman.kernel.settings import StreamSettings, SubscriptionSettings

Change = tuple[str, str, bytes | None]

_json: Final = msgspec.json.Encoder()
_pack: Final = msgspec.msgpack.Encoder()
_PACK_LEVEL: Final = 1


class StreamRow(msgspec.Struct, omit_defaults=True):
    """A stream at a checkpoint; partitions as (start, end, reserved)."""

    namespace: str
    name: str
    uuid: str
    settings: StreamSettings
    partitions: list[tuple[int, int, int]]


class SubscriptionRow(msgspec.Struct, omit_defaults=True):
    """A subscription at a checkpoint; windows as (frontier, ready, ready bytes); with a delay, (shown, delayed)."""

    stream: int
    name: str
    settings: SubscriptionSettings
    windows: list[tuple[int, int, int]]
    is_mortal: bool = False
    armed_ms: int = 0
    shown: list[tuple[int, int]] = []


class ChunkRow(msgspec.Struct, array_like=True):
    """A chunk at a checkpoint: compressed states, counters and lanes; leases with a deadline as in `held_until`, what
    waits as in `waits_until`.
    """

    states: bytes
    tries: bytes = b""
    fails: bytes = b""
    lanes: bytes = b""
    leases: list[tuple[int, int, int, int]] = []
    firsts_ms: bytes = b""
    waits: list[tuple[int, int, int, int]] = []


class ProducerRow(msgspec.Struct, array_like=True):
    """One producer's last batches."""

    id: int
    epoch: int
    batches: list[tuple[int, int, int]]


class GroupRow(msgspec.Struct, array_like=True):
    """A group's cursors: (stream, partition, offset, leader epoch, metadata, stored ms)."""

    namespace: str
    name: str
    cursors: list[tuple[int, int, int, int, str, int]]


class MetaRow(msgspec.Struct):
    """What a checkpoint is: everything up to `position` is in the other rows."""

    position: int
    id_next: int
    cluster_id: str
    segments: dict[int, int]
    producer_end: int = 0  # producer ids below may have been given out
    secret: str = ""
    boot: str = ""


def id_key(number: int) -> str:
    """A key that sorts by number."""
    return f"{number:010x}"


def partition_key(stream: int, partition: int) -> str:
    """Of one partition."""
    return f"{stream:010x}/{partition:06x}"


def stream_changes(stream: Stream, *, exists: bool) -> Iterator[Change]:
    """The rows of a stream that changed, or their removal."""
    key = id_key(stream.id)
    if not exists or not stream.durable:
        yield ("stream", key, None)
        for partition in stream.partitions:
            yield ("producer", partition_key(stream.id, partition.index), None)
        return
    partitions = [(p.start, p.end, p.reserved) for p in stream.partitions]
    row = StreamRow(stream.namespace, stream.name, stream.uuid.hex(), stream.settings, partitions)
    yield ("stream", key, _json.encode(row))
    for partition in stream.partitions:
        if partition.producers:
            rows = [
                ProducerRow(number, known.epoch, list(known.batches))
                for number, known in partition.producers.items()
            ]
            yield ("producer", partition_key(stream.id, partition.index), _pack.encode(rows))


def subscription_changes(subscription: Subscription, *, exists: bool) -> Iterator[Change]:
    """The rows of a subscription and its windows that changed, or their removal."""
    key = id_key(subscription.id)
    lasts = exists and subscription.durable
    if not lasts:
        yield ("subscription", key, None)
    else:
        windows = [(w.frontier, w.ready, w.ready_bytes) for w in subscription.windows]
        row = SubscriptionRow(
            subscription.stream.id,
            subscription.name,
            subscription.settings,
            windows,
            subscription.is_mortal,
            subscription.armed_ms,
            [(w.shown, w.delayed) for w in subscription.windows]
            if subscription.settings.delay_ms
            else [],
        )
        yield ("subscription", key, _json.encode(row))
    for partition, window in enumerate(subscription.windows):
        prefix = partition_key(subscription.id, partition)
        for index in sorted(window.saved - (window.chunks.keys() if lasts else set())):
            yield ("chunk", f"{prefix}/{index:012x}", None)
            window.saved.discard(index)
        if lasts:
            yield from _chunk_changes(window, prefix)
        if window.order is not None:
            yield ("index", prefix, window.order.dump() if lasts else None)


def _chunk_changes(window: Window, prefix: str) -> Iterator[Change]:
    for index, chunk in window.chunks.items():
        if chunk.dirty:
            chunk.dirty = False
            window.saved.add(index)
            row = ChunkRow(
                zlib.compress(bytes(chunk.states), _PACK_LEVEL),
                _packed(chunk.tries),
                _packed(chunk.fails),
                _packed(chunk.lanes),
                chunk.held_until(),
                _packed(chunk.firsts_ms),
                chunk.waits_until(),
            )
            yield ("chunk", f"{prefix}/{index:012x}", _pack.encode(row))


def _packed(column: "array[int] | None") -> bytes:
    return b"" if column is None else zlib.compress(column.tobytes(), _PACK_LEVEL)


def _counters(data: bytes) -> "array[int] | None":
    """Counters of two bytes each; rows of the first releases have one."""
    if not data:
        return None
    raw = zlib.decompress(data)
    return array("H", raw) if len(raw) == 2 * SPAN else array("H", list(raw))


def chunk_of(index: int, data: bytes) -> Chunk:
    """A chunk as its row says. Raises msgspec.MsgspecError, zlib.error."""
    row = msgspec.msgpack.decode(data, type=ChunkRow)
    chunk = Chunk(index * SPAN)
    chunk.states = bytearray(zlib.decompress(row.states))
    chunk.tries = _counters(row.tries)
    chunk.fails = _counters(row.fails)
    if row.lanes:
        chunk.lanes = array("Q", zlib.decompress(row.lanes))
    if row.firsts_ms:
        chunk.firsts_ms = array("Q", zlib.decompress(row.firsts_ms))
    for start, end, holder, duration_ms in row.leases:
        chunk.hold(start, end, holder, duration_ms)
    for start, end, until_ms, duration_ms in row.waits:
        chunk.wait(start, end, until_ms, duration_ms)
    chunk.open = SPAN - chunk.states.count(0)
    chunk.dirty = False
    return chunk


def producers_of(data: bytes) -> dict[int, ProducerState]:
    """Producers of a partition as their row says."""
    known: dict[int, ProducerState] = {}
    for row in msgspec.msgpack.decode(data, type=list[ProducerRow]):
        state = ProducerState(row.epoch)
        state.batches.extend(row.batches)
        known[row.id] = state
    return known


def group_change(group: Group, *, exists: bool) -> Change:
    """The row of a group whose cursors changed, or its removal."""
    key = "/".join(group.key)
    if not exists or not group.cursors:
        return ("cursors", key, None)
    cursors = [
        (*place, cursor.offset, cursor.epoch, cursor.metadata, cursor.stored_ms)
        for place, cursor in group.cursors.items()
    ]
    return ("cursors", key, _json.encode(GroupRow(*group.key, cursors)))


def group_of(data: bytes) -> Group:
    """A group as its row says: nobody is in it."""
    row = msgspec.json.decode(data, type=GroupRow)
    group = Group((row.namespace, row.name), 0)
    for stream, partition, offset, epoch, metadata, stored_ms in row.cursors:
        group.cursors[stream, partition] = Cursor(offset, epoch, metadata, stored_ms)
    return group


def route_changes(
    routing: Any, streams: Mapping[int, Stream], saved: dict[str, tuple[str, bytes]]
) -> Iterator[Change]:
    """Rows of routes and bindings that differ from what was saved before; `saved` is brought up to date."""
    now: dict[str, tuple[str, bytes]] = {}
    for number, record in enumerate(routing.snapshot(streams)):
        table = "route" if isinstance(record, RouteCreated) else "binding"
        assert isinstance(record, RouteCreated | Bound)
        now[f"{table}:{number:08x}"] = (table, _pack.encode(record))
    for key, (table, value) in now.items():
        if saved.get(key) != (table, value):
            yield (table, key, value)
    for key, (table, _) in saved.items():
        if key not in now:
            yield (table, key, None)
    saved.clear()
    saved.update(now)

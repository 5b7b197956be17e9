"""The kernel's state as rows of the state store, and back. Cold.

    meta          checkpoint -> position, next id, cluster, segment lengths
    stream        id -> name, settings, start, end and reserve of each partition
    subscription  id -> name, settings, frontier and counts of each window
    chunk         subscription/partition/place -> states of messages: see `chunkrows`
    revision      subscription/partition/offset -> a message as a reader has changed it for its subscription
    index         subscription/partition -> of ordered subscriptions what chunks do not say: lanes, names of keys
    extent        stream/partition/offset -> where a run of entries lies
    producer      stream/partition -> what idempotent producers have written
    cursors       namespace/group -> where the group goes on, per (stream, partition)
    route, binding

Settings are JSON, so that a person who opens the store can read them.
"""

from collections.abc import Iterator, Sequence
from typing import Final

import msgspec

from dragoman.kernel.entities import Stream, Subscription
from dragoman.kernel.groups.group import Cursor, Group
from dragoman.kernel.leases.revisions import Revisions, standing_in
from dragoman.kernel.leases.window import Window
from dragoman.kernel.producers import ProducerState
from dragoman.kernel.records import Bound, RouteCreated
from dragoman.kernel.settings import StreamSettings, SubscriptionSettings
from dragoman.runtime.chunkrows import chunk_key, chunk_row

Change = tuple[str, str, bytes | None]

_json: Final = msgspec.json.Encoder()
_pack: Final = msgspec.msgpack.Encoder()


class StreamRow(msgspec.Struct, omit_defaults=True):
    """A stream at a checkpoint; partitions as (start, end, reserved), and for each its epochs as (epoch, start)."""

    namespace: str
    name: str
    uuid: str
    settings: StreamSettings
    partitions: list[tuple[int, int, int]]
    epochs: list[list[tuple[int, int]]] = []


class SubscriptionRow(msgspec.Struct, omit_defaults=True):
    """A subscription at a checkpoint; windows as (frontier, ready, ready bytes); with a delay, (shown, delayed)."""

    stream: int
    name: str
    settings: SubscriptionSettings
    windows: list[tuple[int, int, int]]
    is_mortal: bool = False
    armed_ms: int = 0
    shown: list[tuple[int, int]] = []
    is_uneven: bool = True
    stored_ms: int = 0


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
    incarnation: int = 1


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
    epochs = [p.epochs.all() if p.epochs is not None else [] for p in stream.partitions]
    row = StreamRow(
        stream.namespace,
        stream.name,
        stream.uuid.hex(),
        stream.settings,
        partitions,
        epochs if any(epochs) else [],
    )
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
            subscription.is_uneven,
            subscription.stored_ms,
        )
        yield ("subscription", key, _json.encode(row))
    for partition, window in enumerate(subscription.windows):
        prefix = partition_key(subscription.id, partition)
        window.tidy()
        for base in sorted(window.saved.keys() - (window.bases if lasts else ())):
            yield ("chunk", f"{prefix}/{chunk_key(base)}", None)
            window.saved.pop(base, None)
        if lasts:
            yield from _chunk_changes(window, prefix)
        if window.revisions is not None:
            yield from _revision_changes(window.revisions, prefix, lasts=lasts)
        if window.order is not None:
            yield ("index", prefix, window.order.dump() if lasts else None)


def _chunk_changes(window: Window, prefix: str) -> Iterator[Change]:
    for base, chunk in zip(window.bases, window.chunks, strict=True):
        if chunk.dirty:
            chunk.dirty = False
            window.note_saved(base)
            yield ("chunk", f"{prefix}/{chunk_key(base)}", chunk_row(chunk))


def _revision_changes(known: Revisions, prefix: str, *, lasts: bool) -> Iterator[Change]:
    for offset in sorted(known.saved.difference(known.blocks if lasts else ())):
        known.saved.discard(offset)
        yield ("revision", f"{prefix}/{chunk_key(offset)}", None)
    for offset in sorted(known.dirty) if lasts else ():
        known.dirty.discard(offset)
        known.saved.add(offset)
        block = known.blocks[offset]
        row = _pack.encode(standing_in(block, offset, block.format, block.body(offset)))
        yield ("revision", f"{prefix}/{chunk_key(offset)}", row)


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
    records: Sequence[RouteCreated | Bound], saved: dict[str, tuple[str, bytes]]
) -> Iterator[Change]:
    """Rows of all routes and bindings that differ from what was saved before; `saved` is brought up to date."""
    now: dict[str, tuple[str, bytes]] = {}
    for number, record in enumerate(records):
        table = "route" if isinstance(record, RouteCreated) else "binding"
        now[f"{table}:{number:08x}"] = (table, _pack.encode(record))
    for key, (table, value) in now.items():
        if saved.get(key) != (table, value):
            yield (table, key, value)
    for key, (table, _) in saved.items():
        if key not in now:
            yield (table, key, None)
    saved.clear()
    saved.update(now)

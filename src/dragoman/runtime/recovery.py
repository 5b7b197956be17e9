"""Recovery: the last checkpoint, then every frame behind it, through the same `apply` as live.

What no row names is cut away: segments past the lengths the checkpoint recorded, segments it does not know. A journal
that ends before the checkpoint's position, or rows that cannot be read, are refused: nothing is guessed.
"""

import zlib
from typing import Final

import msgspec

from dragoman.kernel.block import Block
from dragoman.kernel.framing import decode
from dragoman.kernel.kernel import Kernel
from dragoman.kernel.leases.revising import apply_revised
from dragoman.kernel.leases.states import RETURNED
from dragoman.kernel.records import (
    Bound,
    Remnant,
    Revised,
    RouteCreated,
    StreamCreated,
    SubscriptionCreated,
)
from dragoman.kernel.state import State
from dragoman.ports.storage import Corrupt, LogStore, Segments, StateStore
from dragoman.runtime.chunkrows import adopt
from dragoman.runtime.extents import block_of
from dragoman.runtime.featurerows import load_features
from dragoman.runtime.killpoints import reached
from dragoman.runtime.snapshot import (
    MetaRow,
    StreamRow,
    SubscriptionRow,
    group_of,
    partition_key,
    producers_of,
)

_UNREADABLE: Final = (msgspec.MsgspecError, zlib.error, ValueError, KeyError, IndexError)


class Recovered:
    """What recovery found: where the journal ends, and what the checkpointer goes on from."""

    def __init__(self, position: int) -> None:
        self.position = position
        self.cluster_id = b""
        self.live: dict[int, int] = {}
        self.routes: dict[str, tuple[str, bytes]] = {}
        self.frames = 0


def recover(
    kernel: Kernel,
    log: LogStore,
    segments: Segments,
    state: StateStore,
    now_ms: int,
    boot: bytes = b"",
) -> Recovered:
    """Fill an empty kernel from the store and begin a new life; `boot` as in `Kernel.begin`. Raises StorageError."""
    tail = log.open()
    recovered = Recovered(tail.position)
    kernel.now_ms = now_ms
    row = state.get("meta", "checkpoint")
    start = 0
    try:
        if row is not None:
            meta = msgspec.json.decode(row, type=MetaRow)
            if meta.position > tail.position:
                raise Corrupt(
                    f"the journal ends at {tail.position}, before the checkpoint at {meta.position}"
                )
            start = meta.position
            _load(kernel, state, meta, recovered)
            _cut_segments(segments, meta.segments)
        else:
            _cut_segments(segments, {})
        for _, payload in log.read(start + 1):
            recovered.frames += 1
            for record in decode(payload):
                kernel.apply(record)
            reached("recovery")
    except _UNREADABLE as error:
        raise Corrupt(f"what the store holds cannot be read: {error!r}") from error
    _settle(kernel)
    kernel.begin(tail.incarnation, boot)
    return recovered


def _cut_segments(segments: Segments, lengths: dict[int, int]) -> None:
    present = segments.lengths()
    for number, length in lengths.items():
        if present.get(number, -1) < length:
            raise Corrupt(
                f"segment {number} ends at {present.get(number, 0)}, {length} bytes were durable"
            )
    for number, length in present.items():
        if number not in lengths:
            segments.drop(number)
        elif length > lengths[number]:
            segments.cut(number, lengths[number])


def _load(kernel: Kernel, store: StateStore, meta: MetaRow, recovered: Recovered) -> None:
    state = kernel.state
    recovered.cluster_id = bytes.fromhex(meta.cluster_id)
    for key, data in store.scan("stream"):
        _load_stream(kernel, int(key, 16), msgspec.json.decode(data, type=StreamRow))
    for key, data in store.scan("extent"):
        stream, partition, _ = key.split("/")
        block = block_of(data)
        block.row_key = key
        assert block.place is not None
        recovered.live[block.place[0]] = recovered.live.get(block.place[0], 0) + block.place[2]
        _keep(state, block, int(stream, 16), int(partition, 16))
    for key, data in store.scan("producer"):
        stream, partition = key.split("/")
        state.streams[int(stream, 16)].partitions[int(partition, 16)].producers = producers_of(data)
    for key, data in store.scan("subscription"):
        _load_subscription(kernel, int(key, 16), msgspec.json.decode(data, type=SubscriptionRow))
    for key, data in store.scan("chunk"):
        subscription, partition, place = key.split("/")
        known = state.subscriptions[int(subscription, 16)]
        adopt(known.windows[int(partition, 16)], place, data)
    indexes = dict(store.scan("index"))
    for known in state.subscriptions.values():
        for number, window in enumerate(known.windows):
            if window.order is not None:
                window.order.load(window, indexes.get(partition_key(known.id, number)))
    _load_revisions(state, store)
    for table, kind in (("route", RouteCreated), ("binding", Bound)):
        for key, data in store.scan(table):
            recovered.routes[key] = (table, data)
            kernel.apply(msgspec.msgpack.decode(data, type=kind))
    for _, data in store.scan("cursors"):
        group = group_of(data)
        group.emptied_ms = kernel.now_ms
        state.groups.by_key[group.key] = group
    load_features(state, store)
    state.id_next = max(state.id_next, meta.id_next)
    state.producer_reserved = meta.producer_end
    state.secret = bytes.fromhex(meta.secret)
    state.boot = bytes.fromhex(meta.boot)
    state.begin_life(meta.incarnation)


def _keep(state: State, block: Block, stream: int, partition: int) -> None:
    """Nobody may be able to ask for it: it was on its way to the disk when that came to be."""
    known = state.streams.get(stream)
    if known is None or block.end <= known.partitions[partition].start:
        state.gone.append(block)
    else:
        known.partitions[partition].put(block)


def _load_stream(kernel: Kernel, number: int, row: StreamRow) -> None:
    kernel.apply(
        StreamCreated(number, row.namespace, row.name, bytes.fromhex(row.uuid), row.settings)
    )
    stream = kernel.state.streams[number]
    for partition, (start, end, reserved) in zip(stream.partitions, row.partitions, strict=True):
        partition.start = start
        partition.end = end
        partition.reserved = reserved
    for partition, epochs in zip(stream.partitions, row.epochs, strict=False):
        for epoch, since in epochs:
            partition.begin_epoch(epoch, since)


def _load_subscription(kernel: Kernel, number: int, row: SubscriptionRow) -> None:
    frontiers = tuple(frontier for frontier, _, _ in row.windows)
    kernel.apply(SubscriptionCreated(number, row.stream, row.name, row.settings, frontiers))
    subscription = kernel.state.subscriptions[number]
    subscription.is_mortal = row.is_mortal
    subscription.is_uneven = row.is_uneven
    subscription.stored_ms = row.stored_ms
    subscription.armed_ms = (
        0  # its head was looked at before the checkpoint: the row knows when it expires
    )
    if row.armed_ms:
        kernel.state.arm(subscription, row.armed_ms)
    for window, (frontier, ready, ready_bytes) in zip(
        subscription.windows, row.windows, strict=True
    ):
        window.frontier = frontier
        window.ready = ready
        window.ready_bytes = ready_bytes
    for window, (shown, delayed) in zip(subscription.windows, row.shown, strict=False):
        window.shown = shown
        window.delayed = delayed


def _load_revisions(state: State, store: StateStore) -> None:
    """Once what is open is known: a revision is of a message that is."""
    for key, data in store.scan("revision"):
        number, index, place = (int(part, 16) for part in key.split("/"))
        message = msgspec.msgpack.decode(data, type=Remnant)
        apply_revised(state, Revised(number, index, message))
        revisions = state.subscriptions[number].windows[index].revisions
        if revisions is None:
            raise ValueError(f"{place} is revised, and done")
        revisions.dirty.discard(place)
        revisions.saved.add(place)


def _settle(kernel: Kernel) -> None:
    """Everything recovered is committed; nothing of it is news to the runtime."""
    state = kernel.state
    state.grown.clear()
    state.crowded.clear()
    for subscription in state.subscriptions.values():
        state.crowd(subscription)
    state.cancelled.clear()
    state.deleted.clear()
    state.active.clear()
    for stream in state.streams.values():
        for partition in stream.partitions:
            partition.committed = partition.end
            partition.safe = partition.reserved  # what was found was made durable
    for subscription in state.subscriptions.values():
        subscription.queued = False
        for window in subscription.windows:
            window.returned_low = window.floor()
            assert window.counts[RETURNED] >= 0
    kernel.release_all()

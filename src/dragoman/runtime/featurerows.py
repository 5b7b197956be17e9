"""Rows of the kernel's further features in the state store, and back. Cold. Settings are JSON, the rest msgpack.

    transaction   producer id -> a transactional id, and what is open under it
    aborted       stream/partition -> aborted entries: (producer, runs) each
    dedup         stream/bucket -> ids stored in it: id -> (stored ms, partition, offset)
    snapshot      snapshot -> the record that made it
    pump          pump -> the record that makes it, as far as it came
    pump_ended    source stream -> the pumps with an end that are over, the latest first
    document      [namespace, kind, name] -> the record that put it
    schedule      hidden stream -> a bit for each of its entries that is sent or cancelled, compressed

Written when they changed since the last checkpoint; loaded after streams and extents, before the journal. What has a
row made is dirty no longer, one by one: whoever asks for rows may stop anywhere.
"""

import zlib
from collections.abc import Iterator
from typing import Final

import msgspec

from dragoman.kernel.block import Partition
from dragoman.kernel.documents import apply_document_put
from dragoman.kernel.pumps import PumpInfo, apply_pump_created
from dragoman.kernel.records import DocumentPut, PumpCreated, Runs, SnapshotCreated
from dragoman.kernel.snapshots import apply_snapshot_created
from dragoman.kernel.state import State
from dragoman.kernel.transactions.states import ABORTED, COMMITTED, EMPTY, OPEN, TransactionState
from dragoman.kernel.transactions.transaction import NOBODY, Aborted, Transaction, mark
from dragoman.ports.storage import StateStore
from dragoman.runtime.snapshot import Change, id_key, partition_key

_PACK_LEVEL: Final = 1
_pack: Final = msgspec.msgpack.Encoder()


class TransactionRow(msgspec.Struct, array_like=True):
    """A transactional id at a checkpoint; fields as in `Transaction`."""

    namespace: str
    name: str
    epoch: int
    timeout_ms: int
    used_ms: int
    is_open: bool
    outcome: bool | None
    began_ms: int
    format: int
    abort_marker: bytes
    runs: list[tuple[int, int, Runs]]
    cursors: list[tuple[str, str, tuple[tuple[int, int, int, int, str], ...]]]
    before: tuple[int, int] = NOBODY


def feature_changes(state: State) -> Iterator[Change]:
    """The rows of what changed since the last checkpoint, or their removal."""
    yield from _transaction_changes(state)
    yield from _schedule_changes(state)
    yield from _dedup_changes(state)
    yield from _snapshot_changes(state)
    yield from _document_changes(state)
    yield from _pump_changes(state)


def load_features(state: State, store: StateStore) -> None:
    """Fill `state` from the rows. Raises msgspec.MsgspecError, ValueError, KeyError, IndexError."""
    _load_transactions(state, store)
    for key, data in store.scan("schedule"):
        bucket = state.schedules.by_stream[int(key, 16)]
        bucket.done = bytearray(zlib.decompress(data))
        bucket.done_count = int.from_bytes(bucket.done, "big").bit_count()
    _load_dedup(state, store)
    for _, data in store.scan("snapshot"):
        apply_snapshot_created(state, msgspec.msgpack.decode(data, type=SnapshotCreated))
    for _, data in store.scan("pump"):
        apply_pump_created(state, msgspec.msgpack.decode(data, type=PumpCreated))
    for key, data in store.scan("pump_ended"):
        if int(key, 16) in state.streams:  # a durable one
            state.pumps.ended[int(key, 16)] = msgspec.json.decode(data, type=list[PumpInfo])
    for _, data in store.scan("document"):
        apply_document_put(state, msgspec.msgpack.decode(data, type=DocumentPut))
    state.documents.dirty.clear()  # as they are in the store


def _snapshot_changes(state: State) -> Iterator[Change]:
    dirty = state.snapshots.dirty
    while dirty:
        number, _ = dirty.popitem()
        known = state.snapshots.by_id.get(number)
        yield ("snapshot", id_key(number), None if known is None else _pack.encode(known))


def _pump_changes(state: State) -> Iterator[Change]:
    pumps = state.pumps
    while pumps.dirty:
        number, _ = pumps.dirty.popitem()
        pump = pumps.by_id.get(number)
        yield ("pump", id_key(number), None if pump is None else _pack.encode(pump.record()))
    while pumps.dirty_ended:
        number, _ = pumps.dirty_ended.popitem()
        ended = pumps.ended.get(number)
        yield ("pump_ended", id_key(number), None if ended is None else msgspec.json.encode(ended))


def _document_changes(state: State) -> Iterator[Change]:
    dirty = state.documents.dirty
    while dirty:
        key, _ = dirty.popitem()
        known = state.documents.by_key.get(key)
        row = None
        if known is not None:
            put = DocumentPut(*key, known.version, known.stored_ms, known.body)
            row = _pack.encode(put)
        yield ("document", msgspec.json.encode(key).decode(), row)


# --- schedules ---


def _schedule_changes(state: State) -> Iterator[Change]:
    schedules = state.schedules
    while schedules.dirty:
        stream, _ = schedules.dirty.popitem()
        bucket = schedules.by_stream.get(stream)
        row = None if bucket is None else zlib.compress(bytes(bucket.done), _PACK_LEVEL)
        yield ("schedule", id_key(stream), row)


# --- dedup windows ---


def _dedup_changes(state: State) -> Iterator[Change]:
    dedup = state.dedup
    while dedup.dirty:
        stream, start_ms = dedup.dirty.pop()
        window = dedup.by_stream.get(stream)
        bucket = None if window is None else window.buckets.get(start_ms)
        row = None if bucket is None else _pack.encode(bucket)
        yield ("dedup", f"{id_key(stream)}/{start_ms:014x}", row)


def _load_dedup(state: State, store: StateStore) -> None:
    for key, data in store.scan("dedup"):
        number, start_ms = (int(part, 16) for part in key.split("/"))
        stream = state.streams.get(number)
        if stream is not None:  # a durable one
            bucket = msgspec.msgpack.decode(data, type=dict[str, tuple[int, int, int]])
            state.dedup.load(stream, start_ms, bucket)


# --- transactions ---


def _transaction_changes(state: State) -> Iterator[Change]:
    transactions = state.transactions
    while transactions.dirty:
        producer, _ = transactions.dirty.popitem()
        known = transactions.by_producer.get(producer)
        yield ("transaction", id_key(producer), None if known is None else _transaction_row(known))
    while transactions.dirty_aborted:
        place = transactions.dirty_aborted.pop()
        rows = [(row.producer, row.runs) for row in transactions.aborted.get(place, ())]
        yield ("aborted", partition_key(*place), _pack.encode(rows) if rows else None)


def _transaction_row(known: Transaction) -> bytes:
    return _pack.encode(
        TransactionRow(
            *known.key,
            known.epoch,
            known.timeout_ms,
            known.used_ms,
            known.is_open,
            known.outcome,
            known.began_ms,
            known.format,
            known.abort_marker,
            [(stream, partition, runs) for (stream, partition), runs in known.runs.items()],
            known.cursors,
            known.before,
        )
    )


def _load_transactions(state: State, store: StateStore) -> None:
    for key, data in store.scan("transaction"):
        _load_transaction(state, int(key, 16), msgspec.msgpack.decode(data, type=TransactionRow))
    for key, data in store.scan("aborted"):
        stream, index = (int(part, 16) for part in key.split("/"))
        if stream not in state.streams:
            continue  # not a durable one
        partition = state.streams[stream].partitions[index]
        rows = msgspec.msgpack.decode(data, type=list[tuple[int, Runs]])
        state.transactions.aborted[stream, index] = [Aborted(*row) for row in rows]
        for _, runs in rows:
            mark(partition, runs, pending=False, aborted=True)


def _load_transaction(state: State, producer: int, row: TransactionRow) -> None:
    known = Transaction((row.namespace, row.name))
    known.producer = producer
    known.epoch = row.epoch
    known.timeout_ms = row.timeout_ms
    known.used_ms = row.used_ms
    known.state = _state_of(row)
    known.before = row.before
    known.began_ms = row.began_ms
    known.format = row.format
    known.abort_marker = row.abort_marker
    known.cursors = row.cursors
    for stream, index, runs in row.runs:
        if stream in state.streams:  # a durable one
            known.runs[stream, index] = runs
            _pend(state.streams[stream].partitions[index], producer, runs)
    state.transactions.by_key[known.key] = known
    state.transactions.by_producer[producer] = known
    if known.is_open:
        state.transactions.fresh.append(known)


def _state_of(row: TransactionRow) -> TransactionState:
    if row.is_open:
        return OPEN
    if row.outcome is None:
        return EMPTY
    return COMMITTED if row.outcome else ABORTED


def _pend(partition: Partition, producer: int, runs: Runs) -> None:
    if runs:
        mark(partition, runs, pending=True, aborted=False)
        partition.pend(producer, runs[0][0])

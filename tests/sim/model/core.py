"""Streams, readers and routes of a node, and what each record does to them."""

import pickle
from collections.abc import Callable
from typing import Any

from msgspec.structs import replace
from tests.sim.model import addresses
from tests.sim.model.groups import Groups
from tests.sim.model.log import Stream
from tests.sim.model.pumps import Pump
from tests.sim.model.readers import ALL, Message, Reader
from tests.sim.model.schedules import SCHEDULES, Schedules
from tests.sim.model.transactions import Transactions

from dragoman.kernel import records as r
from dragoman.kernel.leases import states as s
from dragoman.kernel.settings import Address


class Model:
    """All of a node that outlives it, and who holds what."""

    def __init__(self) -> None:
        self.streams: dict[int, Stream] = {}
        self.readers: dict[int, Reader] = {}
        self.routes: dict[int, r.RouteCreated] = {}
        self.bindings: list[r.Bound] = []
        self.schedules = Schedules()
        self.transactions = Transactions()
        self.groups = Groups()
        self.pumps: dict[int, Pump] = {}
        self.snapshots: dict[int, r.SnapshotCreated] = {}
        self.documents: dict[str, r.DocumentPut] = {}

    def copy(self) -> "Model":
        known: Model = pickle.loads(pickle.dumps(self, pickle.HIGHEST_PROTOCOL))
        return known

    def named(self, name: str) -> Stream | None:
        return next((known for known in self.streams.values() if known.name == name), None)

    def readers_of(self, stream: int) -> list[Reader]:
        return [reader for reader in self.readers.values() if reader.stream == stream]

    def queue(self, name: str) -> Reader | None:
        return self.reader(name, name)

    def reader(self, stream_name: str, name: str) -> Reader | None:
        stream = self.named(stream_name)
        mine = [] if stream is None else self.readers_of(stream.id)
        return next((reader for reader in mine if reader.name == name), None)

    def is_hidden(self, stream: int) -> bool:
        """Whether only schedules are in it."""
        return self.streams[stream].namespace == SCHEDULES

    def is_queue(self, reader: Reader) -> bool:
        return reader.name == self.streams[reader.stream].name

    def route(self, name: str) -> r.RouteCreated | None:
        return next((known for known in self.routes.values() if known.name == name), None)

    def targets(self, address: Address, body: bytes) -> list[int] | None:
        """Ids of streams, None when the address itself is not there."""
        return addresses.targets(self, address, body)

    # --- records ---

    def apply(self, record: Any) -> None:
        APPLY[type(record)](self, record)

    def _published(self, record: r.Published) -> None:
        for target in record.targets:
            stream = self.streams.get(target.stream)
            if stream is None:
                continue
            if stream.namespace == SCHEDULES:
                self.schedules.put_off(record, target)
            entries = stream.append(record, target)
            if self.transactions.note_batch(record, target):
                for entry in entries:
                    entry.pending = True
            for reader in self.readers_of(stream.id):
                for entry in entries:
                    reader.add(target.partition, entry)

    def _leased(self, record: r.Leased) -> None:
        reader = self.readers.get(record.subscription)
        if reader is None:
            return
        for message in named(reader, record):
            message.aside = message.state == s.DEFERRED or (
                message.state == s.LEASED and message.aside
            )
            message.state, message.holder = s.LEASED, record.holder
            message.until_ms, message.duration_ms = record.until_ms, record.duration_ms
        if record.fresh and record.offsets is None:
            reader.advance(record.partition, record.end)

    def _settled(self, record: r.Settled) -> None:
        reader = self.readers.get(record.subscription)
        if reader is None:
            return
        target = s.TRANSITIONS[record.source, record.event]
        for start, end in record.runs:
            for message in reader.between(record.partition, start, end):
                _settle(message, record, target)
            if record.source == s.READY:
                reader.advance(record.partition, end)
        for message in named(reader, record) if record.offsets else ():
            _settle(message, record, target)
        part = reader.parts[record.partition]
        part[:] = [message for message in part if message.state != s.DONE]

    def _revised(self, record: r.Revised) -> None:
        reader = self.readers.get(record.subscription)
        found = [] if reader is None else reader.between(record.partition, *span_of(record))
        for message in found:
            message.body, message.revised = record.message.bodies[0], True

    def _stream_created(self, record: r.StreamCreated) -> None:
        self.streams[record.id] = Stream(record)

    def _stream_altered(self, record: r.StreamAltered) -> None:
        stream = self.streams[record.id]
        for _ in range(stream.grow(record)):
            for reader in self.readers_of(stream.id):
                reader.parts.append([])
                reader.frontiers.append(0)
                reader.shown.append(0 if reader.settings.delay_ms else ALL)

    def _stream_deleted(self, record: r.StreamDeleted) -> None:
        for reader in self.readers_of(record.id):
            del self.readers[reader.id]
        self.streams.pop(record.id, None)
        self._unbind_all(record.id)
        self.schedules.forget(record.id)
        self.transactions.forget_stream(record.id)
        self.groups.forget_stream(record.id)
        self.pumps = {at: pump for at, pump in self.pumps.items() if pump.stream != record.id}
        self.snapshots = {at: k for at, k in self.snapshots.items() if k.stream != record.id}

    def _subscription_created(self, record: r.SubscriptionCreated) -> None:
        reader = self.readers[record.id] = Reader(record)
        for partition, entries in enumerate(self.streams[record.stream].entries):
            for entry in entries:
                if entry.offset >= record.frontiers[partition]:
                    reader.add(partition, entry)

    def _subscription_deleted(self, record: r.SubscriptionDeleted) -> None:
        reader = self.readers.pop(record.id, None)
        self.pumps = {at: p for at, p in self.pumps.items() if p.subscription != record.id}
        if reader is None or not reader.settings.durable or reader.owner:
            return
        if reader.name == self.streams[reader.stream].name:
            self._unbind_all(reader.stream)

    def _subscription_altered(self, record: r.SubscriptionAltered) -> None:
        reader = self.readers.get(record.id)
        if reader is not None:
            reader.alter(record.settings, self.streams[reader.stream].ends)

    def _sought(self, record: r.Sought) -> None:
        reader = self.readers.get(record.subscription)
        if reader is not None:
            reader.begin_anew(self.streams[reader.stream], record)

    def _route_created(self, record: r.RouteCreated) -> None:
        self.routes[record.id] = record

    def _route_altered(self, record: r.RouteAltered) -> None:
        self.routes[record.id] = replace(self.routes[record.id], settings=record.settings)

    def _route_deleted(self, record: r.RouteDeleted) -> None:
        self.routes.pop(record.id, None)
        self._unbind_all(record.id)

    def _unbind_all(self, target: int) -> None:
        self.bindings = [b for b in self.bindings if target not in {b.target, b.route}]

    def _bound(self, record: r.Bound) -> None:
        self.bindings.append(record)

    def _unbound(self, record: r.Unbound) -> None:
        gone = (record.route, record.target, record.binding.key, record.binding.arguments)
        self.bindings = [
            b
            for b in self.bindings
            if (b.route, b.target, b.binding.key, b.binding.arguments) != gone
        ]

    def _trimmed(self, record: r.Trimmed) -> None:
        stream = self.streams.get(record.stream)
        if stream is None:
            return
        for reader in self.readers_of(stream.id):
            part = reader.parts[record.partition]
            part[:] = [message for message in part if message.offset >= record.offset]
            reader.advance(record.partition, record.offset)
            reader.shown[record.partition] = max(reader.shown[record.partition], record.offset)
        stream.trim(record.partition, record.offset)

    def _compacted(self, record: r.Compacted) -> None:
        stream = self.streams.get(record.stream)
        if stream is not None:
            stream.compact(record)

    def _skipped(self, record: r.Skipped) -> None:
        stream = self.streams.get(record.stream)
        if stream is not None:
            stream.ends[record.partition] = max(stream.ends[record.partition], record.offset)

    def _started(self, record: r.Started) -> None:
        for reader in self.readers.values():
            for message in reader.messages():
                bound = message.state == s.LEASED and not message.duration_ms
                message.tries += bound
                if bound:
                    message.state = s.DEFERRED if message.aside else s.RETURNED
                    message.holder = 0
                message.due_ms = 0  # what waits goes on, at most as long as it was told to
                message.until_ms = 0  # given its full duration again by the first sweep

    def _session_state_set(self, record: r.SessionStateSet) -> None:
        reader = self.readers.get(record.subscription)
        if reader is not None:
            reader.states.pop(record.key, None)
            if record.state:
                reader.states[record.key] = record.state

    def _renewed(self, record: r.Renewed) -> None:
        reader = self.readers.get(record.subscription)
        if reader is None:
            return
        for start, end in record.runs:
            for message in reader.between(record.partition, start, end):
                message.until_ms, message.duration_ms = record.until_ms, record.duration_ms

    def _producer_initialised(self, record: r.ProducerInitialised) -> None:
        self.transactions.initialise(record)

    def _transaction_extended(self, record: r.TransactionExtended) -> None:
        self.transactions.extend(record)

    def _cursors_pended(self, record: r.CursorsPended) -> None:
        transaction = self.transactions.of(record.producer)
        assert transaction is not None
        transaction.cursors.append((record.namespace, record.group, record.cursors))

    def _transaction_ended(self, record: r.TransactionEnded) -> None:
        """Everybody sees what was written, or nobody does."""
        self.transactions.end(record)
        for stream in self.streams.values():
            for partition, entries in enumerate(stream.entries):
                ended = [e for e in entries if e.pending and e.producer == record.producer]
                for entry in ended:
                    entry.pending, entry.aborted = False, not record.commit
                for reader in self.readers_of(stream.id) if ended else ():
                    reader.show(partition)

    def _cursors_committed(self, record: r.CursorsCommitted) -> None:
        self.groups.commit(record, set(self.streams))

    def _cursors_deleted(self, record: r.CursorsDeleted) -> None:
        self.groups.delete(record)

    def _group_deleted(self, record: r.GroupDeleted) -> None:
        self.groups.forget(record)

    def _pump_created(self, record: r.PumpCreated) -> None:
        """Where its source does not outlive a restart, neither does it."""
        is_there = not record.subscription or record.subscription in self.readers
        if record.stream in self.streams and is_there:
            self.pumps[record.id] = Pump(record)

    def _pump_moved(self, record: r.PumpMoved) -> None:
        if record.id in self.pumps:
            self.pumps[record.id].move(record)

    def _pump_deleted(self, record: r.PumpDeleted) -> None:
        self.pumps.pop(record.id, None)

    def _schedule_settled(self, record: r.ScheduleSettled) -> None:
        self.schedules.settle(record)

    def _snapshot_created(self, record: r.SnapshotCreated) -> None:
        if record.stream in self.streams:  # a durable one
            self.snapshots[record.id] = record

    def _snapshot_deleted(self, record: r.SnapshotDeleted) -> None:
        self.snapshots.pop(record.id, None)

    def _shown(self, record: r.Shown) -> None:
        reader = self.readers.get(record.subscription)
        if reader is not None:
            reader.show_delayed(record)

    def _document_put(self, record: r.DocumentPut) -> None:
        self.documents[record.name] = record

    def _document_deleted(self, record: r.DocumentDeleted) -> None:
        self.documents.pop(record.name, None)

    def _nothing(self, record: r.Record) -> None:
        pass


def named(reader: Reader, record: r.Leased | r.Settled) -> list[Message]:
    """Which messages it is about, in its order."""
    runs = list(record.runs) if isinstance(record, r.Settled) else []
    if isinstance(record, r.Leased) and record.offsets is None:
        runs = [(record.start, record.end)]
    runs = [*runs, *[(offset, offset + 1) for offset in record.offsets or ()]]
    return [message for run in runs for message in reader.between(record.partition, *run)]


def span_of(record: r.Revised) -> tuple[int, int]:
    """The one message it speaks of."""
    return record.message.offset, record.message.end


def _settle(message: Message, record: r.Settled, target: int) -> None:
    message.state = target
    if record.event in {s.RELEASE, s.DELAY, s.PUT_BACK}:
        message.tries += 1
        message.fails += record.failed
    message.due_ms = record.ready_ms
    message.wait = record.wait or (0, 0)
    if target != s.LEASED:
        message.holder = message.until_ms = message.duration_ms = 0


APPLY: dict[type, Callable[[Model, Any], None]] = {
    r.Published: Model._published,
    r.Leased: Model._leased,
    r.Settled: Model._settled,
    r.Revised: Model._revised,
    r.StreamCreated: Model._stream_created,
    r.StreamAltered: Model._stream_altered,
    r.StreamDeleted: Model._stream_deleted,
    r.SubscriptionCreated: Model._subscription_created,
    r.SubscriptionDeleted: Model._subscription_deleted,
    r.SubscriptionAltered: Model._subscription_altered,
    r.Sought: Model._sought,
    r.RouteCreated: Model._route_created,
    r.RouteDeleted: Model._route_deleted,
    r.RouteAltered: Model._route_altered,
    r.Bound: Model._bound,
    r.Unbound: Model._unbound,
    r.Trimmed: Model._trimmed,
    r.Compacted: Model._compacted,
    r.Skipped: Model._skipped,
    r.SessionStateSet: Model._session_state_set,
    r.Renewed: Model._renewed,
    r.Indexed: Model._nothing,
    r.Shown: Model._shown,
    r.DocumentPut: Model._document_put,
    r.DocumentDeleted: Model._document_deleted,
    r.ProducersReserved: Model._nothing,
    r.ProducerInitialised: Model._producer_initialised,
    r.TransactionExtended: Model._transaction_extended,
    r.CursorsPended: Model._cursors_pended,
    r.TransactionEnded: Model._transaction_ended,
    r.CursorsCommitted: Model._cursors_committed,
    r.CursorsDeleted: Model._cursors_deleted,
    r.GroupDeleted: Model._group_deleted,
    r.PumpCreated: Model._pump_created,
    r.PumpMoved: Model._pump_moved,
    r.PumpDeleted: Model._pump_deleted,
    r.ScheduleSettled: Model._schedule_settled,
    r.SnapshotCreated: Model._snapshot_created,
    r.SnapshotDeleted: Model._snapshot_deleted,
    r.Reserved: Model._nothing,
    r.Started: Model._started,
}

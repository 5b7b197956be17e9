"""What a broker of queues owes, as plain lists: the whole state of a node, one object per message and reader.

    Model.apply(record)   the same records as the kernel's `apply`, carried out the slow and obvious way
    Model.targets(...)    where a message goes, by walking bindings

It knows nothing of chunks, blocks, windows, plans, checkpoints or segments. A message that is done is simply not in the
list any more, so that every count is a length.
"""

import copy
from collections.abc import Callable, Iterator
from typing import Any

from tests.sim.translator import colour_of

from dragoman.kernel import records as r
from dragoman.kernel.leases import states as s
from dragoman.kernel.settings import Address, SubscriptionSettings

READY_STATES = (s.READY, s.RETURNED)


class Message:
    """One message as one reader sees it."""

    __slots__ = (
        "body",
        "due_ms",
        "expires_ms",
        "fails",
        "holder",
        "offset",
        "size",
        "state",
        "tries",
    )

    def __init__(self, offset: int, body: bytes, expires_ms: int, size: int) -> None:
        self.offset = offset
        self.body = body
        self.expires_ms = expires_ms  # for this reader; 0 never
        self.size = size  # of a batch's message: its share
        self.state = s.READY
        self.holder = 0
        self.tries = 0
        self.fails = 0
        self.due_ms = 0

    def __repr__(self) -> str:
        return f"{self.offset}:{self.body!r}:{s.STATES[self.state]}"


class Entry:
    """One message of a stream, whoever reads it."""

    __slots__ = ("body", "expires_ms", "offset", "size", "stored_ms")

    def __init__(
        self, offset: int, body: bytes, expires_ms: int, stored_ms: int, size: int
    ) -> None:
        self.offset = offset
        self.body = body
        self.expires_ms = expires_ms
        self.stored_ms = stored_ms
        self.size = size


class Stream:
    def __init__(self, record: r.StreamCreated) -> None:
        self.id = record.id
        self.namespace = record.namespace
        self.name = record.name
        self.settings = record.settings
        self.ends = [0] * record.settings.partitions
        self.entries: list[list[Entry]] = [[] for _ in self.ends]

    def keeps(self) -> bool:
        return self.settings.retention_ms != 0


class Reader:
    """A leased subscription: its open messages per partition, in offset order."""

    def __init__(self, record: r.SubscriptionCreated) -> None:
        self.id = record.id
        self.stream = record.stream
        self.name = record.name
        self.settings: SubscriptionSettings = record.settings
        self.owner = record.owner
        self.parts: list[list[Message]] = [[] for _ in record.frontiers]

    def messages(self) -> Iterator[Message]:
        for part in self.parts:
            yield from part

    def ready(self) -> list[Message]:
        return [message for message in self.messages() if message.state in READY_STATES]

    def ready_bytes(self) -> int:
        return sum(message.size for message in self.ready())

    def between(self, partition: int, start: int, end: int) -> list[Message]:
        return [message for message in self.parts[partition] if start <= message.offset < end]

    def add(self, partition: int, entry: Entry) -> None:
        ttl = self.settings.ttl_ms
        ends = [entry.expires_ms] if entry.expires_ms else []
        if ttl >= 0:
            ends.append(entry.stored_ms + ttl)
        self.parts[partition].append(
            Message(entry.offset, entry.body, min(ends, default=0), entry.size)
        )


class Model:
    """Streams, readers and routes of a node."""

    def __init__(self) -> None:
        self.streams: dict[int, Stream] = {}
        self.readers: dict[int, Reader] = {}
        self.routes: dict[int, r.RouteCreated] = {}
        self.bindings: list[r.Bound] = []

    def copy(self) -> "Model":
        return copy.deepcopy(self)

    def named(self, name: str) -> Stream | None:
        return next((known for known in self.streams.values() if known.name == name), None)

    def readers_of(self, stream: int) -> list[Reader]:
        return [reader for reader in self.readers.values() if reader.stream == stream]

    def queue(self, name: str) -> Reader | None:
        stream = self.named(name)
        mine = [] if stream is None else self.readers_of(stream.id)
        return next((reader for reader in mine if reader.name == name), None)

    def route(self, name: str) -> r.RouteCreated | None:
        return next((known for known in self.routes.values() if known.name == name), None)

    # --- where a message goes ---

    def targets(self, address: Address, body: bytes) -> list[int] | None:
        """Ids of streams, None when the address itself is not there."""
        if not address.is_route:
            stream = self.named(address.name)
            return None if stream is None else [stream.id]
        start = self.route(address.name)
        if start is None:
            return None
        seen: list[int] = [start.id]
        found: list[int] = []
        for route in seen:  # grows
            matched = [
                bound
                for bound in self.bindings
                if bound.route == route and self.matches(bound, address.key, body)
            ]
            for bound in matched:
                known = seen if bound.to_route else found
                if bound.target not in known:
                    known.append(bound.target)
            alternate = self.route(self.routes[route].settings.alternate)
            if not matched and alternate is not None and alternate.id not in seen:
                seen.append(alternate.id)
        return found

    def matches(self, bound: r.Bound, key: str, body: bytes) -> bool:
        kind = self.routes[bound.route].settings.kind
        if kind == "headers":
            return str(bound.binding.arguments.get("colour", "")) == colour_of(body)
        if kind == "topic":
            return _topic(bound.binding.key.split("."), key.split("."))
        return kind == "fanout" or bound.binding.key == key

    # --- records ---

    def apply(self, record: Any) -> None:
        APPLY[type(record)](self, record)

    def _published(self, record: r.Published) -> None:
        bodies = record.bodies[0].split(b"\n") if record.packed else record.bodies
        for target in record.targets:
            stream = self.streams.get(target.stream)
            if stream is None:
                continue
            stream.ends[target.partition] = target.offset + len(bodies)
            for index, body in enumerate(bodies):
                expires = record.expires_ms[index] if record.expires_ms else 0
                size = (
                    _share(len(record.bodies[0]), index, record.packed)
                    if record.packed
                    else len(body)
                )
                entry = Entry(target.offset + index, body, expires, record.stored_ms, size)
                if stream.keeps():
                    stream.entries[target.partition].append(entry)
                for reader in self.readers_of(stream.id):
                    reader.add(target.partition, entry)

    def _leased(self, record: r.Leased) -> None:
        reader = self.readers.get(record.subscription)
        for message in (
            [] if reader is None else reader.between(record.partition, record.start, record.end)
        ):
            message.state, message.holder = s.LEASED, record.holder

    def _settled(self, record: r.Settled) -> None:
        reader = self.readers.get(record.subscription)
        if reader is None:
            return
        target = s.TRANSITIONS[record.source, record.event]
        for start, end in record.runs:
            for message in reader.between(record.partition, start, end):
                message.state = target
                if record.event in {s.RELEASE, s.DELAY}:
                    message.tries += 1
                    message.fails += record.failed
                message.due_ms = record.ready_ms
                if target != s.LEASED:
                    message.holder = 0
        part = reader.parts[record.partition]
        part[:] = [message for message in part if message.state != s.DONE]

    def _stream_created(self, record: r.StreamCreated) -> None:
        self.streams[record.id] = Stream(record)

    def _stream_altered(self, record: r.StreamAltered) -> None:
        stream = self.streams[record.id]
        stream.settings = record.settings
        while len(stream.ends) < record.settings.partitions:
            stream.ends.append(0)
            stream.entries.append([])
            for reader in self.readers_of(stream.id):
                reader.parts.append([])

    def _stream_deleted(self, record: r.StreamDeleted) -> None:
        for reader in self.readers_of(record.id):
            del self.readers[reader.id]
        self.streams.pop(record.id, None)
        self._unbind_all(record.id)

    def _subscription_created(self, record: r.SubscriptionCreated) -> None:
        reader = self.readers[record.id] = Reader(record)
        for partition, entries in enumerate(self.streams[record.stream].entries):
            for entry in entries:
                if entry.offset >= record.frontiers[partition]:
                    reader.add(partition, entry)

    def _subscription_deleted(self, record: r.SubscriptionDeleted) -> None:
        reader = self.readers.pop(record.id, None)
        if reader is None or not reader.settings.durable or reader.owner:
            return
        if reader.name == self.streams[reader.stream].name:
            self._unbind_all(reader.stream)

    def _route_created(self, record: r.RouteCreated) -> None:
        self.routes[record.id] = record

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
        entries = stream.entries[record.partition]
        entries[:] = [entry for entry in entries if entry.offset >= record.offset]
        stream.ends[record.partition] = max(stream.ends[record.partition], record.offset)

    def _skipped(self, record: r.Skipped) -> None:
        stream = self.streams.get(record.stream)
        if stream is not None:
            stream.ends[record.partition] = max(stream.ends[record.partition], record.offset)

    def _started(self, record: r.Started) -> None:
        for reader in self.readers.values():
            for message in reader.messages():
                message.due_ms = 0  # what waits goes on, at most as long as it was told to
                if message.state == s.LEASED:
                    message.tries += 1
                    message.state, message.holder = s.RETURNED, 0

    def _nothing(self, record: r.Record) -> None:
        pass


APPLY: dict[type, Callable[[Model, Any], None]] = {
    r.Published: Model._published,
    r.Leased: Model._leased,
    r.Settled: Model._settled,
    r.StreamCreated: Model._stream_created,
    r.StreamAltered: Model._stream_altered,
    r.StreamDeleted: Model._stream_deleted,
    r.SubscriptionCreated: Model._subscription_created,
    r.SubscriptionDeleted: Model._subscription_deleted,
    r.RouteCreated: Model._route_created,
    r.RouteDeleted: Model._route_deleted,
    r.Bound: Model._bound,
    r.Unbound: Model._unbound,
    r.Trimmed: Model._trimmed,
    r.Skipped: Model._skipped,
    r.Reserved: Model._nothing,
    r.Started: Model._started,
}


def _share(size: int, index: int, count: int) -> int:
    """Bytes of a batch that count as those of message `index`: together they are the batch's."""
    return size * (index + 1) // count - size * index // count


def _topic(pattern: list[str], words: list[str]) -> bool:
    if not pattern:
        return not words
    if pattern[0] == "#":
        return any(_topic(pattern[1:], words[at:]) for at in range(len(words) + 1))
    return bool(words) and pattern[0] in {"*", words[0]} and _topic(pattern[1:], words[1:])

"""Publish: from an address to entries in streams. Hot.

Stages: route -> producer sequence -> room -> append. Which stages a publish needs is found per address and kept in
`State.plans` until topology changes, so that a message pays only for what its address uses:

    plan known      the streams are a tuple looked up by (namespace, route, key); bodies stay shut
    plan is per message (headers routes, filtered bindings): fields are read, bodies grouped by their targets

A publish is one decision: records for everything it appends, applied together and written as one frame.
"""

from array import array
from collections.abc import Mapping
from typing import Final

from dragoman.kernel.block import BLOCK_OVERHEAD_BYTES, Block, Partition
from dragoman.kernel.commands import ANY_PARTITION, Producer, Publish
from dragoman.kernel.dedup import check_ids, new_runs, note_ids
from dragoman.kernel.entities import Stream, Subscription
from dragoman.kernel.leases.expiry import expiry_ms
from dragoman.kernel.leases.index import Reading, enlist, matches, soonest_ms
from dragoman.kernel.producers import duplicate_of, remember
from dragoman.kernel.quotas import check_publish as check_quotas
from dragoman.kernel.records import Published, Record, Target
from dragoman.kernel.replies import PublishReply
from dragoman.kernel.state import State
from dragoman.kernel.transactions.transaction import check_publish, pend
from dragoman.model.errors import InvalidArgument, MessageTooLarge, PartitionNotFound, StorageFull
from dragoman.model.levels import APPLIED
from dragoman.ports.translator import Translator

Streams = tuple[Stream, ...]


class Pending:
    """What earlier decisions of one atomic set will have changed, for those that come after them.

    ends    the next offset per partition appended to
    ids     where messages with a dedup id will be: offset by (stream, id)
    """

    __slots__ = ("ends", "ids")

    def __init__(self) -> None:
        self.ends: dict[Partition, int] = {}
        self.ids: dict[tuple[int, str], int] = {}


class Draft:
    """A publish being decided: the records so far, and the offsets they will take."""

    __slots__ = ("command", "ends", "ids", "now_ms", "reading", "records", "reply", "translator")

    def __init__(
        self, command: Publish, now_ms: int, ends: dict[Partition, int], translator: Translator
    ) -> None:
        self.translator = translator
        self.reading: Reading | None = None  # of `command`, where readers filter or order by key
        self.command = command
        self.now_ms = now_ms
        self.records: list[Record] = []
        self.ends = ends  # offsets given by this decision, per partition
        self.ids: dict[tuple[int, str], int] | None = None  # of this decision, where dedup asks
        self.reply = PublishReply(0, -1, 0, APPLIED)


def decide_publish(
    state: State, command: Publish, now_ms: int, pending: Pending | None = None
) -> tuple[list[Record], PublishReply]:
    """Records that append `command`'s messages where its address leads. `pending` carries what earlier publishes of
    the same decision will have changed.

    Raises StreamNotFound, RouteNotFound, PartitionNotFound, MessageTooLarge, InvalidArgument and ProducerError's.
    """
    draft = Draft(command, now_ms, {} if pending is None else pending.ends, state.translator)
    if command.dedup is not None:
        draft.ids = {} if pending is None else pending.ids
        check_ids(state, command, command.dedup)
    address = command.address
    if not command.bodies:
        raise InvalidArgument("nothing to publish")
    if state.is_full:
        raise StorageFull("the disk is full")
    check_quotas(state, command)
    if address.is_route:
        streams = (
            None
            if command.further_keys
            else plan(state, command.namespace, address.name, address.key)
        )
        if streams is None:
            _publish_each(state, draft)
            return draft.records, draft.reply
    else:
        streams = (state.stream(command.namespace, address.name),)
    if not streams:
        return draft.records, draft.reply
    producer = command.producer
    if producer is not None:
        if producer.transactional and not command.control:
            check_publish(state, streams[0], command.partition, producer)
        if _is_duplicate(streams[0], command, producer, draft.reply):
            return draft.records, draft.reply
    if draft.ids is None:
        _publish_all(draft, streams)
    else:
        _publish_unique(state, draft, streams, 0, len(command.bodies))
    return draft.records, draft.reply


def plan(state: State, namespace: str, route: str, key: str) -> Streams | None:
    """The streams every message with this key goes to; None when that depends on the message. Raises RouteNotFound."""
    known = state.plans.get((namespace, route, key))
    if known is None:
        known = state.routing.plan(state.streams, namespace, route, key)
        if known is not None:
            if len(state.plans) >= PLANS_MAX:
                state.plans.clear()
            state.plans[(namespace, route, key)] = known
    return known


SALT_MAX: Final = 1 << 64
PLANS_MAX: Final = (
    65_536  # keys are chosen by clients: a cache of them must not grow with their fancy
)


def _publish_each(state: State, draft: Draft) -> None:
    """Route body by body; neighbours with the same targets share a record."""
    if draft.command.packed:
        draft.command = _unpacked(state, draft.command)
    command = draft.command
    address = command.address
    unrouted: list[int] = []
    start = 0
    before: Streams = ()
    for index, body in enumerate(command.bodies):
        fields = state.translator.fields(command.format, body, 0)
        salt = state.random_below(SALT_MAX)
        streams, headers_set = state.routing.targets(
            state.streams,
            command.namespace,
            address.name,
            address.key,
            fields,
            salt,
            command.further_keys or state.translator.further_keys(command.format, body),
        )
        if not streams:
            unrouted.append(index)
        if headers_set:
            _publish_changed(state, draft, streams, headers_set, body)
            streams = tuple(stream for stream in streams if stream.id not in headers_set)
        if index and streams != before:
            _publish_unique(state, draft, before, start, index)
            start = index
        before = streams
    _publish_unique(state, draft, before, start, len(command.bodies))
    draft.reply.unrouted = unrouted or None


def _publish_changed(
    state: State,
    draft: Draft,
    streams: Streams,
    headers_set: Mapping[int, tuple[tuple[str, str], ...]],
    body: bytes,
) -> None:
    """For targets whose binding sets headers the message is another one."""
    command = draft.command
    for stream in streams:
        headers = headers_set.get(stream.id)
        if headers is None:
            continue
        format_, changed = state.translator.with_headers(command.format, body, headers)
        draft.command = _like(command, format_, [changed])
        _publish_slice(draft, (stream,), 0, 1)
    draft.command = command


def _unpacked(state: State, command: Publish) -> Publish:
    """The messages of a batch, each for itself."""
    format_, bodies = state.translator.open_batch(command.format, command.bodies[0])
    return _like(command, format_, bodies)


def _like(command: Publish, format_: int, bodies: list[bytes]) -> Publish:
    """The same publish with other bodies."""
    other = Publish(command.namespace, command.address, format_, bodies)
    other.level = command.level
    other.hops = command.hops
    return other


def _is_duplicate(
    stream: Stream, command: Publish, producer: Producer, reply: PublishReply
) -> bool:
    partition = partition_of(stream, command.partition)
    offset = duplicate_of(partition.producers, producer)
    if offset < 0:
        return False
    reply.duplicate = True
    reply.offset = offset
    reply.partition = partition.index
    reply.routed = 1
    reply.level = max(command.level, stream.settings.level)
    return True


def partition_of(stream: Stream, index: int) -> Partition:
    """Raises PartitionNotFound."""
    if not 0 <= index < len(stream.partitions):
        raise PartitionNotFound(f"{stream.name}-{index}")
    return stream.partitions[index]


def _publish_all(draft: Draft, streams: Streams) -> None:
    """Append every body to every stream, minding reject-publish limits."""
    total = len(draft.command.bodies)
    room = total
    for stream in streams:
        for subscription in stream.subscriptions:
            room = min(room, _room(subscription, draft))
    if room >= total:
        _publish_slice(draft, streams, 0, total)
        return
    willing = tuple(stream for stream in streams if not _refuses(stream, draft, room))
    if room > 0:
        _publish_slice(draft, streams, 0, room)
    draft.reply.refused = room
    _publish_slice(draft, willing, room, total)


def _publish_unique(state: State, draft: Draft, streams: Streams, start: int, end: int) -> None:
    """Append bodies [start, end) to each of the streams, but those that its dedup window knows."""
    ids = draft.command.dedup
    if ids is None or draft.ids is None:
        _publish_slice(draft, streams, start, end)
        return
    for stream in streams:
        if not stream.settings.dedup_window_ms:
            _publish_slice(draft, (stream,), start, end)
        elif any(_room(reader, draft) < len(ids) for reader in stream.subscriptions):
            draft.reply.refused = start
        else:
            for low, high in new_runs(state, draft, stream, range(start, end)):
                partition = _pick(draft, stream, low)
                offset = draft.ends.get(partition, partition.end)
                note_ids(draft, stream, low, high, offset)
                _publish_slice(draft, (stream,), low, high)
    draft.reply.routed = max(draft.reply.routed, len(streams))


def _room(subscription: Subscription, draft: Draft) -> int:
    """How many of the command's messages `subscription` takes before it refuses publishes."""
    settings = subscription.settings
    command = draft.command
    total = len(command.bodies)
    if settings.overflow == "drop-head" or (settings.length_max < 0 and settings.bytes_max < 0):
        return total
    if not subscription.is_queue or command.packed:
        return total
    room = total
    if settings.length_max >= 0:
        ready = subscription.ready()
        for partition in subscription.stream.partitions:
            ready += draft.ends.get(partition, partition.end) - partition.end
        room = min(room, max(settings.length_max - ready, 0))
    if settings.bytes_max >= 0:
        left = settings.bytes_max - subscription.ready_bytes()
        for index, body in enumerate(command.bodies[:room]):
            left -= len(body)
            if left < 0:
                return index
    return room


def _refuses(stream: Stream, draft: Draft, room: int) -> bool:
    total = len(draft.command.bodies)
    rooms = [_room(subscription, draft) for subscription in stream.subscriptions]
    return any(known <= room for known in rooms) and any(known < total for known in rooms)


def _publish_slice(draft: Draft, streams: Streams, start: int, end: int) -> None:
    """Records that append bodies [start, end) to every stream of `streams`."""
    if not streams or start == end:
        return
    for stream in streams:
        if stream.keyed and len(stream.partitions) > 1:
            _publish_by_key(draft, streams, start, end)
            return
    _append_slice(draft, streams, start, end)


def _publish_by_key(draft: Draft, streams: Streams, start: int, end: int) -> None:
    """Each key has its partition: neighbours of one key go together."""
    keys = _reading(draft).keys() if draft.command.keys is None else draft.command.keys
    at = start
    while at < end:
        stop = at + 1
        while stop < end and keys[stop] == keys[at]:
            stop += 1
        _append_slice(draft, streams, at, stop)
        at = stop


def _reading(draft: Draft) -> Reading:
    reading = draft.reading
    if reading is None or reading.command is not draft.command:
        reading = draft.reading = Reading(draft.translator, draft.command)
    return reading


def _append_slice(draft: Draft, streams: Streams, start: int, end: int) -> None:
    command = draft.command
    reply = draft.reply
    durable: list[Target] = []
    fleeting: list[Target] = []
    for stream in streams:
        _check_size(stream, command)
        partition = _pick(draft, stream, start)
        offset = _take_offsets(draft, partition, end - start)
        found = matches(_reading(draft), stream, offset, start, end) if stream.indexed else None
        target = Target(stream.id, partition.index, offset, found)
        (durable if stream.durable else fleeting).append(target)
        if reply.offset < 0:
            reply.offset = target.offset
            reply.partition = partition.index
        if stream.durable:
            reply.level = max(
                reply.level, stream.settings.level if command.level < 0 else command.level
            )
    reply.routed = max(reply.routed, len(streams))
    keys = _keys(draft, streams)
    for targets in (durable, fleeting):
        if targets:
            draft.records.append(_record(draft, tuple(targets), start, end, keys))


def _check_size(stream: Stream, command: Publish) -> None:
    limit = stream.settings.message_bytes_max
    if limit and any(len(body) > limit for body in command.bodies):
        raise MessageTooLarge(f"{max(map(len, command.bodies))} bytes, {stream.name} takes {limit}")


def _pick(draft: Draft, stream: Stream, start: int) -> Partition:
    command = draft.command
    if command.partition != ANY_PARTITION:
        return partition_of(stream, command.partition)
    if len(stream.partitions) == 1:
        return stream.partitions[0]
    if stream.keyed:
        keys = _reading(draft).keys() if command.keys is None else command.keys
        if keys[start]:
            return stream.partition_of_key(keys[start])
    return stream.partitions[stream.turn % len(stream.partitions)]


def _take_offsets(draft: Draft, partition: Partition, count: int) -> int:
    offset = draft.ends.get(partition, partition.end)
    draft.ends[partition] = offset + (draft.command.packed or count)
    return offset


def _keys(draft: Draft, streams: Streams) -> list[bytes] | None:
    """The keys of the command's messages, read from them where somebody needs them and nobody said."""
    command = draft.command
    if command.keys is None and not command.control:
        for stream in streams:
            if stream.keyed:
                return _reading(draft).keys()
    return command.keys


def _record(
    draft: Draft, targets: tuple[Target, ...], start: int, end: int, keys: list[bytes] | None
) -> Published:
    command = draft.command
    whole = start == 0 and end == len(command.bodies)
    producer = command.producer
    expires, priorities = command.expires_ms, command.priorities
    return Published(
        targets,
        command.format,
        command.bodies if whole else command.bodies[start:end],
        command.packed,
        draft.now_ms,
        expires if expires is None or whole else expires[start:end],
        priorities if priorities is None or whole else priorities[start:end],
        keys if keys is None or whole else keys[start:end],
        None
        if producer is None
        else (
            producer.id,
            producer.epoch,
            producer.sequence,
            producer.count,
            producer.transactional,
        ),
        command.control,
        command.hops,
        None if command.dedup is None else command.dedup[start:end],
        command.latest_ms,
    )


def apply_published(state: State, record: Published) -> None:  # noqa: C901, PLR0912, PLR0915  (hot)
    """Append the record's messages to its targets; the only code that does, live and in recovery."""
    size = sum(map(len, record.bodies))
    state.appended += size
    for target in record.targets:
        stream = state.streams.get(target.stream)
        if stream is None:
            continue  # deleted later in the same journal
        partition = stream.partitions[target.partition]
        stream.turn += 1
        block = _block(record, target.offset, size)
        if record.dedup is not None and stream.settings.dedup_window_ms:
            state.dedup.remember(stream, record, target)
        if block.producer is not None:
            _remember_producer(state, stream, partition, block, block.producer)
        count = block.end - block.offset
        if stream.counts_bytes:
            block.sizes = array("Q", map(len, record.bodies))
        state.resident += block.cost()
        if partition.append(block):
            state.resident -= BLOCK_OVERHEAD_BYTES
        state.dirty_streams[stream.id] = stream
        state.usage.stored_bytes += size
        state.grown.append((stream, partition))
        if stream.is_pumped:
            state.pumps.wake(stream.id)
        if stream.subscriptions:
            if not block.control and not block.pending:
                for subscription in stream.subscriptions:
                    window = subscription.windows[target.partition]
                    if window.order is None:
                        window.ready += count
                        window.ready_bytes += size if stream.counts_bytes else 0
                    else:
                        state.dirty_subscriptions[subscription.id] = subscription
                        if not enlist(subscription, window, window.order, record, target, block):
                            state.dirty_floors[stream.id] = stream
                            continue
                    state.activate(subscription)
                    if block.expires_ms is not None or subscription.settings.ttl_ms >= 0:
                        _arm(state, subscription, block)
                    if (
                        subscription.settings.length_max >= 0
                        or subscription.settings.bytes_max >= 0
                    ):
                        state.crowded.append(subscription)
        else:
            state.dirty_floors[stream.id] = stream


def _remember_producer(
    state: State, stream: Stream, partition: Partition, block: Block, producer: Producer
) -> None:
    if producer.id < 0 or block.control:
        return
    remember(partition.producers, producer, block.offset)
    if producer.transactional:
        pend(state, stream, partition, block, producer.id)
    else:
        block.producer = None  # all that is asked of it later was just remembered


def _arm(state: State, subscription: Subscription, block: Block) -> None:
    """Only a head expires by itself: the first message of a block that may now be the head arms the deadline. An order
    has many heads: whatever expires soonest does.
    """
    if subscription.is_ordered:
        soonest = soonest_ms(subscription, block)
        if soonest:
            state.arm(subscription, soonest)
        return
    expires = expiry_ms(subscription, block, block.offset)
    if expires and not subscription.armed_ms:
        state.arm(subscription, expires)


def _block(record: Published, offset: int, size: int) -> Block:
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

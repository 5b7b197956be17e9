"""Publish: from an address to entries in streams. Hot.

Stages: route -> producer sequence -> room -> append. Which stages a publish needs is found per address and kept in
`State.plans` until topology changes, so that a message pays only for what its address uses:

    plan known      the streams are a tuple looked up by (namespace, route, key); bodies stay shut
    plan is per message (headers routes, filtered bindings): fields are read, bodies grouped by their targets

A publish is one decision: records for everything it appends, applied together (`append`) and written as one frame.
"""

from collections.abc import Mapping
from typing import Final

from dragoman.kernel.block import Partition
from dragoman.kernel.commands import ANY_PARTITION, Producer, Publish
from dragoman.kernel.copies import acts, append_copy, copies
from dragoman.kernel.dedup import answer, check_ids, identities, new_runs, note_ids
from dragoman.kernel.draft import (
    Draft,
    Pending,
    Streams,
    like,
    may_refuse,
    refuses,
    unpacked,
    willing,
)
from dragoman.kernel.entities import Stream, Subscription
from dragoman.kernel.leases.index import Reading, matches
from dragoman.kernel.producers import duplicate_of
from dragoman.kernel.quotas import check_publish as check_quotas
from dragoman.kernel.records import Published, Record, Target
from dragoman.kernel.replies import PublishReply
from dragoman.kernel.reservation import shown_at
from dragoman.kernel.settings import Address
from dragoman.kernel.state import State
from dragoman.kernel.transactions.transaction import check_publish
from dragoman.model.errors import (
    InvalidArgument,
    KernelError,
    MessageTooLarge,
    PartitionNotFound,
    StorageFull,
)
from dragoman.ports.translator import Death


def decide_publish(
    state: State, command: Publish, now_ms: int, pending: Pending | None = None
) -> tuple[list[Record], PublishReply]:
    """Records that append `command`'s messages where its address leads. `pending` carries what earlier publishes of
    the same decision will have changed.

    Raises StreamNotFound, RouteNotFound, PartitionNotFound, MessageTooLarge, InvalidArgument, QuotaExceeded,
    StorageFull and ProducerError's.
    """
    if not command.bodies:
        raise InvalidArgument("nothing to publish")
    if state.is_full:
        raise StorageFull("the disk is full")
    check_quotas(state, command)
    return decide_moved(state, command, now_ms, pending)


def decide_moved(
    state: State, command: Publish, now_ms: int, pending: Pending | None = None
) -> tuple[list[Record], PublishReply]:
    """As `decide_publish`, for messages that were taken in before and only change their place: neither quotas nor a
    full disk may lose them.
    """
    draft = Draft(command, now_ms, pending, state.translator, state.random_below)
    if command.dedup is not None:
        draft.ids = {} if pending is None else pending.ids
        check_ids(state, command, command.dedup)
    address = command.address
    if address.is_route:
        streams = (
            None
            if command.further_keys
            else plan(state, command.namespace, address.name, address.key)
        )
        if streams is None:
            _publish_each(state, draft)
            _bury_refused(state, draft)
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
    if draft.ids is not None:
        unique = tuple(known for known in streams if known.settings.dedup_window_ms)
        taken = _publish_unique(state, draft, unique, 0, len(command.bodies))
        streams = tuple(known for known in streams if not known.settings.dedup_window_ms)
        draft.reply.routed = 0
        _publish_all(draft, streams)
        draft.reply.routed += taken
    else:
        _publish_all(draft, streams)
    _bury_refused(state, draft)
    return draft.records, draft.reply


def plan(state: State, namespace: str, route: str, key: str) -> Streams | None:
    """The streams every message with this key goes to; None when that depends on the message. Raises RouteNotFound."""
    known = state.plans.get((namespace, route, key))
    if known is None:
        known = state.routing.plan(state.streams, namespace, route, key)
        if known is not None:
            if len(state.plans) >= PLANS_MAX:  # keys are clients' fancy
                state.plans.clear()
            state.plans[(namespace, route, key)] = known
    return known


SALT_MAX: Final = 1 << 64
PLANS_MAX: Final = 65_536
NOWHERE: Final = Address("")


def _publish_each(state: State, draft: Draft) -> None:
    """Route body by body; neighbours with the same targets share a record."""
    if draft.command.packed:
        draft.command = unpacked(state.translator, draft.command)
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
        streams = willing(draft, streams, index)
        if headers_set:
            _publish_unique(state, draft, before, start, index)
            start, before = index, ()
            _publish_changed(state, draft, streams, headers_set, index)
            streams = tuple(stream for stream in streams if stream.id not in headers_set)
        if streams != before:
            _publish_unique(state, draft, before, start, index)
            start, before = index, streams
    _publish_unique(state, draft, before, start, len(command.bodies))
    draft.reply.unrouted = unrouted or None


def _publish_changed(
    state: State,
    draft: Draft,
    streams: Streams,
    headers_set: Mapping[int, tuple[tuple[str, str], ...]],
    index: int,
) -> None:
    """For targets whose binding sets headers the message is another one."""
    command = draft.command
    for stream in streams:
        headers = headers_set.get(stream.id)
        if headers is None:
            continue
        format_, changed = state.translator.with_headers(
            command.format, command.bodies[index], headers
        )
        one = like(command, format_, [changed])
        expires, priorities, keys = command.expires_ms, command.priorities, command.keys
        one.expires_ms = None if expires is None else [expires[index]]
        one.priorities = None if priorities is None else [priorities[index]]
        one.keys = None if keys is None else [keys[index]]
        draft.command = one
        _publish_slice(draft, (stream,), 0, 1)
    draft.command = command


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
    level = max(command.level, stream.settings.level)
    reply.level = shown_at(partition, offset + producer.count, level)
    return True


def partition_of(stream: Stream, index: int) -> Partition:
    """Raises PartitionNotFound."""
    if not 0 <= index < len(stream.partitions):
        raise PartitionNotFound(f"{stream.name}-{index}")
    return stream.partitions[index]


def _publish_all(draft: Draft, streams: Streams) -> None:
    """Append every body to every stream, minding limits that refuse."""
    total = len(draft.command.bodies)
    for stream in streams:
        for subscription in stream.subscriptions:
            if may_refuse(subscription, draft.command):
                _publish_willing(draft, streams)
                return
    _publish_slice(draft, streams, 0, total)


def _publish_unique(state: State, draft: Draft, streams: Streams, start: int, end: int) -> int:
    """Append bodies [start, end) to each of the streams, but those that its dedup window knows; how many streams took
    them, or had them.
    """
    ids = draft.command.dedup
    if ids is None or draft.ids is None:
        _publish_slice(draft, streams, start, end)
        return len(streams)
    taken = 0
    for stream in streams:
        taken += 1
        if not stream.settings.dedup_window_ms:
            _publish_slice(draft, (stream,), start, end)
        elif refuses(stream, draft, start, end):
            taken -= 1
        else:
            _publish_new(state, draft, stream, range(start, end))
    draft.reply.routed = max(draft.reply.routed, taken)
    return taken


def _publish_new(state: State, draft: Draft, stream: Stream, indexes: range) -> None:
    """Append those of the bodies that the stream's window does not know, each id once."""
    ids = identities(stream, draft.command.dedup or [], _keys(draft, (stream,)))
    runs, again = new_runs(state, draft, stream, ids, indexes)
    for low, high in runs:
        partition = _pick(draft, stream, low)
        offset = draft.ends.get(partition, partition.end)
        note_ids(draft, stream, ids, (low, high), (partition.index, offset))
        _publish_slice(draft, (stream,), low, high)
    for index in again:
        assert draft.ids is not None
        answer(draft, stream, index, draft.ids[stream.id, ids[index]])


def _publish_willing(draft: Draft, streams: Streams) -> None:
    """Body by body to those that have room; neighbours with the same targets share a record."""
    start = 0
    before: Streams = ()
    for index in range(len(draft.command.bodies)):
        takers = willing(draft, streams, index)
        if takers != before:
            _publish_slice(draft, before, start, index)
            start, before = index, takers
    _publish_slice(draft, before, start, len(draft.command.bodies))


def _bury_refused(state: State, draft: Draft) -> None:
    """What was refused goes to the dead-letter address of who refused it, where its overflow says so."""
    command = draft.command
    for subscription, index in draft.refused or ():
        if subscription.settings.overflow == "reject-publish-dead-letter":
            body = command.bodies[index]
            death = death_of(subscription, "maxlen", draft.now_ms)
            draft.records += decide_death(
                state, subscription, command.format, body, death, draft.pending(), command.hops
            )


def death_of(subscription: Subscription, reason: str, now_ms: int) -> Death:
    """What the subscription says of a message that it gives up, whatever message it is."""
    address = subscription.settings.dead_letter or NOWHERE
    exchange = address.name if address.is_route else ""
    return Death(reason, subscription.name, now_ms, address.key, exchange=exchange)


def decide_death(
    state: State,
    subscription: Subscription,
    format_: int,
    body: bytes,
    death: Death,
    pending: Pending,
    hops: int = 0,
) -> list[Record]:
    """Records that publish a message to the dead-letter address of the subscription that gives it up.

    `hops`: how many pumps it came through.
    """
    address = subscription.settings.dead_letter
    if address is None:
        return []
    key = address.key or state.translator.route_key(format_, body)
    further: tuple[str, ...] = ()
    try:
        lettered = state.translator.dead_letter(format_, body, death)
        if lettered is None:
            return []
        further = state.translator.further_keys(*lettered)
    except InvalidArgument:
        lettered = (format_, body)  # unreadable: as it is
    names = (address.name,) if address.name else dict.fromkeys((key, *further))
    records: list[Record] = []
    for name in names:
        target = Address(name, key, address.is_route)
        command = Publish(subscription.stream.namespace, target, lettered[0], [lettered[1]])
        command.hops = hops
        command.further_keys = further
        try:
            records += decide_moved(state, command, death.at_ms, pending)[0]
        except KernelError:
            continue  # the address leads nowhere: dropped, as its protocols do
    return records


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
    """Each key has its partition: neighbours of one key go together, and a batch of several is opened."""
    keys = _reading(draft).keys() if draft.command.keys is None else draft.command.keys
    if draft.command.packed and draft.command.partition == ANY_PARTITION and len(set(keys)) > 1:
        batch, draft.command = draft.command, unpacked(draft.translator, draft.command)
        draft.command.keys = keys
        _publish_by_key(draft, streams, 0, len(draft.command.bodies))
        draft.command = batch
        return
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
    """Where rules have actions each message is followed by its copies."""
    acting = [known for known in streams if known.indexed and acts(known)]
    if not acting:
        _append_run(draft, streams, start, end)
        return
    _append_run(draft, tuple(known for known in streams if known not in acting), start, end)
    for stream in acting:
        _append_acting(draft, stream, start, end)


def _append_acting(draft: Draft, stream: Stream, start: int, end: int) -> None:
    at = start
    reading = _reading(draft)
    packed = draft.command.packed
    for index in range(len(reading.fields())) if packed else range(start, end):
        found = copies(reading, stream, index, draft.random_below)
        if found:
            stop = end if packed else index + 1
            _append_run(draft, (stream,), at, stop)
            at = stop
        for copy in found:
            append_copy(draft, stream, _pick(draft, stream, index), index, copy)
    _append_run(draft, (stream,), at, end)


def _append_run(draft: Draft, streams: Streams, start: int, end: int) -> None:
    if not streams or start == end:
        return
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
            level = stream.settings.level if command.level < 0 else command.level
            reply.level = max(reply.level, shown_at(partition, draft.ends[partition], level))
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
        if keys[start] or stream.has_sessions:  # no name is a session's name, too
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

"""Bodies of a draft, appended to streams: to those that have room, to the partition of each key, each id once. Hot.

What a stream's readers are told is found here as well: who takes what, and the copies that their rules make.
"""

from dragoman.kernel.block import Partition
from dragoman.kernel.commands import ANY_PARTITION, Producer, Publish
from dragoman.kernel.copies import Copy, acts, append_copies, copies, has_copies
from dragoman.kernel.dedup import answer, identities, new_runs, note_ids
from dragoman.kernel.draft import (
    Draft,
    Streams,
    may_refuse,
    refuses,
    unpacked,
    willing,
)
from dragoman.kernel.entities import Stream
from dragoman.kernel.filters.arrival import Place
from dragoman.kernel.leases.index import Reading, matches
from dragoman.kernel.records import Published, Target
from dragoman.kernel.state import State
from dragoman.model.errors import (
    MessageTooLarge,
    PartitionNotFound,
)


def partition_of(stream: Stream, index: int) -> Partition:
    """Raises PartitionNotFound."""
    if not 0 <= index < len(stream.partitions):
        raise PartitionNotFound(f"{stream.name}-{index}")
    return stream.partitions[index]


def publish_all(draft: Draft, streams: Streams) -> None:
    """Append every body to every stream, minding limits that refuse."""
    total = len(draft.command.bodies)
    for stream in streams:
        for subscription in stream.subscriptions:
            if may_refuse(subscription, draft.command):
                _publish_willing(draft, streams)
                return
    publish_slice(draft, streams, 0, total)


def publish_unique(state: State, draft: Draft, streams: Streams, start: int, end: int) -> int:
    """Append bodies [start, end) to each of the streams, but those that its dedup window knows; how many streams took
    them, or had them.
    """
    ids = draft.command.dedup
    if ids is None or draft.ids is None:
        publish_slice(draft, streams, start, end)
        return len(streams)
    taken = 0
    for stream in streams:
        taken += 1
        if not stream.settings.dedup_window_ms:
            publish_slice(draft, (stream,), start, end)
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
        partition = pick(draft, stream, low)
        offset = draft.ends.get(partition, partition.end)
        note_ids(draft, stream, ids, (low, high), (partition.index, offset))
        publish_slice(draft, (stream,), low, high)
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
            publish_slice(draft, before, start, index)
            start, before = index, takers
    publish_slice(draft, before, start, len(draft.command.bodies))


def publish_slice(draft: Draft, streams: Streams, start: int, end: int) -> None:
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
    keys = reading_of(draft).keys() if draft.command.keys is None else draft.command.keys
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


def reading_of(draft: Draft) -> Reading:
    """The draft's messages, read once."""
    reading = draft.reading
    if reading is None or reading.command is not draft.command:
        reading = draft.reading = Reading(draft.translator, draft.command)
    return reading


def _append_slice(draft: Draft, streams: Streams, start: int, end: int) -> None:
    """Where rules of subscriptions make copies, these follow."""
    copied = [known for known in streams if known.indexed or known.ruled]
    copied = [known for known in copied if has_copies(known)] if copied else copied
    if not copied or draft.command.control:
        _append_run(draft, streams, start, end)
        return
    _append_run(draft, tuple(known for known in streams if known not in copied), start, end)
    for stream in copied:
        _append_copied(draft, stream, start, end)


def _append_copied(draft: Draft, stream: Stream, start: int, end: int) -> None:
    """Where rules have actions each message is followed by its copies; else those of all of them come last."""
    at = start
    behind: list[Copy] = []
    reading, is_acting = reading_of(draft), acts(stream)
    packed = draft.command.packed
    for index in range(len(reading.fields())) if packed else range(start, end):
        found = copies(draft, reading, stream, index, _next_place(draft, stream, start, at, index))
        if found and is_acting:
            stop = end if packed else index + 1
            _append_run(draft, (stream,), at, stop)
            at = stop
            append_copies(draft, stream, pick(draft, stream, start), found)
        else:
            behind += found
    _append_run(draft, (stream,), at, end)
    append_copies(draft, stream, pick(draft, stream, start), behind)


def _next_place(draft: Draft, stream: Stream, start: int, at: int, index: int) -> Place | None:
    """Where message `index` will be once those from `at` on are appended; None where nobody asks."""
    if stream.matching is None or not stream.matching.needs_arrival:
        return None
    partition = pick(draft, stream, start)
    offset = draft.ends.get(partition, partition.end)
    if draft.command.packed:
        return Place(partition.index, offset + index, draft.now_ms, None)
    return place_of(draft, partition, offset + index - at, index, index + 1)


def _append_run(draft: Draft, streams: Streams, start: int, end: int) -> None:
    if not streams or start == end:
        return
    command = draft.command
    reply = draft.reply
    durable: list[Target] = []
    fleeting: list[Target] = []
    for stream in streams:
        _check_size(stream, command)
        partition = pick(draft, stream, start)
        offset = take_offsets(draft, partition, end - start)
        found = None
        if stream.indexed:
            place = place_of(draft, partition, offset, start, end)
            found = matches(reading_of(draft), stream, place, start, end)
        target = Target(stream.id, partition.index, offset, found)
        (durable if stream.durable else fleeting).append(target)
        if reply.offset < 0:
            reply.offset = target.offset
            reply.partition = partition.index
        draft.depend_on(stream, partition, draft.ends[partition])
    reply.routed = max(reply.routed, len(streams))
    keys = _keys(draft, streams)
    for targets in (durable, fleeting):
        if targets:
            draft.records.append(_record(draft, tuple(targets), start, end, keys))


def _check_size(stream: Stream, command: Publish) -> None:
    limit = stream.settings.message_bytes_max
    if limit and any(len(body) > limit for body in command.bodies):
        raise MessageTooLarge(f"{max(map(len, command.bodies))} bytes, {stream.name} takes {limit}")


def pick(draft: Draft, stream: Stream, start: int) -> Partition:
    """Where body `start` goes. Raises PartitionNotFound."""
    command = draft.command
    if command.partition != ANY_PARTITION:
        return partition_of(stream, command.partition)
    if len(stream.partitions) == 1:
        return stream.partitions[0]
    if stream.keyed:
        keys = reading_of(draft).keys() if command.keys is None else command.keys
        if keys[start] or stream.has_sessions:  # no name is a session's name, too
            return stream.partition_of_key(keys[start])
    return stream.partitions[stream.turn % len(stream.partitions)]


def place_of(draft: Draft, partition: Partition, offset: int, start: int, end: int) -> Place:
    """Where bodies [start, end) come to."""
    command = draft.command
    expires_ms = None if command.packed or command.expires_ms is None else command.expires_ms
    if expires_ms is not None:
        expires_ms = expires_ms[start:end]
    return Place(partition.index, offset, draft.now_ms, expires_ms)


def take_offsets(draft: Draft, partition: Partition, count: int) -> int:
    """So many, the first of them."""
    offset = draft.ends.get(partition, partition.end)
    draft.ends[partition] = offset + (draft.command.packed or count)
    return offset


def _keys(draft: Draft, streams: Streams) -> list[bytes] | None:
    """The keys of the command's messages, read from them where somebody needs them and nobody said."""
    command = draft.command
    if command.keys is None and not command.control:
        for stream in streams:
            if stream.keyed:
                return reading_of(draft).keys()
    return command.keys


def told_of(producer: Producer) -> tuple[int, int, int, int, bool]:
    """As a record has it."""
    return (
        producer.id,
        producer.epoch,
        producer.sequence,
        producer.count,
        producer.transactional,
    )


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
        None if producer is None else told_of(producer),
        command.control,
        command.hops,
        None if command.dedup is None else command.dedup[start:end],
        command.latest_ms,
    )

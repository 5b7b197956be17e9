"""A publish message by message: where its route leads, what rules make of it. Hot where routes look at messages.

    message -> route -> rules of bindings -> rules of streams -> as it is, neighbours with the same targets together
                                                              -> another one, alone
                                                              -> gone: a gap in a stream that was named

What is refused and what is to be buried is left to `publish`.
"""

from collections.abc import Mapping
from typing import Final

from dragoman.kernel.draft import (
    Draft,
    Streams,
    like,
    unpacked,
    willing,
)
from dragoman.kernel.entities import Stream
from dragoman.kernel.leases.index import Reading
from dragoman.kernel.records import Published, Target
from dragoman.kernel.replies import Original, PublishReply
from dragoman.kernel.routes.binding import Passage
from dragoman.kernel.rules.judging import Judged, Judging
from dragoman.kernel.rules.rule import Parcel
from dragoman.kernel.settings import Address
from dragoman.kernel.slices import (
    pick,
    publish_all,
    publish_unique,
    reading_of,
    take_offsets,
    told_of,
)
from dragoman.kernel.state import State
from dragoman.model.levels import CANONICAL

SALT_MAX: Final = 1 << 64


def publish_judged(state: State, draft: Draft, streams: Streams, judging: Judging) -> None:
    """Some of the streams have rules. A batch stays shut where all of it is good."""
    command = draft.command
    if not command.packed:
        publish_each(state, draft, streams, judging)
        return
    reading = reading_of(draft)
    found = [
        judging.judge_all(streams, None, reading, index) for index in range(len(reading.bodies()))
    ]
    if not judging.gone and not judging.changed:
        publish_all(draft, streams)
        return
    draft.command = unpacked(state.translator, command)
    draft.command.latest_ms = command.latest_ms
    draft.command.producer = command.producer
    publish_each(state, draft, streams, judging, found)


def publish_each(
    state: State,
    draft: Draft,
    fixed: Streams | None,
    judging: Judging,
    found: list[Judged] | None = None,
) -> None:
    """Body by body, to `fixed` or where its route leads; neighbours with the same targets share a record. `found`: what
    rules made of each. All are judged before anything is appended. Raises MessageInvalid.
    """
    if draft.command.packed:
        draft.command = unpacked(state.translator, draft.command)
    command = draft.command
    reading = reading_of(draft)
    unrouted: list[int] = []
    if found is None:
        found = []
        for index in range(len(command.bodies)):
            way = (fixed, None) if fixed is not None else _way(state, draft, reading, index)
            streams, passages = way
            if not streams:
                unrouted.append(index)
            found.append(judging.judge_all(streams, passages, reading, index))
    judging.check()
    start = 0
    before: Streams = ()
    for index, judged in enumerate(found):
        streams = willing(draft, judged.plain, index)
        if judged.changed or (judged.gone and fixed is not None):
            publish_unique(state, draft, before, start, index)
            start, before = index, ()
            for stream, parcel in judged.changed:
                _publish_changed(state, draft, stream, parcel, index)
            draft.reading = reading
            for stream in judged.gone if fixed is not None else ():
                _append_gap(draft, stream, index)
        if streams != before:
            publish_unique(state, draft, before, start, index)
            start, before = index, streams
    publish_unique(state, draft, before, start, len(command.bodies))
    if judging.gone and not draft.reply.routed:
        draft.reply.routed = 1  # it did not miss its way
    draft.reply.unrouted = unrouted or None


def _way(
    state: State, draft: Draft, reading: Reading, index: int
) -> tuple[Streams, Mapping[int, Passage]]:
    """Where the route leads a message, and by stream what bindings on the way do to it."""
    command = draft.command
    address = command.address
    found: tuple[Streams, Mapping[int, Passage]] = state.routing.targets(
        state.streams,
        command.namespace,
        address.name,
        address.key,
        reading.fields()[index],
        state.random_below(SALT_MAX),
        command.further_keys
        or state.translator.further_keys(command.format, command.bodies[index]),
    )
    return found


def _publish_changed(
    state: State, draft: Draft, stream: Stream, parcel: Parcel, index: int
) -> None:
    """For this stream the message is another one, or goes later."""
    if willing(draft, (stream,), index) != (stream,):
        return
    command, reply = draft.command, draft.reply
    one = like(command, parcel.format, [parcel.body])
    expires, priorities, keys = command.expires_ms, command.priorities, command.keys
    one.expires_ms = None if expires is None else [expires[index]]
    one.priorities = None if priorities is None else [priorities[index]]
    one.keys = None if keys is None or parcel.is_rekeyed else [keys[index]]
    one.producer = command.producer
    if parcel.priority >= 0:
        one.priorities = [parcel.priority]
    if parcel.expires_in_ms >= 0:
        one.expires_ms = [draft.now_ms + max(parcel.deliver_in_ms, 0) + parcel.expires_in_ms]
    if parcel.deliver_in_ms > 0:
        one.address, one.due_ms = Address(stream.name), draft.now_ms + parcel.deliver_in_ms
        reply.put_off = [*(reply.put_off or ()), one]
        reply.routed = max(reply.routed, 1)
        return
    if command.dedup is not None:
        one.dedup = [command.dedup[index]]
    known = _take_duplicates(reply)
    draft.command = one
    publish_unique(state, draft, (stream,), 0, 1)
    draft.command = command
    again = _take_duplicates(reply)
    if again:
        known[index] = again[0]
    reply.duplicates = known or None


def _take_duplicates(reply: PublishReply) -> dict[int, Original]:
    found = reply.duplicates or {}
    reply.duplicates = None
    return found


def _append_gap(draft: Draft, stream: Stream, index: int) -> None:
    """In the place of what a rule took away, so that those behind it are where their senders reckon them: an entry that
    no reader is shown.
    """
    command, reply = draft.command, draft.reply
    partition = pick(draft, stream, index)
    offset = take_offsets(draft, partition, 1)
    if reply.offset < 0:
        reply.offset, reply.partition = offset, partition.index
    reply.routed = max(reply.routed, 1)
    draft.depend_on(stream, partition, offset + 1)
    producer = command.producer
    gap = Published(
        (Target(stream.id, partition.index, offset),),
        CANONICAL,
        [b""],
        0,
        draft.now_ms,
        producer=None if producer is None else told_of(producer),
        control=True,
        hops=command.hops,
    )
    draft.records.append(gap)

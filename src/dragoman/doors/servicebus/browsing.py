"""Looking without taking: messages from a number on, and sessions.

What is not done comes first, by its number; then what waits for its time, for its numbers are the schedule's.
"""

from datetime import UTC, datetime
from typing import Any, Final

from dragoman.doors.servicebus import tokens
from dragoman.doors.servicebus.entities import Entity, find
from dragoman.doors.servicebus.errors import ARGUMENT, SESSION_NOT_FOUND
from dragoman.doors.servicebus.naming import session_in
from dragoman.doors.servicebus.requests import (
    NO_CONTENT,
    OK,
    Body,
    Failed,
    Result,
    number_in,
)
from dragoman.doors.servicebus.spelling import DEFERRED, SCHEDULED, annotated
from dragoman.doors.shared.amqp10.profile import Answer, Peer
from dragoman.formats import translate
from dragoman.formats.errors import FormatError
from dragoman.formats.options import RenderOptions
from dragoman.kernel.api import ListSchedules, ListSessions, Peek, Peeked, ScheduledPage
from dragoman.model.errors import PartitionNotFound
from dragoman.model.levels import AMQP10
from dragoman.wire.amqp10.values import Array, Int, Timestamp

PEEK_MAX: Final = 250
SESSIONS_MAX: Final = 100
EVER_MS: Final = int(datetime(9999, 12, 31, tzinfo=UTC).timestamp() * 1_000)
"""Whoever asks for sessions whose state changed after the end of time means those with messages."""


def peek(peer: Peer, path: str, body: Body) -> Result:
    """Look at messages from a sequence number on, whatever their state."""
    entity = find(peer, path)
    count_max = min(max(number_in(body, "message-count", 1), 1), PEEK_MAX)
    session = body.get("session-id")
    number = max(number_in(body, "from-sequence-number", 0), 0)
    waiting = tokens.schedule_at(number)
    found: list[bytes] = []
    if waiting is None:
        found = _stored(peer, entity, tokens.place_of(number), count_max, session)
    if len(found) < count_max and not entity.subscription:
        found += _scheduled(peer, entity, waiting or (0, 0), count_max - len(found), session)
    if not found:
        return NO_CONTENT, Answer.EMPTY
    return OK, {"messages": [{"message": message} for message in found]}


def _stored(
    peer: Peer, entity: Entity, start: tuple[int, int], count_max: int, session: Any
) -> list[bytes]:
    """Of one partition after the other: numbers are in that order."""
    found: list[bytes] = []
    partition, offset = start
    while len(found) < count_max:
        try:
            peeked: list[Peeked] = peer.session.submit(
                Peek(
                    namespace=peer.namespace,
                    name=entity.name,
                    subscription=entity.subscription,
                    partition=partition,
                    offset=max(offset, 0),
                    count_max=count_max - len(found),
                )
            )
        except PartitionNotFound:
            break
        if not peeked:
            partition, offset = partition + 1, 0
            continue
        offset = peeked[-1].offset + 1
        for one in peeked:
            entry = _entry_of(peer, entity, one.format, one.body, one.stored_ms)
            if session is None or session_in(entry) == session:
                found.append(_shown(entity, entry, one, partition))
    return found


def _scheduled(
    peer: Peer, entity: Entity, start: tuple[int, int], count_max: int, session: Any
) -> list[bytes]:
    page: ScheduledPage = peer.session.submit(
        ListSchedules(
            namespace=peer.namespace, name=entity.name, stream=start[0], offset=max(start[1], 0)
        )
    )
    found: list[bytes] = []
    for one in page.found:
        entry = _entry_of(peer, entity, one.info.format, one.info.body, one.stored_ms)
        if session is None or session_in(entry) == session:
            sequence = tokens.scheduled_of(one.stream, one.offset)
            found.append(
                annotated(entity.stream(), entry, 0, sequence, one.stored_ms, 0, SCHEDULED)
            )
        if len(found) == count_max:
            break
    return found


def _entry_of(peer: Peer, entity: Entity, format: int, body: bytes, stored_ms: int) -> bytes:
    options = RenderOptions(entity.name, peer.session.wall_ms())
    try:
        return translate(format, body, AMQP10, options, stored_ms)[0]
    except FormatError as error:
        raise Failed(500, ARGUMENT, str(error)) from None


def _shown(entity: Entity, entry: bytes, one: Peeked, partition: int) -> bytes:
    state = DEFERRED if one.state == "DEFERRED" else b""
    sequence = tokens.sequence_of(partition, one.offset)
    return annotated(
        entity.stream(),
        entry,
        one.fails,
        sequence,
        one.stored_ms,
        0,
        state,
        in_session=entity.has_sessions,
    )


def sessions(peer: Peer, path: str, body: Body) -> Result:
    """A page of sessions: those with messages, or with state."""
    entity = find(peer, path)
    updated = body.get("last-updated-time")
    skip = max(number_in(body, "skip", 0), 0)
    top = min(max(number_in(body, "top", SESSIONS_MAX), 1), SESSIONS_MAX)
    names: list[bytes] = peer.session.submit(
        ListSessions(
            namespace=peer.namespace,
            name=entity.name,
            subscription=entity.subscription,
            with_state=isinstance(updated, Timestamp) and int(updated) < EVER_MS,
            skip=skip,
            count_max=top,
        )
    )
    if not names:
        raise Failed(NO_CONTENT, SESSION_NOT_FOUND, "There are no more sessions.")
    told = [name.decode(errors="replace") for name in names]
    return OK, {"skip": Int(skip + len(told)), "sessions-ids": Array(str, told)}

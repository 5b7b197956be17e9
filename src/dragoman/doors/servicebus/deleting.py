"""Deleting without receiving: the oldest messages that nobody holds, so many and older than a time.

Of an entity with sessions: those of the session that is named, which the connection has locked; of all, where none is.
"""

from typing import Final

from dragoman.doors.servicebus.entities import find
from dragoman.doors.servicebus.errors import ARGUMENT
from dragoman.doors.servicebus.requests import (
    BAD_REQUEST,
    NO_CONTENT,
    OK,
    Body,
    Failed,
    Result,
    number_in,
)
from dragoman.doors.servicebus.sessions import held
from dragoman.doors.shared.amqp10.profile import Answer, Peer
from dragoman.kernel.api import PurgeQueue
from dragoman.wire.amqp10.values import Int, Timestamp

DELETED_MAX: Final = 4_000  # by one request, as the service has it


def batch_delete(peer: Peer, path: str, body: Body) -> Result:
    """How many went; those that somebody holds, or that are set aside, stay."""
    entity = find(peer, path)
    session = body.get("session-id")
    if type(session) is str:
        held(peer, path, session)
    before = body.get("enqueued-time-utc")
    if not isinstance(before, Timestamp):
        raise Failed(BAD_REQUEST, ARGUMENT, "enqueued-time-utc is a timestamp")
    command = PurgeQueue(
        namespace=peer.namespace,
        name=entity.name,
        subscription=entity.subscription,
        mode="old",
        before_ms=int(before) + 1,
        count_max=min(max(number_in(body, "message-count", 1), 1), DELETED_MAX),
        key=session.encode() if type(session) is str else None,
    )
    count: int = peer.session.submit(command)
    if not count:
        return NO_CONTENT, Answer.EMPTY
    return OK, {"message-count": Int(count)}

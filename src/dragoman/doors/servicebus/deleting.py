"""Deleting without receiving: the oldest messages that nobody holds, so many and older than a time."""

from typing import Any, Final

from dragoman.doors.servicebus.entities import SESSIONS, Entity, find
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
from dragoman.doors.shared.amqp10.profile import Answer, Peer
from dragoman.kernel.api import Lease, Peek, Peeked
from dragoman.wire.amqp10.errors import NOT_ALLOWED
from dragoman.wire.amqp10.values import Int, Timestamp

DELETED_MAX: Final = 4_000  # by one request, as the service has it
STATES: Final = ("READY", "RETURNED")


def batch_delete(peer: Peer, path: str, body: Body) -> Result:
    """How many went; those that somebody holds, or that are set aside, stay."""
    entity = find(peer, path)
    if entity.info.settings.order == SESSIONS:
        raise Failed(BAD_REQUEST, NOT_ALLOWED, "Messages of sessions are deleted within them.")
    before = body.get("enqueued-time-utc")
    if not isinstance(before, Timestamp):
        raise Failed(BAD_REQUEST, ARGUMENT, "enqueued-time-utc is a timestamp")
    left = min(max(number_in(body, "message-count", 1), 1), DELETED_MAX)
    total = 0
    while left:
        count = _delete(peer, entity, left, int(before))
        if not count:
            break
        total += count
        left -= count
    if not total:
        return NO_CONTENT, Answer.EMPTY
    return OK, {"message-count": Int(total)}


def _delete(peer: Peer, entity: Entity, count_max: int, before_ms: int) -> int:
    """One step: what is seen to be old enough is what is taken, all in one turn."""
    where: dict[str, Any] = {
        "namespace": peer.namespace,
        "name": entity.name,
        "subscription": entity.subscription,
    }
    peeked: list[Peeked] = peer.session.submit(Peek(**where, count_max=count_max, states=STATES))
    count = 0
    while count < len(peeked) and peeked[count].stored_ms <= before_ms:
        count += 1
    if count:
        taken = peer.session.submit(Lease(**where, count_max=count, no_ack=True))
        count = sum(delivery.end - delivery.start for delivery in taken)
    return count

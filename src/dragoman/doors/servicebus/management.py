"""`ENTITY/$management`: a map asks, a map answers, with `statusCode` and `statusDescription` beside it.

Each operation is a function of the table at the end. What it refuses is a status and a condition.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final
from uuid import UUID

from dragoman.doors.servicebus import tokens
from dragoman.doors.servicebus.browsing import peek, sessions
from dragoman.doors.servicebus.deleting import batch_delete
from dragoman.doors.servicebus.entities import Entity, find
from dragoman.doors.servicebus.errors import (
    ARGUMENT,
    LOCK_LOST,
    MESSAGE_NOT_FOUND,
    SESSION_LOCK_LOST,
    error_of,
    status_of,
)
from dragoman.doors.servicebus.requests import (
    BAD_REQUEST,
    GONE,
    NOT_FOUND,
    NOT_THERE,
    OK,
    Body,
    Failed,
    Result,
    items_in,
    number_in,
    numbers_in,
    text_in,
)
from dragoman.doors.servicebus.rules import add_rule, enumerate_rules, remove_rule
from dragoman.doors.servicebus.sending import ServiceBusSink
from dragoman.doors.servicebus.sessions import held
from dragoman.doors.servicebus.spelling import DEFERRED, annotated, headers_in
from dragoman.doors.shared.amqp10.profile import Answer, Peer, Refused, Request
from dragoman.doors.shared.rendered import entries_of
from dragoman.kernel.api import (
    Atomic,
    CancelSchedules,
    Delivery,
    GetSessionState,
    LeaseDeferred,
    PublishReply,
    Renew,
    RenewSession,
    SetSessionState,
    Settle,
)
from dragoman.model.errors import KernelError, LeaseExpired, OffsetOutOfRange, PartitionNotFound
from dragoman.model.levels import AMQP10, SYNCED
from dragoman.wire.amqp10.errors import NOT_IMPLEMENTED
from dragoman.wire.amqp10.values import Array, Int, Symbol, Timestamp

PREFIX: Final = "com.microsoft:"


class Management:
    """See `profile.Service`. `path` is the entity's."""

    is_open = False

    def __init__(self, path: str) -> None:
        self._path = path

    def ask(self, peer: Peer, request: Request) -> Answer:
        """Carry out an operation."""
        name = request.application.get("operation")
        operation = OPERATIONS.get(str(name).removeprefix(PREFIX))
        body = request.body if type(request.body) is dict else {}
        if operation is None:
            return refusal(NOT_THERE, NOT_IMPLEMENTED, f"{name} is not offered")
        try:
            status, found = operation(peer, self._path, body)
        except Failed as error:
            return refusal(error.status, error.condition, str(error))
        except Refused as error:
            return refusal(BAD_REQUEST, error.error.condition, error.error.description or "")
        except KernelError as error:
            told = error_of(error)
            return refusal(status_of(error), told.condition, told.description or "")
        said = {"statusCode": Int(status), "statusDescription": "OK"}
        return Answer(said, found, position=peer.session.position(), level=SYNCED)


def refusal(status: int, condition: str, text: str) -> Answer:
    """An answer that says no."""
    return Answer(
        {
            "statusCode": Int(status),
            "statusDescription": text,
            "errorCondition": Symbol(condition),
        }
    )


# --- operations ---


def renew_lock(peer: Peer, path: str, body: Body) -> Result:
    """Locks last their full length from now."""
    entity = find(peer, path)
    duration_ms = entity.info.settings.lease_duration_ms
    for (holder, partition), runs in _locks(body).items():
        command = Renew(
            namespace=peer.namespace,
            subscription=entity.info.id,
            partition=partition,
            holder=holder,
            runs=runs,
            lease_duration_ms=duration_ms,
        )
        try:
            peer.session.submit(command)
        except (LeaseExpired, PartitionNotFound):
            raise Failed(GONE, LOCK_LOST, "The lock supplied is invalid.") from None
    until = Timestamp(peer.session.wall_ms() + duration_ms)
    return OK, {"expirations": Array(Timestamp, [until] * len(items_in(body, "lock-tokens")))}


def _locks(body: Body) -> dict[tuple[int, int], list[tuple[int, int]]]:
    """What the request's lock tokens name, each once: runs by holder and partition. Raises Failed."""
    found: dict[tuple[int, int], list[tuple[int, int]]] = {}
    for token in dict.fromkeys(items_in(body, "lock-tokens")):
        if type(token) is not UUID:
            raise Failed(BAD_REQUEST, ARGUMENT, "lock-tokens are uuids")
        lock = tokens.read(token)
        runs = found.setdefault((lock.holder, lock.partition), [])
        runs.append((lock.offset, lock.offset + 1))
    return found


def schedule(peer: Peer, path: str, body: Body) -> Result:
    """Publish messages later; their numbers are those of the schedule."""
    sink = ServiceBusSink(peer, path)
    found: list[int] = []
    for item in items_in(body, "messages"):
        payload = item.get("message") if type(item) is dict else None
        if type(payload) is not bytes:
            raise Failed(BAD_REQUEST, ARGUMENT, "a message is missing")
        taken = sink.read(payload, 0)
        reply: PublishReply = peer.session.publish(sink.publish(taken))
        if reply.schedule is None:
            found.append(tokens.sequence_of(max(reply.partition, 0), max(reply.offset, 0)))
        else:
            found.append(tokens.scheduled_of(*reply.schedule))
    return OK, {"sequence-numbers": Array(int, found)}


def cancel_scheduled(peer: Peer, path: str, body: Body) -> Result:
    """Take back what waits, all of it or nothing."""
    places = [tokens.schedule_at(number) for number in numbers_in(body, "sequence-numbers")]
    if None in places:
        raise Failed(NOT_FOUND, MESSAGE_NOT_FOUND, "Some of these numbers are of no schedule.")
    found = tuple(place for place in places if place is not None)
    peer.session.submit(CancelSchedules(namespace=peer.namespace, name=path, places=found))
    return OK, {}


def receive_deferred(peer: Peer, path: str, body: Body) -> Result:
    """Take what was put aside, all of it or nothing: of each partition, where an entity has several."""
    entity = find(peer, path)
    numbers = numbers_in(body, "sequence-numbers")
    deletes = number_in(body, "receiver-settle-mode", 1) == 0
    session = body.get("session-id")
    within = held(peer, path, session) if type(session) is str else 0
    places: dict[int, list[int]] = {}
    for number in numbers:
        partition, offset = tokens.place_of(number)
        places.setdefault(partition, []).append(offset)
    found: dict[int, Any] = {}
    for partition, offsets in places.items():
        command = LeaseDeferred(
            namespace=peer.namespace,
            name=entity.name,
            subscription=entity.subscription,
            partition=partition,
            offsets=offsets,
            lease_duration_ms=entity.info.settings.lease_duration_ms,
            within=within,
        )
        try:
            deliveries: list[Delivery] = peer.session.submit(command)
        except (OffsetOutOfRange, PartitionNotFound):
            deliveries = []
        if not deliveries:
            asked = ", ".join(map(str, numbers))
            text = f"No message with the sequence number {asked:.200}."
            raise Failed(NOT_FOUND, MESSAGE_NOT_FOUND, text)
        for one in deliveries:
            found |= _deferred(peer, entity, one)
            if deletes:
                runs = [(one.start, one.end)]
                peer.session.settle(
                    _settlement(entity, one.holder.id, one.partition, runs, "ack", {})
                )
    return OK, {"messages": [found[number] for number in dict.fromkeys(numbers)]}


def _deferred(peer: Peer, entity: Entity, delivery: Delivery) -> dict[int, Any]:
    """By sequence number."""
    now_ms = peer.session.wall_ms()
    until_ms = now_ms + entity.info.settings.lease_duration_ms
    fails = delivery.fails or [0] * (delivery.end - delivery.start)
    stream = entity.stream()
    found: dict[int, Any] = {}
    for index, entry in enumerate(entries_of(delivery, AMQP10, now_ms)):
        offset = delivery.start + index
        sequence = tokens.sequence_of(delivery.partition, offset)
        stored_ms = delivery.block.stored_at(offset)
        token = tokens.write(delivery.holder.id, delivery.partition, offset)
        shown = annotated(
            stream,
            entry,
            fails[index],
            sequence,
            stored_ms,
            until_ms,
            DEFERRED,
            in_session=entity.has_sessions,
        )
        found[sequence] = {"message": shown, "lock-token": UUID(bytes_le=token)}
    return found


OUTCOMES: Final = {
    "completed": "ack",
    "abandoned": "release",
    "defered": "defer",
    "suspended": "reject",
}


def update_disposition(peer: Peer, path: str, body: Body) -> Result:
    """Settle by lock tokens."""
    entity = find(peer, path)
    outcome = OUTCOMES.get(str(body.get("disposition-status")))
    if outcome is None:
        raise Failed(BAD_REQUEST, ARGUMENT, "disposition-status is none of those there are")
    more: dict[str, Any] = {"failed": True} if outcome == "release" else {}
    if outcome == "reject":
        reason, text = body.get("deadletter-reason"), body.get("deadletter-description")
        more["text"] = f"{reason or ''}\n{text or ''}"
    modify = body.get("properties-to-modify")
    if outcome != "ack" and type(modify) is dict:
        more["headers"] = headers_in(modify)
    settles = [
        _settlement(entity, holder, partition, runs, outcome, more)
        for (holder, partition), runs in _locks(body).items()
    ]
    try:
        peer.session.submit(Atomic(tuple(settles)))
    except (LeaseExpired, PartitionNotFound):
        raise Failed(GONE, LOCK_LOST, "The lock supplied is invalid.") from None
    return OK, {}


def _settlement(
    entity: Entity,
    holder: int,
    partition: int,
    runs: list[tuple[int, int]],
    outcome: Any,
    more: Mapping[str, Any],
) -> Settle:
    command = Settle(entity.info.id, partition, holder, runs, outcome)
    command.strict = True
    command.delay_ms = 0
    for name, value in more.items():
        setattr(command, name, value)
    return command


def get_session_state(peer: Peer, path: str, body: Body) -> Result:
    """What was kept with a session."""
    holder = held(peer, path, text_in(body, "session-id"))
    state: bytes = _lost(lambda: peer.session.submit(GetSessionState(holder=holder)))
    return OK, {"session-state": state or None}


def set_session_state(peer: Peer, path: str, body: Body) -> Result:
    """Keep something with a session; null forgets it."""
    holder = held(peer, path, text_in(body, "session-id"))
    state = body.get("session-state")
    kept = state if type(state) is bytes else b""
    _lost(lambda: peer.session.submit(SetSessionState(holder=holder, state=kept)))
    return OK, {}


def renew_session_lock(peer: Peer, path: str, body: Body) -> Result:
    """A session's lock lasts its full length from now."""
    holder = held(peer, path, text_in(body, "session-id"))
    until_ms: int = _lost(lambda: peer.session.submit(RenewSession(holder=holder)))
    left_ms = until_ms - peer.session.elapsed_ms()
    return OK, {"expiration": Timestamp(peer.session.wall_ms() + left_ms)}


def _lost(ask: Callable[[], Any]) -> Any:
    try:
        return ask()
    except LeaseExpired:
        raise Failed(GONE, SESSION_LOCK_LOST, "The session lock has expired.") from None


OPERATIONS: Final[Mapping[str, Callable[[Peer, str, Body], Result]]] = {
    "renew-lock": renew_lock,
    "peek-message": peek,
    "get-message-sessions": sessions,
    "batch-delete-messages": batch_delete,
    "schedule-message": schedule,
    "cancel-scheduled-message": cancel_scheduled,
    "receive-by-sequence-number": receive_deferred,
    "update-disposition": update_disposition,
    "get-session-state": get_session_state,
    "set-session-state": set_session_state,
    "renew-session-lock": renew_session_lock,
    "add-rule": add_rule,
    "remove-rule": remove_rule,
    "enumerate-rules": enumerate_rules,
}

"""Queues of type stream: a stream without a leased subscription, read by cursors and kept by age and size.

    declared here            its settings have a note that says so, and with which arguments
    another protocol's       any stream without a queue of its name: it can be consumed, and is never deleted from here

RabbitMQ's own streams have neither exclusive nor passing ones, nothing to get, to purge, or to reject.
"""

from typing import Final

from dragoman.doors.amqp091.arguments import (
    FILTER_BYTES_MAX,
    FILTER_BYTES_MIN,
    QUEUE_ARGUMENTS,
    SEGMENT_BYTES_MAX,
    STREAM,
    age_ms,
    difference,
    from_note,
    plain,
    queue_type,
    to_note,
)
from dragoman.doors.amqp091.errors import NOT_IMPLEMENTED, PRECONDITION_FAILED, Refused
from dragoman.doors.amqp091.link import Link
from dragoman.doors.amqp091.policies import OPERATOR, POLICY, Effect, effect
from dragoman.doors.shared.asbroker import as_broker
from dragoman.kernel.api import (
    AlterStream,
    CreateStream,
    DeleteStream,
    DescribeStream,
    FindQueue,
    FindStream,
    ListStreams,
    QueueInfo,
    Session,
    StreamHead,
    StreamInfo,
    StreamSettings,
    SubscriptionSettings,
)
from dragoman.model.errors import ResourceLocked, StreamNotFound, SubscriptionNotFound
from dragoman.model.levels import SYNCED
from dragoman.wire.amqp091.fieldtable import FieldTable
from dragoman.wire.amqp091.methods import QueueDeclare

ARGUMENTS: Final = "amqp091.arguments"  # the note that keeps them, as of queues
FOR_EVER: Final = -1
COMPARED: Final = tuple(QUEUE_ARGUMENTS)


def find(link: Link, name: str) -> StreamHead | None:
    """The stream that clients know as a queue of that type; None when there is none, or a queue reads it."""
    try:
        head: StreamHead = link.session.submit(FindStream(namespace=link.namespace, name=name))
    except StreamNotFound:
        return None
    if is_declared(head.settings):
        return head
    try:
        link.session.submit(FindQueue(namespace=link.namespace, name=name))
    except SubscriptionNotFound:
        return head
    except ResourceLocked:
        pass
    return None


def is_declared(settings: StreamSettings) -> bool:
    """Whether it was declared as a queue of type stream."""
    note = settings.notes.get(ARGUMENTS, "")
    return STREAM in note and queue_type(from_note(note)) == STREAM


def describe(link: Link, name: str) -> StreamInfo:
    """Raises StreamNotFound."""
    info: StreamInfo = link.session.submit(DescribeStream(namespace=link.namespace, name=name))
    return info


def length(info: StreamInfo) -> int:
    """How many messages it holds, about: what was compacted away counts."""
    return sum(one.end - one.start for one in info.partitions)


def as_queue(info: StreamInfo) -> QueueInfo:
    """As those see it who list queues: nobody holds anything of it."""
    settings = SubscriptionSettings(durable=True, notes=info.settings.notes)
    return QueueInfo(
        info.id, info.id, info.namespace, info.name, settings, length(info), 0, 0, stream=info.name
    )


def make(link: Link, method: QueueDeclare, name: str) -> None:
    """Arguments were checked. Raises Refused (406)."""
    _check(method, name, link.vhost)
    with as_broker(link.session, link.principal, link.connection.peer[0]):
        held = effect(link.session, link.namespace, name, method.arguments)
    settings = settings_of(method.arguments, held)
    link.session.submit(CreateStream(namespace=link.namespace, name=name, settings=settings))


def _check(method: QueueDeclare, name: str, vhost: str) -> None:
    """What streams cannot be. Raises Refused (406)."""
    sizes = {
        key: method.arguments[key].value
        for key in ("x-stream-max-segment-size-bytes", "x-stream-filter-size-bytes")
        if key in method.arguments
    }
    if sizes.get("x-stream-max-segment-size-bytes", 0) > SEGMENT_BYTES_MAX:
        text = "Exceeded max value for x-stream-max-segment-size-bytes"
        raise Refused(PRECONDITION_FAILED, text)
    filter_bytes = sizes.get("x-stream-filter-size-bytes", FILTER_BYTES_MIN)
    if not FILTER_BYTES_MIN <= filter_bytes <= FILTER_BYTES_MAX:
        raise Refused(PRECONDITION_FAILED, "Invalid value for  x-stream-filter-size-bytes")


def settings_of(arguments: FieldTable, held: Effect) -> StreamSettings:
    """What the declaration means to the kernel, policies included."""
    told = {name: plain(field) for name, field in held.arguments.items()}
    notes = {ARGUMENTS: to_note(arguments)}
    said = ((POLICY, held.policy), (OPERATOR, held.operator))
    notes.update({name: policy for name, policy in said if policy})
    return StreamSettings(
        durable=True,
        level=SYNCED,
        retention_ms=age_ms(told.get("x-max-age", "")) or FOR_EVER,
        retention_bytes=told.get("x-max-length-bytes", -1),
        notes=notes,
    )


def compare(head: StreamHead, method: QueueDeclare) -> str:
    """As `arguments.difference`, for a stream that is there; of one that another protocol made nothing is compared."""
    if ARGUMENTS not in head.settings.notes:
        return ""
    for what, received, current in (
        ("durable", method.durable, True),
        ("auto_delete", method.auto_delete, False),
    ):
        if received != current:
            return f"{what}\0received '{str(received).lower()}' but current is '{str(current).lower()}'"
    return difference(from_note(head.settings.notes[ARGUMENTS]), method.arguments, COMPARED)


def delete(link: Link, head: StreamHead) -> None:
    """Delete what was declared here, whoever reads it; what another protocol made stays."""
    if is_declared(head.settings):
        link.session.submit(DeleteStream(namespace=link.namespace, name=head.name))


def not_supported(what: str, name: str, vhost: str) -> Refused:
    """540, as RabbitMQ words it."""
    text = f"{what} not supported by stream queues queue '{name}' in vhost '{vhost}'"
    return Refused(NOT_IMPLEMENTED, text)


def apply_policies(session: Session, namespace: str) -> None:
    """Let every stream that was declared here have what the policies now say."""
    for info in session.submit(ListStreams(namespace=namespace)):
        if not is_declared(info.settings):
            continue
        arguments = from_note(info.settings.notes[ARGUMENTS])
        settings = settings_of(arguments, effect(session, namespace, info.name, arguments))
        if settings != info.settings:
            session.submit(AlterStream(namespace=namespace, name=info.name, settings=settings))

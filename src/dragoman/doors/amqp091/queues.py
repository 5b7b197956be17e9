"""queue.declare, delete, purge: a queue is a stream and the leased subscription of its name, or a stream alone."""

from typing import Final

from msgspec.structs import replace

from dragoman.doors.amqp091 import streams, vhosts
from dragoman.doors.amqp091.arguments import (
    CLASSIC,
    QUEUE_ARGUMENTS,
    QUORUM,
    STREAM,
    check_queue,
    difference,
    from_note,
    plain,
    queue_type,
    to_note,
)
from dragoman.doors.amqp091.channel import TIMEOUT, Channel
from dragoman.doors.amqp091.errors import PRECONDITION_FAILED, Refused, refusal_of
from dragoman.doors.amqp091.limits import check_queue as check_room
from dragoman.doors.amqp091.link import Link
from dragoman.doors.amqp091.names import check_reserved, made_up, queue_name, tidy
from dragoman.doors.amqp091.policies import OPERATOR, POLICY, Effect, effect
from dragoman.doors.amqp091.traits import DIRECT_REPLY
from dragoman.doors.shared.asbroker import as_broker
from dragoman.kernel.api import (
    Address,
    AlterSubscription,
    DeclareQueue,
    DeleteQueue,
    DescribeQueue,
    ListQueues,
    PurgeQueue,
    QueueInfo,
    Session,
    StreamHead,
    StreamSettings,
    SubscriptionSettings,
)
from dragoman.model.errors import ResourceLocked, SubscriptionNotFound
from dragoman.model.levels import APPLIED, SYNCED
from dragoman.wire.amqp091.fieldtable import Field, FieldTable
from dragoman.wire.amqp091.methods import (
    QueueDeclare,
    QueueDeclareOk,
    QueueDelete,
    QueueDeleteOk,
    QueuePurge,
    QueuePurgeOk,
)

ARGUMENTS: Final = "amqp091.arguments"  # the note that keeps them
LIFE_MS_MIN: Final = 1  # as for publishes: 0 reaches whoever waits
DELIVERY_LIMIT: Final = 20  # of quorum queues, as RabbitMQ 4
OVERFLOWS: Final = {"reject-publish-dlx": "reject-publish-dead-letter"}
COMPARED: Final = tuple(QUEUE_ARGUMENTS)
OTHERS: Final = ("share_group", "weights", "rules", "paused", "leased_max", "times_kept")
"""Settings that no argument says: policies leave them as they are."""


def counts_tries(info: QueueInfo) -> bool:
    """Whether redeliveries carry x-delivery-count: a quorum queue."""
    note = info.settings.notes.get(ARGUMENTS, "")
    return QUORUM in note and queue_type(from_note(note)) == QUORUM


def outlives(info: QueueInfo) -> bool:
    """Whether answers about the queue wait until they are safe."""
    return info.settings.durable and not info.settings.exclusive


def declare(channel: Channel, method: QueueDeclare) -> None:
    """Make a queue, or check that it is there and the same."""
    name = tidy(method.queue)
    if name == DIRECT_REPLY:  # always there, for whoever asks
        channel.reply(QueueDeclareOk(name, 0, 1))
        return
    if not method.passive and "x-queue-type" not in method.arguments:
        method = _of_default_type(channel.link, method)
    stream = streams.find(channel.link, name) if name else None
    is_stream = bool(name) and queue_type(method.arguments) == STREAM and not method.passive
    if stream is not None and (is_stream or method.passive or streams.is_declared(stream.settings)):
        _compare_stream(channel, method, stream)
        _tell_of_stream(channel, method, name)
        return
    if is_stream:
        _make_stream(channel, method, name)
        _tell_of_stream(channel, method, name)
        return
    info = find(channel, name) if method.passive else _make(channel, method, name)
    channel.queue_last = info.name
    if not method.no_wait:
        ok = QueueDeclareOk(info.name, info.ready, info.consumers)
        channel.reply(ok, durable=outlives(info))


def _of_default_type(link: Link, method: QueueDeclare) -> QueueDeclare:
    """With the type that the virtual host gives queues which do not say, where such a queue can be of it."""
    if not method.durable or method.exclusive or method.auto_delete:
        return method
    with as_broker(link.session, link.principal, link.connection.peer[0]):
        kind = vhosts.of(link.session, link.vhost).default_queue_type
    if not kind or kind == CLASSIC:
        return method
    arguments = {**method.arguments, "x-queue-type": Field("S", kind.encode())}
    return method._replace(arguments=arguments)


def _make_stream(channel: Channel, method: QueueDeclare, name: str) -> None:
    """Raises Refused (403, 405, 406)."""
    try:
        existing = find(channel, name)
    except SubscriptionNotFound:
        check_reserved("queue", name)
    else:
        _compare(channel, method, existing)
        place = ("x-queue-type", "queue", name, channel.link.vhost)
        raise inequivalent(*place, "received 'stream' but current is 'classic'")
    check_queue(method.arguments, name, channel.link.vhost)
    _check_type(method, name, channel.link.vhost)
    streams.make(channel.link, method, name)


def _compare_stream(channel: Channel, method: QueueDeclare, stream: StreamHead) -> None:
    """Raises Refused (405, 406) unless the stream is what this declaration would make."""
    if method.passive:
        return
    vhost = channel.link.vhost
    if method.exclusive:
        raise refusal_of(ResourceLocked(stream.name), vhost)
    found = streams.compare(stream, method)
    if found:
        what, _, text = found.partition("\0")
        raise inequivalent(what, "queue", stream.name, vhost, text)


def _tell_of_stream(channel: Channel, method: QueueDeclare, name: str) -> None:
    channel.queue_last = name
    if not method.no_wait:
        count = streams.length(streams.describe(channel.link, name))
        channel.reply(QueueDeclareOk(name, count, 0), durable=True)


def find(channel: Channel, name: str) -> QueueInfo:
    """Raises SubscriptionNotFound, and ResourceLocked when it is another connection's."""
    link = channel.link
    command = DescribeQueue(namespace=link.namespace, name=name)
    info: QueueInfo = link.session.submit(command)
    return info


def _make(channel: Channel, method: QueueDeclare, name: str) -> QueueInfo:
    link = channel.link
    if name.startswith(f"{DIRECT_REPLY}."):
        return find(channel, name)
    existing: QueueInfo | None = None
    if name:
        try:
            existing = find(channel, name)
        except SubscriptionNotFound:
            check_reserved("queue", name)
    if existing is not None:
        _compare(channel, method, existing)
        return existing
    check_queue(method.arguments, name, link.vhost)
    _check_type(method, name, link.vhost)
    name = name or made_up(link.session, "amq.gen-")
    check_room(link, name)
    is_durable = method.durable and not method.exclusive
    stream = StreamSettings(durable=is_durable, level=SYNCED if is_durable else APPLIED)
    held = _held(link, name, method.arguments)
    settings = settings_of(method, held)
    command = DeclareQueue(namespace=link.namespace, name=name, settings=settings, stream=stream)
    info: QueueInfo = link.session.submit(command)
    return info


def _held(link: Link, name: str, arguments: FieldTable) -> Effect:
    """Policies hold for whoever declares, also for those who may not read them."""
    with as_broker(link.session, link.principal, link.connection.peer[0]):
        return effect(link.session, link.namespace, name, arguments)


def _check_type(method: QueueDeclare, name: str, vhost: str) -> None:
    """What quorum queues and streams cannot be. Raises Refused (406)."""
    kind = queue_type(method.arguments)
    if kind == CLASSIC:
        return
    if not name:
        text = f"Cannot declare a server-named queue for type rabbit_{kind}_queue"
        raise Refused(PRECONDITION_FAILED, text)
    for wrong, what in (
        (not method.durable, "non-durable"),
        (method.auto_delete, "auto-delete"),
        (method.exclusive, "exclusive-owner"),
    ):
        if wrong:
            text = f"invalid property '{what}' for queue '{name}' in vhost '{vhost}'"
            raise Refused(PRECONDITION_FAILED, text)


def settings_of(method: QueueDeclare, held: Effect) -> SubscriptionSettings:
    """What the declaration means to the kernel, policies included. Arguments were checked."""
    arguments = {name: plain(field) for name, field in held.arguments.items()}
    priorities = arguments.get("x-max-priority", 0)
    is_quorum = arguments.get("x-queue-type") == QUORUM
    limit = arguments.get("x-delivery-limit", DELIVERY_LIMIT)
    overflow = arguments.get("x-overflow", "drop-head")
    return SubscriptionSettings(
        durable=method.durable,
        early=True,
        ttl_ms=max(arguments["x-message-ttl"], LIFE_MS_MIN) if "x-message-ttl" in arguments else -1,
        length_max=arguments.get("x-max-length", -1),
        bytes_max=arguments.get("x-max-length-bytes", -1),
        overflow=OVERFLOWS.get(overflow, overflow),
        attempts_max=limit + 1 if is_quorum and limit >= 0 else 0,
        attempts_counted="leased",
        dead_letter=_dead_letter(arguments),
        order="priority" if priorities else "none",
        priorities=priorities,
        single_active=arguments.get("x-single-active-consumer", False),
        exclusive=method.exclusive,
        auto_delete=method.auto_delete,
        idle_ms=arguments.get("x-expires", 0),
        notes=_notes(method, held),
    )


def _notes(method: QueueDeclare, held: Effect) -> dict[str, str]:
    notes = {ARGUMENTS: to_note(method.arguments)}
    notes.update(
        {name: said for name, said in ((POLICY, held.policy), (OPERATOR, held.operator)) if said}
    )
    timeout = held.arguments.get("x-consumer-timeout")
    if timeout is not None:
        notes[TIMEOUT] = str(plain(timeout))
    return notes


def apply_policies(session: Session, namespace: str) -> None:
    """Let every queue that this door declared have what the policies now say."""
    streams.apply_policies(session, namespace)
    for info in session.submit(ListQueues(namespace=namespace)):
        now: SubscriptionSettings = info.settings
        if ARGUMENTS not in now.notes:
            continue
        arguments = from_note(now.notes[ARGUMENTS])
        method = QueueDeclare(
            queue=info.name,
            durable=now.durable,
            exclusive=now.exclusive,
            auto_delete=now.auto_delete,
            arguments=arguments,
        )
        settings = settings_of(method, effect(session, namespace, info.name, arguments))
        settings = replace(settings, **{name: getattr(now, name) for name in OTHERS})
        if settings != now:
            command = AlterSubscription(namespace=namespace, name=info.name, settings=settings)
            session.submit(command)


def _dead_letter(arguments: dict[str, object]) -> Address | None:
    """The default exchange leads to the queue named by the key; without a key, by the message's own."""
    exchange = arguments.get("x-dead-letter-exchange")
    if exchange is None:
        return None
    key = str(arguments.get("x-dead-letter-routing-key", ""))
    if exchange == "":
        return Address("", key)
    return Address(str(exchange), key, is_route=True)


def _compare(channel: Channel, method: QueueDeclare, existing: QueueInfo) -> None:
    """Raises Refused (405, 406) unless the queue is what this declaration would make."""
    settings = existing.settings
    vhost = channel.link.vhost
    if settings.exclusive != method.exclusive:
        raise refusal_of(ResourceLocked(existing.name), vhost)
    for what, received, current in (
        ("durable", method.durable, settings.durable),
        ("auto_delete", method.auto_delete, settings.auto_delete),
    ):
        if received != current:
            text = f"received '{_word(received)}' but current is '{_word(current)}'"
            raise inequivalent(what, "queue", existing.name, vhost, text)
    if ARGUMENTS in settings.notes:  # else another door made it: its settings have no spelling here
        _compare_arguments(method.arguments, existing, vhost)


def _compare_arguments(received: FieldTable, existing: QueueInfo, vhost: str) -> None:
    current = from_note(existing.settings.notes[ARGUMENTS])
    found = difference(current, received, COMPARED)
    if found:
        what, _, text = found.partition("\0")
        raise inequivalent(what, "queue", existing.name, vhost, text)


def _word(value: bool) -> str:
    return "true" if value else "false"


def inequivalent(what: str, kind: str, name: str, vhost: str, text: str) -> Refused:
    """406 as RabbitMQ words it."""
    full = f"inequivalent arg '{what}' for {kind} '{name}' in vhost '{vhost}': {text}"
    return Refused(PRECONDITION_FAILED, full)


def delete(channel: Channel, method: QueueDelete) -> None:
    """Delete a queue; one that is not there is fine."""
    link = channel.link
    name = queue_name(channel, method.queue)
    command = DeleteQueue(
        namespace=link.namespace, name=name, if_unused=method.if_unused, if_empty=method.if_empty
    )
    stream = streams.find(link, name)
    if stream is not None:
        streams.delete(link, stream)
        if not method.no_wait:
            channel.reply(QueueDeleteOk(0), durable=True)
        return
    try:
        info: QueueInfo = link.session.submit(command)
        ready, durable = info.ready, outlives(info)
    except SubscriptionNotFound:
        ready, durable = 0, False
    if not method.no_wait:
        channel.reply(QueueDeleteOk(ready), durable=durable)


def purge(channel: Channel, method: QueuePurge) -> None:
    """Drop what is ready."""
    link = channel.link
    name = queue_name(channel, method.queue)
    if streams.find(link, name) is not None:
        raise streams.not_supported("queue.purge", name, link.vhost)
    count = link.session.submit(PurgeQueue(namespace=link.namespace, name=name))
    if not method.no_wait:
        channel.reply(QueuePurgeOk(count), durable=outlives(find(channel, name)))

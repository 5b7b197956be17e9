"""queue.bind, unbind and exchange.bind, unbind: an exchange hands on to a queue or to another exchange."""

from typing import Any, Final

from dragoman.doors.amqp091 import queues
from dragoman.doors.amqp091.arguments import TYPE_NAMES, plain
from dragoman.doors.amqp091.channel import Channel
from dragoman.doors.amqp091.errors import PRECONDITION_FAILED, Refused, refusal_of
from dragoman.doors.amqp091.exchanges import check_not_default, find
from dragoman.doors.amqp091.link import Link
from dragoman.doors.amqp091.names import queue_name, tidy
from dragoman.doors.amqp091.queues import outlives
from dragoman.doors.amqp091.topics import READ, TOPIC
from dragoman.kernel.api import Bind, BindingSettings, Unbind
from dragoman.model.errors import InvalidArgument, KernelError, NotFound, ResourceLocked
from dragoman.wire.amqp091.fieldtable import Field, FieldTable
from dragoman.wire.amqp091.methods import (
    ExchangeBind,
    ExchangeBindOk,
    ExchangeUnbind,
    ExchangeUnbindOk,
    QueueBind,
    QueueBindOk,
    QueueUnbind,
    QueueUnbindOk,
)

X_MATCH: Final = "x-match"
MATCHES: Final = ("all", "any", "all-with-x", "any-with-x")


def bind_queue(channel: Channel, method: QueueBind) -> None:
    """Hand on to a queue."""
    queue = queue_name(channel, method.queue)
    key = method.routing_key
    if not method.queue and not key:
        key = (
            queue  # AMQP 0-9-1 section 1.7.2.3.4: both left out mean the last declared queue's name
        )
    exchange = tidy(method.exchange)
    binding = _binding(channel, exchange, key, method.arguments)
    _ask(channel, Bind(**_names(channel, exchange, queue), binding=binding))
    if not method.no_wait:
        channel.reply(QueueBindOk(), durable=_outlives(channel, exchange, queue))


def unbind_queue(channel: Channel, method: QueueUnbind) -> None:
    """No longer hand on to a queue; absent is fine."""
    queue = queue_name(channel, method.queue)
    exchange = tidy(method.exchange)
    check_not_default(exchange)
    _check_topic(channel.link, exchange, method.routing_key)
    binding = BindingSettings(key=method.routing_key, arguments=values_of(method.arguments))
    durable = _undo(channel, Unbind(**_names(channel, exchange, queue), binding=binding))
    channel.reply(QueueUnbindOk(), durable=durable)


def bind_exchange(channel: Channel, method: ExchangeBind) -> None:
    """Hand on to another exchange."""
    target, source = tidy(method.destination), tidy(method.source)
    check_not_default(target)
    binding = _binding(channel, source, method.routing_key, method.arguments)
    _ask(channel, Bind(**_names(channel, source, target), to_route=True, binding=binding))
    if not method.no_wait:
        link = channel.link
        durable = find(link, source).settings.durable and find(link, target).settings.durable
        channel.reply(ExchangeBindOk(), durable=durable)


def unbind_exchange(channel: Channel, method: ExchangeUnbind) -> None:
    """No longer hand on to another exchange; absent is fine."""
    target, source = tidy(method.destination), tidy(method.source)
    check_not_default(target)
    check_not_default(source)
    _check_topic(channel.link, source, method.routing_key)
    binding = BindingSettings(key=method.routing_key, arguments=values_of(method.arguments))
    command = Unbind(**_names(channel, source, target), to_route=True, binding=binding)
    durable = _undo(channel, command)
    if not method.no_wait:
        channel.reply(ExchangeUnbindOk(), durable=durable)


def _names(channel: Channel, route: str, target: str) -> dict[str, Any]:
    return {"namespace": channel.link.namespace, "route": route, "target": target}


def _binding(channel: Channel, exchange: str, key: str, arguments: FieldTable) -> BindingSettings:
    """Raises Refused (403, 406) and RouteNotFound."""
    check_not_default(exchange)
    kind = find(channel.link, exchange).settings.kind
    if kind == "headers":
        _check_match(arguments.get(X_MATCH))
    elif kind == "consistent-hash":
        _check_weight(key)
    elif kind == TOPIC:
        channel.link.check_topic(exchange, key, READ)
    return BindingSettings(key=key, arguments=values_of(arguments))


def _check_topic(link: Link, exchange: str, key: str) -> None:
    """To undo a binding to a topic takes what it took to make it. Raises Refused (403)."""
    if not link.topics.is_free(link, exchange):
        try:
            kind = find(link, exchange).settings.kind
        except NotFound:
            return
        if kind == TOPIC:
            link.check_topic(exchange, key, READ)


def _check_match(field: Field | None) -> None:
    if field is None:
        return
    if field.letter != "S":
        shown = f"{TYPE_NAMES[field.letter]} (value {plain(field)})"
        raise Refused(PRECONDITION_FAILED, f"Invalid x-match field type {shown}; expected longstr")
    if plain(field) not in MATCHES:
        text = f'Invalid x-match field value <<"{plain(field)}">>; expected all, any, all-with-x, or any-with-x'
        raise Refused(PRECONDITION_FAILED, text)


def _check_weight(key: str) -> None:
    """The texts of RabbitMQ's plugin. Raises Refused (406)."""
    if not key.removeprefix("-").isdecimal():
        text = f'The binding key must be an integer: <<"{key}">>'
        raise Refused(PRECONDITION_FAILED, text)
    if int(key) < 1:
        raise Refused(PRECONDITION_FAILED, "The binding key must be greater than 0")


def _ask(channel: Channel, command: Bind) -> None:
    try:
        channel.link.session.submit(command)
    except InvalidArgument as error:
        raise refusal_of(error, channel.link.vhost, "exchange") from error


def _outlives(channel: Channel, exchange: str, queue: str) -> bool:
    """Whether a restart keeps the binding, so that the answer waits until it is safe."""
    if not find(channel.link, exchange).settings.durable:
        return False
    try:
        return outlives(queues.find(channel, queue))
    except NotFound:
        return True  # a stream without a queue
    except ResourceLocked:
        return False  # another connection's: nothing of it was touched


def _undo(channel: Channel, command: Unbind) -> bool:
    """Whether there was something to undo that a restart would have kept."""
    try:
        channel.link.session.submit(command)
        if not command.to_route:
            return _outlives(channel, command.route, command.target)
        return find(channel.link, command.route).settings.durable
    except NotFound:
        return False
    except KernelError as error:
        raise refusal_of(error, channel.link.vhost) from error


def values_of(arguments: FieldTable) -> dict[str, Any]:
    """Values as filters compare them: text as text, numbers whatever their width."""
    return {name: _value(field) for name, field in arguments.items()}


def _value(field: Field) -> Any:
    match field.letter:
        case "S":
            try:
                return field.value.decode()
            except UnicodeDecodeError:
                return field.value
        case "A":
            return [_value(item) for item in field.value]
        case "F":
            return values_of(field.value)
        case "D":
            scale, unscaled = field.value
            return unscaled / 10**scale
        case _:
            return field.value

"""Messages whose properties are not stored as they came. Cold, but for direct replies.

reply-to: amq.rabbitmq.reply-to   becomes the name of the channel's own reply queue
headers CC, BCC                   further routing keys; BCC is taken off (RabbitMQ, "Sender-selected Distribution")
header x-delay                    in an exchange of type x-delayed-message: published so much later, told negative
"""

from typing import Any, Final

from dragoman.doors.amqp091.arguments import INTEGERS, TYPE_NAMES
from dragoman.doors.amqp091.channel import Channel
from dragoman.doors.amqp091.errors import PRECONDITION_FAILED, Refused
from dragoman.doors.amqp091.traits import (
    CARBON_COPIES,
    DELAY,
    DIRECT_REPLY,
    EXPIRATION_MS_MAX,
    REPLY_TO,
    Traits,
)
from dragoman.kernel.api import Address, Publish
from dragoman.model.levels import AMQP091
from dragoman.wire.amqp091.fieldtable import EMPTY_TABLE, Field, FieldTable
from dragoman.wire.amqp091.outgoing import pack_entries
from dragoman.wire.amqp091.properties import Properties, encode_header
from dragoman.wire.amqp091.propertyscan import reply_to_span

X_DELAY: Final = "x-delay"
DIRECT_REPLY_RAW: Final = bytes([len(DIRECT_REPLY)]) + DIRECT_REPLY.encode()


def answerable(channel: Channel, headers: list[bytes]) -> list[bytes]:
    """Headers that ask for direct answers, with the name of the channel's reply queue. Raises Refused."""
    found: list[bytes] = []
    name_raw: bytes = _short(channel.reply_queue)
    for header in headers:
        start, end = reply_to_span(header)
        if header[start:end] != DIRECT_REPLY_RAW:
            found.append(header)
        elif not channel.reply_queue:
            raise _nobody_replies()
        else:
            found.append(header[:start] + name_raw + header[end:])
    return found


def _short(name: str) -> bytes:
    raw = name.encode()
    return bytes([len(raw)]) + raw


def _nobody_replies() -> Refused:
    return Refused(PRECONDITION_FAILED, "fast reply consumer does not exist")


def rewritten(
    channel: Channel,
    key_raw: bytes,
    address: Address,
    headers: list[bytes],
    bodies: list[bytes],
    traits: Traits,
) -> list[Publish]:
    """Publishes of messages that share one header, each to all of their keys. Raises Refused and AmqpError."""
    values = Properties(headers[0]).as_dict()
    keys: tuple[str, ...] = ()
    if traits.special & REPLY_TO and values.get("reply_to") == DIRECT_REPLY:
        if not channel.reply_queue:
            raise _nobody_replies()
        values["reply_to"] = channel.reply_queue
    if traits.special & CARBON_COPIES:
        table: FieldTable = values["headers"]
        keys = _keys(table, "CC") + _keys(table, "BCC")
        values["headers"] = {name: field for name, field in table.items() if name != "BCC"}
    delay_ms = 0
    if traits.special & DELAY and address.is_route and address.name in channel.link.delaying:
        delay_ms = _take_delay(values)
    entries = pack_entries(key_raw, [encode_header(len(body), values) for body in bodies], bodies)
    namespace = channel.link.namespace
    if not address.is_route:
        names = dict.fromkeys((address.name, *keys))
        return [Publish(namespace, Address(name), AMQP091, list(entries)) for name in names]
    command = Publish(namespace, address, AMQP091, entries)
    command.further_keys = keys
    if delay_ms > 0:
        command.due_ms = channel.link.session.wall_ms() + delay_ms
    return [command]


def _take_delay(values: dict[str, Any]) -> int:
    """Milliseconds to wait, 0 for a header that is no number; what is left says how long it was."""
    table: FieldTable = values.get("headers", EMPTY_TABLE)
    field = table.get(X_DELAY)
    if field is None or field.letter not in INTEGERS or field.value <= 0:
        return 0
    if field.value > EXPIRATION_MS_MAX:
        raise Refused(PRECONDITION_FAILED, f"x-delay of {field.value} ms is too long")
    letter = field.letter if field.letter in "bsIlL" else "l"
    values["headers"] = {**table, X_DELAY: Field(letter, -field.value)}
    return int(field.value)


def _keys(table: FieldTable, name: str) -> tuple[str, ...]:
    field = table.get(name)
    if field is None:
        return ()
    if field.letter != "A":
        text = f'{{unacceptable_type_in_header,"{name}",{TYPE_NAMES[field.letter]}}}'
        raise Refused(PRECONDITION_FAILED, f"invalid message: {text}")
    keys = (item.value for item in field.value if item.letter == "S")
    return tuple(key.decode(errors="replace") for key in keys)

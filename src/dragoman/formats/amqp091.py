"""Format tag AMQP091: one message as AMQP 0-9-1 carries it, to the canonical message and back. Hot for plain messages.

    exchange shortstr | routing key shortstr | u32 | header payload (that many bytes) | body
    header payload: class 60 u16 | weight u16 | body size u64 | flags u16 | properties in the order of their flags

    property            message                          header                   message
    content-type,       of the same name                 x-partition-key          key (text, or bytes in x)
      content-encoding                                   x-group-id               group
    message-id          id                               x-deduplication-header   dedup
    correlation-id      correlation, where it is text    x-delay                  deliver_at, as ms from storing
    reply-to, type      of the same name                 ce-*                     event
    app-id, user-id     app, user                        traceparent, tracestate  trace
    timestamp           created_at, in whole seconds     other headers            headers, typed (`amqptable`)
    expiration          expires_at, as ms that remain    cluster-id, and what     rest["amqp091"]
    delivery-mode       durable (2), not durable (1)       cannot be understood

What was born elsewhere goes out through exchange "" with the stream's name as routing key. Header names are at most
NAME_LENGTH_MAX characters, and each stands once: of duplicates the last, as a mapping would have it.
"""

import json
from struct import Struct
from struct import error as StructError  # noqa: N812
from typing import Any, Final

from dragoman.formats.amqptable import read_headers
from dragoman.formats.errors import FormatError
from dragoman.formats.lift import Spelling, set_key, set_text
from dragoman.formats.values import dump_json
from dragoman.model.message import Header, Message, Typed, Value
from dragoman.wire.amqp091 import propertyscan as flag

NAME_LENGTH_MAX: Final = 128
EXPIRATION_MS_MAX: Final = (1 << 32) - 1
SECONDS_MAX: Final = (1 << 63) // 1000 - 1
BASIC_CLASS: Final = 60
PERSISTENT: Final = 2
TRANSIENT: Final = 1
PROTOCOL: Final = "amqp091"
_HEADER: Final = Struct(">HHQH")
_U32: Final = Struct(">I")
_U64: Final = Struct(">Q")
_LENIENT: Final = ("utf-8", "surrogateescape")

_PROPERTIES_AT: Final = flag.PROPERTIES_AT
_CONTENT_TYPE: Final = flag.CONTENT_TYPE
_CONTENT_ENCODING: Final = flag.CONTENT_ENCODING
_HEADERS: Final = flag.HEADERS
_DELIVERY_MODE: Final = flag.DELIVERY_MODE
_UNDEFINED: Final = flag.UNDEFINED_FLAGS
_OTHERS: Final = flag.DELIVERY_MODE - 1 - flag.UNDEFINED_FLAGS

KEY: Final = "x-partition-key"
GROUP: Final = "x-group-id"
DEDUP: Final = "x-deduplication-header"
DELAY: Final = "x-delay"


def _set_delay(message: Message, value: Value) -> bool:
    number = value.value if isinstance(value, Typed) else value
    if type(number) is not int or not 0 <= number <= EXPIRATION_MS_MAX:
        return False
    message.deliver_at_ms = message.stored_at_us // 1000 + number
    return True


SPELLING: Final = Spelling(
    "ce-", {KEY: set_key, GROUP: set_text("group"), DEDUP: set_text("dedup"), DELAY: _set_delay}
)
_NAMES: Final = SPELLING.names


# Reading


def decode(entry: bytes, stored_ms: int = 0) -> Message:
    """The message; `stored_ms` is when it came, which relative times count from. Raises FormatError."""
    try:
        return _decode(entry, stored_ms)
    except (IndexError, StructError):
        raise FormatError("message cut short") from None


def split(entry: bytes) -> tuple[bytes, bytes, int, int]:
    """Exchange, routing key, and where the header payload starts and stops. Raises FormatError."""
    try:
        exchange_end = 1 + entry[0]
        key_end = exchange_end + 1 + entry[exchange_end]
        start = key_end + 4
        stop = start + int(_U32.unpack_from(entry, key_end)[0])
    except (IndexError, StructError):
        raise FormatError("message cut short") from None
    if stop > len(entry) or stop - start < flag.PROPERTIES_AT:
        raise FormatError("message cut short")
    return entry[1:exchange_end], entry[exchange_end + 1 : key_end], start, stop


def payload_bytes(entry: bytes) -> int:
    """Bytes of the body; of what cannot be read, all of them."""
    try:
        return len(entry) - split(entry)[3]
    except FormatError:
        return len(entry)


def read_table(entry: bytes) -> list[Header]:
    """The headers as they stand, those that are fields included. Raises FormatError."""
    _, _, start, stop = split(entry)
    try:
        flags = int(_HEADER.unpack_from(entry, start)[3])
        pos = start + _PROPERTIES_AT
        for bit in (_CONTENT_TYPE, _CONTENT_ENCODING):
            if flags & bit:
                pos += 1 + entry[pos]
        if not flags & _HEADERS:
            return []
        end = pos + 4 + int(_U32.unpack_from(entry, pos)[0])
        if end > stop:
            raise FormatError("headers cut short")
        return read_headers(entry, pos + 4, end)
    except (IndexError, StructError):
        raise FormatError("message cut short") from None


def _decode(entry: bytes, stored_ms: int) -> Message:
    exchange, routing_key, start, stop = split(entry)
    class_id, _, body_bytes, flags = _HEADER.unpack_from(entry, start)
    if class_id != BASIC_CLASS or body_bytes != len(entry) - stop or flags & _UNDEFINED:
        raise FormatError("not a content header of class basic with its body")
    message = Message(entry[stop:])
    message.stored_at_us = stored_ms * 1000
    try:
        message.origin = (PROTOCOL, routing_key.decode(), -1, exchange.decode())
    except UnicodeDecodeError:
        message.origin = (PROTOCOL, routing_key.decode(*_LENIENT), -1, exchange.decode(*_LENIENT))
    pos = start + _PROPERTIES_AT
    if flags & _CONTENT_TYPE:
        end = pos + 1 + entry[pos]
        message.content_type = entry[pos + 1 : end].decode(*_LENIENT)
        pos = end
    if flags & _CONTENT_ENCODING:
        end = pos + 1 + entry[pos]
        message.content_encoding = entry[pos + 1 : end].decode(*_LENIENT)
        pos = end
    if flags & _HEADERS:
        start = pos + 4
        pos = start + int(_U32.unpack_from(entry, pos)[0])
        if pos > stop:
            raise FormatError("headers cut short")
        message.headers = read_headers(entry, start, pos)
    if flags & _DELIVERY_MODE:
        _set_durable(message, entry[pos])
        pos += 1
    if flags & _OTHERS:
        pos = _read_others(message, entry, pos, flags)
    if pos != stop:
        raise FormatError("properties do not fill the content header")
    for name, _ in message.headers:
        if name in _NAMES or name[:3] == "ce-":
            SPELLING.lift(message)
            break
    return message


def _set_durable(message: Message, mode: int) -> None:
    if mode == PERSISTENT:
        message.durable = True
    elif mode == TRANSIENT:
        message.durable = False
    else:
        _keep(message, "delivery-mode", mode)


def _read_others(message: Message, entry: bytes, pos: int, flags: int) -> int:
    """The properties behind the delivery mode."""
    if flags & flag.PRIORITY:
        message.priority = entry[pos]
        pos += 1
    texts: list[str | None] = []
    for bit in (flag.CORRELATION_ID, flag.REPLY_TO, flag.EXPIRATION, flag.MESSAGE_ID):
        text, pos = _shortstr(entry, pos) if flags & bit else (None, pos)
        texts.append(text)
    message.correlation, message.reply_to, expiration, message.id = texts
    if flags & flag.TIMESTAMP:
        seconds = int(_U64.unpack_from(entry, pos)[0])
        pos += 8
        if seconds <= SECONDS_MAX:
            message.created_at_ms = seconds * 1000
        else:
            _keep(message, "timestamp", seconds)
    texts = []
    for bit in (flag.TYPE, flag.USER_ID, flag.APP_ID, flag.CLUSTER_ID):
        text, pos = _shortstr(entry, pos) if flags & bit else (None, pos)
        texts.append(text)
    message.type, message.user, message.app, cluster = texts
    if cluster is not None:
        _keep(message, "cluster-id", cluster)
    if expiration is not None:
        _set_expiration(message, expiration)
    return pos


def _shortstr(entry: bytes, pos: int) -> tuple[str, int]:
    end = pos + 1 + entry[pos]
    return entry[pos + 1 : end].decode(*_LENIENT), end


def _set_expiration(message: Message, text: str) -> None:
    if text.isascii() and text.isdigit() and len(text) <= 10 and text == str(int(text)):
        message.expires_at_ms = message.stored_at_us // 1000 + int(text)
    else:
        _keep(message, "expiration", text)


# What cannot be placed


def _keep(message: Message, name: str, value: str | int) -> None:
    rest = message.rest or {}
    kept = read_kept(message)
    kept[name] = value
    message.rest = {**rest, PROTOCOL: dump_json(kept).encode()}


def read_kept(message: Message) -> dict[str, Any]:
    """Properties that the message could not place: `delivery-mode`, `expiration`, `timestamp` (s), `cluster-id`."""
    raw = (message.rest or {}).get(PROTOCOL)
    if raw is None:
        return {}
    try:
        found = json.loads(raw)
    except (ValueError, RecursionError):
        return {}
    return (
        {name: found[name] for name in _KEPT if _suits(name, found.get(name))}
        if type(found) is dict
        else {}
    )


def _suits(name: str, value: Any) -> bool:
    if _KEPT[name] is str:
        return type(value) is str and len(value) <= 255
    return type(value) is int and 0 <= value < (256 if name == "delivery-mode" else 1 << 64)


_KEPT: Final[dict[str, type]] = {
    "delivery-mode": int,
    "expiration": str,
    "timestamp": int,
    "cluster-id": str,
}

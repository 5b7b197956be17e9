"""Canonical messages to AMQP 0-9-1's stored form: the other half of `amqp091`, which holds the mapping. Hot.

What was born elsewhere goes out through exchange "" with the stream's name as routing key. A plain
message (fields and headers that AMQP types exactly) is exact by construction; of its time only the
milliseconds go to the meta. Any other is written, read back, and what was lost is attached. A header
that a delivery adds (`x-death` and its like) takes the place of a message's own of that name.
"""

from collections.abc import Sequence
from struct import Struct
from typing import Any, Final

from dragoman.formats.amqp091 import (
    BASIC_CLASS,
    DEDUP,
    DELAY,
    EXPIRATION_MS_MAX,
    GROUP,
    KEY,
    NAME_LENGTH_MAX,
    PERSISTENT,
    PROTOCOL,
    SECONDS_MAX,
    SPELLING,
    TRANSIENT,
    decode,
    read_kept,
)
from dragoman.formats.amqptable import NAME_BYTES_MAX, is_exact, write_value
from dragoman.formats.lift import is_utf8, trace_headers
from dragoman.formats.meta import META_NAME, describe_created_at, describe_loss
from dragoman.formats.options import RenderOptions
from dragoman.formats.values import encode_text
from dragoman.model.message import Dead, Delivery, Header, Message, Typed, Value, depth_of
from dragoman.wire.amqp091 import propertyscan as flag
from dragoman.wire.amqp091.fieldtable import TABLE_DEPTH_MAX

SHORTSTR_BYTES_MAX: Final = 255
_HEADER: Final = Struct(">HHQH")
_U32: Final = Struct(">I")
_U64: Final = Struct(">Q")
_SIZES: Final = tuple(bytes((size,)) for size in range(256))
_REFUSED: Final = SPELLING.names | {"ce-specversion"}  # not written as they are
_TIME_MAX: Final = SECONDS_MAX * 1000

_CONTENT_TYPE: Final = flag.CONTENT_TYPE
_CONTENT_ENCODING: Final = flag.CONTENT_ENCODING
_HEADERS: Final = flag.HEADERS
_DELIVERY_MODE: Final = flag.DELIVERY_MODE
_PRIORITY: Final = flag.PRIORITY
_CORRELATION_ID: Final = flag.CORRELATION_ID
_REPLY_TO: Final = flag.REPLY_TO
_MESSAGE_ID: Final = flag.MESSAGE_ID
_TIMESTAMP: Final = flag.TIMESTAMP
_TYPE: Final = flag.TYPE
_USER_ID: Final = flag.USER_ID
_APP_ID: Final = flag.APP_ID
_TEXT_FIELDS: Final = (
    ("content_type", flag.CONTENT_TYPE),
    ("content_encoding", flag.CONTENT_ENCODING),
    ("correlation", flag.CORRELATION_ID),
    ("reply_to", flag.REPLY_TO),
    ("id", flag.MESSAGE_ID),
    ("type", flag.TYPE),
    ("user", flag.USER_ID),
    ("app", flag.APP_ID),
)


def render(
    messages: Sequence[tuple[Message, Delivery | None]], options: RenderOptions
) -> list[bytes]:
    """The stored form of each message, as it is delivered too. Raises TooLarge."""
    prefix = _prefix(b"", encode_text(options.address))
    found: list[bytes] = []
    for index, (message, delivery) in enumerate(messages):
        header = _plain_header(message, options) if delivery is None else None
        if header is None:
            header = _header(message, delivery, index, options)
        origin = message.origin
        before = prefix
        if origin is not None and origin[0] == PROTOCOL:
            before = _prefix(encode_text(origin[3]), encode_text(origin[1]))
        found.append(b"".join((before, _U32.pack(len(header)), header, message.body or b"")))
    return found


def _prefix(exchange: bytes, routing_key: bytes) -> bytes:
    assert len(exchange) <= SHORTSTR_BYTES_MAX
    assert len(routing_key) <= SHORTSTR_BYTES_MAX
    return b"".join((_SIZES[len(exchange)], exchange, _SIZES[len(routing_key)], routing_key))


# Plain messages


def _plain_header(message: Message, options: RenderOptions) -> bytes | None:
    """The header payload of a message that properties and table say completely, but for the
    milliseconds of its time; None when they may not.
    """
    body = message.body
    created_at_ms = message.created_at_ms
    if not (
        body is not None
        and message.event is None
        and message.trace is None
        and message.expires_at_ms is None
        and message.deliver_at_ms is None
        and message.group is None
        and message.dedup is None
        and message.subject is None
        and message.source is None
        and message.to is None
        and message.reply_group is None
        and message.rest is None
        and message.shape == "data"
        and (created_at_ms is None or 0 <= created_at_ms < _TIME_MAX)
    ):
        return None
    meta = b""
    if created_at_ms is not None and created_at_ms % 1000:
        if not options.carry:
            return None  # the slow way counts it
        meta = describe_created_at(created_at_ms).encode()
    try:
        table = _plain_table(message, meta)
        if table is None:
            return None
        parts: list[bytes] = [b""]
        flags = _add_plain_values(parts, message, table)
    except (UnicodeEncodeError, IndexError):  # not UTF-8; longer than a shortstr
        return None
    parts[0] = _HEADER.pack(BASIC_CLASS, 0, len(body), flags)
    return b"".join(parts)


def _plain_table(message: Message, meta: bytes) -> bytes | None:
    """The headers table without its length; None when a header may not be exact."""
    headers = message.headers
    parts: list[bytes] = []
    for name, value in headers:
        if name in _REFUSED or len(name) > NAME_LENGTH_MAX:
            return None
        raw = name.encode()
        if type(value) is str:
            text = value.encode()
            parts += (_SIZES[len(raw)], raw, b"S", _U32.pack(len(text)), text)
        elif is_exact(value):
            parts += (_SIZES[len(raw)], raw, write_value(value))
        else:
            return None
    if len(headers) > 1 and len({name for name, _ in headers}) != len(headers):
        return None
    key = message.key
    if key is not None:
        parts += (b"\x0fx-partition-key", b"S" if is_text(key) else b"x", _U32.pack(len(key)), key)
    if meta:
        parts += (b"\x0ddragoman-metaS", _U32.pack(len(meta)), meta)
    return b"".join(parts)


def _add_plain_values(parts: list[bytes], message: Message, table: bytes) -> int:  # noqa: C901  (a list)
    """Add what the properties say, in the order of their flags. Returns the flags."""
    flags = 0
    if message.content_type is not None:
        flags |= _CONTENT_TYPE
        raw = message.content_type.encode()
        parts += (_SIZES[len(raw)], raw)
    if message.content_encoding is not None:
        flags |= _CONTENT_ENCODING
        raw = message.content_encoding.encode()
        parts += (_SIZES[len(raw)], raw)
    if table:
        flags |= _HEADERS
        parts += (_U32.pack(len(table)), table)
    if message.durable is not None:
        flags |= _DELIVERY_MODE
        parts.append(b"\x02" if message.durable else b"\x01")
    if message.priority is not None:
        flags |= _PRIORITY
        parts.append(_SIZES[message.priority])
    if message.correlation is not None:
        flags |= _CORRELATION_ID
        parts.append(_plain_shortstr(message.correlation))
    if message.reply_to is not None:
        flags |= _REPLY_TO
        parts.append(_plain_shortstr(message.reply_to))
    if message.id is not None:
        flags |= _MESSAGE_ID
        parts.append(_plain_shortstr(message.id))
    if message.created_at_ms is not None:
        flags |= _TIMESTAMP
        parts.append(_U64.pack(message.created_at_ms // 1000))
    if message.type is not None:
        flags |= _TYPE
        parts.append(_plain_shortstr(message.type))
    if message.user is not None:
        flags |= _USER_ID
        parts.append(_plain_shortstr(message.user))
    if message.app is not None:
        flags |= _APP_ID
        parts.append(_plain_shortstr(message.app))
    return flags


def _plain_shortstr(text: Value) -> bytes:
    """Raises UnicodeEncodeError and IndexError where it cannot be one."""
    if type(text) is not str:
        raise IndexError
    raw = text.encode()
    return _SIZES[len(raw)] + raw


def is_text(raw: bytes) -> bool:
    """Whether the bytes are UTF-8."""
    if raw.isascii():
        return True
    try:
        raw.decode()
    except UnicodeDecodeError:
        return False
    return True


# Any message


def _join(message: Message, table: bytes, values: dict[int, bytes]) -> bytes:
    """The header payload: table and values, and what is a byte in the message, by their flags."""
    if table:
        values[flag.HEADERS] = _U32.pack(len(table)) + table
    if message.durable is not None:
        values[flag.DELIVERY_MODE] = _SIZES[PERSISTENT if message.durable else TRANSIENT]
    if message.priority is not None:
        values[flag.PRIORITY] = _SIZES[message.priority]
    bits = sorted(values, reverse=True)
    head = _HEADER.pack(BASIC_CLASS, 0, len(message.body or b""), sum(bits))
    return b"".join([head, *[values[bit] for bit in bits]])


def _header(
    message: Message, delivery: Delivery | None, index: int, options: RenderOptions
) -> bytes:
    """Write what can be said, read it back, attach what was lost."""
    added = delivery_headers(delivery)
    values = _values(message, options.now_ms)
    headers, placed = _native_headers(message, {name for name, _ in added}, options.now_ms)
    header = _join(message, _table(headers), dict(values))
    parsed = decode(
        b"\0\0" + _U32.pack(len(header)) + header + (message.body or b""), options.now_ms
    )
    meta = options.admit(describe_loss(message, parsed, placed), index)
    if meta is not None:
        added = [*added, (META_NAME, meta)]
    return _join(message, _table([*headers, *added]), values) if added else header


def _values(message: Message, now_ms: int) -> dict[int, bytes]:
    values: dict[int, bytes] = {}
    for field, bit in _TEXT_FIELDS:
        raw = _shortstr(getattr(message, field))
        if raw is not None:
            values[bit] = raw
    if message.created_at_ms is not None and 0 <= message.created_at_ms < _TIME_MAX:
        values[flag.TIMESTAMP] = _U64.pack(message.created_at_ms // 1000)
    if message.expires_at_ms is not None:
        remaining_ms = max(0, message.expires_at_ms - now_ms)
        if remaining_ms <= EXPIRATION_MS_MAX:
            text = str(remaining_ms).encode()
            values[flag.EXPIRATION] = _SIZES[len(text)] + text
    return {**_kept_values(read_kept(message)), **values} if message.rest else values


def _kept_values(kept: dict[str, Any]) -> dict[int, bytes]:
    values: dict[int, bytes] = {}
    for name, bit in (("expiration", flag.EXPIRATION), ("cluster-id", flag.CLUSTER_ID)):
        raw = _shortstr(kept.get(name))
        if raw is not None:
            values[bit] = raw
    if "timestamp" in kept:
        values[flag.TIMESTAMP] = _U64.pack(kept["timestamp"])
    if "delivery-mode" in kept:
        values[flag.DELIVERY_MODE] = _SIZES[kept["delivery-mode"]]
    return values


def _shortstr(text: Value) -> bytes | None:
    """The text's size and bytes, if it is text, and one that fits."""
    if type(text) is not str:
        return None
    raw = encode_text(text)
    return _SIZES[len(raw)] + raw if len(raw) <= SHORTSTR_BYTES_MAX else None


def _native_headers(
    message: Message, taken: set[str], now_ms: int
) -> tuple[list[Header], list[int]]:
    """Headers, then the fields that are headers; and the indices of the former."""
    last = {name: index for index, (name, _) in enumerate(message.headers)}
    placed = [
        index
        for index, (name, value) in enumerate(message.headers)
        if last[name] == index
        and name not in taken
        and not SPELLING.is_reserved(name, message)
        and _is_name(name)
        and depth_of(value) < TABLE_DEPTH_MAX
    ]
    headers = [message.headers[index] for index in placed]
    return [*headers, *_field_headers(message, now_ms)], placed


def _is_name(name: str) -> bool:
    raw = encode_text(name)
    return (
        len(name) <= NAME_LENGTH_MAX
        and len(raw) <= NAME_BYTES_MAX
        and raw.decode("utf-8", "surrogateescape") == name
    )


def _field_headers(message: Message, now_ms: int) -> list[Header]:
    headers = [*trace_headers(message), *SPELLING.event_headers(message)]
    if message.key is not None:
        headers.append((KEY, _key_value(message.key)))
    if message.group is not None and is_utf8(message.group):
        headers.append((GROUP, message.group))
    if message.dedup is not None and is_utf8(message.dedup):
        headers.append((DEDUP, message.dedup))
    if (
        message.deliver_at_ms is not None
        and 0 < message.deliver_at_ms - now_ms <= EXPIRATION_MS_MAX
    ):
        headers.append((DELAY, message.deliver_at_ms - now_ms))
    return headers


def _key_value(key: bytes) -> Value:
    return key.decode() if is_text(key) else key


def _table(headers: Sequence[Header]) -> bytes:
    parts: list[bytes] = []
    for name, value in headers:
        raw = encode_text(name)
        parts += (_SIZES[len(raw)], raw, write_value(value))
    return b"".join(parts)


# What a reader is told about the delivery


def delivery_headers(delivery: Delivery | None) -> list[Header]:
    """RabbitMQ's `x-delivery-count` (attempts before this one) and, of a dead letter, its `x-death` history."""
    if delivery is None:
        return []
    headers: list[Header] = []
    if delivery.count > 1:
        headers.append(("x-delivery-count", delivery.count - 1))
    if delivery.dead is not None:
        deaths = [delivery.dead, *delivery.dead.history]
        headers.append(("x-death", [death_table(dead) for dead in deaths]))
        for when, dead in (("first", deaths[-1]), ("last", deaths[0])):
            headers += (
                (f"x-{when}-death-reason", dead.reason),
                (f"x-{when}-death-queue", dead.source),
                (f"x-{when}-death-exchange", ""),
            )
    return headers


def death_table(dead: Dead, exchange: str = "", routing_key: str | None = None) -> dict[str, Value]:
    """One entry of `x-death`, as RabbitMQ writes it."""
    return {
        "count": dead.count,
        "reason": dead.reason,
        "queue": dead.source,
        "time": Typed("timestamp", dead.at_ms),
        "exchange": exchange,
        "routing-keys": [dead.source if routing_key is None else routing_key],
    }

"""Format tag AMQP10: one message as AMQP 1.0 carries it, to the canonical message. `amqp10write` is the way back.

The stored form is `wire.amqp10.sections`': a prefix of places, then the sections as they came.

    header                  message                     properties             message
    durable, priority       of the same name            message-id             id, as text
    ttl                     expires_at, from storing    to, reply-to           of the same name
    message annotations                                 subject                type
    x-opt-partition-key     key                         correlation-id         correlation, typed
    x-opt-scheduled-        deliver_at                  content-*              of the same name
      enqueue-time                                      absolute-expiry-time   expires_at, where no ttl is
    application-properties                              creation-time          created_at
    cloudEvents:*           event                       group-id               group
    traceparent, ...        trace                       reply-to-group-id      reply_group
    others                  headers, typed              body                   body, and its shape

What the message cannot place is kept in rest["amqp10"], an encoded map: `annotations`, `footer`, `app` (application-
properties without counterpart), `body` (the sections, where the body is not one of data, or a string), and the
properties `user-id`, `group-sequence`, and those of another type than text.
"""

from typing import Any, Final
from uuid import UUID

from dragoman.formats.amqp10values import Untranslatable, to_value
from dragoman.formats.errors import FormatError
from dragoman.formats.lift import Spelling
from dragoman.formats.values import text_of
from dragoman.model.message import Header, Message
from dragoman.wire.amqp10.composites import from_bytes
from dragoman.wire.amqp10.decode import DecodeError, count_values, decode_whole
from dragoman.wire.amqp10.decode import decode as decode_value
from dragoman.wire.amqp10.encode import NotEncodable, encode
from dragoman.wire.amqp10.messaging import Properties
from dragoman.wire.amqp10.sections import DATA, SHAPES, VALUE, Sections, split_entry
from dragoman.wire.amqp10.values import Described, Symbol, Timestamp, UByte, UInt, ULong

PROTOCOL: Final = "amqp10"
PARTITION_KEY: Final = "x-opt-partition-key"
SCHEDULED: Final = "x-opt-scheduled-enqueue-time"
SPELLING: Final = Spelling("cloudEvents:", {})
VALUES_MAX: Final = 10_000  # in a body that is made JSON for other protocols: some 60 ms
IDS: Final = (ULong, bytes, UUID)
"""What an id may be besides text."""
_HEADER_KINDS: Final = (bool, UByte, UInt)

Kept = dict[str, Any]


def decode(entry: bytes, stored_ms: int = 0) -> Message:
    """The message; `stored_ms` is when it came, which its life counts from. Raises FormatError."""
    try:
        return _decode(entry, stored_ms)
    except DecodeError as error:
        raise FormatError(str(error)) from None


def _decode(entry: bytes, stored_ms: int) -> Message:
    parts = split_entry(entry)
    message = Message(b"")
    message.stored_at_us = stored_ms * 1000
    kept: Kept = {}
    _read_header(message, section(entry, parts.start, parts.annotations, list), stored_ms)
    _read_annotations(message, section(entry, parts.annotations, parts.properties, dict), kept)
    _read_properties(message, read_properties(entry, parts), kept)
    _read_application(message, section(entry, parts.application, parts.body, dict), kept)
    _read_body(message, entry[parts.body : parts.footer], parts.shape, kept)
    footer = section(entry, parts.footer, len(entry), dict)
    if footer:
        kept["footer"] = footer
    if kept:
        message.rest = {PROTOCOL: dump_kept(kept)}
    if any(SPELLING.is_suspect(name) for name, _ in message.headers):
        SPELLING.lift(message)
    return message


def section(entry: bytes, start: int, stop: int, kind: type) -> Any:
    """A section's list or map, empty where there is none. Raises DecodeError."""
    if start == stop:
        return kind()
    value, end = decode_value(entry, start)
    if end != stop or type(value) is not Described or type(value.value) is not kind:
        raise DecodeError("a section of another type than its own")
    return value.value


def read_properties(entry: bytes, parts: Sections) -> Properties:
    """The properties, all null where there are none. Raises DecodeError."""
    if parts.properties == parts.application:
        return Properties()
    value, end = from_bytes(entry, parts.properties)
    if end != parts.application or type(value) is not Properties:
        raise DecodeError("properties that are none")
    return value


def read_application(entry: bytes) -> list[Header]:
    """The application-properties that have a counterpart. Raises FormatError."""
    message = Message()
    try:
        parts = split_entry(entry)
        _read_application(message, section(entry, parts.application, parts.body, dict), {})
    except DecodeError as error:
        raise FormatError(str(error)) from None
    return [*message.headers]


def _read_header(message: Message, fields: list[Any], stored_ms: int) -> None:
    known = [*fields[:3], None, None, None][:3]
    for value, kind in zip(known, _HEADER_KINDS, strict=True):
        if value is not None and type(value) is not kind:
            raise DecodeError("a header with fields of other types")
    durable, priority, ttl = known
    message.durable = durable
    message.priority = None if priority is None else int(priority)
    message.expires_at_ms = None if ttl is None else stored_ms + int(ttl)


def _read_annotations(message: Message, found: dict[Any, Any], kept: Kept) -> None:
    others = {}
    for name, value in found.items():
        if type(name) not in (Symbol, ULong):
            raise DecodeError("an annotation's name that is no symbol")
        if name == PARTITION_KEY and type(value) is str:
            message.key = value.encode()
        elif name == SCHEDULED and type(value) is Timestamp:
            message.deliver_at_ms = int(value)
        else:
            others[name] = value
    if others:
        kept["annotations"] = others


def _read_properties(message: Message, said: Properties, kept: Kept) -> None:
    message.type = said.subject
    message.content_type = _plain(said.content_type)
    message.content_encoding = _plain(said.content_encoding)
    message.created_at_ms = said.creation_time
    message.group = said.group_id
    message.reply_group = said.reply_to_group_id
    message.correlation = None if said.correlation_id is None else to_value(said.correlation_id)
    for field, name, value in (
        ("id", "message-id", said.message_id),
        ("to", "to", said.to),
        ("reply_to", "reply-to", said.reply_to),
    ):
        if value is None:
            continue
        if type(value) is not str and type(value) not in IDS:
            raise DecodeError(f"a {name} of a type that no id has")
        setattr(message, field, value if type(value) is str else id_text(value))
        if type(value) is not str:
            kept[name] = value
    if said.user_id is not None:
        kept["user-id"] = said.user_id
    if said.group_sequence is not None:
        kept["group-sequence"] = UInt(said.group_sequence)
    if said.absolute_expiry_time is not None:
        if message.expires_at_ms is None:
            message.expires_at_ms = said.absolute_expiry_time
        else:
            kept["absolute-expiry-time"] = Timestamp(said.absolute_expiry_time)


def _plain(symbol: str | None) -> str | None:
    return None if symbol is None else str(symbol)


def id_text(value: Any) -> str:
    """An id of any type as text."""
    return value.hex() if type(value) is bytes else str(value)


def _read_application(message: Message, found: dict[Any, Any], kept: Kept) -> None:
    headers: list[Header] = []
    others = {}
    for name, value in found.items():
        if type(name) is not str:
            raise DecodeError("an application-property's name that is no string")
        try:
            headers.append((name, to_value(value)))
        except Untranslatable:
            others[name] = value
    message.headers = headers
    if others:
        kept["app"] = others


def _read_body(message: Message, raw: bytes, shape: int, kept: Kept) -> None:
    kind = SHAPES.get(shape)
    if kind is None:
        raise DecodeError(f"a body of shape {shape}")
    message.shape = kind
    message.body, is_plain = body_of(raw, shape)
    if not is_plain:
        kept["body"] = raw


def body_of(raw: bytes, shape: int) -> tuple[bytes | None, bool]:
    """The body as bytes, and whether these are all there is to it: as JSON; with very many values, as it is encoded.
    Raises DecodeError.
    """
    if shape not in {0, DATA} and count_values(raw, 0, len(raw), VALUES_MAX) > VALUES_MAX:
        return raw, False
    found: list[Any] = []
    pos = 0
    while pos < len(raw):
        value, pos = decode_value(raw, pos)
        if type(value) is not Described:
            raise DecodeError("no section where one should begin")
        found.append(value.value)
    if not shape:
        return b"", True
    if not found:
        raise DecodeError("no body where there should be one")
    if shape == DATA:
        if not all(type(item) is bytes for item in found):
            raise DecodeError("data that is not binary")
        return b"".join(found), len(found) == 1
    if shape == VALUE and (found[0] is None or type(found[0]) is str):
        return None if found[0] is None else found[0].encode(), True
    try:
        return text_of(to_value(found[0] if shape == VALUE else found)), False
    except Untranslatable:
        return b"", False


# What the message cannot place


def dump_kept(kept: Kept) -> bytes:
    """`rest["amqp10"]`: names in one order. Raises FormatError."""
    try:
        return encode({name: kept[name] for name in sorted(kept)})
    except NotEncodable as error:
        raise FormatError(str(error)) from None


def read_kept(message: Message) -> Kept:
    """What `rest` keeps; empty where it cannot be read. A client may have written it."""
    raw = (message.rest or {}).get(PROTOCOL)
    if raw is None:
        return {}
    try:
        found = decode_whole(raw)
    except DecodeError:
        return {}
    if type(found) is not dict or not all(_suits(name, found[name]) for name in found):
        return {}
    return found


def _suits(name: Any, value: Any) -> bool:
    kinds = _KEPT.get(name) if type(name) is str else None
    if kinds is None or type(value) not in kinds:
        return False
    names = _NAMES.get(name)
    return names is None or all(type(inner) in names for inner in value)


_KEPT: Final[dict[str, tuple[type, ...]]] = {
    "annotations": (dict,),
    "footer": (dict,),
    "app": (dict,),
    "body": (bytes,),
    "message-id": IDS,
    "to": IDS,
    "reply-to": IDS,
    "user-id": (bytes,),
    "group-sequence": (UInt,),
    "absolute-expiry-time": (Timestamp,),
}
_NAMES: Final = {"annotations": (Symbol, ULong), "footer": (Symbol, ULong, str), "app": (str,)}

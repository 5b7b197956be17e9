"""Service Bus's client and the stored form of AMQP 1.0: what its messages show, and what they are made of.

The client tells no string from binary that is UTF-8, and no width of a number: what it hands out is text where it can
be, and long. What it is given keeps its type: it takes a value as `{"TYPE": ..., "VALUE": ...}`.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from dragoman.cli.copying.ends import Entry
from dragoman.formats.amqp10 import read_properties, section
from dragoman.formats.amqp10write import section_bytes, section_bytes_of
from dragoman.formats.errors import FormatError
from dragoman.model.levels import AMQP10
from dragoman.wire.amqp10.composites import to_bytes
from dragoman.wire.amqp10.decode import DecodeError, decode
from dragoman.wire.amqp10.encode import NotEncodable, encode, encode_list
from dragoman.wire.amqp10.messaging import Properties
from dragoman.wire.amqp10.sections import (
    APPLICATION_PROPERTIES,
    DATA,
    MESSAGE_ANNOTATIONS,
    SEQUENCE,
    VALUE,
    pack_entry,
    slice_message,
    split_entry,
)
from dragoman.wire.amqp10.values import (
    Byte,
    Float,
    Int,
    Short,
    Symbol,
    Timestamp,
    UByte,
    UInt,
    ULong,
    UShort,
)

HEADER: Final = b"\x00\x53\x70"
PRIORITY: Final = 4  # of every message that says none (part 3, section 3.2.1)
ENQUEUED: Final = "x-opt-enqueued-time"
OWN: Final = (  # what a broker says of a message
    ENQUEUED,
    "x-opt-enqueue-sequence-number",
    "x-opt-lock-token",
    "x-opt-locked-until",
    "x-opt-message-state",
    "x-opt-scheduled-enqueue-time",  # it was due, or it would not be here
    "x-opt-sequence-number",
)
FIELDS: Final = Properties.__annotations__
TEXTS: Final = frozenset(
    {"subject", "content_type", "content_encoding", "group_id", "reply_to_group_id"}
)
KINDS: Final[Mapping[type, str]] = {
    UByte: "UBYTE",
    UShort: "USHORT",
    UInt: "UINT",
    ULong: "ULONG",
    Byte: "BYTE",
    Short: "SHORT",
    Int: "INT",
    int: "LONG",
    Float: "FLOAT",
    Timestamp: "TIMESTAMP",
    Symbol: "SYMBOL",
    bytes: "BINARY",
}


# From the client


def entry_of(message: Any, now_ms: int) -> Entry:
    """An AmqpAnnotatedMessage as the broker stores it. Raises FormatError."""
    annotations = {str(_seen(name)): _seen(one) for name, one in _items(message.annotations)}
    stored_ms = annotations.get(ENQUEUED, now_ms)
    kept = {Symbol(name): one for name, one in annotations.items() if name not in OWN}
    application = {
        str(_seen(name)): _seen(one) for name, one in _items(message.application_properties)
    }
    try:
        data = b"".join(
            (
                _header(message.header),
                section_bytes(MESSAGE_ANNOTATIONS, kept),
                _properties(message.properties),
                section_bytes(APPLICATION_PROPERTIES, application),
                _body(message.body_type.value, message.body),
            )
        )
        return Entry(AMQP10, pack_entry(slice_message(data)), stored_ms)
    except (NotEncodable, DecodeError) as error:
        raise FormatError(str(error)) from error


def _items(found: Mapping[Any, Any] | None) -> Any:
    return (found or {}).items()


def _seen(value: Any) -> Any:
    """A value as the client has it; text where it may be."""
    if isinstance(value, bytes | bytearray):
        try:
            return value.decode()
        except UnicodeDecodeError:
            return bytes(value)
    if isinstance(value, datetime):
        return Timestamp(value.timestamp() * 1000)
    if isinstance(value, list | tuple):
        return [_seen(one) for one in value]
    if isinstance(value, dict):
        return {_seen(name): _seen(one) for name, one in value.items()}
    return value


def _header(header: Any) -> bytes:
    if header is None:
        return b""
    said = (
        header.durable,
        None if header.priority in (None, PRIORITY) else UByte(header.priority),
        None if header.time_to_live is None else UInt(header.time_to_live),
    )
    return HEADER + encode_list([encode(one) for one in said])


def _properties(found: Any) -> bytes:
    if found is None:
        return b""
    said = {name: _field(name, getattr(found, name)) for name in FIELDS}
    properties = Properties(**{name: one for name, one in said.items() if one is not None})
    return b"" if properties == Properties() else to_bytes(properties)


def _field(name: str, value: Any) -> Any:
    if name == "user_id":
        return value.encode() if isinstance(value, str) else value
    if isinstance(value, bytes | bytearray):
        return _seen(value)
    if isinstance(value, int) and name.endswith("_id") and name not in TEXTS:
        return ULong(value)
    return value


def _body(kind: str, body: Any) -> bytes:
    if kind == "data":
        return section_bytes_of(DATA, b"".join(body))
    if kind == "sequence":
        return b"".join(section_bytes_of(SEQUENCE, _seen(one)) for one in body)
    return section_bytes_of(VALUE, _seen(body))


# To the client


def message_of(stored: bytes, amqp: Any) -> Any:
    """An AmqpAnnotatedMessage of the stored form; `amqp` is the client's module. Raises FormatError."""
    try:
        parts = split_entry(stored)
        header = section(stored, parts.start, parts.annotations, list)
        annotations = section(stored, parts.annotations, parts.properties, dict)
        properties = read_properties(stored, parts)
        application = section(stored, parts.application, parts.body, dict)
        body = _sections(stored[parts.body : parts.footer])
    except DecodeError as error:
        raise FormatError(str(error)) from error
    durable, priority, ttl = [*header[:3], None, None, None][:3]
    said = {name: _spoken(getattr(properties, name)) for name in FIELDS}
    return amqp.AmqpAnnotatedMessage(
        header=amqp.AmqpMessageHeader(
            durable=durable,
            priority=None if priority is None else int(priority),
            time_to_live=None if ttl is None else int(ttl),
        ),
        properties=amqp.AmqpMessageProperties(**said),
        annotations={str(name): _typed(one) for name, one in annotations.items()},
        application_properties={name: _typed(one) for name, one in application.items()},
        **body,
    )


def _sections(raw: bytes) -> dict[str, Any]:
    """The body's argument of the client's message. Raises DecodeError."""
    found: list[Any] = []
    pos = code = 0
    while pos < len(raw):
        value, pos = decode(raw, pos)
        code = int(value.descriptor)
        found.append(value.value)
    if code == SEQUENCE:
        return {"sequence_body": [[_typed(one) for one in each] for each in found]}
    if code == VALUE:
        return {"value_body": _typed(found[0])}
    return {"data_body": b"".join(found)}


def _spoken(value: Any) -> Any:
    """A field of the properties: the client knows what type each has."""
    if isinstance(value, UUID):
        return value
    if isinstance(value, str):
        return str(value)
    return int(value) if isinstance(value, int) else value


def _typed(value: Any) -> Any:
    kind = KINDS.get(type(value))
    if kind is None:
        if isinstance(value, list):
            return [_typed(one) for one in value]
        if isinstance(value, dict):
            return {_spoken(name): _typed(one) for name, one in value.items()}
        return value
    return {"TYPE": kind, "VALUE": _spoken(value)}

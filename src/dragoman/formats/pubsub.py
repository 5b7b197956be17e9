"""Format tag PUBSUB: one message as a client of Google Cloud Pub/Sub published it; its way to the canonical message.

    bytes of a google.pubsub.v1.PubsubMessage: data = 1, attributes = 2 (a map of strings), ordering_key = 5

What the broker says of a message, its id and the time of its publish, is not stored with it: the door appends both when
it hands the message out (fields of a protobuf message may be concatenated). Hot: taking apart, packing.

    Pub/Sub                    message                  attribute                       message
    data                       body                     content-type,                   of the same name
    ordering_key               group, or the key where    content-encoding, reply-to,
                                 x-partition-key says     type
                                 the same               message-id, correlation-id,     id, correlation,
    stored in a log            durable is true            app-id                          app
                                                        creation-time                   created_at
                                                        x-partition-key                 key
                                                        ce-*, traceparent, tracestate   event, trace
                                                        other attributes                headers, all of them text
"""

from datetime import UTC, datetime, timedelta
from typing import Final

from dragoman.formats.errors import FormatError
from dragoman.formats.lift import Spelling, set_key, set_text
from dragoman.formats.values import timestamp_text
from dragoman.model.message import Header, Message, Value

KEY: Final = "x-partition-key"
CREATED: Final = "creation-time"
CORRELATION: Final = "correlation-id"
FIELDS: Final = (
    ("content-type", "content_type"),
    ("content-encoding", "content_encoding"),
    ("message-id", "id"),
    ("reply-to", "reply_to"),
    ("type", "type"),
    ("app-id", "app"),
)

_DATA: Final = 1
_ATTRIBUTES: Final = 2
_ORDERING_KEY: Final = 5
_VARINT: Final = 0
_FIXED64: Final = 1
_SIZED: Final = 2
_FIXED32: Final = 5
_VARINT_SHIFT_MAX: Final = 63
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MS: Final = timedelta(milliseconds=1)
_TIME_CHARS_MAX: Final = 32


class PubsubMessage:
    """An entry taken apart; texts stay the bytes they are. Of an attribute's name the last counts."""

    __slots__ = ("attributes", "data", "is_plain", "ordering_key")

    def __init__(self) -> None:
        self.data: bytes = b""
        self.attributes: list[tuple[bytes, bytes]] = []
        self.ordering_key: bytes = b""
        self.is_plain: bool = True  # nothing else was there, and nothing twice

    def pack(self) -> bytes:
        """The stored form."""
        parts: list[bytes] = []
        if self.data:
            parts += (b"\x0a", varint(len(self.data)), self.data)
        for name, value in self.attributes:
            inner = sized(b"\x0a", name) + sized(b"\x12", value)
            parts += (b"\x12", varint(len(inner)), inner)
        if self.ordering_key:
            parts += (b"\x2a", varint(len(self.ordering_key)), self.ordering_key)
        return b"".join(parts)


def varint(number: int) -> bytes:
    """A number as protobuf writes it."""
    if number < 0x80:
        return bytes((number,))
    out = bytearray()
    while number >= 0x80:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)


def sized(tag: bytes, value: bytes) -> bytes:
    """A field of bytes or text."""
    return tag + varint(len(value)) + value


def read_varint(raw: bytes, at: int) -> tuple[int, int]:
    """(number, where it ends). Raises IndexError, FormatError."""
    number: int = raw[at]
    at += 1
    if number < 0x80:
        return number, at
    number &= 0x7F
    shift: int = 7
    while True:
        byte: int = raw[at]
        at += 1
        number |= (byte & 0x7F) << shift
        if byte < 0x80:
            return number, at
        shift += 7
        if shift > _VARINT_SHIFT_MAX:
            raise FormatError("a varint of more than ten bytes")


def unpack(entry: bytes) -> PubsubMessage:
    """An entry taken apart. Raises FormatError."""
    try:
        return _unpack(entry)
    except IndexError:
        raise FormatError("message cut short") from None


def _unpack(entry: bytes) -> PubsubMessage:
    message = PubsubMessage()
    at: int = 0
    size: int = len(entry)
    has_data: bool = False
    while at < size:
        tag, at = read_varint(entry, at)
        number: int = tag >> 3
        if tag & 7 != _SIZED:
            at = _skip(entry, at, tag & 7)
            message.is_plain = False
            continue
        length, at = read_varint(entry, at)
        end: int = at + length
        if end > size:
            raise FormatError("message cut short")
        if number == _DATA:
            message.is_plain = message.is_plain and not has_data
            has_data = True
            message.data = entry[at:end]
        elif number == _ATTRIBUTES:
            message.attributes.append(_read_attribute(entry[at:end]))
        elif number == _ORDERING_KEY:
            message.is_plain = message.is_plain and not message.ordering_key
            message.ordering_key = entry[at:end]
        else:
            message.is_plain = False
        at = end
    if len(message.attributes) > 1:
        found = dict(message.attributes)
        if len(found) != len(message.attributes):
            message.attributes = [*found.items()]
            message.is_plain = False
    return message


def _read_attribute(raw: bytes) -> tuple[bytes, bytes]:
    """An entry of the map; what is not there is empty."""
    name: bytes = b""
    value: bytes = b""
    at: int = 0
    size: int = len(raw)
    while at < size:
        tag, at = read_varint(raw, at)
        if tag & 7 != _SIZED:
            at = _skip(raw, at, tag & 7)
            continue
        length, at = read_varint(raw, at)
        end: int = at + length
        if end > size:
            raise FormatError("message cut short")
        if tag >> 3 == 1:
            name = raw[at:end]
        elif tag >> 3 == 2:
            value = raw[at:end]
        at = end
    return name, value


def _skip(raw: bytes, at: int, kind: int) -> int:
    """Where a field of no interest ends. Raises FormatError for groups, which nobody writes."""
    if kind == _VARINT:
        return read_varint(raw, at)[1]
    end: int = at + (8 if kind == _FIXED64 else 4)
    if kind not in (_FIXED64, _FIXED32) or end > len(raw):
        raise FormatError("message cut short, or a group")
    return end


# To the canonical message


def _set_key(message: Message, value: Value) -> bool:
    """An ordering key that says what the key says is no group."""
    if not set_key(message, value):
        return False
    if message.group == value:
        message.group = None
    return True


def _set_created(message: Message, value: Value) -> bool:
    created_at_ms = time_of(value) if type(value) is str else None
    if created_at_ms is None:
        return False
    message.created_at_ms = created_at_ms
    return True


def time_of(text: str) -> int | None:
    """Wall time in ms of what `timestamp_text` writes; None for any other text."""
    if len(text) > _TIME_CHARS_MAX:
        return None
    try:
        found = int(text) if text.lstrip("-").isdigit() else _moment_ms(text)
    except (ValueError, OverflowError):
        return None
    return found if timestamp_text(found) == text else None


def _moment_ms(text: str) -> int:
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError("a time without a zone")
    return (moment - _EPOCH) // _MS


SPELLING: Final = Spelling(
    "ce-",
    {name: set_text(field) for name, field in FIELDS}
    | {CREATED: _set_created, KEY: _set_key, CORRELATION: set_text("correlation")},
)


def decode(entry: bytes, stored_ms: int = 0) -> Message:
    """The message. Raises FormatError."""
    raw = unpack(entry)
    message = Message(raw.data)
    message.durable = True
    message.stored_at_us = stored_ms * 1000
    try:
        message.group = raw.ordering_key.decode() if raw.ordering_key else None
        message.headers = [(name.decode(), value.decode()) for name, value in raw.attributes]
    except UnicodeDecodeError:
        raise FormatError("text that is not UTF-8") from None
    if any(SPELLING.is_suspect(name) for name, _ in message.headers):
        SPELLING.lift(message)
    return message


def read_attributes(entry: bytes) -> list[Header]:
    """The attributes as headers, those that are fields included. Raises FormatError."""
    try:
        return [(name.decode(), value.decode()) for name, value in unpack(entry).attributes]
    except UnicodeDecodeError:
        raise FormatError("text that is not UTF-8") from None

"""Basic properties (AMQP 0-9-1 section 1.8.1.1), decoded one at a time when asked for.

`Properties` keeps the payload of a header frame as it came; a getter decodes its value and nothing
else, so that a door that wants the reply-to pays for the reply-to. `encode_header` makes a payload
from values. Text is UTF-8; bytes that are not survive as surrogate escapes, because RabbitMQ never
looked at them.
"""

import struct
from collections.abc import Mapping
from struct import Struct
from types import MappingProxyType
from typing import Any, Final

from dragoman.wire.amqp091 import propertyscan as flag
from dragoman.wire.amqp091.fieldtable import EMPTY_TABLE, FieldTable, decode_table, encode_table
from dragoman.wire.amqp091.methodcodec import encode_shortstr

BASIC_CLASS: Final = 60
DELIVERY_PERSISTENT: Final = 2

_HEADER: Final = Struct(">HHQH")
_BODY_BYTES: Final = Struct(">Q")

# Name, flag and kind of every property, in wire order.
FIELDS: Final[Mapping[str, tuple[int, str]]] = MappingProxyType(
    {
        "content_type": (flag.CONTENT_TYPE, "shortstr"),
        "content_encoding": (flag.CONTENT_ENCODING, "shortstr"),
        "headers": (flag.HEADERS, "table"),
        "delivery_mode": (flag.DELIVERY_MODE, "octet"),
        "priority": (flag.PRIORITY, "octet"),
        "correlation_id": (flag.CORRELATION_ID, "shortstr"),
        "reply_to": (flag.REPLY_TO, "shortstr"),
        "expiration": (flag.EXPIRATION, "shortstr"),
        "message_id": (flag.MESSAGE_ID, "shortstr"),
        "timestamp": (flag.TIMESTAMP, "timestamp"),
        "type": (flag.TYPE, "shortstr"),
        "user_id": (flag.USER_ID, "shortstr"),
        "app_id": (flag.APP_ID, "shortstr"),
        "cluster_id": (flag.CLUSTER_ID, "shortstr"),
    }
)


class Properties:
    """The properties of one message, over the raw payload of its header frame.

    A property that is absent reads as None; headers read as an empty table. AmqpError 502 when made
    over bytes that do not hold up, or when the headers repeat a name.
    """

    __slots__ = ("_spans", "flags", "payload")

    def __init__(self, payload: bytes) -> None:
        self.payload = payload
        self.flags = flag.scan_properties(payload).flags  # raises for whatever does not fit
        self._spans: dict[int, tuple[int, int]] | None = None

    @property
    def body_bytes(self) -> int:
        return int(_BODY_BYTES.unpack_from(self.payload, 4)[0])

    @property
    def content_type(self) -> str | None:
        return self._text(flag.CONTENT_TYPE)

    @property
    def content_encoding(self) -> str | None:
        return self._text(flag.CONTENT_ENCODING)

    @property
    def headers(self) -> FieldTable:
        if not self.flags & flag.HEADERS:
            return EMPTY_TABLE
        return decode_table(self.payload, self._span(flag.HEADERS)[0])[0]

    @property
    def delivery_mode(self) -> int | None:
        return self._octet(flag.DELIVERY_MODE)

    @property
    def priority(self) -> int | None:
        return self._octet(flag.PRIORITY)

    @property
    def correlation_id(self) -> str | None:
        return self._text(flag.CORRELATION_ID)

    @property
    def reply_to(self) -> str | None:
        return self._text(flag.REPLY_TO)

    @property
    def expiration(self) -> str | None:
        """Milliseconds to live, as the text the publisher wrote."""
        return self._text(flag.EXPIRATION)

    @property
    def message_id(self) -> str | None:
        return self._text(flag.MESSAGE_ID)

    @property
    def timestamp_s(self) -> int | None:
        """Seconds since 1970, unsigned 64 bits."""
        if not self.flags & flag.TIMESTAMP:
            return None
        return int(_BODY_BYTES.unpack_from(self.payload, self._span(flag.TIMESTAMP)[0])[0])

    @property
    def type(self) -> str | None:
        return self._text(flag.TYPE)

    @property
    def user_id(self) -> str | None:
        return self._text(flag.USER_ID)

    @property
    def app_id(self) -> str | None:
        return self._text(flag.APP_ID)

    @property
    def cluster_id(self) -> str | None:
        return self._text(flag.CLUSTER_ID)

    def as_dict(self) -> dict[str, Any]:
        """The properties that are present, under the names `encode_header` takes."""
        readers = {"timestamp": "timestamp_s"}
        return {
            name: getattr(self, readers.get(name, name))
            for name, (bit, _kind) in FIELDS.items()
            if self.flags & bit
        }

    def _text(self, bit: int) -> str | None:
        if not self.flags & bit:
            return None
        start, stop = self._span(bit)
        return self.payload[start + 1 : stop].decode(errors="surrogateescape")

    def _octet(self, bit: int) -> int | None:
        return self.payload[self._span(bit)[0]] if self.flags & bit else None

    def _span(self, bit: int) -> tuple[int, int]:
        """Where the value of a present property starts and stops."""
        if self._spans is None:
            self._spans = _spans(self.payload, self.flags)
        return self._spans[bit]


def encode_header(body_bytes: int, properties: Mapping[str, Any]) -> bytes:
    """The payload of a header frame of class basic, from properties by name (None: absent).

    KeyError for a name that is none, ValueError for a value that does not fit.
    """
    flags = 0
    values = []
    for name in properties:
        if name not in FIELDS:
            raise KeyError(name)
    for name, (bit, kind) in FIELDS.items():
        value = properties.get(name)
        if value is not None:
            flags |= bit
            values.append(_encode_value(kind, value))
    return _HEADER.pack(BASIC_CLASS, 0, body_bytes, flags) + b"".join(values)


def with_body_bytes(payload: bytes, body_bytes: int) -> bytes:
    """The same header for a body of another size."""
    return payload[:4] + _BODY_BYTES.pack(body_bytes) + payload[12:]


def _encode_value(kind: str, value: Any) -> bytes:
    try:
        match kind:
            case "shortstr":
                return encode_shortstr(value.encode(errors="surrogateescape"))
            case "table":
                return encode_table(value)
            case "octet":
                return struct.pack(">B", value)
            case _:
                return _BODY_BYTES.pack(value)
    except struct.error as error:
        msg = f"{value!r} is no {kind}"
        raise ValueError(msg) from error


def _spans(payload: bytes, flags: int) -> dict[int, tuple[int, int]]:
    """Where each value lies. The scan has checked that they fit."""
    spans = {}
    pos = flag.PROPERTIES_AT
    for bit, kind in FIELDS.values():
        if flags & bit:
            start = pos
            pos += _value_bytes(payload, pos, kind)
            spans[bit] = (start, pos)
    return spans


def _value_bytes(payload: bytes, pos: int, kind: str) -> int:
    match kind:
        case "shortstr":
            return 1 + payload[pos]
        case "table":
            return 4 + int(struct.unpack_from(">I", payload, pos)[0])
        case "octet":
            return 1
        case _:
            return 8

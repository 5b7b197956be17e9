"""An AMQP 0-9-1 message taken apart and put together again, for the few changes a broker makes to it.

Whatever is not changed keeps its bytes: type letters, duplicates, properties nobody knows. The stored form is drawn in
`amqp091`.
"""

from struct import Struct
from typing import Final

from dragoman.formats.amqp091 import split
from dragoman.formats.amqptable import read_value, value_end, write_value
from dragoman.formats.errors import FormatError
from dragoman.formats.values import encode_text
from dragoman.model.message import Value
from dragoman.wire.amqp091 import propertyscan as flag
from dragoman.wire.amqp091.properties import FIELDS

_FLAGS: Final = Struct(">H")
_U32: Final = Struct(">I")
_FLAGS_AT: Final = 12  # in the header payload
_KINDS: Final = tuple(FIELDS.values())


class AmqpMessage:
    """One message in pieces: `headers` (name, letter and value), other `properties` raw by flag."""

    __slots__ = ("body", "exchange", "head", "headers", "properties", "routing_key")

    def __init__(self, entry: bytes) -> None:
        """Raises FormatError."""
        self.exchange, self.routing_key, start, stop = split(entry)
        self.head = entry[start : start + _FLAGS_AT]
        self.body = entry[stop:]
        self.headers: list[tuple[bytes, bytes]] = []
        self.properties: dict[int, bytes] = {}
        flags = int(_FLAGS.unpack_from(entry, start + _FLAGS_AT)[0])
        try:
            end = self._read(entry, start + flag.PROPERTIES_AT, stop, flags)
        except IndexError:
            end = -1
        if end != stop or flags & flag.UNDEFINED_FLAGS:
            raise FormatError("properties do not fill the content header")

    def _read(self, entry: bytes, pos: int, stop: int, flags: int) -> int:
        for bit, kind in _KINDS:
            if not flags & bit:
                continue
            end = pos + _size(entry, pos, kind)
            if end > stop:
                raise FormatError("property cut short")
            if bit == flag.HEADERS:
                self.headers = _spans(entry, pos + 4, end)
            else:
                self.properties[bit] = entry[pos:end]
            pos = end
        return pos

    def header(self, name: str) -> Value:
        """The first header of that name; None when there is none."""
        raw = encode_text(name)
        for found, field in self.headers:
            if found == raw:
                return read_value(field)
        return None

    def set_header(self, name: str, value: Value) -> None:
        """In the place of the first of that name, or behind all others."""
        raw = encode_text(name)
        assert len(raw) <= 255
        pair = (raw, write_value(value))
        for at, (found, _) in enumerate(self.headers):
            if found == raw:
                self.headers[at] = pair
                return
        self.headers.append(pair)

    def remove_header(self, name: str) -> None:
        """All of that name."""
        raw = encode_text(name)
        self.headers = [pair for pair in self.headers if pair[0] != raw]

    def text(self, bit: int) -> str | None:
        """A text property."""
        raw = self.properties.get(bit)
        return None if raw is None else raw[1:].decode("utf-8", "surrogateescape")

    def encode(self) -> bytes:
        """The stored form."""
        values = dict(self.properties)
        if self.headers:
            table = b"".join([bytes((len(name),)) + name + field for name, field in self.headers])
            values[flag.HEADERS] = _U32.pack(len(table)) + table
        bits = sorted(values, reverse=True)
        parts = [self.head, _FLAGS.pack(sum(bits)), *[values[bit] for bit in bits]]
        header = b"".join(parts)
        return b"".join(
            (
                bytes((len(self.exchange),)),
                self.exchange,
                bytes((len(self.routing_key),)),
                self.routing_key,
                _U32.pack(len(header)),
                header,
                self.body,
            )
        )


def _size(entry: bytes, pos: int, kind: str) -> int:
    match kind:
        case "shortstr":
            return 1 + entry[pos]
        case "table":
            return 4 + int.from_bytes(entry[pos : pos + 4])
        case "octet":
            return 1
        case _:
            return 8


def _spans(data: bytes, pos: int, end: int) -> list[tuple[bytes, bytes]]:
    found: list[tuple[bytes, bytes]] = []
    while pos < end:
        name_end = pos + 1 + data[pos]
        if name_end >= end:
            raise FormatError("header name cut short")
        stop = value_end(data, name_end, end)
        found.append((data[pos + 1 : name_end], data[name_end:stop]))
        pos = stop
    return found

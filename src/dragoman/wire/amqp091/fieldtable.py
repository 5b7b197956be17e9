"""Field tables (AMQP 0-9-1 section 4.2.5.5) with RabbitMQ's type letters.

A table is a mapping from name to `Field(letter, value)`. The letter is kept because several letters
carry the same Python type, and a table that is decoded and encoded again gives the same bytes:

    letter  value                         letter  value
    t       bool                          f d     float (4 and 8 bytes)
    b B     int, 8 bits, signed / not     D       (scale, unscaled), u8 and u32
    s u     int, 16 bits                  S x     bytes: text by custom, and opaque
    I i     int, 32 bits                  T       int, seconds since 1970, unsigned 64 bits
    l L     int, 64 bits, both signed     A F     list of Field, table
    V       None

Names are text; bytes that are not UTF-8 survive as surrogate escapes. What does not survive: a `t`
other than 0 and 1 becomes 1, and a signalling NaN in `f` may turn quiet. A name given twice is
refused: the specification leaves its meaning open. A canonical type maps from the letter; nothing
here guesses.

Bounds: `TABLE_DEPTH_MAX` nested containers, `TABLE_ITEMS_MAX` values in all, and the bytes at hand.
"""

import struct
from collections.abc import Mapping
from struct import Struct
from types import MappingProxyType
from typing import Any, Final, NamedTuple

from dragoman.wire.amqp091.errors import AmqpError, syntax_error

TABLE_DEPTH_MAX: Final = (
    32  # RabbitMQ sets none; deeper than any real header, far from the stack's end
)
TABLE_ITEMS_MAX: Final = 16_384
NAME_BYTES_MAX: Final = 255

_U32: Final = Struct(">I")

FIXED: Final[Mapping[str, Struct]] = MappingProxyType(
    {
        letter: Struct(">" + code)
        for letter, code in zip("tbBsuIilLfdT", "BbBhHiIqqfdQ", strict=True)
    }
)


class Field(NamedTuple):
    """One typed value: a type letter and the Python value the module's table gives for it."""

    letter: str
    value: Any


FieldTable = Mapping[str, Field]
EMPTY_TABLE: Final[FieldTable] = MappingProxyType({})


def decode_table(data: bytes, start: int) -> tuple[FieldTable, int]:
    """Decode the table whose u32 length stands at `start`; returns it and where it ends.

    Raises:
        AmqpError: 502 for an unknown letter, a length that does not fit, or a bound passed.
    """
    reader = _Reader(data)
    end = reader.stop_of(start, len(data))
    return reader.table(start + 4, end, 1), end


def encode_table(table: FieldTable) -> bytes:
    """The table's bytes, u32 length first. Values must fit their letters (ValueError otherwise)."""
    body = bytearray()
    for name, field in table.items():
        raw = name.encode(errors="surrogateescape")
        if len(raw) > NAME_BYTES_MAX:
            msg = f"field name of {len(raw)} bytes"
            raise ValueError(msg)
        body.append(len(raw))
        body += raw
        body += encode_field(field)
    return _U32.pack(len(body)) + bytes(body)


def encode_field(field: Field) -> bytes:
    """The letter and the value's bytes."""
    letter, value = field
    return letter.encode() + _encode_value(letter, value)


def _encode_value(letter: str, value: Any) -> bytes:
    if letter in FIXED:
        try:
            return FIXED[letter].pack(value)
        except (struct.error, OverflowError) as error:
            msg = f"{value!r} does not fit the field type {letter}"
            raise ValueError(msg) from error
    match letter:
        case "S" | "x":
            return _U32.pack(len(value)) + bytes(value)
        case "F":
            return encode_table(value)
        case "A":
            items = b"".join(encode_field(item) for item in value)
            return _U32.pack(len(items)) + items
        case "D":
            return struct.pack(">BI", *value)
        case "V":
            return b""
        case _:
            msg = f"no field type {letter!r}"
            raise ValueError(msg)


class _Reader:
    """Walks one table, checks every length before use, and counts the values it makes."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._items_left = TABLE_ITEMS_MAX

    def stop_of(self, start: int, limit: int) -> int:
        """Where the bytes counted by the u32 at `start` end; never past `limit`."""
        if start + 4 > limit:
            raise _cut_short()
        stop = start + 4 + int(_U32.unpack_from(self._data, start)[0])
        if stop > limit:
            raise _cut_short()
        return stop

    def table(self, pos: int, end: int, depth: int) -> FieldTable:
        _check_depth(depth)
        found: dict[str, Field] = {}
        while pos < end:
            name_end = pos + 1 + self._data[pos]
            if name_end >= end:
                raise _cut_short()
            name = self._data[pos + 1 : name_end].decode(errors="surrogateescape")
            if name in found:
                raise syntax_error(f"field '{name}' given twice".encode(errors="replace").decode())
            found[name], pos = self._field(name_end, end, depth)
        return found

    def _array(self, pos: int, end: int, depth: int) -> list[Field]:
        _check_depth(depth)
        found: list[Field] = []
        while pos < end:
            field, pos = self._field(pos, end, depth)
            found.append(field)
        return found

    def _field(self, pos: int, end: int, depth: int) -> tuple[Field, int]:
        self._items_left -= 1
        if self._items_left < 0:
            raise syntax_error(f"table of more than {TABLE_ITEMS_MAX} values")
        letter = chr(self._data[pos])
        value, stop = self._value(letter, pos + 1, end, depth)
        return Field(letter, value), stop

    def _value(self, letter: str, pos: int, end: int, depth: int) -> tuple[Any, int]:
        if letter in FIXED:
            form = FIXED[letter]
            if pos + form.size > end:
                raise _cut_short()
            value = form.unpack_from(self._data, pos)[0]
            return bool(value) if letter == "t" else value, pos + form.size
        match letter:
            case "S" | "x":
                stop = self.stop_of(pos, end)
                return self._data[pos + 4 : stop], stop
            case "F":
                stop = self.stop_of(pos, end)
                return self.table(pos + 4, stop, depth + 1), stop
            case "A":
                stop = self.stop_of(pos, end)
                return self._array(pos + 4, stop, depth + 1), stop
            case "D":
                if pos + 5 > end:
                    raise _cut_short()
                return struct.unpack_from(">BI", self._data, pos), pos + 5
            case "V":
                return None, pos
            case _:
                raise syntax_error(f"unknown field type {letter!a}")


def _check_depth(depth: int) -> None:
    if depth > TABLE_DEPTH_MAX:
        raise syntax_error(f"table nested deeper than {TABLE_DEPTH_MAX}")


def _cut_short() -> AmqpError:
    return syntax_error("table cut short")

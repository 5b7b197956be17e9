"""Bytes to values (part 1, section 1.6): every constructor, nothing trusted. Cold: performatives, annotations.

Bounds, held before anything is made: DEPTH_MAX for what stands inside each other; an item of a list, map or array takes
a byte at least, but for arrays of types without width (`null`, `true`, `0`), which have EMPTY_ITEMS_MAX. A map with one
name twice, or with a name that cannot be one (a list), is refused.
"""

from collections.abc import Callable
from struct import Struct
from struct import error as StructError  # noqa: N812
from typing import Any, Final
from uuid import UUID

from dragoman.wire.amqp10.encode import DEPTH_MAX
from dragoman.wire.amqp10.values import (
    DECIMAL_BYTES,
    INTEGER_BITS,
    Array,
    Byte,
    Char,
    Decimal32,
    Decimal64,
    Decimal128,
    Described,
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

EMPTY_ITEMS_MAX: Final = 4_096
_U32: Final = Struct(">I").unpack_from
_FLOAT: Final = Struct(">f").unpack_from
_DOUBLE: Final = Struct(">d").unpack_from

Read = Callable[[bytes, int, int], tuple[Any, int]]
"""(data, where the value begins behind its constructor, depth) -> the value, where it ends."""


class DecodeError(ValueError):
    """The bytes are no value."""


def decode(data: bytes, start: int = 0, depth: int = 0) -> tuple[Any, int]:
    """The value that begins at `start`, and where it ends. Raises DecodeError."""
    try:
        return _value(data, start, depth)
    except (IndexError, StructError):
        raise DecodeError("cut short") from None
    except UnicodeDecodeError as error:
        raise DecodeError(f"text that is none: {error.reason}") from None


def decode_whole(data: bytes) -> Any:
    """The one value that `data` is. Raises DecodeError."""
    value, end = decode(data)
    if end != len(data):
        raise DecodeError(f"{len(data) - end} bytes behind the value")
    return value


def decode_many(data: bytes, start: int, stop: int, count: int, depth: int = 0) -> list[Any]:
    """`count` values that fill data[start:stop]. Raises DecodeError."""
    if count > stop - start or stop > len(data):
        raise DecodeError(f"{count} values in {stop - start} bytes")
    values: list[Any] = []
    pos = start
    for _ in range(count):
        value, pos = decode(data, pos, depth)
        values.append(value)
    if pos != stop:
        raise DecodeError("values that do not fill their list")
    return values


def skip(data: bytes, start: int = 0) -> int:
    """Where the value at `start` ends, without looking into it. Raises DecodeError."""
    try:
        code = data[start]
        pos = start + 1
        if code == 0:
            return skip(data, skip(data, pos))
        width = _WIDTHS[code >> 4]
        if width >= 0:
            end = pos + width
        elif width == _SIZED_8:
            end = pos + 1 + data[pos]
        elif width == _SIZED_32:
            end = pos + 4 + int(_U32(data, pos)[0])
        else:
            raise DecodeError(f"no constructor 0x{code:02x}")
    except (IndexError, StructError, RecursionError):
        raise DecodeError("cut short") from None
    if end > len(data):
        raise DecodeError("cut short")
    return end


def count_values(data: bytes, start: int, end: int, most: int) -> int:
    """How many values data[start:end] is made of, those inside others and descriptors included; one more than `most`
    where there are more, so that no more are looked at. Raises DecodeError.
    """
    total = 0
    spans = [(start, end)]
    while spans:
        pos, stop = spans.pop()
        while pos < stop:
            total += 1
            if total > most:
                return total
            code = data[pos]
            if code == 0:
                pos += 1
                continue
            after = skip(data, pos)
            width = _COUNTED.get(code, 0)
            if code >= _ARRAYS:
                total += int.from_bytes(data[pos + 1 + width : pos + 1 + 2 * width], "big")
            elif width:
                spans.append((after, stop))
                after, stop = pos + 1 + 2 * width, after
            pos = after
    return min(total, most + 1)


_COUNTED: Final = {0xC0: 1, 0xC1: 1, 0xD0: 4, 0xD1: 4, 0xE0: 1, 0xF0: 4}
"""Lists, maps and arrays: bytes of their size, and of their count behind it."""
_ARRAYS: Final = 0xE0
_SIZED_8: Final = -1
_SIZED_32: Final = -2
_NONE: Final = -3
_WIDTHS: Final = (
    *(_NONE, _NONE, _NONE, _NONE),
    *(0, 1, 2, 4, 8, 16),
    *(_SIZED_8, _SIZED_32, _SIZED_8, _SIZED_32, _SIZED_8, _SIZED_32),
)
"""By a constructor's upper half: bytes that follow it, or how many bytes say so (part 1, section 1.2)."""


def _value(data: bytes, start: int, depth: int) -> tuple[Any, int]:
    if depth > DEPTH_MAX:
        raise DecodeError("nested too deep")
    code = data[start]
    if code == 0:
        descriptor, pos = _value(data, start + 1, depth + 1)
        value, pos = _value(data, pos, depth + 1)
        return Described(descriptor, value), pos
    return _reader(code)(data, start + 1, depth)


def _reader(code: int) -> Read:
    read = _READERS.get(code)
    if read is None:
        raise DecodeError(f"no constructor 0x{code:02x}")
    return read


def _constant(value: Any) -> Read:
    return lambda _, pos, __: (value, pos)


def _boolean(data: bytes, pos: int, depth: int) -> tuple[bool, int]:
    if data[pos] > 1:
        raise DecodeError("a boolean that is neither 0 nor 1")
    return data[pos] == 1, pos + 1


def _integer(kind: type, width: int) -> Read:
    signed = INTEGER_BITS[kind][1]

    def read(data: bytes, pos: int, depth: int) -> tuple[Any, int]:
        end = pos + width
        number = int.from_bytes(_take(data, pos, end), "big", signed=signed)
        return (number if kind is int else kind(number)), end

    return read


def _float(data: bytes, pos: int, depth: int) -> tuple[Any, int]:
    return Float(_FLOAT(data, pos)[0]), pos + 4


def _double(data: bytes, pos: int, depth: int) -> tuple[Any, int]:
    return float(_DOUBLE(data, pos)[0]), pos + 8


def _char(data: bytes, pos: int, depth: int) -> tuple[Any, int]:
    number = int(_U32(data, pos)[0])
    if number > 0x10FFFF or 0xD800 <= number <= 0xDFFF:
        raise DecodeError(f"no character 0x{number:x}")
    return Char(chr(number)), pos + 4


def _decimal(kind: type) -> Read:
    width = DECIMAL_BYTES[kind]
    return lambda data, pos, _: (kind(_take(data, pos, pos + width)), pos + width)


def _uuid(data: bytes, pos: int, depth: int) -> tuple[Any, int]:
    return UUID(bytes=_take(data, pos, pos + 16)), pos + 16


def _take(data: bytes, start: int, end: int) -> bytes:
    if end > len(data):
        raise DecodeError("cut short")
    return data[start:end]


def _variable(kind: type, width: int) -> Read:
    """Binary, string or symbol, whose length takes `width` bytes."""

    def read(data: bytes, pos: int, depth: int) -> tuple[Any, int]:
        start = pos + width
        end = start + int.from_bytes(_take(data, pos, start), "big")
        raw = _take(data, start, end)
        if kind is bytes:
            return raw, end
        return (raw.decode() if kind is str else Symbol(raw.decode("ascii"))), end

    return read


def _compound(width: int) -> Callable[[bytes, int], tuple[int, int, int]]:
    """Where the items begin, where they end, and how many there are."""

    def read(data: bytes, pos: int) -> tuple[int, int, int]:
        start = pos + 2 * width
        size = int.from_bytes(_take(data, pos, pos + width), "big")
        count = int.from_bytes(_take(data, pos + width, start), "big")
        stop = pos + width + size
        if stop > len(data) or start > stop:
            raise DecodeError("cut short")
        return start, stop, count

    return read


def _list(width: int) -> Read:
    header = _compound(width)

    def read(data: bytes, pos: int, depth: int) -> tuple[Any, int]:
        start, stop, count = header(data, pos)
        return decode_many(data, start, stop, count, depth + 1), stop

    return read


def _map(width: int) -> Read:
    header = _compound(width)

    def read(data: bytes, pos: int, depth: int) -> tuple[Any, int]:
        start, stop, count = header(data, pos)
        if count % 2:
            raise DecodeError("a map with a name and no value")
        sides = decode_many(data, start, stop, count, depth + 1)
        try:
            found = dict(zip(sides[::2], sides[1::2], strict=True))
        except TypeError:
            raise DecodeError("a map with a compound as a name") from None
        if len(found) * 2 != count:
            raise DecodeError("a map with one name twice")
        return found, stop

    return read


def _array(width: int) -> Read:
    header = _compound(width)

    def read(data: bytes, pos: int, depth: int) -> tuple[Any, int]:
        start, stop, count = header(data, pos)
        if depth >= DEPTH_MAX:
            raise DecodeError("nested too deep")
        descriptor = None
        code = data[start]
        pos = start + 1
        if code == 0:
            descriptor, pos = _value(data, pos, depth + 1)
            code = data[pos]
            pos += 1
        element = _reader(code)
        if count > max(stop - pos, EMPTY_ITEMS_MAX if code in _EMPTY else 0):
            raise DecodeError(f"{count} items in {stop - pos} bytes")
        items: list[Any] = []
        for _ in range(count):
            item, pos = element(data, pos, depth + 1)
            items.append(item)
        if pos != stop:
            raise DecodeError("items that do not fill their array")
        return Array(_KINDS[code], items, descriptor), stop

    return read


_EMPTY: Final = frozenset((0x40, 0x41, 0x42, 0x43, 0x44, 0x45))
_TABLE: Final[tuple[tuple[int, type, Read], ...]] = (
    (0x40, type(None), _constant(None)),
    (0x41, bool, _constant(value=True)),
    (0x42, bool, _constant(value=False)),
    (0x56, bool, _boolean),
    (0x50, UByte, _integer(UByte, 1)),
    (0x60, UShort, _integer(UShort, 2)),
    (0x70, UInt, _integer(UInt, 4)),
    (0x52, UInt, _integer(UInt, 1)),
    (0x43, UInt, _constant(UInt(0))),
    (0x80, ULong, _integer(ULong, 8)),
    (0x53, ULong, _integer(ULong, 1)),
    (0x44, ULong, _constant(ULong(0))),
    (0x51, Byte, _integer(Byte, 1)),
    (0x61, Short, _integer(Short, 2)),
    (0x71, Int, _integer(Int, 4)),
    (0x54, Int, _integer(Int, 1)),
    (0x81, int, _integer(int, 8)),
    (0x55, int, _integer(int, 1)),
    (0x72, Float, _float),
    (0x82, float, _double),
    (0x74, Decimal32, _decimal(Decimal32)),
    (0x84, Decimal64, _decimal(Decimal64)),
    (0x94, Decimal128, _decimal(Decimal128)),
    (0x73, Char, _char),
    (0x83, Timestamp, _integer(Timestamp, 8)),
    (0x98, UUID, _uuid),
    (0xA0, bytes, _variable(bytes, 1)),
    (0xB0, bytes, _variable(bytes, 4)),
    (0xA1, str, _variable(str, 1)),
    (0xB1, str, _variable(str, 4)),
    (0xA3, Symbol, _variable(Symbol, 1)),
    (0xB3, Symbol, _variable(Symbol, 4)),
    (0x45, list, lambda _, pos, __: ([], pos)),
    (0xC0, list, _list(1)),
    (0xD0, list, _list(4)),
    (0xC1, dict, _map(1)),
    (0xD1, dict, _map(4)),
    (0xE0, Array, _array(1)),
    (0xF0, Array, _array(4)),
)
_READERS: Final = {code: read for code, _, read in _TABLE}
_KINDS: Final = {code: kind for code, kind, _ in _TABLE}
CODES: Final = frozenset(_READERS)

"""Values to bytes, each in its shortest form (part 1, section 1.6). Cold: performatives, annotations, answers.

Elements of an array have one constructor, so they take the widest one of their type.
"""

from collections.abc import Callable, Mapping
from struct import Struct
from struct import error as StructError  # noqa: N812
from typing import Any, Final
from uuid import UUID

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

DEPTH_MAX: Final = 32  # of lists, maps, arrays and descriptors inside each other
_BYTE_MAX: Final = 0xFF
_pack_u32: Final = Struct(">I").pack
_pack_two_u32: Final = Struct(">BII").pack
NULL: Final = b"\x40"
TRUE: Final = b"\x41"
FALSE: Final = b"\x42"
EMPTY_LIST: Final = b"\x45"


class NotEncodable(ValueError):
    """The value is of no AMQP type, out of its type's range, or nested too deep."""


def encode(value: Any, depth: int = 0) -> bytes:
    """The value with its constructor. Raises NotEncodable."""
    encoder = _ENCODERS.get(type(value))
    if encoder is None:
        raise NotEncodable(f"{type(value).__name__} is no AMQP type")
    if depth > DEPTH_MAX:
        raise NotEncodable("nested too deep")
    try:
        return encoder(value, depth)
    except NotEncodable:
        raise
    except (StructError, OverflowError, ValueError) as error:
        raise NotEncodable(f"{value!r:.80}: {error}") from None


def encode_uint(value: int) -> bytes:
    """A uint of any of its three forms."""
    if value == 0:
        return b"\x43"
    if value <= _BYTE_MAX:
        return bytes((0x52, value))
    return b"\x70" + value.to_bytes(4, "big")


def encode_ulong(value: int) -> bytes:
    """A ulong of any of its three forms."""
    if value == 0:
        return b"\x44"
    if value <= _BYTE_MAX:
        return bytes((0x53, value))
    return b"\x80" + value.to_bytes(8, "big")


def encode_binary(value: bytes) -> bytes:
    """Binary of either form."""
    return _sized(0xA0, 0xB0, value)


def encode_string(value: str) -> bytes:
    """A string of either form."""
    return _sized(0xA1, 0xB1, value.encode())


def encode_symbol(value: str) -> bytes:
    """A symbol of either form. Raises UnicodeEncodeError for what is not ASCII."""
    return _sized(0xA3, 0xB3, value.encode("ascii"))


def encode_list(parts: list[bytes]) -> bytes:
    """A list of values that are encoded already."""
    return _compound(0xC0, 0xD0, parts) if parts else EMPTY_LIST


def encode_map(parts: list[bytes]) -> bytes:
    """A map of names and values, in turns, that are encoded already."""
    return _compound(0xC1, 0xD1, parts)


def _sized(short: int, long: int, data: bytes) -> bytes:
    size = len(data)
    if size <= _BYTE_MAX:
        return bytes((short, size)) + data
    return bytes((long,)) + _pack_u32(size) + data


def _compound(short: int, long: int, parts: list[bytes]) -> bytes:
    body = b"".join(parts)
    if len(body) < _BYTE_MAX and len(parts) <= _BYTE_MAX:
        return bytes((short, len(body) + 1, len(parts))) + body
    return _pack_two_u32(long, len(body) + 4, len(parts)) + body


def _null(value: None, depth: int) -> bytes:
    return NULL


def _boolean(value: bool, depth: int) -> bytes:
    return TRUE if value else FALSE


def _uint(value: int, depth: int) -> bytes:
    return encode_uint(value)


def _ulong(value: int, depth: int) -> bytes:
    return encode_ulong(value)


def _int(value: int, depth: int) -> bytes:
    return _small(0x54, 0x71, value, 4)


def _long(value: int, depth: int) -> bytes:
    return _small(0x55, 0x81, value, 8)


def _small(short: int, long: int, value: int, width: int) -> bytes:
    if -0x80 <= value <= 0x7F:
        return bytes((short, value & _BYTE_MAX))
    return bytes((long,)) + value.to_bytes(width, "big", signed=True)


def _list(value: list[Any], depth: int) -> bytes:
    return encode_list([encode(item, depth + 1) for item in value])


def _map(value: dict[Any, Any], depth: int) -> bytes:
    parts: list[bytes] = []
    for name, item in value.items():
        parts += (encode(name, depth + 1), encode(item, depth + 1))
    return encode_map(parts)


def _described(value: Described, depth: int) -> bytes:
    return b"\x00" + encode(value.descriptor, depth + 1) + encode(value.value, depth + 1)


def _array(value: Array, depth: int) -> bytes:
    constructor = _constructor(value, depth)
    write = _ELEMENTS[value.kind][1]
    parts = [write(_of_kind(value.kind, item), depth + 1) for item in value.items]
    body = constructor + b"".join(parts)
    if len(body) < _BYTE_MAX and len(parts) <= _BYTE_MAX:
        return bytes((0xE0, len(body) + 1, len(parts))) + body
    return _pack_two_u32(0xF0, len(body) + 4, len(parts)) + body


def _constructor(value: Array, depth: int) -> bytes:
    if value.kind not in _ELEMENTS:
        raise NotEncodable(f"no array of {value.kind.__name__}")
    code = bytes((_ELEMENTS[value.kind][0],))
    if value.descriptor is None:
        return code
    return b"\x00" + encode(value.descriptor, depth + 1) + code


def _of_kind(kind: type, item: Any) -> Any:
    if type(item) is not kind:
        raise NotEncodable(f"{item!r:.80} in an array of {kind.__name__}")
    return item


def _tail(value: Any, depth: int) -> bytes:
    """An element of an array of compounds: the wide form without its constructor."""
    if depth > DEPTH_MAX:
        raise NotEncodable("nested too deep")
    if type(value) is Array:
        parts = [_ELEMENTS[value.kind][1](item, depth + 1) for item in value.items]
        body = _constructor(value, depth) + b"".join(parts)
        return _pack_u32(len(body) + 4) + _pack_u32(len(parts)) + body
    flat = [side for pair in value.items() for side in pair] if type(value) is dict else value
    body = b"".join(encode(item, depth + 1) for item in flat)
    return _pack_u32(len(body) + 4) + _pack_u32(len(flat)) + body


def _fixed(kind: type) -> Callable[[Any, int], bytes]:
    bits, signed = INTEGER_BITS[kind]
    return lambda value, _: int(value).to_bytes(bits // 8, "big", signed=signed)


def _prefixed(code: int, write: Callable[[Any, int], bytes]) -> Callable[[Any, int], bytes]:
    head = bytes((code,))
    return lambda value, depth: head + write(value, depth)


def _variable(encoding: str) -> Callable[[Any, int], bytes]:
    def write(value: Any, depth: int) -> bytes:
        data: bytes = value.encode(encoding) if encoding else value
        return _pack_u32(len(data)) + data

    return write


def _decimal(kind: type) -> Callable[[Any, int], bytes]:
    def write(value: bytes, depth: int) -> bytes:
        if len(value) != DECIMAL_BYTES[kind]:
            raise NotEncodable(f"{kind.__name__} has {DECIMAL_BYTES[kind]} bytes")
        return bytes(value)

    return write


def _char(value: str, depth: int) -> bytes:
    if len(value) != 1:
        raise NotEncodable("a char is one character")
    return ord(value).to_bytes(4, "big")


_float: Final = Struct(">f").pack
_double: Final = Struct(">d").pack

# Fixed width: the constructor, and what writes the value behind it; what arrays use, too.
_FIXED: Final[Mapping[type, tuple[int, Callable[[Any, int], bytes]]]] = {
    UByte: (0x50, _fixed(UByte)),
    Byte: (0x51, _fixed(Byte)),
    UShort: (0x60, _fixed(UShort)),
    Short: (0x61, _fixed(Short)),
    Float: (0x72, lambda value, _: _float(value)),
    float: (0x82, lambda value, _: _double(value)),
    Char: (0x73, _char),
    Timestamp: (0x83, _fixed(Timestamp)),
    UUID: (0x98, lambda value, _: value.bytes),
    Decimal32: (0x74, _decimal(Decimal32)),
    Decimal64: (0x84, _decimal(Decimal64)),
    Decimal128: (0x94, _decimal(Decimal128)),
}
_ELEMENTS: Final[Mapping[type, tuple[int, Callable[[Any, int], bytes]]]] = {
    **_FIXED,
    type(None): (0x40, lambda _, __: b""),
    bool: (0x56, lambda value, _: b"\1" if value else b"\0"),
    UInt: (0x70, _fixed(UInt)),
    ULong: (0x80, _fixed(ULong)),
    Int: (0x71, _fixed(Int)),
    int: (0x81, _fixed(int)),
    bytes: (0xB0, _variable("")),
    str: (0xB1, _variable("utf-8")),
    Symbol: (0xB3, _variable("ascii")),
    list: (0xD0, _tail),
    dict: (0xD1, _tail),
    Array: (0xF0, _tail),
}
_ENCODERS: Final[dict[type, Callable[[Any, int], bytes]]] = {
    **{kind: _prefixed(code, write) for kind, (code, write) in _FIXED.items()},
    type(None): _null,
    bool: _boolean,
    UInt: _uint,
    ULong: _ulong,
    Int: _int,
    int: _long,
    bytes: lambda value, _: encode_binary(value),
    str: lambda value, _: encode_string(value),
    Symbol: lambda value, _: encode_symbol(value),
    list: _list,
    dict: _map,
    Described: _described,
    Array: _array,
}

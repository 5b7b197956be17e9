"""Field tables of AMQP 0-9-1 straight to canonical values and back. Hot for text.

    letter   canonical            letter   canonical           canonical not of its own letter, written as
    t        bool                 S        str, or bytes       u64          l, past 63 bits as text (S)
    b B      i8 u8                         where not UTF-8     char symbol  S
    s u      i16 u16              x        bytes               uuid         S
    I i      i32 u32              T        timestamp           timestamp    T in whole seconds; S before 1970
    l L      i64                  A F      list map            decimal      S where D has no room
    f d      f32 f64              V        null
    D        decimal

What the right-hand column writes reads back as another value: the loss rule sees it. Tables inside tables that name a
field twice keep the last; of the outermost all are kept, as headers in order. Every length is checked; nesting is
bounded by TABLE_DEPTH_MAX, and the bytes at hand bound the rest.
"""

from collections.abc import Callable, Mapping
from decimal import Decimal
from struct import Struct
from typing import Any, Final

from dragoman.formats.errors import FormatError
from dragoman.formats.values import encode_text, text_of
from dragoman.model.message import Header, Typed, Value
from dragoman.wire.amqp091.fieldtable import FIXED, TABLE_DEPTH_MAX

NAME_BYTES_MAX: Final = 255
_U32: Final = Struct(">I")
_U32_AT: Final = _U32.unpack_from
_DECIMAL: Final = Struct(">BI")
_I64_MAX: Final = (1 << 63) - 1
_U32_MAX: Final = (1 << 32) - 1
_U64_MAX: Final = (1 << 64) - 1
_STRING: Final = ord("S")

_KIND_OF: Final[Mapping[str, str]] = {
    "b": "i8",
    "B": "u8",
    "s": "i16",
    "u": "u16",
    "I": "i32",
    "i": "u32",
    "f": "f32",
}
_LETTER_OF: Final[Mapping[str, str]] = {kind: letter for letter, kind in _KIND_OF.items()}
_SCALARS: Final[Mapping[int, tuple[Struct, str]]] = {
    ord(letter): (form, letter) for letter, form in FIXED.items()
}


# Reading


def read_headers(data: bytes, pos: int, end: int) -> list[Header]:
    """The fields of the table whose first name stands at `pos`. Raises FormatError, IndexError."""
    found: list[Header] = []
    while pos < end:
        start: int = pos + 1
        name_end: int = start + data[pos]
        if name_end >= end:
            raise FormatError("header name cut short")
        if data[name_end] != _STRING:
            odd, pos = _read(data, name_end, end, 1)
            found.append((data[start:name_end].decode("utf-8", "surrogateescape"), odd))
            continue
        value_start: int = name_end + 5
        if value_start > end:
            raise FormatError("header cut short")
        size: int = _U32_AT(data, name_end + 1)[0]
        pos = value_start + size
        if pos > end:
            raise FormatError("header longer than its table")
        name: bytes = data[start:name_end]
        text: bytes = data[value_start:pos]
        try:
            found.append((name.decode(), text.decode()))
        except UnicodeDecodeError:
            found.append((name.decode("utf-8", "surrogateescape"), _text(text)))
    return found


def _text(raw: bytes) -> Value:
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return raw


def read_value(field: bytes) -> Value:
    """The value of a letter and its bytes. Raises FormatError."""
    try:
        value, stop = _read(field, 0, len(field), 1)
    except IndexError:
        raise FormatError("header cut short") from None
    if stop != len(field):
        raise FormatError("header cut short")
    return value


def value_end(data: bytes, pos: int, end: int) -> int:
    """Where the value ends whose letter stands at `pos`. Raises FormatError, IndexError."""
    return _read(data, pos, end, 1)[1]


def _read(data: bytes, pos: int, end: int, depth: int) -> tuple[Value, int]:
    """The value whose letter stands at `pos`, and where it ends."""
    letter = data[pos]
    pos += 1
    scalar = _SCALARS.get(letter)
    if scalar is not None:
        form, name = scalar
        if pos + form.size > end:
            raise FormatError("header cut short")
        return _typed(name, form.unpack_from(data, pos)[0]), pos + form.size
    if letter == ord("V"):
        return None, pos
    if letter == ord("D"):
        if pos + 5 > end:
            raise FormatError("header cut short")
        scale, unscaled = _DECIMAL.unpack_from(data, pos)
        return Decimal(unscaled).scaleb(-scale), pos + 5
    return _read_sized(data, letter, pos, end, depth)


def _read_sized(data: bytes, letter: int, pos: int, end: int, depth: int) -> tuple[Value, int]:
    start = pos + 4
    stop = start + int.from_bytes(data[pos:start])
    if start > end or stop > end:
        raise FormatError("header longer than its table")
    if letter == _STRING:
        return _text(data[start:stop]), stop
    if letter == ord("x"):
        return data[start:stop], stop
    if depth >= TABLE_DEPTH_MAX:
        raise FormatError(f"headers nested deeper than {TABLE_DEPTH_MAX}")
    if letter == ord("F"):
        return _read_map(data, start, stop, depth + 1), stop
    if letter == ord("A"):
        return _read_list(data, start, stop, depth + 1), stop
    raise FormatError(f"unknown field type {letter}")


def _read_map(data: bytes, pos: int, end: int, depth: int) -> dict[str, Value]:
    found: dict[str, Value] = {}
    while pos < end:
        name_end = pos + 1 + data[pos]
        if name_end >= end:
            raise FormatError("field name cut short")
        name = data[pos + 1 : name_end].decode("utf-8", "surrogateescape")
        found[name], pos = _read(data, name_end, end, depth)
    return found


def _read_list(data: bytes, pos: int, end: int, depth: int) -> list[Value]:
    found: list[Value] = []
    while pos < end:
        value, pos = _read(data, pos, end, depth)
        found.append(value)
    return found


def _typed(letter: str, value: Any) -> Value:
    kind = _KIND_OF.get(letter)
    if kind is not None:
        return Typed(kind, value)
    if letter == "t":
        return bool(value)
    if letter == "T":
        return Typed("timestamp", value * 1000)
    return value


# Writing


def write_value(value: Value) -> bytes:
    """The letter and the bytes that say `value`, or as much of it as the letters can."""
    write = _WRITERS.get(type(value))
    return _write_text(text_of(value)) if write is None else write(value)


def is_exact(value: Value) -> bool:
    """Whether `write_value` writes a scalar without loss. Says no to lists and maps: they are looked at by reading."""
    kind = type(value)
    if kind is Typed:
        return value.kind in _LETTER_OF and value.kind != "f32"
    return value is None or kind is int or kind is bool or kind is float or kind is bytes


def _write_text(raw: bytes | None) -> bytes:
    raw = raw or b""
    return b"S" + _U32.pack(len(raw)) + raw


def _write_decimal(value: Decimal) -> bytes:
    sign, digits, exponent = value.as_tuple()
    unscaled = int("".join(map(str, digits)))
    if sign or not isinstance(exponent, int) or not -255 <= exponent <= 0 or unscaled > _U32_MAX:
        return _write_text(str(value).encode())
    return b"D" + _DECIMAL.pack(-exponent, unscaled)


def _write_typed(value: Typed) -> bytes:
    kind = value.kind
    letter = _LETTER_OF.get(kind)
    if kind == "timestamp" and 0 <= value.value <= _U64_MAX * 1000:
        return b"T" + FIXED["T"].pack(value.value // 1000)
    if kind == "u64" and value.value <= _I64_MAX:
        return b"l" + FIXED["l"].pack(value.value)
    if letter is None:
        return _write_text(text_of(value))
    try:
        return letter.encode() + FIXED[letter].pack(value.value)
    except OverflowError:  # an f32 that is none
        return b"d" + FIXED["d"].pack(value.value)


def _write_map(value: Mapping[str, Value]) -> bytes:
    parts: list[bytes] = []
    for name, item in value.items():
        raw = encode_text(name)[:NAME_BYTES_MAX]
        parts += (bytes((len(raw),)), raw, write_value(item))
    body = b"".join(parts)
    return b"F" + _U32.pack(len(body)) + body


def _write_list(value: list[Value]) -> bytes:
    body = b"".join(map(write_value, value))
    return b"A" + _U32.pack(len(body)) + body


_WRITERS: Final[Mapping[type, Callable[[Any], bytes]]] = {
    str: lambda value: _write_text(encode_text(value)),
    bytes: lambda value: b"x" + _U32.pack(len(value)) + value,
    bool: lambda value: b"t\x01" if value else b"t\x00",
    int: lambda value: b"l" + FIXED["l"].pack(value),
    float: lambda value: b"d" + FIXED["d"].pack(value),
    type(None): lambda _: b"V",
    Decimal: _write_decimal,
    Typed: _write_typed,
    dict: _write_map,
    list: _write_list,
}

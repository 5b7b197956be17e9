"""Values as attributes of an SQS message and back: a data type, whose label keeps what String and Number lack.

    str        String             bool   String.bool       i64      Number         u8.. u64, i8.. i32   Number.u8 ..
    bytes      Binary             uuid   String.uuid       decimal  Number, or Number.decimal where it reads like an i64
    char       String.char        null   String.null       f64      Number.f64     timestamp   Number.timestamp (ms)
    symbol     String.symbol      list   String.list       f32      Number.f32
                                  map    String.map        (as plain JSON: types that it lacks are lost)

`read` gives a value only where `write` would give back the very same attribute; any other attribute is its text (or
bytes), and its data type is told apart (`SqsMessage` keeps it for readers of SQS). Names are checked here, too.
"""

import json
import re
import struct
from collections.abc import Callable, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any, Final
from uuid import UUID

from dragoman.formats.values import f32_text, text_of
from dragoman.model.message import INTEGER_RANGES, Typed, Value, identical, is_value

Attribute = tuple[str, bytes]
"""(data type, value)."""

NAME_MAX: Final = 256
TYPE_MAX: Final = 256
STRING: Final = "String"
NUMBER: Final = "Number"
BINARY: Final = "Binary"
_ILLEGAL: Final = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_NAME: Final = re.compile(
    r"(?!aws\.|amazon\.)(?!\.)(?!.*\.\.)[A-Za-z0-9_.-]{1,256}(?<!\.)", re.IGNORECASE | re.ASCII
)
_F32: Final = struct.Struct(">f")
_INTEGER_CHARS_MAX: Final = 20


def is_legal(text: str) -> bool:
    """Whether SQS takes the text: the characters of XML 1.0, section 2.2."""
    return _ILLEGAL.search(text) is None


def is_name(name: str) -> bool:
    """Whether an attribute may be called so."""
    return _NAME.fullmatch(name) is not None


def base_of(data_type: str) -> str:
    """String, Number or Binary, without the label."""
    return data_type.partition(".")[0]


# Writing


def write(value: Value) -> Attribute | None:
    """The value as an attribute; None when it cannot be one. Lists and maps are written for people."""
    kind = type(value)
    if kind is bytes:
        return (BINARY, value) if value else None
    if kind in (list, tuple, dict):
        text = text_of(value)
        assert text is not None
        return ("String.map" if kind is dict else "String.list"), text
    data_type, words = _written(value)
    if not words or not is_legal(words):
        return None
    raw = words.encode()
    return (data_type, raw) if identical(_value(data_type, raw), value) else None


def _written(value: Value) -> tuple[str, str]:
    if isinstance(value, Typed):
        return _TYPED.get(value.kind, f"Number.{value.kind}"), _typed_text(value)
    if value is None:
        return "String.null", "null"
    if isinstance(value, Decimal):
        words = str(value)
        return ("Number.decimal" if _is_integer(words) else NUMBER), words
    data_type, spell = _PLAIN[type(value)]
    return data_type, spell(value)


def _typed_text(value: Typed) -> str:
    return f32_text(value.value) if value.kind == "f32" else str(value.value)


_TYPED: Final[Mapping[str, str]] = {"char": "String.char", "symbol": "String.symbol"}
_PLAIN: Final[Mapping[type, tuple[str, Callable[[Any], str]]]] = {
    str: (STRING, str),
    bool: ("String.bool", lambda value: "true" if value else "false"),
    int: (NUMBER, str),
    float: ("Number.f64", repr),
    UUID: ("String.uuid", str),
}

# Reading


def read(data_type: str, raw: bytes) -> tuple[Value, bool]:
    """(value, whether its data type goes without saying). Raises UnicodeDecodeError for a text that is none."""
    if base_of(data_type) == BINARY:
        return raw, data_type == BINARY
    if data_type == STRING:
        return raw.decode(), True
    value = _value(data_type, raw)
    if value is not _UNSUITED and write(value) == (data_type, raw):
        return value, True
    return raw.decode(), False


class _Unsuited:
    """What is read from an attribute that no value is written as."""


_UNSUITED: Final = _Unsuited()


def _value(data_type: str, raw: bytes) -> Value:
    base, _, label = data_type.partition(".")
    try:
        if base == BINARY:
            return raw
        if not label:
            return raw.decode() if base == STRING else _number(raw.decode())
        reader = _READERS.get(data_type)
        value = _UNSUITED if reader is None else reader(raw.decode())
    except (ValueError, InvalidOperation, RecursionError, OverflowError):
        return _UNSUITED
    return value if value is _UNSUITED or is_value(value) else _UNSUITED


def _number(words: str) -> Value:
    if _is_integer(words):
        return int(words)
    value = Decimal(words)
    return value if value.is_finite() else _UNSUITED


def _is_integer(words: str) -> bool:
    """Whether the text is an i64 as `str` writes it."""
    if len(words) > _INTEGER_CHARS_MAX or not words.lstrip("-").isdigit() or not words.isascii():
        return False
    number = int(words) if words.count("-") <= 1 and words[-1] != "-" else None
    if number is None or str(number) != words:
        return False
    low, high = INTEGER_RANGES["i64"]
    return low <= number <= high


def _integer_reader(kind: str) -> Callable[[str], Value]:
    def reader(words: str) -> Value:
        return Typed(kind, int(words))

    return reader


def _read_f32(words: str) -> Value:
    return Typed("f32", _F32.unpack(_F32.pack(float(words)))[0])


def _read_json(words: str) -> Any:
    return json.loads(words, parse_int=_json_integer)


def _json_integer(words: str) -> Value:
    """An i64, or what only a u64 holds."""
    number = int(words)
    return Typed("u64", number) if number > INTEGER_RANGES["i64"][1] else number


_READERS: Final[Mapping[str, Callable[[str], Value]]] = {
    "String.bool": lambda words: words == "true",
    "String.uuid": UUID,
    "String.char": lambda words: Typed("char", words),
    "String.symbol": lambda words: Typed("symbol", words),
    "String.null": lambda _: None,
    "String.list": _read_json,
    "String.map": _read_json,
    "Number.decimal": Decimal,
    "Number.f64": float,
    "Number.f32": _read_f32,
    "Number.timestamp": lambda words: Typed("timestamp", int(words)),
    **{f"Number.{kind}": _integer_reader(kind) for kind in INTEGER_RANGES if kind != "i64"},
}

"""Values of AMQP 1.0 as the envelope's, and back. What has no counterpart there raises Untranslatable.

ubyte .. ulong, byte .. int    u8 .. u64, i8 .. i32        long, double, boolean, binary, string, null, uuid
float, char, symbol, timestamp of the same name              Python's own, both ways
list, map with strings as keys the same                    decimals, arrays, described values: none
"""

from collections.abc import Callable
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from dragoman.formats.lift import is_utf8
from dragoman.model.message import Typed, Value
from dragoman.wire.amqp10.values import (
    Byte,
    Char,
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

_TYPED: Final[dict[type, tuple[str, Callable[[Any], Any]]]] = {
    UByte: ("u8", int),
    UShort: ("u16", int),
    UInt: ("u32", int),
    ULong: ("u64", int),
    Byte: ("i8", int),
    Short: ("i16", int),
    Int: ("i32", int),
    Float: ("f32", float),
    Char: ("char", str),
    Symbol: ("symbol", str),
    Timestamp: ("timestamp", int),
}
_KINDS: Final = {name: kind for kind, (name, _) in _TYPED.items()}
_PLAIN: Final = frozenset((type(None), bool, int, float, bytes, UUID))
_I64_MIN: Final = -(1 << 63)
_I64_MAX: Final = (1 << 63) - 1


class Untranslatable(Exception):
    """A value that the other side cannot say."""


def to_value(value: Any) -> Value:
    """AMQP's value as the envelope's. Raises Untranslatable."""
    kind = type(value)
    if kind is str or kind in _PLAIN:
        return value
    typed = _TYPED.get(kind)
    if typed is not None:
        return Typed(typed[0], typed[1](value))
    if kind is list:
        return [to_value(item) for item in value]
    if kind is dict and all(type(name) is str for name in value):
        return {name: to_value(item) for name, item in value.items()}
    raise Untranslatable


def from_value(value: Value) -> Any:
    """The envelope's scalar as AMQP's. Raises Untranslatable."""
    kind = type(value)
    if kind is str:
        return _text(value)
    if kind in _PLAIN:
        return value
    if kind is Typed:
        return _from_typed(value)
    assert kind in (list, dict, Decimal), kind
    raise Untranslatable


def _text(text: str) -> str:
    if not is_utf8(text):
        raise Untranslatable
    return text


def _from_typed(value: Typed) -> Any:
    if value.kind == "timestamp" and not _I64_MIN <= value.value <= _I64_MAX:
        raise Untranslatable
    if value.kind == "symbol" and not value.value.isascii():
        raise Untranslatable
    if value.kind == "char":
        _text(value.value)
    return _KINDS[value.kind](value.value)

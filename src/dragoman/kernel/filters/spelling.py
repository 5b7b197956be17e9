"""Expressions, names and literals in CEL's spelling, such that what is read back is the same."""

import json
import math
import re
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from dragoman.kernel.filters.expressions import (
    AllOf,
    AnyOf,
    Call,
    Choice,
    Constant,
    Deny,
    Expression,
    Has,
    Known,
    ListOf,
    Loop,
    MapOf,
    Name,
    Select,
    TypeValue,
    UInt,
)
from dragoman.kernel.filters.times import Duration, Timestamp
from dragoman.kernel.filters.values import plain

IDENTIFIER: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")
INT_MAX: Final = (1 << 63) - 1
FUNCTIONS: Final = frozenset(
    "bool bytes double duration dyn int reckon string timestamp type uint".split()  # noqa: SIM905 - a list of words
)
_OR, _AND, _UNARY, _TIGHTEST = 1, 2, 6, 7  # how tight operators bind
_RANKS: Final = {
    **dict.fromkeys(("_==_", "_!=_", "_<_", "_<=_", "_>_", "_>=_", "@in"), 3),
    **dict.fromkeys(("_+_", "_-_"), 4),
    **dict.fromkeys(("_*_", "_/_", "_%_"), 5),
}


def spell(node: Expression) -> str:
    """The expression in one line."""
    return _SPELLINGS[type(node)](node)


def _chosen(node: Choice) -> str:
    return (
        f"{_within(node.condition, _OR)} ? {_within(node.then, _OR)} : {_within(node.otherwise, 0)}"
    )


def _map(node: MapOf) -> str:
    return f"{{{', '.join(f'{spell(key)}: {spell(value)}' for key, value in node.entries)}}}"


def _loop(node: Loop) -> str:
    told = (node.condition, node.result)
    inside = ", ".join(spell(each) for each in told if each is not None)
    return f"{_within(node.over)}.{node.kind.value}({node.variable}, {inside})"


def _called(node: Call) -> str:
    function, operands = node.function, node.operands
    if function == "-_":
        number = isinstance(operands[0], Constant)
        return f"-({spell(operands[0])})" if number else f"-{_within(operands[0], _UNARY)}"
    if function == "_[_]":
        return f"{_within(operands[0])}[{spell(operands[1])}]"
    if function in FUNCTIONS:
        return f"{function}({', '.join(map(spell, operands))})"
    rank = _RANKS.get(function)
    if rank is not None:
        left, right = _within(operands[0], rank), _within(operands[1], rank + 1)
        return f"{left} {function.strip('_@')} {right}"
    return f"{_within(operands[0])}.{function}({', '.join(map(spell, operands[1:]))})"


def _within(node: Expression, rank: int = _TIGHTEST) -> str:
    """As an operand of an operator of this rank: in parentheses if it binds less."""
    text = spell(node)
    return text if _rank(node) >= rank else f"({text})"


def _rank(node: Expression) -> int:
    match node:
        case Choice():
            return 0
        case AnyOf():
            return _OR
        case AllOf():
            return _AND
        case Deny():
            return _UNARY
        case Call(function=function):
            return _UNARY if function == "-_" else _RANKS.get(function, _TIGHTEST)
        case Constant(value=value):
            is_negative = isinstance(value, int | float) and spell(node).startswith("-")
            return _UNARY if is_negative else _TIGHTEST
        case _:
            return _TIGHTEST


def member_text(of: str, name: str) -> str:
    """`of.name`, or `of["na-me"]`."""
    return f"{of}.{name}" if IDENTIFIER.match(name) else f"{of}[{literal_text(name)}]"


def literal_text(value: Any) -> str:
    """A literal; decimals, which CEL has not, as doubles, UUIDs as their text."""
    value = plain(value)
    return _LITERALS[type(value)](value)


def _list_text(items: Sequence[Any]) -> str:
    return f"[{', '.join(map(literal_text, items))}]"


def _map_text(entries: Mapping[str, Any]) -> str:
    inside = (f"{literal_text(name)}: {literal_text(item)}" for name, item in entries.items())
    return f"{{{', '.join(inside)}}}"


def _int_text(number: int) -> str:
    return f"{int(number)}{'u' if isinstance(number, UInt) or number > INT_MAX else ''}"


def _bytes_text(raw: bytes) -> str:
    return 'b"' + "".join(map(_byte_text, raw)) + '"'


def _double_text(number: float | Decimal) -> str:
    number = float(number)
    if not math.isfinite(number):
        return f'double("{number}")'
    text = repr(number)
    return text if "." in text or "e" in text else text + ".0"


def _byte_text(byte: int) -> str:
    printable = 0x20 <= byte < 0x7F and byte not in b'"\\'
    return chr(byte) if printable else f"\\x{byte:02x}"


_SPELLINGS: Final[dict[type, Callable[[Any], str]]] = {
    Constant: lambda node: literal_text(node.value),
    Name: lambda node: str(node.name),
    Select: lambda node: member_text(_within(node.of), node.name),
    Has: lambda node: f"has({member_text(_within(node.of), node.name)})",
    Known: lambda node: f"known({spell(node.of)})",
    Call: _called,
    Choice: _chosen,
    AllOf: lambda node: " && ".join(_within(part, _AND) for part in node.parts),
    AnyOf: lambda node: " || ".join(_within(part, _OR) for part in node.parts),
    Deny: lambda node: f"!{_within(node.part, _UNARY)}",
    ListOf: lambda node: f"[{', '.join(map(spell, node.items))}]",
    MapOf: _map,
    Loop: _loop,
}
_LITERALS: Final[dict[type, Callable[[Any], str]]] = {
    type(None): lambda _: "null",
    bool: lambda value: "true" if value else "false",
    str: lambda value: json.dumps(value, ensure_ascii=False),
    bytes: _bytes_text,
    list: _list_text,
    tuple: _list_text,
    dict: _map_text,
    int: _int_text,
    UInt: _int_text,
    float: _double_text,
    Decimal: _double_text,
    UUID: lambda value: json.dumps(str(value)),
    Timestamp: repr,
    Duration: repr,
    TypeValue: lambda value: str(value.name),
}

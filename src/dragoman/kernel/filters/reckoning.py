"""What + - * / % come to between the values of messages.

    number, number    a number; whole ones divide toward zero, and % has the sign of what is divided
    text + scalar     one text behind the other, either way round
    anything else     unknown: MISSING, as is a division by zero and what no message can hold

Numbers are 64 bits wide where they are whole, and double precision else.
"""

from collections.abc import Callable, Mapping
from decimal import Decimal
from math import fmod, isfinite
from operator import add, mul, sub
from typing import Any, Final

from dragoman.kernel.filters.values import MISSING, plain

TEXT_CHARS_MAX: Final = 65_536
"""Texts that grow beyond are unknown: a few additions would make any amount."""
WHOLE_MIN: Final = -(1 << 63)
WHOLE_MAX: Final = (1 << 63) - 1
SIGNS: Final = ("+", "-", "*", "/", "%")


def reckon(sign: str, left: Any, right: Any) -> Any:
    """`left` sign `right`; MISSING where that is unknown."""
    left, right = _operand(left), _operand(right)
    if left is MISSING or right is MISSING:
        return MISSING
    if left.__class__ is str or right.__class__ is str:
        return _joined(left, right) if sign == "+" else MISSING
    if left.__class__ is bool or right.__class__ is bool:
        return MISSING
    try:
        found = _OPERATORS[sign](left, right)
    except (ArithmeticError, ValueError):  # of fmod
        return MISSING
    if found.__class__ is int:
        return found if WHOLE_MIN <= found <= WHOLE_MAX else MISSING
    return found if isfinite(found) else MISSING


def _operand(value: Any) -> Any:
    """A number, a text or a truth value as Python has it; MISSING for all else."""
    value = plain(value)
    if value.__class__ is Decimal:
        return float(value)
    return value if value.__class__ in (int, float, str, bool) else MISSING


def _joined(left: Any, right: Any) -> Any:
    text = _text_of(left) + _text_of(right)
    return text if len(text) <= TEXT_CHARS_MAX else MISSING


def _text_of(value: Any) -> str:
    if value.__class__ is float and value.is_integer():
        return str(int(value))
    return str(value)


def _divided(left: Any, right: Any) -> Any:
    """Whole numbers toward zero."""
    if left.__class__ is int and right.__class__ is int:
        whole = abs(left) // abs(right)
        return whole if (left < 0) == (right < 0) else -whole
    return left / right


def _rest(left: Any, right: Any) -> Any:
    if left.__class__ is int and right.__class__ is int:
        return left - right * _divided(left, right)
    return fmod(left, right)


_OPERATORS: Final[Mapping[str, Callable[[Any, Any], Any]]] = {
    "+": add,
    "-": sub,
    "*": mul,
    "/": _divided,
    "%": _rest,
}

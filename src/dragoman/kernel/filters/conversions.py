"""CEL's conversions between types, by the functions' names. All raise EvaluationError for what cannot be."""

import math
import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from dragoman.kernel.filters.evaluation import (
    INT_MAX,
    INT_MIN,
    UINT_MAX,
    EvaluationError,
    failed,
    no_overload,
    type_of,
)
from dragoman.kernel.filters.expressions import UInt
from dragoman.kernel.filters.reckoning import SIGNS, reckon
from dragoman.kernel.filters.times import (
    DURATION_PARTS,
    NS,
    TEXT_CHARS_MAX,
    TIMESTAMP_PARTS,
    Duration,
    Timestamp,
    duration_part,
    read_duration,
    read_timestamp,
    read_zone,
    timestamp_part,
)
from dragoman.kernel.filters.values import MISSING

NUMBER_CHARS_MAX: Final = 64
_WHOLE: Final = re.compile(r"[ \t\n\v\f\r]*([+-]?[0-9]+)[ \t\n\v\f\r]*")
_REAL: Final = re.compile(
    r"""[ \t\n\v\f\r]*
    ([+-]?(?:(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?|(?i:inf(?:inity)?|nan)))
    [ \t\n\v\f\r]*""",
    re.VERBOSE,
)
_TRUE: Final = frozenset({"true", "True", "TRUE", "t", "T", "1"})
_FALSE: Final = frozenset({"false", "False", "FALSE", "f", "F", "0"})
_SCIENTIFIC_MIN: Final = (
    6  # the exponent from which a double is spelled with one; see `_double_text`
)
_SCIENTIFIC_LOW: Final = -4


def _whole(function: str, value: Any, low: int, high: int) -> int:
    kind = value.__class__
    if kind is str:
        found = _WHOLE.fullmatch(value) if len(value) <= NUMBER_CHARS_MAX else None
        number = int(found[1]) if found else failed(f"{function}: not a whole number")
    elif kind is float or kind is Decimal:
        if not math.isfinite(value) or not float(low) <= value < float(high) or value == INT_MIN:
            failed(f"{function}: out of range")
        number = int(value)
    elif kind is int or kind is UInt or (kind is bool and function == "int"):
        number = int(value)
    else:
        no_overload(function, value)
    return number if low <= number <= high else failed(f"{function}: out of range")


def to_int(value: Any) -> int:
    """int(x): of a timestamp the seconds since 1970."""
    if value.__class__ is Timestamp:
        return value.ns // NS
    return _whole("int", value, INT_MIN, INT_MAX)


def to_uint(value: Any) -> UInt:
    """`uint(x)`."""
    return UInt(_whole("uint", value, 0, UINT_MAX))


def to_double(value: Any) -> float:
    """`double(x)`."""
    kind = value.__class__
    if kind is str:
        found = _REAL.fullmatch(value) if len(value) <= NUMBER_CHARS_MAX else None
        return float(found[1]) if found else failed("double: not a number")
    if kind is float or kind is int or kind is UInt or kind is Decimal:
        return float(value)
    return no_overload("double", value)


def to_text(value: Any) -> str:
    """`string(x)`."""
    kind = value.__class__
    if kind is str:
        return str(value)
    if kind is bool:
        return "true" if value else "false"
    if kind is float:
        return _double_text(value)
    if kind is bytes:
        try:
            return str(value, "utf-8")
        except UnicodeDecodeError:
            failed("string: not UTF-8")
    if kind is int or kind is UInt:
        return str(int(value)) if INT_MIN <= value <= UINT_MAX else failed("string: out of range")
    if kind in (Timestamp, Duration, Decimal, UUID):
        return str(value)
    return no_overload("string", value)


def _double_text(value: float) -> str:
    """The shortest that is read back as the same, with an exponent below 1e-4 and from 1e6 on."""
    if not math.isfinite(value):
        return repr(value)
    _, digits, exponent = Decimal(repr(value)).as_tuple()
    assert isinstance(exponent, int)
    said = "".join(map(str, digits)).rstrip("0") or "0"
    power = len(digits) + exponent - 1 if value else 0
    sign = "-" if math.copysign(1.0, value) < 0 else ""
    if _SCIENTIFIC_LOW <= power < _SCIENTIFIC_MIN:
        plain = f"{Decimal(repr(abs(value))):f}"
        return sign + (plain.rstrip("0").rstrip(".") if "." in plain else plain)
    point = "." + said[1:] if len(said) > 1 else ""
    return f"{sign}{said[0]}{point}e{'-' if power < 0 else '+'}{abs(power):02}"


def to_bytes(value: Any) -> bytes:
    """`bytes(x)`."""
    if value.__class__ is bytes:
        return value
    if value.__class__ is not str:
        no_overload("bytes", value)
    try:
        return value.encode()
    except UnicodeEncodeError:
        return failed("bytes: not Unicode")


def to_bool(value: Any) -> bool:
    """`bool(x)`."""
    if value is True or value is False:
        return value
    if value.__class__ is not str:
        no_overload("bool", value)
    if value in _TRUE or value in _FALSE:
        return value in _TRUE
    return failed("bool: neither true nor false")


def to_timestamp(value: Any) -> Timestamp:
    """timestamp(x): from RFC 3339, or seconds since 1970."""
    kind = value.__class__
    if isinstance(value, Timestamp):
        return value
    try:
        if kind is str:
            is_short = len(value) <= TEXT_CHARS_MAX
            return read_timestamp(value.strip(" \t\n\v\f\r") if is_short else "")
        return Timestamp(value * NS) if kind is int else no_overload("timestamp", value)
    except ValueError as error:
        raise EvaluationError(f"timestamp: {error}") from None


def to_duration(value: Any) -> Duration:
    """`duration(x)`."""
    if value.__class__ is Duration:
        return value
    if value.__class__ is not str:
        no_overload("duration", value)
    try:
        return read_duration(value)
    except ValueError as error:
        raise EvaluationError(f"duration: {error}") from None


def _part(name: str) -> Callable[..., int]:
    def part(value: Any, zone: Any = "") -> int:
        if value.__class__ is Timestamp and name in TIMESTAMP_PARTS and zone.__class__ is str:
            try:
                return timestamp_part(name, value, read_zone(zone))
            except (ValueError, OverflowError) as error:
                raise EvaluationError(f"{name}: {error}") from None
        if value.__class__ is Duration and name in DURATION_PARTS and not zone:
            return duration_part(name, value)
        return no_overload(name, value, zone)

    return part


def _folded(name: str, change: Callable[[bytes], bytes]) -> Callable[[Any], str]:
    def fold(value: Any) -> str:
        if value.__class__ is not str:
            no_overload(name, value)
        return change(value.encode("utf-8", "surrogatepass")).decode("utf-8", "surrogatepass")

    return fold


def lower(value: Any) -> str:
    """x.lower(): of all letters that have a small one."""
    return value.lower() if value.__class__ is str else no_overload("lower", value)


def reckoned(left: Any, sign: Any, right: Any) -> Any:
    """reckon(a, "+", b): arithmetic as SQL has it."""
    if sign not in SIGNS:
        no_overload("reckon", left, sign, right)
    found = reckon(sign, left, right)
    return failed("reckon: it comes to nothing") if found is MISSING else found


CONVERSIONS: Final[dict[str, Callable[..., Any]]] = {
    "int": to_int,
    "uint": to_uint,
    "double": to_double,
    "string": to_text,
    "bytes": to_bytes,
    "bool": to_bool,
    "timestamp": to_timestamp,
    "duration": to_duration,
    "type": type_of,
    "lower": lower,
    "reckon": reckoned,
    "lowerAscii": _folded("lowerAscii", bytes.lower),
    "upperAscii": _folded("upperAscii", bytes.upper),
    **{name: _part(name) for name in TIMESTAMP_PARTS},
}

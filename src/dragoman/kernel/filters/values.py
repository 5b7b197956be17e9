"""What equality and order mean between the typed values of messages (`model.message.Value`).

Values fall into families. Two values are equal when they are of one family and equal in it; nothing is converted:

    family   Python                             order
    number   int, float, Decimal                by value; NaN equals nothing and is less than nothing
    text     str                                by code point
    bytes    bytes                              by byte; never equal to text
    bool     bool                               false < true; never equal to a number: true != 1
    null     None                               none
    uuid     UUID                               none
    list map list, dict                         none; equal item by item, maps in any order

`Typed` counts as what it wraps: the width of a number makes no difference, a symbol and a char are text, a timestamp is
the number of its milliseconds. Order between families, or within one that has none, is unknown (None).

`key_of` gives a hashable stand-in with exactly this equality, so that dicts and sets can do the comparing.
"""

from collections.abc import Hashable, Mapping
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from dragoman.model.message import Typed


class Missing:
    """The type of `MISSING`: no such header or attribute. Equal to itself alone."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "MISSING"


MISSING: Final = Missing()

NUMBERS: Final = frozenset({int, float, Decimal})
_PLAIN: Final = frozenset({str, int, bytes, float, Decimal, UUID, type(None), Missing})
_ORDERED: Final[Mapping[type, str]] = {
    int: "number",
    float: "number",
    Decimal: "number",
    str: "text",
    bytes: "bytes",
    bool: "bool",
}
TRUE_KEY: Final = ("bool", True)
FALSE_KEY: Final = ("bool", False)


def plain(value: Any) -> Any:
    """The value without the width or meaning that `Typed` adds."""
    return value.value if value.__class__ is Typed else value


def items_of(value: Any) -> list[Any] | tuple[Any, ...]:
    """The items of a list; anything else is its own only item."""
    return value if value.__class__ is list or value.__class__ is tuple else (value,)


def key_of(value: Any) -> Hashable:
    """Equal keys for equal values and no others. A value of no known family is equal to nothing."""
    if value.__class__ is Typed:
        value = value.value
    kind = value.__class__
    if kind in _PLAIN:
        return value  # type: ignore[no-any-return]
    if kind is bool:
        return TRUE_KEY if value else FALSE_KEY
    if kind is list or kind is tuple:
        return ("list", tuple([key_of(item) for item in value]))
    if kind is dict:
        return ("map", frozenset([(name, key_of(item)) for name, item in value.items()]))
    return object()


def identity_of(value: Any) -> Hashable:
    """Equal for values of the same type, width and content: 1, 1.0, true and an 8-bit 1 are four."""
    kind = value.__class__
    if kind is Typed:
        return (value.kind, identity_of(value.value))
    if isinstance(value, list | tuple):
        return ("list", tuple([identity_of(item) for item in value]))
    if isinstance(value, Mapping):
        return ("map", frozenset([(name, identity_of(item)) for name, item in value.items()]))
    return (kind.__name__, value)


def equal(left: Any, right: Any) -> bool | None:
    """Whether they are equal; None when either is missing."""
    if left is MISSING or right is MISSING:
        return None
    return key_of(left) == key_of(right) and not _is_nan(left)


def less(left: Any, right: Any) -> bool | None:
    """Whether `left` < `right`; None when they have no order."""
    if not _comparable(left, right):
        return None
    return not (_is_nan(left) or _is_nan(right)) and bool(left < right)


def at_most(left: Any, right: Any) -> bool | None:
    """Whether `left` <= `right`; None when they have no order."""
    if not _comparable(left, right):
        return None
    return not (_is_nan(left) or _is_nan(right)) and bool(left <= right)


def _comparable(left: Any, right: Any) -> bool:
    family = _ORDERED.get(left.__class__)
    return family is not None and family == _ORDERED.get(right.__class__)


def _is_nan(value: Any) -> bool:
    return bool(value != value)  # noqa: PLR0124 - the definition of NaN

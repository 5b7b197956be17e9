"""What CEL's operators do with values whose types are known only when a message is there.

An operator that does not know its operands' types, a number that leaves its 64 bits, a key that is not there: each is
an `EvaluationError`, which `&&` and `||` may absorb. Work is counted in a `Budget`: a turn of a loop, an item compared,
or some bytes copied or looked through are a step: some tenths of a microsecond. Who has none left is stopped by
`OutOfBudget`: nothing absorbs that.
"""

import math
from collections.abc import Callable
from decimal import Decimal
from typing import Any, Final, Never

from dragoman.kernel.filters.expressions import TypeValue, UInt
from dragoman.kernel.filters.patterns import anywhere
from dragoman.kernel.filters.times import Duration, Timestamp
from dragoman.model.errors import InvalidArgument

STEPS_MAX: Final = 10_000
BYTES_PER_STEP: Final = 256  # copied, compared or looked through
MATCH_BYTES_PER_STEP: Final = 32  # by a pattern
ERROR_STEPS: Final = 8  # to absorb an error in a loop
CALL_STEPS: Final = 4  # of a conversion
TIME_STEPS: Final = 16  # of one from or to a time, and of a part of one
ZONE_STEPS: Final = 3_000  # of such a part, where the message says the time zone
TERMS_PER_STEP: Final = 8  # of what a loop does in each turn
PATTERN_STEPS: Final = 1_000  # to make a pattern that no literal says
PATTERN_CHARS_MAX: Final = 256  # of such a one
INT_MIN: Final = -(1 << 63)
INT_MAX: Final = (1 << 63) - 1
UINT_MAX: Final = (1 << 64) - 1
EXACT_MAX: Final = 1 << 53  # below, every int is a double

NUMBERS: Final = frozenset({int, float, UInt, Decimal})
LISTS: Final = frozenset({list, tuple})
_SELF_EQUAL: Final = frozenset({int, float, UInt, bool, type(None), Timestamp, Duration, TypeValue})


class EvaluationError(Exception):
    """An expression that cannot be told of this message, and why."""


class OutOfBudget(BaseException):
    """Stopped for the work it makes. No Exception: && and || absorb those, and this ends the whole."""


def spent() -> Never:
    """Raises OutOfBudget."""
    raise OutOfBudget(f"more than {STEPS_MAX} steps")


class BoolKey:
    """A truth value as a map's key: Python's True is 1, CEL's is not."""

    __slots__ = ("value",)

    def __init__(self, value: bool) -> None:
        self.value = value


_TRUE_KEY: Final = BoolKey(value=True)
_FALSE_KEY: Final = BoolKey(value=False)


def no_overload(function: str, *operands: object) -> Never:
    """Raises EvaluationError."""
    names = ", ".join(type_of(each).name for each in operands)
    raise EvaluationError(f"no {function} for ({names})")


def failed(text: str) -> Never:
    """Raises EvaluationError."""
    raise EvaluationError(text)


_TYPE_NAMES: Final[dict[type, TypeValue]] = {
    int: TypeValue("int"),
    UInt: TypeValue("uint"),
    float: TypeValue("double"),
    Decimal: TypeValue("double"),
    bool: TypeValue("bool"),
    str: TypeValue("string"),
    bytes: TypeValue("bytes"),
    list: TypeValue("list"),
    tuple: TypeValue("list"),
    dict: TypeValue("map"),
    type(None): TypeValue("null_type"),
    Timestamp: TypeValue("google.protobuf.Timestamp"),
    Duration: TypeValue("google.protobuf.Duration"),
    TypeValue: TypeValue("type"),
}
TYPE_NAMES: Final = frozenset(each.name for each in _TYPE_NAMES.values())


def type_of(value: object) -> TypeValue:
    """CEL's type of it."""
    return _TYPE_NAMES.get(value.__class__, TypeValue("dyn"))


def map_key(value: Any) -> Any:
    """As a dict holds it. Raises EvaluationError for what is no key."""
    kind = value.__class__
    if kind is str or kind is int or kind is UInt or kind is float:
        return value
    if kind is bool:
        return _TRUE_KEY if value else _FALSE_KEY
    raise EvaluationError(f"no key of a map is a {type_of(value).name}")


def new_key(value: Any) -> Any:
    """As `map_key`, of a key to be made. Raises EvaluationError."""
    if value.__class__ is float:
        raise EvaluationError("no key of a map is a double")
    return map_key(value)


def items(value: Any) -> Any:
    """What a loop goes over. Raises EvaluationError."""
    kind = value.__class__
    if kind is list or kind is tuple:
        return value
    if kind is dict:
        return [key.value if key.__class__ is BoolKey else key for key in value]
    return no_overload("loop", value)


def boolean(value: Any) -> bool:
    """Raises EvaluationError for anything else."""
    if value is True or value is False:
        return value
    return no_overload("condition", value)


def select(value: Any, name: str) -> Any:
    """Raises EvaluationError."""
    if value.__class__ is not dict:
        no_overload("." + name[:64], value)
    if name not in value:
        failed(f"nothing is called {name[:64]}")
    return value[name]


def has(value: Any, name: str) -> bool:
    """Raises EvaluationError of what is no map."""
    return name in value if value.__class__ is dict else no_overload("has", value)


def size(value: Any) -> int:
    """Of a text in code points. Raises EvaluationError."""
    kind = value.__class__
    if kind is str or kind is bytes or kind is list or kind is dict or kind is tuple:
        return len(value)
    return no_overload("size", value)


class Budget:
    """How much work an evaluation may still make, and the operators whose work depends on their operands."""

    __slots__ = ("left",)

    def __init__(self, steps: int = STEPS_MAX) -> None:
        self.left = steps

    def spend(self, steps: int) -> None:
        """Raises OutOfBudget."""
        self.left -= steps
        if self.left < 0:
            spent()

    def call(self, steps: int, function: Callable[..., Any], *operands: Any) -> Any:
        """A function that takes so many steps, and reads its operands once."""
        self.spend(steps)
        for each in operands:
            if each.__class__ is str or each.__class__ is bytes:
                self.spend(len(each) // BYTES_PER_STEP)
        return function(*operands)

    def index(self, value: Any, key: Any) -> Any:
        """`value[key]`. Raises EvaluationError."""
        kind = value.__class__
        if kind is dict:
            if key.__class__ is str:
                self.spend(len(key) // BYTES_PER_STEP)
            key = map_key(key)
            return value[key] if key in value else failed("no such key")
        if kind is not list and kind is not tuple:
            no_overload("[]", value, key)
        if key.__class__ is float and key.is_integer():
            key = int(key)
        if key.__class__ is not int and key.__class__ is not UInt:
            no_overload("[]", value, key)
        return value[key] if 0 <= key < len(value) else failed("no such index")

    # equality and order

    def equal(self, left: Any, right: Any) -> bool:
        """Whatever their types: those of different ones differ, but for numbers."""
        one, other = left.__class__, right.__class__
        if one is other:
            if one in _SELF_EQUAL:
                return bool(left == right)
            if one is str or one is bytes:
                self.spend(len(left) // BYTES_PER_STEP)
                return bool(left == right)
            if one is dict:
                return self._equal_maps(left, right)
        if one in NUMBERS:
            return other in NUMBERS and _compared(left, right) == 0
        if one in LISTS and other in LISTS:
            return self._equal_lists(left, right)
        return False

    def _equal_lists(self, left: Any, right: Any) -> bool:
        if len(left) != len(right):
            return False
        self.spend(1)
        for one, other in zip(left, right, strict=True):
            self.spend(1)
            if not self.equal(one, other):
                return False
        return True

    def _equal_maps(self, left: Any, right: Any) -> bool:
        if len(left) != len(right):
            return False
        self.spend(1)
        for key, value in left.items():
            self.spend(1)
            if key not in right or not self.equal(value, right[key]):
                return False
        return True

    def compare(self, function: str, left: Any, right: Any) -> int | None:
        """Below 0, 0, above 0; None when a NaN is among them. Raises EvaluationError where there is no order."""
        one, other = left.__class__, right.__class__
        if one in NUMBERS and other in NUMBERS:
            return _compared(left, right)
        if one is not other or one not in _ORDERED:
            no_overload(function, left, right)
        if one is str or one is bytes:
            self.spend(min(len(left), len(right)) // BYTES_PER_STEP)
        return -1 if left < right else int(left != right)

    def less(self, left: Any, right: Any) -> bool:
        """`<`."""
        order = self.compare("<", left, right)
        return order is not None and order < 0

    def at_most(self, left: Any, right: Any) -> bool:
        """`<=`."""
        order = self.compare("<=", left, right)
        return order is not None and order <= 0

    def contains(self, value: Any, within: Any) -> bool:
        """`value in within`. Raises EvaluationError."""
        kind = within.__class__
        if kind is dict:
            if value.__class__ is str:
                self.spend(len(value) // BYTES_PER_STEP)
            return map_key(value) in within
        if kind not in LISTS:
            no_overload("in", value, within)
        for each in within:
            self.spend(1)
            if self.equal(each, value):
                return True
        return False

    # arithmetic and concatenation

    def add(self, left: Any, right: Any) -> Any:
        """`+`."""
        one, other = left.__class__, right.__class__
        if one is other:
            if one is str or one is bytes:
                self.spend((len(left) + len(right)) // BYTES_PER_STEP)
                return left + right
            if one in _RANGED:
                return _RANGED[one](left + right)
        if one in LISTS and other in LISTS:
            self.spend(1 + (len(left) + len(right)) // 8)
            return [*left, *right]
        if one is Duration and other is Timestamp:
            left, right, one, other = right, left, other, one
        if one is Timestamp and other is Duration:
            return _instant(left.ns + right.ns)
        if one is Duration and other is Duration:
            return _span(left.ns + right.ns)
        return no_overload("+", left, right)

    # texts

    def text_operator(self, function: str, text: Any, part: Any) -> bool:
        """startsWith, endsWith, contains. Raises EvaluationError."""
        if text.__class__ is not str or part.__class__ is not str:
            no_overload(function, text, part)
        if function == "contains":
            self.spend((len(text) + len(part)) // BYTES_PER_STEP)
            return part in text
        self.spend(len(part) // BYTES_PER_STEP)
        return bool(text.startswith(part) if function == "startsWith" else text.endswith(part))

    def matches(self, text: Any, found: Callable[[str], bool]) -> bool:
        """By a pattern already compiled. Raises EvaluationError."""
        if text.__class__ is not str:
            no_overload("matches", text)
        self.spend(len(text) // MATCH_BYTES_PER_STEP)
        return found(text)

    def matches_new(self, text: Any, pattern: Any) -> bool:
        """By a pattern that is told only now. Raises EvaluationError."""
        if text.__class__ is not str or pattern.__class__ is not str:
            no_overload("matches", text, pattern)
        if len(pattern) > PATTERN_CHARS_MAX:
            failed(f"a pattern of more than {PATTERN_CHARS_MAX} characters")
        self.spend(PATTERN_STEPS)
        try:
            found = anywhere(pattern)
        except InvalidArgument as error:
            raise EvaluationError(str(error)) from None
        return self.matches(text, found)


_ORDERED: Final = frozenset({str, bytes, bool, Timestamp, Duration})


def _compared(left: Any, right: Any) -> int | None:
    """Numbers of any two types: an int counts as the double next to it where the other is a double."""
    if left.__class__ is float and right.__class__ is not float:
        right = float(right)
    elif right.__class__ is float and left.__class__ is not float:
        left = float(left)
    if left < right:
        return -1
    if left > right:
        return 1
    return 0 if left == right else None


def _ranged_int(value: int) -> int:
    if not INT_MIN <= value <= INT_MAX:
        raise EvaluationError("integer overflow")
    return value


def _ranged_uint(value: int) -> UInt:
    if not 0 <= value <= UINT_MAX:
        raise EvaluationError("unsigned integer overflow")
    return UInt(value)


def _as_float(value: Any) -> float:
    return float(value)


_RANGED: Final[dict[type, Callable[[Any], Any]]] = {
    int: _ranged_int,
    UInt: _ranged_uint,
    float: _as_float,
}


def _instant(ns: int) -> Timestamp:
    try:
        return Timestamp(ns)
    except ValueError as error:
        raise EvaluationError(str(error)) from None


def _span(ns: int) -> Duration:
    """What is reckoned has 64 bits of nanoseconds, as with the other implementations of CEL."""
    if not INT_MIN <= ns <= INT_MAX:
        raise EvaluationError("duration out of range")
    return Duration(ns)


def subtract(left: Any, right: Any) -> Any:
    """`-`."""
    one, other = left.__class__, right.__class__
    if one is other and one in _RANGED:
        return _RANGED[one](left - right)
    if one is Timestamp and other is Timestamp:
        return _span(left.ns - right.ns)
    if one is Timestamp and other is Duration:
        return _instant(left.ns - right.ns)
    if one is Duration and other is Duration:
        return _span(left.ns - right.ns)
    return no_overload("-", left, right)


def multiply(left: Any, right: Any) -> Any:
    """`*`."""
    kind = left.__class__
    if kind is right.__class__ and kind in _RANGED:
        return _RANGED[kind](left * right)
    return no_overload("*", left, right)


def divide(left: Any, right: Any) -> Any:
    """/ , of whole numbers toward zero."""
    kind = left.__class__
    if kind is not right.__class__ or kind not in _RANGED:
        no_overload("/", left, right)
    if kind is float:
        return _divided(left, right)
    if right == 0:
        failed("divide by zero")
    whole = abs(left) // abs(right)
    return _RANGED[kind](whole if (left < 0) == (right < 0) else -whole)


def _divided(left: float, right: float) -> float:
    if right:
        return left / right
    if not left or left != left:  # noqa: PLR0124 - NaN
        return math.nan
    return math.copysign(math.inf, left) * math.copysign(1.0, right)


def remainder(left: Any, right: Any) -> Any:
    """%, with the sign of what is divided."""
    kind = left.__class__
    if kind is not right.__class__ or kind not in (int, UInt):
        no_overload("%", left, right)
    if right == 0:
        failed("modulus by zero")
    if left == INT_MIN and right == -1:
        failed("integer overflow")
    rest = abs(left) % abs(right)
    return _RANGED[kind](-rest if left < 0 else rest)


def negate(value: Any) -> Any:
    """- in front."""
    kind = value.__class__
    if kind is int or kind is float:
        return _RANGED[kind](-value)
    return no_overload("-", value)


def deny(value: Any) -> bool:
    """`!`."""
    return not value if value is True or value is False else no_overload("!", value)

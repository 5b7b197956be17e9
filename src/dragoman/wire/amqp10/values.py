"""AMQP's types as Python's: a closed set (part 1, section 1.6).

    null None       boolean bool      long int (64 bits, signed)     double float      binary bytes   string str
    uuid UUID       list list         map dict (order kept)

    ubyte UByte     ushort UShort     uint UInt     ulong ULong      byte Byte         short Short    int Int
    float Float     char Char         timestamp Timestamp (ms since 1970)              symbol Symbol
    decimal32 Decimal32, decimal64 Decimal64, decimal128 Decimal128 (the bytes as they stand)
    array Array     described Described

Python's own types stand where they are exact; a subclass where the width or the meaning would be lost. A subclass
equals what it is made of (`Symbol("a") == "a"`), so that a look-up needs no types; `identical` tells them apart.
"""

from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID


class UByte(int):
    """8 bits, unsigned."""

    __slots__ = ()


class UShort(int):
    """16 bits, unsigned."""

    __slots__ = ()


class UInt(int):
    """32 bits, unsigned."""

    __slots__ = ()


class ULong(int):
    """64 bits, unsigned."""

    __slots__ = ()


class Byte(int):
    """8 bits, signed."""

    __slots__ = ()


class Short(int):
    """16 bits, signed."""

    __slots__ = ()


class Int(int):
    """32 bits, signed."""

    __slots__ = ()


class Timestamp(int):
    """Milliseconds since 1970, 64 bits, signed."""

    __slots__ = ()


class Float(float):
    """IEEE 754 binary32."""

    __slots__ = ()


class Char(str):
    """One character."""

    __slots__ = ()


class Symbol(str):
    """A name of some domain, in ASCII."""

    __slots__ = ()


class Decimal32(bytes):
    """IEEE 754 decimal32: 4 bytes."""

    __slots__ = ()


class Decimal64(bytes):
    """IEEE 754 decimal64: 8 bytes."""

    __slots__ = ()


class Decimal128(bytes):
    """IEEE 754 decimal128: 16 bytes."""

    __slots__ = ()


class Described:
    """A value with a descriptor that says what it stands for."""

    __slots__ = ("descriptor", "value")

    def __init__(self, descriptor: Any, value: Any) -> None:
        self.descriptor = descriptor
        self.value = value

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Described) and identical(self, other)

    def __hash__(self) -> int:
        return hash(repr(self))

    def __repr__(self) -> str:
        return f"Described({self.descriptor!r}, {self.value!r})"


class Array:
    """Values of one type, `kind`, each with `descriptor` if it is not None."""

    __slots__ = ("descriptor", "items", "kind")

    def __init__(self, kind: type, items: Sequence[Any] = (), descriptor: Any = None) -> None:
        self.kind = kind
        self.items = items
        self.descriptor = descriptor

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Array) and identical(self, other)

    def __hash__(self) -> int:
        return hash(repr(self))

    def __repr__(self) -> str:
        return f"Array({self.kind.__name__}, {self.items!r}, {self.descriptor!r})"


INTEGER_BITS: Final[dict[type, tuple[int, bool]]] = {
    UByte: (8, False),
    UShort: (16, False),
    UInt: (32, False),
    ULong: (64, False),
    Byte: (8, True),
    Short: (16, True),
    Int: (32, True),
    int: (64, True),
    Timestamp: (64, True),
}
DECIMAL_BYTES: Final[dict[type, int]] = {Decimal32: 4, Decimal64: 8, Decimal128: 16}
KINDS: Final = frozenset(
    (
        type(None),
        bool,
        float,
        Float,
        bytes,
        str,
        Char,
        Symbol,
        UUID,
        list,
        dict,
        Array,
        Described,
        *INTEGER_BITS,
        *DECIMAL_BYTES,
    )
)


def identical(one: Any, other: Any) -> bool:
    """Whether two values are the same in type, order and sign of zero. A NaN is identical to a NaN."""
    if type(one) is not type(other):
        return False
    if isinstance(one, float):
        return repr(float(one)) == repr(float(other))
    if isinstance(one, Described):
        return identical(one.descriptor, other.descriptor) and identical(one.value, other.value)
    if isinstance(one, Array):
        return (
            one.kind is other.kind
            and identical(one.descriptor, other.descriptor)
            and identical(list(one.items), list(other.items))
        )
    if isinstance(one, list):
        return len(one) == len(other) and all(map(identical, one, other))
    if isinstance(one, dict):
        return identical([*one, *one.values()], [*other, *other.values()])
    return bool(one == other)

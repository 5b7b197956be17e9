"""Big-endian numbers read by index. HOT, and only worth calling when compiled.

Compiled, indexing bytes costs a few nanoseconds where `struct` builds a tuple of objects; interpreted, it is
`struct` that wins. So the few places that pay for it ask `COMPILED` and keep both spellings side by side.
The caller has checked that the bytes are there.
"""

from typing import Final

from mypy_extensions import i64

COMPILED: Final[bool] = not __file__.endswith(".py")


def u16(data: bytes, at: i64) -> int:
    """Two octets."""
    high: i64 = data[at]
    return high << 8 | data[at + 1]


def u32(data: bytes, at: i64) -> int:
    """Four octets."""
    first: i64 = data[at]
    second: i64 = data[at + 1]
    third: i64 = data[at + 2]
    return first << 24 | second << 16 | third << 8 | data[at + 3]


def u64(data: bytes, at: i64) -> int:
    """Eight octets; above 2**63 too, which is why the halves are joined as plain ints."""
    return u32(data, at) << 32 | u32(data, at + 4)

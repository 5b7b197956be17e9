"""Which partition a key has: Bob Jenkins's lookup3 (`hashlittle2`, both seeds 0) over its UTF-8, folded to 16 bits.

The code is signed, and the service divides as .NET does, towards zero. azure-eventhub's buffered producer for Python
divides as Python does, and so differs from the service for negative codes; what it then says is a partition, no key.
"""

from struct import Struct
from typing import Final

_MASK: Final = 0xFFFF_FFFF
_BEGIN: Final = 0xDEAD_BEEF
_WORDS: Final = Struct("<III")
_MIX: Final = (4, 6, 8, 16, 19, 4)
_FINAL: Final = (14, 11, 25, 16, 4, 14, 24)


def partition_of(key: str, count: int) -> int:
    """The partition of `count` to which events with that key go."""
    return abs(code_of(key)) % count


def code_of(key: str) -> int:
    """The key's code, a signed 16-bit number."""
    second, first = _hash(key.encode(errors="surrogatepass"))
    code = (second ^ first) & 0xFFFF
    return code - 0x1_0000 if code & 0x8000 else code


def _rotate(value: int, by: int) -> int:
    return (value << by | value >> 32 - by) & _MASK


def _hash(data: bytes) -> tuple[int, int]:
    """(c, b) of `hashlittle2`."""
    a = b = c = (_BEGIN + len(data)) & _MASK
    if not data:
        return c, b
    padded = data + bytes(-len(data) % _WORDS.size)
    last = len(padded) - _WORDS.size
    for at in range(0, last, _WORDS.size):
        x, y, z = _WORDS.unpack_from(padded, at)
        a, b, c = _mix((a + x) & _MASK, (b + y) & _MASK, (c + z) & _MASK)
    x, y, z = _WORDS.unpack_from(padded, last)
    return _finish((a + x) & _MASK, (b + y) & _MASK, (c + z) & _MASK)


def _mix(a: int, b: int, c: int) -> tuple[int, int, int]:
    for by in _MIX:
        a = (a - c & _MASK) ^ _rotate(c, by)
        c = (c + b) & _MASK
        a, b, c = b, c, a
    return a, b, c


def _finish(a: int, b: int, c: int) -> tuple[int, int]:
    for by in _FINAL:
        c = (c ^ b) - _rotate(b, by) & _MASK
        a, b, c = b, c, a
    # Seven turns leave the last three in another order.
    return b, a

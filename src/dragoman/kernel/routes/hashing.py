"""Hashes that are the same in every process and after every restart (Python's own are not), and what they are taken of.

A message is placed by its key, or by a header or attribute when the route says so; one that lacks that field is placed
as if it were empty text.
"""

from hashlib import blake2b
from typing import Any, Final

from dragoman.kernel.filters.nodes import Field, Header
from dragoman.kernel.filters.values import plain
from dragoman.ports.translator import FieldSource

MASK_64: Final = (1 << 64) - 1


def hash_of(data: bytes) -> int:
    """64 bits, evenly spread."""
    return int.from_bytes(blake2b(data, digest_size=8).digest(), "big")


def mix(number: int) -> int:
    """64 bits in, 64 well mixed bits out (the finaliser of SplitMix64)."""
    number = ((number ^ (number >> 30)) * 0xBF58476D1CE4E5B9) & MASK_64
    number = ((number ^ (number >> 27)) * 0x94D049BB133111EB) & MASK_64
    return number ^ (number >> 31)


def bytes_of(value: Any) -> bytes:
    """The same bytes for the same value, always."""
    value = plain(value)
    if isinstance(value, bytes):
        return value
    if isinstance(value, str):
        return value.encode(errors="surrogatepass")
    return b"" if value is None else repr(value).encode(errors="surrogatepass")


def message_hash(on: Field | None, key: str, fields: FieldSource | None) -> int:
    """The message's hash by its key, or by the field `on`, which takes `fields`."""
    if on is None:
        return hash_of(key.encode(errors="surrogatepass"))
    assert fields is not None
    is_header = isinstance(on, Header)
    return hash_of(
        bytes_of(fields.headers.get(on.name) if is_header else fields.attribute(on.name))
    )

"""What is written down holds whole numbers of at most 64 bits. JSON and TOML know no such limit: their readers ask."""

from typing import Any

import msgspec


def are_storable(value: Any) -> bool:
    """Whether a struct, or what JSON can say, has no whole number outside -(2**63)..2**64 - 1."""
    try:
        msgspec.msgpack.encode(value)
    except OverflowError:
        return False
    return True

"""What is written down holds whole numbers of at most 64 bits, and text that is UTF-8.

JSON and TOML know no such limit, and AMQP's names may be any bytes, kept as surrogate escapes: their readers ask.
"""

from typing import Any, Final

import msgspec

UNSTORABLE: Final = "a whole number of more than 64 bits, or text that is no UTF-8"


def are_storable(value: Any) -> bool:
    """Whether a struct, or what JSON can say, has nothing else in it."""
    try:
        msgspec.msgpack.encode(value)
    except (OverflowError, UnicodeEncodeError):
        return False
    return True

"""Exchange and routing key of a publish to the kernel's address; checked once per connection and pair.

The default exchange has the queue's own name as key: its address is the stream itself. Any other exchange is a route.
"""

from collections.abc import Callable
from typing import Final

from dragoman.kernel.api import Address
from dragoman.wire.amqp091.errors import frame_error
from dragoman.wire.amqp091.outgoing import split_key

CACHE_MAX: Final = 4096


class Addresses:
    """A cache by the raw bytes of a publish. `check` refuses exchanges and keys that cannot be published to."""

    __slots__ = ("_check", "_known")

    def __init__(self, check: Callable[[str, str], None]) -> None:
        self._check = check
        self._known: dict[bytes, Address] = {}

    def of(self, key_raw: bytes) -> Address:
        """Raises Refused (403, 404) and AmqpError (501) for names that are not UTF-8."""
        known = self._known.get(key_raw)
        if known is None:
            known = self._read(key_raw)
            if len(self._known) >= CACHE_MAX:
                self._known.clear()
            self._known[key_raw] = known
        return known

    def clear(self) -> None:
        """Exchanges may have changed."""
        self._known.clear()

    def _read(self, key_raw: bytes) -> Address:
        exchange_raw, key_bytes = split_key(key_raw)
        try:
            exchange, key = exchange_raw.decode(), key_bytes.decode()
        except UnicodeDecodeError:
            raise frame_error("Malformed UTF-8 in shortstr", 60, 40) from None
        if not exchange:
            return Address(key)
        self._check(exchange, key)
        return Address(exchange, key, is_route=True)

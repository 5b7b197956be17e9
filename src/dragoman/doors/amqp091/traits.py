"""What a publish must know of a message's properties, read once per header that looks different. Hot.

Equal answers are one object, so neighbours are compared by identity. Both tables are caches: emptied when full.
"""

import re
from typing import Final

from dragoman.doors.amqp091.errors import PRECONDITION_FAILED, Refused
from dragoman.wire.amqp091 import propertyscan as flag
from dragoman.wire.amqp091.propertyscan import PropertyScan, scan_properties

DIRECT_REPLY: Final = "amq.rabbitmq.reply-to"
PERSISTENT: Final = 2
CACHE_MAX: Final = 1024
EXPIRATION_MS_MAX: Final = 315_360_000_000  # ten years, as RabbitMQ
PLAIN: Final = 0
REPLY_TO: Final = 1  # reply-to names the direct reply queue: rewritten
CARBON_COPIES: Final = 2  # headers CC or BCC: routed by more keys
DELAY: Final = 4  # header x-delay: waits, in an exchange of type x-delayed-message

_PROPERTIES_AT: Final = 12  # past class, weight and body size
_REPLY_TO_RAW: Final = bytes([len(DIRECT_REPLY)]) + DIRECT_REPLY.encode()
_COPIES_RAW: Final = re.compile(
    rb"\x02CC[A-Za-z]|\x03BCC[A-Za-z]"
)  # the names, and a field's letter
_DELAY_RAW: Final = b"\x07x-delay"


class Traits:
    """`expiration_ms` is -1 when the message does not expire by itself; `special` is a sum of the constants above."""

    __slots__ = ("expiration_ms", "persistent", "priority", "special")

    def __init__(self, persistent: bool, priority: int, expiration_ms: int, special: int) -> None:
        self.persistent = persistent
        self.priority = priority
        self.expiration_ms = expiration_ms
        self.special = special

    def goes_with(self, other: "Traits") -> bool:
        """Whether messages can be published by one command, each with its own priority and life."""
        alike = self is other or self.persistent == other.persistent
        return alike and self.special == other.special and self.special <= REPLY_TO


class TraitsCache:
    """Of one connection: `user` is who its messages may say they are from."""

    __slots__ = ("_by_properties", "_shared", "user")

    def __init__(self, user: str) -> None:
        self.user = user
        self._by_properties: dict[bytes, Traits] = {}
        self._shared: dict[tuple[bool, int, int, int], Traits] = {}

    def of(self, header: bytes) -> Traits:
        """Of the payload of a header frame. Raises AmqpError (502) and Refused (406)."""
        properties = header[_PROPERTIES_AT:]
        known = self._by_properties.get(properties)
        if known is None:
            known = self._read(header)
            if len(self._by_properties) >= CACHE_MAX:
                self._by_properties.clear()
            self._by_properties[properties] = known
        return known

    def _read(self, header: bytes) -> Traits:
        scan = scan_properties(header)
        if scan.flags & flag.USER_ID and scan.user_id != self.user.encode():
            claimed = scan.user_id.decode(errors="replace")
            text = f"user_id property set to '{claimed}' but authenticated user was '{self.user}'"
            raise Refused(PRECONDITION_FAILED, text)
        expiration_ms = (
            expiration_of(scan.expiration.decode(errors="replace"))
            if scan.flags & flag.EXPIRATION
            else -1
        )
        key = (
            scan.delivery_mode == PERSISTENT,
            scan.priority,
            expiration_ms,
            _special_of(header, scan),
        )
        shared = self._shared.get(key)
        if shared is None:
            if len(self._shared) >= CACHE_MAX:
                self._shared.clear()
            shared = self._shared[key] = Traits(*key)
        return shared


def _special_of(header: bytes, scan: PropertyScan) -> int:
    special = PLAIN
    if scan.flags & flag.REPLY_TO and _REPLY_TO_RAW in header:
        special |= REPLY_TO
    start, end = scan.headers_start, scan.headers_end
    if start < end and _COPIES_RAW.search(header, start, end):
        special |= CARBON_COPIES
    if start < end and header.find(_DELAY_RAW, start, end) >= 0:
        special |= DELAY
    return special


def expiration_of(text: str) -> int:
    """Milliseconds to live. Raises Refused (406)."""
    digits = text[1:] if text[:1] in {"-", "+"} else text
    count = next(
        (at for at, letter in enumerate(digits) if letter not in "0123456789"), len(digits)
    )
    if not count:
        raise _invalid(text, "no_integer")
    if count < len(digits):
        raise _invalid(text, f'{{leftover_string,"{digits[count:]}"}}')
    value = int(text)
    if value < 0:
        raise _invalid(text, f"{{value_negative,{value}}}")
    if value > EXPIRATION_MS_MAX:
        raise _invalid(text, f"{{value_too_large,{value}}}")
    return value


def _invalid(text: str, why: str) -> Refused:
    return Refused(PRECONDITION_FAILED, f"invalid expiration '{text}': {why}")

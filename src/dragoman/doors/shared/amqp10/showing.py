"""Stored entries as deliveries: a new header, annotations in front of those that the sender wrote. Hot.

Headers are few: those of one kind are written once.
"""

from typing import Final

from dragoman.formats.amqp10 import section
from dragoman.wire.amqp10.composites import to_bytes
from dragoman.wire.amqp10.messaging import Header
from dragoman.wire.amqp10.sections import (
    MESSAGE_ANNOTATIONS,
    PREFIX_BYTES,
    Sections,
    merge_map,
    show_entry,
    split_entry,
)

HEADERS_MAX: Final = 1_024
_HEADERS: Final[dict[tuple[bytes, int], bytes]] = {}


def show(entry: bytes, fails: int, pairs: bytes = b"", count: int = 0) -> bytes:
    """The message as it is sent: `fails` attempts before this one failed; `count` annotations, encoded, are added."""
    parts = split_entry(entry)
    stored = entry[parts.annotations : parts.properties]
    if count:
        stored = merge_map(MESSAGE_ANNOTATIONS, pairs, count, stored)
    return show_entry(entry, header_of(entry, parts, fails), stored)


def header_of(entry: bytes, parts: Sections, fails: int) -> bytes:
    """The header of a delivery; always there, for some clients look into it unasked."""
    raw = entry[PREFIX_BYTES : parts.annotations]
    known = _HEADERS.get((raw, fails))
    if known is None:
        fields = section(raw, 0, len(raw), list) if raw else []
        durable, priority, ttl = [*fields[:3], None, None, None][:3]
        known = to_bytes(
            Header(
                durable=durable is True,
                priority=Header().priority if priority is None else priority,
                ttl=ttl,
                first_acquirer=fails == 0,
                delivery_count=fails,
            )
        )
        if len(_HEADERS) >= HEADERS_MAX:
            _HEADERS.clear()
        _HEADERS[raw, fails] = known
    return known

"""Batches as Azure's clients send them: one delivery, of format 0x80013700, whose data sections are whole messages."""

from typing import Any, Final

from dragoman.doors.shared.amqp10.profile import Refused
from dragoman.formats.amqp10 import section
from dragoman.wire.amqp10.decode import DecodeError, decode
from dragoman.wire.amqp10.errors import INVALID_FIELD
from dragoman.wire.amqp10.sections import DATA, slice_message
from dragoman.wire.amqp10.values import Described

BATCH_FORMAT: Final = 0x80013700
BATCH_MAX: Final = 10_000


def parts_of(payload: bytes) -> list[bytes]:
    """The messages in the data sections of a batch. Raises DecodeError, Refused."""
    found = slice_message(payload)
    if found.shape != DATA:
        raise DecodeError("a batch is made of data sections")
    parts: list[bytes] = []
    pos = found.body
    while pos < found.footer:
        value, pos = decode(payload, pos)
        if type(value) is not Described or type(value.value) is not bytes:
            raise DecodeError("a batch is made of data sections")
        parts.append(value.value)
    if len(parts) > BATCH_MAX:
        raise Refused(INVALID_FIELD, f"a batch has at most {BATCH_MAX} messages")
    return parts


def annotations_of(payload: bytes) -> dict[Any, Any]:
    """The message annotations of the batch itself, which hold for all its messages. Raises DecodeError."""
    found = slice_message(payload)
    known: dict[Any, Any] = section(payload, found.annotations, found.properties, dict)
    return known

"""Event Hubs' own conditions, and the one table from kernel errors to them and to statuses of `$management`."""

from collections.abc import Mapping
from typing import Final

from dragoman.doors.shared.amqp10 import errors as shared
from dragoman.model import errors as e
from dragoman.wire.amqp10.errors import LINK_STOLEN, Error

VENDOR: Final = "com.microsoft:"
ARGUMENT: Final = VENDOR + "argument-error"
OUT_OF_RANGE: Final = VENDOR + "argument-out-of-range"
SERVER_BUSY: Final = VENDOR + "server-busy"

CONDITIONS: Final[Mapping[type[e.KernelError], str]] = {
    e.InvalidArgument: ARGUMENT,
    e.MessageInvalid: ARGUMENT,
    e.PartitionNotFound: OUT_OF_RANGE,
    e.OffsetOutOfRange: ARGUMENT,
    e.ReaderFenced: LINK_STOLEN,
    e.StorageFull: SERVER_BUSY,
}
"""The rest is in the standard's words."""
STATUSES: Final[Mapping[type[e.KernelError], int]] = {
    **shared.STATUSES,
    e.PartitionNotFound: 400,
    e.OffsetOutOfRange: 400,
}


def error_of(error: e.KernelError) -> Error:
    """What a client is told."""
    return shared.error_in(error, CONDITIONS)


def status_of(error: e.KernelError) -> int:
    """The status of an answer that refuses."""
    return shared.status_in(error, STATUSES)

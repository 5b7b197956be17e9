"""Event Hubs' own conditions, and the one table from kernel errors to them and to statuses of `$management`."""

from collections.abc import Mapping
from typing import Final

from dragoman.doors.shared.amqp10.errors import condition_of
from dragoman.doors.shared.amqp10.errors import error_of as plain_error_of
from dragoman.model import errors as e
from dragoman.wire.amqp10.errors import DESCRIPTION_CHARS_MAX, LINK_STOLEN, Error

VENDOR: Final = "com.microsoft:"
ARGUMENT: Final = VENDOR + "argument-error"
OUT_OF_RANGE: Final = VENDOR + "argument-out-of-range"
SERVER_BUSY: Final = VENDOR + "server-busy"

CONDITIONS: Final[Mapping[type[e.KernelError], str]] = {
    e.InvalidArgument: ARGUMENT,
    e.PartitionNotFound: OUT_OF_RANGE,
    e.OffsetOutOfRange: ARGUMENT,
    e.ReaderFenced: LINK_STOLEN,
    e.StorageFull: SERVER_BUSY,
}
"""The rest is in the standard's words."""
STATUSES: Final[Mapping[type[e.KernelError], int]] = {
    e.KernelError: 500,
    e.InvalidArgument: 400,
    e.NotSupported: 501,
    e.AccessRefused: 401,
    e.NotFound: 404,
    e.PartitionNotFound: 400,
    e.OffsetOutOfRange: 400,
    e.Conflict: 409,
    e.MessageTooLarge: 413,
    e.QuotaExceeded: 403,
    e.StorageFull: 503,
}


def error_of(error: e.KernelError) -> Error:
    """What a client is told."""
    condition = condition_of(error, CONDITIONS)
    if condition is None:
        return plain_error_of(error)
    return Error(condition, str(error)[:DESCRIPTION_CHARS_MAX])


def status_of(error: e.KernelError) -> int:
    """The status of an answer that refuses."""
    return next(STATUSES[known] for known in type(error).__mro__ if known in STATUSES)

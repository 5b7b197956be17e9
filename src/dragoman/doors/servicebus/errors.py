"""Service Bus's own conditions, and the one table from kernel errors to them and to statuses of `$management`."""

from collections.abc import Mapping
from typing import Final

from dragoman.doors.shared.amqp10.errors import condition_of
from dragoman.doors.shared.amqp10.errors import error_of as plain_error_of
from dragoman.model import errors as e
from dragoman.wire.amqp10.errors import DESCRIPTION_CHARS_MAX, Error

VENDOR: Final = "com.microsoft:"
DEAD_LETTER: Final = VENDOR + "dead-letter"
LOCK_LOST: Final = VENDOR + "message-lock-lost"
SESSION_LOCK_LOST: Final = VENDOR + "session-lock-lost"
SESSION_CANNOT_BE_LOCKED: Final = VENDOR + "session-cannot-be-locked"
MESSAGE_NOT_FOUND: Final = VENDOR + "message-not-found"
SESSION_NOT_FOUND: Final = VENDOR + "session-not-found"
TIMEOUT: Final = VENDOR + "timeout"
ARGUMENT: Final = VENDOR + "argument-error"
SERVER_BUSY: Final = VENDOR + "server-busy"
DISABLED: Final = VENDOR + "entity-disabled"
ALREADY_EXISTS: Final = VENDOR + "entity-already-exists"

CONDITIONS: Final[Mapping[type[e.KernelError], str]] = {
    e.InvalidArgument: ARGUMENT,
    e.LeaseExpired: LOCK_LOST,
    e.ResourceLocked: SESSION_CANNOT_BE_LOCKED,
    e.StorageFull: SERVER_BUSY,
    e.OffsetOutOfRange: MESSAGE_NOT_FOUND,
    e.ScheduleNotFound: MESSAGE_NOT_FOUND,
}
"""The rest is in the standard's words."""
STATUSES: Final[Mapping[type[e.KernelError], int]] = {
    e.KernelError: 500,
    e.InvalidArgument: 400,
    e.NotSupported: 501,
    e.AccessRefused: 401,
    e.NotFound: 404,
    e.OffsetOutOfRange: 404,
    e.Conflict: 409,
    e.ResourceLocked: 409,
    e.LeaseExpired: 410,
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

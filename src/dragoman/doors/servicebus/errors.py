"""Service Bus's own conditions, and the one table from kernel errors to them and to statuses of `$management`."""

from collections.abc import Mapping
from typing import Final

from dragoman.doors.shared.amqp10 import errors as shared
from dragoman.model import errors as e
from dragoman.wire.amqp10.errors import Error

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
    e.MessageInvalid: ARGUMENT,
    e.LeaseExpired: LOCK_LOST,
    e.ResourceLocked: SESSION_CANNOT_BE_LOCKED,
    e.StorageFull: SERVER_BUSY,
    e.OffsetOutOfRange: MESSAGE_NOT_FOUND,
    e.ScheduleNotFound: MESSAGE_NOT_FOUND,
}
"""The rest is in the standard's words."""
STATUSES: Final[Mapping[type[e.KernelError], int]] = {
    **shared.STATUSES,
    e.OffsetOutOfRange: 404,
    e.ResourceLocked: 409,
    e.LeaseExpired: 410,
}


def error_of(error: e.KernelError) -> Error:
    """What a client is told."""
    return shared.error_in(error, CONDITIONS)


def status_of(error: e.KernelError) -> int:
    """The status of an answer that refuses."""
    return shared.status_in(error, STATUSES)

"""Kernel errors in the standard's words, or a service's. A class not in a table takes its nearest parent's entry."""

from collections.abc import Mapping
from typing import Final

from dragoman.model import errors as e
from dragoman.wire.amqp10.errors import (
    DESCRIPTION_CHARS_MAX,
    INTERNAL_ERROR,
    INVALID_FIELD,
    MESSAGE_SIZE_EXCEEDED,
    NOT_ALLOWED,
    NOT_FOUND,
    NOT_IMPLEMENTED,
    PRECONDITION_FAILED,
    RESOURCE_LIMIT_EXCEEDED,
    RESOURCE_LOCKED,
    UNAUTHORIZED_ACCESS,
    Error,
)

CONDITIONS: Final[Mapping[type[e.KernelError], str]] = {
    e.KernelError: INTERNAL_ERROR,
    e.InvalidArgument: INVALID_FIELD,
    e.NotSupported: NOT_IMPLEMENTED,
    e.AccessRefused: UNAUTHORIZED_ACCESS,
    e.NotFound: NOT_FOUND,
    e.Conflict: PRECONDITION_FAILED,
    e.AlreadyExists: NOT_ALLOWED,
    e.ResourceLocked: RESOURCE_LOCKED,
    e.PublishRefused: RESOURCE_LIMIT_EXCEEDED,
    e.MessageInvalid: INVALID_FIELD,
    e.MessageTooLarge: MESSAGE_SIZE_EXCEEDED,
    e.QuotaExceeded: RESOURCE_LIMIT_EXCEEDED,
    e.StorageFull: RESOURCE_LIMIT_EXCEEDED,
    e.OffsetOutOfRange: INVALID_FIELD,
    e.GroupError: PRECONDITION_FAILED,
    e.ProducerError: PRECONDITION_FAILED,
}

STATUSES: Final[Mapping[type[e.KernelError], int]] = {
    e.KernelError: 500,
    e.InvalidArgument: 400,
    e.NotSupported: 501,
    e.AccessRefused: 401,
    e.NotFound: 404,
    e.Conflict: 409,
    e.MessageInvalid: 400,
    e.MessageTooLarge: 413,
    e.QuotaExceeded: 403,
    e.StorageFull: 503,
}
"""Of answers of `$management`, as Microsoft's services have them; each has some of its own besides."""


def condition_of(error: e.KernelError, table: Mapping[type[e.KernelError], str]) -> str | None:
    """The entry of the error's class, or of its nearest parent that has one."""
    return next((table[known] for known in type(error).__mro__ if known in table), None)


def error_of(error: e.KernelError) -> Error:
    """What a client is told where its service has no words of its own."""
    condition = condition_of(error, CONDITIONS)
    assert condition is not None, "the root has an entry"
    return Error(condition, str(error)[:DESCRIPTION_CHARS_MAX])


def error_in(error: e.KernelError, table: Mapping[type[e.KernelError], str]) -> Error:
    """What a client is told: in its service's words where `table` has some, else in the standard's."""
    condition = condition_of(error, table)
    if condition is None:
        return error_of(error)
    return Error(condition, str(error)[:DESCRIPTION_CHARS_MAX])


def status_in(error: e.KernelError, table: Mapping[type[e.KernelError], int]) -> int:
    """The status of an answer that refuses. `table` has an entry for the root."""
    return next(table[known] for known in type(error).__mro__ if known in table)

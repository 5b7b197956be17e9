"""Every refusal of the kernel as a status; its code is the kernel's own and never changes."""

from collections.abc import Mapping
from typing import Final

from dragoman.console.access import refused
from dragoman.doors.shared.rest.call import Response
from dragoman.doors.shared.rest.problem import problem
from dragoman.model import errors as e

STATUSES: Final[Mapping[type[e.KernelError], int]] = {
    e.InvalidArgument: 400,
    e.NotSupported: 501,
    e.AccessRefused: 403,
    e.NotFound: 404,
    e.Conflict: 409,
    e.PublishRefused: 409,
    e.MessageInvalid: 422,
    e.MessageTooLarge: 413,
    e.QuotaExceeded: 429,
    e.StorageFull: 507,
    e.OffsetOutOfRange: 416,
    e.GroupError: 409,
    e.ProducerError: 409,
    e.KernelError: 500,
}


def status_of(kind: type[Exception]) -> int:
    """That of the nearest root."""
    return next(
        (STATUSES[known] for known in kind.__mro__ if known in STATUSES), STATUSES[e.KernelError]
    )


def refusal(error: Exception) -> Response:
    """A handler's error as a problem."""
    answer = refused(error)
    if answer is not None:
        return answer
    if isinstance(error, e.KernelError):
        return problem(status_of(type(error)), error.code, str(error))
    return problem(500, "fault", "a fault of the broker's own; its log has more")

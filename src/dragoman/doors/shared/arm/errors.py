"""Refusals as Azure Resource Manager words them (Azure REST API guidelines, "Common API patterns: errors").

{"error": {"code": "ResourceNotFound", "message": "..", "details": []}}
"""

from collections.abc import Mapping, Sequence
from typing import Final

from dragoman.doors.shared.rest.call import RawHeader, Response, json_response
from dragoman.model.errors import (
    AccessRefused,
    AlreadyExists,
    Conflict,
    InvalidArgument,
    KernelError,
    MessageTooLarge,
    NotFound,
    NotSupported,
    QuotaExceeded,
    StorageFull,
)


class ArmError(Exception):
    """A refusal: HTTP status, ARM's code, and what it says to people."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code


CODES: Final[Mapping[type[KernelError], tuple[int, str]]] = {
    NotFound: (404, "ResourceNotFound"),
    AlreadyExists: (409, "Conflict"),
    Conflict: (409, "Conflict"),
    InvalidArgument: (400, "InvalidRequest"),
    NotSupported: (400, "NotSupported"),
    AccessRefused: (403, "AuthorizationFailed"),
    MessageTooLarge: (413, "RequestEntityTooLarge"),
    QuotaExceeded: (409, "QuotaExceeded"),
    StorageFull: (503, "ServerBusy"),
    KernelError: (500, "InternalServerError"),
}
"""By class, the nearest base counts."""


def code_of(error: Exception) -> tuple[int, str]:
    """Status and code of a refusal of the kernel's; a fault of ours is 500."""
    for kind in type(error).__mro__:
        if kind in CODES:
            return CODES[kind]
    return 500, "InternalServerError"


def refusal(error: Exception, headers: Sequence[RawHeader] = ()) -> Response:
    """An error's answer."""
    if isinstance(error, ArmError):
        return error_response(error.status, error.code, str(error), headers)
    status, code = code_of(error)
    text = str(error) or code if isinstance(error, KernelError) else "Something went wrong here."
    return error_response(status, code, text, headers)


def error_response(
    status: int, code: str, message: str, headers: Sequence[RawHeader] = ()
) -> Response:
    """The answer with ARM's body."""
    return json_response(status, {"error": {"code": code, "message": message}}, headers)

"""Refusals of the data plane, in Event Grid's words.

{"error": {"code": "BadRequest", "message": "..", "details": [{"code": "InputJsonInvalid", "message": ".."}]}}
"""

from collections.abc import Mapping
from typing import Final

from dragoman.doors.shared.rest.call import Response, json_response
from dragoman.model.errors import (
    AccessRefused,
    InvalidArgument,
    KernelError,
    LeaseExpired,
    MessageInvalid,
    MessageTooLarge,
    NotFound,
    NotSupported,
    PublishRefused,
    QuotaExceeded,
    StorageFull,
)


class EventGridError(Exception):
    """A refusal: HTTP status, code, what it says; `detail` is a finer code."""

    def __init__(self, status: int, code: str, message: str, detail: str = "") -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.detail = detail or code


CODES: Final[Mapping[type[KernelError], tuple[int, str]]] = {
    NotFound: (404, "NotFound"),
    InvalidArgument: (400, "BadRequest"),
    NotSupported: (400, "BadRequest"),
    AccessRefused: (403, "Forbidden"),
    MessageInvalid: (400, "BadRequest"),
    MessageTooLarge: (413, "RequestEntityTooLarge"),
    PublishRefused: (503, "ServerBusy"),
    QuotaExceeded: (429, "TooManyRequests"),
    StorageFull: (503, "ServerBusy"),
    LeaseExpired: (400, "TokenLost"),
    KernelError: (500, "InternalServerError"),
}
"""By class, the nearest base counts."""


def code_of(error: Exception) -> tuple[int, str]:
    """Status and code; a fault of ours is 500."""
    for kind in type(error).__mro__:
        if kind in CODES:
            return CODES[kind]
    return 500, "InternalServerError"


def refusal(error: Exception) -> Response:
    """An error's answer."""
    if isinstance(error, EventGridError):
        return error_response(error.status, error.code, str(error), error.detail)
    status, code = code_of(error)
    text = str(error) or code if isinstance(error, KernelError) else "Something went wrong here."
    return error_response(status, code, text, code)


def error_response(status: int, code: str, message: str, detail: str) -> Response:
    """The answer with Event Grid's body."""
    details = [{"code": detail, "message": message}]
    return json_response(status, {"error": {"code": code, "message": message, "details": details}})


def bad_request(message: str, detail: str = "BadRequest") -> EventGridError:
    """What was sent makes no sense."""
    return EventGridError(400, "BadRequest", message, detail)


def unauthorized(message: str) -> EventGridError:
    """Nothing was shown that opens this."""
    return EventGridError(401, "Unauthorized", message)


def not_found(what: str) -> EventGridError:
    """Nothing of that name."""
    return EventGridError(404, "NotFound", f"The resource '{what}' was not found.")


def too_large(message: str) -> EventGridError:
    """More than is taken."""
    return EventGridError(413, "RequestEntityTooLarge", message)

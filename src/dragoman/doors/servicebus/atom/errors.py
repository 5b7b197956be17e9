"""Refusals of administration: a status, and an `Error` document with a sub-code for programs."""

from collections.abc import Mapping
from typing import Final
from xml.sax.saxutils import escape

from dragoman.doors.shared.rest.call import Response
from dragoman.model import errors as e

XML: Final = (b"content-type", b"application/xml; charset=utf-8")
FAULT: Final = 500


class AtomError(Exception):
    """A status, and what is said of it."""

    def __init__(self, status: int, detail: str) -> None:
        super().__init__(detail)
        self.status = status


STATUSES: Final[Mapping[type[e.KernelError], tuple[int, str]]] = {
    e.KernelError: (FAULT, ""),
    e.InvalidArgument: (400, "SubCode=40000. "),
    e.NotSupported: (400, "SubCode=40000. "),
    e.AccessRefused: (401, "SubCode=40100. "),
    e.NotFound: (404, "SubCode=40400. "),
    e.Conflict: (409, "SubCode=40900. "),
    e.QuotaExceeded: (403, "SubCode=40300. "),
    e.StorageFull: (503, "SubCode=50300. "),
}
"""By class, the nearest base counts."""


def missing(path: str) -> AtomError:
    """There is no such entity."""
    return AtomError(404, f"SubCode=40400. Not Found. The entity {path!r} does not exist.")


def conflict(path: str) -> AtomError:
    """There is one already."""
    return AtomError(409, f"SubCode=40900. Conflict. The entity {path!r} exists already.")


def bad(text: str) -> AtomError:
    """The request makes no sense."""
    return AtomError(400, f"SubCode=40000. Bad Request. {text}")


def refusal(error: Exception) -> Response:
    """An error's answer; a fault of ours is 500."""
    status, detail = FAULT, "Something went wrong here."
    if isinstance(error, AtomError):
        status, detail = error.status, str(error)
    elif isinstance(error, e.KernelError):
        status, code = next(STATUSES[kind] for kind in type(error).__mro__ if kind in STATUSES)
        detail = f"{code}{error}"
    body = f"<Error><Code>{status}</Code><Detail>{escape(printable(detail))}</Detail></Error>"
    return Response(status, body.encode(), (XML,))


def printable(text: str) -> str:
    """Without what XML 1.0 has no way to write."""
    return "".join(each if each >= " " and each not in "\ufffe\uffff" else " " for each in text)

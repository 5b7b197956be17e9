"""Refusals that belong to no service: problem details as JSON (RFC 9457), their `code` stable."""

from typing import Final

import msgspec

from dragoman.doors.shared.rest.call import RawHeader, Response
from dragoman.wire.http.response import REASONS

PROBLEM: Final = (b"content-type", b"application/problem+json")


def problem(
    status: int, code: str, detail: str = "", headers: tuple[RawHeader, ...] = ()
) -> Response:
    """An answer that says no; `code` is for programs, `detail` for people."""
    document = {
        "type": "about:blank",
        "title": REASONS.get(status, ""),
        "status": status,
        "code": code,
        "detail": detail,
    }
    return Response(status, msgspec.json.encode(document), (PROBLEM, *headers))

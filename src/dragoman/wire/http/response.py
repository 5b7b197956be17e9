"""An answer's bytes. Hot: one call per answer.

The caller's headers need no content-length, connection or date. Bodies are always whole, so nothing is sent in chunks.
"""

from collections.abc import Sequence
from typing import Final

from dragoman.wire.http.request import RawHeader

CONTINUE: Final = b"HTTP/1.1 100 Continue\r\n\r\n"
REASONS: Final = {
    200: "OK",
    201: "Created",
    202: "Accepted",
    204: "No Content",
    301: "Moved Permanently",
    302: "Found",
    304: "Not Modified",
    400: "Bad Request",
    401: "Unauthorized",
    403: "Forbidden",
    404: "Not Found",
    405: "Method Not Allowed",
    406: "Not Acceptable",
    408: "Request Timeout",
    409: "Conflict",
    410: "Gone",
    412: "Precondition Failed",
    413: "Content Too Large",
    414: "URI Too Long",
    415: "Unsupported Media Type",
    416: "Range Not Satisfiable",
    417: "Expectation Failed",
    422: "Unprocessable Content",
    428: "Precondition Required",
    429: "Too Many Requests",
    431: "Request Header Fields Too Large",
    500: "Internal Server Error",
    501: "Not Implemented",
    503: "Service Unavailable",
    504: "Gateway Timeout",
    505: "HTTP Version Not Supported",
    507: "Insufficient Storage",
}
BODILESS: Final = frozenset((204, 304))  # RFC 9110, section 8.6: no content-length either
_LINES: Final = {
    status: f"HTTP/1.1 {status} {reason}\r\n".encode() for status, reason in REASONS.items()
}
_DAYS: Final = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS: Final = (
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
)  # fmt: skip
_SECONDS_A_DAY: Final = 86_400
_EPOCH_WEEKDAY: Final = 3  # 1 January 1970 was a Thursday
_CUT: Final = bytes.maketrans(b"\r\n\0", b"   ")


def date_of(second: int) -> bytes:
    """A wall second in the form of HTTP, whatever the locale (RFC 9110, section 5.6.7)."""
    days, rest = divmod(second, _SECONDS_A_DAY)
    year, month, day = _civil(days)
    weekday = _DAYS[(days + _EPOCH_WEEKDAY) % 7]
    hour, minute = rest // 3600, rest // 60 % 60
    text = f"{weekday}, {day:02} {_MONTHS[month - 1]} {year} {hour:02}:{minute:02}:{rest % 60:02}"
    return text.encode() + b" GMT"


def _civil(days: int) -> tuple[int, int, int]:
    """Year, month, day of a day since 1970 in the Gregorian calendar, counted from 1 March of the year 0."""
    shifted = days + 719_468
    era, day_of_era = divmod(shifted, 146_097)
    year_of_era = (
        day_of_era - day_of_era // 1_460 + day_of_era // 36_524 - day_of_era // 146_096
    ) // 365
    day_of_year = day_of_era - (365 * year_of_era + year_of_era // 4 - year_of_era // 100)
    month = (5 * day_of_year + 2) // 153
    day = day_of_year - (153 * month + 2) // 5 + 1
    month = month + 3 if month < 10 else month - 9
    return year_of_era + era * 400 + (month <= 2), month, day


class Dates:
    """The date of now, made once a second."""

    __slots__ = ("_second", "_text")

    def __init__(self) -> None:
        self._second = -1
        self._text = b""

    def at(self, wall_ms: int) -> bytes:
        """For a wall time."""
        second = wall_ms // 1000
        if second != self._second:
            self._second = second
            self._text = date_of(second)
        return self._text


def encode_response(
    status: int,
    headers: Sequence[RawHeader],
    body: bytes,
    date: bytes,
    *,
    closes: bool = False,
    keeps: bool = False,
    is_head: bool = False,
) -> bytes:
    """One answer. `closes` says that the connection ends behind it, `keeps` tells HTTP/1.0 that it does not;
    `is_head` leaves the body out. Line breaks inside of headers become spaces, so that none can be smuggled in.
    """
    parts = [_LINES.get(status) or b"HTTP/1.1 %d \r\n" % status]
    for name, value in headers:
        clean = value.translate(_CUT) if b"\n" in value or b"\r" in value else value
        parts.append(b"%s: %s\r\n" % (name, clean))
    if closes:
        parts.append(b"connection: close\r\n")
    elif keeps:
        parts.append(b"connection: keep-alive\r\n")
    if status in BODILESS:
        parts.append(b"date: %s\r\n\r\n" % date)
    else:
        parts.append(b"content-length: %d\r\ndate: %s\r\n\r\n" % (len(body), date))
        if not is_head:
            parts.append(body)
    return b"".join(parts)

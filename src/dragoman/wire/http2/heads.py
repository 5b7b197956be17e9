"""What a request's header block says, judged (RFC 9113, sections 8.2 and 8.3).

A malformed request is an error of its stream alone. Names are in lower case on the wire; values may hold any bytes but
NUL, CR and LF, and neither begin nor end with white space. Heads that repeat are the same object (`compression`), so
they are never changed, but for `note`, which is their owner's: what it found out about all requests that begin so.
"""

import re
from collections.abc import Sequence
from typing import Any, Final

from dragoman.wire.http.request import RawHeader

HEADERS_MAX: Final = 128  # of one request, as over HTTP/1.1

_NAME: Final = re.compile(rb"[!#$%&'*+\-.^_`|~0-9a-z]+")
_VALUE: Final = re.compile(rb"(?![ \t])[^\x00\r\n]*(?<![ \t])")
_PSEUDO: Final = (b":method", b":scheme", b":path", b":authority")
_METHOD: Final = re.compile(rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
_TARGET: Final = re.compile(rb"/[\x21-\x7e\x80-\xff]*")
_OF_THE_CONNECTION: Final = frozenset(
    (b"connection", b"proxy-connection", b"keep-alive", b"transfer-encoding", b"upgrade")
)
_DIGITS: Final = re.compile(rb"[0-9]{1,18}")


class Malformed(Exception):
    """The request, or its trailers, break a rule; the text says which."""


class Head:
    """A request's head.

    headers  without the pseudo ones, in their order; repeated names are repeated
    length   of the content, as announced; -1 where it is not
    """

    __slots__ = ("authority", "headers", "length", "method", "note", "path", "scheme")

    def __init__(self, fields: Sequence[RawHeader]) -> None:
        """Raises Malformed."""
        pseudo: dict[bytes, bytes] = {}
        headers: list[RawHeader] = []
        self.length = -1
        self.note: Any = None
        for name, value in fields:
            if name[:1] == b":":
                if headers or name not in _PSEUDO or name in pseudo:
                    raise Malformed(f"pseudo-header {name!r} is unknown, repeated or too late")
                pseudo[name] = value
            else:
                self._check(name, value)
                headers.append((name, value))
        self.headers: Sequence[RawHeader] = headers
        self.method: bytes = pseudo.get(b":method", b"")
        self.scheme: bytes = pseudo.get(b":scheme", b"")
        self.path: bytes = pseudo.get(b":path", b"")
        self.authority: bytes | None = pseudo.get(b":authority")
        self._check_pseudo()

    def _check(self, name: bytes, value: bytes) -> None:
        check_header(name, value)
        if name == b"content-length":
            if not _DIGITS.fullmatch(value) or self.length not in (-1, int(value)):
                raise Malformed("content-length")
            self.length = int(value)

    def _check_pseudo(self) -> None:
        """Section 8.3.1."""
        is_star = self.path == b"*" and self.method == b"OPTIONS"
        if not (is_star or _TARGET.fullmatch(self.path)):
            raise Malformed(":path is no path")
        if not _METHOD.fullmatch(self.method) or not self.scheme:
            raise Malformed(":method and :scheme must be there")
        if self.authority is not None and (
            b"@" in self.authority or not _VALUE.fullmatch(self.authority)
        ):
            raise Malformed(":authority")
        host = self.header(b"host")
        if host is not None and self.authority is not None and host != self.authority:
            raise Malformed(":authority and host differ")

    def header(self, name: bytes) -> bytes | None:
        """The value of a header by its lower-case name, the first of several; None when it is not there."""
        for known, value in self.headers:
            if known == name:
                return value
        return None


def check_header(name: bytes, value: bytes) -> None:
    """Of a head or of trailers, without the pseudo ones. Raises Malformed."""
    if not _NAME.fullmatch(name):
        raise Malformed(f"{name!r} is no name of a header")
    if not _VALUE.fullmatch(value):
        raise Malformed(f"the value of {name!r}")
    if name in _OF_THE_CONNECTION or (name == b"te" and value != b"trailers"):
        raise Malformed(f"{name!r} is for HTTP/1.1")


def check_trailers(fields: Sequence[RawHeader]) -> None:
    """Section 8.1: no pseudo-headers behind the content. Raises Malformed."""
    for name, value in fields:
        check_header(name, value)

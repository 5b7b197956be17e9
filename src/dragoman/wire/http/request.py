"""One HTTP request, whole. Hot: one is made per request."""

from collections.abc import Sequence
from typing import Any

RawHeader = tuple[bytes, bytes]
"""(name in lower case, value), as sent; repeated names are repeated."""


class Request:
    """One request, whole. `target` is what the request line says, undecoded; `path` and `query` are its parts.

    Signatures are over the raw bytes, so nothing here is decoded. A target in absolute form is cut to its path (RFC
    9112, section 3.2.2). `is_old` is HTTP/1.0; `is_last` says that its sender wants the connection closed behind it.
    `upgrade` is the protocol it asks to go on with, empty as a rule. `note` is its server's own.
    """

    __slots__ = (
        "body",
        "headers",
        "is_last",
        "is_old",
        "method",
        "note",
        "path",
        "query",
        "target",
        "upgrade",
    )

    def __init__(
        self, method: str, target: bytes, headers: Sequence[RawHeader], body: bytes
    ) -> None:
        self.method = method
        self.target = target
        path, _, query = target.partition(b"?")
        self.path: bytes = path
        self.query: bytes = query
        self.headers = headers
        self.body = body
        self.is_old = False
        self.is_last = False
        self.upgrade = b""
        self.note: Any = None

    def header(self, name: bytes) -> bytes | None:
        """The value of a header by its lower-case name, the first of several; None when it is not there."""
        for known, value in self.headers:
            if known == name:
                return value
        return None

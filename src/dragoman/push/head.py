"""The head of a request, as bytes. What frames a message is ours to say; what would break out of a line is not said."""

import re
from collections.abc import Sequence
from typing import Final

from dragoman.ports.outbound import Outgoing
from dragoman.push.blocked import Blocked
from dragoman.push.urls import Place

FRAMING: Final = frozenset(
    (
        "connection",
        "content-length",
        "expect",
        "host",
        "keep-alive",
        "proxy-authorization",
        "proxy-connection",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    )
)
BODILESS: Final = ("GET", "HEAD", "OPTIONS", "DELETE")  # without a body they say no length
_TOKEN: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")  # RFC 9110, section 5.6.2
_BREAKS: Final = re.compile("[\r\n\0]")
_METHOD: Final = re.compile(r"(?!CONNECT|TRACE)[A-Z]{1,32}")


def head_of(request: Outgoing, place: Place, agent: str) -> bytes:
    """Request line and headers. Raises Blocked for a method, name or value that is none."""
    if _METHOD.fullmatch(request.method) is None:
        raise Blocked(f"no method: {request.method!r}")
    lines = [f"{request.method} {place.path} HTTP/1.1", f"Host: {place.authority}"]
    has_agent = False
    for name, value in _said(request.headers):
        has_agent = has_agent or name.lower() == "user-agent"
        lines.append(f"{name}: {value}")
    if not has_agent:
        lines.append(f"User-Agent: {agent}")
    if request.body or request.method not in BODILESS:
        lines.append(f"Content-Length: {len(request.body)}")
    return "\r\n".join([*lines, "\r\n"]).encode("utf-8", "replace")


def _said(headers: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    for name, value in headers:
        if _TOKEN.fullmatch(name) is None or _BREAKS.search(value) is not None:
            raise Blocked(f"no header: {name!r}")
        if name.lower() not in FRAMING:
            found.append((name, value))
    return found

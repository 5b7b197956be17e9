"""URLs as targets: read once and strictly, so that what is judged, connected to and asked for is one and the same."""

import re
from functools import lru_cache
from ipaddress import IPv6Address, ip_address
from typing import Final
from urllib.parse import quote

from dragoman.push.blocked import Blocked

URL_CHARS_MAX: Final = 8_192
PARSED_MAX: Final = 16_384  # that are remembered
PORT_MAX: Final = 65_535
PORTS: Final = {"http": 80, "https": 443}
_URL: Final = re.compile(r"(https?)://([^/?#]*)([^#]*)(?:#.*)?", re.IGNORECASE)
_AUTHORITY: Final = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[^\[\]:@]+)(?::([0-9]{1,5}))?")
_NAME: Final = re.compile(r"[A-Za-z0-9_]([A-Za-z0-9_.-]*[A-Za-z0-9_.])?")
_KEPT: Final = "".join(chr(code) for code in range(0x21, 0x7F))  # as it was written


class Place:
    """A URL that may be asked for. `host` is a name, or (`is_address`) an address without brackets."""

    __slots__ = ("authority", "host", "is_address", "is_tls", "path", "port", "target")

    def __init__(self, scheme: str, host: str, port: int, path: str) -> None:
        self.is_tls = scheme == "https"
        self.host = host
        self.port = port
        self.path = path
        self.is_address = _is_address(host)
        shown = f"[{host}]" if ":" in host else host
        self.authority = shown if port == PORTS[scheme] else f"{shown}:{port}"
        self.target = f"{scheme}://{shown}:{port}"


@lru_cache(PARSED_MAX)
def place_of(url: str) -> Place:
    """Read a URL; its path and query are asked for as they were written. Raises Blocked."""
    if len(url) > URL_CHARS_MAX:
        raise Blocked(f"a URL of more than {URL_CHARS_MAX} characters")
    if not url.isprintable() or " " in url:
        raise Blocked("a URL with a space or a control character")
    found = _URL.fullmatch(url)
    if found is None:
        raise Blocked("a URL must be http:// or https://")
    authority = _AUTHORITY.fullmatch(found[2])
    if authority is None:
        raise Blocked("a URL must name a host, and no user or password")
    scheme = found[1].lower()
    port = int(authority[2]) if authority[2] else PORTS[scheme]
    if not 0 < port <= PORT_MAX:
        raise Blocked(f"there is no port {port}")
    path = quote(found[3], safe=_KEPT, errors="replace")
    return Place(scheme, _host(authority[1]), port, path if path[:1] == "/" else f"/{path}")


def _host(text: str) -> str:
    """As it is looked up: in lower case, another script's names in ours. Raises Blocked."""
    if text[0] == "[":
        try:
            return str(IPv6Address(text[1:-1]))
        except ValueError as error:
            raise Blocked(f"no address: {error}") from error
    try:
        name = text if text.isascii() else text.encode("idna").decode()
    except UnicodeError as error:
        raise Blocked(f"no name of a host: {error}") from error
    if _NAME.fullmatch(name) is None:
        raise Blocked("no name of a host")
    return name.lower()


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True

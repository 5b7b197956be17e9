"""URLs as targets: read once, by the parser that the request is sent with, so that nobody reads them differently."""

from functools import lru_cache
from typing import Final

from yarl import URL

from dragoman.push.resolver import Blocked

URL_CHARS_MAX: Final = 8_192
PARSED_MAX: Final = 4_096  # that are remembered
SCHEMES: Final = ("http", "https")


class Place:
    """A URL that may be asked for, and the target that it is at."""

    __slots__ = ("host", "port", "target", "url")

    def __init__(self, url: URL, host: str, port: int) -> None:
        self.url = url
        self.host = host
        self.port = port
        self.target = f"{url.scheme}://{host.lower()}:{port}"


@lru_cache(PARSED_MAX)
def place_of(url: str) -> Place:
    """Read a URL; what it says is sent as it is. Raises Blocked."""
    if len(url) > URL_CHARS_MAX:
        raise Blocked(f"a URL of more than {URL_CHARS_MAX} characters")
    if not url.isprintable() or " " in url:
        raise Blocked("a URL with a space or a control character")
    try:
        found = URL(url, encoded=url.isascii())
        scheme, host, port = found.scheme, found.raw_host, found.port
    except (ValueError, TypeError) as error:
        raise Blocked(f"no URL: {error}") from error
    if scheme not in SCHEMES or not host or not port:
        raise Blocked("a URL must be http:// or https:// and name a host")
    if found.raw_user is not None or found.raw_password is not None:
        raise Blocked("a URL with a user or password in it")
    return Place(found, host, port)

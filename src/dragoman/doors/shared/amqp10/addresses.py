"""Addresses as clients write them: a path, or a whole URL (`amqps://host:port/path`), whatever the scheme."""

import re
from typing import Final
from urllib.parse import unquote

ADDRESS_CHARS_MAX: Final = 2_048
_URL: Final = re.compile(r"[a-z][a-z0-9+.-]*://[^/]*/?", re.IGNORECASE)


def path_of(address: str) -> str:
    """The path, without the URL before it."""
    found = _URL.match(address)
    return address if found is None else address[found.end() :]


def segments_of(path: str) -> list[str]:
    """Its segments, percent-decoded, behind a leading slash."""
    return [unquote(segment) for segment in path.lstrip("/").split("/")]


def host_of(address: str) -> str:
    """The host that an address names, in lower case and without its port; empty where it names none."""
    scheme, slashes, rest = address.partition("://")
    host = rest.partition("/")[0].rpartition("@")[2]
    name, colon, port = host.rpartition(":")
    return (name if colon and port.isdecimal() else host).lower() if slashes and scheme else ""


def is_of_host(resource: str, said: bytes | None) -> bool:
    """Whether an address names that host, or none; `said` as the header of a request says it."""
    host = host_of(f"http://{(said or b'').decode('latin-1')}")
    return host_of(resource) in {"", host}


def covers(audience: str, address: str) -> bool:
    """Whether a claim for `audience` opens `address`: the same path, or one below it. Case does not matter."""
    claimed = path_of(audience).strip("/").lower()
    wanted = path_of(address).strip("/").lower()
    return not claimed or wanted == claimed or wanted.startswith(claimed + "/")

"""Where a request goes once its queue has had its say: a task's own URL, method, headers and token, or the queue's.

uri_override      each part that is said replaces the task's: scheme, host, port, path, query
                  IF_NOT_EXISTS: only where the task has none
http_method, header_overrides, tokens      the queue's go before the task's
"""

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import SplitResult, urlsplit

from dragoman.doors.cloudtasks.mapping import Token, Way
from dragoman.doors.cloudtasks.protos import METHODS
from dragoman.doors.cloudtasks.tokens import token_asked

IF_NOT_EXISTS: Final = 1
SCHEME_HTTP: Final = 1
NO_WAY: Final = Way("")


class Target:
    """One request's; `url` is empty where neither task nor queue says one."""

    __slots__ = ("headers", "method", "token", "url")

    def __init__(
        self, url: str, method: str, headers: Mapping[str, str], token: Token | None
    ) -> None:
        self.url = url
        self.method = method
        self.headers = headers
        self.token = token


def target_of(way: Way, override: Any) -> Target:
    """Of a task in a queue whose `http_target` is `override`."""
    if way.service is not None:
        return Target(way.url, METHODS.get(way.method, "POST"), {}, None)
    url = way.url
    if override.HasField("uri_override"):
        url = _overridden(url, override.uri_override)
    headers = {each.header.key: each.header.value for each in override.header_overrides}
    method = METHODS.get(override.http_method or way.method, "POST")
    return Target(url, method, headers, token_asked(override) or way.token)


def _overridden(url: str, uri: Any) -> str:
    parts = urlsplit(url)
    is_always = uri.uri_override_enforce_mode != IF_NOT_EXISTS
    host, port = parts.hostname or "", _port_of(parts)
    scheme = parts.scheme
    if uri.HasField("scheme") and uri.scheme and (is_always or not scheme):
        scheme = "http" if uri.scheme == SCHEME_HTTP else "https"
    if uri.HasField("host") and (is_always or not host):
        host = uri.host
    if uri.HasField("port") and (is_always or not port):
        port = f":{uri.port}" if uri.port else ""
    path, query = parts.path, parts.query
    if uri.HasField("path_override") and (is_always or not path):
        path = uri.path_override.path
    if uri.HasField("query_override") and (is_always or not query):
        query = uri.query_override.query_params
    if not host:
        return ""
    if ":" in host and not host.startswith("["):
        host = f"[{host}]"
    if path and not path.startswith("/"):
        path = f"/{path}"
    return f"{scheme or 'https'}://{host}{port}{path or '/'}" + (f"?{query}" if query else "")


def _port_of(parts: SplitResult) -> str:
    try:
        return "" if parts.port is None else f":{parts.port}"
    except ValueError:
        return ""

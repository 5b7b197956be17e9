"""The admin API as commands call it: JSON both ways, refusals as CommandError. A connection for each request, so that
none is left open when a command ends in its middle.
"""

import base64
import http.client
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Final
from urllib.parse import quote, unquote, urlencode, urlsplit

from cyclopts import Parameter

from dragoman.cli.endpoints import endpoints
from dragoman.cli.errors import FAILED, NOT_FOUND, REFUSED, UNREACHABLE, CommandError

ROOT: Final = "/admin/v1"
TIMEOUT_S: Final = 60.0  # longer than any wait we ask for
PAGE: Final = 1_000
STATUSES: Final[Mapping[int, int]] = {401: REFUSED, 403: REFUSED, 404: NOT_FOUND}


class Refused(CommandError):
    """The broker said no; `code` is stable."""

    def __init__(self, status: int, code: str, detail: str) -> None:
        super().__init__(detail or code, STATUSES.get(status, FAILED))
        self.code = code


@Parameter(name="*")
@dataclass
class Where:
    """Which broker, as whom, in which namespace, and how to print."""

    url: Annotated[
        str,
        Parameter(
            env_var="DRAGOMAN_URL",
            help="Any HTTP address of the broker, http://[USER:PASSWORD@]HOST:PORT.",
        ),
    ] = ""
    token: Annotated[
        str, Parameter(env_var="DRAGOMAN_TOKEN", help="The secret of a key, instead of a user.")
    ] = ""
    ready_file: Annotated[
        Path | None,
        Parameter(
            env_var="DRAGOMAN_READY_FILE",
            help="What `dragoman serve --ready-file` wrote; without it and a URL, the usual port.",
        ),
    ] = None
    namespace: Annotated[str, Parameter(name=["--namespace", "-n"], help="Where to look.")] = (
        "default"
    )
    json: Annotated[bool, Parameter(negative="", help="Print JSON, a line for each thing.")] = False


USUAL: Final = Where()


class Api:
    """See the module."""

    def __init__(self, where: Where) -> None:
        """Raises CommandError for an address that is none."""
        url = where.url or _usual(where.ready_file)
        parts = urlsplit(url)
        try:
            port = parts.port
        except ValueError as error:
            raise CommandError(f"{url}: {error}") from error
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise CommandError(f"{url}: expected http://HOST:PORT")
        self.where = where
        self._address = f"{parts.hostname}:{port or (443 if parts.scheme == 'https' else 80)}"
        self._headers = _credentials(where.token, parts.username, parts.password)
        self._connection = _connect(parts.scheme, parts.hostname, port)

    def get(self, path: str, **query: Any) -> Any:
        """Raises Refused, CommandError."""
        return self._ask("GET", path, query, None)

    def post(self, path: str, body: Mapping[str, Any] | None = None) -> Any:
        """Raises Refused, CommandError."""
        return self._ask("POST", path, {}, body or {})

    def patch(self, path: str, body: Mapping[str, Any]) -> Any:
        """Raises Refused, CommandError."""
        return self._ask("PATCH", path, {}, body)

    def put(self, path: str, body: Mapping[str, Any]) -> Any:
        """Raises Refused, CommandError."""
        return self._ask("PUT", path, {}, body)

    def delete(self, path: str, **query: Any) -> None:
        """Raises Refused, CommandError."""
        self._ask("DELETE", path, query, None)

    def arm(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Any:
        """A request to Azure Resource Manager's paths. Raises Refused, CommandError."""
        return self._ask(method, path, {}, body, root="")

    def pages(self, path: str, **query: Any) -> Iterator[dict[str, Any]]:
        """Every item of a list, page after page."""
        after: str | None = ""
        while after is not None:
            page = self.get(path, **query, after=after, limit=PAGE)
            yield from page["items"]
            after = page["next"]

    def _ask(
        self, method: str, path: str, query: Mapping[str, Any], body: Any, root: str | None = None
    ) -> Any:
        target = (ROOT if root is None else root) + path
        if query:
            target += "?" + urlencode({name: _spelled(value) for name, value in query.items()})
        data = None if body is None else json.dumps(body)
        try:
            self._connection.request(method, target, data, self._headers)
            answer = self._connection.getresponse()
            return _read(answer.status, answer.read())
        except (OSError, http.client.HTTPException) as error:
            reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
            raise CommandError(
                f"no broker at {self._address}: {reason}; is `dragoman serve` running, or elsewhere (--url)?",
                UNREACHABLE,
            ) from error


def _usual(ready_file: Path | None) -> str:
    """The address of a broker on this machine; any of its ports would do."""
    known = endpoints(ready_file)
    if not known:
        raise CommandError(f"{ready_file}: it serves nothing")
    endpoint = known.get("sqs") or next(iter(known.values()))
    return f"http://{endpoint['host']}:{endpoint['port']}"


def _connect(scheme: str, host: str, port: int | None) -> http.client.HTTPConnection:
    """A certificate is checked as OpenSSL does everywhere: SSL_CERT_FILE names an authority of one's own."""
    if scheme == "http":
        return http.client.HTTPConnection(host, port, timeout=TIMEOUT_S)
    return http.client.HTTPSConnection(host, port, timeout=TIMEOUT_S)


def _credentials(token: str, user: str | None, password: str | None) -> dict[str, str]:
    headers = {"Content-Type": "application/json", "Connection": "close"}
    if token:
        headers["Authorization"] = f"Bearer {token}"
    elif user is not None:
        pair = f"{unquote(user)}:{unquote(password or '')}"
        headers["Authorization"] = "Basic " + base64.b64encode(pair.encode()).decode()
    return headers


def _spelled(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _read(status: int, data: bytes) -> Any:
    """Raises Refused, CommandError."""
    if status == 204:
        return None
    try:
        found = json.loads(data)
    except ValueError as error:
        raise CommandError("whoever answers there is no broker of this kind") from error
    if status >= 400:
        found = found.get("error", found)  # as Resource Manager wraps it
        raise Refused(
            status, str(found.get("code")), str(found.get("detail", found.get("message")))
        )
    return found


def path_of(*segments: str) -> str:
    """A path of names, whatever is in them."""
    return "".join("/" + quote(segment, safe="") for segment in segments)

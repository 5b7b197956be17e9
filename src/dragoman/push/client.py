"""One request and its answer, over aiohttp. Knows connections, TLS and time; not whose turn it is.

    name -> Resolver: judged addresses -> socket, judged once more -> TLS for the name -> request -> answer, cut short

Whatever happens becomes an `Answered`. No redirect is followed, no proxy, cookie or netrc of the environment used,
nothing decompressed. Headers that frame a message are ours: those given are left out. A kept connection that the target
closed just as it was used is no failure: the request is sent once more on a new one, which at-least-once delivery may.
"""

import asyncio
import socket
import ssl
from contextvars import ContextVar
from io import BytesIO
from typing import Any, Final

import aiohttp
from aiohttp import abc

from dragoman.ports.outbound import Answered, Failure, Outgoing
from dragoman.push.guard import Guard
from dragoman.push.resolver import Blocked, Resolver
from dragoman.push.urls import Place

ANSWER_BYTES_MAX: Final = (
    64 << 10
)  # what is read of an answer's body; the connection is closed at more
HEADER_BYTES_MAX: Final = 8_190  # of one header, or of the status line
HEADERS_MAX: Final = 64
CONNECT_S_MAX: Final = 10.0  # until TLS is spoken
KEPT_S: Final = 15.0  # for an idle connection
KEPT_MAX: Final = 1_024  # idle connections, of all targets together
DEAD_MAX: Final = 3  # kept connections found dead for one request
BODY_WHOLE_BYTES_MAX: Final = 1 << 20  # larger ones are sent in pieces
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
KINDS: Final[tuple[tuple[Failure, tuple[type[Exception], ...]], ...]] = (
    ("unresolved", (aiohttp.ClientConnectorDNSError,)),
    ("tls", (aiohttp.ClientSSLError, ssl.SSLError)),
    ("refused", (aiohttp.ClientConnectorError,)),
    ("blocked", (aiohttp.InvalidURL, ValueError)),  # a header with a line break
)
UNASKED: Final = ("Accept", "Accept-Encoding", "Content-Type", "User-Agent")


class _Try:
    """One sending of a request: addresses that were judged for it, and whether a connection was made for it."""

    __slots__ = ("is_fresh", "judged")

    def __init__(self) -> None:
        self.is_fresh = False
        self.judged: list[str] = []


_TRY: ContextVar[_Try] = ContextVar("dragoman-push-try")


class _Resolving(abc.AbstractResolver):
    """Our resolver as aiohttp wants it."""

    def __init__(self, resolver: Resolver) -> None:
        self._resolver = resolver

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[abc.ResolveResult]:
        found = await self._resolver.resolve(host, port)
        _TRY.get().judged += found
        return [
            abc.ResolveResult(
                hostname=host,  # what TLS is verified for
                host=address,
                port=port,
                family=socket.AF_INET6 if ":" in address else socket.AF_INET,
                proto=socket.IPPROTO_TCP,
                flags=socket.AI_NUMERICHOST,
            )
            for address in found
        ]

    async def close(self) -> None:
        self._resolver.close()


class _Connector(aiohttp.TCPConnector):
    """Counts connections, and tells a try that it was given a new one."""

    opened: int = 0  # and not closed yet

    async def _create_connection(self, *arguments: Any) -> Any:
        protocol = await super()._create_connection(*arguments)
        _TRY.get().is_fresh = True
        closed = protocol.closed
        if closed is not None:
            self.opened += 1
            closed.add_done_callback(self._closed_one)
        return protocol

    def _closed_one(self, closed: "asyncio.Future[None]") -> None:
        self.opened -= 1
        if not closed.cancelled():
            closed.exception()  # looked at, so that nobody complains of it


class Client:
    """Sends requests as they come; how many at once is for others to bound."""

    def __init__(
        self, guard: Guard, resolver: Resolver, tls: ssl.SSLContext, user_agent: str
    ) -> None:
        self._guard = guard
        self._agent = user_agent
        self._connector = _Connector(
            resolver=_Resolving(resolver),
            use_dns_cache=False,
            ssl=tls,
            limit=0,
            keepalive_timeout=KEPT_S,
            socket_factory=_socket,
        )
        self._session = aiohttp.ClientSession(
            connector=self._connector,
            cookie_jar=aiohttp.DummyCookieJar(),
            skip_auto_headers=UNASKED,
            auto_decompress=False,
            trust_env=False,
            timeout=aiohttp.ClientTimeout(total=None, sock_connect=CONNECT_S_MAX),
            max_line_size=HEADER_BYTES_MAX,
            max_field_size=HEADER_BYTES_MAX,
            max_headers=HEADERS_MAX,
        )
        self._under_way = 0

    @property
    def idle(self) -> int:
        """Connections that are kept for later, about."""
        return max(self._connector.opened - self._under_way, 0)

    async def ask(self, request: Outgoing, place: Place) -> Answered:
        """What came of it. Never raises."""
        loop = asyncio.get_running_loop()
        began = loop.time()
        self._under_way += 1
        try:
            answered = await self._told(request, place)
        finally:
            self._under_way -= 1
        answered.elapsed_ms = int((loop.time() - began) * 1000)
        return answered

    async def _told(self, request: Outgoing, place: Place) -> Answered:
        """Failures told by their kind."""
        try:
            async with asyncio.timeout(request.timeout_ms / 1000):
                return await self._patient(request, place)
        except TimeoutError as error:
            text = str(error) or f"no answer in {request.timeout_ms} ms"
            return Answered(0, failure="timeout", text=text)
        except (OSError, ValueError, aiohttp.ClientError) as error:
            return Answered(0, failure=failure_of(error), text=str(error) or repr(error))

    async def _patient(self, request: Outgoing, place: Place) -> Answered:
        """Send; again where a kept connection was dead already."""
        for left in reversed(range(DEAD_MAX)):
            attempt = _Try()
            _TRY.set(attempt)
            self._judge(place, attempt)
            try:
                return await self._once(request, place)
            except (aiohttp.ServerDisconnectedError, aiohttp.ClientOSError):
                if attempt.is_fresh or not left:
                    raise
        raise AssertionError

    def _judge(self, place: Place, attempt: _Try) -> None:
        """A host that is an address is resolved by nobody. Raises Blocked."""
        try:
            reason = self._guard.judge(place.host, place.port, place.host)
        except ValueError:
            return  # a name
        if reason:
            raise Blocked(reason)
        attempt.judged.append(place.host)

    async def _once(self, request: Outgoing, place: Place) -> Answered:
        body = request.body
        async with self._session.request(
            request.method,
            place.url,
            headers=self._headers(request),
            data=(body if len(body) <= BODY_WHOLE_BYTES_MAX else BytesIO(body)) or None,
            allow_redirects=False,
        ) as response:
            return Answered(
                response.status,
                [(name.lower(), value) for name, value in response.headers.items()],
                await _beginning(response),
            )

    def _headers(self, request: Outgoing) -> list[tuple[str, str]]:
        """As given, but for what frames the message."""
        headers = [("User-Agent", self._agent)]
        spelled: dict[str, str] = {}  # a name that is repeated is repeated in one spelling
        for name, value in request.headers:
            folded = name.lower()
            if folded == "user-agent":
                headers[0] = (name, value)
            elif folded not in FRAMING:
                headers.append((spelled.setdefault(folded, name), value))
        if self.idle > KEPT_MAX:
            headers.append(("Connection", "close"))
        return headers

    async def close(self) -> None:
        """Close every connection."""
        await self._session.close()


def _socket(info: Any) -> socket.socket:
    """The last look at an address, whoever found it. Raises Blocked."""
    family, kind, proto, _, address = info
    if address[0] not in _TRY.get().judged:
        raise Blocked(f"{address[0]} was never judged")
    return socket.socket(family, kind, proto)


async def _beginning(response: aiohttp.ClientResponse) -> bytes:
    """The answer's body, or its first bytes; the connection is closed if there are more."""
    body = b""
    while len(body) <= ANSWER_BYTES_MAX:
        piece = await response.content.read(ANSWER_BYTES_MAX + 1 - len(body))
        if not piece:
            return body
        body += piece
    response.close()
    return body[:ANSWER_BYTES_MAX]


def failure_of(error: Exception) -> Failure:
    """The kind of an exception from sending."""
    cause = getattr(error, "os_error", error)
    if isinstance(cause, Blocked):
        return "blocked"
    for kind, classes in KINDS:
        if isinstance(error, classes):
            return kind
    return "broken"

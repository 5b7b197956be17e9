"""One request and its answer. Knows connections, TLS and time; not whose turn it is.

    name -> Resolver: judged addresses -> a socket to just that address -> TLS for the name -> request -> answer
                      a kept connection to the same target, if there is one: judged when it was made

Whatever happens becomes an `Answered`. No redirect is followed, nothing of the environment (proxies, netrc) is used,
nothing decompressed. A kept connection that its target closed just as it was used is no failure: the request is sent
again on another one, which at-least-once delivery may.
"""

import asyncio
import socket
import ssl
from collections import OrderedDict
from typing import Final

from dragoman.ports.outbound import Answered, Failure, Outgoing
from dragoman.push.blocked import Blocked
from dragoman.push.connection import Connection
from dragoman.push.guard import Guard
from dragoman.push.head import head_of
from dragoman.push.resolver import Resolver
from dragoman.push.urls import Place

CONNECT_S_MAX: Final = (
    10.0  # to one address, until TLS is spoken; a name's other addresses come after
)
KEPT_S: Final = 15.0  # for an idle connection
AGE_S_MAX: Final = 300.0  # for any: its name may lead elsewhere by then
KEPT_MAX: Final = 1_024  # idle connections, of all targets together
DEAD_MAX: Final = 3  # kept connections found dead for one request

# --- connections ---


class Pool:
    """Idle connections, by target; the one used last is used first, the one idle longest is closed first."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._idle: OrderedDict[Connection, None] = OrderedDict()  # longest first
        self._by_key: dict[str, list[Connection]] = {}
        self._timer: asyncio.TimerHandle | None = None

    def __len__(self) -> int:
        return len(self._idle)

    def take(self, key: str) -> Connection | None:
        """One to the target."""
        connections = self._by_key.get(key)
        if not connections:
            return None
        connection = connections[-1]
        self.drop(connection)
        return connection

    def keep(self, connection: Connection) -> None:
        """It has answered, and may be used again."""
        connection.idle_s = self._loop.time()
        self._idle[connection] = None
        self._by_key.setdefault(connection.key, []).append(connection)
        if len(self._idle) > KEPT_MAX:
            next(iter(self._idle)).end()
        if self._timer is None:
            self._timer = self._loop.call_later(KEPT_S, self._tidy)

    def drop(self, connection: Connection) -> None:
        """It is used, or has ended."""
        if connection in self._idle:
            del self._idle[connection]
            connections = self._by_key[connection.key]
            connections.remove(connection)
            if not connections:
                del self._by_key[connection.key]

    def _tidy(self) -> None:
        self._timer = None
        oldest_s = self._loop.time() - KEPT_S
        while self._idle:
            connection = next(iter(self._idle))
            if connection.idle_s > oldest_s:
                left_s = connection.idle_s - oldest_s
                self._timer = self._loop.call_later(left_s + 1, self._tidy)
                return
            connection.end()

    def close(self) -> None:
        """End all of them."""
        if self._timer is not None:
            self._timer.cancel()
        for connection in list(self._idle):
            connection.end()


class Client:
    """Sends requests as they come; how many at once is for others to bound."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        guard: Guard,
        resolver: Resolver,
        tls: ssl.SSLContext,
        user_agent: str,
    ) -> None:
        self._loop = loop
        self._guard = guard
        self._resolver = resolver
        self._tls = tls
        self._agent = user_agent
        self.pool = Pool(loop)

    async def ask(self, request: Outgoing, place: Place) -> Answered:
        """What came of it. Raises nothing but CancelledError."""
        began = self._loop.time()
        try:
            head = head_of(request, place, self._agent)
            async with asyncio.timeout(request.timeout_ms / 1000):
                answered = await self._asked(request, place, head)
        except TimeoutError as error:
            text = str(error) or f"no answer in {request.timeout_ms} ms"
            answered = Answered(0, failure="timeout", text=text)
        except OSError as error:
            answered = Answered(0, failure=failure_of(error), text=str(error) or repr(error))
        answered.elapsed_ms = int((self._loop.time() - began) * 1000)
        return answered

    async def _asked(self, request: Outgoing, place: Place, head: bytes) -> Answered:
        """On a kept connection; on a new one where none is, or those are dead."""
        for _ in range(DEAD_MAX):
            kept = self.pool.take(place.target)
            if kept is None:
                break
            await self._on(kept, request, head)
            if kept.answer.is_whole or kept.answer.received:
                return _told(kept)
        connection = await self._connect(place)
        await self._on(connection, request, head)
        return _told(connection)

    async def _on(self, connection: Connection, request: Outgoing, head: bytes) -> None:
        """Ask, and keep the connection if it may be kept."""
        try:
            await connection.ask(request.method, head, request.body)
        finally:
            answer = connection.answer
            is_young = self._loop.time() < connection.made_s + AGE_S_MAX
            if connection.is_open and answer.is_whole and answer.keeps and is_young:
                self.pool.keep(connection)
            elif connection.is_open:
                connection.end()

    async def _connect(self, place: Place) -> Connection:
        """To the first of its addresses that takes it. Raises OSError, TimeoutError."""
        addresses = await self._addresses(place)
        for address in addresses[:-1]:
            try:
                return await self._connect_to(address, place)
            except OSError:
                continue
        return await self._connect_to(addresses[-1], place)

    async def _addresses(self, place: Place) -> list[str]:
        """Those that may be called, at least one. Raises Blocked and what the resolver raises."""
        if not place.is_address:
            try:
                return await self._resolver.resolve(place.host, place.port)
            except (Blocked, TimeoutError):
                raise
            except OSError as error:
                raise Unresolved(str(error)) from None
        reason = self._guard.judge(place.host, place.port, place.host)
        if reason:
            raise Blocked(reason)
        return [place.host]

    async def _connect_to(self, address: str, place: Place) -> Connection:
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        sock = socket.socket(family, socket.SOCK_STREAM)
        try:
            sock.setblocking(False)
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            async with asyncio.timeout(CONNECT_S_MAX):
                await self._loop.sock_connect(sock, (address, place.port))
                _, connection = await self._loop.create_connection(
                    lambda: Connection(self.pool.drop),
                    sock=sock,
                    ssl=self._tls if place.is_tls else None,
                    server_hostname=place.host if place.is_tls else None,
                )
        except BaseException:
            sock.close()
            raise
        connection.key = place.target
        connection.made_s = self._loop.time()
        return connection

    def close(self) -> None:
        """End every idle connection."""
        self.pool.close()
        self._resolver.close()


# --- what came of it ---


class Unresolved(OSError):
    """The name has no address."""


def _told(connection: Connection) -> Answered:
    answer = connection.answer
    if answer.is_whole:
        return Answered(answer.status, answer.headers, answer.body)
    text = answer.failure or "it broke off in the middle of its answer"
    return Answered(0, failure="broken", text=text if answer.received else "it broke off")


def failure_of(error: OSError) -> Failure:
    """The kind of an exception from sending."""
    if isinstance(error, Blocked):
        return "blocked"
    if isinstance(error, Unresolved):
        return "unresolved"
    return "tls" if isinstance(error, ssl.SSLError) else "refused"

"""Listening sockets. A fresh connection is peeked at before asyncio takes it, so that one port serves plain and TLS.

`MSG_PEEK` leaves the bytes in the socket: if they begin a TLS handshake the connection is handed to asyncio with an SSL
context and looked at again inside; otherwise as it is.
"""

import asyncio
import socket
from typing import Final

from dragoman.listeners.shell import Doors
from dragoman.listeners.sniff import protocol_of
from dragoman.listeners.tcp import SNIFF_DEADLINE_S, Sniffer

BACKLOG: Final = 1024
RECEIVE_BUFFER_BYTES: Final = 128 * 1024
"""As Apache Kafka's own default of 100 KiB. With the system's, which grows to megabytes, a client that waits to fill
its packets (Nagle) meets a receiver that waits to acknowledge them: librdkafka's batches then arrive 40 ms apart
(51 MB/s instead of 320, measured).
"""
ACCEPTS_MAX: Final = 64  # connections accepted in one go
TLS_DEADLINE_S: Final = 10.0
_PAUSE_S: Final = 0.1  # after the process ran out of descriptors


class Listener:
    """One bound port."""

    def __init__(self, doors: Doors, host: str, port: int) -> None:
        self._doors = doors
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self._socket = socket.socket(family, socket.SOCK_STREAM)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER_BYTES)
        self._socket.setblocking(False)
        try:
            self._socket.bind((host, port))
        except OSError:
            self._socket.close()
            raise
        self.host = host
        self.port: int = self._socket.getsockname()[1]
        self._peeking: set[asyncio.Task[None]] = set()

    def start(self) -> None:
        """Begin to accept."""
        self._socket.listen(BACKLOG)
        asyncio.get_running_loop().add_reader(self._socket.fileno(), self._accept)

    def stop(self) -> None:
        """Accept no more; connections already open go on."""
        asyncio.get_running_loop().remove_reader(self._socket.fileno())
        self._socket.close()
        for task in list(self._peeking):
            task.cancel()

    def _accept(self) -> None:
        loop = asyncio.get_running_loop()
        for _ in range(ACCEPTS_MAX):
            try:
                connection, _ = self._socket.accept()
            except (BlockingIOError, InterruptedError, ConnectionAbortedError):
                return
            except OSError:  # out of descriptors: others must close first
                loop.remove_reader(self._socket.fileno())
                loop.call_later(_PAUSE_S, loop.add_reader, self._socket.fileno(), self._accept)
                return
            if len(self._doors.open) + len(self._peeking) >= self._doors.connections_max:
                connection.close()
                continue
            connection.setblocking(False)
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            task = loop.create_task(self._adopt(connection))
            self._peeking.add(task)
            task.add_done_callback(self._peeking.discard)

    async def _adopt(self, connection: socket.socket) -> None:
        """Find out whether it is TLS, then let asyncio have it."""
        try:
            tls = None
            if self._doors.tls is not None:
                async with asyncio.timeout(SNIFF_DEADLINE_S):
                    head = await _peek(connection)
                if protocol_of(head) == "tls":
                    tls = self._doors.tls
            await asyncio.get_running_loop().connect_accepted_socket(
                lambda: Sniffer(self._doors),
                connection,
                ssl=tls,
                ssl_handshake_timeout=TLS_DEADLINE_S if tls else None,
            )
        except (OSError, TimeoutError, asyncio.CancelledError):
            connection.close()


async def _peek(connection: socket.socket) -> bytes:
    """The first bytes, left in the socket. Raises ConnectionResetError at its end."""
    loop = asyncio.get_running_loop()
    while True:
        try:
            head = connection.recv(1, socket.MSG_PEEK)
        except (BlockingIOError, InterruptedError):
            await _readable(loop, connection)
            continue
        if not head:
            raise ConnectionResetError
        return head


async def _readable(loop: asyncio.AbstractEventLoop, connection: socket.socket) -> None:
    ready = loop.create_future()
    descriptor = connection.fileno()
    loop.add_reader(descriptor, _resolve, ready)
    try:
        await ready
    finally:
        loop.remove_reader(descriptor)


def _resolve(ready: asyncio.Future[None]) -> None:
    if not ready.done():
        ready.set_result(None)

"""A broker in this test's own event loop, so that tests see both ends of a connection."""

import asyncio
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from dragoman.app.config import ServeOptions
from dragoman.app.serve import Running, start
from dragoman.listeners.shell import TcpShell

AMQP_HEADER = b"AMQP\x00\x00\x09\x01"
# ApiVersions, version 0, correlation id 7, client id "c"
KAFKA_HELLO = struct.pack(">ihhih", 11, 18, 0, 7, 1) + b"c"
WAIT_S = 10.0


@asynccontextmanager
async def serving(options: ServeOptions | None = None) -> AsyncIterator[Running]:
    """In memory, on free ports unless `options` say otherwise."""
    options = options or ServeOptions(memory=True)
    options.ports = dict.fromkeys(options.ports, 0)
    running = await start(options)
    try:
        yield running
    finally:
        await running.stop()


def port_of(running: Running, name: str) -> int:
    return running.listeners[name].port


async def says(port: int, hello: bytes, count: int, **tls: object) -> bytes:
    """The first bytes answered to `hello`; empty when the connection is closed instead."""
    async with asyncio.timeout(WAIT_S):
        reader, writer = await asyncio.open_connection("127.0.0.1", port, **tls)  # type: ignore[arg-type]
        try:
            writer.write(hello)
            return await reader.readexactly(count)
        except (asyncio.IncompleteReadError, ConnectionError):
            return b""
        finally:
            writer.close()


def shells(running: Running) -> list[TcpShell]:
    """Connections whose protocol is known."""
    return [shell for shell in running.doors.open if isinstance(shell, TcpShell)]

"""A fresh TCP connection: a `Sniffer` sits on it until its first bytes say which door it needs, then makes way for a
`TcpShell`. Knows no protocol.
"""

import asyncio
from typing import Final, cast

from dragoman.listeners.shell import Doors, TcpShell
from dragoman.listeners.sniff import SNIFF_BYTES, protocol_of

SNIFF_DEADLINE_S: Final = 10.0


class Sniffer(asyncio.Protocol):
    """A connection whose protocol is not known yet."""

    def __init__(self, doors: Doors, *, inside_tls: bool = False) -> None:
        self._doors = doors
        self._inside_tls = inside_tls
        self._head = b""
        self._deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._deadline = asyncio.get_running_loop().call_later(
            SNIFF_DEADLINE_S, self._transport.abort
        )
        self._doors.open[self] = None

    def connection_lost(self, exc: Exception | None) -> None:
        self._settle()

    def _settle(self) -> None:
        self._doors.open.pop(self, None)
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def data_received(self, data: bytes) -> None:
        self._head += data
        protocol = protocol_of(self._head[:SNIFF_BYTES])
        if protocol is None:
            return
        self._settle()
        make_door = self._doors.doors.get(protocol)
        if make_door is None:
            self._transport.abort()
            return
        shell = TcpShell(self._doors, make_door, protocol)
        self._transport.set_protocol(cast(asyncio.Protocol, shell))
        shell.connection_made(self._transport)
        shell.data_received(self._head)

"""A TCP connection whose protocol is known: bytes to its door, bytes from it, back-pressure both ways. Hot.

    data_received -> door.receive                 end of turn -> door.data_to_send -> one write
    pause_writing -> consumers held back, and reading stops when even replies pile up

The event loop calls whatever has the methods of `asyncio.Protocol`: a class that is compiled cannot inherit from it.
"""

import asyncio
from collections.abc import Callable, Mapping
from ssl import SSLContext
from typing import Any, Final, Protocol, cast

from dragoman.kernel.api import ConnectionDoor, Session
from dragoman.listeners.certified import common_name

CONNECTIONS_MAX: Final = 10_000
WRITE_HIGH_BYTES: Final = 256 * 1024  # unsent bytes past which consumers are held back
WRITE_STUCK_BYTES: Final = 4 * 1024 * 1024  # unsent bytes past which nothing more is read either
CLOSE_DEADLINE_S: Final = 5.0  # for the peer to take what is still unsent when we close


class OpenSession(Protocol):
    """A session as its shell sees it."""

    door: ConnectionDoor

    def hold_back(self, *, back: bool) -> None: ...


class Turns(Protocol):
    """The broker as a shell sees it."""

    def open(
        self, make_door: Callable[[Session], ConnectionDoor], shell: Any, protocol: str
    ) -> OpenSession: ...

    def close(self, session: Any) -> None: ...

    def touch(self, session: Any) -> None: ...

    def begin_turn(self) -> None: ...


MakeDoor = Callable[[Session, "Peer"], ConnectionDoor]


class Peer:
    """See `kernel.api.Connection`."""

    __slots__ = ("certified", "is_tls", "local", "peer")

    def __init__(
        self,
        transport: asyncio.BaseTransport,
        name_of: Callable[[Mapping[str, Any]], str] = common_name,
    ) -> None:
        self.local: tuple[str, int] = _address(transport.get_extra_info("sockname"))
        self.peer: tuple[str, int] = _address(transport.get_extra_info("peername"))
        self.is_tls: bool = transport.get_extra_info("ssl_object") is not None
        certificate = transport.get_extra_info("peercert") if self.is_tls else None
        self.certified: str = name_of(certificate) if certificate else ""


def _address(name: object) -> tuple[str, int]:
    if isinstance(name, tuple) and len(name) > 1:
        return str(name[0]), int(name[1])
    return "", 0


class Doors:
    """What a listener offers: a door per protocol, TLS if there is a certificate, the connections now open."""

    def __init__(
        self,
        broker: Turns,
        doors: Mapping[str, MakeDoor],
        tls: SSLContext | None,
        connections_max: int = CONNECTIONS_MAX,
        name_of: Callable[[Mapping[str, Any]], str] = common_name,
    ) -> None:
        self.broker = broker
        self.doors = doors
        self.tls = tls
        self.connections_max = (
            connections_max  # over all ports; those beyond are closed as they come
        )
        self.name_of = name_of  # of a client's certificate, if it was asked for one
        self.open: dict[object, None] = {}  # sniffers and shells


class TcpShell:
    """One connection that speaks through its door."""

    def __init__(self, doors: Doors, make_door: MakeDoor, protocol: str) -> None:
        self._doors = doors
        self._broker = doors.broker
        self._make_door = make_door
        self._protocol = protocol
        self._is_stuck = False  # the peer takes no bytes
        self._is_throttled = False  # the broker takes no more messages for now
        self._is_full = False  # the door has enough to work off
        self._is_closing = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The event loop's first word."""
        self._transport = cast(asyncio.Transport, transport)
        self._transport.set_write_buffer_limits(high=WRITE_HIGH_BYTES)
        peer = Peer(transport, self._doors.name_of)
        self._doors.open[self] = None
        self.session: OpenSession = self._broker.open(
            lambda session: self._make_door(session, peer), self, self._protocol
        )

    def data_received(self, data: bytes) -> None:
        """A read."""
        if not self._is_closing:
            self._broker.begin_turn()
            self.session.door.receive(data)
            self._broker.touch(self.session)

    def eof_received(self) -> None:
        """The peer sends nothing more: the loop closes what it cannot read from."""

    def connection_lost(self, exc: Exception | None) -> None:
        """The event loop's last word."""
        self._is_closing = True
        self._doors.open.pop(self, None)
        self._broker.close(self.session)

    def pause_writing(self) -> None:
        """The peer is slow."""
        self.session.hold_back(back=True)

    def resume_writing(self) -> None:
        """It has caught up."""
        if self._is_stuck:
            self._is_stuck = False
            self._read_or_not()
        if not self._is_closing:
            self.session.hold_back(back=False)
            self._broker.touch(self.session)

    def flush(self) -> None:
        """Write what the door has ready; close behind it if the door is done. A stuck peer's door keeps what it has."""
        if self._transport.is_closing():
            return
        if self._is_stuck and not self.session.door.is_closing():
            return
        door = self.session.door
        chunks = door.data_to_send()
        is_stuck = self._is_stuck
        if chunks:
            self._transport.writelines(chunks)
            is_stuck = is_stuck or self._transport.get_write_buffer_size() > WRITE_STUCK_BYTES
        if door.is_closing():
            self._close()
            return
        is_full = door.is_full()
        if is_stuck != self._is_stuck or is_full != self._is_full:
            self._is_stuck = is_stuck
            self._is_full = is_full
            self._read_or_not()

    def abort(self) -> None:
        """End the connection without a word."""
        self._is_closing = True
        self._transport.abort()

    def throttle(self, *, on: bool) -> None:
        """The broker has enough for now, or room again."""
        self._is_throttled = on
        self._read_or_not()

    def _read_or_not(self) -> None:
        if self._transport.is_closing():
            return
        wanted = not (self._is_stuck or self._is_throttled or self._is_full)
        if wanted and not self._transport.is_reading():
            self._transport.resume_reading()
        elif not wanted and self._transport.is_reading():
            self._transport.pause_reading()

    def _close(self) -> None:
        self._is_closing = True
        self._transport.close()
        asyncio.get_running_loop().call_later(CLOSE_DEADLINE_S, self._transport.abort)

    def shut(self, reason: str) -> None:
        """The broker is leaving: let the door say so."""
        if not self._is_closing:
            self.session.door.shut(reason)
            self.flush()

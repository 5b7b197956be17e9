"""A shell between a transport and a door, both written down: which way bytes go, and when they do not."""

import asyncio
from collections.abc import Callable
from typing import Any

from tests.fakes.node import FakeDoor

from dragoman.listeners.shell import Doors, TcpShell


class Transport(asyncio.Transport):
    """Keeps what is written; its peer takes nothing while `unsent` is set."""

    def __init__(self, **extra: Any) -> None:
        super().__init__(
            extra={"sockname": ("127.0.0.1", 5672), "peername": ("10.0.0.2", 9)} | extra
        )
        self.sent = b""
        self.unsent = 0
        self.high = 0
        self.is_open = True
        self.was_aborted = False
        self._is_read = True
        self.protocol: Any = None

    def writelines(self, chunks: Any) -> None:
        self.sent += b"".join(chunks)

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        self.high = high or 0

    def get_write_buffer_size(self) -> int:
        return self.unsent

    def set_protocol(self, protocol: asyncio.BaseProtocol) -> None:
        self.protocol = protocol

    def is_reading(self) -> bool:
        return self._is_read

    def pause_reading(self) -> None:
        self._is_read = False

    def resume_reading(self) -> None:
        self._is_read = True

    def is_closing(self) -> bool:
        return not self.is_open

    def close(self) -> None:
        self.is_open = False

    def abort(self) -> None:
        self.is_open = False
        self.was_aborted = True


class Door(FakeDoor):
    """Answers in capitals."""

    def __init__(self) -> None:
        super().__init__()
        self.heard = b""
        self.out: list[bytes] = []
        self.ends = False
        self.is_busy = False
        self.farewell = ""

    def receive(self, data: bytes) -> None:
        self.heard += data
        self.out.append(data.upper())

    def data_to_send(self) -> list[bytes]:
        out, self.out = self.out, []
        return out

    def is_closing(self) -> bool:
        return self.ends

    def is_full(self) -> bool:
        return self.is_busy

    def shut(self, reason: str) -> None:
        self.farewell = reason
        self.out.append(b"bye")
        self.ends = True


class Session:
    def __init__(self, door: Door) -> None:
        self.door = door
        self.held_back: list[bool] = []

    def hold_back(self, *, back: bool) -> None:
        self.held_back.append(back)


class Broker:
    """Turns in which nothing happens but what the shell asks for."""

    def __init__(self) -> None:
        self.session: Any = None
        self.protocols: list[str] = []
        self.closed: list[Any] = []
        self.touched = 0
        self.turns = 0

    def open(self, make_door: Callable[[Any], Any], shell: Any, protocol: str) -> Any:
        self.session = Session(make_door(None))
        self.protocols.append(protocol)
        return self.session

    def close(self, session: Any) -> None:
        self.closed.append(session)

    def touch(self, session: Any) -> None:
        self.touched += 1

    def begin_turn(self) -> None:
        self.turns += 1


class World:
    def __init__(self) -> None:
        self.broker = Broker()
        self.door = Door()
        self.doors = Doors(self.broker, {"amqp": lambda session, peer: self.door}, None)
        self.transport = Transport()
        self.shell = TcpShell(self.doors, lambda session, peer: self.door, "amqp")
        self.shell.connection_made(self.transport)

    def is_reading(self) -> bool:
        return self.transport.is_reading()

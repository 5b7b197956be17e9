"""A shell between a transport and a door, both written down: which way bytes go, and when they do not."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from tests.fakes.node import FakeDoor

from dragoman.listeners.tcp import (
    WRITE_HIGH_BYTES,
    WRITE_STUCK_BYTES,
    Doors,
    Peer,
    Sniffer,
    TcpShell,
)

AMQP = b"AMQP\x00\x00\x09\x01"


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


def test_bytes_go_to_the_door_and_what_it_has_leaves_with_the_turn() -> None:
    world = World()
    world.shell.data_received(b"hello")
    assert (world.door.heard, world.transport.sent) == (b"hello", b"")
    assert (world.broker.turns, world.broker.touched) == (1, 1)
    world.shell.flush()
    assert world.transport.sent == b"HELLO"
    assert world.transport.high == WRITE_HIGH_BYTES


def test_a_peer_that_takes_no_bytes_is_read_from_no_more_until_it_does() -> None:
    world = World()
    world.transport.unsent = WRITE_STUCK_BYTES + 1
    world.shell.data_received(b"a")
    world.shell.flush()
    assert not world.is_reading()
    world.shell.data_received(b"b")
    world.shell.flush()
    assert world.transport.sent == b"A", "the door keeps what it has meanwhile"
    world.transport.unsent = 0
    world.shell.resume_writing()
    assert world.is_reading()
    world.shell.flush()
    assert world.transport.sent == b"AB"


def test_consumers_are_held_back_before_anything_else_is() -> None:
    world = World()
    world.shell.pause_writing()
    assert world.is_reading()
    world.shell.resume_writing()
    assert world.broker.session.held_back == [True, False]


@pytest.mark.parametrize("released_first", ["broker", "door"])
def test_reading_goes_on_when_neither_broker_nor_door_has_enough(released_first: str) -> None:
    world = World()
    world.shell.throttle(on=True)
    world.door.is_busy = True
    world.shell.flush()
    assert not world.is_reading()
    for who in (released_first, "door" if released_first == "broker" else "broker"):
        assert not world.is_reading()
        if who == "broker":
            world.shell.throttle(on=False)
        else:
            world.door.is_busy = False
            world.shell.flush()
    assert world.is_reading()


def test_a_door_that_is_done_is_closed_behind_its_last_words() -> None:
    async def run() -> None:
        world = World()
        world.door.out, world.door.ends = [b"last"], True
        world.shell.flush()
        assert (world.transport.sent, world.transport.is_open) == (b"last", False)
        assert not world.transport.was_aborted
        world.shell.data_received(b"more")
        assert world.door.heard == b""

    asyncio.run(run())


def test_at_the_end_of_the_broker_the_door_says_goodbye_once() -> None:
    async def run() -> None:
        world = World()
        world.shell.shut("leaving")
        assert (world.door.farewell, world.transport.sent) == ("leaving", b"bye")
        world.door.farewell = ""
        world.shell.shut("again")
        assert world.door.farewell == ""

    asyncio.run(run())


def test_an_aborted_connection_hears_and_says_nothing_more() -> None:
    world = World()
    world.shell.abort()
    assert world.transport.was_aborted
    world.shell.data_received(b"x")
    world.shell.flush()
    world.shell.throttle(on=True)
    assert (world.door.heard, world.transport.sent) == (b"", b"")


def test_a_lost_connection_takes_its_session_and_its_place_along() -> None:
    world = World()
    assert world.shell in world.doors.open
    world.shell.connection_lost(None)
    assert world.broker.closed == [world.broker.session]
    assert not world.doors.open


def test_a_door_is_told_both_ends_and_whether_there_is_tls() -> None:
    plain = Peer(Transport())
    assert (plain.local, plain.peer, plain.is_tls) == (("127.0.0.1", 5672), ("10.0.0.2", 9), False)
    odd = Peer(Transport(sockname="/a/path", peername=None, ssl_object=object()))
    assert (odd.local, odd.peer, odd.is_tls) == (("", 0), ("", 0), True)


def sniffed(world: World, *pieces: bytes) -> Transport:
    transport = Transport()
    sniffer = Sniffer(world.doors)
    sniffer.connection_made(transport)
    for piece in pieces:
        sniffer.data_received(piece)
    sniffer.connection_lost(None)
    return transport


def test_the_first_bytes_choose_the_door_however_they_come_and_reach_it_whole() -> None:
    async def run() -> None:
        world = World()
        transport = sniffed(world, AMQP[:1], AMQP[1:5], AMQP[5:] + b"more")
        assert isinstance(transport.protocol, TcpShell)
        assert world.door.heard == AMQP + b"more"
        assert world.broker.protocols == ["amqp", "amqp"]

    asyncio.run(run())


@pytest.mark.parametrize("hello", [b"SSH-2.0-x", b"AMQP\x00\x01\x00\x00", b"\xff" * 8])
def test_what_no_door_is_there_for_is_cut_off(hello: bytes) -> None:
    async def run() -> None:
        world = World()
        assert sniffed(world, hello).was_aborted
        assert list(world.doors.open) == [world.shell]

    asyncio.run(run())

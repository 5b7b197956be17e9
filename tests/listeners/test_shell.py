import asyncio

import pytest
from tests.listeners.world import Transport, World

from dragoman.listeners.certified import distinguished_name
from dragoman.listeners.shell import WRITE_HIGH_BYTES, WRITE_STUCK_BYTES, Peer


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
    assert plain.certified == ""
    certificate = {"subject": ((("commonName", "ann"),),)}
    shown = Peer(Transport(ssl_object=object(), peercert=certificate), distinguished_name)
    assert shown.certified == "CN=ann"
    odd = Peer(Transport(sockname="/a/path", peername=None, ssl_object=object()))
    assert (odd.local, odd.peer, odd.is_tls) == (("", 0), ("", 0), True)

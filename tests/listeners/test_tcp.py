"""Who is at the other end of a fresh connection."""

import asyncio

import pytest
from tests.listeners.world import Transport, World

from dragoman.listeners.shell import TcpShell
from dragoman.listeners.tcp import Sniffer

AMQP = b"AMQP\x00\x00\x09\x01"


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

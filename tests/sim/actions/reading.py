"""Readers of groups: they come, claim a partition or read beside others, have to give way, and go."""

from typing import Any

import pytest
from tests.sim.clients import Client
from tests.sim.world import STREAMS, Action, World

from dragoman.kernel.groups.readers import NO_LEVEL, READERS_MAX, CloseReader, OpenReader
from dragoman.model import errors as e

GROUPS = ["g0", "g0", "g0", "g1"]
NONE_OR_SOME = [*[NO_LEVEL] * 20, 0, 1, 2]


class Reading:
    """A reader, as its client knows it. `must_end` once another has claimed its partition."""

    def __init__(self, client: Client, place: tuple[int, int, str], level: int) -> None:
        self.client = client
        self.place = place
        self.level = level
        self.ticket = 0
        self.must_end = False
        self.told: object = None

    def hear(self, result: object) -> None:
        assert self.must_end, "told to end for nobody"
        self.told = result


def _there(world: World, place: tuple[int, int, str]) -> list[Reading]:
    return [reading for reading in _alive(world) if reading.place == place]


def _alive(world: World) -> list[Reading]:
    world.readings = [reading for reading in world.readings if reading.client in world.clients]
    return [reading for reading in world.readings if not reading.must_end]


def open_reader(world: World) -> None:
    stream = world.model.named(world.pick(STREAMS[0], *STREAMS))
    if stream is None:
        return
    client = world.client()
    partition, level = world.pick(0, 0, 0, 1), world.pick(*NONE_OR_SOME)
    place = (stream.id, partition, world.pick(*GROUPS))
    there = _there(world, place)
    highest = max((reading.level for reading in there), default=NO_LEVEL)
    wanted: type[e.KernelError] | None = None
    if partition >= len(stream.ends):
        wanted = e.PartitionNotFound
    elif highest > level:
        wanted = e.ReaderFenced
    elif level == NO_LEVEL and len(there) >= READERS_MAX:
        wanted = e.QuotaExceeded
    command = OpenReader(name=stream.name, partition=partition, group=place[2], level=level)
    if wanted is not None:
        with pytest.raises(wanted) as refusal:
            client.session.submit(command)
        world.counts[f"no reader: {refusal.value.code}"] += 1
        return
    try:
        ticket = client.session.submit(command)
    except e.KernelError as error:
        raise AssertionError(f"{command}: {error}") from error  # somebody is still there who left
    for reading in there if level != NO_LEVEL else ():
        reading.must_end = True
        world.counts["a reader gives way"] += 1
    _note(world, Reading(client, place, level), ticket)


def _note(world: World, reading: Reading, ticket: int) -> None:
    client: Any = reading.client
    reading.ticket = ticket
    client.tickets[ticket] = reading.hear
    client.door.on_answered = lambda number, result: client.tickets.pop(number)(result)
    world.readings.append(reading)
    world.counts["OpenReader"] += 1


def close_reader(world: World) -> None:
    """Told twice is fine, and after it had to end as well."""
    _alive(world)
    if not world.readings:
        return
    reading = world.chance.choice(world.readings)
    if not reading.must_end or reading.told is not None:
        world.readings.remove(reading)
    for _ in range(world.pick(1, 1, 2)):
        reading.client.session.submit(CloseReader(ticket=reading.ticket))
    world.counts["CloseReader"] += 1


def look(world: World) -> None:
    """The node knows who reads, and everybody who has to end was told so."""
    world.rest()
    alive = _alive(world)
    known = world.node.kernel.state.readers
    found = {
        (ticket, reader.place, reader.level)
        for there in known.at.values()
        for ticket, reader in there.items()
    }
    assert found == {(reading.ticket, reading.place, reading.level) for reading in alive}
    for reading in world.readings:
        if reading.must_end:
            assert isinstance(reading.told, e.ReaderFenced), "it was not told to end"
    world.readings = alive
    world.counts["look at readers"] += 1


MIX: list[tuple[Action, float]] = [(open_reader, 60), (close_reader, 6), (look, 4)]
MET = [
    "CloseReader",
    "OpenReader",
    "a reader gives way",
    "look at readers",
    "no reader: quota-exceeded",
    "no reader: reader-fenced",
]

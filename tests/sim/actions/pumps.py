"""Pumps: made, deleted, refused, in circles; by cursors and from leased subscriptions; to the end or for ever."""

import msgspec
from tests.sim.invariants.pumps import nothing_is_left_to_carry
from tests.sim.world import KEYS, QUEUES, ROUTES, STREAMS, Action, World

from dragoman.kernel import commands as c
from dragoman.kernel.pumps import CreatePump, DeletePump, ListPumps
from dragoman.kernel.settings import Address, PumpSettings, StreamSettings
from dragoman.model.levels import SYNCED, WRITTEN

NAMES = ["pump0", "pump1", "pump2"]
ROUNDS_MAX = 20
QUIET_ROUNDS = 4  # what is carried may wait a round to be committed, and its pump another
POLL_MS = 20
PERIOD_MS = 400  # past every retry and every round


def keep_sources(world: World) -> None:
    settings = StreamSettings(
        partitions=world.pick(1, 2), level=world.pick(WRITTEN, SYNCED), retention_ms=-1
    )
    world.ask(world.client(), c.CreateStream(name=world.pick(*STREAMS), settings=settings))


def create_pump(world: World) -> None:
    pick = world.pick
    target = pick(
        Address(pick(*QUEUES)),
        Address(pick(*QUEUES)),
        Address(pick(*STREAMS)),
        Address(pick(*ROUTES), pick("", *KEYS), is_route=True),
    )
    targets = (target, Address(pick(*QUEUES))) if world.chance.random() < 0.3 else (target,)
    to_origin = world.chance.random() < 0.15
    settings = PumpSettings(
        targets=() if to_origin else targets,
        to_origin=to_origin,
        rate_max=pick(0, 0, 0, 100),
        filter=pick({}, {}, {"colour": pick(*KEYS)}),
        headers_set=pick((), (), (("colour", pick(*KEYS)),)),
        attempts_max=pick(1, 1, 2, 3),
        retry_ms=pick(10, 40),
        dead_letter=pick(None, Address(pick(*QUEUES))),
        from_end=world.chance.random() < 0.3,
        until_end=world.chance.random() < 0.2,
        waits_for_room=pick(True, False),
        hops_max=pick(0, 0, 2),
    )
    is_leased = world.chance.random() < 0.5
    source = world.queue_name() if is_leased else pick(*STREAMS, *STREAMS, world.queue_name())
    reader = world.model.queue(source) if is_leased else None
    if reader is not None and reader.owner:
        return
    stream = world.model.named(source)
    if stream is not None and not (is_leased or stream.keeps()):  # what is done may still be there
        settings = msgspec.structs.replace(settings, from_end=True)
    command = CreatePump(
        name=pick(*NAMES),
        source=source,
        subscription=source if is_leased else "",
        settings=settings,
    )
    info = world.ask(world.client(), command)
    if info is not None:
        world.counts["carry from a queue" if is_leased else "carry from a stream"] += 1


def delete_pump(world: World) -> None:
    name = world.pick(*NAMES)
    known = any(pump.name == name for pump in world.model.pumps.values())
    assert (world.ask(world.client(), DeletePump(name=name)) is not None) == known


def list_pumps(world: World) -> None:
    infos = world.ask(world.client(), ListPumps())
    assert [info.name for info in infos] == sorted(pump.name for pump in world.model.pumps.values())


def let_pumps_work(world: World) -> None:
    """Until nothing moves any more, unless that takes long."""
    quiet, before = 0, _places(world)
    for _ in range(ROUNDS_MAX):
        for duration_ms in (PERIOD_MS, POLL_MS):
            world.node.advance(duration_ms, duration_ms)
            world.rest()
        now = _places(world)
        quiet, before = quiet + 1 if now == before else 0, now
        if quiet == QUIET_ROUNDS:
            nothing_is_left_to_carry(world)
            world.counts["let pumps work"] += 1
            return


def _places(world: World) -> list[list[int]]:
    """Where streams end, how much is ready, and where pumps are."""
    ends = [stream.ends.copy() for stream in world.model.streams.values()]
    ends.append([len(reader.ready()) for reader in world.model.readers.values()])
    return ends + [pump.cursors.copy() for pump in world.model.pumps.values()]


MIX: list[tuple[Action, float]] = [
    (keep_sources, 4),
    (create_pump, 30),
    (delete_pump, 5),
    (list_pumps, 3),
    (let_pumps_work, 5),
]
MET = [
    "CreatePump",
    "DeletePump",
    "ListPumps",
    "a pump carries",
    "a pump filters out",
    "a pump finds that it is far enough",
    "a pump gives up",
    "a pump is through",
    "a pump knows no way back",
    "a pump lets go what goes in a circle",
    "carry from a queue",
    "carry from a stream",
    "let pumps work",
]

"""Streams are compacted: few keys, many messages, tombstones among them, some aborted; cursors read what is left."""

from tests.sim.actions.machine import whole_checkpoint
from tests.sim.actions.publishing import read, send
from tests.sim.actions.transactions import end, extend, init_producer, write
from tests.sim.world import ALL, STREAMS, Action, World

from dragoman.kernel import commands as c
from dragoman.kernel.settings import Address, StreamSettings
from dragoman.model.levels import CANONICAL

PAUSES = 40  # of a millisecond, between the steps of a round


def compact_a_stream(world: World) -> None:
    stream = world.model.named(world.pick(*STREAMS))
    if stream is None or not stream.keeps():
        return
    settings = StreamSettings(
        partitions=len(stream.ends),
        level=stream.settings.level,
        retention_ms=-1,
        compact=True,
        tombstone_ms=world.pick(0, 100, 500),
        dirty_percent=world.pick(0, 30),
        compact_after_ms=world.pick(0, 0, 200),
    )
    world.ask(world.client(), c.AlterStream(name=stream.name, settings=settings))


def publish_with_few_keys(world: World) -> None:
    bodies = [world.body() for _ in range(world.pick(1, 2, 5))]
    packed = world.chance.random() < 0.5
    name = world.pick(*STREAMS)
    command = c.Publish(ALL, Address(name), CANONICAL, [b"\n".join(bodies)] if packed else bodies)
    command.packed = len(bodies) if packed else 0
    send(world, world.client(), command, bodies)


def let_a_round_come(world: World) -> None:
    """Only what is on disk is compacted, and only now and then."""
    whole_checkpoint(world)
    world.node.advance(150, 150)
    for _ in range(PAUSES):
        world.node.step()
        world.node.advance(1, 1)
    world.rest()


MIX: list[tuple[Action, float]] = [
    (compact_a_stream, 26),
    (publish_with_few_keys, 40),
    (read, 10),
    (let_a_round_come, 16),
    (init_producer, 3),
    (extend, 7),
    (write, 38),
    (end, 22),
]
MET = [
    "compacted",
    "a key that comes again goes",
    "a tombstone goes",
    "a tombstone stays",
    "an aborted entry goes",
]

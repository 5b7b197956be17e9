"""How much there may be: quotas that are set and lifted, a disk said to be full, streams that keep for a while."""

from tests.sim.actions.publishing import send
from tests.sim.world import ALL, Action, World

from dragoman.kernel import commands as c
from dragoman.kernel.quotas import Quotas
from dragoman.kernel.settings import Address, StreamSettings
from dragoman.model.errors import QuotaExceeded
from dragoman.model.levels import CANONICAL, SYNCED, WRITTEN

STREAMS = ["t0", "t1", "v0", "v1"]


def set_quotas(world: World) -> None:
    usage = world.node.kernel.state.usage
    streams, queues = usage.streams.get(ALL, 0), usage.queues.get(ALL, 0)
    world.node.kernel.state.quotas = Quotas(
        message_bytes_max=world.pick(0, 0, 60, 200),
        stored_bytes_max=world.pick(0, 0, usage.stored_bytes + 200, usage.stored_bytes + 20),
        streams_max=world.pick(0, 0, streams + 1, streams),
        queues_max=world.pick(0, 0, queues + 1, queues),
    )
    world.counts["set quotas"] += 1


def fill_up(world: World) -> None:
    """As the watch over the room on the disk says it."""
    world.node.kernel.state.is_full = True
    world.counts["the disk is said to be full"] += 1


def lift_quotas(world: World) -> None:
    world.lift_quotas()


def one_more_stream(world: World) -> None:
    name = f"one more {world.bodies}"
    state = world.node.kernel.state
    most, count = state.quotas.streams_max, state.usage.streams.get(ALL, 0)
    client = world.client()
    refused = False
    world.cause = "asked"
    try:
        client.session.submit(c.CreateStream(name=name))
    except QuotaExceeded:
        refused = True
    world.cause = ""
    assert refused == (0 < most <= count), (most, count)
    world.counts["one stream too many"] += refused
    if not refused:
        world.ask(client, c.DeleteStream(name=name))


def one_more_queue(world: World) -> None:
    name = f"one more {world.bodies}"
    state = world.node.kernel.state
    usage, quotas = state.usage, state.quotas
    too_many = 0 < quotas.queues_max <= usage.queues.get(ALL, 0)
    too_many = too_many or 0 < quotas.streams_max <= usage.streams.get(ALL, 0)
    client = world.client()
    made = world.ask(client, c.DeclareQueue(name=name)) is not None
    assert made != too_many, (quotas, usage.queues, usage.streams)
    world.counts["one queue too many"] += too_many
    if made:
        world.ask(client, c.DeleteQueue(name=name))


def keep_for_a_while(world: World) -> None:
    settings = StreamSettings(
        partitions=world.pick(1, 2),
        level=world.pick(WRITTEN, SYNCED),
        retention_ms=world.pick(-1, 150, 600),
        retention_bytes=world.pick(-1, 60, 200),
    )
    world.ask(world.client(), c.CreateStream(name=world.pick(*STREAMS), settings=settings))


def read_for_a_while(world: World) -> None:
    """A queue on such a stream holds what it has not settled, whatever its age."""
    world.ask(world.client(), c.DeclareQueue(name=world.pick(*STREAMS[2:])))


def publish_to_kept(world: World) -> None:
    bodies = [world.body() for _ in range(world.pick(1, 2, 4))]
    command = c.Publish(ALL, Address(world.pick(*STREAMS)), CANONICAL, bodies)
    if send(world, world.client(), command, bodies) is None:
        world.counts["publish beyond a quota"] += 1


MIX: list[tuple[Action, float]] = [
    (set_quotas, 11),
    (fill_up, 1.5),
    (lift_quotas, 8),
    (one_more_stream, 9),
    (one_more_queue, 8),
    (keep_for_a_while, 12),
    (read_for_a_while, 3),
    (publish_to_kept, 30),
]
MET = [
    "one queue too many",
    "one stream too many",
    "publish beyond a quota",
    "set quotas",
    "the disk is said to be full",
    "trimmed for its age",
    "trimmed for its size",
]

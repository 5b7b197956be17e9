"""Queues that show their messages a while after they were stored, and hold so many at once."""

import msgspec
from tests.sim.actions.publishing import send
from tests.sim.actions.replying import answer
from tests.sim.model.readers import DELAYED
from tests.sim.translator import name_of
from tests.sim.world import ALL, Action, World

from dragoman.kernel import commands as c
from dragoman.kernel.leases.seek import AlterSubscription
from dragoman.kernel.settings import Address, StreamSettings, SubscriptionSettings
from dragoman.model.levels import CANONICAL, SYNCED, WRITTEN

QUEUES = ["d0", "d1", "d2"]
ORDERS = ["none", "none", "key", "priority"]
KEYS = [b"", b"a", b"b"]
PRIORITIES = 2


def declare_delayed(world: World) -> None:
    order = world.pick(*ORDERS)
    settings = SubscriptionSettings(
        durable=world.chance.random() < 0.9,
        early=world.chance.random() < 0.7,
        ttl_ms=world.pick(-1, -1, 150, 400),
        length_max=world.pick(-1, -1, 4),
        overflow=world.pick("drop-head", "reject-publish"),
        attempts_max=world.pick(0, 2),
        dead_letter=world.pick(None, Address(world.pick("q0", *QUEUES))),
        order=order,
        priorities=PRIORITIES if order == "priority" else 0,
        delay_ms=world.pick(0, 60, 200, 500),
        leased_max=world.pick(0, 0, 3),
        times_kept=world.pick(True, False),
    )
    stream = StreamSettings(
        partitions=world.pick(1, 1, 2),
        level=world.pick(WRITTEN, SYNCED),
        durable=settings.durable,
    )
    command = c.DeclareQueue(name=world.pick(*QUEUES), settings=settings, stream=stream)
    info = world.ask(world.client(), command)
    world.counts["make a queue with a delay"] += bool(
        info is not None and info.created and info.settings.delay_ms
    )


def publish_delayed(world: World) -> None:
    bodies = [world.body() for _ in range(world.pick(1, 1, 2, 4))]
    command = c.Publish(ALL, Address(world.pick(*QUEUES)), CANONICAL, bodies)
    command.keys = [world.pick(*KEYS) for _ in bodies]
    world.keys |= {name_of(body): key for body, key in zip(bodies, command.keys, strict=True)}
    command.priorities = [world.chance.randint(0, PRIORITIES) for _ in bodies]
    send(world, world.client(), command, bodies)


def lease_delayed(world: World) -> None:
    reader = world.model.queue(world.pick(*QUEUES))
    if reader is not None and reader.settings.early:
        command = c.Lease(name=reader.name, count_max=world.pick(1, 2, 5))
        answer(world, world.client(), reader, command)


def alter_delay(world: World) -> None:
    reader = world.model.queue(world.pick(*QUEUES))
    if reader is None or reader.owner:
        return
    settings = msgspec.structs.replace(reader.settings, delay_ms=world.pick(0, 0, 60, 200, 500))
    ends = bool(reader.settings.delay_ms) and not settings.delay_ms
    command = AlterSubscription(name=reader.name, settings=settings)
    world.ask(world.client(), command, "ends a delay" if ends else "asked")
    world.counts["end a delay"] += ends


def delete_delayed(world: World) -> None:
    world.ask(world.client(), c.DeleteQueue(name=world.pick(*QUEUES)))


def purge_delayed(world: World) -> None:
    reader = world.model.queue(world.pick(*QUEUES))
    if reader is not None:
        delayed = sum(message.state == DELAYED for message in reader.messages())
        command = c.PurgeQueue(name=reader.name, mode="all")
        world.ask(world.client(), command, "purged")
        world.counts["purge delayed messages"] += delayed
        assert not any(message.state == DELAYED for message in reader.messages())


MIX: list[tuple[Action, float]] = [
    (declare_delayed, 25),
    (delete_delayed, 6),
    (publish_delayed, 45),
    (lease_delayed, 15),
    (alter_delay, 30),
    (purge_delayed, 4),
]
MET = ["end a delay", "make a queue with a delay", "purge delayed messages", "show"]

"""Queues with priorities that take everything, and consumers that are handed many messages at once though they lie apart."""

from tests.sim.actions.consuming import CAUSES
from tests.sim.actions.publishing import send
from tests.sim.world import ALL, Action, World

from dragoman.kernel import commands as c
from dragoman.kernel.settings import Address, StreamSettings, SubscriptionSettings
from dragoman.model.errors import KernelError
from dragoman.model.levels import CANONICAL, SYNCED, WRITTEN

RANKED = ["r0", "r1"]
PRIORITIES = 2


def declare_ranked(world: World) -> None:
    settings = SubscriptionSettings(
        durable=world.chance.random() < 0.9,
        early=world.chance.random() < 0.7,
        ttl_ms=world.pick(-1, -1, -1, 300),
        length_max=world.pick(-1, -1, 9),
        attempts_max=world.pick(0, 0, 3),
        dead_letter=world.pick(None, Address(world.pick("q0", *RANKED))),
        order="priority",
        priorities=PRIORITIES,
        single_active=world.chance.random() < 0.2,
    )
    stream = StreamSettings(level=world.pick(WRITTEN, SYNCED), durable=settings.durable)
    command = c.DeclareQueue(name=world.pick(*RANKED), settings=settings, stream=stream)
    world.ask(world.client(), command)


def publish_ranked(world: World) -> None:
    bodies = [world.body() for _ in range(world.pick(1, 3, 8, 16))]
    command = c.Publish(ALL, Address(world.pick(*RANKED)), CANONICAL, bodies)
    command.priorities = [world.chance.randint(0, PRIORITIES) for _ in bodies]
    if world.chance.random() < 0.2:
        command.expires_ms = [world.pick(0, world.clock.wall + world.pick(0, 100)) for _ in bodies]
    send(world, world.client(), command, bodies)


def consume_apart(world: World) -> None:
    client = world.client()
    name = world.pick(*RANKED)
    reader = world.model.queue(name)
    no_ack = world.chance.random() < 0.15 and reader is not None and reader.settings.early
    command = c.Consume(
        name=name,
        credit_max=world.pick(0, 3, 8),
        no_ack=no_ack,
        passes_on=world.pick(CANONICAL, CANONICAL, CANONICAL, -1),
    )
    holder = world.ask(client, command)
    if holder is not None:
        client.holders.append(holder.id)


def ack_apart(world: World) -> None:
    """What was handed out together, or the first of it, in its order; or the same as runs."""
    client = world.client()
    if not client.apart:
        return
    at = world.pick(0, 0, world.chance.randrange(len(client.apart)))
    number, partition, holder, offsets = client.apart.pop(at)
    if world.chance.random() < 0.3:
        count = world.chance.randint(1, len(offsets))
        if count < len(offsets):
            client.apart.insert(at, (number, partition, holder, offsets[count:]))
        offsets = offsets[:count]
    outcome: c.Outcome = world.pick("ack", "ack", "ack", "release")
    command = c.Settle(number, partition, holder, [], outcome)
    command.offsets = offsets
    command.delay_ms = 0
    reader = world.model.readers.get(number)
    held = [] if reader is None else reader.held_by(holder)
    mine = {message.offset for message in held} & set(offsets)
    world.cause = CAUSES[outcome]
    try:
        reply = client.session.settle(command)
    except KernelError as error:
        world.counts[f"refused: {error.code}"] += 1
        return
    finally:
        world.cause = ""
    assert (reply.settled, reply.missing) == (len(mine), len(offsets) - len(mine))
    world.counts[f"{outcome} apart"] += 1


MIX: list[tuple[Action, float]] = [
    (declare_ranked, 8),
    (publish_ranked, 30),
    (consume_apart, 12),
    (ack_apart, 60),
]

MET = ["ack apart", "handed out apart"]

"""Readers with an order: by key, by priority, through a filter; beside each other on one stream."""

from tests.sim.actions.consuming import settle
from tests.sim.actions.publishing import send
from tests.sim.actions.replying import answer
from tests.sim.translator import name_of
from tests.sim.world import ALL, KEYS, STREAMS, Action, World

from dragoman.kernel import commands as c
from dragoman.kernel.leases.commands import CreateSubscription, DeleteSubscription
from dragoman.kernel.settings import Address, OrderKind, StreamSettings, SubscriptionSettings
from dragoman.model.levels import CANONICAL, SYNCED, WRITTEN

ORDERED = ["k0", "k1", "p0", "f0", "e0"]
ORDER_KEYS = [b"", b"a", b"b", b"c"]
PRIORITIES = 3
ORDERS: dict[str, OrderKind] = {"k": "key", "p": "priority", "f": "none", "e": "fair"}


def ordered_settings(world: World, order: OrderKind) -> SubscriptionSettings:
    pick = world.pick
    return SubscriptionSettings(
        durable=world.chance.random() < 0.9,
        early=world.chance.random() < 0.3,
        ttl_ms=pick(-1, -1, -1, 300),
        length_max=pick(-1, -1, -1, 6),
        bytes_max=pick(-1, -1, -1, 300),
        overflow=pick("drop-head", "reject-publish"),
        attempts_max=pick(0, 0, 2),
        attempts_counted=pick("leased", "failed"),
        retry_ms=pick(0, 0, 60),
        dead_letter=pick(None, Address(pick("q0", *ORDERED))),
        order=order,
        priorities=PRIORITIES if order == "priority" else 0,
        filter={"colour": pick(*KEYS)} if order == "none" or world.chance.random() < 0.3 else {},
        revoke_followers=order == "key" and world.chance.random() < 0.7,
    )


def declare_ordered(world: World) -> None:
    name = world.pick(*ORDERED)
    order = ORDERS[name[0]]
    settings = ordered_settings(world, order)
    stream = StreamSettings(
        partitions=world.pick(1, 1, 2),
        level=world.pick(WRITTEN, SYNCED),
        durable=settings.durable,
    )
    command = c.DeclareQueue(name=name, settings=settings, stream=stream)
    info = world.ask(world.client(), command)
    world.counts[f"make a queue with order {order}"] += info is not None and info.created


def subscribe(world: World) -> None:
    """Beside the other readers of a stream, to what it has or to what comes."""
    order = world.pick("none", "key", "priority", "fair")
    settings = ordered_settings(world, order)
    if settings.bytes_max >= 0:  # bytes are counted from the beginning or not at all
        settings = SubscriptionSettings(order=order, filter=settings.filter)
    stream = world.model.named(world.pick(*STREAMS))
    from_end = world.chance.random() < 0.3
    if stream is None or not (from_end or stream.keeps()):
        return  # what it would find depends on when the node last looked at what is done
    command = CreateSubscription(
        name=stream.name,
        subscription=world.pick("a", "b"),
        settings=settings,
        from_end=from_end,
    )
    info = world.ask(world.client(), command)
    if info is not None and info.created:
        world.counts[f"subscribe with order {order}"] += 1


def unsubscribe(world: World) -> None:
    command = DeleteSubscription(name=world.pick(*STREAMS), subscription=world.pick("a", "b"))
    world.ask(world.client(), command)


def publish_ordered(world: World) -> None:
    bodies = [world.body() for _ in range(world.pick(1, 1, 2, 4, 8))]
    address = Address(world.pick(*ORDERED, *STREAMS, *STREAMS))
    command = c.Publish(ALL, address, CANONICAL, bodies)
    if world.chance.random() < 0.6:
        command.keys = [world.pick(*ORDER_KEYS) for _ in bodies]
        world.keys |= {name_of(body): key for body, key in zip(bodies, command.keys, strict=True)}
        world.counts["publish with keys"] += 1
    if world.chance.random() < 0.6:
        command.priorities = [world.chance.randint(-1, PRIORITIES + 1) for _ in bodies]
        world.counts["publish with priorities"] += 1
    if world.chance.random() < 0.2:
        command.expires_ms = [world.pick(0, world.clock.wall + world.pick(0, 100)) for _ in bodies]
    send(world, world.client(), command, bodies)


def take(world: World) -> None:
    """From any reader, an ordered one as a rule."""
    reader = world.any_reader("key", "priority", "fair") if world.chance.random() < 0.7 else None
    reader = reader or world.any_reader("none", "key", "priority", "fair")
    if reader is None:
        return
    command = c.Lease(
        name=world.name_of(reader),
        subscription=reader.name,
        count_max=world.pick(1, 1, 2, 5),
        no_ack=world.chance.random() < 0.1,
    )
    client = world.client()
    if answer(world, client, reader, command):
        world.counts[f"take in order {reader.settings.order}"] += 1


def consume_ordered(world: World) -> None:
    reader = world.any_reader("key", "priority", "fair", "none")
    if reader is None:
        return
    client = world.client()
    command = c.Consume(
        name=world.name_of(reader),
        subscription=reader.name,
        credit_max=world.pick(0, 1, 2, 5),
        no_ack=world.chance.random() < 0.1,
        passes_on=world.pick(-1, CANONICAL),
    )
    holder = world.ask(client, command)
    if holder is not None:
        client.holders.append(holder.id)
        world.counts[f"consume in order {reader.settings.order}"] += 1


def give_back(world: World) -> None:
    """Messages of a key, so that those after them must come back as well."""
    held = [
        (client, held)
        for client in world.clients
        for held in client.held
        if held.subscription in world.model.readers
        and world.model.readers[held.subscription].settings.order == "key"
    ]
    if held:
        client, one = world.chance.choice(held)
        world.node.broker.touch(client.session)
        client.held.remove(one)
        settle(world, client, one, "release")


MIX: list[tuple[Action, float]] = [
    (declare_ordered, 22),
    (subscribe, 26),
    (unsubscribe, 9),
    (publish_ordered, 40),
    (take, 25),
    (consume_ordered, 14),
    (give_back, 46),
]

MET = [
    "CreateSubscription",
    "DeleteSubscription",
    "consume in order key",
    "consume in order none",
    "consume in order priority",
    "filtered in",
    "filtered out",
    "make a queue with order key",
    "make a queue with order none",
    "make a queue with order priority",
    "publish with keys",
    "publish with priorities",
    "put a backlog in order",
    "revoke followers",
    "subscribe with order key",
    "subscribe with order none",
    "subscribe with order priority",
    "take in order fair",
    "take in order key",
    "take in order none",
    "take in order priority",
]

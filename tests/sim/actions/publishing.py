"""Clients publish, and read what is there by offset."""

from tests.sim.clients import Client
from tests.sim.invariants.plans import Plan, plan_publish
from tests.sim.invariants.waits import leaves, position_of
from tests.sim.model.addresses import opens_batches
from tests.sim.translator import bodies_in
from tests.sim.world import ALL, KEYS, STREAMS, World

from dragoman.kernel import commands as c
from dragoman.kernel.replies import PublishReply
from dragoman.kernel.settings import Address
from dragoman.model.errors import KernelError, MessageTooLarge, QuotaExceeded, StorageFull
from dragoman.model.levels import APPLIED, CANONICAL, SYNCED

Place = tuple[int, int, int]


def publish(world: World) -> None:
    address = world.pick(
        Address(world.queue_name()),
        Address(world.queue_name()),
        Address(world.pick(*STREAMS)),
        Address(world.route_name(), world.pick(*KEYS), is_route=True),
        Address(world.route_name(), world.pick(*KEYS), is_route=True),
    )
    bodies = [world.body() for _ in range(world.pick(1, 1, 1, 2, 3, 8))]
    packed = world.chance.random() < 0.15
    command = c.Publish(ALL, address, CANONICAL, [b"\n".join(bodies)] if packed else bodies)
    command.packed = len(bodies) if packed else 0
    if not packed and world.chance.random() < 0.2:
        command.expires_ms = [
            world.pick(0, world.clock.wall + world.pick(0, 30, 300)) for _ in bodies
        ]
        world.counts["publish with expiry"] += 1
    if world.chance.random() < 0.15:
        command.level = SYNCED
    send(world, world.client(), command, bodies)


def send(
    world: World, client: Client, command: c.Publish, bodies: list[bytes]
) -> PublishReply | None:
    """Publish, and compare the reply with what the model says; None when it was refused."""
    world.plan = Plan()
    wanted = refusal(world, command)
    refused = (
        -1
        if wanted
        else plan_publish(
            world,
            command.address,
            bodies,
            world.plan,
            packed=command.packed > 0 and not opens_batches(world.model, command.address),
            ids=command.dedup,
        )
    )
    planned = bool(world.plan)
    targets = [set(world.model.targets(command.address, body) or ()) for body in bodies]
    before = ends_of(world)
    world.cause = "published"
    reply, error = None, None
    try:
        reply = client.session.publish(command)
    except KernelError as raised:
        error = raised
        world.counts[f"refused: {error.code}"] += 1
    assert wanted in {None, type(error)}, f"{error!r}, not {wanted}"
    left, world.plan, world.cause = world.plan, None, ""
    if reply is None:
        assert not planned
        return None
    assert not left, f"never published: {left}"
    assert reply.refused == refused, (reply.refused, refused)
    assert reply.routed == max(map(len, targets)) or refused >= 0
    _count_publish(world, command, targets, refused)
    confirm(client, reply, appended_since(world, before))
    return reply


def refusal(world: World, command: c.Publish) -> type | None:
    """Why nothing may be published now."""
    state = world.node.kernel.state
    quotas, size = state.quotas, sum(map(len, command.bodies))
    if state.is_full:
        return StorageFull
    if 0 < quotas.message_bytes_max < max(map(len, command.bodies)):
        return MessageTooLarge
    if 0 < quotas.stored_bytes_max < state.usage.stored_bytes + size:
        return QuotaExceeded
    return None


def ends_of(world: World) -> dict[int, list[int]]:
    return {stream.id: list(stream.ends) for stream in world.model.streams.values()}


def appended_since(world: World, before: dict[int, list[int]]) -> list[Place]:
    """Every durable message appended since: (stream, partition, offset)."""
    return [
        (stream.id, partition, offset)
        for stream in world.model.streams.values()
        if stream.settings.durable
        for partition, end in enumerate(stream.ends)
        for offset in range(before.get(stream.id, [0] * len(stream.ends))[partition], end)
    ]


def confirm(client: Client, reply: PublishReply, keys: list[Place]) -> None:
    """The client is told once the publish is durable enough."""
    if reply.level > APPLIED:
        client.wait("confirm", reply.position, reply.level, keys)


def _count_publish(world: World, command: c.Publish, targets: list[set[int]], refused: int) -> None:
    counts = world.counts
    counts["publish"] += 1
    counts["publish a batch"] += not command.packed and len(command.bodies) > 1
    counts["publish packed"] += command.packed > 0
    counts["publish through a route"] += command.address.is_route
    counts["publish to several"] += max(map(len, targets)) > 1
    counts["publish nowhere"] += not any(targets)
    counts["publish refused"] += refused >= 0


def read(world: World) -> None:
    stream = world.model.named(world.pick(*STREAMS))
    if stream is None or not stream.keeps():
        return
    partition = world.chance.randrange(len(stream.ends))
    offset = world.chance.randint(0, stream.ends[partition])
    command = c.Read(
        name=stream.name, partition=partition, offset=offset, bytes_max=world.pick(1, 200, 10_000)
    )
    extract = world.ask(world.client(), command)
    if extract is None:
        return
    entries = {entry.offset: entry for entry in stream.entries[partition]}
    for block in extract.blocks:
        for at, body in enumerate(bodies_in(block), block.offset):
            if at < extract.end and at in entries:
                key = (stream.id, partition, at)
                assert body == entries[at].body
                level = stream.settings.level
                assert world.seen.setdefault(key, (body, level))[0] == body, f"{key} has changed"
                position = position_of(world, *key)
                leaves(world, "read", position, stream.settings.level)
                world.used.add(key)
                world.counts["read an entry"] += 1

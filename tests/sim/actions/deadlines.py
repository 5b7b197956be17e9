"""Leases that end at a deadline, in spite of their connection and of the node; renewed, put off, taken by offset."""

from tests.sim.actions.consuming import settle
from tests.sim.actions.machine import turn
from tests.sim.actions.replying import answer
from tests.sim.clients import Client, Held, Lock
from tests.sim.model import Reader
from tests.sim.world import Action, World

from dragoman.kernel import commands as c
from dragoman.kernel.leases import states as s
from dragoman.kernel.leases.commands import LeaseDeferred
from dragoman.kernel.settings import Address, StreamSettings, SubscriptionSettings
from dragoman.model.errors import LeaseExpired
from dragoman.model.levels import SYNCED, WRITTEN

QUEUES = ["d0", "d1"]
DURATIONS_MS = [30, 100, 400, 2_000]


def declare_timed(world: World) -> None:
    """A queue whose attempts are counted and whose retries wait."""
    settings = SubscriptionSettings(
        early=world.chance.random() < 0.2,
        ttl_ms=world.pick(-1, 1_500),
        attempts_max=world.pick(0, 2, 3),
        attempts_counted=world.pick("leased", "failed"),
        retry_ms=world.pick(0, 0, 60, 300),
        dead_letter=world.pick(None, Address(world.pick(*QUEUES))),
    )
    stream = StreamSettings(partitions=world.pick(1, 1, 2), level=world.pick(WRITTEN, SYNCED))
    command = c.DeclareQueue(name=world.pick(*QUEUES), settings=settings, stream=stream)
    world.ask(world.client(), command)


def lease_for_a_time(world: World) -> None:
    reader = world.any_reader("none", "key", "priority")
    if reader is None:
        return
    command = c.Lease(
        name=world.name_of(reader),
        subscription=reader.name,
        count_max=world.pick(1, 2, 5),
        lease_duration_ms=world.pick(*DURATIONS_MS),
    )
    if answer(world, world.client(), reader, command):
        world.counts["lease for a time"] += 1


def consume_for_a_time(world: World) -> None:
    reader = world.any_reader("none", "key", "priority")
    if reader is not None:
        client = world.client()
        command = c.Consume(
            name=world.name_of(reader),
            subscription=reader.name,
            credit_max=world.pick(1, 3, 10),
            lease_duration_ms=world.pick(*DURATIONS_MS),
        )
        holder = world.ask(client, command)
        if holder is not None:
            client.holders.append(holder.id)
            world.counts["consume for a time"] += 1


def _some_held(world: World) -> Held | None:
    """A lease with a deadline, whoever has it, or had it before the node died."""
    known = [held for client in world.clients for held in world.lasting(client)]
    found = known + world.receipts
    return world.chance.choice(found) if found else None


def renew(world: World) -> None:
    held = _some_held(world)
    reader = None if held is None else world.model.readers.get(held.subscription)
    if held is None or reader is None or held.partition >= len(reader.parts):
        return
    messages = reader.between(held.partition, held.start, held.end)
    mine = [m for m in messages if m.state == s.LEASED and m.holder == held.holder]
    if any(not m.duration_ms for m in mine):
        return
    command = c.Renew(
        subscription=held.subscription,
        partition=held.partition,
        holder=held.holder,
        runs=[(held.start, held.end)],
        lease_duration_ms=world.pick(*DURATIONS_MS),
    )
    session = world.client().session
    try:
        session.submit(command)
    except LeaseExpired:
        assert len(mine) < held.end - held.start, f"{held} is all there"
        world.counts["renew too late"] += 1
    else:
        assert len(mine) == held.end - held.start, f"{held} has expired in part"
        world.counts["Renew"] += 1


def settle_with_a_receipt(world: World) -> None:
    """The connection is gone, or the node has died since: whoever has the receipt settles all the same."""
    if world.receipts:
        held = world.receipts.pop(world.chance.randrange(len(world.receipts)))
        outcome = world.pick("ack", "ack", "release", "reject", "defer")
        if settle(world, world.client(), held, outcome):
            world.counts["settle with a receipt"] += 1


def settle_strictly(world: World) -> None:
    """All of it, or none."""
    held = _some_held(world)
    reader = None if held is None else world.model.readers.get(held.subscription)
    if held is None or reader is None or held.partition >= len(reader.parts):
        return
    messages = reader.between(held.partition, held.start, held.end)
    mine = [m for m in messages if m.holder == held.holder]
    command = c.Settle(held.subscription, held.partition, held.holder, [held[3:]], "ack")
    command.strict = True
    world.cause = "acked"
    try:
        world.client().session.settle(command)
    except LeaseExpired:
        assert len(mine) < held.end - held.start
        world.counts["settle strictly, too late"] += 1
    else:
        assert len(mine) == held.end - held.start
        world.counts["settle strictly"] += 1
    finally:
        world.cause = ""


def defer(world: World) -> None:
    client = world.client()
    if client.held:
        held = client.held.pop(world.chance.randrange(len(client.held)))
        if settle(world, client, held, "defer"):
            world.counts["defer"] += 1


def lease_deferred(world: World) -> None:
    found = [
        (reader, partition)
        for reader in world.model.readers.values()
        for partition, part in enumerate(reader.parts)
        if any(m.state == s.DEFERRED for m in part) or world.chance.random() < 0.02
    ]
    if not found:
        return
    reader, partition = world.chance.choice(found)
    offsets = [m.offset for m in reader.parts[partition] if m.state == s.DEFERRED]
    chosen = sorted(world.chance.sample(offsets, min(len(offsets), world.pick(1, 2, 3))))
    if not chosen or world.chance.random() < 0.05:
        chosen.append(world.chance.randrange(20))  # it may be, it may not
    _lease_at(world, reader, partition, chosen)


def ask_too_late(world: World) -> None:
    """For a deferred message whose time is over by then."""
    found = [
        (reader, partition, message)
        for reader in world.model.readers.values()
        for partition, part in enumerate(reader.parts)
        for message in part
        if message.state == s.DEFERRED and message.expires_ms
    ]
    if found:
        reader, partition, message = world.chance.choice(found)
        wait_ms = max(message.expires_ms - world.clock.wall, 0)
        world.node.advance(wait_ms, wait_ms)
        turn(world)
        is_there = world.model.readers.get(reader.id) is reader
        if is_there and any(message is known for known in reader.parts[partition]):
            _lease_at(world, reader, partition, [message.offset])


def _lease_at(world: World, reader: Reader, partition: int, chosen: list[int]) -> None:
    offsets = [m.offset for m in reader.parts[partition] if m.state == s.DEFERRED]
    there = list(reader.parts[partition])  # some go when they are asked for
    client, lock = _receiver(world, reader, partition, chosen)
    command = LeaseDeferred(
        name=world.name_of(reader),
        subscription=reader.name,
        partition=partition,
        offsets=chosen,
        lease_duration_ms=world.pick(0, *DURATIONS_MS) if lock is None else 0,
        within=0 if lock is None else lock.holder,
    )
    if answer(world, client, reader, command, "deferred"):
        assert set(chosen) <= set(offsets), (chosen, offsets)
        world.counts["lease deferred"] += 1
    else:
        expired = any(m.offset in chosen and m.is_over(world.now_ms) for m in there)
        world.counts["deferred, and expired when asked for"] += expired
        free = not expired and not _is_locked(reader, partition, chosen)
        assert (
            not (free and set(chosen) <= set(offsets))
            or reader.is_keyed
            or reader.owner
            or reader.settings.leased_max
        )


def _receiver(
    world: World, reader: Reader, partition: int, offsets: list[int]
) -> tuple[Client, Lock | None]:
    """Who has the session of the first of them, if it is one."""
    if reader.settings.order == "session":
        for message in reader.parts[partition]:
            lock = world.locks.get((reader.id, message.key))
            if message.offset == offsets[0] and lock is not None:
                return lock.client, lock
    return world.client(), None


def _is_locked(reader: Reader, partition: int, offsets: list[int]) -> bool:
    """Whether somebody works on other messages of their keys."""
    part = reader.parts[partition]
    keys = {m.key for m in part if m.offset in offsets and m.key}
    return any(m.state == s.LEASED and m.key in keys for m in part)


MIX: list[tuple[Action, float]] = [
    (declare_timed, 8),
    (lease_for_a_time, 30),
    (consume_for_a_time, 10),
    (renew, 14),
    (settle_with_a_receipt, 15),
    (settle_strictly, 13),
    (defer, 12),
    (lease_deferred, 18),
    (ask_too_late, 5),
]

MET = [
    "LeaseDeferred",
    "Renew",
    "consume for a time",
    "defer",
    "deferred again",
    "deferred, and expired when asked for",
    "end by a deadline",
    "lease deferred",
    "lease for a time",
    "put off by a deadline",
    "renew too late",
    "reply left",
    "settle strictly",
    "settle strictly, too late",
    "settle with a receipt",
]

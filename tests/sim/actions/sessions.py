"""Sessions: accepted by one receiver, contended for, renewed, given up, lost; with a few bytes of state."""

from tests.sim.actions.consuming import settle
from tests.sim.actions.publishing import send
from tests.sim.actions.replying import answer
from tests.sim.clients import Client, Lock
from tests.sim.model import READY_STATES, Reader
from tests.sim.translator import name_of
from tests.sim.world import ALL, Action, World

from dragoman.kernel import commands as c
from dragoman.kernel.leases import states as s
from dragoman.kernel.leases.commands import (
    AcceptSession,
    GetSessionState,
    ReleaseSession,
    RenewSession,
    SessionLock,
    SetSessionState,
)
from dragoman.kernel.settings import Address, StreamSettings, SubscriptionSettings
from dragoman.model.errors import LeaseExpired, ResourceLocked
from dragoman.model.levels import CANONICAL, SYNCED, WRITTEN

QUEUES = ["s0", "s1"]
NAMES = [b"", b"a", b"b", b"c"]
DURATIONS_MS = [0, 0, 50, 300, 2_000]


def declare_sessions(world: World) -> None:
    settings = SubscriptionSettings(
        order="session",
        ttl_ms=world.pick(-1, -1, -1, 500),
        attempts_max=world.pick(0, 2, 3),
        attempts_counted=world.pick("leased", "failed"),
        retry_ms=world.pick(0, 0, 60),
        dead_letter=world.pick(None, Address(world.pick("q0", *QUEUES))),
        filter=world.pick({}, {}, {"colour": "red"}),
    )
    stream = StreamSettings(partitions=world.pick(1, 1, 2), level=world.pick(WRITTEN, SYNCED))
    command = c.DeclareQueue(name=world.pick(*QUEUES), settings=settings, stream=stream)
    world.ask(world.client(), command)


def publish_to_sessions(world: World) -> None:
    bodies = [world.body() for _ in range(world.pick(1, 2, 4))]
    command = c.Publish(ALL, Address(world.pick(*QUEUES)), CANONICAL, bodies)
    command.keys = [world.pick(*NAMES) for _ in bodies]
    world.keys |= {name_of(body): key for body, key in zip(bodies, command.keys, strict=True)}
    send(world, world.client(), command, bodies)


def accept(world: World) -> None:
    reader = world.any_reader("session")
    if reader is None:
        return
    client = world.client()
    wanted = None if world.chance.random() < 0.5 else world.pick(*NAMES)
    command = AcceptSession(
        name=world.name_of(reader),
        key=wanted,
        lease_duration_ms=world.pick(*DURATIONS_MS),
        consume=world.chance.random() < 0.4,
        credit_max=world.pick(0, 1, 3),
        no_ack=world.chance.random() < 0.1,
    )
    taken = {key for (number, key) in world.locks if number == reader.id}
    try:
        lock = client.session.submit(command)
    except ResourceLocked:
        assert wanted in taken, f"{wanted!r} is free"
        world.counts["accept a session somebody has"] += 1
        return
    if lock is None:
        assert wanted is None
        assert not _waiting(reader, taken), f"{_waiting(reader, taken)} wait"
        return
    _accepted(world, client, reader, command, lock, taken)


def _accepted(
    world: World,
    client: Client,
    reader: Reader,
    command: AcceptSession,
    lock: SessionLock,
    taken: set[bytes],
) -> None:
    assert lock.key not in taken, f"{lock.key!r} is somebody's"
    assert command.key in {None, lock.key}
    assert lock.state == reader.states.get(lock.key, b"")
    if command.key is None:
        assert lock.key in _waiting(reader, taken), lock.key
        world.counts["accept the next session"] += 1
    world.locks[reader.id, lock.key] = Lock(
        client, lock.partition, lock.holder.id, command.lease_duration_ms, lock.until_ms
    )
    if command.consume:
        client.holders.append(lock.holder.id)
        world.counts["consume a session"] += 1
    world.counts["AcceptSession"] += 1


def _waiting(reader: Reader, taken: set[bytes]) -> set[bytes]:
    """Sessions that have something to be handed out, and nobody."""
    return {
        message.key
        for part in reader.parts
        for message in part
        if message.state in READY_STATES
        and message.key not in taken
        and not any(m.state == s.WAITING and m.key == message.key for m in part)
    }


def _some_lock(world: World) -> tuple[Reader, bytes, Lock] | None:
    found = [(world.model.readers[at], key, lock) for (at, key), lock in world.locks.items()]
    if not found:
        return None
    chosen = world.chance.choice(found)
    world.node.broker.touch(chosen[2].client.session)
    return chosen


def lease_within(world: World) -> None:
    chosen = _some_lock(world)
    if chosen is not None:
        reader, _, lock = chosen
        command = c.Lease(
            name=world.name_of(reader), count_max=world.pick(1, 2, 5), within=lock.holder
        )
        world.counts["lease within"] += answer(world, lock.client, reader, command)


def settle_within(world: World) -> None:
    chosen = _some_lock(world)
    if chosen is None or not chosen[2].client.held:
        return
    client = chosen[2].client
    held = client.held.pop(world.chance.randrange(len(client.held)))
    settle(world, client, held, world.pick("ack", "ack", "release", "reject", "defer"))


def contend(world: World) -> None:
    """Somebody else, or nobody any more, acts on a session that is not theirs: in vain."""
    chosen = _some_lock(world)
    if chosen is None:
        return
    client = world.client()
    if client is chosen[2].client or chosen[0].settings.paused:
        return
    holder = chosen[2].holder
    command = world.pick(
        RenewSession(holder=holder),
        ReleaseSession(holder=holder),
        SetSessionState(holder=holder, state=b"stolen"),
        c.Lease(name=world.name_of(chosen[0]), within=holder),
    )
    try:
        client.session.submit(command)
    except LeaseExpired:
        world.counts["contend for a session"] += 1
    else:
        raise AssertionError(f"{command} was granted to somebody else")


def renew_session(world: World) -> None:
    chosen = _some_lock(world)
    if chosen is not None:
        lock = chosen[2]
        until_ms = world.ask(lock.client, RenewSession(holder=lock.holder))
        if lock.duration_ms:
            assert until_ms == world.node.kernel.elapsed_ms + lock.duration_ms
            lock.until_ms = until_ms


def release_session(world: World) -> None:
    chosen = _some_lock(world)
    if chosen is None:
        return
    reader, key, lock = chosen
    held = reader.held_by(lock.holder)
    world.ask(lock.client, ReleaseSession(holder=lock.holder), "given up")
    if reader.id in world.model.readers:
        assert not reader.held_by(lock.holder)
    del world.locks[reader.id, key]
    if lock.holder in lock.client.holders:
        lock.client.holders.remove(lock.holder)
    world.counts["give up a session with messages"] += bool(held)


def keep_state(world: World) -> None:
    chosen = _some_lock(world)
    if chosen is None:
        return
    reader, key, lock = chosen
    state = world.pick(b"", f"state {world.bodies}".encode())
    world.ask(lock.client, SetSessionState(holder=lock.holder, state=state))
    assert world.ask(lock.client, GetSessionState(holder=lock.holder)) == state
    assert reader.states.get(key, b"") == state


MIX: list[tuple[Action, float]] = [
    (declare_sessions, 10),
    (publish_to_sessions, 30),
    (accept, 30),
    (lease_within, 30),
    (settle_within, 25),
    (contend, 8),
    (renew_session, 6),
    (release_session, 6),
    (keep_state, 12),
]

MET = [
    "AcceptSession",
    "GetSessionState",
    "ReleaseSession",
    "RenewSession",
    "SetSessionState",
    "a session's time is over",
    "accept a session somebody has",
    "accept the next session",
    "consume a session",
    "contend for a session",
    "give up a session with messages",
    "lease within",
]

"""A reader is moved in its stream, looked into, stopped, changed; and gone back to where it stood before."""

import msgspec
from tests.sim.actions.publishing import send
from tests.sim.actions.replying import answer
from tests.sim.model import Message, Reader
from tests.sim.model.log import Stream
from tests.sim.model.readers import STATES
from tests.sim.world import ALL, STREAMS, Action, World

from dragoman.kernel import commands as c
from dragoman.kernel.leases import states as s
from dragoman.kernel.leases.commands import CreateSubscription
from dragoman.kernel.leases.peek import Peek
from dragoman.kernel.leases.seek import AlterSubscription, Seek
from dragoman.kernel.settings import Address, StreamSettings, SubscriptionSettings
from dragoman.kernel.snapshots import CreateSnapshot, DeleteSnapshot, ListSnapshots, SeekSnapshot
from dragoman.model.levels import CANONICAL, SYNCED, WRITTEN

SNAPSHOTS = ["x", "y", "z"]
READERS = ["a", "b", "c"]


def keep_a_stream(world: World) -> None:
    """What has been done stays to be gone back to."""
    settings = StreamSettings(
        partitions=world.pick(1, 2), level=world.pick(WRITTEN, SYNCED), retention_ms=-1
    )
    command = c.CreateStream(name=world.pick(*STREAMS), settings=settings, attach=True)
    world.ask(world.client(), command)


def subscribe_plainly(world: World) -> None:
    stream = world.model.named(world.pick(*STREAMS))
    if stream is not None and stream.keeps():
        settings = SubscriptionSettings(
            durable=world.chance.random() < 0.9, early=world.chance.random() < 0.3
        )
        command = CreateSubscription(
            name=stream.name, subscription=world.pick(*READERS), settings=settings
        )
        world.ask(world.client(), command)


def publish_to_stream(world: World) -> None:
    bodies = [world.body() for _ in range(world.pick(1, 2, 4))]
    command = c.Publish(ALL, Address(world.pick(*STREAMS)), CANONICAL, bodies)
    send(world, world.client(), command, bodies)


def _reader_of_a_kept_stream(world: World) -> tuple[Reader, Stream] | None:
    found = [
        (reader, world.model.streams[reader.stream])
        for reader in world.model.readers.values()
        if world.model.streams[reader.stream].keeps()
    ]
    return world.chance.choice(found) if found else None


def seek(world: World) -> None:
    chosen = _reader_of_a_kept_stream(world)
    if chosen is None:
        return
    reader, stream = chosen
    partition = world.chance.randrange(len(stream.ends))
    end = stream.ends[partition]
    if world.chance.random() < 0.6:
        offset = world.chance.randint(0, end + 1)
        point = min(max(offset, stream.starts[partition]), end)
        world.seeking = {partition: {point}}
        command = Seek(
            name=stream.name, subscription=reader.name, partition=partition, offset=offset
        )
    else:
        time_ms = world.now_ms - world.pick(0, 50, 500, 2_000)
        world.seeking = {at: _first_at(stream, at, time_ms) for at in range(len(stream.ends))}
        command = Seek(name=stream.name, subscription=reader.name, time_ms=time_ms)
    info = world.ask(world.client(), command, "seek")
    world.seeking = {}
    if info is not None:
        world.counts["seek in order"] += reader.is_ordered
        world.counts["seek to a time"] += command.offset < 0


def try_again_and_again(world: World) -> None:
    """A message waits for a retry, is gone back to, and waits for another one, longer."""
    chosen = _reader_of_a_kept_stream(world)
    if chosen is None:
        return
    reader, stream = chosen
    client = world.client()
    for delay_ms in (30, 2_000):
        command = c.Lease(name=stream.name, subscription=reader.name, count_max=1)
        if not answer(world, client, reader, command):
            return
        lease = world.last_leased
        settle = c.Settle(reader.id, lease[1], lease[4], [lease[2:4]], "release")
        settle.delay_ms = delay_ms
        world.cause = "delivery_limit"
        client.session.settle(settle)
        world.cause = ""
        if delay_ms == 30:
            world.seeking = {lease[1]: {lease[2]}}
            back = Seek(
                name=stream.name,
                subscription=reader.name,
                partition=lease[1],
                offset=lease[2],
            )
            world.ask(client, back, "seek")
            world.seeking = {}
    world.counts["try again and again"] += 1


def _first_at(stream: Stream, partition: int, time_ms: int) -> set[int]:
    """Where the time is in a partition, on either side of a gap; anywhere in one that is not in the order of time."""
    entries = stream.entries[partition]
    times = [entry.stored_ms for entry in entries]
    if times != sorted(times):
        return set(range(stream.starts[partition], stream.ends[partition] + 1))
    later = [entry.offset for entry in entries if entry.stored_ms >= time_ms]
    past = entries[-1].offset + 1 if entries else stream.starts[partition]
    first = later[0] if later else past
    start = stream.starts[partition] - 1
    before = max((entry.offset for entry in entries if entry.offset < first), default=start)
    return set(range(before + 1, first + 1))  # what was compacted away or skipped before it


def create_snapshot(world: World) -> None:
    reader = world.any_reader("none")
    if reader is None or reader.settings.filter:
        return
    command = CreateSnapshot(
        snapshot=world.pick(*SNAPSHOTS),
        name=world.name_of(reader),
        subscription=reader.name,
        life_ms=world.pick(50, 1_000, 100_000),
    )
    world.ask(world.client(), command)


def seek_snapshot(world: World) -> None:
    if not world.model.snapshots:
        return
    known = world.chance.choice(list(world.model.snapshots.values()))
    readers = [r for r in world.model.readers_of(known.stream) if not (r.is_ordered or r.owner)]
    if readers:
        reader = world.chance.choice(readers)
        command = SeekSnapshot(
            snapshot=known.name, name=world.name_of(reader), subscription=reader.name
        )
        world.snapshot = known
        info = world.ask(world.client(), command, "seek")
        world.snapshot = None
        assert info is not None, f"{known} is there"


def delete_snapshot(world: World) -> None:
    name = world.pick(*SNAPSHOTS)
    known = any(snapshot.name == name for snapshot in world.model.snapshots.values())
    assert bool(world.ask(world.client(), DeleteSnapshot(snapshot=name))) == known
    names = [info.snapshot for info in world.ask(world.client(), ListSnapshots())]
    assert names == sorted(snapshot.name for snapshot in world.model.snapshots.values())


def peek(world: World) -> None:
    reader = world.any_reader()
    if reader is None:
        return
    partition = world.chance.randrange(len(reader.parts))
    command = Peek(
        name=world.name_of(reader),
        subscription=reader.name,
        partition=partition,
        offset=world.chance.randint(0, 20),
        count_max=world.pick(1, 5, 100),
    )
    found = world.ask(world.client(), command)
    if found is None:
        return
    part = reader.parts[partition]
    frontier = reader.frontiers[partition]
    wanted = [
        m
        for m in part
        if m.offset >= command.offset and (m.state != s.PENDING or m.offset < frontier)
    ][: command.count_max]
    assert [(p.offset, p.state, p.tries, p.body) for p in found] == [_seen(m) for m in wanted]
    world.counts["peek at messages"] += len(found)


def _seen(message: Message) -> tuple[int, str, int, bytes]:
    return message.offset, STATES[message.state], message.tries, message.body


def alter(world: World) -> None:
    reader = world.any_reader()
    if reader is None or reader.owner:
        return
    settings = msgspec.structs.replace(
        reader.settings,
        ttl_ms=world.pick(reader.settings.ttl_ms, -1, 200),
        length_max=world.pick(reader.settings.length_max, -1, 3, 10),
        attempts_max=world.pick(0, 2),
        retry_ms=world.pick(0, 60),
        paused=world.chance.random() < 0.4,
    )
    command = AlterSubscription(
        name=world.name_of(reader), subscription=reader.name, settings=settings
    )
    info = world.ask(world.client(), command)
    world.counts["pause"] += info is not None and settings.paused


def resume(world: World) -> None:
    paused = [reader for reader in world.model.readers.values() if reader.settings.paused]
    if paused:
        reader = world.chance.choice(paused)
        settings = msgspec.structs.replace(reader.settings, paused=False)
        command = AlterSubscription(
            name=world.name_of(reader), subscription=reader.name, settings=settings
        )
        world.counts["resume"] += world.ask(world.client(), command) is not None


def purge_more(world: World) -> None:
    """Held ones, too; or what was stored before a time."""
    reader = world.model.queue(world.queue_name())
    if reader is None:
        return
    before_ms = world.now_ms - world.pick(0, 100, 1_000)
    mode = world.pick("all", "before")
    command = c.PurgeQueue(name=reader.name, mode=mode, before_ms=before_ms)
    if world.ask(world.client(), command, "purged") is None:
        return
    left = [m for m in reader.messages() if m.state != s.PENDING]
    if mode == "all":
        assert not left
    elif world.counts["wall clock steps"] == 0:
        assert all(m.entry.stored_ms >= before_ms for m in left)
    world.counts[f"purge {mode}"] += 1


MIX: list[tuple[Action, float]] = [
    (keep_a_stream, 5),
    (subscribe_plainly, 8),
    (publish_to_stream, 25),
    (seek, 12),
    (try_again_and_again, 8),
    (create_snapshot, 14),
    (seek_snapshot, 12),
    (delete_snapshot, 8),
    (peek, 12),
    (alter, 12),
    (resume, 14),
    (purge_more, 7),
]
MET = [
    "AlterSubscription",
    "CreateSnapshot",
    "DeleteSnapshot",
    "ListSnapshots",
    "Peek",
    "Seek",
    "SeekSnapshot",
    "a snapshot's time is over",
    "pause",
    "peek at messages",
    "purge all",
    "purge before",
    "resume",
    "seek to a time",
    "try again and again",
]

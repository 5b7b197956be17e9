"""Whoever looks sees what is there: queues and their counts, streams, lists, times, receipts, messages of a stream."""

from collections.abc import Iterable
from typing import Any

from tests.sim.model import READY_STATES, Message, Reader
from tests.sim.model.readers import DELAYED
from tests.sim.world import ALL, KEYS, STREAMS, Action, World

from dragoman.kernel import commands as c
from dragoman.kernel.catalogue import ListBindings, ListNames, ListNamespaces, TakeCensus
from dragoman.kernel.leases import states as s
from dragoman.kernel.leases.commands import ListSubscriptions
from dragoman.kernel.leases.peek import FindLease, PeekStream
from dragoman.model import errors as e


def _refused(world: World, command: Any, refusal: type[e.KernelError]) -> bool:
    """Whether it is refused so."""
    try:
        world.client().session.submit(command)
    except refusal:
        return True
    world.counts[type(command).__name__] += 1
    return False


def _counts(reader: Reader) -> tuple[int, int, int, int, int]:
    """Ready, held, waiting, deferred, delayed."""
    found = list(reader.messages())
    states = (s.LEASED, s.WAITING, s.DEFERRED, DELAYED)
    return (len(reader.ready()), *(sum(m.state == state for m in found) for state in states))  # type: ignore[return-value]


def describe_readers(world: World) -> None:
    client = world.client()
    infos = world.ask(client, ListSubscriptions())
    assert {info.id for info in infos} == set(world.model.readers)
    _compare(world, infos)
    _compare(world, _described(world, client))  # asked later: a limit may have been kept meanwhile
    queues = [r.name for r in world.model.readers.values() if world.model.is_queue(r)]
    assert [info.name for info in world.ask(client, c.ListQueues())] == sorted(queues)


def _compare(world: World, infos: Iterable[Any]) -> None:
    for info in infos:
        reader = world.model.readers[info.id]
        told = (info.ready, info.leased, info.waiting, info.deferred, info.delayed)
        assert told == _counts(reader), (info, _counts(reader))
        assert (info.settings, info.stream_id) == (reader.settings, reader.stream)


def _described(world: World, client: Any) -> list[Any]:
    reader = world.any_reader()
    if reader is None or reader.owner:
        return []
    name = world.name_of(reader)
    info = world.ask(client, c.DescribeQueue(name=name, subscription=reader.name))
    return [] if info is None else [info]


def describe_streams(world: World) -> None:
    client = world.client()
    mine = [stream for stream in world.model.streams.values() if stream.namespace == ALL]
    infos = world.ask(client, c.ListStreams())
    assert [info.name for info in infos] == sorted(stream.name for stream in mine)
    for info in infos:
        stream = world.model.streams[info.id]
        assert [partition.end for partition in info.partitions] == stream.ends
        assert all(at.committed <= at.end for at in info.partitions)
    chosen = world.chance.choice(mine) if mine else None
    if chosen is not None:
        assert world.ask(client, c.DescribeStream(name=chosen.name)).id == chosen.id
        assert world.ask(client, c.FindStream(name=chosen.name)).id == chosen.id
    names = world.ask(client, ListNames(kind="stream", count_max=1_000))
    assert names == sorted(stream.name for stream in mine)
    assert ALL in world.ask(client, ListNamespaces())


def describe_routes(world: World) -> None:
    client = world.client()
    infos = world.ask(client, c.ListRoutes())
    assert [info.name for info in infos] == sorted(r.name for r in world.model.routes.values())
    bindings = world.ask(client, ListBindings())
    assert len(bindings) == len(world.model.bindings), (bindings, world.model.bindings)


def count_all(world: World) -> None:
    census = world.ask(world.client(), TakeCensus())
    assert census.subscriptions == len(world.model.readers)
    assert census.routes == len(world.model.routes)
    assert census.pumps == len(world.model.pumps)


def find_time(world: World) -> None:
    """The first entry of that time or a later one, where stored times grow."""
    stream = world.model.named(world.pick(*STREAMS))
    if stream is None or not stream.keeps():
        return
    partition = world.chance.randrange(len(stream.ends))
    time_ms = world.now_ms - world.pick(0, 100, 1_000, 5_000)
    command = c.FindTime(name=stream.name, partition=partition, time_ms=time_ms)
    offset, found_ms = world.ask(world.client(), command)
    assert (offset < 0) == (found_ms < 0)
    if offset >= 0:
        assert found_ms >= time_ms
        assert offset < stream.ends[partition]


def find_lease(world: World) -> None:
    """How a receipt stands, of what is held and of what is long settled."""
    held = [held for client in world.clients for held in client.held] + world.receipts
    if not held:
        return
    one = world.chance.choice(held)
    reader = world.model.readers.get(one.subscription)
    if reader is None or one.partition >= len(reader.parts):
        return
    command = FindLease(
        subscription=one.subscription,
        partition=one.partition,
        offset=one.start,
        holder=one.holder,
    )
    client = world.client()
    try:
        info = client.session.submit(command)
    except e.OffsetOutOfRange:
        assert one.start >= world.model.streams[reader.stream].ends[one.partition]
        return
    message = next(iter(reader.between(one.partition, one.start, one.start + 1)), None)
    assert info.is_held == (message is not None and _is_held(message, one.holder)), (one, info)
    if message is None:
        assert info.state == s.STATES[s.DONE], (one, info)
    elif message.state not in {s.PENDING, DELAYED}:
        assert (info.state, info.tries) == (s.STATES[message.state], message.tries)
    world.counts["FindLease"] += 1


def _is_held(message: Message, holder: int) -> bool:
    return message.state == s.LEASED and message.holder == holder


def peek_stream(world: World) -> None:
    stream = world.model.named(world.pick(*STREAMS))
    owned = stream is not None and any(r.owner for r in world.model.readers_of(stream.id))
    if stream is None or owned or not stream.keeps():
        return
    partition = world.chance.randrange(len(stream.ends))
    offset = world.chance.randint(0, stream.ends[partition])
    command = PeekStream(name=stream.name, partition=partition, offset=offset, count_max=4)
    found = world.ask(world.client(), command)
    entries = {entry.offset: entry for entry in stream.entries[partition]}
    seen = [each.offset for each in found]
    assert seen == sorted(seen) and all(each.offset >= offset for each in found)
    for each in found:
        assert entries[each.offset].is_message()
        assert (each.body, each.stored_ms) == (
            entries[each.offset].body,
            entries[each.offset].stored_ms,
        )


def look_for_what_is_not_there(world: World) -> None:
    """A clear answer, whatever is asked for."""
    assert _refused(world, c.DescribeQueue(name="nowhere"), e.SubscriptionNotFound)
    assert _refused(world, c.FindQueue(name="nowhere"), e.SubscriptionNotFound)
    assert _refused(world, c.DescribeStream(name="nowhere"), e.StreamNotFound)
    reader = world.model.queue(world.pick("q0", "q1", *KEYS))
    if reader is not None and not reader.owner:
        assert not _refused(world, c.FindQueue(name=reader.name), e.SubscriptionNotFound)
        world.counts["some are ready"] += any(m.state in READY_STATES for m in reader.messages())


MIX: list[tuple[Action, float]] = [
    (describe_readers, 6),
    (describe_streams, 6),
    (describe_routes, 6),
    (count_all, 6),
    (find_time, 8),
    (find_lease, 12),
    (peek_stream, 10),
    (look_for_what_is_not_there, 6),
]
MET = [
    "DescribeQueue",
    "DescribeStream",
    "FindLease",
    "FindQueue",
    "FindStream",
    "FindTime",
    "ListBindings",
    "ListNames",
    "ListNamespaces",
    "ListQueues",
    "ListRoutes",
    "ListStreams",
    "ListSubscriptions",
    "PeekStream",
    "TakeCensus",
]

"""Share groups: members join, are told what to read, take it by leases, leave or fall silent; the group stays.

What they take is settled as anybody's is (`consuming`), and judged as any leased subscription's.
"""

from typing import Any

from tests.sim.actions.replying import answer
from tests.sim.actions.seeking import keep_a_stream
from tests.sim.clients import Client
from tests.sim.world import STREAMS, Action, World

from dragoman.kernel import commands as c
from dragoman.kernel.groups.beats import JOIN, LEAVE
from dragoman.kernel.groups.commands import DeleteGroup
from dragoman.kernel.groups.sharebeats import (
    DescribeShared,
    ForgetShares,
    ListShares,
    MoveShares,
    ShareBeat,
    ShareBeaten,
    SharedInfo,
)
from dragoman.kernel.settings import SubscriptionSettings
from dragoman.model import errors as e

GROUPS = ["s0", "s1"]
SESSION_MS = 1_000
SETTINGS = SubscriptionSettings(attempts_max=3)


class Sharing:
    """A member, and what it was told."""

    def __init__(self, client: Client, group: str, number: int) -> None:
        self.client = client
        self.group = group
        self.id = f"sharer-{number}"
        self.epoch = JOIN
        self.places: set[tuple[bytes, int]] = set()


def _name(group: str) -> str:
    return f"share:{group}"


def _members(world: World) -> list[Sharing]:
    world.sharers = [member for member in world.sharers if member.client in world.clients]
    found: list[Sharing] = world.sharers
    return found


def join(world: World) -> None:
    world.bodies += 1
    member = Sharing(world.client(), world.pick(*GROUPS), world.bodies)
    topics = tuple(sorted({world.pick(*STREAMS) for _ in range(2)}))
    if _beat(world, member, topics=topics, from_end=world.chance.random() < 0.3):
        world.sharers.append(member)
        world.counts["join a share group"] += 1


def beat(world: World) -> None:
    members = _members(world)
    if members:
        topics = world.pick(None, None, None, STREAMS[:1], tuple(STREAMS))
        _beat(world, world.chance.choice(members), topics=topics and tuple(topics))


def _beat(world: World, member: Sharing, **terms: Any) -> bool:
    """Speak; whether it is a member. Of a stream that keeps nothing nobody knows what a new reader finds."""
    streams = [world.model.named(name) for name in STREAMS]
    if any(stream is not None and not stream.keeps() for stream in streams):
        return False
    world.node.broker.touch(member.client.session)
    command = ShareBeat(
        group=member.group,
        member_id=member.id,
        epoch=member.epoch,
        session_timeout_ms=SESSION_MS,
        subscription=_name(member.group),
        settings=SETTINGS,
        **terms,
    )
    beaten: ShareBeaten | None = world.ask(member.client, command)
    if beaten is None:
        world.sharers = [known for known in world.sharers if known is not member]
        return False
    assert beaten.epoch >= member.epoch
    member.epoch = beaten.epoch
    if beaten.places is not None:
        member.places = {(uuid, at) for uuid, indexes in beaten.places for at in indexes}
    return True


def leave(world: World) -> None:
    members = _members(world)
    if members:
        member = members.pop(world.chance.randrange(len(members)))
        member.epoch = LEAVE
        command = ShareBeat(
            group=member.group,
            member_id=member.id,
            epoch=LEAVE,
            session_timeout_ms=SESSION_MS,
            subscription=_name(member.group),
        )
        if world.ask(member.client, command) is not None:
            world.counts["leave a share group"] += 1


def take(world: World) -> None:
    """What a member was told to read, for a time or as long as its connection."""
    members = [member for member in _members(world) if member.places]
    if not members:
        return
    member = world.chance.choice(members)
    uuid, partition = world.chance.choice(sorted(member.places))
    names = [s.name for s in world.node.kernel.state.streams.values() if s.uuid == uuid]
    reader = world.model.reader(names[0], _name(member.group)) if names else None
    if reader is None:
        return  # deleted meanwhile
    command = c.Lease(
        name=names[0],
        subscription=reader.name,
        count_max=world.pick(1, 2, 5),
        lease_duration_ms=world.pick(0, 100, 400),
        partition=partition,
    )
    world.node.broker.touch(member.client.session)
    if answer(world, member.client, reader, command, "a part"):
        world.counts["take what is shared"] += 1


def look(world: World) -> None:
    """Each partition that somebody wants has a reader, and whoever wants something has a part."""
    info: SharedInfo | None = world.ask(world.client(), DescribeShared(group=world.pick(*GROUPS)))
    if info is None:
        return
    state = world.node.kernel.state
    shared = state.groups.by_key["default", info.name].shared
    assert shared is not None
    if not shared.streams.keys() <= state.streams.keys():
        return  # one was deleted: members hear of it with the next beat
    begun = {state.streams[stream].name for stream in shared.subscriptions}
    told = {(name, at) for m in info.members for _, name, parts in m.places for at in parts}
    seen = {state.streams[stream].name: count for stream, count in shared.streams.items()}
    for member in info.members:
        assert {name for _, name, _ in member.places} <= set(member.topics)
        wanted = set(member.topics) & begun & set(seen)
        assert bool(member.places) == bool(wanted), (member, begun, seen)
        assert {(name, at) for name in wanted for at in range(seen[name])} <= told
    assert (info.state == "stable") == bool(info.members)
    world.counts["look at a share group"] += bool(info.members)


def fall_silent(world: World) -> None:
    """Until all members' time is over: the group stays, without them."""
    for _ in range(2):
        world.node.advance(SESSION_MS, SESSION_MS)
        world.rest()
    for key, group in world.node.kernel.state.groups.by_key.items():
        assert group.shared is None or not group.shared.members, f"{key}: somebody is there still"
    world.sharers = []
    world.counts["sharers fall silent"] += 1


def administer(world: World) -> None:
    """Look where a group stands, move it, have it forget streams, delete it: not while somebody is in it."""
    group, client = world.pick(*GROUPS), world.client()
    world.ask(client, ListShares(group=group))
    stream = world.model.named(world.pick(*STREAMS))
    choice = world.chance.random()
    if choice < 0.35 and stream is not None and stream.keeps():
        point = world.chance.randint(stream.starts[0], stream.ends[0])
        world.seeking = {0: {point}}
        places = ((stream.name, 0, point),)
        world.ask(
            client,
            MoveShares(group=group, places=places, subscription=_name(group), settings=SETTINGS),
            "seek",
        )
        world.seeking = {}
    elif choice < 0.75 and stream is not None:
        world.ask(client, ForgetShares(group=group, streams=(stream.name,)))
    else:
        try:
            client.session.submit(DeleteGroup(group=group))
        except (e.GroupNotFound, e.GroupNotEmpty):
            return
        world.counts["delete a share group"] += 1


MIX: list[tuple[Action, float]] = [
    (keep_a_stream, 6),
    (join, 20),
    (beat, 30),
    (leave, 6),
    (take, 50),
    (look, 8),
    (fall_silent, 3),
    (administer, 14),
]
MET = [
    "ForgetShares",
    "ListShares",
    "MoveShares",
    "delete a share group",
    "join a share group",
    "leave a share group",
    "look at a share group",
    "sharers fall silent",
    "take what is shared",
]

"""Groups: members join, sync, stay, commit, leave, or fall silent; who is told what, and who may commit."""

from collections.abc import Callable
from typing import Any

from tests.sim.clients import Client
from tests.sim.world import QUEUES, STREAMS, Action, World

from dragoman.kernel.groups.commands import (
    CommitCursors,
    DeleteCursors,
    DeleteGroup,
    DescribeGroup,
    Heartbeat,
    Joined,
    JoinGroup,
    LeaveGroup,
    ListCursors,
    ListGroups,
    Synced,
    SyncGroup,
)
from dragoman.kernel.groups.states import EMPTY
from dragoman.model import errors as e
from dragoman.model.levels import SYNCED

GROUPS = ["h0", "h1"]
SESSION_MS, REBALANCE_MS = 1_000, 600
QUIET_MS = 4_000  # past every deadline of a group


class View:
    """What all members together were told of one group: they must agree."""

    def __init__(self) -> None:
        self.leaders: dict[int, tuple[str, str]] = {}  # generation -> (leader, protocol)
        self.told: dict[int, set[str]] = {}  # who is in it, as the leader knows
        self.joined: dict[int, set[str]] = {}  # who was told to be in it
        self.handed: dict[int, dict[str, bytes]] = {}  # what the leader assigned


class Member:
    """A client that takes part, and what it was told."""

    def __init__(self, client: Client, group: str, instance: str | None) -> None:
        self.client = client
        self.group = group
        self.instance = instance
        self.id = ""
        self.generation = -1
        self.joined: Joined | None = None
        self.ticket = 0  # what it waits for
        self.is_gone = False
        self.view = View()  # of the group it joined last


def _view(world: World, group: str) -> View:
    known: View = world.group_views.setdefault(group, View())
    return known


def _wait(world: World, member: Member, ticket: int, then: Callable[[Any], None]) -> None:
    """The answer comes once, to the connection that asked."""
    client = member.client

    def answered(result: Any) -> None:
        member.ticket = 0
        then(result)

    member.ticket = ticket
    client.tickets[ticket] = answered
    client.door.on_answered = lambda number, result: client.tickets.pop(number)(result)


# --- joining and syncing ---


def join(world: World) -> None:
    members = [m for m in world.members if not m.ticket and not m.is_gone]
    if members and world.chance.random() < 0.4:
        member = world.chance.choice(members)
    else:
        instance = world.pick(None, None, None, "static0", "static1")
        member = Member(world.client(), world.pick(*GROUPS), instance)
        world.members.append(member)
    _join(world, member, ask_twice=world.chance.random() < 0.3)


def _join(world: World, member: Member, *, ask_twice: bool) -> None:
    client = member.client
    if client not in world.clients:
        member.is_gone = True
        return
    world.node.broker.touch(client.session)
    member.view = _view(world, member.group)
    protocols = world.pick((("range", b"r"),), (("sticky", b"s"), ("range", b"r")))
    command = JoinGroup(
        group=member.group,
        member_id=member.id,
        instance_id=member.instance,
        client_id="c",
        session_timeout_ms=SESSION_MS,
        rebalance_timeout_ms=REBALANCE_MS,
        protocol_type="consumer",
        protocols=protocols,
        must_ask_twice=ask_twice,
    )
    try:
        reply = client.session.submit(command)
    except e.MemberIdRequired as required:
        member.id = str(required)
        world.counts["ask twice"] += 1
        return
    except (e.UnknownMember, e.FencedMember):
        member.is_gone = True
        world.counts["join too late"] += 1
        return
    world.counts["JoinGroup"] += 1
    if isinstance(reply, Joined):
        _joined(world, member, reply)
    else:
        _wait(world, member, reply, lambda result: _joined(world, member, result))


def _joined(world: World, member: Member, result: Any) -> None:
    if isinstance(result, e.KernelError):
        member.is_gone = isinstance(result, e.UnknownMember | e.FencedMember)
        world.counts["joined in vain"] += 1
        return
    assert isinstance(result, Joined)
    view, generation = member.view, result.generation
    assert generation >= max(view.leaders, default=0), "generations go on"
    agreed = view.leaders.setdefault(generation, (result.leader, result.protocol))
    if agreed != (
        result.leader,
        result.protocol,
    ):  # only a static leader that came back has another id
        assert member.instance is not None or agreed[1] == result.protocol, (agreed, result)
    member.id, member.generation, member.joined = result.member_id, generation, result
    view.joined.setdefault(generation, set()).add(result.member_id)
    if result.members:
        assert result.leader == result.member_id, "only the leader is told who is there"
        view.told[generation] = {known for known, _, _ in result.members}
        assert result.member_id in view.told[generation]
    world.counts["joined"] += 1


def sync(world: World) -> None:
    ready = [m for m in world.members if m.joined is not None and not m.ticket and not m.is_gone]
    if not ready:
        return
    member = world.chance.choice(ready)
    if member.client not in world.clients:
        member.is_gone = True
        return
    world.node.broker.touch(member.client.session)
    joined = member.joined
    assert joined is not None
    assignments = {known: f"{known} {world.bodies}".encode() for known, _, _ in joined.members}
    command = SyncGroup(
        group=member.group,
        member_id=member.id,
        instance_id=member.instance,
        generation=member.generation,
        assignments=tuple(assignments.items()),
    )
    view = member.view
    before = view.handed.get(member.generation)
    if assignments and before is None:
        view.handed[member.generation] = assignments
    try:
        reply = member.client.session.submit(command)
    except e.KernelError as refusal:
        if before is None:
            view.handed.pop(member.generation, None)
        _refused(world, member, refusal)
        return
    world.counts["SyncGroup"] += 1
    if isinstance(reply, Synced):
        _synced(world, member, reply)
    else:
        _wait(world, member, reply, lambda result: _synced(world, member, result))


def _synced(world: World, member: Member, result: Any) -> None:
    if isinstance(result, e.KernelError):
        _refused(world, member, result)
        return
    assert isinstance(result, Synced)
    handed = member.view.handed.get(member.generation, {})
    if member.instance is None:
        assert result.assignment == handed.get(member.id, b""), (result, handed)
    world.counts["synced"] += 1


def _refused(world: World, member: Member, refusal: e.KernelError) -> None:
    """It is to join again, or is nobody any more."""
    world.counts[f"told: {refusal.code}"] += 1
    member.joined = None
    if isinstance(refusal, e.UnknownMember | e.FencedMember):
        member.is_gone = True


# --- staying, committing, going ---


def _some(world: World) -> Member | None:
    found = [m for m in world.members[-12:] if m.generation >= 0 and m.client in world.clients]
    return world.chance.choice(found) if found else None


def heartbeat(world: World) -> None:
    member = _some(world)
    if member is None:
        return
    world.node.broker.touch(member.client.session)
    command = Heartbeat(
        group=member.group,
        member_id=member.id,
        instance_id=member.instance,
        generation=member.generation,
    )
    try:
        member.client.session.submit(command)
    except e.KernelError as refusal:
        _refused(world, member, refusal)
    else:
        assert member.generation == max(member.view.leaders), "a stale member lives"
        world.counts["Heartbeat"] += 1


def commit(world: World) -> None:
    """A member of the present generation may; one of an earlier one may not; without members anybody may."""
    member = _some(world)
    stream = world.model.named(world.pick(*STREAMS, *QUEUES))
    if stream is None:
        return
    client = world.client() if member is None else member.client
    is_stale = member is not None and world.chance.random() < 0.15
    rows = (
        (stream.name, 0, world.chance.randrange(100), 1, f"note {world.bodies}"),
        (stream.name, 9, 1, 1, ""),
    )
    command = CommitCursors(
        group=world.pick(*GROUPS) if member is None else member.group,
        member_id="" if member is None else member.id,
        instance_id=None if member is None else member.instance,
        generation=-1 if member is None else member.generation - is_stale,
        cursors=rows,
    )
    world.node.broker.touch(client.session)
    try:
        taken = client.session.submit(command)
    except e.KernelError as refusal:
        world.counts[f"commit refused: {refusal.code}"] += 1
        return
    if member is not None:
        assert not is_stale, "a stale one commits"
        assert member.generation == max(member.view.leaders), "a stale one commits"
    assert taken == [True, False]
    client.wait("commit", client.session.position(), SYNCED, [])
    world.counts["CommitCursors"] += 1


def leave(world: World) -> None:
    member = _some(world)
    if member is None:
        return
    world.node.broker.touch(member.client.session)
    command = LeaveGroup(group=member.group, member_id=member.id, instance_id=member.instance)
    try:
        member.client.session.submit(command)
    except e.KernelError as refusal:
        world.counts[f"leave refused: {refusal.code}"] += 1
    else:
        world.counts["LeaveGroup"] += 1
    member.is_gone, member.joined = True, None


def fall_silent(world: World) -> None:
    """Until every deadline has passed: nobody waits for an answer any more, and nobody is there."""
    for _ in range(4):
        world.node.advance(QUIET_MS // 4, QUIET_MS // 4)
        world.rest()
    waiting = [m.ticket for m in world.members if m.ticket and m.client in world.clients]
    assert not waiting, f"never answered: {waiting}"
    for key, group in world.node.kernel.state.groups.by_key.items():
        assert not group.members, f"{key}: still there {list(group.members)}"
    for member in world.members:
        member.is_gone = True
    world.counts["fall silent"] += 1


# --- looking ---


def look(world: World) -> None:
    group = world.pick(*GROUPS)
    client = world.client()
    found = world.ask(client, ListCursors(group=group))
    names = {stream.id: stream.name for stream in world.model.streams.values()}
    known = world.model.groups.cursors.get(group, {})
    wanted = {(names[at], partition): value for (at, partition), value in known.items()}
    assert {
        (info.stream, info.partition): (info.offset, info.epoch, info.metadata) for info in found
    } == wanted
    world.ask(client, DescribeGroup(group=group))
    infos = world.ask(client, ListGroups())
    assert [info.name for info in infos] == sorted(info.name for info in infos)


def forget(world: World) -> None:
    group = world.pick(*GROUPS)
    client = world.client()
    if world.chance.random() < 0.4:
        name = world.pick(*STREAMS, *QUEUES)
        world.ask(client, DeleteCursors(group=group, cursors=((name, 0),)))
        return
    known = world.node.kernel.state.groups.by_key.get(("default", group))
    is_empty = known is not None and known.state is EMPTY  # else somebody is in it, or to come
    deleted = _deleted(client, group)
    assert deleted == is_empty
    world.counts["DeleteGroup"] += deleted
    if deleted:
        world.group_views.pop(group, None)


def _deleted(client: Client, group: str) -> bool:
    try:
        client.session.submit(DeleteGroup(group=group))
    except (e.GroupNotFound, e.GroupNotEmpty):
        return False
    return True


MIX: list[tuple[Action, float]] = [
    (join, 40),
    (sync, 40),
    (heartbeat, 32),
    (commit, 25),
    (leave, 12),
    (fall_silent, 3),
    (look, 4),
    (forget, 14),
]
MET = [
    "CommitCursors",
    "DeleteCursors",
    "DeleteGroup",
    "DescribeGroup",
    "Heartbeat",
    "JoinGroup",
    "LeaveGroup",
    "ListCursors",
    "ListGroups",
    "SyncGroup",
    "ask twice",
    "commit left",
    "fall silent",
    "joined",
    "synced",
    "told: rebalance-in-progress",
]

"""Which function answers which command about groups and producer ids, and what time does to groups."""

from collections.abc import Callable, Mapping
from heapq import heappop
from typing import TYPE_CHECKING, Any, Final

from dragoman.kernel.groups import commands as c
from dragoman.kernel.groups.assigned import Assigned
from dragoman.kernel.groups.beats import (
    JOIN,
    AssignedInfo,
    AssignedMemberInfo,
    Beat,
    Beaten,
    CheckEpoch,
    DescribeAssigned,
)
from dragoman.kernel.groups.coordinator import Coordinator
from dragoman.kernel.groups.cursors import cursor_infos, decide_commit, decide_delete_cursors
from dragoman.kernel.groups.group import Group, GroupKey, is_own
from dragoman.kernel.groups.migration import to_assigned, to_classic
from dragoman.kernel.groups.mixed import ClassicSide
from dragoman.kernel.groups.reconciler import Reconciler, check_beat
from dragoman.kernel.groups.shared import SIMPLE
from dragoman.kernel.groups.sharer import Sharer
from dragoman.kernel.groups.states import EMPTY, GroupEvent
from dragoman.kernel.groups.subscribed import Lookup
from dragoman.kernel.records import GroupDeleted, ProducersReserved, SubscriptionDeleted
from dragoman.model.errors import (
    GroupNotEmpty,
    GroupNotFound,
    IllegalGeneration,
    InconsistentProtocol,
    InvalidArgument,
    MemberIdRequired,
    QuotaExceeded,
    UnknownMember,
)
from dragoman.model.limits import GROUP_NAME_BYTES_MAX

if TYPE_CHECKING:
    from dragoman.kernel.decisions import Decisions

GROUPS_MAX: Final = 100_000
ID_BYTES: Final = 16
PRODUCERS_RESERVED: Final = (
    1_000  # ids in one record; what a restart leaves unused is never given out
)
LOOKS_MAX: Final = 64  # groups looked at in one sweep


def find_group(kernel: "Decisions", namespace: str, name: str) -> Group | None:
    """The group, if it is there."""
    return kernel.state.groups.by_key.get((namespace, name))


def get_group(kernel: "Decisions", namespace: str, name: str) -> Group:
    """Raises GroupNotFound."""
    group = find_group(kernel, namespace, name)
    if group is None:
        raise GroupNotFound(name)
    return group


def _coordinator(kernel: "Decisions", group: Group) -> Coordinator:
    return Coordinator(kernel.state.groups, group, kernel.elapsed_ms, kernel.now_ms)


def make_group(kernel: "Decisions", key: GroupKey) -> Group:
    """The group, there from now on. Raises InvalidArgument, QuotaExceeded."""
    if not 0 < len(key[1].encode()) <= GROUP_NAME_BYTES_MAX:
        raise InvalidArgument(f"a group's name has 1 to {GROUP_NAME_BYTES_MAX} bytes")
    groups = kernel.state.groups
    group = groups.by_key.get(key)
    if group is None:
        if len(groups.by_key) >= GROUPS_MAX:
            raise QuotaExceeded(f"{GROUPS_MAX} groups")
        group = groups.by_key[key] = Group(key, kernel.now_ms)
    return group


def join(kernel: "Decisions", command: c.JoinGroup, session: int) -> c.Joined | int:
    """Reply: a ticket, or the generation that goes on."""
    if command.member_id and find_group(kernel, command.namespace, command.group) is None:
        raise UnknownMember(command.member_id)
    group = make_group(kernel, (command.namespace, command.group))
    _refuse_shared(group)
    try:
        return _join(kernel, group, command, session)
    except MemberIdRequired as error:
        kernel.state.groups.give_id(session, group.key, error.member_id)
        raise


def _join(kernel: "Decisions", group: Group, command: c.JoinGroup, session: int) -> c.Joined | int:
    suffix = kernel.token(ID_BYTES).hex()
    if group.assigned is not None:
        if group.assigned.members:
            joined = _classic_side(kernel, group).join(command, suffix)
            _settle_kind(kernel, group)
            return joined
        group.assigned = None
    return _coordinator(kernel, group).join(command, session, suffix)


def sync(kernel: "Decisions", command: c.SyncGroup, session: int) -> c.Synced | int:
    """Reply: a ticket, or the assignment."""
    group = _of_member(kernel, command)
    if group.assigned is not None:
        return _classic_side(kernel, group).sync(command)
    return _coordinator(kernel, group).sync(command, session)


def heartbeat(kernel: "Decisions", command: c.Heartbeat, session: int) -> None:
    """Reply: None."""
    group = _of_member(kernel, command)
    if group.assigned is not None:
        _classic_side(kernel, group).heartbeat(command)
    else:
        _coordinator(kernel, group).heartbeat(command)


def leave(kernel: "Decisions", command: c.LeaveGroup, session: int) -> str:
    """Reply: the member's id."""
    group = find_group(kernel, command.namespace, command.group)
    if group is not None and group.assigned is not None:
        if group.pending.pop(command.member_id, None) is not None:
            return command.member_id
        member_id = _reconciler(kernel, group).expel(command.member_id, command.instance_id)
        _settle_kind(kernel, group)
        return member_id
    return _coordinator(kernel, _of_member(kernel, command)).leave(command)


def beat(kernel: "Decisions", command: Beat, session: int) -> Beaten:
    """Reply: the member's epoch, and what it is to read."""
    group = find_group(kernel, command.namespace, command.group)
    if command.epoch != JOIN and (group is None or group.assigned is None):
        raise UnknownMember(command.member_id)
    group = make_group(kernel, (command.namespace, command.group))
    _refuse_shared(group)
    if group.assigned is None:
        lookup = Lookup(kernel.state, group.key[0])
        check_beat(command)
        lookup.check(command.pattern or "")
        to_assigned(kernel.state.groups, group, lookup)
    beaten = _reconciler(kernel, group).beat(command)
    _settle_kind(kernel, group)
    return beaten


def _classic_side(kernel: "Decisions", group: Group) -> ClassicSide:
    lookup = Lookup(kernel.state, group.key[0])
    return ClassicSide(_reconciler(kernel, group), group, lookup, kernel.elapsed_ms)


def _settle_kind(kernel: "Decisions", group: Group) -> None:
    """Members came or went: if only classic ones are left, the group is theirs again."""
    to_classic(kernel.state.groups, group, Lookup(kernel.state, group.key[0]), _now(kernel))


def _reconciler(kernel: "Decisions", group: Group) -> Reconciler:
    lookup = Lookup(kernel.state, group.key[0])
    return Reconciler(kernel.state.groups, group, lookup, _now(kernel))


def _now(kernel: "Decisions") -> tuple[int, int]:
    return kernel.elapsed_ms, kernel.now_ms


def _refuse_shared(group: Group) -> None:
    """Raises InconsistentProtocol."""
    if group.shared is not None:
        raise InconsistentProtocol("the members of this group share what they read")


def check_epoch(kernel: "Decisions", command: CheckEpoch, session: int) -> None:
    """Reply: None. Members that assign themselves may ask at any time, as in Kafka."""
    group = find_group(kernel, command.namespace, command.group)
    if group is not None and group.assigned is not None:
        _reconciler(kernel, group).check_epoch(command.member_id, command.epoch)


def _of_member(kernel: "Decisions", command: c.SyncGroup | c.Heartbeat | c.LeaveGroup) -> Group:
    group = find_group(kernel, command.namespace, command.group)
    if group is None:
        raise UnknownMember(command.member_id)
    return group


def commit_cursors(kernel: "Decisions", command: c.CommitCursors, session: int) -> list[bool]:
    """Reply: per cursor whether it was taken."""
    check_commit_allowed(kernel, command)
    records, taken = decide_commit(kernel.state, command, kernel.now_ms)
    kernel.commit(records)
    return taken


def check_commit_allowed(kernel: "Decisions", command: c.CommitCursors) -> None:
    """Whether this member, or anybody, may commit for the group now; makes the group. Raises GroupError's."""
    group = find_group(kernel, command.namespace, command.group)
    if group is None and command.generation >= 0:
        raise IllegalGeneration("there is no such group")
    if group is None:
        group = make_group(kernel, (command.namespace, command.group))
    _refuse_shared(group)
    if group.assigned is not None:
        _reconciler(kernel, group).check_epoch(command.member_id, command.generation)
        return
    _coordinator(kernel, group).check_commit(
        command.member_id, command.instance_id, command.generation
    )


def list_cursors(kernel: "Decisions", command: c.ListCursors, session: int) -> list[c.CursorInfo]:
    """Reply: all cursors of the group."""
    group = find_group(kernel, command.namespace, command.group)
    return [] if group is None else cursor_infos(kernel.state, group)


def delete_cursors(kernel: "Decisions", command: c.DeleteCursors, session: int) -> None:
    """Reply: None."""
    group = get_group(kernel, command.namespace, command.group)
    kernel.commit(decide_delete_cursors(kernel.state, group, command))


def delete_group(kernel: "Decisions", command: c.DeleteGroup, session: int) -> None:
    """Reply: None."""
    group = get_group(kernel, command.namespace, command.group)
    if group.has_members or group.state is not EMPTY:  # or all left while one was to come
        raise GroupNotEmpty(command.group)
    shares = () if group.shared is None else group.shared.subscriptions.values()
    if not all(is_own(kernel.state.subscriptions[share]) for share in shares):
        raise GroupNotEmpty(f"a queue names {command.group}")
    group.move(GroupEvent.DELETED)
    kernel.commit([*(SubscriptionDeleted(share) for share in shares), GroupDeleted(*group.key)])


def describe_group(kernel: "Decisions", command: c.DescribeGroup, session: int) -> c.GroupInfo:
    """Reply: the group with its members."""
    group = get_group(kernel, command.namespace, command.group)
    members = tuple(
        c.MemberInfo(
            member.id,
            member.instance_id,
            member.client_id,
            member.client_host,
            member.metadata(group.protocol),
            member.assignment,
        )
        for member in group.members.values()
    )
    return _info(group, members)


def _info(group: Group, members: tuple[c.MemberInfo, ...] = ()) -> c.GroupInfo:
    if group.shared is not None:
        state = "stable" if group.shared.members else "empty"
        return c.GroupInfo(
            group.key[1], state, "share", SIMPLE, group.shared.epoch, kind=c.GroupKind.SHARED
        )
    if group.assigned is not None:
        return c.GroupInfo(
            group.key[1],
            _state_of(group.assigned),
            "consumer",
            group.assigned.assignor,
            group.assigned.epoch,
            kind=c.GroupKind.ASSIGNED,
        )
    return c.GroupInfo(
        group.key[1],
        group.state.value,
        group.protocol_type,
        group.protocol,
        group.generation,
        members,
    )


def _state_of(assigned: Assigned) -> str:
    if not assigned.members:
        return "empty"
    return "stable" if assigned.is_stable() else "reconciling"


def describe_assigned(kernel: "Decisions", command: DescribeAssigned, session: int) -> AssignedInfo:
    """Reply: the group with its members."""
    group = get_group(kernel, command.namespace, command.group)
    assigned = group.assigned
    if assigned is None:
        raise GroupNotFound(f"{command.group} is a group whose members assign themselves")
    lookup = Lookup(kernel.state, command.namespace)
    members = tuple(
        AssignedMemberInfo(
            member.id,
            member.instance_id,
            member.rack_id,
            member.epoch,
            member.client_id,
            member.client_host,
            member.topics,
            member.pattern,
            lookup.named(member.places),
            lookup.named(assigned.target.get(member.id, set())),
            member.classic is not None,
        )
        for member in assigned.members.values()
    )
    return AssignedInfo(
        command.group, _state_of(assigned), assigned.epoch, assigned.assignor, members
    )


def list_groups(kernel: "Decisions", command: c.ListGroups, session: int) -> list[c.GroupInfo]:
    """Reply: the namespace's groups, by name."""
    groups = sorted(kernel.state.groups.by_key.items())
    return [_info(group) for key, group in groups if key[0] == command.namespace]


def allocate_producer(kernel: "Decisions", command: c.AllocateProducer, session: int) -> int:
    """Reply: a new producer id; a block of them is reserved in a record when the last one is used up."""
    state = kernel.state
    if state.producer_next >= state.producer_reserved:
        kernel.commit([ProducersReserved(state.producer_next + PRODUCERS_RESERVED)])
    producer_id = state.producer_next
    state.producer_next += 1
    return producer_id


def sweep_groups(kernel: "Decisions") -> bool:
    """Look at groups whose time has come; True when some are left."""
    groups = kernel.state.groups
    for _ in range(LOOKS_MAX):
        if not groups.deadlines or groups.deadlines[0][0] > kernel.elapsed_ms:
            return False
        at_ms, key = heappop(groups.deadlines)
        group = groups.by_key.get(key)
        if group is not None and group.armed_ms == at_ms:
            group.armed_ms = 0
            if group.shared is not None:
                Sharer(groups, group, Lookup(kernel.state, key[0]), _now(kernel)).pass_time()
            elif group.assigned is not None:
                _reconciler(kernel, group).pass_time()
                _settle_kind(kernel, group)
            else:
                _coordinator(kernel, group).pass_time()
    return True


def close_tickets(kernel: "Decisions", session: int) -> None:
    """The session is gone: nobody waits for what it was promised, nor for whom it was given an id."""
    groups = kernel.state.groups
    for key, member_id in groups.asked.pop(session, ()):
        group = groups.by_key.get(key)
        if group is not None and group.assigned is not None:
            group.pending.pop(member_id, None)
        elif group is not None and member_id in group.pending:
            _coordinator(kernel, group).withdraw(member_id)
    mine = [(ticket, owed) for ticket, owed in groups.tickets.items() if owed[0] == session]
    for ticket, (_, key, member_id) in mine:
        del groups.tickets[ticket]
        group = groups.by_key.get(key)
        if group is not None:
            _coordinator(kernel, group).abandon(member_id, ticket)


HANDLERS: Final[Mapping[type, Callable[["Decisions", Any, int], Any]]] = {
    c.JoinGroup: join,
    c.SyncGroup: sync,
    c.Heartbeat: heartbeat,
    c.LeaveGroup: leave,
    c.CommitCursors: commit_cursors,
    c.ListCursors: list_cursors,
    c.DeleteCursors: delete_cursors,
    c.DeleteGroup: delete_group,
    c.DescribeGroup: describe_group,
    c.ListGroups: list_groups,
    c.AllocateProducer: allocate_producer,
    Beat: beat,
    CheckEpoch: check_epoch,
    DescribeAssigned: describe_assigned,
}

"""Share groups (KIP-932): members of a group who read by leased subscriptions, one for each stream.

    ShareBeat -> groups.sharer: who reads which partitions -> a subscription for each stream that has none yet
    Lease, Settle, Renew        as for any other subscription; its settings name the group (`group`)

A queue may let the members of a group compete for its messages (`share_group`): they then read by the queue's own
subscription, and the group has none of that stream.

Such a group is there as long as it has members or subscriptions. It holds nothing that the stream's own retention ends:
in that it is like a group that reads by cursors, and unlike a queue.
"""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final

from msgspec.structs import replace

from dragoman.kernel.entities import Subscription
from dragoman.kernel.groups.group import Group, is_own
from dragoman.kernel.groups.handlers import find_group, get_group, make_group
from dragoman.kernel.groups.sharebeats import (
    DescribeShared,
    ForgetShares,
    ListShares,
    MoveShares,
    ShareBeat,
    ShareBeaten,
    SharedInfo,
    SharedMemberInfo,
    ShareInfo,
)
from dragoman.kernel.groups.shared import Shared
from dragoman.kernel.groups.sharer import Sharer
from dragoman.kernel.groups.subscribed import Lookup
from dragoman.kernel.leases.commands import CreateSubscription
from dragoman.kernel.leases.seek import Seek, seek
from dragoman.kernel.leases.subscribe import decide_create
from dragoman.kernel.permissions import Need, reader_need
from dragoman.kernel.records import SubscriptionDeleted
from dragoman.kernel.settings import SubscriptionSettings
from dragoman.kernel.slices import partition_of
from dragoman.model.errors import GroupNotEmpty, GroupNotFound, InvalidArgument, UnknownMember

if TYPE_CHECKING:
    from dragoman.kernel.decisions import Decisions
    from dragoman.kernel.state import State


def beat(kernel: "Decisions", command: ShareBeat, session: int) -> ShareBeaten:
    """Reply: the member's epoch, and what it is to read. Raises Needs."""
    group = find_group(kernel, command.namespace, command.group)
    if group is None:
        if command.epoch:
            raise UnknownMember(command.member_id)
        group = make_group(kernel, (command.namespace, command.group))
    elif group.shared is None and group.is_in_use:
        raise GroupNotFound(f"{command.group} is no share group")
    sharer = _sharer(kernel, group)
    sharer.check(command)
    for stream in sorted(sharer.unread(command)):
        create = CreateSubscription(
            namespace=command.namespace,
            name=kernel.state.streams[stream].name,
            subscription=command.subscription,
            settings=_of_group(command.settings, command.group),
            from_end=command.from_end,
            from_ms=command.from_ms,
        )
        kernel.commit(decide_create(kernel.state, create))
    return sharer.beat(command)


def _of_group(settings: SubscriptionSettings, group: str) -> SubscriptionSettings:
    return replace(settings, group=group)


def _sharer(kernel: "Decisions", group: Group) -> Sharer:
    lookup = Lookup(kernel.state, group.key[0])
    return Sharer(kernel.state.groups, group, lookup, (kernel.elapsed_ms, kernel.now_ms))


def _shared(kernel: "Decisions", namespace: str, name: str) -> Shared:
    """Raises GroupNotFound."""
    shared = get_group(kernel, namespace, name).shared
    if shared is None:
        raise GroupNotFound(f"{name} is no share group")
    return shared


def describe(kernel: "Decisions", command: DescribeShared, session: int) -> SharedInfo:
    """Reply: the group with its members."""
    shared = _shared(kernel, command.namespace, command.group)
    lookup = Lookup(kernel.state, command.namespace)
    members = tuple(
        SharedMemberInfo(
            member.id,
            member.rack_id,
            member.epoch,
            member.client_id,
            member.client_host,
            member.topics,
            lookup.named(shared.target.get(member.id, set())),
        )
        for member in shared.members.values()
    )
    return SharedInfo(command.group, "stable" if members else "empty", shared.epoch, members)


def list_(kernel: "Decisions", command: ListShares, session: int) -> list[ShareInfo]:
    """Reply: where the group stands, by stream and partition."""
    shared = _shared(kernel, command.namespace, command.group)
    found: list[ShareInfo] = []
    for subscription in _own(kernel, shared):
        stream = subscription.stream
        for index, window in enumerate(subscription.windows):
            left = window.ready + window.delayed + sum(window.open_counts())
            start = max(window.floor(), stream.partitions[index].start)
            found.append(ShareInfo(stream.name, stream.uuid, index, start, left))
    return sorted(found, key=lambda info: (info.stream, info.partition))


def _own(kernel: "Decisions", shared: Shared) -> list[Subscription]:
    """The subscriptions by which the group alone reads."""
    found = [kernel.state.subscriptions[known] for known in shared.subscriptions.values()]
    return [known for known in found if is_own(known)]


def on_taken(operations: int) -> Callable[["State", Any], tuple[Need, ...]]:
    """What a command needs that takes from a queue, or for a member of a group from whatever that reads by."""

    def taken(state: "State", command: Any) -> tuple[Need, ...]:
        name = command.subscription
        if command.group:
            reader = state.reader(command.namespace, command.name, command.group)
            name = name if reader is None else reader.name
        return (reader_need(command.namespace, command.name, name, operations),)

    return taken


def move(kernel: "Decisions", command: MoveShares, session: int) -> None:
    """Reply: None. Raises Needs."""
    shared = _shared(kernel, command.namespace, command.group)
    if shared.members:
        raise GroupNotEmpty(command.group)
    for name, partition, _ in command.places:
        stream = kernel.state.stream(command.namespace, name)
        partition_of(stream, partition)
        reader = kernel.state.subscriptions.get(shared.subscriptions.get(stream.id, 0))
        if reader is not None and not is_own(reader):
            raise InvalidArgument(f"{command.group} reads the queue {reader.name} among others")
    for name, partition, offset in command.places:
        create = CreateSubscription(
            namespace=command.namespace,
            name=name,
            subscription=command.subscription,
            settings=_of_group(command.settings, command.group),
        )
        kernel.commit(decide_create(kernel.state, create))
        to = Seek(
            namespace=command.namespace,
            name=name,
            subscription=command.subscription,
            partition=partition,
            offset=offset,
        )
        seek(kernel, to, session)


def forget(kernel: "Decisions", command: ForgetShares, session: int) -> list[bool]:
    """Reply: which streams it read."""
    shared = _shared(kernel, command.namespace, command.group)
    if shared.members:
        raise GroupNotEmpty(command.group)
    own = {known.stream.name: known.id for known in _own(kernel, shared)}
    for name in command.streams:
        if name in own:
            kernel.commit([SubscriptionDeleted(own[name])])
    return [name in own for name in command.streams]


HANDLERS: Final[Mapping[type, Callable[["Decisions", Any, int], Any]]] = {
    ShareBeat: beat,
    DescribeShared: describe,
    ListShares: list_,
    MoveShares: move,
    ForgetShares: forget,
}

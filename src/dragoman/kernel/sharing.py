"""Share groups (KIP-932): members of a group who read by leased subscriptions, one for each stream.

    ShareBeat -> groups.sharer: who reads which partitions -> a subscription for each stream that has none yet
    Lease, Settle, Renew        as for any other subscription; its settings name the group (`group`)

Such a group is there as long as it has members or subscriptions. It holds nothing that the stream's own retention ends:
in that it is like a group that reads by cursors, and unlike a queue.
"""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final

from msgspec.structs import replace

from dragoman.kernel.groups.group import Group
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
from dragoman.kernel.groups.states import EMPTY
from dragoman.kernel.groups.subscribed import Lookup
from dragoman.kernel.leases.commands import CreateSubscription
from dragoman.kernel.leases.seek import Seek, seek
from dragoman.kernel.leases.subscribe import decide_create
from dragoman.kernel.records import SubscriptionDeleted
from dragoman.kernel.settings import SubscriptionSettings
from dragoman.kernel.slices import partition_of
from dragoman.model.errors import GroupNotEmpty, GroupNotFound, UnknownMember

if TYPE_CHECKING:
    from dragoman.kernel.decisions import Decisions


def beat(kernel: "Decisions", command: ShareBeat, session: int) -> ShareBeaten:
    """Reply: the member's epoch, and what it is to read. Raises Needs."""
    group = find_group(kernel, command.namespace, command.group)
    if group is None:
        if command.epoch:
            raise UnknownMember(command.member_id)
        group = make_group(kernel, (command.namespace, command.group))
    elif group.shared is None and _is_in_use(group):
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


def _is_in_use(group: Group) -> bool:
    return bool(group.cursors or group.pending or group.has_members or group.state is not EMPTY)


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
    for subscription_id in shared.subscriptions.values():
        subscription = kernel.state.subscriptions[subscription_id]
        stream = subscription.stream
        for index, window in enumerate(subscription.windows):
            left = window.ready + window.delayed + sum(window.open_counts())
            start = max(window.floor(), stream.partitions[index].start)
            found.append(ShareInfo(stream.name, stream.uuid, index, start, left))
    return sorted(found, key=lambda info: (info.stream, info.partition))


def move(kernel: "Decisions", command: MoveShares, session: int) -> None:
    """Reply: None. Raises Needs."""
    shared = _shared(kernel, command.namespace, command.group)
    if shared.members:
        raise GroupNotEmpty(command.group)
    for name, partition, _ in command.places:
        partition_of(kernel.state.stream(command.namespace, name), partition)
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
    known: list[bool] = []
    for name in command.streams:
        stream = kernel.state.streams_named.get((command.namespace, name))
        subscription = 0 if stream is None else shared.subscriptions.get(stream.id, 0)
        known.append(bool(subscription))
        if subscription:
            kernel.commit([SubscriptionDeleted(subscription)])
    return known


HANDLERS: Final[Mapping[type, Callable[["Decisions", Any, int], Any]]] = {
    ShareBeat: beat,
    DescribeShared: describe,
    ListShares: list_,
    MoveShares: move,
    ForgetShares: forget,
}

"""Leased subscriptions of a shared stream: made and deleted beside its queue and its other readers."""

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, Final

import msgspec

from dragoman.kernel.block import Partition
from dragoman.kernel.describe import queue_info
from dragoman.kernel.entities import Stream, Subscription
from dragoman.kernel.leases.commands import (
    CreateSubscription,
    DeleteSubscription,
    ListPushed,
    ListSubscriptions,
)
from dragoman.kernel.leases.index import check_order
from dragoman.kernel.leases.purge import offset_of
from dragoman.kernel.quotas import check_queue
from dragoman.kernel.records import Record, SubscriptionCreated, SubscriptionDeleted
from dragoman.kernel.replies import PushedInfo, QueueInfo
from dragoman.kernel.rules.book import check_taken
from dragoman.kernel.state import State
from dragoman.kernel.topology import check_name, check_owner, found_by
from dragoman.model.errors import InvalidArgument, SubscriptionNotFound

if TYPE_CHECKING:
    from dragoman.kernel.decisions import Decisions


def create(kernel: "Decisions", command: CreateSubscription, session: int) -> QueueInfo:
    """Reply: the subscription, `created` when this made it."""
    state = kernel.state
    records = decide_create(state, command)
    kernel.commit(records)
    subscription = state.subscription(command.namespace, command.name, command.subscription)
    return queue_info(subscription, created=bool(records))


def decide_create(state: State, command: CreateSubscription) -> list[Record]:
    """Raises StreamNotFound, InvalidArgument, NotSupported, Needs."""
    stream = state.stream(command.namespace, command.name)
    if command.subscription == command.name:
        raise InvalidArgument("the subscription of a stream's own name is its queue")
    if any(known.name == command.subscription for known in stream.subscriptions):
        return []
    check_name(command.subscription)
    check_queue(state, command.namespace)
    check_order(command.settings)
    check_taken(state, command.namespace, command.settings.rules)
    state.groups.check_share(command.namespace, stream, command.settings)
    if command.settings.exclusive:
        raise InvalidArgument("subscriptions of a shared stream are not exclusive")
    settings = msgspec.structs.replace(command.settings, owns_stream=False)
    starts = tuple(_start(stream, partition, command) for partition in stream.partitions)
    made = SubscriptionCreated(state.id_next, stream.id, command.subscription, settings, starts)
    return [made, *found_by(state, made)]


def _start(stream: Stream, partition: Partition, command: CreateSubscription) -> int:
    if command.from_end or command.from_ms < 0:
        return partition.end if command.from_end else stream.earliest(partition)
    return max(offset_of(partition, command.from_ms), stream.earliest(partition))


def delete(kernel: "Decisions", command: DeleteSubscription, session: int) -> QueueInfo:
    """Reply: the subscription as it was."""
    if not command.subscription or command.subscription == command.name:
        raise SubscriptionNotFound("a queue is deleted as a queue")
    subscription = kernel.state.subscription(command.namespace, command.name, command.subscription)
    check_owner(subscription, session)
    info = queue_info(subscription)
    kernel.commit([SubscriptionDeleted(subscription.id)])
    return info


def list_(kernel: "Decisions", command: ListSubscriptions, session: int) -> list[QueueInfo]:
    """Reply: subscriptions, by the names of their streams and their own."""
    state = kernel.state
    if command.name:
        found = list(state.stream(command.namespace, command.name).subscriptions)
    else:
        found = [
            known
            for known in state.subscriptions.values()
            if known.stream.namespace == command.namespace
        ]
    return _infos(found)


def list_pushed(kernel: "Decisions", command: ListPushed, session: int) -> list[PushedInfo]:
    """Reply: subscriptions; of each the same object as before, unless it was altered."""
    return list(kernel.state.pushed.by_face.get(command.face, {}).values())


def _infos(found: Iterable[Subscription]) -> list[QueueInfo]:
    return [queue_info(known) for known in sorted(found, key=_place)]


def _place(known: Subscription) -> tuple[str, str, bool, str]:
    return (known.stream.namespace, known.stream.name, not known.is_queue, known.name)


HANDLERS: Final[Mapping[type, Callable[["Decisions", Any, int], Any]]] = {
    CreateSubscription: create,
    DeleteSubscription: delete,
    ListSubscriptions: list_,
    ListPushed: list_pushed,
}

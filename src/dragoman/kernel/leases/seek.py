"""Moving a leased subscription in its stream, stopping it, changing it.

    Seek     everything before a point is done, everything from there on is ready again while the stream keeps it
    Alter    other settings; `paused` hands nothing out and keeps everything

A seek is one record however far it goes: the window begins anew at the point. Leases are revoked, whoever held them
settles in vain; how often a message was tried is forgotten. What is pending in an open transaction stays so.
"""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final

import msgspec

from dragoman.kernel.block import Partition
from dragoman.kernel.commands import DEFAULT_NAMESPACE
from dragoman.kernel.describe import queue_info
from dragoman.kernel.entities import Subscription
from dragoman.kernel.idle import watch
from dragoman.kernel.leases.delay import apply_delay, put_off, show_all
from dragoman.kernel.leases.index import check_order, filter_of, note_filter, order_of
from dragoman.kernel.leases.lease import bytes_of
from dragoman.kernel.leases.purge import leased_runs, offset_of
from dragoman.kernel.leases.receivers import weight_of
from dragoman.kernel.leases.settle import give_back
from dragoman.kernel.leases.states import DONE, RETURNED
from dragoman.kernel.records import Record, Sought, SubscriptionAltered
from dragoman.kernel.replies import QueueInfo
from dragoman.kernel.rules.book import check_taken
from dragoman.kernel.settings import SubscriptionSettings
from dragoman.kernel.slices import partition_of
from dragoman.kernel.state import State
from dragoman.kernel.topology import check_owner, indexed, note_readers
from dragoman.kernel.transactions.transaction import hide_pending
from dragoman.model.errors import InUse, InvalidArgument, NotSupported

if TYPE_CHECKING:
    from dragoman.kernel.decisions import Decisions

FIXED: Final = ("durable", "order", "priorities", "exclusive", "owns_stream", "group")
"""Settings that a subscription keeps for life. So is whether it filters at all; by what may change."""


class _OfSubscription(msgspec.Struct, frozen=True, kw_only=True):
    """Root: the leased subscription of stream `name`, its queue when empty. Raises SubscriptionNotFound."""

    namespace: str = DEFAULT_NAMESPACE
    name: str
    subscription: str = ""


class Seek(_OfSubscription, frozen=True, kw_only=True):
    """Go to an offset of `partition`, or (`offset` < 0) to a time in all of them. Reply: `QueueInfo`.

    An ordered or filtered subscription takes what its filter takes now of what is there, in its order.
    Raises ResourceLocked, PartitionNotFound, NotSupported (too much to be put in order).
    """

    partition: int = 0
    offset: int = -1
    time_ms: int = 0


class AlterSubscription(_OfSubscription, frozen=True, kw_only=True):
    """Change settings, pausing and resuming among them. Reply: `QueueInfo`.

    Raises InvalidArgument when one of FIXED differs, NotSupported for a first limit on bytes, InUse for first rules
    while a transaction is open, RuleNotFound, ResourceLocked.
    """

    settings: SubscriptionSettings


def _mine(kernel: "Decisions", command: _OfSubscription, session: int) -> Subscription:
    found = kernel.state.subscription(command.namespace, command.name, command.subscription)
    check_owner(found, session)
    return found


# --- seek ---


def seek(kernel: "Decisions", command: Seek, session: int) -> QueueInfo:
    """Reply: the subscription. Raises Needs."""
    subscription = _mine(kernel, command, session)
    stream = subscription.stream
    sought: list[Sought] = []
    if command.offset >= 0:
        partition = partition_of(stream, command.partition)
        sought.append(_sought(subscription, partition, command.offset))
    else:
        for partition in stream.partitions:
            offset = offset_of(partition, command.time_ms)
            sought.append(_sought(subscription, partition, offset))
    records: list[Record] = [*sought]
    if subscription.is_ordered:
        starts = [(record.partition, record.frontier) for record in sought]
        found = indexed(kernel.state, stream, subscription.id, subscription.settings, starts)
        records += [] if subscription.settings.delay_ms else found
    kernel.commit(records)
    kernel.trim_crowded()
    return queue_info(subscription)


def _sought(subscription: Subscription, partition: Partition, offset: int) -> Sought:
    frontier = min(max(offset, partition.start), partition.end)
    return Sought(subscription.id, partition.index, frontier, [])


def apply_sought(state: State, record: Sought) -> None:
    """The window begins anew: ready from the frontier on, and in `open` before it; leases are nobody's."""
    subscription = state.subscriptions.get(record.subscription)
    if subscription is None:
        return
    window = subscription.windows[record.partition]
    partition = subscription.stream.partitions[record.partition]
    for holder, runs in leased_runs(window).items():
        give_back(state, subscription, holder, sum(end - start for start, end in runs))
    state.forget_retries(subscription.id, record.partition)
    window.clear()
    window.come_back(0)
    if window.order is not None:
        window.order = window.order.anew()
        window.ready = window.ready_bytes = 0
        window.frontier = partition.end  # what is ready from the point on is `Indexed` next
        if subscription.settings.delay_ms:
            _delay_again(state, subscription, partition, record.frontier)
        _look_again(state, subscription)
        return
    low = min(
        [record.frontier, *partition.open_since.values(), *(run[0] for run in record.open[:1])]
    )
    window.frontier = window.returned_low = low
    window.ready = 0
    for start, end in record.open:
        hide_pending(window, partition, start)
        window.advance(start, end, RETURNED, 0)
        window.ready += end - start
    hide_pending(window, partition, record.frontier)
    window.advance(record.frontier, record.frontier, DONE, 0)
    if subscription.settings.delay_ms:
        _delay_again(state, subscription, partition, record.frontier)
    until = min(window.shown, partition.end)
    window.ready += partition.count(record.frontier, until)
    if subscription.stream.counts_bytes:
        runs = [*record.open, *partition.messages(record.frontier, until)]
        window.ready_bytes = sum(bytes_of(partition, start, end) for start, end in runs)
    _look_again(state, subscription)


def _delay_again(
    state: State, subscription: Subscription, partition: Partition, frontier: int
) -> None:
    """What is ready from the point on has to be shown first, if only because it is due."""
    window = subscription.windows[partition.index]
    window.frontier = window.shown = frontier
    put_off(state, subscription, window, partition)


def _look_again(state: State, subscription: Subscription) -> None:
    """What is at its head, over its limits, or without a reader may have changed altogether."""
    subscription.is_mortal = subscription.is_uneven = True
    state.dirty_subscriptions[subscription.id] = subscription
    state.dirty_floors[subscription.stream.id] = subscription.stream
    state.activate(subscription)
    state.arm(subscription, 1)
    state.crowded.append(subscription)
    watch(state, subscription)


# --- alter, pause ---


def alter(kernel: "Decisions", command: AlterSubscription, session: int) -> QueueInfo:
    """Reply: the subscription as altered."""
    subscription = _mine(kernel, command, session)
    known = subscription.settings
    for name in FIXED:
        if getattr(known, name) != getattr(command.settings, name):
            raise InvalidArgument(f"{name} cannot be changed")
    if bool(known.filter) != bool(command.settings.filter):
        raise InvalidArgument("a subscription filters from the beginning or not at all")
    check_order(command.settings)
    settings = _ruled(kernel, subscription, command)
    if command.settings.share_group != known.share_group:
        kernel.state.groups.check_share(command.namespace, subscription.stream, command.settings)
    if subscription.selecting and (settings.single_active or settings.is_ordered):
        raise InUse("a receiver selects from it: it gets no order, and no single active consumer")
    if command.settings.bytes_max >= 0 and not subscription.stream.counts_bytes:
        raise NotSupported("bytes are counted from the beginning or not at all")
    if known != settings:
        ends = known.delay_ms and not command.settings.delay_ms
        records = show_all(kernel.state, subscription) if ends else []
        kernel.commit([*records, SubscriptionAltered(subscription.id, settings)])
        for holder in subscription.holders.values():
            subscription.consumers.weigh(holder, weight_of(kernel.state, holder))
        kernel.trim_crowded()
    return queue_info(subscription)


def _ruled(
    kernel: "Decisions", subscription: Subscription, command: AlterSubscription
) -> SubscriptionSettings:
    """The settings; the first rules of a subscription without an order give it one, which it keeps. Raises InUse where
    a transaction is open, InvalidArgument, RuleNotFound.
    """
    known, settings = subscription.settings, command.settings
    if settings.rules != known.rules:
        check_taken(kernel.state, command.namespace, settings.rules)
    is_open = any(partition.open_since for partition in subscription.stream.partitions)
    if settings.rules and not known.is_ordered and is_open:
        raise InUse("a transaction is open in the stream")
    laned = known.laned or bool(known.rules or settings.rules)
    return msgspec.structs.replace(settings, laned=laned)


def _put_in_lanes(subscription: Subscription) -> None:
    """What is ready stays so, in an order from now on."""
    partitions = subscription.stream.partitions
    for partition, window in zip(partitions, subscription.windows, strict=True):
        order = window.order = order_of(subscription.settings)
        assert order is not None
        for start, end in partition.messages(window.frontier, partition.end):
            order.append(window, start, [(start, end)], None, None)
        window.frontier = max(window.frontier, partition.end)
        window.touched = True
        order.load(window, None)


def apply_altered(state: State, record: SubscriptionAltered) -> None:
    """The subscription has these settings."""
    subscription = state.subscriptions.get(record.id)
    if subscription is not None:
        before = subscription.settings
        state.pushed.drop(subscription)
        subscription.alter(record.settings)
        if record.settings.laned and not before.is_ordered:
            _put_in_lanes(subscription)
        note_readers(subscription.stream)
        if subscription.filter is not None:
            subscription.filter = filter_of(record.settings)
            note_filter(subscription)
        state.pushed.add(subscription)
        state.groups.share(subscription.stream, before.share_group, record.settings.share_group)
        apply_delay(state, subscription, before)
        _look_again(state, subscription)


HANDLERS: Final[Mapping[type, Callable[["Decisions", Any, int], Any]]] = {
    Seek: seek,
    AlterSubscription: alter,
}

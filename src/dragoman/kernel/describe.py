"""Entities as plain data for whoever asks. Cold."""

from typing import Any

from dragoman.kernel.entities import Stream, Subscription
from dragoman.kernel.leases.states import DEAD, DEFERRED, WAITING
from dragoman.kernel.replies import PartitionInfo, QueueInfo, RouteInfo, StreamInfo


def stream_info(stream: Stream, *, created: bool = False) -> StreamInfo:
    """The stream as it is now."""
    return StreamInfo(
        stream.id,
        stream.namespace,
        stream.name,
        stream.uuid,
        stream.settings,
        tuple(
            PartitionInfo(
                partition.start,
                partition.end,
                partition.committed,
                partition.stable(),
                partition.size,
            )
            for partition in stream.partitions
        ),
        created,
    )


def queue_info(subscription: Subscription, *, created: bool = False) -> QueueInfo:
    """The leased subscription as it is now."""
    return QueueInfo(
        subscription.id,
        subscription.stream.id,
        subscription.stream.namespace,
        subscription.name,
        subscription.settings,
        subscription.ready(),
        subscription.leased(),
        subscription.consumers.count,
        created,
        subscription.stream.name,
        subscription.delayed(),
        _count(subscription, WAITING),
        _count(subscription, DEFERRED),
        _count(subscription, DEAD),
        _oldest_ms(subscription),
    )


def _count(subscription: Subscription, state: int) -> int:
    return sum(window.counts[state] for window in subscription.windows)


def _oldest_ms(subscription: Subscription) -> int:
    """Blocks know when their first message was stored: that of one on disk stands for all of them."""
    oldest = 0
    for partition, window in zip(subscription.stream.partitions, subscription.windows, strict=True):
        if not (window.ready or window.delayed or any(window.counts)):
            continue
        block = partition.at(window.floor())
        if block is not None:
            stored_ms = block.stored_at(max(window.floor(), block.offset))
            oldest = min(oldest or stored_ms, stored_ms)
    return oldest


def route_info(route: Any, *, created: bool = False) -> RouteInfo:
    """The route as it is now."""
    return RouteInfo(route.id, route.namespace, route.name, route.settings, created)

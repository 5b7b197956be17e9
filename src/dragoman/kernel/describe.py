"""Entities as plain data for whoever asks. Cold."""

from typing import Any

from dragoman.kernel.entities import Stream, Subscription
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
        len(subscription.consumers),
        created,
        subscription.delayed(),
    )


def route_info(route: Any, *, created: bool = False) -> RouteInfo:
    """The route as it is now."""
    return RouteInfo(route.id, route.namespace, route.name, route.settings, created)

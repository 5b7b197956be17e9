"""Which function answers which cold command. Each decides, commits, describes."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final

from dragoman.kernel import bindings, topology
from dragoman.kernel import commands as c
from dragoman.kernel.describe import queue_info, route_info, stream_info
from dragoman.kernel.leases.purge import decide_purge
from dragoman.kernel.read import find_epoch, find_time, read
from dragoman.kernel.replies import QueueHead, QueueInfo, RouteInfo, StreamHead, StreamInfo
from dragoman.model.errors import StreamNotFound

if TYPE_CHECKING:
    from dragoman.kernel.decisions import Decisions
    from dragoman.kernel.read import Extract

UUID_BYTES: Final = 16


def create_stream(kernel: "Decisions", command: c.CreateStream, session: int) -> StreamInfo:
    """Reply: the stream, `created` when this made it."""
    records, info = topology.decide_create_stream(kernel.state, command, kernel.token(UUID_BYTES))
    kernel.commit(records)
    return info or stream_info(kernel.state.stream(command.namespace, command.name), created=True)


def alter_stream(kernel: "Decisions", command: c.AlterStream, session: int) -> StreamInfo:
    """Reply: the stream as altered."""
    kernel.commit(topology.decide_alter_stream(kernel.state, command))
    return stream_info(kernel.state.stream(command.namespace, command.name))


def delete_stream(kernel: "Decisions", command: c.DeleteStream, session: int) -> StreamInfo:
    """Reply: the stream as it was."""
    records, info = topology.decide_delete_stream(kernel.state, command, session)
    kernel.commit(records)
    return info


def trim_stream(kernel: "Decisions", command: c.TrimStream, session: int) -> int:
    """Reply: the partition's new first offset."""
    records, offset = topology.decide_trim(kernel.state, command)
    kernel.commit(records)
    return offset


def declare_queue(kernel: "Decisions", command: c.DeclareQueue, session: int) -> QueueInfo:
    """Reply: the queue, `created` when this made it."""
    records, info = topology.decide_declare_queue(
        kernel.state, command, session, kernel.token(UUID_BYTES)
    )
    kernel.commit(records)
    subscription = kernel.state.subscription(command.namespace, command.name)
    subscription.used_ms = kernel.elapsed_ms
    return info or queue_info(subscription, created=True)


def delete_queue(kernel: "Decisions", command: c.DeleteQueue, session: int) -> QueueInfo:
    """Reply: the queue as it was."""
    records, info = topology.decide_delete_queue(kernel.state, command, session)
    kernel.commit(records)
    return info


def purge_queue(kernel: "Decisions", command: c.PurgeQueue, session: int) -> int:
    """Reply: how many messages were dropped."""
    state = kernel.state
    subscription = state.subscription(command.namespace, command.name, command.subscription)
    topology.check_owner(subscription, session)
    records, total = decide_purge(
        subscription,
        held=command.mode in {"all", "before"},
        before_ms=command.before_ms if command.mode in {"before", "old"} else -1,
        count_max=command.count_max,
        key=command.key,
    )
    kernel.commit(records)
    return total


def declare_route(kernel: "Decisions", command: c.DeclareRoute, session: int) -> RouteInfo:
    """Reply: the route, `created` when this made it."""
    records, info = bindings.decide_declare_route(kernel.state, command)
    kernel.commit(records)
    return info or route_info(
        kernel.state.routing.get(command.namespace, command.name), created=True
    )


def alter_route(kernel: "Decisions", command: c.AlterRoute, session: int) -> RouteInfo:
    """Reply: the route as it is now."""
    kernel.commit(bindings.decide_alter_route(kernel.state, command))
    return route_info(kernel.state.routing.get(command.namespace, command.name))


def delete_route(kernel: "Decisions", command: c.DeleteRoute, session: int) -> None:
    """Reply: None."""
    kernel.commit(bindings.decide_delete_route(kernel.state, command))


def bind(kernel: "Decisions", command: c.Bind | c.Unbind, session: int) -> None:
    """Reply: None."""
    kernel.commit(bindings.decide_bind(kernel.state, command, session))


def read_stream(kernel: "Decisions", command: c.Read, session: int) -> "Extract":
    """Reply: `Extract`. Raises Needs."""
    return read(kernel.state, command)


def describe_stream(kernel: "Decisions", command: c.DescribeStream, session: int) -> StreamInfo:
    """Reply: the stream."""
    return stream_info(kernel.state.stream(command.namespace, command.name))


def find_stream(kernel: "Decisions", command: c.FindStream, session: int) -> StreamHead:
    """Reply: what hot paths need to know of a stream."""
    state = kernel.state
    if command.uuid:
        stream = state.streams_by_uuid.get(command.uuid)
        if stream is None or stream.namespace != command.namespace:
            raise StreamNotFound(command.uuid.hex())
    else:
        stream = state.stream(command.namespace, command.name)
    return StreamHead(stream.id, stream.name, stream.settings, len(stream.partitions))


def find_queue(kernel: "Decisions", command: c.FindQueue, session: int) -> QueueHead:
    """Reply: what hot paths need to know of a queue."""
    subscription = kernel.state.subscription(command.namespace, command.name, command.subscription)
    topology.check_owner(subscription, session)
    stream = subscription.stream
    return QueueHead(
        subscription.id,
        stream.name,
        subscription.settings,
        stream.settings,
        stream.uuid,
        len(stream.partitions),
    )


def describe_queue(kernel: "Decisions", command: c.DescribeQueue, session: int) -> QueueInfo:
    """Reply: the queue. Raises ResourceLocked when it belongs to another session."""
    state = kernel.state
    subscription = state.subscription(command.namespace, command.name, command.subscription)
    topology.check_owner(subscription, session)
    return queue_info(subscription)


def list_streams(kernel: "Decisions", command: c.ListStreams, session: int) -> list[StreamInfo]:
    """Reply: the namespace's streams, by name."""
    streams = kernel.state.streams_named.items()
    return [
        stream_info(stream)
        for (namespace, _), stream in sorted(streams)
        if namespace == command.namespace
    ]


def list_queues(kernel: "Decisions", command: c.ListQueues, session: int) -> list[QueueInfo]:
    """Reply: the namespace's queues, by name."""
    return sorted(
        (
            queue_info(subscription)
            for subscription in kernel.state.subscriptions.values()
            if subscription.is_queue and subscription.stream.namespace == command.namespace
        ),
        key=lambda info: info.name,
    )


def list_routes(kernel: "Decisions", command: c.ListRoutes, session: int) -> list[RouteInfo]:
    """Reply: the namespace's routes, by name."""
    return [route_info(route) for route in kernel.state.routing.routes(command.namespace)]


def find_offset(kernel: "Decisions", command: c.FindTime, session: int) -> tuple[int, int]:
    """Reply: (offset, timestamp ms), (-1, -1) when nothing is that young."""
    return find_time(kernel.state, command)


def find_life(kernel: "Decisions", command: c.FindEpoch, session: int) -> tuple[int, int]:
    """Reply: (epoch, end), (-1, -1) when it is unknown."""
    return find_epoch(kernel.state, command)


HANDLERS: Final[Mapping[type, Callable[["Decisions", Any, int], Any]]] = {
    c.CreateStream: create_stream,
    c.AlterStream: alter_stream,
    c.DeleteStream: delete_stream,
    c.TrimStream: trim_stream,
    c.DeclareQueue: declare_queue,
    c.DeleteQueue: delete_queue,
    c.PurgeQueue: purge_queue,
    c.DeclareRoute: declare_route,
    c.AlterRoute: alter_route,
    c.DeleteRoute: delete_route,
    c.Bind: bind,
    c.Unbind: bind,
    c.Read: read_stream,
    c.DescribeStream: describe_stream,
    c.FindStream: find_stream,
    c.FindQueue: find_queue,
    c.DescribeQueue: describe_queue,
    c.ListStreams: list_streams,
    c.ListQueues: list_queues,
    c.ListRoutes: list_routes,
    c.FindTime: find_offset,
    c.FindEpoch: find_life,
}

"""Entities as JSON: what is shown of each. Fields are only ever added."""

from typing import Annotated, Any

import msgspec

from dragoman.console.admin.options import shown
from dragoman.kernel.api import (
    BindingInfo,
    PartitionInfo,
    PumpInfo,
    QueueInfo,
    RouteInfo,
    StreamInfo,
    filter_as_cel,
)


def _settings(name: str) -> msgspec.Meta:
    return msgspec.Meta(extra_json_schema={"$ref": f"#/components/schemas/{name}"})


StreamOptions = Annotated[dict[str, Any], _settings("StreamSettings")]
SubscriptionOptions = Annotated[dict[str, Any], _settings("SubscriptionSettings")]
RouteOptions = Annotated[dict[str, Any], _settings("RouteSettings")]
PumpOptions = Annotated[dict[str, Any], _settings("PumpSettings")]


class About(msgspec.Struct):
    """Which broker this is."""

    version: str
    cluster_id: str
    incarnation: int


class Names(msgspec.Struct):
    """A list that is short."""

    items: list[str]


class StreamView(msgspec.Struct):
    """A stream."""

    namespace: str
    name: str
    uuid: str
    settings: StreamOptions
    partitions: list[PartitionInfo]


class QueueView(msgspec.Struct):
    """A queue, or another leased subscription; counts are messages, `oldest_ms` is wall time, 0 when there is none.
    `cel` is what it filters by, whatever its dialect; empty takes all.
    """

    namespace: str
    stream: str
    name: str
    settings: SubscriptionOptions
    ready: int
    leased: int
    waiting: int
    delayed: int
    deferred: int
    dead: int
    consumers: int
    oldest_ms: int
    cel: str


class RouteView(msgspec.Struct):
    """A route."""

    namespace: str
    name: str
    settings: RouteOptions


class BindingView(msgspec.Struct):
    """A binding; `id` is made from what tells it from others. `cel` is what it filters by; empty takes all."""

    namespace: str
    id: str
    route: str
    target: str
    to_route: bool
    key: str
    arguments: dict[str, Any]
    filter: dict[str, Any]
    headers_set: list[tuple[str, str]]
    dialect: str
    cel: str
    rules: list[str]


class PumpView(msgspec.Struct):
    """A pump as it is, or as it ended; counts are messages, times wall times."""

    namespace: str
    name: str
    source: str
    subscription: str
    settings: PumpOptions
    state: str
    left: int
    carried: int
    dropped: int
    attempts: int
    trouble: str
    started_ms: int
    ended_ms: int


class StreamPage(msgspec.Struct):
    """Streams; `next` is the `after` of the page behind, null at the end."""

    items: list[StreamView]
    next: str | None


class QueuePage(msgspec.Struct):
    """Queues."""

    items: list[QueueView]
    next: str | None


class RoutePage(msgspec.Struct):
    """Routes."""

    items: list[RouteView]
    next: str | None


class Queues(msgspec.Struct):
    """Leased subscriptions of one stream."""

    items: list[QueueView]


class Bindings(msgspec.Struct):
    """Bindings of a namespace, or of one route."""

    items: list[BindingView]


class Pumps(msgspec.Struct):
    """Pumps of a namespace."""

    items: list[PumpView]


def stream_view(info: StreamInfo) -> StreamView:
    """See `StreamView`."""
    return StreamView(
        info.namespace, info.name, info.uuid.hex(), shown(info.settings), list(info.partitions)
    )


def queue_view(info: QueueInfo) -> QueueView:
    """See `QueueView`."""
    return QueueView(
        namespace=info.namespace,
        stream=info.stream,
        name=info.name,
        settings=shown(info.settings),
        ready=info.ready,
        leased=info.leased,
        waiting=info.waiting,
        delayed=info.delayed,
        deferred=info.deferred,
        dead=info.dead,
        consumers=info.consumers,
        oldest_ms=info.oldest_ms,
        cel=filter_as_cel(info.settings.dialect, info.settings.filter),
    )


def route_view(info: RouteInfo) -> RouteView:
    """See `RouteView`."""
    return RouteView(info.namespace, info.name, shown(info.settings))


def binding_view(namespace: str, info: BindingInfo) -> BindingView:
    """See `BindingView`."""
    settings = info.settings
    return BindingView(
        namespace,
        binding_id(info),
        info.route,
        info.target,
        info.to_route,
        settings.key,
        settings.arguments,
        settings.filter,
        list(settings.headers_set),
        settings.dialect,
        filter_as_cel(settings.dialect, settings.filter),
        list(settings.rules),
    )


def binding_id(info: BindingInfo) -> str:
    """The same for as long as the binding is there."""
    from hashlib import sha256  # noqa: PLC0415 - few ask

    settings = info.settings
    told = (
        info.route,
        info.target,
        info.to_route,
        settings.key,
        sorted(settings.arguments.items()),
    )
    return sha256(repr(told).encode()).hexdigest()[:16]


def pump_view(namespace: str, info: PumpInfo) -> PumpView:
    """See `PumpView`."""
    return PumpView(
        namespace=namespace,
        name=info.name,
        source=info.source,
        subscription=info.subscription,
        settings=shown(info.settings),
        state=info.state,
        left=info.left,
        carried=info.carried,
        dropped=info.dropped,
        attempts=info.attempts,
        trouble=info.trouble,
        started_ms=info.started_ms,
        ended_ms=info.ended_ms,
    )

"""Operations on queues, and on any other leased subscription by its longer path."""

from typing import Any, Final, Literal

import msgspec

from dragoman.console.admin.endpoint import Ask, Endpoint, PageQuery, Query
from dragoman.console.admin.options import changed
from dragoman.console.admin.streams import SUBSCRIPTIONS, names_of
from dragoman.console.admin.views import (
    PumpView,
    QueuePage,
    QueueView,
    StreamOptions,
    SubscriptionOptions,
    pump_view,
    queue_view,
)
from dragoman.kernel.api import (
    DEFAULT_NAMESPACE,
    Address,
    AlterSubscription,
    CreatePump,
    DeclareQueue,
    DeleteQueue,
    DescribeQueue,
    PumpSettings,
    PurgeQueue,
    QueueInfo,
    Seek,
    StreamSettings,
    SubscriptionSettings,
)
from dragoman.model.errors import AlreadyExists, InvalidArgument

TOKEN_BYTES: Final = 6


class NewQueue(msgspec.Struct, forbid_unknown_fields=True):
    """A queue to be made. `stream` are the options of its stream, where that is not there yet."""

    name: str
    namespace: str = DEFAULT_NAMESPACE
    settings: SubscriptionOptions = msgspec.field(default_factory=dict)
    stream: StreamOptions = msgspec.field(default_factory=dict)


class QueueChange(msgspec.Struct, forbid_unknown_fields=True):
    """Options to be changed; those not given stay."""

    settings: SubscriptionOptions


class DeleteQuery(Query):
    """Only if nobody reads it; only if nothing is in it."""

    if_unused: bool = False
    if_empty: bool = False


class Purge(msgspec.Struct, forbid_unknown_fields=True):
    """What to drop: what is ready, all of it, or what was stored before `before_ms`."""

    mode: Literal["ready", "all", "before"] = "ready"
    before_ms: int = 0


class Purged(msgspec.Struct):
    """How many messages were dropped."""

    dropped: int


class Redrive(msgspec.Struct, forbid_unknown_fields=True):
    """Carry what is there now to `target`; without one, each message to where it died. `rate_max` is per second, 0 no
    limit.
    """

    target: str = ""
    rate_max: int = 0


class SeekTo(msgspec.Struct, forbid_unknown_fields=True):
    """Go to an offset of a partition, or to a wall time in all of them."""

    offset: int | None = None
    partition: int = 0
    time_ms: int | None = None


def list_queues(ask: Ask) -> QueuePage:
    """A page."""
    names, after = names_of(ask, "queue")
    submit, namespace = ask.session.submit, ask.query.namespace
    found = [submit(DescribeQueue(namespace=namespace, name=name)) for name in names]
    return QueuePage([queue_view(info) for info in found], after)


def create_queue(ask: Ask) -> QueueView:
    """Raises AlreadyExists."""
    body: NewQueue = ask.body
    command = DeclareQueue(
        namespace=body.namespace,
        name=body.name,
        settings=changed(SubscriptionSettings(), body.settings),
        stream=changed(StreamSettings(), body.stream),
    )
    info: QueueInfo = ask.session.submit(command)
    if not info.created:
        raise AlreadyExists(body.name)
    return queue_view(info)


def show_queue(ask: Ask) -> QueueView:
    """Raises SubscriptionNotFound, ResourceLocked."""
    return queue_view(ask.session.submit(DescribeQueue(**ask.place())))


def alter_queue(ask: Ask) -> QueueView:
    """Raises SubscriptionNotFound, InvalidArgument (what stays for life), ResourceLocked."""
    return _altered(ask, ask.body.settings)


def _altered(ask: Ask, given: dict[str, object]) -> QueueView:
    now: QueueInfo = ask.session.submit(DescribeQueue(**ask.place()))
    command = AlterSubscription(**ask.place(), settings=changed(now.settings, given))
    return queue_view(ask.session.submit(command))


def pause(ask: Ask) -> QueueView:
    """Hand nothing out, keep everything."""
    return _altered(ask, {"paused": True})


def resume(ask: Ask) -> QueueView:
    """Hand out again."""
    return _altered(ask, {"paused": False})


def delete_queue(ask: Ask) -> None:
    """Raises SubscriptionNotFound, InUse, NotEmpty, ResourceLocked."""
    query: DeleteQuery = ask.query
    ask.session.submit(
        DeleteQueue(**ask.place(), if_unused=query.if_unused, if_empty=query.if_empty)
    )


def purge(ask: Ask) -> Purged:
    """Raises SubscriptionNotFound, ResourceLocked."""
    body: Purge = ask.body
    place: dict[str, Any] = {**ask.place()}
    return Purged(ask.session.submit(PurgeQueue(**place, mode=body.mode, before_ms=body.before_ms)))


def redrive(ask: Ask) -> PumpView:
    """A pump carries them, and is gone when it has. Raises SubscriptionNotFound, StreamNotFound, InvalidArgument."""
    body: Redrive = ask.body
    info: QueueInfo = ask.session.submit(DescribeQueue(**ask.place()))
    settings = PumpSettings(
        targets=(Address(body.target),) if body.target else (),
        to_origin=not body.target,
        until_end=True,
        rate_max=body.rate_max,
    )
    command = CreatePump(
        namespace=info.namespace,
        name=f"redrive-{ask.session.token(TOKEN_BYTES).hex()}",
        source=info.stream,
        subscription=info.name,
        settings=settings,
    )
    return pump_view(info.namespace, ask.session.submit(command))


def seek(ask: Ask) -> QueueView:
    """Raises SubscriptionNotFound, PartitionNotFound, ResourceLocked, NotSupported."""
    body: SeekTo = ask.body
    if (body.offset is None) == (body.time_ms is None):
        raise InvalidArgument("one of offset and time_ms")
    offset = -1 if body.offset is None else body.offset
    command = Seek(
        **ask.place(), partition=body.partition, offset=offset, time_ms=body.time_ms or 0
    )
    return queue_view(ask.session.submit(command))


QUEUE: Final = "/admin/v1/queues/{namespace}/{name}"
SUBSCRIPTION: Final = f"{SUBSCRIPTIONS}/{{subscription}}"


def _of_any(place: str, suffix: str) -> tuple[Endpoint, ...]:
    """What can be done with any leased subscription; `suffix` keeps the names of operations apart."""
    return (
        Endpoint("GET", place, show_queue, "Show it", name=f"show{suffix}", answer=QueueView),
        Endpoint(
            "PATCH",
            place,
            alter_queue,
            "Change it",
            name=f"alter{suffix}",
            answer=QueueView,
            body=QueueChange,
        ),
        Endpoint(
            "POST",
            f"{place}/purge",
            purge,
            "Drop messages",
            name=f"purge{suffix}",
            answer=Purged,
            body=Purge,
        ),
        Endpoint(
            "POST",
            f"{place}/redrive",
            redrive,
            "Carry its messages back to where they died, or to a target",
            name=f"redrive{suffix}",
            answer=PumpView,
            body=Redrive,
            status=202,
        ),
        Endpoint(
            "POST",
            f"{place}/pause",
            pause,
            "Hand nothing out",
            name=f"pause{suffix}",
            answer=QueueView,
        ),
        Endpoint(
            "POST",
            f"{place}/resume",
            resume,
            "Hand out again",
            name=f"resume{suffix}",
            answer=QueueView,
        ),
        Endpoint(
            "POST",
            f"{place}/seek",
            seek,
            "Go to an offset or a time: what is behind it is done, what is ahead comes again",
            name=f"seek{suffix}",
            answer=QueueView,
            body=SeekTo,
        ),
    )


ENDPOINTS: Final = (
    Endpoint(
        "GET",
        "/admin/v1/queues",
        list_queues,
        "List queues",
        name="listQueues",
        answer=QueuePage,
        query=PageQuery,
    ),
    Endpoint(
        "POST",
        "/admin/v1/queues",
        create_queue,
        "Make a queue",
        name="createQueue",
        answer=QueueView,
        body=NewQueue,
        status=201,
    ),
    Endpoint(
        "DELETE",
        QUEUE,
        delete_queue,
        "Delete a queue, and its stream unless something else reads it",
        name="deleteQueue",
        query=DeleteQuery,
    ),
    *_of_any(QUEUE, "Queue"),
    *_of_any(SUBSCRIPTION, "Subscription"),
)

"""Operations on namespaces, streams and their leased subscriptions."""

from typing import Any

import msgspec

from dragoman.console.admin.endpoint import Ask, Endpoint, PageQuery
from dragoman.console.admin.options import changed
from dragoman.console.admin.views import (
    About,
    Names,
    Queues,
    QueueView,
    StreamOptions,
    StreamPage,
    StreamView,
    SubscriptionOptions,
    queue_view,
    stream_view,
)
from dragoman.kernel.api import (
    DEFAULT_NAMESPACE,
    AlterStream,
    Census,
    CreateStream,
    CreateSubscription,
    DeleteStream,
    DeleteSubscription,
    DescribeStream,
    ListNames,
    ListNamespaces,
    ListSubscriptions,
    StreamSettings,
    SubscriptionSettings,
    TakeCensus,
)


class NewStream(msgspec.Struct, forbid_unknown_fields=True):
    """A stream to be made; options not given have their defaults."""

    name: str
    namespace: str = DEFAULT_NAMESPACE
    settings: StreamOptions = msgspec.field(default_factory=dict)


class StreamChange(msgspec.Struct, forbid_unknown_fields=True):
    """Options to be changed; those not given stay."""

    settings: StreamOptions


class NewSubscription(msgspec.Struct, forbid_unknown_fields=True):
    """A leased subscription to be made; `from_end` begins with what comes, not with the oldest entry kept."""

    name: str
    settings: SubscriptionOptions = msgspec.field(default_factory=dict)
    from_end: bool = False


def about(ask: Ask) -> About:
    """Which broker this is."""
    node = ask.session.node()
    return About(node.version, node.cluster_id, ask.session.incarnation())


def overview(ask: Ask) -> Census:
    """How much there is."""
    census: Census = ask.session.submit(TakeCensus(deepest_max=0))
    return census


def namespaces(ask: Ask) -> Names:
    """Those with something in them."""
    return Names(ask.session.submit(ListNamespaces()))


def names_of(ask: Ask, kind: Any) -> tuple[list[str], str | None]:
    """A page of names, and where the next one begins."""
    query: PageQuery = ask.query
    names: list[str] = ask.session.submit(
        ListNames(
            namespace=query.namespace,
            kind=kind,
            contains=query.contains,
            after=query.after,
            count_max=query.limit,
        )
    )
    return names, names[-1] if len(names) == query.limit else None


def list_streams(ask: Ask) -> StreamPage:
    """A page."""
    names, after = names_of(ask, "stream")
    submit, namespace = ask.session.submit, ask.query.namespace
    found = [submit(DescribeStream(namespace=namespace, name=name)) for name in names]
    return StreamPage([stream_view(info) for info in found], after)


def create_stream(ask: Ask) -> StreamView:
    """Raises AlreadyExists."""
    body: NewStream = ask.body
    settings = changed(StreamSettings(), body.settings)
    command = CreateStream(namespace=body.namespace, name=body.name, settings=settings)
    return stream_view(ask.session.submit(command))


def show_stream(ask: Ask) -> StreamView:
    """Raises StreamNotFound."""
    return stream_view(ask.session.submit(DescribeStream(**ask.place())))


def alter_stream(ask: Ask) -> StreamView:
    """Raises StreamNotFound, InvalidArgument, InUse."""
    now = ask.session.submit(DescribeStream(**ask.place()))
    settings = changed(now.settings, ask.body.settings)
    return stream_view(ask.session.submit(AlterStream(**ask.place(), settings=settings)))


def delete_stream(ask: Ask) -> None:
    """Raises StreamNotFound, ResourceLocked."""
    ask.session.submit(DeleteStream(**ask.place()))


def list_subscriptions(ask: Ask) -> Queues:
    """Of one stream, its queue first."""
    found = ask.session.submit(ListSubscriptions(**ask.place()))
    return Queues([queue_view(info) for info in found])


def create_subscription(ask: Ask) -> QueueView:
    """Raises StreamNotFound, AlreadyExists."""
    body: NewSubscription = ask.body
    command = CreateSubscription(
        namespace=ask.path["namespace"],
        name=ask.path["name"],
        subscription=body.name,
        settings=changed(SubscriptionSettings(), body.settings),
        from_end=body.from_end,
    )
    return queue_view(ask.session.submit(command))


def delete_subscription(ask: Ask) -> None:
    """Raises SubscriptionNotFound, ResourceLocked."""
    ask.session.submit(DeleteSubscription(**ask.place()))


STREAM = "/admin/v1/streams/{namespace}/{name}"
SUBSCRIPTIONS = f"{STREAM}/subscriptions"

ENDPOINTS = (
    Endpoint("GET", "/admin/v1", about, "Which broker this is", name="about", answer=About),
    Endpoint(
        "GET", "/admin/v1/overview", overview, "How much there is", name="overview", answer=Census
    ),
    Endpoint(
        "GET",
        "/admin/v1/namespaces",
        namespaces,
        "List namespaces",
        name="listNamespaces",
        answer=Names,
    ),
    Endpoint(
        "GET",
        "/admin/v1/streams",
        list_streams,
        "List streams",
        name="listStreams",
        answer=StreamPage,
        query=PageQuery,
    ),
    Endpoint(
        "POST",
        "/admin/v1/streams",
        create_stream,
        "Make a stream",
        name="createStream",
        answer=StreamView,
        body=NewStream,
        status=201,
    ),
    Endpoint("GET", STREAM, show_stream, "Show a stream", name="showStream", answer=StreamView),
    Endpoint(
        "PATCH",
        STREAM,
        alter_stream,
        "Change a stream",
        name="alterStream",
        answer=StreamView,
        body=StreamChange,
    ),
    Endpoint(
        "DELETE",
        STREAM,
        delete_stream,
        "Delete a stream with every reader of it",
        name="deleteStream",
    ),
    Endpoint(
        "GET",
        SUBSCRIPTIONS,
        list_subscriptions,
        "List the leased subscriptions of a stream",
        name="listSubscriptions",
        answer=Queues,
    ),
    Endpoint(
        "POST",
        SUBSCRIPTIONS,
        create_subscription,
        "Make a leased subscription",
        name="createSubscription",
        answer=QueueView,
        body=NewSubscription,
        status=201,
    ),
    Endpoint(
        "DELETE",
        f"{SUBSCRIPTIONS}/{{subscription}}",
        delete_subscription,
        "Delete a leased subscription; its stream stays",
        name="deleteSubscription",
    ),
)

"""Operations on messages: look at those of a queue or a stream, wait for more, publish. Nothing here leases."""

from typing import Any, Final

import msgspec

from dragoman.console.admin.endpoint import Ask, Endpoint, Query
from dragoman.console.admin.fields import MessageFields, to_fields, to_message
from dragoman.console.admin.queues import QUEUE, SUBSCRIPTION
from dragoman.console.admin.routes import ROUTE
from dragoman.console.admin.streams import STREAM
from dragoman.doors.shared.rest.call import Response, json_response
from dragoman.formats import decode
from dragoman.formats.canonical import encode
from dragoman.formats.errors import FormatError
from dragoman.kernel.api import (
    Address,
    Delivery,
    DescribeStream,
    Peek,
    Peeked,
    PeekStream,
    Publish,
    StreamInfo,
)
from dragoman.model.errors import InvalidArgument, PublishRefused
from dragoman.model.levels import (
    AMQP091,
    AMQP10,
    CANONICAL,
    CLOUDEVENT,
    EVENTGRID,
    KAFKA,
    PUBSUB,
    SQS,
)
from dragoman.model.message import Message

WAIT_MS_MAX: Final = 30_000
PUBLISH_MAX: Final = 1_000  # messages of one request
PUBLISH_BYTES_MAX: Final = 16 << 20
FORMATS: Final = {
    CANONICAL: "canonical",
    AMQP091: "amqp091",
    KAFKA: "kafka",
    SQS: "sqs",
    CLOUDEVENT: "cloudevent",
    EVENTGRID: "eventgrid",
    PUBSUB: "pubsub",
    AMQP10: "amqp10",
}


class PeekQuery(Query):
    """Which messages: from an offset of a partition on, at most `limit`."""

    partition: int = 0
    offset: int = 0
    limit: int = 20


class QueuePeekQuery(PeekQuery):
    """`state` keeps to some, with commas between: READY, RETURNED (ready again), LEASED, WAITING (for a retry),
    DELAYED, DEFERRED, PENDING (in an open transaction), DEAD (parked).
    """

    state: str = ""


class StreamPeekQuery(PeekQuery):
    """Where there is none yet, wait for one, `wait_ms` at most."""

    wait_ms: int = 0


class MessageView(msgspec.Struct):
    """A message where it stands; `state` and `tries` are for a queue. `unreadable` says why `message` is null."""

    offset: int
    partition: int
    state: str
    stored_ms: int
    tries: int
    format: str
    size: int
    message: MessageFields | None
    unreadable: str = ""


class Messages(msgspec.Struct):
    """Messages; go on at offset `next`, until there are none."""

    items: list[MessageView]
    next: int


class NewMessages(msgspec.Struct, forbid_unknown_fields=True):
    """Messages to be published, all or none. `key` is the routing key where they go through a route."""

    messages: list[MessageFields]
    key: str = ""


class PublishedView(msgspec.Struct):
    """Where they went: in how many streams, the first of them from which offset on (-1 in none)."""

    routed: int
    partition: int
    offset: int


def view(partition: int, peeked: Peeked) -> MessageView:
    """A message as it is shown."""
    message: MessageFields | None = None
    unreadable = ""
    try:
        message = to_fields(decode(peeked.format, peeked.body, 0, peeked.stored_ms))
    except FormatError as error:
        unreadable = str(error)
    return MessageView(
        offset=peeked.offset,
        partition=partition,
        state=peeked.state,
        stored_ms=peeked.stored_ms,
        tries=peeked.tries,
        format=FORMATS.get(peeked.format, str(peeked.format)),
        size=len(peeked.body),
        message=message,
        unreadable=unreadable,
    )


def _messages(query: PeekQuery, found: list[Peeked]) -> Messages:
    after = found[-1].offset + 1 if found else query.offset
    return Messages([view(query.partition, peeked) for peeked in found], after)


def peek_queue(ask: Ask) -> Messages:
    """Raises SubscriptionNotFound, PartitionNotFound, InvalidArgument, ResourceLocked."""
    query: QueuePeekQuery = ask.query
    command = Peek(
        **ask.place(),
        partition=query.partition,
        offset=max(query.offset, 0),
        count_max=query.limit,
        states=tuple(query.state.upper().split(",")) if query.state else (),
    )
    return _messages(query, ask.session.submit(command))


def peek_stream(ask: Ask) -> "Messages | Tail":
    """Raises StreamNotFound, PartitionNotFound."""
    query: StreamPeekQuery = ask.query
    if not 0 <= query.wait_ms <= WAIT_MS_MAX:
        raise InvalidArgument(f"wait_ms: 0 to {WAIT_MS_MAX}")
    tail = Tail(ask, query)
    found = tail.look()
    return tail if not found.items and query.wait_ms else found


class Tail:
    """Waits for a stream to grow. See `Parked`."""

    def __init__(self, ask: Ask, query: StreamPeekQuery) -> None:
        self._session = ask.session
        self._query = query
        self._place = ask.place()
        self.deadline_ms: int | None = ask.session.elapsed_ms() + query.wait_ms

    def look(self) -> Messages:
        """What there is; if nothing, ask to be told. Raises StreamNotFound, PartitionNotFound."""
        query = self._query
        command = PeekStream(
            **self._place,
            partition=query.partition,
            offset=max(query.offset, 0),
            count_max=query.limit,
        )
        found: list[Peeked] = self._session.submit(command)
        if not found:
            self._session.watch(self._place["namespace"], self._place["name"])
        return _messages(query, found)

    def deliver(self, deliveries: list[Delivery]) -> Response | None:
        """Nothing is leased here."""
        return None

    def progressed(self) -> Response | None:
        """The stream may have grown."""
        found = self.look()
        return json_response(200, found) if found.items else None

    def answered(self, ticket: int, result: object) -> Response | None:
        """It waits for no ticket."""
        return None

    def expire(self) -> Response:
        """Nothing came."""
        return json_response(200, Messages([], self._query.offset))

    def abandon(self) -> None:
        """A watch goes with its session."""


def publish_to_stream(ask: Ask) -> PublishedView:
    """Raises StreamNotFound, InvalidArgument, PublishRefused, MessageTooLarge, StorageFull."""
    namespace, name = ask.path["namespace"], ask.path["name"]
    stream: StreamInfo = ask.session.submit(DescribeStream(namespace=namespace, name=name))
    return _publish(ask, Address(stream.name))


def publish_to_route(ask: Ask) -> PublishedView:
    """Raises RouteNotFound and what a stream refuses."""
    return _publish(ask, Address(ask.path["name"], ask.body.key, is_route=True))


def _publish(ask: Ask, address: Address) -> PublishedView:
    body: NewMessages = ask.body
    if not 0 < len(body.messages) <= PUBLISH_MAX:
        raise InvalidArgument(f"messages: 1 to {PUBLISH_MAX}")
    messages = [to_message(fields) for fields in body.messages]
    for message in messages:
        message.user = ask.who or None
    command = Publish(ask.path["namespace"], address, CANONICAL, [encode(m) for m in messages])
    _set_columns(command, messages)
    reply = ask.session.publish(command)
    if reply.refused >= 0:
        raise PublishRefused(f"no room for message {reply.refused} and those behind it")
    return PublishedView(reply.routed, reply.partition, reply.offset)


def _set_columns(command: Publish, messages: list[Message]) -> None:
    """What the kernel goes by. Raises InvalidArgument."""
    due = {message.deliver_at_ms or 0 for message in messages}
    if len(due) > 1:
        raise InvalidArgument("deliver_at_ms: one time for all messages of a request")
    command.due_ms = due.pop()
    if any(message.expires_at_ms for message in messages):
        command.expires_ms = [message.expires_at_ms or 0 for message in messages]
    if any(message.priority for message in messages):
        command.priorities = [min(message.priority or 0, 255) for message in messages]
    if any(message.dedup for message in messages):
        command.dedup = [message.dedup or "" for message in messages]
    command.latest_ms = max(message.created_at_ms or 0 for message in messages)


def _publishing(place: str, name: str, handler: Any) -> Endpoint:
    return Endpoint(
        "POST",
        f"{place}/messages",
        handler,
        "Publish messages",
        name=name,
        answer=PublishedView,
        body=NewMessages,
    )


def _peeking(place: str, name: str) -> Endpoint:
    return Endpoint(
        "GET",
        f"{place}/messages",
        peek_queue,
        "Look at messages that are not done, with their states",
        name=name,
        answer=Messages,
        query=QueuePeekQuery,
    )


ENDPOINTS: Final = (
    _peeking(QUEUE, "peekQueue"),
    _peeking(SUBSCRIPTION, "peekSubscription"),
    Endpoint(
        "GET",
        f"{STREAM}/messages",
        peek_stream,
        "Look at what a stream holds, or wait for more",
        name="peekStream",
        answer=Messages,
        query=StreamPeekQuery,
    ),
    _publishing(QUEUE, "publishToQueue", publish_to_stream),
    _publishing(STREAM, "publishToStream", publish_to_stream),
    _publishing(ROUTE, "publishToRoute", publish_to_route),
)

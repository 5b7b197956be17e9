"""Receive: up to a hundred events of a namespace's subscription, at once or when the first comes.

    POST /NS/topics/TOPIC/eventsubscriptions/SUB:receive?maxEvents=1..100&maxWaitTime=10..120
    200 {"value": [{"brokerProperties": {"lockToken": "..", "deliveryCount": 1}, "event": {..}}]}

A waiting receive is a parked consumer: it costs no thread, and its connection closing takes it back. Locks last as long
as the subscription says, whatever becomes of the connection.
"""

from collections.abc import Sequence
from typing import Final
from urllib.parse import parse_qs

from dragoman.doors.eventgrid.access import Access
from dragoman.doors.eventgrid.errors import bad_request
from dragoman.doors.eventgrid.rendering import as_event
from dragoman.doors.eventgrid.topics import CLOUD_SCHEMA, Topics
from dragoman.doors.shared.receipts import Receipts
from dragoman.doors.shared.rest.call import JSON, Call, Parked, Response
from dragoman.kernel.api import (
    Cancel,
    Consume,
    Delivery,
    DescribeQueue,
    Holder,
    Lease,
    QueueInfo,
    Session,
)
from dragoman.model.errors import SubscriptionNotFound

EVENTS_MAX: Final = 100
EVENTS_DEFAULT: Final = 1
WAIT_S_MIN: Final = 10
WAIT_S_MAX: Final = 120
WAIT_S_DEFAULT: Final = 60


class Reader:
    """A subscription that somebody pulls from: how the kernel calls it, and for how long it locks."""

    __slots__ = ("id", "lease_duration_ms", "stream", "subscription")

    def __init__(self, id: int, stream: str, subscription: str, lease_duration_ms: int) -> None:
        self.id = id
        self.stream = stream
        self.subscription = subscription  # empty: the queue of that name
        self.lease_duration_ms = lease_duration_ms


class Pulling:
    """The handler of `:receive`."""

    def __init__(self, topics: Topics, access: Access, receipts: Receipts) -> None:
        self._topics = topics
        self._access = access
        self._receipts = receipts

    def receive(self, call: Call) -> Response | Parked:
        """Events that are there, or a place to wait for them."""
        reader = self.reader(call)
        asked = parse_qs(call.request.query.decode("latin-1"))
        count = _number(asked, "maxEvents", EVENTS_DEFAULT, 1, EVENTS_MAX)
        wait_s = _number(asked, "maxWaitTime", WAIT_S_DEFAULT, WAIT_S_MIN, WAIT_S_MAX)
        session = call.session
        deliveries: list[Delivery] = session.submit(
            Lease(
                name=reader.stream,
                subscription=reader.subscription,
                count_max=count,
                lease_duration_ms=reader.lease_duration_ms,
            )
        )
        if deliveries:
            return self.answer(session, deliveries).after(*session.depends_on(deliveries))
        return Waiting(self, session, reader, count, session.elapsed_ms() + 1_000 * wait_s)

    def reader(self, call: Call) -> Reader:
        """The subscription that a request names, if it may be read. Raises EventGridError, SubscriptionNotFound."""
        topic, _ = self._topics.of_namespace(call)
        self._access.check(call, topic.keys)
        name = call.parameters["subscription"]
        info = describe(call.session, topic.stream, name)
        own = "" if info.name == topic.stream else info.name
        return Reader(info.id, topic.stream, own, info.settings.lease_duration_ms)

    def answer(self, session: Session, deliveries: Sequence[Delivery]) -> Response:
        """Events and their locks."""
        values = [
            value for delivery in deliveries for value in _values(session, delivery, self._receipts)
        ]
        return Response(200, b'{"value":[' + b",".join(values) + b"]}", (JSON,))


def describe(session: Session, stream: str, name: str) -> QueueInfo:
    """A subscription by its name, whose case does not count. Raises SubscriptionNotFound."""
    for spelled in dict.fromkeys((name, name.lower())):
        try:
            found: QueueInfo = session.submit(DescribeQueue(name=stream, subscription=spelled))
        except SubscriptionNotFound:
            continue
        return found
    raise SubscriptionNotFound(f"{stream}/{name}")


def _values(session: Session, delivery: Delivery, receipts: Receipts) -> list[bytes]:
    block, place = delivery.block, f"/{delivery.holder.subscription.stream.name}"
    tries = delivery.tries
    found: list[bytes] = []
    for at, receipt in enumerate(receipts.write(session, delivery)):
        offset = delivery.start + at
        event = as_event(
            block.format,
            delivery.bodies[0 if block.packed else at],
            offset - block.offset if block.packed else 0,
            CLOUD_SCHEMA,
            place,
            offset,
            block.stored_at(offset),
        )
        count = 1 if tries is None else tries[at] + 1
        found.append(
            b'{"brokerProperties":{"lockToken":"%b","deliveryCount":%d},"event":%b}'
            % (receipt.encode(), count, event)
        )
    return found


class Waiting:
    """See `rest.call.Parked`: a consumer until the first events come."""

    def __init__(
        self, pulling: Pulling, session: Session, reader: Reader, count: int, deadline_ms: int
    ) -> None:
        self._pulling = pulling
        self._session = session
        self.deadline_ms: int | None = deadline_ms
        self._reader = reader
        holder: Holder = session.submit(
            Consume(
                name=reader.stream,
                subscription=reader.subscription,
                tag=self,
                credit_max=count,
                lease_duration_ms=reader.lease_duration_ms,
            )
        )
        self._holder = holder.id

    def deliver(self, deliveries: Sequence[Delivery]) -> Response | None:
        """The first that come are the answer."""
        self.abandon()
        return self._pulling.answer(self._session, deliveries)

    def progressed(self) -> Response | None:
        """The subscription may be gone. Raises SubscriptionNotFound."""
        reader = self._reader
        self._session.submit(
            DescribeQueue(name=reader.stream, subscription=reader.subscription or reader.stream)
        )
        return None

    def answered(self, ticket: int, result: object) -> Response | None:
        """Nothing was promised."""
        return None

    def expire(self) -> Response:
        """Nothing came."""
        self.abandon()
        return Response(200, b'{"value":[]}', (JSON,))

    def abandon(self) -> None:
        """Nobody waits any more."""
        self._session.submit(Cancel(holder=self._holder))


def _number(asked: dict[str, list[str]], name: str, default: int, low: int, high: int) -> int:
    text = asked.get(name, [str(default)])[0]
    if not text.isdecimal() or not low <= int(text[:9]) <= high:
        raise bad_request(f"{name} is from {low} to {high}, not {text:.40}.")
    return int(text)

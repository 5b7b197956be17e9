"""ReceiveMessage: what is ready now, or a request parked until something is. Hot.

    lease -> some    answered, once the journal has come as far as they need
          -> none    a consumer for one turn, with credit for as many as are wanted: what it is handed is the answer

A receive of a FIFO queue that names its attempt gets the same messages again when it is repeated, as long as they are
held: a client that lost the answer has lost nothing (`ReceiveRequestAttemptId`).
"""

from collections.abc import Sequence
from typing import Final

from dragoman.doors.shared.rest.call import Parked, Response
from dragoman.doors.sqs.asking import Asked, refusal
from dragoman.doors.sqs.attributes import VISIBILITY_S_MAX, WAIT_S_MAX
from dragoman.doors.sqs.errors import (
    NO_QUEUE,
    OVER_LIMIT,
    QUEUE_DOES_NOT_EXIST,
    WRONG_TYPE,
    Refused,
    invalid,
)
from dragoman.doors.sqs.queue import Queue
from dragoman.doors.sqs.service import Service
from dragoman.doors.sqs.spelling import Reader, Wanted, spell
from dragoman.kernel.api import Cancel, Consume, Delivery, Holder, Lease
from dragoman.model.errors import QuotaExceeded
from dragoman.wire.aws.shapes import Received, ReceivedMessages, ReceiveMessage

COUNT_MAX: Final = 10
SHORTEST_MS: Final = 1  # of a visibility timeout of 0: visible again at once
SYSTEM: Final = frozenset(
    (
        "All",
        "SenderId",
        "SentTimestamp",
        "ApproximateReceiveCount",
        "ApproximateFirstReceiveTimestamp",
        "SequenceNumber",
        "MessageDeduplicationId",
        "MessageGroupId",
        "AWSTraceHeader",
        "DeadLetterQueueSourceArn",
    )
)


class Receiving:
    """One ReceiveMessage: what it wants, of which queue."""

    __slots__ = (
        "asked",
        "attempt",
        "count_max",
        "queue",
        "service",
        "visibility_ms",
        "wait_ms",
        "wanted",
    )

    def __init__(
        self,
        service: Service,
        asked: Asked,
        queue: Queue,
        request: ReceiveMessage,
    ) -> None:
        """Raises Refused."""
        self.asked = asked
        self.queue = queue
        self.service = service
        self.count_max = _within(
            "MaxNumberOfMessages", request.max_number_of_messages, 1, 1, COUNT_MAX
        )
        traits = queue.traits
        wait_s = _within(
            "WaitTimeSeconds", request.wait_time_seconds, traits.wait_ms // 1000, 0, WAIT_S_MAX
        )
        self.wait_ms = wait_s * 1000
        visibility_s = _within(
            "VisibilityTimeout",
            request.visibility_timeout,
            traits.visibility_ms // 1000,
            0,
            VISIBILITY_S_MAX,
        )
        self.visibility_ms = max(visibility_s * 1000, SHORTEST_MS)
        self.attempt = request.receive_request_attempt_id or ""
        if self.attempt and not traits.is_fifo:
            raise invalid("ReceiveRequestAttemptId", self.attempt, WRONG_TYPE)
        system = [
            *(request.attribute_names or ()),
            *(request.message_system_attribute_names or ()),
        ]
        for name in system:
            if name not in SYSTEM:
                raise invalid("AttributeName", name, "Unknown Attribute.")
        self.wanted = Wanted(system, request.message_attribute_names or [])

    def lease(self) -> list[Delivery]:
        """What is ready now. Raises Refused where a standard queue has too many messages in flight."""
        command = Lease(
            namespace=self.queue.namespace,
            name=self.queue.head.name,
            count_max=self.count_max,
            lease_duration_ms=self.visibility_ms,
        )
        try:
            found: list[Delivery] = self.asked.session.submit(command)
        except QuotaExceeded:
            if self.queue.traits.is_fifo:
                return []
            raise Refused(
                OVER_LIMIT, "Too many messages in flight: delete some, or wait for their timeouts."
            ) from None
        return found

    def answer(self, deliveries: Sequence[Delivery]) -> Response:
        """The deliveries as this request wants to see them."""
        reader = self.reader()
        messages: list[Received] = []
        for delivery in deliveries:
            messages += spell(reader, delivery)
        if self.attempt and messages:
            now_ms = reader.now_ms
            self.service.attempts.keep(self.queue, self.attempt, deliveries, messages, now_ms)
        return self.asked.answer(ReceivedMessages(messages))

    def nothing(self) -> Response:
        """There is no message."""
        return self.asked.answer(ReceivedMessages())

    def reader(self) -> Reader:
        """Whom the messages are spelled for."""
        session = self.asked.session
        return Reader(
            self.queue.place,
            self.queue.head.uuid,
            self.asked.region if self.wanted.system else "",
            self.wanted,
            self.service.tokens(session),
            session.incarnation(),
            session.wall_ms(),
        )


def _within(name: str, given: int | None, default: int, low: int, high: int) -> int:
    if given is None:
        return default
    if not low <= given <= high:
        raise invalid(name, given, f"Must be between {low} and {high}, if provided.")
    return given


def receive_message(service: Service, asked: Asked, request: ReceiveMessage) -> Response | Parked:
    """See the API reference."""
    receiving = Receiving(service, asked, service.queues.of(asked, request.queue_url), request)
    session = asked.session
    if receiving.attempt:
        again = service.attempts.again(
            session, receiving.queue, receiving.attempt, receiving.visibility_ms
        )
        if again is not None:
            return asked.answer(ReceivedMessages(again))
    deliveries = receiving.lease()
    if deliveries:
        return receiving.answer(deliveries).after(*session.depends_on(deliveries))
    if not receiving.wait_ms:
        return receiving.nothing()
    return LongPoll(receiving)


class LongPoll:
    """See `doors.shared.rest.call.Parked`."""

    __slots__ = ("_holder", "_receiving", "deadline_ms")

    def __init__(self, receiving: Receiving) -> None:
        receiving.asked.let_go()
        session = receiving.asked.session
        self._receiving = receiving
        self.deadline_ms: int | None = session.elapsed_ms() + receiving.wait_ms
        self._holder: Holder = session.submit(
            Consume(
                namespace=receiving.queue.namespace,
                name=receiving.queue.head.name,
                tag=self,
                credit_max=receiving.count_max,
                lease_duration_ms=receiving.visibility_ms,
                once=True,
            )
        )

    def deliver(self, deliveries: list[Delivery]) -> Response | None:
        """What came first is the answer; the consumer has ended with it."""
        return self._receiving.answer(deliveries)

    def progressed(self) -> Response | None:
        """Nothing is watched: the queue has gone away."""
        asked = self._receiving.asked
        return refusal(asked.request, Refused(QUEUE_DOES_NOT_EXIST, NO_QUEUE), asked.request_id)

    def answered(self, ticket: int, result: object) -> Response | None:
        """Nothing was promised."""
        return None

    def expire(self) -> Response:
        """Nothing came."""
        self.abandon()
        return self._receiving.nothing()

    def abandon(self) -> None:
        """Take no more; what was taken stays taken until its time is over."""
        self._receiving.asked.session.submit(Cancel(holder=self._holder.id))

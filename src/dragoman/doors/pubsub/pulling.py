"""Pull: what is ready now, or a call that waits until something is.

lease -> some    answered, once the journal has come as far as they need
      -> none    a consumer for one turn: what it is handed is the answer; empty shortly before the client gives up
"""

from collections.abc import Sequence
from typing import Any, Final

from dragoman.doors.pubsub.errors import check_within, not_found, precondition
from dragoman.doors.pubsub.finding import Found
from dragoman.doors.pubsub.names import SUBSCRIPTIONS, place_of
from dragoman.doors.pubsub.spelling import spell
from dragoman.doors.pubsub.standing import Standing
from dragoman.doors.pubsub.traits import Traits
from dragoman.doors.shared.grpc.call import Call, Pending, Reply
from dragoman.kernel.api import Cancel, Consume, Delivery, Holder, Lease

COUNT_MAX: Final = 1_000
BYTES_MAX: Final = 3 << 20  # of an answer, soft: clients take 4 MiB unless told otherwise
WAIT_MS_MAX: Final = 90_000
EARLY_MS: Final = 250  # before the client's deadline


class Pulling:
    """One Pull: of which subscription, how much."""

    __slots__ = ("call", "count_max", "found", "standing", "traits")

    def __init__(self, standing: Standing, call: Call, request: Any) -> None:
        """Raises Status."""
        check_within("max_messages", request.max_messages, 1, (1 << 31) - 1)
        self.standing = standing
        self.call = call
        self.count_max = min(request.max_messages, COUNT_MAX)
        place = place_of(request.subscription, SUBSCRIPTIONS)
        self.found: Found = standing.locations.get(call.session, place)
        self.traits: Traits = standing.traits_of(self.found)
        if self.traits.is_push:
            raise precondition("Method is not supported for push subscriptions.")

    def lease(self) -> list[Delivery]:
        """What is ready now."""
        command = Lease(
            **self.found.where,
            count_max=self.count_max,
            lease_duration_ms=self.traits.ack_deadline_ms,
        )
        found: list[Delivery] = self.call.session.submit(command)
        return found

    def answer(self, deliveries: Sequence[Delivery]) -> Reply:
        """The deliveries as a PullResponse."""
        parts: list[bytes] = []
        for delivery in deliveries:
            parts += spell(
                self.standing.receipts,
                self.call.session,
                delivery,
                attempts=self.traits.counts_attempts,
            )
        return Reply(b"".join(parts))


def pull(standing: Standing, call: Call, request: Any) -> Reply | Pending:
    """See the API reference."""
    pulling = Pulling(standing, call, request)
    deliveries = pulling.lease()
    if deliveries:
        return pulling.answer(deliveries).after(*call.session.depends_on(deliveries))
    if request.return_immediately:
        return pulling.answer(())
    return LongPull(pulling)


class LongPull:
    """See `call.Pending`."""

    __slots__ = ("_holder", "_pulling", "deadline_ms")

    def __init__(self, pulling: Pulling) -> None:
        call = pulling.call
        now = call.session.elapsed_ms()
        until = now + WAIT_MS_MAX
        if call.deadline_ms is not None:
            left = call.deadline_ms - now
            until = min(until, call.deadline_ms - min(EARLY_MS, left // 4))
        self.deadline_ms: int | None = until
        self._pulling = pulling
        self._holder: Holder = call.session.submit(
            Consume(
                **pulling.found.where,
                tag=self,
                credit_max=pulling.count_max,
                lease_duration_ms=pulling.traits.ack_deadline_ms,
                once=True,
            )
        )

    def deliver(self, deliveries: list[Delivery]) -> Reply | None:
        """What came first is the answer; the consumer has ended with it."""
        return self._pulling.answer(deliveries)

    def progressed(self) -> Reply | None:
        """Something else of the connection, unless the subscription has gone away."""
        pulling = self._pulling
        place = pulling.found.place
        if pulling.standing.locations.find(pulling.call.session, place) is None:
            raise not_found(place.id)
        return None

    def answered(self, ticket: int, result: object) -> Reply | None:
        """Nothing was promised."""
        return None

    def expire(self) -> Reply:
        """Nothing came."""
        self.abandon()
        return self._pulling.answer(())

    def abandon(self) -> None:
        """Take no more; what was taken stays taken until its time is over."""
        self._pulling.call.session.submit(Cancel(holder=self._holder.id))

"""StreamingPull: a consumer for as long as the call lasts. Hot.

    first request    subscription, deadline of its leases, what may be outstanding
    later ones       acks and deadlines (clients of today send these as calls of their own), a new deadline, nothing
    responses        messages as they come (see `gathering`), confirmations where delivery is exactly once, or nothing,
                     as a sign of life

Messages count as outstanding until they are settled or their deadline is over, whoever says so: the kernel counts them.
Bytes are kept to by counting: so many messages as fit at the size that they had so far. Every response says what kind
of subscription it is: Go's client believes the last one. The call ends after LIFE_MS, as Google's does: clients open
another.
"""

from collections.abc import Sequence
from typing import Any, Final

from dragoman.doors.pubsub.errors import check_within, invalid, not_found, precondition
from dragoman.doors.pubsub.finding import Found
from dragoman.doors.pubsub.gathering import Gathering
from dragoman.doors.pubsub.names import SUBSCRIPTIONS, place_of
from dragoman.doors.pubsub.protos import StreamingPullResponse
from dragoman.doors.pubsub.settling import Settling
from dragoman.doors.pubsub.spelling import spell
from dragoman.doors.pubsub.standing import Standing
from dragoman.doors.pubsub.traits import ACK_DEADLINE_S, ACK_DEADLINE_S_MAX, Traits
from dragoman.doors.shared.grpc.call import Call, Sender, Status
from dragoman.kernel.api import Cancel, Consume, Delivery, Holder, SetCredit
from dragoman.model.levels import APPLIED
from dragoman.wire.grpc.codes import UNAVAILABLE

OUTSTANDING_MAX: Final = 10_000  # messages, whatever the client allows
LIFE_MS: Final = 30 * 60_000
SIGN_MS: Final = 30_000
LEAST: Final = (
    1  # credit of a stream that is to be handed nothing more: no credit would be no limit
)
_END: Final = "The StreamingPull stream closed for an expected reason and should be recreated, possibly after a backoff."  # fmt: skip  # noqa: E501

_PROPERTIES: Final[dict[tuple[bool, bool], bytes]] = {
    (is_exact, is_ordered): StreamingPullResponse(
        subscription_properties={
            "exactly_once_delivery_enabled": is_exact,
            "message_ordering_enabled": is_ordered,
        }
    ).SerializeToString()
    for is_exact in (False, True)
    for is_ordered in (False, True)
}


class StreamingPull:
    """See `call.Stream`."""

    __slots__ = (
        "_bytes_max",
        "_call",
        "_count_max",
        "_credit",
        "_deadline_ms",
        "_ends_ms",
        "_found",
        "_gathering",
        "_holder",
        "_is_full",
        "_is_over",
        "_mean_bytes",
        "_sender",
        "_sign_ms",
        "_signs",
        "_standing",
        "tick_ms",
    )

    def __init__(self, standing: Standing, call: Call, sender: Sender) -> None:
        now = call.session.elapsed_ms()
        self._standing = standing
        self._call = call
        self._sender = sender
        self._gathering = Gathering(sender)
        self._found: Found | None = None
        self._holder: Holder | None = None
        self._deadline_ms = 0
        self._count_max = 0
        self._bytes_max = 0
        self._credit = 0
        self._mean_bytes = 0
        self._is_full = False  # the peer takes nothing more at the moment
        self._is_over = False
        self._signs = False  # whether the client wants signs of life
        self._sign_ms = now + SIGN_MS
        self._ends_ms = now + LIFE_MS
        self.tick_ms: int | None = self._ends_ms

    # --- requests ---

    def received(self, message: Any) -> None:
        """See the module. Raises Status."""
        if self._found is None:
            self._open(message)
        elif message.subscription or message.client_id:
            raise invalid(
                "The subscription and the client id may only be set in the first request of a stream."
            )
        elif message.stream_ack_deadline_seconds:
            self._set_deadline(message.stream_ack_deadline_seconds)
        if message.ack_ids or message.modify_deadline_ack_ids:
            self._settle(message)

    def _open(self, message: Any) -> None:
        session = self._call.session
        place = place_of(message.subscription, SUBSCRIPTIONS)
        self._check_deadline(message.stream_ack_deadline_seconds)
        found = self._standing.locations.get(session, place)
        traits = self._standing.traits_of(found)
        if traits.is_push:
            raise precondition("Method is not supported for push subscriptions.")
        self._found = found
        self._deadline_ms = message.stream_ack_deadline_seconds * 1000
        count = message.max_outstanding_messages
        self._count_max = min(count, OUTSTANDING_MAX) if count > 0 else OUTSTANDING_MAX
        self._bytes_max = max(message.max_outstanding_bytes, 0)
        self._signs = message.protocol_version > 0
        self._gathering.prefix = properties_of(traits)
        self._consume()
        self._sender.send(self._gathering.prefix)
        self._arm()

    def _check_deadline(self, seconds: int) -> None:
        check_within("stream_ack_deadline_seconds", seconds, ACK_DEADLINE_S, ACK_DEADLINE_S_MAX)

    def _consume(self) -> None:
        assert self._found is not None
        self._credit = self._wanted_credit()
        self._holder = self._call.session.submit(
            Consume(
                **self._found.where,
                tag=self,
                credit_max=self._credit,
                lease_duration_ms=self._deadline_ms,
            )
        )

    def _set_deadline(self, seconds: int) -> None:
        """For what is leased from now on: a consumer has one deadline, so it is another consumer."""
        self._check_deadline(seconds)
        if seconds * 1000 != self._deadline_ms:
            self._deadline_ms = seconds * 1000
            self._cancel()
            self._consume()

    # --- settling ---

    def _settle(self, message: Any) -> None:
        assert self._found is not None
        traits = self._standing.traits_of(self._found)
        response = StreamingPullResponse.FromString(properties_of(traits))
        level = APPLIED
        if message.ack_ids:
            settling = self._settling(message.ack_ids)
            settling.acknowledge()
            level = settling.level
            _confirm(response.acknowledge_confirmation, message.ack_ids, settling.bad)
        ids, seconds = message.modify_deadline_ack_ids, message.modify_deadline_seconds
        if len(ids) != len(seconds):
            raise invalid("modify_deadline_ack_ids and modify_deadline_seconds differ in length.")
        if ids:
            bad: list[str] = []
            for each in dict.fromkeys(seconds):
                check_within("modify_deadline_seconds", each, 0, ACK_DEADLINE_S_MAX)
                alike = [id_ for id_, wanted in zip(ids, seconds, strict=True) if wanted == each]
                settling = self._settling(alike)
                settling.extend(each)
                level = settling.level
                bad += settling.bad
            _confirm(response.modify_ack_deadline_confirmation, ids, bad)
        if traits.is_exact:
            self._sender.send(response, position=self._call.session.position(), level=level)

    def _settling(self, ack_ids: Sequence[str]) -> Settling:
        assert self._found is not None
        return Settling(self._standing, self._call.session, self._found, ack_ids)

    # --- messages ---

    def deliver(self, deliveries: list[Delivery]) -> None:
        """To be sent, a response as long as it gets."""
        assert self._found is not None
        traits = self._standing.traits_of(self._found)
        attempts = traits.counts_attempts
        self._gathering.prefix = properties_of(traits)
        receipts, session = self._standing.receipts, self._call.session
        for delivery in deliveries:
            parts = spell(receipts, session, delivery, attempts=attempts)
            self._note(self._gathering.add(parts), len(parts))
        holder = self._holder
        self._gathering.release(session.elapsed_ms(), 0 if holder is None else holder.leased)
        self._is_full = self._sender.room_bytes() <= 0
        self._adjust()
        self._arm()

    def _note(self, size: int, count: int) -> None:
        """How large messages are, the newest counting most."""
        mean = size // count
        self._mean_bytes = (self._mean_bytes + mean + 1) // 2 if self._mean_bytes else mean

    def _wanted_credit(self) -> int:
        if self._is_full:
            return LEAST
        if not self._bytes_max or not self._mean_bytes:
            return self._count_max
        return max(min(self._count_max, self._bytes_max // self._mean_bytes), LEAST)

    def _adjust(self) -> None:
        credit = self._wanted_credit()
        if credit != self._credit and self._holder is not None:
            self._credit = credit
            self._call.session.submit(SetCredit(holder=self._holder.id, credit_max=credit))

    def writable(self) -> None:
        """There is room again."""
        self._is_full = False
        self._adjust()

    # --- the end ---

    def progressed(self) -> None:
        """Something else of the connection, unless the subscription has gone away."""
        found = self._found
        if (
            found is not None
            and self._standing.locations.find(self._call.session, found.place) is None
        ):
            self._holder = None
            self._finish(not_found(found.place.id))

    def answered(self, ticket: int, result: object) -> None:
        """Nothing was promised."""

    def half_closed(self) -> None:
        """Nobody will settle what comes now."""
        self._finish(None)

    def tick(self) -> None:
        """What was held back, a sign of life, or the end."""
        now = self._call.session.elapsed_ms()
        if now >= self._ends_ms:
            self._finish(Status(UNAVAILABLE, _END))
            return
        if self._gathering.due_ms is not None and self._gathering.due_ms <= now:
            self._gathering.flush(now)
        if self._sign_ms <= now:
            self._sign_ms = now + SIGN_MS
            if self._signs and self._found is not None:
                traits = self._standing.traits_of(self._found)
                self._sender.send(properties_of(traits))
        self._arm()

    def _arm(self) -> None:
        due = min(self._ends_ms, self._sign_ms) if self._signs else self._ends_ms
        held = self._gathering.due_ms
        self.tick_ms = due if held is None or due < held else held

    def _finish(self, status: Status | None) -> None:
        if not self._is_over:
            self._gathering.flush(self._call.session.elapsed_ms())
            self.abandon()
            self._sender.finish(status)

    def abandon(self) -> None:
        """Take no more; what was taken stays taken until its time is over."""
        self._is_over = True
        self._cancel()

    def _cancel(self) -> None:
        holder, self._holder = self._holder, None
        if holder is not None:
            self._call.session.submit(Cancel(holder=holder.id))


def properties_of(traits: Traits) -> bytes:
    """What every response of a stream says of its subscription: a response with nothing else."""
    return _PROPERTIES[traits.is_exact, traits.is_ordered]


def _confirm(confirmation: Any, ids: Sequence[str], bad: Sequence[str]) -> None:
    wrong = set(bad)
    confirmation.ack_ids.extend(id_ for id_ in ids if id_ not in wrong)
    confirmation.invalid_ack_ids.extend(bad)

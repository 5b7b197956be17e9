"""Acknowledge and ModifyAckDeadline: ack ids to what becomes of messages. Hot.

    ack             settled; of a message whose deadline is over as long as nobody else was given it
    deadline > 0    the lease lasts so long from now
    deadline 0      given back, to be delivered again after what the retry policy says

Without exactly-once delivery an ack id that is no longer good is passed over. With it the caller is told of each, and
of those alone: the others are settled.
"""

from collections.abc import Sequence
from typing import Any, Final

from dragoman.doors.pubsub.errors import check_within, invalid
from dragoman.doors.pubsub.finding import Found
from dragoman.doors.pubsub.names import SUBSCRIPTIONS, place_of
from dragoman.doors.pubsub.protos import Empty, ErrorInfo
from dragoman.doors.pubsub.standing import Standing
from dragoman.doors.pubsub.traits import ACK_DEADLINE_S_MAX, Traits
from dragoman.doors.shared.grpc.call import Call, Reply, Status
from dragoman.kernel.api import FindLease, LeaseInfo, Renew, Session, Settle, Token
from dragoman.model.errors import InvalidArgument, LeaseExpired
from dragoman.model.levels import APPLIED, WRITTEN
from dragoman.wire.grpc.codes import FAILED_PRECONDITION

DONE: Final = "DONE"
IDS_MAX: Final = 100_000  # in one request; its bytes are bounded before
PERMANENT: Final = "PERMANENT_FAILURE_INVALID_ACK_ID"
_DOMAIN: Final = "pubsub.googleapis.com"
_OLD: Final = "Some acknowledgement ids in the request were invalid. This could be because the acknowledgement ids have expired or the acknowledgement ids were malformed."  # fmt: skip  # noqa: E501
Group = list[tuple[Token, str]]


class Settling:
    """One subscription's ack ids, read and put into groups that one command can settle."""

    __slots__ = ("_found", "_session", "_standing", "bad", "groups", "traits")

    def __init__(
        self, standing: Standing, session: Session, found: Found, ack_ids: Sequence[str]
    ) -> None:
        self._standing = standing
        self._session = session
        self._found = found
        self.traits: Traits = standing.traits_of(found)
        self.bad: list[str] = []  # what is none of ours, or no longer good
        self.groups: dict[tuple[int, int], Group] = {}
        check_within("ack_id_count", len(ack_ids), 0, IDS_MAX)
        for text in ack_ids:
            self._read(text)

    def _read(self, text: str) -> None:
        try:
            token = self._standing.receipts.read(self._session, text)
        except InvalidArgument:
            self.bad.append(text)
            return
        if token.subscription != self._found.head.id:
            self.bad.append(text)
            return
        self.groups.setdefault((token.partition, token.holder), []).append((token, text))

    def check(self) -> None:
        """Raises Status where ids are none of ours and the caller is not told of each."""
        if self.bad and not self.traits.is_exact:
            raise invalid(
                f"You have passed an invalid ack ID to the service (ack_id={self.bad[0]:.200})."
            )

    def acknowledge(self) -> None:
        """Settle them all."""
        for (partition, holder), group in self.groups.items():
            unique = sorted({token.offset: token.attempt for token, _ in group}.items())
            offsets = [offset for offset, _ in unique]
            command = Settle(self._found.head.id, partition, holder, runs_of(offsets), "ack")
            if not self.traits.is_exact:
                command.attempts = [attempt for _, attempt in unique]
            elif not self._exactly(command, group):
                continue
            self._session.settle(command)

    def _exactly(self, command: Settle, group: Group) -> bool:
        """Leave out what is no longer held; False when nothing is left."""
        held = self._held(group)
        if len(held) < len(group):
            command.runs = runs_of(sorted({token.offset for token, _ in held}))
        return bool(held)

    def _held(self, group: Group) -> Group:
        """Those still leased by the delivery that their id names; of the others those are bad whose message may come
        again.
        """
        held: Group = []
        for token, text in group:
            info: LeaseInfo = self._session.submit(
                FindLease(
                    subscription=token.subscription,
                    partition=token.partition,
                    offset=token.offset,
                    holder=token.holder,
                )
            )
            if info.is_held and info.tries == token.attempt - 1:
                held.append((token, text))
            elif info.state != DONE:
                self.bad.append(text)
        return held

    def extend(self, seconds: int) -> None:
        """Make them last so long from now; 0 gives them back."""
        for (partition, holder), group in self.groups.items():
            held = self._held(group) if self.traits.is_exact else group
            if not held:
                continue
            if seconds:
                self._renew(partition, holder, held, seconds)
            else:
                self._give_back(partition, holder, held)

    def _renew(self, partition: int, holder: int, group: Group, seconds: int) -> None:
        offsets = sorted({token.offset for token, _ in group})
        try:
            self._session.submit(self._renewal(partition, holder, runs_of(offsets), seconds))
        except LeaseExpired:
            for offset in offsets:
                self._renew_one(self._renewal(partition, holder, [(offset, offset + 1)], seconds))

    def _renew_one(self, command: Renew) -> None:
        try:
            self._session.submit(command)
        except LeaseExpired:
            return

    def _renewal(
        self, partition: int, holder: int, runs: list[tuple[int, int]], seconds: int
    ) -> Renew:
        return Renew(
            subscription=self._found.head.id,
            partition=partition,
            holder=holder,
            runs=runs,
            lease_duration_ms=seconds * 1000,
        )

    def _give_back(self, partition: int, holder: int, group: Group) -> None:
        by_delay: dict[int, set[int]] = {}
        for token, _ in group:
            delay_ms = self.traits.delay_ms(token.attempt)
            by_delay.setdefault(delay_ms, set()).add(token.offset)
        for delay_ms, offsets in by_delay.items():
            command = Settle(
                self._found.head.id, partition, holder, runs_of(sorted(offsets)), "release"
            )
            command.failed = True
            command.delay_ms = delay_ms
            self._session.settle(command)

    def reply(self) -> Reply:
        """Done, or what of it could not be done. Raises Status."""
        if self.bad and self.traits.is_exact:
            info = ErrorInfo(
                reason="ACK_ID_INVALID",
                domain=_DOMAIN,
                metadata=dict.fromkeys(self.bad, PERMANENT),
            )
            raise Status(FAILED_PRECONDITION, _OLD, [info])
        return Reply(Empty(), position=self._session.position(), level=self.level)

    @property
    def level(self) -> int:
        """What settling waits for."""
        return WRITTEN if self._found.head.stream.durable else APPLIED


def runs_of(offsets: Sequence[int]) -> list[tuple[int, int]]:
    """Ascending offsets as half-open runs."""
    runs: list[tuple[int, int]] = []
    start = end = -1
    for offset in offsets:
        if offset != end:
            if end >= 0:
                runs.append((start, end))
            start = offset
        end = offset + 1
    if end >= 0:
        runs.append((start, end))
    return runs


def _settling(standing: Standing, call: Call, request: Any) -> Settling:
    place = place_of(request.subscription, SUBSCRIPTIONS)
    found = standing.locations.get(call.session, place)
    if not request.ack_ids:
        raise invalid("No ack ids specified.")
    settling = Settling(standing, call.session, found, request.ack_ids)
    settling.check()
    return settling


def acknowledge(standing: Standing, call: Call, request: Any) -> Reply:
    """See the API reference."""
    settling = _settling(standing, call, request)
    settling.acknowledge()
    return settling.reply()


def modify_ack_deadline(standing: Standing, call: Call, request: Any) -> Reply:
    """See the API reference."""
    check_within("ack_deadline_seconds", request.ack_deadline_seconds, 0, ACK_DEADLINE_S_MAX)
    settling = _settling(standing, call, request)
    settling.extend(request.ack_deadline_seconds)
    return settling.reply()

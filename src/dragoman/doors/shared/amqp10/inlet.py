r"""A link on which the client sends: runs of deliveries to commands, commands to outcomes, credit kept up. Hot.

Arrived (back to back) -> Sink.take -> [Intake] -> publish -> outcome, once it is as durable as its stream asks
\-> credit given again for what has been answered
"""

from collections.abc import Mapping
from itertools import groupby
from typing import Final

from dragoman.doors.shared.amqp10.profile import Incoming, Intake, Peer, Profile, Refused, Sink
from dragoman.doors.shared.amqp10.strand import Strand, Waiting
from dragoman.doors.shared.judged import NONE_BAD, publish_good
from dragoman.kernel.api import PublishReply
from dragoman.model.errors import KernelError, MessageInvalid, StreamNotFound
from dragoman.model.levels import APPLIED
from dragoman.wire.amqp10.errors import RESOURCE_LIMIT_EXCEEDED, Error
from dragoman.wire.amqp10.links import Arrival, Link
from dragoman.wire.amqp10.messaging import (
    ACCEPTED,
    DeliveryState,
    Rejected,
    TransactionalState,
)
from dragoman.wire.amqp10.performatives import RECEIVER

NO_ROOM: Final = Rejected(Error(RESOURCE_LIMIT_EXCEEDED, "the queue has no room"))


class Inlet:
    """See the module. What is granted and what is not answered yet are at most `sink.credit` together."""

    __slots__ = ("_link", "_peer", "_profile", "_strand", "sink", "unanswered")

    def __init__(
        self, strand: Strand, link: Link, profile: Profile, peer: Peer, sink: Sink
    ) -> None:
        self._strand = strand
        self._link = link
        self._profile = profile
        self._peer = peer
        self.sink = sink
        self.unanswered: int = 0

    def open(self) -> None:
        """The attach is answered."""
        self._link.grant(self.sink.credit)

    def take(self, arrivals: list[Arrival]) -> bool:
        """Carry out deliveries that came back to back. Whether the link goes on: else it has been detached."""
        if any(type(each.state) is TransactionalState for each in arrivals):
            return all(
                self._take(list(run), name) for name, run in groupby(arrivals, transaction_of)
            )
        return self._take(arrivals, None)

    def _take(self, arrivals: list[Arrival], name: bytes | None) -> bool:
        """As `take`, all of one transaction or of none."""
        run = [Incoming(each.tag, each.format, each.payload, each.settled) for each in arrivals]
        self.unanswered += len(run)
        try:
            intakes = self.sink.take(run)
        except Refused as error:
            self._link.detach(error.error)
            return False
        except KernelError as error:
            self._link.detach(self._profile.error_of(error))
            return False
        at = 0
        for intake in intakes:
            part = arrivals[at : at + intake.count]
            if name is None:
                self._carry_out(intake, part)
            else:
                self._gather(intake, part, name)
            at += intake.count
        assert at == len(run), "a delivery without an outcome"
        self._strand.progress()
        return True

    def _carry_out(self, intake: Intake, part: list[Arrival]) -> None:
        if intake.command is None:
            self._answer(part, intake.state, intake.position, intake.level)
            return
        command = intake.command
        command.is_told = not all(each.settled for each in part)
        try:
            if intake.is_batch:
                reply: PublishReply | None = self._peer.session.publish(command)
                bad = NONE_BAD
            else:
                reply, bad = publish_good(self._peer.session, command)
        except StreamNotFound:
            self._answer(part, intake.unrouted)
        except KernelError as error:
            self._answer(part, Rejected(self._profile.error_of(error)))
        else:
            self._conclude_all(intake, part, reply, bad)

    def _gather(self, intake: Intake, part: list[Arrival], name: bytes) -> None:
        """Part of a transaction: what comes of it is known when that is discharged."""
        state = intake.state
        if intake.command is not None:
            try:
                self._strand.transactions.find(name).add(intake.command)
                state = TransactionalState(name, ACCEPTED)
            except Refused as error:
                state = Rejected(error.error)
        self._answer(part, state)

    def _conclude_all(
        self,
        intake: Intake,
        part: list[Arrival],
        reply: PublishReply | None,
        bad: Mapping[int, str],
    ) -> None:
        """What rules refuse is rejected, whatever becomes of the others. Those come in order all the same."""
        for index, why in bad.items():
            error = self._profile.error_of(MessageInvalid(why))
            self._answer([part[index]], Rejected(error))
        if reply is not None and bad:
            for index, arrival in enumerate(part):
                if index not in bad:
                    own = PublishReply(reply.routed, reply.offset, reply.partition, reply.level)
                    own.position, own.schedule = reply.position, reply.schedule
                    own.duplicate = reply.duplicate
                    own.refused = 0 if 0 <= reply.refused <= index else -1
                    own.unrouted = [0] if index in (reply.unrouted or ()) else None
                    self._conclude(intake, [arrival], own)
        elif reply is not None:
            self._conclude(intake, part, reply)

    def _conclude(self, intake: Intake, part: list[Arrival], reply: PublishReply) -> None:
        """One command's reply to the outcomes of its deliveries."""
        if not reply.routed and not reply.duplicate and reply.schedule is None:
            self._answer(part, intake.unrouted)
        elif reply.unrouted is None and reply.refused < 0:
            self._answer(part, ACCEPTED, reply.position, reply.level)
        else:
            unrouted = frozenset(reply.unrouted or ())
            refused = len(part) if reply.refused < 0 else reply.refused
            for index, arrival in enumerate(part):
                if index in unrouted:
                    self._answer([arrival], intake.unrouted)
                elif index >= refused:
                    self._answer([arrival], NO_ROOM)
                else:
                    self._answer([arrival], ACCEPTED, reply.position, reply.level)

    def _answer(
        self, part: list[Arrival], state: DeliveryState, position: int = 0, level: int = APPLIED
    ) -> None:
        """The same outcome for all, told to those that asked: a range for ids that are neighbours."""
        first = last = -1
        for arrival in part:
            if arrival.settled:
                self.answered(1)
                continue
            if arrival.id != last + 1 or first < 0:
                self._wait(first, last, state, position, level)
                first = arrival.id
            last = arrival.id
        self._wait(first, last, state, position, level)

    def _wait(self, first: int, last: int, state: DeliveryState, position: int, level: int) -> None:
        if first >= 0:
            self._strand.answer(Waiting(RECEIVER, first, last, state, position, level, self))

    def answered(self, count: int) -> None:
        """So many deliveries have their outcome."""
        self.unanswered -= count
        room = self.sink.credit - self.unanswered
        if 2 * self._link.credit < room:
            self._link.grant(room)

    def close(self) -> None:
        """The link is gone."""
        self.sink.close()


def transaction_of(arrival: Arrival) -> bytes | None:
    """The name of the transaction that a delivery is part of."""
    state = arrival.state
    return bytes(state.txn_id) if type(state) is TransactionalState else None

"""What the client says of deliveries: outcomes to settlements, and the answers of those that it has not settled itself.

settled     one settlement per holder and partition for the whole range; nothing is answered
unsettled   all at once if all are held, else one by one, so that each is told the truth: its own outcome again, or
            that it was lost
in a transaction    gathered for it
"""

from contextlib import suppress
from functools import partial
from typing import Final

from dragoman.doors.shared.amqp10.errors import error_of
from dragoman.doors.shared.amqp10.profile import Refused, Spelling, Verdict
from dragoman.doors.shared.amqp10.strand import Strand, Waiting
from dragoman.doors.shared.unacked import Segment, Span, Spans
from dragoman.kernel.api import Settle
from dragoman.model.errors import LeaseExpired, QuotaExceeded, SubscriptionNotFound
from dragoman.model.levels import WRITTEN
from dragoman.wire.amqp10.messaging import DeliveryState, Received, Rejected, TransactionalState
from dragoman.wire.amqp10.performatives import RECEIVER, SENDER, SEQUENCE_MASK, Disposition

RUN_MAX: Final = 1 << 31  # ids past that are behind, not ahead (RFC 1982)


def settle(strand: Strand, said: Disposition) -> None:
    """Carry out a disposition."""
    if said.role is not RECEIVER:
        return  # of what it has sent: that is settled by us
    last = said.first if said.last is None else said.last
    if (last - said.first) & SEQUENCE_MASK >= RUN_MAX:
        return
    if not said.settled and (said.state is None or type(said.state) is Received):
        return  # nothing yet
    if type(said.state) is TransactionalState:
        _gather(strand, said, last, said.state)
        return
    if said.settled:
        spans: Spans = {}
        strand.unacked.take_between(said.first, last, spans)
        _settle_spans(strand, spans, said.state)
        return
    known = strand.unacked.take_segments(said.first, last)
    at = said.first
    for segment in known:
        _echo(strand, at, segment.first - 1, said.state)
        _settle_each(strand, segment, said.state)
        at = segment.end
    _echo(strand, at, last, said.state)
    strand.progress()


def _gather(strand: Strand, said: Disposition, last: int, state: TransactionalState) -> None:
    """Part of a transaction. Where that is undone, deliveries are held as before."""
    try:
        transaction = strand.transactions.find(bytes(state.txn_id))
    except Refused as error:
        _refuse(strand, said, last, error)
        return
    for segment in strand.unacked.take_segments(said.first, last):
        verdict = strand.spellings[segment.holder].judge(state.outcome)
        undo = partial(_hold_again, strand, segment)
        if verdict is None:
            undo()
            continue
        end = segment.offset + segment.end - segment.first
        runs = [(segment.offset, end)]
        command = Settle(segment.subscription, segment.partition, segment.holder, runs, "ack")
        _judge(command, verdict)
        command.strict = True
        transaction.undo.append(undo)
        try:
            transaction.add(command)
        except Refused as error:
            _refuse(strand, said, last, error)
            return
    if not said.settled:
        _echo(strand, said.first, last, state)
    strand.progress()


def _hold_again(strand: Strand, segment: Segment) -> None:
    """At its place: ids only ever grow."""
    known = [*strand.unacked.take_segments(0, SEQUENCE_MASK), segment]
    for each in sorted(known, key=lambda one: one.first):
        _put_back(strand, each)


def _refuse(strand: Strand, said: Disposition, last: int, error: Refused) -> None:
    if not said.settled:
        _echo(strand, said.first, last, Rejected(error.error))
    strand.progress()


def _settle_spans(strand: Strand, spans: Spans, state: DeliveryState) -> None:
    for span in spans.values():
        verdict = strand.spellings[span.holder].judge(state)
        if verdict is None:
            continue
        command = Settle(span.subscription, span.partition, span.holder, span.runs, "ack")
        with suppress(QuotaExceeded):  # nobody can be told: they stay held until their leases end
            _carry_out(strand, command, verdict)


def _carry_out(strand: Strand, command: Settle, verdict: Verdict) -> bool:
    """Whether all of it was still held."""
    _judge(command, verdict)
    try:
        return strand.session.settle(command).missing == 0
    except SubscriptionNotFound:
        return False


def _judge(command: Settle, verdict: Verdict) -> None:
    command.outcome = verdict.outcome
    command.failed = verdict.failed
    command.delay_ms = verdict.delay_ms
    command.reason = verdict.reason
    command.text = verdict.text
    command.headers = verdict.headers


def _settle_each(strand: Strand, segment: Segment, state: DeliveryState) -> None:
    spelling: Spelling = strand.spellings[segment.holder]
    verdict = spelling.judge(state)
    if verdict is not None and _settle_whole(strand, segment, verdict):
        answer, position = spelling.echo(state), strand.session.position()
        last = segment.end - 1
        strand.answer(Waiting(SENDER, segment.first, last, answer, position, WRITTEN, None))
        return
    for number in range(segment.first, segment.end):
        offset = segment.offset + number - segment.first
        runs = [(offset, offset + 1)]
        command = Settle(segment.subscription, segment.partition, segment.holder, runs, "ack")
        answer = _answer_of(strand, spelling, command, verdict, state)
        position = strand.session.position()
        strand.answer(Waiting(SENDER, number, number, answer, position, WRITTEN, None))


def _answer_of(
    strand: Strand,
    spelling: Spelling,
    command: Settle,
    verdict: Verdict | None,
    state: DeliveryState,
) -> DeliveryState:
    try:
        is_held = verdict is None or _carry_out(strand, command, verdict)
    except QuotaExceeded as error:
        return Rejected(error_of(error))
    return spelling.echo(state) if is_held else spelling.lost(state)


def _settle_whole(strand: Strand, segment: Segment, verdict: Verdict) -> bool:
    """Whether all of it is settled; else none of it."""
    end = segment.offset + segment.end - segment.first
    runs = [(segment.offset, end)]
    command = Settle(segment.subscription, segment.partition, segment.holder, runs, "ack")
    command.strict = True
    try:
        return _carry_out(strand, command, verdict)
    except (LeaseExpired, QuotaExceeded):
        return False


def _echo(strand: Strand, first: int, last: int, state: DeliveryState) -> None:
    """Deliveries that nobody holds: read by a cursor, or settled before."""
    if first <= last:
        strand.answer(Waiting(SENDER, first, last, state, 0, 0, None))


def give_back(strand: Strand, holder: int | None = None) -> None:
    """What is unsettled, of one holder or of all, is ready again where its service wants that."""
    kept: list[Segment] = []
    spans: Spans = {}
    for segment in strand.unacked.take_segments(0, SEQUENCE_MASK):
        if holder is not None and segment.holder != holder:
            kept.append(segment)
        elif strand.spellings[segment.holder].gives_back:
            key = segment.holder << 16 | segment.partition
            span = spans.setdefault(
                key, Span(segment.subscription, segment.partition, segment.holder)
            )
            span.add(segment.offset, segment.offset + segment.end - segment.first)
    for span in spans.values():
        command = Settle(span.subscription, span.partition, span.holder, span.runs, "release")
        _carry_out(strand, command, Verdict("release"))
    for segment in kept:
        _put_back(strand, segment)


def _put_back(strand: Strand, segment: Segment) -> None:
    strand.unacked.add(
        segment.first,
        segment.end,
        segment.subscription,
        segment.partition,
        segment.holder,
        segment.offset,
        0,
    )

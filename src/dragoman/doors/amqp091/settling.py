"""basic.ack, nack, reject, recover: tags to settlements. Acks come as runs and leave as runs."""

from dragoman.doors.amqp091.channel import Channel
from dragoman.doors.amqp091.errors import NOT_IMPLEMENTED, PRECONDITION_FAILED, Refused
from dragoman.doors.amqp091.transactions import Verdict
from dragoman.doors.shared.unacked import Spans
from dragoman.wire.amqp091.events import AckRun
from dragoman.wire.amqp091.methods import (
    BasicNack,
    BasicRecover,
    BasicRecoverAsync,
    BasicRecoverOk,
    BasicReject,
)


def ack(channel: Channel, run: AckRun) -> None:
    """A run of acks. Raises Refused at the first unknown tag, with those before it settled."""
    if channel.transaction is not None:
        for first, last, multiple in run.spans:
            _gather(channel, first, last, multiple, "ack")
        return
    spans: Spans = {}
    unknown = 0
    before = channel.unacked.count
    for first, last, multiple in run.spans:
        unknown = _take(channel, first, last, multiple, spans)
        if unknown:
            break
    channel.tally.acked += before - channel.unacked.count
    channel.settle(spans, "ack")
    if unknown:
        raise unknown_tag(unknown - 1)


def _take(channel: Channel, first: int, last: int, multiple: bool, spans: Spans) -> int:
    """Take the tags out of the channel's unsettled ones; one more than the first unknown tag, 0 when all are known."""
    unacked = channel.unacked
    if not multiple:
        unknown = unacked.take(first, last, spans) if first else 0
        return unknown + 1 if unknown or not first else 0
    if not last:
        last = channel.tag_next
    elif not unacked.has(last):
        return last + 1
    unacked.take_upto(last, spans)
    return 0


def _gather(channel: Channel, first: int, last: int, multiple: bool, verdict: Verdict) -> None:
    """Remember for the commit. Raises Refused."""
    transaction = channel.transaction
    assert transaction is not None
    unacked = channel.unacked
    if multiple:
        if last and not unacked.has(last):
            raise unknown_tag(last)
        first, last = 1, last or channel.tag_next - 1
    else:
        for tag in range(first, last + 1):
            if not unacked.has(tag):
                raise unknown_tag(tag)
    transaction.settle(first, last, verdict)


def unknown_tag(tag: int) -> Refused:
    """Never delivered on this channel, or settled before."""
    return Refused(PRECONDITION_FAILED, f"unknown delivery tag {tag}")


def _refuse(channel: Channel, tag: int, multiple: bool, requeue: bool) -> None:
    verdict: Verdict = "release" if requeue else "reject"
    if channel.transaction is not None:
        _gather(channel, tag, tag, multiple, verdict)
        return
    spans: Spans = {}
    unknown = _take(channel, tag, tag, multiple, spans)
    channel.settle(spans, verdict, failed=True)
    if unknown:
        raise unknown_tag(unknown - 1)


def nack(channel: Channel, method: BasicNack) -> None:
    """RabbitMQ's nack: reject, one or many."""
    _refuse(channel, method.delivery_tag, method.multiple, method.requeue)


def reject(channel: Channel, method: BasicReject) -> None:
    """One message: back to its place, or to the dead letters."""
    _refuse(channel, method.delivery_tag, False, method.requeue)


def recover(channel: Channel, method: BasicRecover | BasicRecoverAsync) -> None:
    """All unsettled messages back to their places."""
    if not method.requeue:
        raise Refused(NOT_IMPLEMENTED, "requeue=false")
    spans: Spans = {}
    channel.unacked.take_upto(channel.tag_next, spans)
    channel.settle(spans, "release", failed=True)
    if isinstance(method, BasicRecover):
        channel.reply(BasicRecoverOk())

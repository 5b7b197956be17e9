"""confirm.select and tx: what becomes of a channel's publishes. A channel has one mode or none."""

from typing import Any

from dragoman.doors.amqp091.channel import Channel
from dragoman.doors.amqp091.confirms import Confirms
from dragoman.doors.amqp091.errors import PRECONDITION_FAILED, Refused, refusal_of
from dragoman.doors.amqp091.publishing import conclude
from dragoman.doors.amqp091.transactions import Gathered, Transaction
from dragoman.doors.shared.unacked import CURSOR, Spans
from dragoman.kernel.api import Atomic, DescribeStream, Publish, PublishReply, Settle
from dragoman.model.errors import KernelError, StreamNotFound
from dragoman.wire.amqp091.methods import (
    ConfirmSelect,
    ConfirmSelectOk,
    TxCommit,
    TxCommitOk,
    TxRollback,
    TxRollbackOk,
    TxSelect,
    TxSelectOk,
)


def select_confirm(channel: Channel, method: ConfirmSelect) -> None:
    """Confirm every publish from here on."""
    if channel.transaction is not None:
        raise Refused(PRECONDITION_FAILED, "cannot switch from tx to confirm mode")
    if not method.nowait:
        channel.reply(ConfirmSelectOk())
    if channel.confirms is None:
        channel.confirms = Confirms()


def select_tx(channel: Channel, method: TxSelect) -> None:
    """Gather from here on."""
    if channel.confirms is not None:
        raise Refused(PRECONDITION_FAILED, "cannot switch from confirm to tx mode")
    if channel.transaction is None:
        channel.transaction = Transaction()
    channel.reply(TxSelectOk())


def _transaction(channel: Channel) -> Transaction:
    if channel.transaction is None:
        raise Refused(PRECONDITION_FAILED, "channel is not transactional")
    return channel.transaction


def rollback(channel: Channel, method: TxRollback) -> None:
    """Forget what was gathered."""
    _transaction(channel)
    channel.transaction = Transaction()
    channel.reply(TxRollbackOk())


def commit(channel: Channel, method: TxCommit) -> None:
    """Carry out what was gathered, all of it or nothing; the answer waits until it is safe."""
    gathered = _transaction(channel)
    channel.transaction = Transaction()
    publishes = [(each, _reachable(channel, each)) for each in gathered.publishes]
    settlements = _settlements(channel, gathered)
    commands: list[Publish | Settle] = [one for _, some in publishes for one in some]
    try:
        replies = channel.link.session.submit(Atomic((*commands, *settlements)))
    except KernelError as error:
        raise refusal_of(error, channel.link.vhost, "exchange") from error
    at = 0
    for each, some in publishes:
        mine: list[PublishReply | None] = replies[at : at + len(some)]
        at += len(some)
        flow = channel.link.flow_of(each.commands[0].address)
        conclude(channel, flow, mine, each.headers, each.bodies, each.mandatory)
    channel.reply(TxCommitOk(), durable=True)


def _reachable(channel: Channel, each: Gathered) -> list[Publish]:
    """Without those for queues that are not there: they go nowhere, and refuse nothing."""
    return [command for command in each.commands if _leads_somewhere(channel, command)]


def _leads_somewhere(channel: Channel, command: Publish) -> bool:
    if command.address.is_route:
        return True
    find: Any = DescribeStream(namespace=command.namespace, name=command.address.name)
    try:
        channel.link.session.submit(find)
    except StreamNotFound:
        return False
    return True


def _settlements(channel: Channel, gathered: Transaction) -> list[Settle]:
    found: list[Settle] = []
    for first, last, verdict in gathered.verdicts:
        spans: Spans = {}
        channel.unacked.take_between(first, last, spans)
        for span in spans.values():
            if span.subscription == CURSOR:
                channel.settle_read(span, verdict, failed=verdict != "ack")
                continue
            runs = span.all_runs()
            if verdict == "ack":
                channel.tally.acked += sum([end - start for start, end in runs])
            command = Settle(span.subscription, span.partition, span.holder, runs, verdict)
            if verdict == "release":
                command.delay_ms = 0
                command.failed = True
            found.append(command)
    return found

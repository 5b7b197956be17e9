"""Which handler serves which method of an open channel. What is not here is answered 503."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from dragoman.doors.amqp091 import bindings, consuming, exchanges, modes, queues, settling
from dragoman.doors.amqp091.channel import Channel
from dragoman.doors.amqp091.errors import CHANNEL_ERROR, NOT_IMPLEMENTED, Refused
from dragoman.wire.amqp091 import methods as m

Handler = Callable[[Channel, Any], None]


def open_again(channel: Channel, method: m.ChannelOpen) -> None:
    """A channel is opened once."""
    raise Refused(CHANNEL_ERROR, "second 'channel.open' seen")


def flow(channel: Channel, method: m.ChannelFlow) -> None:
    """RabbitMQ takes no flow but on."""
    if not method.active:
        raise Refused(NOT_IMPLEMENTED, "active=false")
    channel.reply(m.ChannelFlowOk(True))


def access(channel: Channel, method: m.AccessRequest) -> None:
    """AMQP 0-8's tickets mean nothing."""
    channel.reply(m.AccessRequestOk(1))


HANDLERS: Final[Mapping[type, Handler]] = {
    m.ChannelOpen: open_again,
    m.ChannelFlow: flow,
    m.AccessRequest: access,
    m.ExchangeDeclare: exchanges.declare,
    m.ExchangeDelete: exchanges.delete,
    m.ExchangeBind: bindings.bind_exchange,
    m.ExchangeUnbind: bindings.unbind_exchange,
    m.QueueDeclare: queues.declare,
    m.QueueDelete: queues.delete,
    m.QueuePurge: queues.purge,
    m.QueueBind: bindings.bind_queue,
    m.QueueUnbind: bindings.unbind_queue,
    m.BasicQos: consuming.qos,
    m.BasicConsume: consuming.consume,
    m.BasicCancel: consuming.cancel,
    m.BasicGet: consuming.get,
    m.BasicNack: settling.nack,
    m.BasicReject: settling.reject,
    m.BasicRecover: settling.recover,
    m.BasicRecoverAsync: settling.recover,
    m.ConfirmSelect: modes.select_confirm,
    m.TxSelect: modes.select_tx,
    m.TxCommit: modes.commit,
    m.TxRollback: modes.rollback,
}

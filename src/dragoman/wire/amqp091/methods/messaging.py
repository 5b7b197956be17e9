"""Basic, confirm and tx methods (classes 60, 85, 90): messages and their settlement.

Each class lists its arguments in wire order, with the type that spells them; every argument has a
default. Reserved arguments are kept so that any method encodes back to the bytes it came from.
"""

from typing import Final, NamedTuple

from dragoman.wire.amqp091.fieldtable import EMPTY_TABLE
from dragoman.wire.amqp091.methods.kinds import Bit, Long, LongLong, Short, ShortStr, Table


class BasicQos(NamedTuple):
    """How many deliveries may be unacknowledged."""

    prefetch_size: Long = 0
    prefetch_count: Short = 0
    global_: Bit = False


class BasicQosOk(NamedTuple):
    """The limit is in force."""


class BasicConsume(NamedTuple):
    """Start a consumer."""

    reserved_1: Short = 0
    queue: ShortStr = ""
    consumer_tag: ShortStr = ""
    no_local: Bit = False
    no_ack: Bit = False
    exclusive: Bit = False
    no_wait: Bit = False
    arguments: Table = EMPTY_TABLE


class BasicConsumeOk(NamedTuple):
    """The consumer's tag."""

    consumer_tag: ShortStr = ""


class BasicCancel(NamedTuple):
    """End a consumer; RabbitMQ sends it too, when the queue goes."""

    consumer_tag: ShortStr = ""
    no_wait: Bit = False


class BasicCancelOk(NamedTuple):
    """The consumer is gone."""

    consumer_tag: ShortStr = ""


class BasicPublish(NamedTuple):
    """Publish a message; content follows."""

    reserved_1: Short = 0
    exchange: ShortStr = ""
    routing_key: ShortStr = ""
    mandatory: Bit = False
    immediate: Bit = False


class BasicReturn(NamedTuple):
    """A message that could not be routed; content follows."""

    reply_code: Short = 312
    reply_text: ShortStr = "NO_ROUTE"
    exchange: ShortStr = ""
    routing_key: ShortStr = ""


class BasicDeliver(NamedTuple):
    """A message for a consumer; content follows."""

    consumer_tag: ShortStr = ""
    delivery_tag: LongLong = 0
    redelivered: Bit = False
    exchange: ShortStr = ""
    routing_key: ShortStr = ""


class BasicGet(NamedTuple):
    """Ask for one message."""

    reserved_1: Short = 0
    queue: ShortStr = ""
    no_ack: Bit = False


class BasicGetOk(NamedTuple):
    """The message asked for; content follows."""

    delivery_tag: LongLong = 0
    redelivered: Bit = False
    exchange: ShortStr = ""
    routing_key: ShortStr = ""
    message_count: Long = 0


class BasicGetEmpty(NamedTuple):
    """No message is ready."""

    reserved_1: ShortStr = ""


class BasicAck(NamedTuple):
    """Settled: by the consumer, or (confirm) by the broker."""

    delivery_tag: LongLong = 0
    multiple: Bit = False


class BasicReject(NamedTuple):
    """One message refused."""

    delivery_tag: LongLong = 0
    requeue: Bit = True


class BasicRecoverAsync(NamedTuple):
    """AMQP 0-8's recover, without an answer."""

    requeue: Bit = False


class BasicRecover(NamedTuple):
    """Return all unacknowledged messages."""

    requeue: Bit = False


class BasicRecoverOk(NamedTuple):
    """They are returned."""


class BasicNack(NamedTuple):
    """RabbitMQ: messages refused, by the consumer or (confirm) by the broker."""

    delivery_tag: LongLong = 0
    multiple: Bit = False
    requeue: Bit = True


class ConfirmSelect(NamedTuple):
    """RabbitMQ: confirm every publish from here on."""

    nowait: Bit = False


class ConfirmSelectOk(NamedTuple):
    """The channel confirms."""


class TxSelect(NamedTuple):
    """Gather publishes and acks until commit."""


class TxSelectOk(NamedTuple):
    """The channel is transactional."""


class TxCommit(NamedTuple):
    """Do all that was gathered, and begin anew."""


class TxCommitOk(NamedTuple):
    """It is done."""


class TxRollback(NamedTuple):
    """Forget all that was gathered, and begin anew."""


class TxRollbackOk(NamedTuple):
    """It is forgotten."""


MESSAGING_METHODS: Final[dict[tuple[int, int], type[tuple[object, ...]]]] = {
    (60, 10): BasicQos,
    (60, 11): BasicQosOk,
    (60, 20): BasicConsume,
    (60, 21): BasicConsumeOk,
    (60, 30): BasicCancel,
    (60, 31): BasicCancelOk,
    (60, 40): BasicPublish,
    (60, 50): BasicReturn,
    (60, 60): BasicDeliver,
    (60, 70): BasicGet,
    (60, 71): BasicGetOk,
    (60, 72): BasicGetEmpty,
    (60, 80): BasicAck,
    (60, 90): BasicReject,
    (60, 100): BasicRecoverAsync,
    (60, 110): BasicRecover,
    (60, 111): BasicRecoverOk,
    (60, 120): BasicNack,
    (85, 10): ConfirmSelect,
    (85, 11): ConfirmSelectOk,
    (90, 10): TxSelect,
    (90, 11): TxSelectOk,
    (90, 20): TxCommit,
    (90, 21): TxCommitOk,
    (90, 30): TxRollback,
    (90, 31): TxRollbackOk,
}

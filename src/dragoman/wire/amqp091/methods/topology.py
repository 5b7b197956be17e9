"""Exchange and queue methods (classes 40, 50): what exists and how it is bound.

Each class lists its arguments in wire order, with the type that spells them; every argument has a
default. Reserved arguments are kept so that any method encodes back to the bytes it came from.
"""

from typing import Final, NamedTuple

from dragoman.wire.amqp091.fieldtable import EMPTY_TABLE
from dragoman.wire.amqp091.methods.kinds import Bit, Long, Short, ShortStr, Table


class ExchangeDeclare(NamedTuple):
    """Make an exchange, or check that it is there."""

    reserved_1: Short = 0
    exchange: ShortStr = ""
    type: ShortStr = "direct"
    passive: Bit = False
    durable: Bit = False
    auto_delete: Bit = False
    internal: Bit = False
    no_wait: Bit = False
    arguments: Table = EMPTY_TABLE


class ExchangeDeclareOk(NamedTuple):
    """The exchange is there."""


class ExchangeDelete(NamedTuple):
    """Delete an exchange."""

    reserved_1: Short = 0
    exchange: ShortStr = ""
    if_unused: Bit = False
    no_wait: Bit = False


class ExchangeDeleteOk(NamedTuple):
    """The exchange is gone."""


class ExchangeBind(NamedTuple):
    """RabbitMQ: bind an exchange (destination) to another (source)."""

    reserved_1: Short = 0
    destination: ShortStr = ""
    source: ShortStr = ""
    routing_key: ShortStr = ""
    no_wait: Bit = False
    arguments: Table = EMPTY_TABLE


class ExchangeBindOk(NamedTuple):
    """The exchanges are bound."""


class ExchangeUnbind(NamedTuple):
    """RabbitMQ: undo exchange.bind."""

    reserved_1: Short = 0
    destination: ShortStr = ""
    source: ShortStr = ""
    routing_key: ShortStr = ""
    no_wait: Bit = False
    arguments: Table = EMPTY_TABLE


class ExchangeUnbindOk(NamedTuple):
    """The exchanges are unbound. The id is 51: RabbitMQ's own."""


class QueueDeclare(NamedTuple):
    """Make a queue, or check that it is there."""

    reserved_1: Short = 0
    queue: ShortStr = ""
    passive: Bit = False
    durable: Bit = False
    exclusive: Bit = False
    auto_delete: Bit = False
    no_wait: Bit = False
    arguments: Table = EMPTY_TABLE


class QueueDeclareOk(NamedTuple):
    """The queue, its ready messages and its consumers."""

    queue: ShortStr = ""
    message_count: Long = 0
    consumer_count: Long = 0


class QueueBind(NamedTuple):
    """Bind a queue to an exchange."""

    reserved_1: Short = 0
    queue: ShortStr = ""
    exchange: ShortStr = ""
    routing_key: ShortStr = ""
    no_wait: Bit = False
    arguments: Table = EMPTY_TABLE


class QueueBindOk(NamedTuple):
    """The queue is bound."""


class QueuePurge(NamedTuple):
    """Drop all ready messages."""

    reserved_1: Short = 0
    queue: ShortStr = ""
    no_wait: Bit = False


class QueuePurgeOk(NamedTuple):
    """How many were dropped."""

    message_count: Long = 0


class QueueDelete(NamedTuple):
    """Delete a queue."""

    reserved_1: Short = 0
    queue: ShortStr = ""
    if_unused: Bit = False
    if_empty: Bit = False
    no_wait: Bit = False


class QueueDeleteOk(NamedTuple):
    """The queue is gone, with so many messages."""

    message_count: Long = 0


class QueueUnbind(NamedTuple):
    """Undo queue.bind."""

    reserved_1: Short = 0
    queue: ShortStr = ""
    exchange: ShortStr = ""
    routing_key: ShortStr = ""
    arguments: Table = EMPTY_TABLE


class QueueUnbindOk(NamedTuple):
    """The queue is unbound."""


TOPOLOGY_METHODS: Final[dict[tuple[int, int], type[tuple[object, ...]]]] = {
    (40, 10): ExchangeDeclare,
    (40, 11): ExchangeDeclareOk,
    (40, 20): ExchangeDelete,
    (40, 21): ExchangeDeleteOk,
    (40, 30): ExchangeBind,
    (40, 31): ExchangeBindOk,
    (40, 40): ExchangeUnbind,
    (40, 51): ExchangeUnbindOk,
    (50, 10): QueueDeclare,
    (50, 11): QueueDeclareOk,
    (50, 20): QueueBind,
    (50, 21): QueueBindOk,
    (50, 30): QueuePurge,
    (50, 31): QueuePurgeOk,
    (50, 40): QueueDelete,
    (50, 41): QueueDeleteOk,
    (50, 50): QueueUnbind,
    (50, 51): QueueUnbindOk,
}

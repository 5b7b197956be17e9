"""Dead letters sent back: where a message died last, and the message as it was before it ever died.

    AMQP091    `x-death` and its summaries go; exchange and routing key are again those before the latest death
    KAFKA      the `__dlq.*` headers go
    CANONICAL  as AMQP091
    SQS        its history and the name of the queue it died in go
    events     what `eventdeaths` adds goes

Who brings a message back to where it died wants it tried anew: with its history it would be taken for one that goes in
a circle, and dropped when it dies again. An expiration that had moved into the history stays there: it is over.
"""

from typing import Any

from dragoman.formats import canonical
from dragoman.formats.amqp091 import PROTOCOL
from dragoman.formats.amqpedit import AmqpMessage
from dragoman.formats.deaths import DLQ
from dragoman.formats.eventdata import read_members, read_value, write_json
from dragoman.formats.eventdeaths import MEMBERS, SOURCE
from dragoman.formats.kafka import one_record, rebuild
from dragoman.formats.sqs import X_DEATH, unpack
from dragoman.formats.values import encode_text
from dragoman.model.levels import CLOUDEVENT
from dragoman.model.message import Value

SUMMARIES = tuple(
    f"x-{when}-death-{part}"
    for when in ("first", "last")
    for part in ("reason", "queue", "exchange")
)
_X_DEATH_BYTES = X_DEATH.encode()
_DLQ_BYTES = DLQ.encode()


def amqp_revived(body: bytes) -> tuple[str, bytes] | None:
    """(queue, stored form); None when it never died. Raises FormatError."""
    if _X_DEATH_BYTES not in body:
        return None
    message = AmqpMessage(body)
    death = _latest(message.header(X_DEATH))
    if death is None:
        return None
    for name in (X_DEATH, *SUMMARIES):
        message.remove_header(name)
    exchange, keys = death.get("exchange"), death.get("routing-keys")
    if type(exchange) is str:
        message.exchange = encode_text(exchange)
    if type(keys) is list and keys and type(keys[0]) is str:
        message.routing_key = encode_text(keys[0])
    return str(death["queue"]), message.encode()


def canonical_revived(body: bytes) -> tuple[str, bytes] | None:
    """The same for a message born inside. Raises FormatError."""
    if _X_DEATH_BYTES not in body:
        return None
    message = canonical.decode(body)
    death = _latest(dict(message.headers).get(X_DEATH))
    if death is None:
        return None
    gone = {X_DEATH, *SUMMARIES}
    message.headers = [pair for pair in message.headers if pair[0] not in gone]
    keys = death.get("routing-keys")
    if message.origin is not None and message.origin[0] == PROTOCOL and type(keys) is list and keys:
        message.origin = (*message.origin[:1], str(keys[0]), *message.origin[2:])
    return str(death["queue"]), canonical.encode(message)


def kafka_revived(body: bytes) -> tuple[str, bytes] | None:
    """The same for a batch of one record. Raises FormatError."""
    if _DLQ_BYTES not in body:
        return None
    record = one_record(body)
    queue = dict(record.headers).get(f"{DLQ}errors.topic")
    if not queue:
        return None
    headers = [pair for pair in record.headers if not pair[0].startswith(DLQ)]
    return queue.decode("utf-8", "surrogateescape"), rebuild(record, headers)


def sqs_revived(body: bytes) -> tuple[str, bytes] | None:
    """The same for a message of SQS. Raises FormatError."""
    message = unpack(body)
    if not message.deaths or not message.source:
        return None
    queue = message.source.decode("utf-8", "surrogateescape")
    message.deaths = message.source = b""
    return queue, message.pack()


def event_revived(format_: int, body: bytes) -> tuple[str, bytes] | None:
    """The same for an event in JSON. Raises FormatError."""
    names = [name.lower() if format_ == CLOUDEVENT else name for name in MEMBERS]
    source = names[MEMBERS.index(SOURCE)]
    if source.encode() not in body:
        return None
    members: dict[str, Any] = dict(read_members(body))
    queue = read_value(members[source]) if source in members else None
    if type(queue) is not str or not queue:
        return None
    return queue, write_json({name: members[name] for name in members if name not in names})


def _latest(history: Value) -> dict[str, Any] | None:
    """The latest death that names a queue."""
    for item in history if type(history) is list else ():
        if type(item) is dict and type(item.get("queue")) is str and item["queue"]:
            return item
    return None

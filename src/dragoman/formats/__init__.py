r"""Stored bytes to the canonical message and back, by format tag (`model.levels`); the envelope's loss rule.

    stored bytes --decode, decode_all--> Message --render--> bytes of another format
                                    \\---- translate ----/

    kafka            KAFKA: an entry is one record batch         lift    headers that are fields
    amqp091, -write  AMQP091: an entry is one message            meta    the loss rule: `dragoman-meta`
    amqptable        its field tables                            values  text, typed JSON and digest of a value
    sqs, -write      SQS: an entry is one message                options what rendering must know
    amqp10, -write   AMQP10: an entry is one message             amqp10values  its values
    sqsvalues        its attributes                              eventdata  a body as an event's `data`
    cloudevent       CLOUDEVENT: one event in CloudEvents' JSON  canonical  CANONICAL: born inside
    eventgrid        EVENTGRID: one in Event Grid's own
    pubsub, -write   PUBSUB: an entry is one message

Same format in and out is never translated: `translate` gives the same object back. `stored_ms`, the entry's time, is
what relative times (expiration, x-delay) count from and what stands for a time nobody gave. All bytes may be hostile:
whatever cannot be read raises FormatError and nothing else.
"""

from collections.abc import Sequence

from dragoman.formats import (
    amqp091,
    amqp10,
    amqp10write,
    amqpwrite,
    canonical,
    cloudevent,
    eventgrid,
    kafka,
    pubsub,
    pubsubwrite,
    sqs,
    sqswrite,
)
from dragoman.formats.errors import FormatError
from dragoman.formats.options import RenderOptions
from dragoman.model.levels import (
    AMQP091,
    AMQP10,
    CANONICAL,
    CLOUDEVENT,
    EVENTGRID,
    KAFKA,
    PUBSUB,
    SQS,
)
from dragoman.model.message import Delivery, Message


def decode(format: int, entry: bytes, index: int = 0, stored_ms: int = 0) -> Message:
    """Message `index` of an entry. Raises FormatError."""
    if format == KAFKA:
        return kafka.decode(entry, index, stored_ms)
    if index != 0:
        raise FormatError(f"no message {index} in an entry of one")
    return decode_all(format, entry, stored_ms)[0]


def decode_all(format: int, entry: bytes, stored_ms: int = 0) -> list[Message]:
    """All messages of an entry; none of a Kafka control batch. Raises FormatError."""
    if format == KAFKA:
        return kafka.decode_all(entry, stored_ms)
    if format == AMQP091:
        return [amqp091.decode(entry, stored_ms)]
    if format == AMQP10:
        return [amqp10.decode(entry, stored_ms)]
    if format == CLOUDEVENT:
        return [cloudevent.decode(entry, stored_ms)]
    if format == EVENTGRID:
        return [eventgrid.decode(entry, stored_ms)]
    if format == SQS:
        return [sqs.decode(entry, stored_ms)]
    if format == PUBSUB:
        return [pubsub.decode(entry, stored_ms)]
    if format == CANONICAL:
        return [canonical.decode(entry, stored_ms)]
    raise FormatError(f"no format {format}")


def render(
    messages: Sequence[tuple[Message, Delivery | None]], format: int, options: RenderOptions
) -> list[bytes]:
    """Entries that hold the messages: one batch of all of them for KAFKA, else one entry each.

    Raises:
        TooLarge: a meta past its limit, where limits are strict; nothing was rendered.
        FormatError: no such format.
    """
    if not messages:
        return []
    if format == KAFKA:
        return [kafka.render(messages, options)]
    if format == AMQP091:
        return amqpwrite.render(messages, options)
    if format == AMQP10:
        return amqp10write.render(messages, options)
    if format == CLOUDEVENT:
        return cloudevent.render(messages, options)
    if format == EVENTGRID:
        return eventgrid.render(messages, options)
    if format == SQS:
        return sqswrite.render(messages, options)
    if format == PUBSUB:
        return pubsubwrite.render(messages, options)
    if format == CANONICAL:
        return canonical.render(messages)
    raise FormatError(f"no format {format}")


def translate(
    source: int, entry: bytes, target: int, options: RenderOptions, stored_ms: int = 0
) -> list[bytes]:
    """An entry of one format as entries of another; the same bytes where they are the same.

    Raises FormatError and TooLarge.
    """
    if source == target:
        return [entry]
    messages: list[tuple[Message, Delivery | None]] = [
        (message, None) for message in decode_all(source, entry, stored_ms)
    ]
    return render(messages, target, options)

"""What a consumer is handed: stored entries as they are, other protocols' messages rendered once and kept.

`spelling` says what a queue wants told about redeliveries: `COUNT_TRIES` puts `x-delivery-count` on the message, as
RabbitMQ's quorum queues do.
"""

from typing import Final

from dragoman.formats import decode_all, render
from dragoman.formats.errors import FormatError
from dragoman.formats.options import RenderOptions
from dragoman.kernel.api import Block, Delivery
from dragoman.model.levels import AMQP091
from dragoman.model.message import Message
from dragoman.wire.amqp091.fieldtable import Field
from dragoman.wire.amqp091.outgoing import pack_entries, split_entry
from dragoman.wire.amqp091.properties import Properties, encode_header

COUNT_TRIES: Final = 1
DELIVERY_COUNT: Final = "x-delivery-count"


def entries_of(delivery: Delivery, now_ms: int, spelling: int) -> list[bytes]:
    """One entry per message of the delivery."""
    block = delivery.block
    if block.format == AMQP091 and not block.packed:
        entries = delivery.bodies
    else:
        stream = delivery.holder.subscription.stream.name
        rendered = rendered_block(block, stream, now_ms)
        entries = rendered[delivery.start - block.offset : delivery.end - block.offset]
    if spelling == COUNT_TRIES and delivery.tries is not None:
        pairs = zip(entries, delivery.tries, strict=True)
        return [with_count(entry, tried) if tried else entry for entry, tried in pairs]
    return entries


def rendered_block(block: Block, stream: str, now_ms: int) -> list[bytes]:
    """All messages of a block as entries, kept with it."""
    if block.rendered is None:
        block.rendered = {}
    known = block.rendered.get(AMQP091)
    if known is None:
        messages = [(message, None) for message in _messages(block)]
        known = render([*messages], AMQP091, RenderOptions(stream, now_ms))
        block.rendered[AMQP091] = known
    assert len(known) == block.end - block.offset
    return known


def _messages(block: Block) -> list[Message]:
    """What cannot be read is passed on as the bytes it is."""
    assert block.bodies is not None
    count = block.end - block.offset
    if block.packed:
        try:
            found = decode_all(block.format, block.bodies[0], block.stored_ms)
        except FormatError:
            found = []
        return found + [Message(b"")] * (count - len(found))
    return [
        _message(block.format, body, block.stored_at(block.offset + index))
        for index, body in enumerate(block.bodies)
    ]


def _message(format: int, body: bytes, stored_ms: int) -> Message:
    try:
        return decode_all(format, body, stored_ms)[0]
    except (FormatError, IndexError):
        return Message(body)


def with_count(entry: bytes, tried: int) -> bytes:
    """The entry with its delivery count in the headers."""
    key_raw, header, body = split_entry(entry)
    values = Properties(header).as_dict()
    values["headers"] = {**values.get("headers", {}), DELIVERY_COUNT: Field("l", tried)}
    return pack_entries(key_raw, [encode_header(len(body), values)], [body])[0]
